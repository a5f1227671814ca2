//! Readings of headers, cookies and the path.

use tokenban_parse::{cookies::cookies, path::split_target, Buffers};

use crate::{point::Kind, request::Request, tree::Step};

use super::{body::is_header, ordinal, shown, values::escapes, OTHER};

/// Which header of a name it is, or which name, and what was done with its value.
pub(super) fn header<R: Request + ?Sized>(request: &R, step: &Step, to: &[u8]) -> Vec<String> {
    let (mut seen, mut found) = (Vec::new(), None);
    request.headers(&mut |name, value| {
        let wanted = step.kind() == Some(Kind::HeaderAll) || is_header(name, step.name());
        if wanted && found.is_none() {
            if let Some(how) = of_header(value, to) {
                let same = |other: &&Vec<u8>| is_header(other, &String::from_utf8_lossy(name));
                found = Some((name.to_vec(), seen.iter().filter(same).count(), how));
            }
            seen.push(name.to_vec());
        }
    });
    let Some((name, index, how)) = found else { return Vec::new() };
    let all = step.kind() == Some(Kind::HeaderAll);
    let named = if all { shown("header", &name, to) } else { None };
    let repeated = ordinal(index).map(|word| format!("{word} header of that name"));
    named.into_iter().chain(repeated).chain(how.map(str::to_owned)).collect()
}

/// What is done with the value of a header, or with one of those that a comma joins.
fn of_header(value: &[u8], to: &[u8]) -> Option<Option<&'static str>> {
    if value == to {
        return Some(None);
    }
    if value.split(|byte| *byte == b',').any(|one| one == to || one.trim_ascii() == to) {
        return Some(Some("one of the values that a comma joins"));
    }
    let mut how = None;
    tokenban_parse::header::header(value, &mut Vec::new(), &mut |reading| {
        if reading == to {
            let stripped = memchr::memmem::find(value, to).is_some();
            let text = match stripped {
                true => "without the white space around it",
                false => "with its encoded words decoded (RFC 2047)",
            };
            how.get_or_insert(text);
        }
    });
    how.map(Some)
}

/// Which cookie of a name it is, and what was taken off its value.
pub(super) fn cookie(from: &[u8], step: &Step, to: &[u8]) -> Vec<String> {
    let mut before: Vec<&[u8]> = Vec::new();
    for piece in from.split(|byte| *byte == b';') {
        let at = memchr::memchr(b'=', piece).unwrap_or(piece.len());
        let (name, value) = piece.split_at(at);
        let (name, value) = (name.trim_ascii(), value.get(1..).unwrap_or_default().trim_ascii());
        let wanted = step.kind() != Some(Kind::Cookie) || name.starts_with(step.name().as_bytes());
        if let Some(how) = of_cookie(value, to).filter(|_| wanted) {
            let index = before.iter().filter(|other| **other == name).count();
            let repeated = ordinal(index).map(|word| format!("{word} cookie of that name"));
            let all = step.kind() == Some(Kind::CookieAll);
            let named = if all { shown("cookie", name, to) } else { None };
            return named.into_iter().chain(repeated).chain(how).collect();
        }
        before.push(name);
    }
    let mut found = false;
    cookies(from, &mut Buffers::default(), &mut |_, value| found |= value == to);
    vec![if found { LENIENT } else { OTHER }.to_owned()]
}

/// What is said where quotes, commas, `$Version`, octal escapes and the like are read leniently.
const LENIENT: &str = "unescaped and cut as lenient readers of cookies do";

fn of_cookie(value: &[u8], to: &[u8]) -> Option<Vec<String>> {
    if let Some(said) = escapes(value, to) {
        return Some(said);
    }
    let inner = value.strip_prefix(b"\"").unwrap_or(value);
    let inner = inner.strip_suffix(b"\"").unwrap_or(inner);
    let said = escapes(inner, to).filter(|_| inner.len() < value.len())?;
    Some([vec!["without its quotes".to_owned()], said].concat())
}

/// Which spelling of the path a value is part of.
pub(super) fn path<R: Request + ?Sized>(request: &R, step: &Step, to: &[u8]) -> Vec<String> {
    let target = request.target();
    if step.kind() == Some(Kind::Uri) {
        let routed = vec!["as NGINX routes on it".to_owned()];
        return escapes(target, to).unwrap_or(routed);
    }
    let sent = split_target(target).path;
    for (index, segment) in sent.split(|byte| *byte == b'/').enumerate() {
        let plain = segment.split(|byte| *byte == b';').next().unwrap_or_default();
        let number = (step.kind() == Some(Kind::PathAll))
            .then(|| format!("segment {} of the path", index.saturating_sub(1)));
        if let Some(said) = escapes(segment, to) {
            return number.into_iter().chain(said).collect();
        }
        if let Some(said) = escapes(plain, to).filter(|_| plain.len() < segment.len()) {
            let matrix = "without its matrix parameters".to_owned();
            return number.into_iter().chain([matrix]).chain(said).collect();
        }
    }
    let holds = memchr::memmem::find(sent, to).is_some();
    let other = if holds { "a part of a segment" } else { "decoded as NGINX routes on it" };
    vec![other.to_owned()]
}
