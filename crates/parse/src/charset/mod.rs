//! Text in a charset other than UTF-8, read as UTF-8.
//!
//! Byte order marks come first, then the label the client gave, then the pattern of NUL bytes that
//! ASCII leaves in UTF-16 and UTF-32 (RFC 4627 section 3). Labels are the WHATWG ones (Encoding
//! Standard), and those that it leaves out and Java, .NET, Python, PHP or iconv-lite still accept:
//! UTF-7 (RFC 2152), UTF-32, EBCDIC, Python's escapes.

mod ebcdic;
mod escapes;
mod label;
mod utf7;

pub use label::labels;

use encoding_rs::{CoderResult, Encoding, UTF_16BE, UTF_16LE, UTF_8};

use label::by_label;

/// What the bytes are written in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Charset {
    /// Python's `unicode_escape` and `raw_unicode_escape`.
    Escapes,
    /// IBM's code pages.
    Ebcdic,
    /// Python's, for text in which the shifts lead nowhere (RFC 1843).
    Hz,
    /// ISO 2022, for text in which the shifts lead nowhere.
    Iso2022,
    /// A charset of the WHATWG list.
    Listed(&'static Encoding),
    /// Python's `mac_arabic` and `mac_farsi`, which have ASCII's marks twice.
    MacArabic,
    /// Python's, of text that is ASCII.
    Punycode,
    Utf32Be,
    Utf32Le,
    Utf7,
    /// RFC 3501's variant, for the names of mailboxes.
    Utf7Imap,
    /// Python's `utf_8_sig`: each value may begin with a byte order mark.
    Utf8Signed,
}

