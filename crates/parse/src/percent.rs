//! Percent-decoding (RFC 3986 section 2.1), `+` as space (the URL standard's urlencoded parser),
//! `%uXXXX` (ECMAScript annex B `unescape`, IIS) and values encoded more than once.

use memchr::{memchr, memchr2, memchr_iter, memmem};

/// How often a value is decoded: proxies, frameworks and applications each may do it once.
const DEPTH: usize = 3;

/// Emits every decoded reading of `value`, and nothing when there is nothing to decode.
///
/// A broken escape stays as it is, as PHP, Python and WHATWG parsers leave it; in one reading its sign
/// is left out.
pub fn percent(value: &[u8], buffer: &mut Vec<u8>, emit: &mut dyn FnMut(&[u8])) {
    if memchr2(b'%', b'+', value).is_none() {
        return;
    }
    let unicode = memmem::find(value, b"%u").is_some() || memmem::find(value, b"%U").is_some();
    let plus = memchr(b'+', value).is_some();
    for (plus, unicode) in [(false, false), (true, false), (false, true), (true, true)]
        .into_iter()
        .filter(|&(with_plus, with_unicode)| (!with_plus || plus) && (!with_unicode || unicode))
    {
        reading(value, plus, unicode, buffer, emit);
    }
    if memchr_iter(b'%', value).any(|at| escape(&value[at..], false).is_none()) {
        for plus in [false, true].into_iter().filter(|with| !with || plus) {
            without_broken(value, plus, buffer);
            emit(buffer);
        }
    }
}

/// Decodes, and leaves out each sign that begins no escape, as CherryPy does. With `plus`, `+` is a
/// space.
pub fn without_broken(value: &[u8], plus: bool, buffer: &mut Vec<u8>) {
    buffer.clear();
    let mut rest = value;
    while let Some(&byte) = rest.first() {
        let escaped = if byte == b'%' { escape(rest, false) } else { None };
        let (decoded, taken) = escaped.unwrap_or((Decoded::byte(byte), 1));
        let is_broken = byte == b'%' && taken == 1;
        match byte {
            b'+' if plus => buffer.push(b' '),
            _ if is_broken => {}
            _ => buffer.push(decoded.bytes[0]), // without `%u` it is one byte
        }
        rest = &rest[taken..];
    }
}

/// Decodes in place; says whether anything changed. `unicode` also decodes `%uXXXX`, to UTF-8.
pub fn decode_in_place(text: &mut Vec<u8>, unicode: bool) -> bool {
    let Some(first) = memchr(b'%', text) else { return false };
    let (mut read, mut write) = (first, first);
    while let Some(&byte) = text.get(read) {
        let escaped = if byte == b'%' { escape(&text[read..], unicode) } else { None };
        let (decoded, taken) = escaped.unwrap_or((Decoded::byte(byte), 1));
        // What is decoded is never longer than its escape, so this never passes `read`. Mostly it is
        // one byte, for which a call that copies would cost more than all the rest.
        match decoded.bytes {
            [byte, ..] if decoded.len == 1 => text[write] = byte,
            bytes => text[write..write + decoded.len].copy_from_slice(&bytes[..decoded.len]),
        }
        write += decoded.len;
        read += taken;
    }
    let changed = write != read;
    text.truncate(write);
    changed
}

fn reading(
    value: &[u8],
    plus: bool,
    unicode: bool,
    buffer: &mut Vec<u8>,
    emit: &mut dyn FnMut(&[u8]),
) {
    buffer.clear();
    buffer.extend_from_slice(value);
    if plus {
        buffer.iter_mut().filter(|byte| **byte == b'+').for_each(|byte| *byte = b' ');
        // A decoder that gives up on a broken escape (Node's qs) has replaced the pluses by then.
        emit(buffer);
    }
    for _ in 0..DEPTH {
        if !decode_in_place(buffer, unicode) {
            break;
        }
        emit(buffer);
    }
}

struct Decoded {
    bytes: [u8; 4],
    len: usize,
}

impl Decoded {
    fn byte(byte: u8) -> Decoded {
        Decoded { bytes: [byte, 0, 0, 0], len: 1 }
    }

    fn character(code: u32) -> Decoded {
        let mut bytes = [0; 4];
        let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        let len = character.encode_utf8(&mut bytes).len();
        Decoded { bytes, len }
    }
}

fn escape(text: &[u8], unicode: bool) -> Option<(Decoded, usize)> {
    match text {
        [b'%', high, low, ..] if high.is_ascii_hexdigit() => {
            Some((Decoded::byte((hex(*high)? << 4 | hex(*low)?) as u8), 3))
        }
        [b'%', b'u' | b'U', digits @ ..] if unicode => {
            let code = digits.get(..4)?.iter().try_fold(0, |code, d| Some(code << 4 | hex(*d)?))?;
            Some((Decoded::character(code), 6))
        }
        _ => None,
    }
}

fn hex(digit: u8) -> Option<u32> {
    char::from(digit).to_digit(16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn readings(value: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        percent(value, &mut Vec::new(), &mut |reading| {
            found.push(String::from_utf8_lossy(reading).into_owned());
        });
        found
    }

    #[test]
    fn a_clean_value_has_no_other_reading() {
        for value in ["", "T", "abc def", "a=b&c", "\u{fc}"] {
            assert!(readings(value.as_bytes()).is_empty(), "{value}");
        }
    }

    #[test]
    fn readings_hold_what_applications_see() {
        for (value, seen) in [
            ("%54", "T"),
            ("%6b%65%79", "key"),
            ("%6B%65y", "key"),
            ("%2541", "A"),
            ("%252541", "A"),
            ("a+b", "a b"),
            ("a%2bb", "a+b"),
            ("a+%54", "a+T"),
            ("a+%54", "a T"),
            ("%zz%54", "%zzT"),
            ("%zz+%54", "%zz %54"),
            ("%54%", "T%"),
            ("%54%4", "T%4"),
            ("%u0054", "T"),
            ("%U0054%6f", "To"),
            ("%u00fc", "\u{fc}"),
            ("%ud800x", "\u{fffd}x"),
            ("%u005", "%u005"),
            // CherryPy.
            ("%T%4b%", "TK"),
            ("T+%x%", "T x"),
        ] {
            let found = readings(value.as_bytes());
            let raw = value == seen;
            assert!(raw || found.iter().any(|reading| reading == seen), "{value}: {found:?}");
        }
    }

    proptest! {
        #[test]
        fn encoded_bytes_come_back(value in proptest::collection::vec(any::<u8>(), 1..60)) {
            let encoded: String = value.iter().map(|byte| format!("%{byte:02x}")).collect();
            let mut found = false;
            percent(encoded.as_bytes(), &mut Vec::new(), &mut |reading| found |= reading == value);
            prop_assert!(found);
        }

        #[test]
        fn no_reading_is_longer(value in "[%u+0-9a-fA-Fz]{0,80}") {
            percent(value.as_bytes(), &mut Vec::new(), &mut |reading| {
                assert!(reading.len() <= value.len());
            });
        }
    }
}
