//! HTML character references (HTML standard section 13.2.5.72) and JavaScript escapes (ECMA-262
//! section 12.9.4): Wallarm's `htmljs`.

use memchr::{memchr, memchr2};

use super::json::{push, unescape_one};

/// Emits `value` with its references decoded, with its escapes decoded, and with both.
pub fn htmljs(
    value: &[u8],
    buffer: &mut Vec<u8>,
    spare: &mut Vec<u8>,
    emit: &mut dyn FnMut(&[u8]),
) {
    if memchr2(b'&', b'\\', value).is_none() {
        return;
    }
    if html(value, buffer) {
        emit(buffer);
        if javascript(buffer, spare) {
            emit(spare);
        }
    }
    if javascript(value, buffer) {
        emit(buffer);
    }
}

/// Decodes references into `out`; says whether that changed anything.
fn html(text: &[u8], out: &mut Vec<u8>) -> bool {
    decode(text, b'&', out, |rest, out| {
        let (code, taken) = reference(rest)?;
        push(code, out);
        Some(taken)
    })
}

/// Decodes escapes into `out`; says whether that changed anything.
fn javascript(text: &[u8], out: &mut Vec<u8>) -> bool {
    decode(text, b'\\', out, |rest, out| match braced(rest).or_else(|| octal(rest)) {
        Some((code, taken)) => {
            push(code, out);
            Some(taken)
        }
        None => Some(unescape_one(rest, out)),
    })
}

/// Replaces what `mark` starts by what `one` appends for it, which gives its length.
fn decode(
    text: &[u8],
    mark: u8,
    out: &mut Vec<u8>,
    one: impl Fn(&[u8], &mut Vec<u8>) -> Option<usize>,
) -> bool {
    out.clear();
    let mut rest = text;
    while let Some(at) = memchr(mark, rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let taken = one(rest, out).unwrap_or_else(|| {
            out.push(mark);
            1
        });
        rest = &rest[taken..];
    }
    out.extend_from_slice(rest);
    out != text
}

/// The code point of the reference at the start of `text`, and its length; `;` may be missing.
fn reference(text: &[u8]) -> Option<(u32, usize)> {
    let (code, end) = match text {
        [_, b'#', b'x' | b'X', digits @ ..] => number(digits, 16).map(|(code, n)| (code, n + 3))?,
        [_, b'#', digits @ ..] => number(digits, 10).map(|(code, n)| (code, n + 2))?,
        [_, name @ ..] => named(name).map(|(code, n)| (code, n + 1))?,
        [] => return None,
    };
    Some((code, end + usize::from(text.get(end) == Some(&b';'))))
}

fn number(text: &[u8], radix: u32) -> Option<(u32, usize)> {
    let digits = text.iter().map_while(|byte| char::from(*byte).to_digit(radix));
    let (code, count) = digits.fold((0u32, 0), |(code, count), digit| {
        (code.saturating_mul(radix).saturating_add(digit), count + 1)
    });
    (count > 0).then_some((code, count))
}

fn named(text: &[u8]) -> Option<(u32, usize)> {
    let end = text.iter().take(LONGEST).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let known = |name: &str| NAMES.iter().find(|(known, _)| *known == name);
    let name = std::str::from_utf8(&text[..end]).ok()?;
    if let Some((_, character)) = known(name) {
        return Some((u32::from(*character), end));
    }
    // The old names need no `;`, whatever follows.
    let (old, character) = NAMES[..OLD].iter().find(|(old, _)| name.starts_with(old))?;
    Some((u32::from(*character), old.len()))
}

/// `\u{…}`
fn braced(text: &[u8]) -> Option<(u32, usize)> {
    let digits = text.strip_prefix(b"\\u{")?;
    let (code, count) = number(digits, 16)?;
    (digits.get(count) == Some(&b'}')).then_some((code, count + 4))
}

/// `\1` to `\377`
fn octal(text: &[u8]) -> Option<(u32, usize)> {
    let digits = text.get(1..)?;
    let most = if matches!(digits.first(), Some(b'0'..=b'3')) { 3 } else { 2 };
    number(&digits[..digits.len().min(most)], 8).map(|(code, count)| (code, count + 1))
}

