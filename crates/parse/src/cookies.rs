//! Cookies as every parser out there reads them: RFC 6265 (split at `;`), RFC 2109 and 2965
//! (quotes, `,`, `$Version`), Python (white space separates too), PHP (names folded, everything
//! percent-decoded), Express (`s:value.signature`, `j:` JSON).
//!
//! A quoted value may hide a `;` from one parser and not from another, so the text is split both
//! with and without regard to quotes. `$Version` only switches such a reading on, and is a cookie
//! like others here.

use memchr::{memchr, memchr2, memchr2_iter, memchr3, memchr_iter, memrchr};

mod pieces;

use super::{
    header::stripped,
    json::{self, Json},
    names::names,
    percent::percent,
    unquote::unquote,
    Buffers,
};

/// Emits (name, value) of every cookie, for every reading of either. A cookie without `=` is a name
/// without value and a value without name.
pub fn cookies(text: &[u8], buffers: &mut Buffers, emit: &mut dyn FnMut(&[u8], &[u8])) {
    splits(text, &mut |name, value| readings(name, value, buffers, emit));
    pieces::joined(text, &mut |name, value| readings(name, value, buffers, emit));
}

/// Emits every reading of the value of every cookie: `cookies` for whom does not ask for names,
/// which have readings of their own and would multiply those of the values.
pub fn cookie_values(text: &[u8], buffers: &mut Buffers, emit: &mut dyn FnMut(&[u8])) {
    let mut each = |value: &[u8]| {
        if !value.is_empty() {
            emit_value(b"", value, &mut |_, value| emit(value));
            let Buffers { value: buffer, spare, .. } = &mut *buffers;
            decoded(b"", value, buffer, spare, &mut |_, value| emit(value));
        }
    };
    splits(text, &mut |_, value| each(value));
    pieces::joined(text, &mut |_, value| each(value));
}

/// Whether a cookie may be there in pieces, each with a number: see [`cookies`].
pub fn may_have_pieces(text: &[u8]) -> bool {
    let before = |at: usize| text.get(..at).unwrap_or_default().trim_ascii_end().last();
    memchr_iter(b'=', text).any(|at| before(at).is_some_and(u8::is_ascii_digit))
}

/// Emits the raw pairs of every way to split the text.
fn splits(text: &[u8], emit: &mut dyn FnMut(&[u8], &[u8])) {
    split(text, is_semicolon, false, &mut |name, value| emit(name, value));
    let follows_another =
        |at: usize| at > 0 && !matches!(text.get(at - 1), Some(b';' | b' ' | b'\t'));
    let gap = memchr2_iter(b' ', b'\t', text).any(follows_another);
    let quotes = memchr(b'"', text).is_some();
    let comma = memchr(b',', text).is_some();
    for (needed, separates, quoted) in [
        (quotes, is_semicolon as fn(u8) -> bool, true),
        (comma, is_comma, false),
        (comma && quotes, is_comma, true),
        (gap, is_space, true),
    ] {
        if needed {
            split(text, separates, quoted, &mut |name, value| emit(name, value));
        }
    }
}

fn is_semicolon(byte: u8) -> bool {
    byte == b';'
}

fn is_comma(byte: u8) -> bool {
    matches!(byte, b';' | b',')
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b';' | b',') || is_blank(byte)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c)
}

/// Emits the raw pairs, white space around names and values removed.
fn split<'t>(
    text: &'t [u8],
    separates: fn(u8) -> bool,
    quoted: bool,
    emit: &mut dyn FnMut(&'t [u8], &'t [u8]),
) {
    let mut rest = text;
    loop {
        rest = skip(rest, |byte| is_blank(byte) || separates(byte));
        if rest.is_empty() {
            return;
        }
        let (name, after) = split_at(rest, |byte| byte == b'=' || separates(byte));
        let name = name.trim_ascii_end();
        // `sid = T`, where a blank would separate.
        let Some(value) = skip(after, is_blank).strip_prefix(b"=") else {
            emit(name, b"");
            emit(b"", name);
            rest = after;
            continue;
        };
        let written = value;
        let value = skip(written, is_blank);
        let (value, after) = value.split_at(value_end(value, separates, quoted));
        emit(name, value.trim_ascii_end());
        // `a= b=T`, where a blank separates, may also be an empty `a` and then `b`.
        let is_pair = separates(b' ') && value.len() + after.len() < written.len();
        rest = match is_pair && memchr(b'=', value).is_some() {
            true => skip(written, is_blank),
            false => after,
        };
    }
}

