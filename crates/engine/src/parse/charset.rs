//! Text in a charset other than UTF-8, read as UTF-8.
//!
//! Byte order marks come first, then the label the client gave, then the pattern of NUL bytes that
//! ASCII leaves in UTF-16 and UTF-32 (RFC 4627 section 3). Labels are the WHATWG ones (Encoding
//! Standard), and UTF-7 (RFC 2152) and UTF-32, which that list leaves out and PHP, Java, .NET and
//! Python still accept.

use encoding_rs::{CoderResult, Encoding, UTF_16BE, UTF_16LE, UTF_8};

/// What the bytes are written in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Charset {
    /// A charset of the WHATWG list.
    Listed(&'static Encoding),
    Utf32Be,
    Utf32Le,
    Utf7,
}

/// Emits `value` as UTF-8 wherever it is, or is labelled as, something else.
///
/// Emits nothing for UTF-8 without a mark: the caller has that reading already.
pub(crate) fn charset(
    value: &[u8],
    label: Option<&[u8]>,
    buffer: &mut Vec<u8>,
    emit: &mut dyn FnMut(&[u8]),
) {
    let marked = by_mark(value);
    if let Some((charset, length)) = marked {
        emit_as(charset, &value[length.min(value.len())..], value, buffer, emit);
    }
    let labelled = label.and_then(by_label);
    if let Some(charset) = labelled {
        if marked.map(|(marked, _)| marked) != Some(charset) {
            emit_as(charset, value, value, buffer, emit);
        }
    }
    if marked.is_none() {
        if let Some(charset) = by_pattern(value).filter(|charset| labelled != Some(*charset)) {
            emit_as(charset, value, value, buffer, emit);
        }
    }
}

/// The charset that a Content-Type names.
pub(crate) fn label(content_type: &[u8]) -> Option<&[u8]> {
    let at = content_type.windows(8).position(|it| it.eq_ignore_ascii_case(b"charset="))?;
    let value = content_type[at + 8..].split(|byte| matches!(byte, b';' | b',')).next()?;
    let value = value.trim_ascii();
    Some(
        value
            .strip_prefix(b"\"")
            .map_or(value, |inner| inner.split(|byte| *byte == b'"').next().unwrap_or_default()),
    )
}

/// Whether text that starts so may be in another charset than UTF-8.
pub(crate) fn may_apply(start: &[u8], label: Option<&[u8]>) -> bool {
    label.is_some_and(|label| by_label(label).is_some())
        || by_mark(start).is_some()
        || by_pattern(start).is_some()
}

fn emit_as(
    charset: Charset,
    text: &[u8],
    whole: &[u8],
    buffer: &mut Vec<u8>,
    emit: &mut dyn FnMut(&[u8]),
) {
    buffer.clear();
    match charset {
        Charset::Listed(encoding) if encoding == UTF_8 => buffer.extend_from_slice(text),
        Charset::Listed(encoding) => listed(encoding, text, buffer),
        Charset::Utf32Be => utf32(text, u32::from_be_bytes, buffer),
        Charset::Utf32Le => utf32(text, u32::from_le_bytes, buffer),
        Charset::Utf7 => utf7(text, buffer),
    }
    if buffer.as_slice() != whole {
        emit(buffer);
    }
}

fn by_mark(value: &[u8]) -> Option<(Charset, usize)> {
    match value {
        [0xff, 0xfe, 0, 0, ..] => Some((Charset::Utf32Le, 4)),
        [0, 0, 0xfe, 0xff, ..] => Some((Charset::Utf32Be, 4)),
        [0xff, 0xfe, ..] => Some((Charset::Listed(UTF_16LE), 2)),
        [0xfe, 0xff, ..] => Some((Charset::Listed(UTF_16BE), 2)),
        [0xef, 0xbb, 0xbf, ..] => Some((Charset::Listed(UTF_8), 3)),
        [b'+', b'/', b'v', b'8', b'-', ..] => Some((Charset::Utf7, 5)),
        _ => None,
    }
}

fn by_label(label: &[u8]) -> Option<Charset> {
    let label = label.trim_ascii();
    let is = |name: &str| label.eq_ignore_ascii_case(name.as_bytes());
    if is("utf-7") || is("utf7") || is("unicode-1-1-utf-7") || is("csunicode11utf7") {
        return Some(Charset::Utf7);
    }
    if is("utf-32le") || is("utf32le") {
        return Some(Charset::Utf32Le);
    }
    if is("utf-32") || is("utf32") || is("utf-32be") || is("utf32be") || is("ucs-4") {
        return Some(Charset::Utf32Be);
    }
    if is("utf16") || is("utf16le") {
        return Some(Charset::Listed(UTF_16LE));
    }
    if is("utf16be") {
        return Some(Charset::Listed(UTF_16BE));
    }
    Encoding::for_label(label).filter(|encoding| *encoding != UTF_8).map(Charset::Listed)
}

/// The first four bytes of ASCII-led text tell the width and the order of its units.
fn by_pattern(value: &[u8]) -> Option<Charset> {
    match *value {
        [0, 0, 0, last, ..] if last != 0 => Some(Charset::Utf32Be),
        [first, 0, 0, 0, ..] if first != 0 => Some(Charset::Utf32Le),
        [0, second, 0, fourth, ..] if second != 0 && fourth != 0 => Some(Charset::Listed(UTF_16BE)),
        [first, 0, third, 0, ..] if first != 0 && third != 0 => Some(Charset::Listed(UTF_16LE)),
        [0, second] if second != 0 => Some(Charset::Listed(UTF_16BE)),
        [first, 0] if first != 0 => Some(Charset::Listed(UTF_16LE)),
        _ => None,
    }
}