const LONGEST: usize = 24;
const OLD: usize = 9;

/// The references that stand for ASCII, the only ones a token can need; the old ones first.
const NAMES: [(&str, char); 60] = [
    ("amp", '&'),
    ("AMP", '&'),
    ("lt", '<'),
    ("LT", '<'),
    ("gt", '>'),
    ("GT", '>'),
    ("quot", '"'),
    ("QUOT", '"'),
    ("nbsp", '\u{a0}'),
    ("apos", '\''),
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("excl", '!'),
    ("num", '#'),
    ("dollar", '$'),
    ("percnt", '%'),
    ("lpar", '('),
    ("rpar", ')'),
    ("ast", '*'),
    ("midast", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("period", '.'),
    ("sol", '/'),
    ("colon", ':'),
    ("semi", ';'),
    ("equals", '='),
    ("quest", '?'),
    ("commat", '@'),
    ("lbrack", '['),
    ("lsqb", '['),
    ("bsol", '\\'),
    ("rbrack", ']'),
    ("rsqb", ']'),
    ("Hat", '^'),
    ("lowbar", '_'),
    ("UnderBar", '_'),
    ("grave", '`'),
    ("DiacriticalGrave", '`'),
    ("lbrace", '{'),
    ("lcub", '{'),
    ("verbar", '|'),
    ("vert", '|'),
    ("VerticalLine", '|'),
    ("rbrace", '}'),
    ("rcub", '}'),
    ("hyphen", '\u{2010}'),
    ("dash", '\u{2010}'),
    ("shy", '\u{ad}'),
    ("NonBreakingSpace", '\u{a0}'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'),
    ("ndash", '\u{2013}'),
    ("mdash", '\u{2014}'),
    ("lsquo", '\u{2018}'),
    ("rsquo", '\u{2019}'),
    ("ldquo", '\u{201c}'),
    ("rdquo", '\u{201d}'),
    ("hellip", '\u{2026}'),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn readings(value: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        htmljs(value, &mut Vec::new(), &mut Vec::new(), &mut |reading| {
            found.push(String::from_utf8_lossy(reading).into_owned());
        });
        found
    }

    #[test]
    fn readings_hold_what_applications_see() {
        for (value, seen) in [
            // Wallarm, «Parsing requests».
            ("&#x22;&#97;&#97;&#97;&#x22;", "\"aaa\""),
            ("&#84oken", "Token"),
            ("&#x54;oken", "Token"),
            ("&#0000084;oken", "Token"),
            ("&lt;T&gt;", "<T>"),
            ("a&lowbar;b&period;c", "a_b.c"),
            ("a&ampb", "a&b"),
            ("a&amp;lt;", "a&lt;"),
            (r"\x54oken", "Token"),
            (r"\u0054oken", "Token"),
            (r"\u{54}oken", "Token"),
            (r"\124oken", "Token"),
            (r"\'T\'", "'T'"),
            (r"&#92;x54", "T"),
            ("&unknown;&#84;", "&unknown;T"),
            ("&&#84;&#", "&T&#"),
            (r"\u{zz}\124", r"\u{zz}T"),
            ("&#99999999999;T", "\u{fffd}T"),
        ] {
            let found = readings(value.as_bytes());
            assert!(found.iter().any(|reading| reading == seen), "{value}: {found:?}");
        }
    }

    #[test]
    fn what_has_nothing_to_decode_emits_nothing() {
        for value in ["", "T", "a&b", "a=1&b=2", "&;"] {
            assert!(readings(value.as_bytes()).is_empty(), "{value}");
        }
    }

    proptest! {
        #[test]
        fn encoded_text_comes_back(value in "[ -~]{1,40}") {
            let html: String = value.chars().map(|c| format!("&#{};", u32::from(c))).collect();
            prop_assert!(readings(html.as_bytes()).contains(&value));
            let script: String = value.chars().map(|c| format!("\\x{:02x}", u32::from(c))).collect();
            prop_assert!(readings(script.as_bytes()).contains(&value));
        }

        #[test]
        fn never_panics(value in "[&#x0-9a-f;\\\\u{}lt\u{e9}]{0,80}") {
            readings(value.as_bytes());
        }
    }
}