fn value_end(value: &[u8], separates: fn(u8) -> bool, quoted: bool) -> usize {
    let start = if quoted && value.first() == Some(&b'"') { quote_end(value) } else { 0 };
    let end = value[start..].iter().position(|byte| separates(*byte));
    end.map_or(value.len(), |at| start + at)
}

/// Where the quoted string that starts `value` ends: past its quote, or at the end.
fn quote_end(value: &[u8]) -> usize {
    let mut at = 1;
    while let Some(next) = value.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        if value[at + next] == b'"' {
            return at + next + 1;
        }
        at += next + 2;
    }
    value.len()
}

fn skip(text: &[u8], skipped: impl Fn(u8) -> bool) -> &[u8] {
    let start = text.iter().position(|byte| !skipped(*byte));
    &text[start.unwrap_or(text.len())..]
}

fn split_at(text: &[u8], ends: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|byte| ends(*byte)).unwrap_or(text.len()))
}

fn readings(name: &[u8], value: &[u8], buffers: &mut Buffers, emit: &mut dyn FnMut(&[u8], &[u8])) {
    let name = name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(name);
    let Buffers { name: name_buffer, value: value_buffer, spare } = buffers;
    names(name, name_buffer, spare, &mut |name| emit_value(name, value, emit));
    if !is_encoded(value) {
        return;
    }
    // The readings of a name and those of a value share a buffer: take the names one by one.
    let mut folded = Vec::new();
    names(name, name_buffer, &mut folded, &mut |name| {
        decoded(name, value, value_buffer, spare, emit);
    });
}

fn is_encoded(value: &[u8]) -> bool {
    memchr3(b'%', b'+', b'"', value).is_some() || value.first() == Some(&b'\'')
}

fn decoded(
    name: &[u8],
    value: &[u8],
    buffer: &mut Vec<u8>,
    spare: &mut Vec<u8>,
    emit: &mut dyn FnMut(&[u8], &[u8]),
) {
    percent(value, buffer, &mut |decoded| emit_value(name, decoded, emit));
    unquote(value, spare, &mut |inner| {
        emit_value(name, inner, emit);
        percent(inner, buffer, &mut |decoded| emit_value(name, decoded, emit));
    });
}

fn emit_value(name: &[u8], value: &[u8], emit: &mut dyn FnMut(&[u8], &[u8])) {
    emit(name, value);
    stripped(value, &mut |value| emit(name, value));
    match value {
        [b's', b':', signed @ ..] => {
            let end = memrchr(b'.', signed).unwrap_or(signed.len());
            emit(name, &signed[..end]);
        }
        [b'j', b':', text @ ..] => {
            emit(name, text);
            json_cookie(text, &mut |value| emit(name, value));
        }
        _ => {}
    }
}

