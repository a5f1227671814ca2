//! Readings of arguments, in the query and in urlencoded forms.

use tokenban_parse::{
    charset,
    path::{behind_mark, split_target},
    query, Buffers,
};

use crate::{point::Kind, request::Request, tree::Step};

use super::{body, ordinal, shown, values::escapes, OTHER};

/// An argument of the query, as sent or after a rewrite.
pub(super) fn of_query<R: Request + ?Sized>(request: &R, step: &Step, to: &[u8]) -> Vec<String> {
    let sent = split_target(request.target()).query;
    if let Some(said) = plain(sent, step, to) {
        return said;
    }
    if let Some(mut said) = plain(request.args(), step, to) {
        said.push("after a rewrite".to_owned());
        return said;
    }
    let behind = behind_mark(request.target()).and_then(|text| plain(text, step, to));
    if let Some(mut said) = behind {
        said.push("behind a ; or # in the path".to_owned());
        return said;
    }
    describe(request, sent, step, to)
}

/// An argument of a text, in the charsets of the request, too.
pub(super) fn describe<R: Request + ?Sized>(
    request: &R,
    text: &[u8],
    step: &Step,
    to: &[u8],
) -> Vec<String> {
    plain(text, step, to)
        .or_else(|| in_charset(request, text, step, to))
        .unwrap_or_else(|| vec![OTHER.to_owned()])
}

fn in_charset<R: Request + ?Sized>(
    request: &R,
    text: &[u8],
    step: &Step,
    to: &[u8],
) -> Option<Vec<String>> {
    let content_type = body::header(request, "content-type");
    let labels = charset::labels(&content_type).0;
    labels.into_iter().find_map(|label| {
        let (mut written, mut buffer) = (Vec::new(), Vec::new());
        query::transcoded(text, label, &mut written);
        let mut said = plain(&written, step, to);
        charset::charset(text, Some(label), &mut buffer, &mut |reading| {
            said = said.take().or_else(|| plain(reading, step, to));
        });
        let mut said = said?;
        said.push(body::in_charset(Some(label), text));
        Some(said)
    })
}

/// How the arguments of a text have the value, if they have it.
fn plain(text: &[u8], step: &Step, to: &[u8]) -> Option<Vec<String>> {
    let mut before: Vec<&[u8]> = Vec::new();
    for piece in text.split(|byte| *byte == b'&') {
        for (part, how) in readings(piece) {
            let (name, value) = split(part);
            if !is_wanted(name, step) {
                continue;
            }
            if let Some(decoded) = escapes(value.unwrap_or(name), to) {
                let index = before.iter().filter(|other| **other == name).count();
                let repeated = ordinal(index).map(|word| format!("{word} argument of that name"));
                let named = if step.name().is_empty() { value } else { None };
                let named = named.and_then(|value| shown("argument", name, value));
                let how = how.map(str::to_owned);
                return Some([named, repeated, how].into_iter().flatten().chain(decoded).collect());
            }
        }
        before.push(split(piece).0);
    }
    None
}

/// A piece between two `&`, and what else may be taken for an argument in it.
fn readings(piece: &[u8]) -> Vec<(&[u8], Option<&'static str>)> {
    let mut all = vec![(piece, None)];
    if let Some(at) = memchr::memchr(b'#', piece) {
        all.push((&piece[..at], Some("up to #")));
        all.push((&piece[at + 1..], Some("behind #")));
    }
    if piece.contains(&b';') {
        all.extend(piece.split(|byte| *byte == b';').map(|part| (part, Some("split at ;"))));
    }
    all
}

fn split(part: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(b'=', part) {
        Some(at) => (&part[..at], Some(&part[at + 1..])),
        None => (part, None),
    }
}

/// Whether the step asks for the name, or for none.
fn is_wanted(name: &[u8], step: &Step) -> bool {
    if !matches!(step.kind(), Some(Kind::Query | Kind::FormUrlencoded)) {
        return true;
    }
    let Buffers { mut value, mut spare, .. } = Buffers::default();
    let mut found = false;
    tokenban_parse::names::names(name, &mut value, &mut spare, &mut |reading| {
        let rest = reading.strip_prefix(step.name().as_bytes());
        found |= rest.is_some_and(|rest| matches!(rest, [] | [b'[', ..]));
    });
    found
}
