//! Charsets in which ASCII is spelled otherwise, for the requests that declare them.

use crate::draft::base64;

/// A charset and how text is written in it.
#[derive(Clone, Copy)]
pub(crate) struct Charset {
    pub(crate) label: &'static str,
    pub(crate) mark: &'static [u8],
    encode: fn(&[u8]) -> Vec<u8>,
}

impl Charset {
    const fn new(
        label: &'static str,
        mark: &'static [u8],
        encode: fn(&[u8]) -> Vec<u8>,
    ) -> Charset {
        Charset { label, mark, encode }
    }

    /// The text in the charset, without the mark.
    pub(crate) fn encode(self, text: &[u8]) -> Vec<u8> {
        (self.encode)(text)
    }

    /// The text with the byte order mark before it.
    pub(crate) fn marked(self, text: &[u8]) -> Vec<u8> {
        [self.mark, &self.encode(text)[..]].concat()
    }
}

/// Those in which JSON may be written.
pub(crate) const UNICODE: [Charset; 4] = [
    Charset::new("utf-16le", b"\xff\xfe", utf16le),
    Charset::new("utf-16be", b"\xfe\xff", |text| text.iter().flat_map(|b| [0, *b]).collect()),
    Charset::new("utf-32le", b"\xff\xfe\0\0", |text| {
        text.iter().flat_map(|byte| [*byte, 0, 0, 0]).collect()
    }),
    Charset::new("utf-32be", b"\0\0\xfe\xff", |text| {
        text.iter().flat_map(|byte| [0, 0, 0, *byte]).collect()
    }),
];

/// Those that multipart parsers know.
pub(crate) const PARTS: [Charset; 5] = [
    UNICODE[0],
    UNICODE[1],
    Charset::new("utf-7", b"", utf7),
    Charset::new("iso-8859-1", b"", <[u8]>::to_vec),
    Charset::new("utf-8", b"", <[u8]>::to_vec),
];

/// Those that Python knows, and with it Django.
pub(crate) const PYTHON: [Charset; 14] = [
    UNICODE[0],
    UNICODE[1],
    UNICODE[2],
    Charset::new("utf-16", b"\xff\xfe", utf16le),
    Charset::new("utf-7", b"", utf7),
    Charset::new("utf_7", b"", utf7),
    Charset::new("utf-8-sig", b"\xef\xbb\xbf", <[u8]>::to_vec),
    Charset::new("iso-8859-1", b"", <[u8]>::to_vec),
    Charset::new("cp037", b"", ebcdic),
    Charset::new("IBM500", b"", ebcdic),
    Charset::new("unicode_escape", b"", |text| {
        text.iter().flat_map(|byte| format!("\\x{byte:02x}").into_bytes()).collect()
    }),
    Charset::new("raw_unicode_escape", b"", |text| {
        text.iter().flat_map(|byte| format!("\\u00{byte:02x}").into_bytes()).collect()
    }),
    Charset::new("punycode", b"", |text| [text, b"-"].concat()),
    Charset::new("iso-2022-jp", b"", |text| {
        text.iter().flat_map(|byte| [b"\x1b(B", &[*byte][..]].concat()).collect()
    }),
];

fn utf16le(text: &[u8]) -> Vec<u8> {
    text.iter().flat_map(|byte| [*byte, 0]).collect()
}

/// UTF-7 with every byte in a shifted run.
pub(crate) fn utf7(text: &[u8]) -> Vec<u8> {
    let units: Vec<u8> = text.iter().flat_map(|byte| [0, *byte]).collect();
    let mut run = base64(&units);
    run.retain(|byte| *byte != b'=');
    [b"+", &run[..], b"-"].concat()
}

/// Code page 37, as far as the tokens and names of this test need it.
fn ebcdic(text: &[u8]) -> Vec<u8> {
    let letter = |byte: &u8| match byte {
        b'a'..=b'i' => byte - b'a' + 0x81,
        b'j'..=b'r' => byte - b'j' + 0x91,
        b's'..=b'z' => byte - b's' + 0xa2,
        b'0'..=b'9' => byte - b'0' + 0xf0,
        b'_' => 0x6d,
        b'-' => 0x60,
        b'.' => 0x4b,
        b'+' => 0x4e,
        b'/' => 0x61,
        b'=' => 0x7e,
        _ => *byte,
    };
    text.iter().map(letter).collect()
}
