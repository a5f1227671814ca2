//! The value of a header or a cookie as servers hand it to applications: without the white space
//! around it, and with encoded words decoded (RFC 2047, as CherryPy and Python's email package read
//! them).
//!
//! NGINX takes off spaces. Go, Node and Java take off tabs; Python those that its `str.strip` knows, in
//! Latin-1 (NBSP, NEL, the separators `\x1c` to `\x1f`); others all that Unicode calls white space.

use memchr::{memchr_iter, memmem};

use super::{base64, charset::charset};

/// Emits the value in each reading that differs from what was sent.
pub fn header(value: &[u8], buffer: &mut Vec<u8>, emit: &mut dyn FnMut(&[u8])) {
    stripped(value, emit);
    let begins_word = |at: usize| at > 0 && value.get(at - 1) == Some(&b'=');
    if memchr_iter(b'?', value).any(begins_word) && decode(value, buffer) {
        emit(buffer);
    }
}

/// Emits the value without the white space around it, in UTF-8 and in Latin-1.
pub fn stripped(value: &[u8], emit: &mut dyn FnMut(&[u8])) {
    let may_be_space = |byte: Option<&u8>| byte.is_some_and(|byte| *byte <= b' ' || *byte >= 0x7f);
    if !may_be_space(value.first()) && !may_be_space(value.last()) {
        return;
    }
    let utf8 = strip(value, utf8_space);
    let latin1 = strip(value, latin1_space);
    for (reading, other) in [(utf8, value), (latin1, utf8)] {
        if reading.len() != value.len() && reading.len() != other.len() {
            emit(reading);
        }
    }
}

/// Where white space is at one end of a text, how long it is.
type Space = fn(&[u8], End) -> usize;

#[derive(Clone, Copy)]
enum End {
    First,
    Last,
}

fn strip(mut value: &[u8], space: Space) -> &[u8] {
    loop {
        let (first, last) = (space(value, End::First), space(value, End::Last));
        let kept = value.get(first..value.len().saturating_sub(last)).unwrap_or_default();
        if kept.len() == value.len() {
            return value;
        }
        value = kept;
    }
}

fn latin1_space(value: &[u8], end: End) -> usize {
    let byte = match end {
        End::First => value.first(),
        End::Last => value.last(),
    };
    usize::from(byte.is_some_and(|byte| matches!(byte, 0..=b' ' | 0x7f | 0x85 | 0xa0)))
}

/// The white space of Unicode beyond ASCII, and the two signs without width that JavaScript strips.
const SPACES: [char; 21] = [
    '\u{85}', '\u{a0}', '\u{1680}', '\u{2000}', '\u{2001}', '\u{2002}', '\u{2003}', '\u{2004}',
    '\u{2005}', '\u{2006}', '\u{2007}', '\u{2008}', '\u{2009}', '\u{200a}', '\u{200b}', '\u{2028}',
    '\u{2029}', '\u{202f}', '\u{205f}', '\u{3000}', '\u{feff}',
];

fn utf8_space(value: &[u8], end: End) -> usize {
    let byte = match end {
        End::First => value.first(),
        End::Last => value.last(),
    };
    let lies = |space: &[u8]| match end {
        End::First => value.starts_with(space),
        End::Last => value.ends_with(space),
    };
    match byte {
        None => 0,
        Some(0..=b' ' | 0x7f) => 1,
        Some(byte) if byte.is_ascii() => 0,
        Some(_) => {
            let is_there = |space: &&char| lies(space.encode_utf8(&mut [0; 4]).as_bytes());
            SPACES.iter().find(is_there).map_or(0, |space| space.len_utf8())
        }
    }
}

/// Decodes every encoded word; says whether there was one. White space between two of them is none
/// of the text.
fn decode(value: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    // No word ends behind the last `?=`: none is looked for there, again and again.
    let Some(end) = memmem::rfind(value, b"?=") else { return false };
    let (mut rest, tail) = value.split_at(end + 2);
    let mut found = false;
    while let Some(at) = memmem::find(rest, b"=?") {
        let (before, from) = rest.split_at(at);
        let Some(word) = encoded_word(from) else {
            let (sign, after) = from.split_at(2);
            out.extend_from_slice(before);
            out.extend_from_slice(sign);
            rest = after;
            continue;
        };
        if !found || !before.trim_ascii().is_empty() {
            out.extend_from_slice(before);
        }
        word.decode(out);
        (found, rest) = (true, word.after);
    }
    out.extend_from_slice(rest);
    out.extend_from_slice(tail);
    found
}