/// Emits `value` as UTF-8 wherever it is, or is labelled as, something else.
///
/// Emits nothing for UTF-8 without a mark: the caller has that reading already.
pub fn charset(
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

/// Whether text that starts so may be in another charset than UTF-8, without a label.
pub fn may_apply(start: &[u8]) -> bool {
    by_mark(start).is_some() || by_pattern(start).is_some()
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
        Charset::Ebcdic => ebcdic::decode(text, buffer),
        Charset::Escapes => escapes::unescape(text, buffer),
        Charset::Hz => escapes::without_tildes(text, buffer),
        Charset::Iso2022 => escapes::without_shifts(text, buffer),
        Charset::MacArabic => buffer.extend(text.iter().copied().map(mac_arabic)),
        Charset::Punycode => buffer.extend_from_slice(text.strip_suffix(b"-").unwrap_or(text)),
        Charset::Listed(encoding) if encoding == UTF_8 => buffer.extend_from_slice(text),
        Charset::Listed(encoding) => listed(encoding, text, buffer),
        Charset::Utf32Be => utf32(text, u32::from_be_bytes, buffer),
        Charset::Utf32Le => utf32(text, u32::from_le_bytes, buffer),
        Charset::Utf7 => utf7::decode(text, b'+', buffer),
        Charset::Utf7Imap => utf7::decode(text, b'&', buffer),
        Charset::Utf8Signed => {
            buffer.extend_from_slice(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text));
        }
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

/// The marks that stand there a second time, for text from right to left.
fn mac_arabic(byte: u8) -> u8 {
    match byte {
        0xa0..=0xaf | 0xba | 0xbc..=0xbe | 0xdb..=0xdf | 0xfb..=0xfd => byte & 0x7f,
        _ => byte,
    }
}

/// Appends a character, or the replacement character for what is none.
pub fn push_char(character: Option<char>, buffer: &mut Vec<u8>) {
    let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
    buffer.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Coverage;
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

    /// Each was tried with Python's codecs or iconv-lite.
    #[test]
    fn other_spellings_of_labels_and_rarer_charsets() {
        let cases: &[(&[u8], &str)] = &[
            (b"&AHQAbwBr-en", "utf-7-imap"),
            (b"+AHQAbwBr-en", "utf_7"),
            (b"+AHQAbwBr-en", "utf-7:2000"),
            (b"t\0o\0k\0e\0n\0", "UTF_16"),
            (b"\xa3\x96\x92\x85\x95", "cp037"),
            (b"\xa3\x96\x92\x85\x95", "IBM500"),
            (b"\xa3\x96\x92\x85\x95", "ibm-1047"),
            (b"\xa3\x96\x92\x85\x95", "ebcdic_cp_us"),
            (b"t\\x6f\\u006ben", "unicode_escape"),
            (b"t\\157ken", "unicode-escape"),
            (b"\\u0074oken", "raw_unicode_escape"),
            (b"token-", "punycode"),
            (b"to\x1b(Bken", "iso-2022-jp"),
            (b"to\x1b(Bken", "iso2022_jp_2"),
            (b"to\x0e\x0fken", "iso2022_kr"),
            (b"to~{~}ken", "hz"),
            (b"to~\nken", "HZ-GB-2312"),
            (b"\xef\xbb\xbftoken", "utf-8-sig"),
        ];
        for (value, label) in cases {
            let found = readings(value, Some(label));
            assert!(found.contains(&"token".to_owned()), "{label}: {found:?}");
        }
        for utf8 in ["utf-8", "UTF8", "utf_8", "cp437", "ascii", "500 miles", "ibm"] {
            assert!(readings(b"token", Some(utf8)).is_empty(), "{utf8}");
        }
    }

    #[test]
    fn marks_of_right_to_left_text() {
        for label in ["mac_arabic", "MacFarsi"] {
            assert_eq!(readings(b"a\xaeb\xadc\xdfd\xaf\xab\xbd\xba", Some(label)), ["a.b-c_d/+=:"]);
        }
    }

    #[test]
    fn a_content_type_names_charsets() {
        let cases: &[(&str, &[&str])] = &[
            ("text/plain; charset=utf-7", &["utf-7"]),
            ("text/plain;CHARSET=\"utf-7\"", &["utf-7"]),
            ("text/plain; charset = utf-7 ; x=y", &["utf-7"]),
            ("text/plain; charset= \"utf-7\"", &["utf-7"]),
            ("text/plain; charset*=us-ascii''utf-7", &["utf-7"]),
            ("text/plain; charsets=x; charset=utf-7, text/html", &["utf-7"]),
            ("text/plain; charset=utf-8; charset=utf-7", &["utf-7"]),
            ("text/plain; xcharset=utf-8; charset=utf-7", &["utf-7"]),
            ("text/plain; charset=utf-7; charset=utf-8", &["utf-7"]),
            ("text/plain; charset=\"x; charset=utf-7\"", &["utf-7\""]),
            (
                "text/plain; charset=cp037, text/plain; charset=utf_7; charset=utf-7",
                &["cp037", "utf_7"],
            ),
            ("text/plain; charset=utf-8", &[]),
            ("text/plain", &[]),
        ];
        for (content_type, expected) in cases {
            let (found, coverage) = labels(content_type.as_bytes());
            let expected: Vec<_> = expected.iter().map(|label| label.as_bytes()).collect();
            let is_known = !content_type.contains("\"x;");
            assert_eq!(
                (found, coverage == Coverage::Whole),
                (expected, is_known),
                "{content_type}"
            );
        }
        for (label, coverage) in [
            ("martian", Coverage::Cut),
            ("\"rot13\"", Coverage::Cut),
            ("a-name-that-is-longer-than-any-charset-has", Coverage::Cut),
            ("UTF8", Coverage::Whole),
            ("utf-8-sig", Coverage::Whole),
            ("utf8mb4", Coverage::Whole),
            ("cp850", Coverage::Whole),
            ("", Coverage::Whole),
        ] {
            let content_type = format!("text/plain; charset={label}");
            assert_eq!(labels(content_type.as_bytes()).1, coverage, "{label}");
        }
        let many = b"charset=utf-7;charset=utf-16;charset=utf-32;charset=cp037;charset=hz";
        assert_eq!(labels(many).1, Coverage::Cut);
    }

    proptest! {
        #[test]
        fn never_panics_and_stays_small(
            value in prop::collection::vec(any::<u8>(), 0..200),
            label in prop::sample::select(vec![
                "utf-7", "utf-32", "utf-16", "gb18030", "x", "cp037", "unicode_escape", "utf7imap",
                "iso2022_kr", "punycode", "hz", "mac_arabic", "utf-8-sig",
            ]),
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
