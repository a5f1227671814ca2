//! The names of charsets.

use encoding_rs::{Encoding, ISO_2022_JP, UTF_16BE, UTF_16LE, UTF_8};

use super::{ebcdic, Charset};
use crate::{bounds::CHARSETS, Coverage};

/// A name longer than this names nothing.
const LONGEST: usize = 32;

/// The charsets other than UTF-8 that a Content-Type names, each once. Readers differ on which of two
/// parameters wins, and on where one begins. `Cut` where there are too many, or one that nobody here knows.
pub fn labels(content_type: &[u8]) -> (Vec<&[u8]>, Coverage) {
    let mut found = Vec::new();
    let mut known = Vec::new();
    let mut coverage = Coverage::Whole;
    for label in named(content_type) {
        if is_unknown(label) {
            coverage = Coverage::Cut;
        }
        match by_label(label) {
            Some(charset) if !known.contains(&charset) => {
                if known.len() == CHARSETS {
                    return (found, Coverage::Cut);
                }
                known.push(charset);
                found.push(label);
            }
            _ => {}
        }
    }
    (found, coverage)
}

/// Names of UTF-8 and ASCII beside those of the WHATWG list, as Python and databases have them, what
/// clients write where there is no charset, and code pages of the PC, whose ASCII is ASCII; letters and
/// digits in lower case.
const LIKE_UTF8: [&[u8]; 28] = [
    b"",
    b"646",
    b"ansix341968",
    b"ascii",
    b"binary",
    b"cp437",
    b"cp65001",
    b"cp720",
    b"cp737",
    b"cp775",
    b"cp850",
    b"cp852",
    b"cp855",
    b"cp857",
    b"cp858",
    b"cp860",
    b"cp861",
    b"cp862",
    b"cp863",
    b"cp865",
    b"iso646us",
    b"none",
    b"u8",
    b"usascii",
    b"utf",
    b"utf8",
    b"utf8mb3",
    b"utf8mb4",
];

/// Whether text in it would be read wrongly.
fn is_unknown(label: &[u8]) -> bool {
    let mut buffer = [0; LONGEST];
    by_label(label).is_none()
        && Encoding::for_label(label).is_none()
        && normal(label, &mut buffer).is_none_or(|name| !LIKE_UTF8.contains(&name))
}

/// What follows each `charset=`.
fn named(content_type: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = content_type;
    std::iter::from_fn(move || loop {
        let at = rest.windows(7).position(|it| it.eq_ignore_ascii_case(b"charset"))?;
        rest = rest.get(at + 7..)?;
        let after = rest.trim_ascii_start();
        if let Some(value) = after.strip_prefix(b"=") {
            return Some(value_of(value.trim_ascii_start()));
        }
        // RFC 2231: `charset*=us-ascii'en'utf-7`.
        if let Some(value) = after.strip_prefix(b"*=") {
            return value_of(value).rsplit(|byte| *byte == b'\'').next();
        }
    })
}

fn value_of(text: &[u8]) -> &[u8] {
    let value = text.split(|byte| matches!(byte, b';' | b',')).next().unwrap_or_default();
    let value = value.trim_ascii();
    match value.strip_prefix(b"\"") {
        Some(inner) => inner.split(|byte| *byte == b'"').next().unwrap_or_default(),
        None => value,
    }
}

/// The charset of a name; none for UTF-8 and for what nobody knows.
pub(super) fn by_label(label: &[u8]) -> Option<Charset> {
    let mut buffer = [0; LONGEST];
    let charset = match normal(label, &mut buffer)? {
        b"utf7" | b"u7" | b"unicode11utf7" | b"csunicode11utf7" => Charset::Utf7,
        b"utf7imap" => Charset::Utf7Imap,
        b"utf32le" => Charset::Utf32Le,
        b"utf32" | b"utf32be" | b"u32" | b"ucs4" => Charset::Utf32Be,
        b"utf16" | b"utf16le" | b"u16" | b"ucs2" => Charset::Listed(UTF_16LE),
        b"utf16be" => Charset::Listed(UTF_16BE),
        b"utf8sig" => Charset::Utf8Signed,
        b"hz" | b"hzgb" | b"hzgb2312" => Charset::Hz,
        b"macarabic" | b"macfarsi" => Charset::MacArabic,
        b"unicodeescape" | b"rawunicodeescape" => Charset::Escapes,
        b"punycode" => Charset::Punycode,
        b"iso2022jp" => Charset::Listed(ISO_2022_JP),
        [b'i', b's', b'o', b'2', b'0', b'2', b'2', ..] => Charset::Iso2022,
        name if ebcdic::is_name(name) => Charset::Ebcdic,
        name => Charset::Listed(Encoding::for_label(label).or_else(|| Encoding::for_label(name))?),
    };
    (charset != Charset::Listed(UTF_8)).then_some(charset)
}

/// Letters and digits in lower case: Python and iconv-lite take no other notice of a name, and the
/// latter cuts off a year.
fn normal<'b>(label: &[u8], buffer: &'b mut [u8; LONGEST]) -> Option<&'b [u8]> {
    let name = match label {
        [name @ .., b':', a, b, c, d] if [a, b, c, d].iter().all(|it| it.is_ascii_digit()) => name,
        name => name,
    };
    let mut length = 0;
    for byte in name.iter().filter(|byte| byte.is_ascii_alphanumeric()) {
        *buffer.get_mut(length)? = byte.to_ascii_lowercase();
        length += 1;
    }
    buffer.get(..length)
}
