//! JSON whose strings are broken, mended while it is read: one bad string costs its finding, not the
//! report.
//!
//! A lone surrogate and bytes that are no UTF-8 become U+FFFD, control characters are escaped (RFC
//! 8259 section 7 wants them so). Everything else is left to the parser.

use std::{
    collections::VecDeque,
    io::{self, Read},
};

/// Reads `input`, mended.
pub(crate) struct Mended<R> {
    input: R,
    in_string: bool,
    /// Ready to be handed over.
    ready: VecDeque<u8>,
    /// Read too far; to be looked at again.
    back: VecDeque<u8>,
}

const REPLACED: &[u8] = b"\\ufffd";

impl<R: Read> Mended<R> {
    /// Reads from the beginning of a document.
    pub(crate) fn new(input: R) -> Mended<R> {
        Mended { input, in_string: false, ready: VecDeque::new(), back: VecDeque::new() }
    }

    fn next(&mut self) -> io::Result<Option<u8>> {
        if let Some(byte) = self.ready.pop_front() {
            return Ok(Some(byte));
        }
        let Some(byte) = self.raw()? else { return Ok(None) };
        match byte {
            b'"' => self.in_string = !self.in_string,
            _ if !self.in_string => {}
            b'\\' => self.escape()?,
            b'\n' => return Ok(self.instead(b"\\n")),
            b'\r' => return Ok(self.instead(b"\\r")),
            b'\t' => return Ok(self.instead(b"\\t")),
            0..b' ' => return Ok(self.instead(REPLACED)),
            0x80.. => return self.character(byte).map(Some),
            _ => {}
        }
        Ok(Some(byte))
    }

    /// The first of these bytes; the others follow.
    fn instead(&mut self, bytes: &[u8]) -> Option<u8> {
        self.ready.extend(bytes);
        self.ready.pop_front()
    }

    fn raw(&mut self) -> io::Result<Option<u8>> {
        if let Some(byte) = self.back.pop_front() {
            return Ok(Some(byte));
        }
        let mut one = [0];
        Ok((self.input.read(&mut one)? == 1).then_some(one[0]))
    }

    /// Readies what follows a backslash.
    fn escape(&mut self) -> io::Result<()> {
        match self.raw()? {
            Some(b'u') => {}
            other => {
                self.ready.extend(other);
                return Ok(());
            }
        }
        let first = self.digits()?;
        let mut second = Vec::new();
        if matches!(unit(&first), Some(0xd800..0xdc00)) {
            second = self.second()?;
        }
        let is_lone = match unit(&first) {
            Some(0xd800..0xdc00) => second.is_empty(),
            Some(0xdc00..0xe000) => true,
            _ => false,
        };
        self.ready.push_back(b'u');
        self.ready.extend(if is_lone { b"fffd" } else { first.as_slice() });
        self.ready.extend(second);
        Ok(())
    }

    fn digits(&mut self) -> io::Result<Vec<u8>> {
        let mut digits = Vec::with_capacity(4);
        while digits.len() < 4 {
            match self.raw()? {
                Some(byte) if byte.is_ascii_hexdigit() => digits.push(byte),
                other => {
                    self.back.extend(other);
                    break;
                }
            }
        }
        Ok(digits)
    }

    /// The second escape of a pair; empty, and everything given back, if there is none.
    fn second(&mut self) -> io::Result<Vec<u8>> {
        let mut read = Vec::with_capacity(6);
        for wanted in [b'\\', b'u'] {
            let byte = self.raw()?;
            read.extend(byte);
            if byte != Some(wanted) {
                self.give_back(&read);
                return Ok(Vec::new());
            }
        }
        read.extend(self.digits()?);
        if matches!(unit(&read[2..]), Some(0xdc00..0xe000)) {
            return Ok(read);
        }
        self.give_back(&read);
        Ok(Vec::new())
    }

    fn give_back(&mut self, bytes: &[u8]) {
        bytes.iter().rev().for_each(|byte| self.back.push_front(*byte));
    }

    /// A character beyond ASCII, whole, or what stands for one.
    fn character(&mut self, first: u8) -> io::Result<u8> {
        let mut bytes = vec![first];
        let length = match first {
            0xc2..0xe0 => 2,
            0xe0..0xf0 => 3,
            0xf0..0xf5 => 4,
            _ => 1,
        };
        while bytes.len() < length {
            match self.raw()? {
                Some(byte @ 0x80..0xc0) => bytes.push(byte),
                other => {
                    self.back.extend(other);
                    break;
                }
            }
        }
        match std::str::from_utf8(&bytes) {
            Ok(_) => self.ready.extend(&bytes),
            Err(_) => self.ready.extend(REPLACED),
        }
        Ok(self.ready.pop_front().unwrap_or(first))
    }
}

fn unit(digits: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.len() == 4)?;
    u16::from_str_radix(text, 16).ok()
}

impl<R: Read> Read for Mended<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut count = 0;
        for place in buffer {
            let Some(byte) = self.next()? else { break };
            *place = byte;
            count += 1;
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(bytes: &[u8]) -> String {
        let mut text = String::new();
        Mended::new(bytes).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn broken_strings_are_mended() {
        let cases: [(&[u8], &str); 12] = [
            (br#"{"a":"\ud83d\udd11"}"#, r#"{"a":"\ud83d\udd11"}"#),
            (br#"{"a":"\ud800"}"#, r#"{"a":"\ufffd"}"#),
            (br#"{"a":"\udc00x"}"#, r#"{"a":"\ufffdx"}"#),
            (br#"{"a":"\ud800\n"}"#, r#"{"a":"\ufffd\n"}"#),
            (br#"{"a":"\ud800\ud800\udc00"}"#, r#"{"a":"\ufffd\ud800\udc00"}"#),
            (br#"{"a":"\ud800\u0041"}"#, r#"{"a":"\ufffd\u0041"}"#),
            (br#"{"a":"\\ud800"}"#, r#"{"a":"\\ud800"}"#),
            (br#"{"a":"\"\ud800"}"#, r#"{"a":"\"\ufffd"}"#),
            (b"{\"a\":\"\xff\xc3\"}", r#"{"a":"\ufffd\ufffd"}"#),
            (b"{\"a\":\"\xc3\xa9\"}", "{\"a\":\"\u{e9}\"}"),
            (b"{\"a\":\"1\n2\t\x013\"}\n", "{\"a\":\"1\\n2\\t\\ufffd3\"}\n"),
            (br#"{"a":"\u12"#, r#"{"a":"\u12"#),
        ];
        for (text, expected) in cases {
            assert_eq!(mended(text), expected, "{}", text.escape_ascii());
        }
    }
}
