//! Quoted strings: RFC 9110 section 5.6.4 (`\c`), RFC 2109 cookies as Python and Java read them
//! (`\ooo` octal), single quotes and missing end quotes.

use memchr::{memchr, memchr2};

/// Emits what quotes enclose in `value`: as it is, with `\c` undone, with octal escapes undone.
pub fn unquote(value: &[u8], buffer: &mut Vec<u8>, emit: &mut dyn FnMut(&[u8])) {
    let trimmed = trim(value);
    if let Some(inner) = inner(trimmed) {
        escaped(inner, buffer, emit);
        if let Some(string) = string(trimmed).filter(|string| string.len() < inner.len()) {
            escaped(string, buffer, emit);
        }
    }
    // Whoever strips every quote at both ends.
    let bare = strip_quotes(trimmed);
    if bare.len() < trimmed.len() && inner(trimmed).is_none_or(|inner| inner.len() != bare.len()) {
        emit(bare);
    }
}

fn escaped(inner: &[u8], buffer: &mut Vec<u8>, emit: &mut dyn FnMut(&[u8])) {
    emit(inner);
    if memchr(b'\\', inner).is_none() {
        return;
    }
    unescape(inner, true, buffer);
    emit(buffer);
    if inner.windows(4).any(is_octal) {
        unescape(inner, false, buffer);
        emit(buffer);
    }
}

/// Without white space, which past ASCII may be that of any charset.
fn trim(mut value: &[u8]) -> &[u8] {
    let is_space = |byte: u8| byte <= b' ' || byte >= 0x7f;
    while let [first, rest @ ..] = value {
        if !is_space(*first) {
            break;
        }
        value = rest;
    }
    while let [rest @ .., last] = value {
        if !is_space(*last) {
            break;
        }
        value = rest;
    }
    value
}

/// What follows the first quote; the end quote may be missing.
fn inner(trimmed: &[u8]) -> Option<&[u8]> {
    let (&quote, rest) = trimmed.split_first()?;
    if quote != b'"' && quote != b'\'' {
        return None;
    }
    Some(rest.strip_suffix(&[quote]).unwrap_or(rest))
}

/// The quoted string that a value begins with, whatever follows its end.
fn string(trimmed: &[u8]) -> Option<&[u8]> {
    let (&quote, rest) = trimmed.split_first()?;
    let mut at = 0;
    loop {
        at += memchr2(quote, b'\\', rest.get(at..)?)?;
        if rest.get(at) == Some(&quote) {
            return rest.get(..at);
        }
        at += 2;
    }
}

fn strip_quotes(mut text: &[u8]) -> &[u8] {
    while let [b'"' | b'\'', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b'"' | b'\''] = text {
        text = rest;
    }
    text
}

fn unescape(text: &[u8], octal: bool, out: &mut Vec<u8>) {
    out.clear();
    let mut rest = text;
    while let Some(at) = memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        match rest {
            [_, a, b, c, after @ ..] if octal && is_octal(&rest[..4]) => {
                out.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = after;
            }
            [_, escaped, after @ ..] => {
                out.push(*escaped);
                rest = after;
            }
            _ => break,
        }
    }
    out.extend_from_slice(rest);
}

fn is_octal(text: &[u8]) -> bool {
    matches!(text, [b'\\', b'0'..=b'3', b'0'..=b'7', b'0'..=b'7'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn readings(value: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        unquote(value, &mut Vec::new(), &mut |reading| found.push(reading.to_vec()));
        found
    }

    #[test]
    fn readings_hold_what_applications_see() {
        for (value, seen) in [
            (r#""T""#, "T"),
            (r#"  "T" "#, "T"),
            (r#"'T'"#, "T"),
            (r#""T"#, "T"),
            (r#""a\"b""#, "a\"b"),
            (r#""\124oken""#, "Token"),
            (r#""\124oken""#, "124oken"),
            (r#""a\\b""#, r"a\b"),
            (r#""a\"#, r"a\"),
            (r#"T""#, "T"),
            (r#""T"x"#, "T"),
            (r#""T\"" x"#, "T\""),
            (r#"""T"""#, "T"),
            ("\u{a0}\"T\"\u{b}", "T"),
        ] {
            assert!(readings(value.as_bytes()).contains(&seen.into()), "{value}");
        }
    }

    #[test]
    fn what_is_not_quoted_has_no_other_reading() {
        for value in ["", "T", r#"a"b"#, r"a\124"] {
            assert!(readings(value.as_bytes()).is_empty(), "{value}");
        }
    }

    proptest! {
        #[test]
        fn octal_round_trip(value in proptest::collection::vec(any::<u8>(), 0..40)) {
            let quoted: String = value.iter().map(|byte| format!("\\{byte:03o}")).collect();
            let quoted = format!("\"{quoted}\"");
            prop_assert!(readings(quoted.as_bytes()).contains(&value));
        }

        #[test]
        fn never_longer(value in proptest::collection::vec(any::<u8>(), 0..60)) {
            for reading in readings(&value) {
                prop_assert!(reading.len() <= value.len());
            }
        }
    }
}