fn listed(encoding: &'static Encoding, text: &[u8], buffer: &mut Vec<u8>) {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let Some(room) = decoder.max_utf8_buffer_length(text.len()) else { return };
    buffer.resize(room, 0);
    let (result, _, written, _) = decoder.decode_to_utf8(text, buffer, true);
    debug_assert_eq!(result, CoderResult::InputEmpty);
    buffer.truncate(written);
}

fn utf32(text: &[u8], unit: fn([u8; 4]) -> u32, buffer: &mut Vec<u8>) {
    for four in text.chunks_exact(4) {
        let Ok(four) = four.try_into() else { continue };
        push_char(char::from_u32(unit(four)), buffer);
    }
}

/// RFC 2152: `+base64-` holds UTF-16BE, `+-` is a plus, everything else is itself.
fn utf7(text: &[u8], buffer: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(plus) = memchr::memchr(b'+', rest) {
        buffer.extend_from_slice(&rest[..plus]);
        rest = &rest[plus + 1..];
        let end = rest.iter().position(|byte| sextet(*byte).is_none()).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        if run.is_empty() {
            buffer.push(b'+');
        } else {
            utf7_run(run, buffer);
        }
        rest = after.strip_prefix(b"-").unwrap_or(after);
    }
    buffer.extend_from_slice(rest);
}

fn utf7_run(run: &[u8], buffer: &mut Vec<u8>) {
    let (mut bits, mut held, mut high) = (0u32, 0u8, None);
    for byte in run {
        bits = (bits << 6 | u32::from(sextet(*byte).unwrap_or(0))) & 0x003f_ffff;
        held += 6;
        if held < 16 {
            continue;
        }
        held -= 16;
        let unit = (bits >> held) & 0xffff;
        match (high.take(), unit) {
            (_, 0xd800..=0xdbff) => high = Some(unit),
            (Some(high), 0xdc00..=0xdfff) => {
                let point = 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00);
                push_char(char::from_u32(point), buffer);
            }
            (_, unit) => push_char(char::from_u32(unit), buffer),
        }
    }
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// Appends a character, or the replacement character for what is none.
pub(super) fn push_char(character: Option<char>, buffer: &mut Vec<u8>) {
    let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
    buffer.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn readings(value: &[u8], label: Option<&str>) -> Vec<String> {
        let mut found = Vec::new();
        charset(value, label.map(str::as_bytes), &mut Vec::new(), &mut |reading| {
            found.push(String::from_utf8_lossy(reading).into_owned());
        });
        found
    }

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn plain_text_has_no_other_reading() {
        assert!(readings(b"{\"a\":1}", None).is_empty());
        assert!(readings(b"{\"a\":1}", Some("utf-8")).is_empty());
        assert!(readings(b"{\"a\":1}", Some("no-such-charset")).is_empty());
        assert!(readings("żółw".as_bytes(), None).is_empty());
    }

    #[test]
    fn marks_tell_the_charset() {
        let le = [b"\xff\xfe".to_vec(), utf16("{\"ż\"}", u16::to_le_bytes)].concat();
        let be = [b"\xfe\xff".to_vec(), utf16("{\"ż\"}", u16::to_be_bytes)].concat();
        let le32: Vec<u8> =
            "\u{feff}{\"ż\"}".chars().flat_map(|c| (c as u32).to_le_bytes()).collect();
        let be32: Vec<u8> =
            "\u{feff}{\"ż\"}".chars().flat_map(|c| (c as u32).to_be_bytes()).collect();
        for value in [le, be, le32, be32, b"\xef\xbb\xbf{\"\xc5\xbc\"}".to_vec()] {
            assert_eq!(readings(&value, None), ["{\"ż\"}"]);
        }
    }

    #[test]
    fn ascii_leaves_a_pattern_of_nuls() {
        assert_eq!(readings(&utf16("{\"a\"}", u16::to_le_bytes), None), ["{\"a\"}"]);
        assert_eq!(readings(&utf16("{\"a\"}", u16::to_be_bytes), None), ["{\"a\"}"]);
        let wide: Vec<u8> = "{\"a\"}".chars().flat_map(|c| (c as u32).to_be_bytes()).collect();
        assert_eq!(readings(&wide, None), ["{\"a\"}"]);
    }

    #[test]
    fn labels_are_followed() {
        assert_eq!(readings(b"caf\xe9", Some("ISO-8859-1")), ["café"]);
        assert_eq!(readings(&utf16("abc", u16::to_be_bytes), Some("utf-16be")), ["abc"]);
        assert_eq!(readings(b"+AHQAbwBr-en", Some("UTF-7")), ["token"]);
        assert_eq!(readings(b"1 +- 1 +2D3eAA-", Some("utf7")), ["1 + 1 😀".to_owned()]);
    }

    proptest! {
        #[test]
        fn never_panics_and_stays_small(
            value in prop::collection::vec(any::<u8>(), 0..200),
            label in prop::sample::select(vec!["utf-7", "utf-32", "utf-16", "gb18030", "x"]),
        ) {
            charset(&value, Some(label.as_bytes()), &mut Vec::new(), &mut |reading| {
                assert!(reading.len() <= 3 * value.len() + 16);
            });
        }

        #[test]
        fn utf16_round_trips(text in "[ -~]{2,40}") {
            prop_assert_eq!(readings(&utf16(&text, u16::to_le_bytes), None), [text]);
        }
    }
}
