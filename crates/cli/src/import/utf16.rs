//! UTF-16 as UTF-8: what `>` of Windows PowerShell 5 writes, with a byte order mark in front.

use std::io::{self, BufRead, BufReader, Read};

/// The order of the bytes of an input that begins so, if it is UTF-16.
pub(crate) fn order(start: &[u8]) -> Option<Order> {
    match start {
        [0xff, 0xfe, ..] => Some(Order::Little),
        [0xfe, 0xff, ..] => Some(Order::Big),
        _ => None,
    }
}

/// Which byte of two comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Big,
    Little,
}

/// The same text in UTF-8. What is no UTF-16 becomes U+FFFD.
pub(crate) fn decoded<'a>(input: &'a mut dyn BufRead, order: Order) -> impl BufRead + 'a {
    BufReader::new(Utf8 { input, order, high: None, ready: [0; 4], from: 0, to: 0 })
}

struct Utf8<'a> {
    input: &'a mut dyn BufRead,
    order: Order,
    /// The first unit of a pair, or one that was read too far.
    high: Option<u16>,
    ready: [u8; 4],
    from: usize,
    to: usize,
}

impl Utf8<'_> {
    fn unit(&mut self) -> io::Result<Option<u16>> {
        if let Some(unit) = self.high.take() {
            return Ok(Some(unit));
        }
        let mut bytes = [0; 2];
        let mut count = 0;
        while count < 2 {
            match self.input.read(&mut bytes[count..])? {
                0 => break,
                read => count += read,
            }
        }
        Ok(match (count, self.order) {
            (0, _) => None,
            (1, _) => Some(0xd800),
            (_, Order::Big) => Some(u16::from_be_bytes(bytes)),
            (_, Order::Little) => Some(u16::from_le_bytes(bytes)),
        })
    }

    fn char(&mut self) -> io::Result<Option<char>> {
        let Some(first) = self.unit()? else { return Ok(None) };
        if !(0xd800..0xdc00).contains(&first) {
            return Ok(Some(one(&[first])));
        }
        let Some(second) = self.unit()? else { return Ok(Some(char::REPLACEMENT_CHARACTER)) };
        if !(0xdc00..0xe000).contains(&second) {
            self.high = Some(second);
            return Ok(Some(char::REPLACEMENT_CHARACTER));
        }
        Ok(Some(one(&[first, second])))
    }
}

fn one(units: &[u16]) -> char {
    let mut chars = char::decode_utf16(units.iter().copied());
    chars.next().and_then(Result::ok).unwrap_or(char::REPLACEMENT_CHARACTER)
}

impl Read for Utf8<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while written < buffer.len() {
            if self.from == self.to {
                let Some(char) = self.char()? else { break };
                self.from = 0;
                self.to = char.encode_utf8(&mut self.ready).len();
            }
            let count = (self.to - self.from).min(buffer.len() - written);
            buffer[written..written + count].copy_from_slice(&self.ready[self.from..][..count]);
            (self.from, written) = (self.from + count, written + count);
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8], order: Order) -> String {
        let mut text = String::new();
        decoded(&mut &bytes[..], order).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn both_orders_and_what_is_broken() {
        let little: Vec<u8> =
            "\u{feff}a\u{e9}\u{1f511}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> =
            "\u{feff}a\u{e9}\u{1f511}\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!((order(&little), order(&big)), (Some(Order::Little), Some(Order::Big)));
        for (bytes, order) in [(little, Order::Little), (big, Order::Big)] {
            assert_eq!(text(&bytes, order), "\u{feff}a\u{e9}\u{1f511}\n");
        }
        assert_eq!(text(&[0x3d, 0xd8, b'a', 0, b'b'], Order::Little), "\u{fffd}a\u{fffd}");
        assert_eq!(order(b"ab"), None);
    }
}
