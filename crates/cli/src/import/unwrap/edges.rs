//! What stands right before or behind a token: quotes, brackets, the marks of lists and comparisons,
//! comments, the place that `grep` names.

use super::{named, Note, Peeled};

/// Quotes that come in pairs of different characters, as word processors and chats write them.
const TYPOGRAPHIC: [char; 14] = [
    '\u{201c}', '\u{201d}', '\u{201e}', '\u{201f}', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}',
    '«', '»', '‹', '›', '「', '」',
];

/// Whether only the first or the last byte tells that something may be taken off.
pub(super) fn is_edge(byte: u8) -> bool {
    !byte.is_ascii() || b"+-().".contains(&byte)
}

/// Without the white space and the invisible characters around it.
pub(super) fn trimmed(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    let is_ascii = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii);
    if is_ascii(text.first()) && is_ascii(text.last()) {
        return text;
    }
    match std::str::from_utf8(text) {
        Ok(text) => text.trim_matches(is_invisible).as_bytes(),
        Err(_) => text,
    }
}

/// White space of any kind, and characters that nobody sees: a copy out of a chat or a document may
/// have them, a request has not.
pub(crate) fn is_invisible(char: char) -> bool {
    char.is_whitespace()
        || matches!(char, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A pair of quotes.
pub(super) fn quotes(text: &[u8]) -> Option<Peeled> {
    let inside = quoted(text).or_else(|| typographic(text))?;
    Some(Peeled::Inner(inside.to_vec(), Note::Quotes))
}

/// What stands between quotes that belong together.
pub(super) fn quoted(text: &[u8]) -> Option<&[u8]> {
    let [open @ (b'"' | b'\'' | b'`'), inside @ .., close] = text else { return None };
    let again = |pair: &[u8]| pair[0] != b'\\' && pair[1] == *open;
    let is_one = open == close && inside.first() != Some(open) && !inside.windows(2).any(again);
    is_one.then_some(inside)
}

fn typographic(text: &[u8]) -> Option<&[u8]> {
    if text.is_ascii() {
        return None;
    }
    let inside = std::str::from_utf8(text).ok()?.strip_prefix(TYPOGRAPHIC)?;
    Some(inside.strip_suffix(TYPOGRAPHIC)?.as_bytes())
}

/// `- `, `* `, `> `, `• `, `1. `: the mark of a list, of a comparison or of a quotation.
pub(super) fn mark(text: &[u8]) -> Option<Peeled> {
    const MARKS: [&[u8]; 7] = [b"-", b"*", b"+", b">", b"<", "•".as_bytes(), "–".as_bytes()];
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mark = match &text[digits..] {
        [b'.' | b')', ..] if digits > 0 && digits < 6 => digits + 1,
        _ => MARKS.iter().find(|mark| text.starts_with(mark))?.len(),
    };
    match &text[mark..] {
        rest @ [b' ' | b'\t', ..] => Some(Peeled::Inner(rest.to_vec(), Note::Mark)),
        // A token may begin so itself.
        rest @ [_, ..] if is_sign(text) && !rest.contains(&b' ') => {
            Some(Peeled::Also(rest.to_vec(), Note::Leading))
        }
        _ => None,
    }
}

fn is_sign(text: &[u8]) -> bool {
    matches!(text, [b'+' | b'-', ..])
}

/// `… # a comment`, with no quote open before it.
pub(super) fn comment(text: &[u8]) -> Option<Peeled> {
    let is_start = |pair: &[u8]| matches!(pair, [b' ' | b'\t', b'#']);
    let before = &text[..text.windows(2).position(is_start)?];
    let is_closed = |quote| before.iter().filter(|byte| **byte == quote).count() % 2 == 0;
    let is_closed = is_closed(b'"') && is_closed(b'\'');
    (is_closed && !before.is_empty()).then(|| Peeled::Inner(before.to_vec(), Note::Comment))
}

/// A comma, a semicolon, a full stop, or a quote or bracket that nothing opens. Rarely a token ends
/// so.
pub(super) fn trailing(text: &[u8]) -> Option<Peeled> {
    match text {
        [rest @ .., b',' | b';'] if quoted(rest.trim_ascii()).is_some() => {
            Some(Peeled::Inner(rest.to_vec(), Note::Trailing))
        }
        [b'(', inside @ .., b')'] if !inside.is_empty() => {
            Some(Peeled::Also(inside.to_vec(), Note::Brackets))
        }
        [rest @ .., b',' | b';' | b'"' | b'\'' | b'`']
            if !rest.is_empty() && named::pair(text).is_none() =>
        {
            Some(Peeled::Also(rest.to_vec(), Note::Trailing))
        }
        [b'"' | b'\'' | b'`', rest @ ..] if !rest.is_empty() && named::pair(text).is_none() => {
            Some(Peeled::Also(rest.to_vec(), Note::Leading))
        }
        [rest @ .., b',' | b';'] if named::pair(rest).is_some() => {
            Some(Peeled::Inner(rest.to_vec(), Note::Trailing))
        }
        [rest @ .., b')'] if !rest.is_empty() && !rest.contains(&b'(') => {
            Some(Peeled::Also(rest.to_vec(), Note::Trailing))
        }
        [rest @ .., b'.'] if ends_a_sentence(rest) => {
            Some(Peeled::Also(rest.to_vec(), Note::Trailing))
        }
        _ => lone_quote(text),
    }
}

/// A JWT without a signature ends with a full stop, and so does what a tool cut off.
fn ends_a_sentence(rest: &[u8]) -> bool {
    let stops = rest.iter().filter(|byte| **byte == b'.').count();
    !rest.is_empty() && !rest.ends_with(b".") && stops != 1
}

/// A quote of a word processor that has lost its other half.
fn lone_quote(text: &[u8]) -> Option<Peeled> {
    if text.is_ascii() {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    let (rest, note) = match text.strip_suffix(TYPOGRAPHIC) {
        Some(rest) => (rest, Note::Trailing),
        None => (text.strip_prefix(TYPOGRAPHIC)?, Note::Leading),
    };
    (!rest.is_empty()).then(|| Peeled::Also(rest.as_bytes().to_vec(), note))
}

/// `src/config.py:12:…`, as `grep -n` writes it.
pub(super) fn place(text: &[u8]) -> Option<Peeled> {
    let mut pieces = text.splitn(3, |byte| *byte == b':');
    let (path, line, rest) = (pieces.next()?, pieces.next()?, pieces.next()?);
    let is_path = path.iter().any(|byte| b"./".contains(byte)) && !path.contains(&b' ');
    let is_line = !line.is_empty() && line.iter().all(u8::is_ascii_digit);
    let is_place = is_path && is_line && !rest.is_empty();
    is_place.then(|| Peeled::Also(rest.to_vec(), Note::Place))
}