struct Word<'a> {
    charset: &'a [u8],
    in_base64: bool,
    text: &'a [u8],
    after: &'a [u8],
}

/// `=?charset?B?text?=`, and what follows it.
fn encoded_word(from: &[u8]) -> Option<Word<'_>> {
    let mut parts = from.get(2..)?.splitn(3, |byte| *byte == b'?');
    let (charset, encoding, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let in_base64 = match encoding {
        b"b" | b"B" => true,
        b"q" | b"Q" => false,
        _ => return None,
    };
    let end = memmem::find(rest, b"?=")?;
    Some(Word { charset, in_base64, text: &rest[..end], after: &rest[end + 2..] })
}

impl Word<'_> {
    fn decode(&self, out: &mut Vec<u8>) {
        let mut text = Vec::new();
        if self.in_base64 {
            base64::decode(base64::until_padding(self.text), false, &mut text);
        } else {
            quoted(self.text, &mut text);
        }
        let mut reading = None;
        charset(&text, Some(self.charset), &mut Vec::new(), &mut |text| {
            reading.get_or_insert_with(|| text.to_vec());
        });
        out.extend_from_slice(reading.as_deref().unwrap_or(&text));
    }
}

/// The Q encoding: `_` is a space, `=XX` a byte.
fn quoted(text: &[u8], out: &mut Vec<u8>) {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'_', _) => out.push(b' '),
            (b'=', [high, low, after @ ..]) => match digit(*high).zip(digit(*low)) {
                Some((high, low)) => {
                    out.push(high << 4 | low);
                    rest = after;
                }
                None => out.push(b'='),
            },
            _ => out.push(*byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn readings(value: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        header(value, &mut Vec::new(), &mut |reading| found.push(reading.to_vec()));
        found
    }

    #[test]
    fn readings_hold_what_applications_see() {
        let cases: &[(&[u8], &[u8])] = &[
            (b"T\t", b"T"),
            (b" \tT \x0b", b"T"),
            (b"T\xa0", b"T"),
            (b"\xc2\xa0T", b"T"),
            (b"T\x85", b"T"),
            (b"\xe3\x80\x80T\xe2\x80\xa8", b"T"),
            (b"\xef\xbb\xbfT", b"T"),
            // Latin-1 and UTF-8 differ in what NBSP is.
            (b"\xc3\xa0\t", b"\xc3\xa0"),
            (b"\xc3\xa0\t", b"\xc3"),
            (b"=?utf-8?b?VA==?=", b"T"),
            (b"Bearer =?UTF-8?B?VA?=", b"Bearer T"),
            (b"=?iso-8859-1?q?Bearer?= =?utf-8?b?IFQ=?=", b"Bearer T"),
            (b"=?us-ascii?q?Bearer?= T", b"Bearer T"),
            (b"=?utf-8?Q?a=5Fb_c=zz?=", b"a_b c=zz"),
            (b"=?utf-16be?b?AFQ=?=", b"T"),
            (b"=?x =?utf-8?q?T?=", b"=?x T"),
        ];
        for (value, seen) in cases {
            let found = readings(value);
            assert!(found.iter().any(|reading| reading == seen), "{value:?}: {found:?}");
        }
    }

    #[test]
    fn a_clean_value_has_no_other_reading() {
        for value in ["", "T", "a b", "text/html; q=0.9", "x=?y", "=?utf-8?x?T?="] {
            assert!(readings(value.as_bytes()).is_empty(), "{value}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_do(value in proptest::collection::vec(any::<u8>(), 0..120)) {
            for reading in readings(&value) {
                prop_assert!(reading.len() <= 4 * value.len());
            }
        }
    }
}