/// A string, or the strings of a list.
fn json_cookie(text: &[u8], emit: &mut dyn FnMut(&[u8])) {
    let mut buffer = Vec::new();
    let mut string = |json: &Json<'_>| {
        if json.kind == json::Kind::String {
            emit(json.value(&mut buffer));
        }
    };
    json::array(&[b"[", text, b"]"].concat(), &mut |_, value| {
        string(&value);
        json::array(value.raw, &mut |_, element| string(&element));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(text: &[u8]) -> Vec<(String, String)> {
        let mut found = Vec::new();
        cookies(text, &mut Buffers::default(), &mut |name, value| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            found.push((text(name), text(value)));
        });
        found
    }

    /// Field notes 3.2, cases 12 to 16. Rows with Python or PHP were tried against them.
    #[test]
    fn a_cookie_is_found_in_every_spelling() {
        let cases: &[&[u8]] = &[
            b"sid=Token",
            b"a=1; sid=Token",
            b"a=1;sid=Token",
            b"a=1;;;\tsid=Token ;",
            b"sid=\"Token\"",
            b"sid='Token'",
            b"sid=\"\\124oken\"",
            b"sid=\"\\Token\"",
            b"sid=Token,b=2",
            b"a=1,sid=Token",
            b"$Version=1; sid=\"Token\"; $Path=/",
            b"$Version=\"1\", sid=\"Token\", $Path=\"/\"",
            b"x=\"; sid=Token; y=\"",
            b"x=\"a; b\"; sid=Token",
            b"x=\"a\\\"; b\"; sid=\"Token\"",
            b"x=\"; sid=Token",
            b"sid=x; sid=Token",
            b"sid=Token; sid=x",
            b"sid =Token",
            b"sid = Token",
            b"\xc2\xa0sid=Token",
            b"\xe2\x80\x80sid=Token",
            b"a=1 sid=Token",
            b"a=1 sid = Token b=2",
            b"a=1, sid=Token",
            b"x=\"a\" sid=Token",
            b"sid=%54oken",
            b"sid=\"%54oken\"",
            b"s%69d=%54oken",
            b"sid=s%3AToken.c2ln",
            b"sid=s:Token.c2ln",
            b"sid=\"s%3AToken.c2ln\"",
            b"sid=j:Token",
            b"sid=j:\"Token\"",
            b"sid=j%3A%22Tok%5Cu0065n%22",
            b"sid=j:[\"x\",\"Token\"]",
            b"sid=\"Token",
            b"sid=Token\"",
            b"sid=\"Token\"x",
            b"sid=\"Token\"\x0b",
            b"sid=\xa0\"Token\"",
            b"sid=\"\"Token\"\"",
            b"sid=Token\xa0",
            b"x=1;a= sid=\"Token\"",
            b"\"sid\"=Token",
            b"sid.1=ken; sid.0=To",
            b"sid_0=%54o; sid_1=ken",
        ];
        for text in cases {
            let found = pairs(text);
            assert!(
                found.contains(&("sid".into(), "Token".into())),
                "{}: {found:?}",
                String::from_utf8_lossy(text)
            );
            let mut values = 0;
            cookie_values(text, &mut Buffers::default(), &mut |value| {
                values += usize::from(value == b"Token");
            });
            assert!(values > 0, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn other_readings() {
        for (text, name, value) in [
            // Quote-aware.
            ("x=\"; sid=T; y=\"", "x", "; sid=T; y="),
            // Case is kept, prefixes are part of the name.
            ("SID=T", "SID", "T"),
            ("__Host-sid=T", "__Host-sid", "T"),
            ("..Host-sid=T", "__Host-sid", "T"),
            // Plus: some decode it.
            ("sid=a+b", "sid", "a b"),
            ("sid=a+b", "sid", "a+b"),
            ("sid=T==", "sid", "T=="),
            ("T", "", "T"),
            ("sid", "sid", ""),
            ("sid=", "sid", ""),
        ] {
            let found = pairs(text.as_bytes());
            assert!(found.contains(&(name.into(), value.into())), "{text}: {found:?}");
        }
    }

    #[test]
    fn a_clean_header_gives_each_cookie_once() {
        assert_eq!(
            pairs(b"a=1; b-c_d=x.y"),
            [("a".into(), "1".into()), ("b-c_d".into(), "x.y".into())]
        );
    }

    proptest! {
        #[test]
        fn quoted_values_come_back(value in "[ -~]{1,40}") {
            let octal: String = value.bytes().map(|byte| format!("\\{byte:03o}")).collect();
            let text = format!("a=1; sid=\"{octal}\"; b=2");
            prop_assert!(pairs(text.as_bytes()).contains(&("sid".into(), value)));
        }

        #[test]
        fn never_panics_and_stays_bounded(text in "[a-c=;,\"\\\\% +0-9]{0,200}") {
            let mut total = 0;
            cookies(text.as_bytes(), &mut Buffers::default(), &mut |name, value| {
                total += name.len() + value.len();
            });
            prop_assert!(total <= 2000 * (text.len() + 1));
        }

        #[test]
        fn any_bytes_do(text in proptest::collection::vec(any::<u8>(), 0..120)) {
            pairs(&text);
        }
    }
}
