//! Escapes of JSON strings (RFC 8259 section 7) and of JSON5 ones.

use memchr::memchr;

/// The string that `raw`, the text between quotes, stands for.
///
/// A lone surrogate becomes its three-byte form, an unknown escape the character itself, a broken
/// one stays.
pub fn unescape<'a>(raw: &'a [u8], buffer: &'a mut Vec<u8>) -> &'a [u8] {
    if memchr(b'\\', raw).is_none() {
        return raw;
    }
    buffer.clear();
    let mut rest = raw;
    while let Some(at) = memchr(b'\\', rest) {
        buffer.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        rest = &rest[unescape_one(rest, buffer)..];
    }
    buffer.extend_from_slice(rest);
    buffer
}

/// Appends what the escape at the start of `text` stands for; gives its length.
pub fn unescape_one(text: &[u8], out: &mut Vec<u8>) -> usize {
    match text {
        [_, b'u', rest @ ..] => match code_point(rest) {
            Some((code, taken)) => {
                push(code, out);
                return taken + 2;
            }
            None => out.extend_from_slice(b"\\u"),
        },
        [_, b'x', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            push(digits(&[*high, *low]).unwrap_or_default(), out);
            return 4;
        }
        [_, b'\r', b'\n', ..] => return 3,
        [_, b'\n' | b'\r', ..] => {}
        [_, simple, ..] => out.push(simple_escape(*simple)),
        _ => out.extend_from_slice(text),
    }
    text.len().min(2)
}

fn simple_escape(byte: u8) -> u8 {
    match byte {
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'0' => 0,
        other => other,
    }
}

/// The code point of the four digits behind `\u`, with the surrogate that follows, if one does.
fn code_point(text: &[u8]) -> Option<(u32, usize)> {
    let high = digits(text.get(..4)?)?;
    if let (0xd800..=0xdbff, Some([b'\\', b'u', low @ ..])) = (high, text.get(4..10)) {
        if let Some(low @ 0xdc00..=0xdfff) = digits(low) {
            return Some((0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), 10));
        }
    }
    Some((high, 4))
}

fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0, |code, digit| Some(code << 4 | char::from(*digit).to_digit(16)?))
}

/// Appends a code point as UTF-8; a surrogate as UTF-8 would write it.
pub fn push(code: u32, out: &mut Vec<u8>) {
    match char::from_u32(code) {
        Some(character) => {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        None if code < 0x1_0000 => {
            let byte = |shift: u32, mark: u32| (mark | code >> shift & 0x3f) as u8;
            out.extend_from_slice(&[(0xe0 | code >> 12) as u8, byte(6, 0x80), byte(0, 0x80)]);
        }
        None => out.extend_from_slice("\u{fffd}".as_bytes()),
    }
}
