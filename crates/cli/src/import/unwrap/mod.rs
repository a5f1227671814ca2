//! Out of what surrounds it: quotes, a comma, an assignment, a scheme, a header line, an address,
//! escapes.
//!
//! Reports and people often hold the token as it stood in the source. What travels, and is looked up,
//! is the token alone. Where both the text and what is inside may be the token, both are readings.

mod address;
mod edges;
mod escapes;
mod named;

use self::edges::trimmed;
pub(crate) use self::{
    edges::is_invisible,
    named::{setting, Setting},
};
use super::notes::{Note, Notes};

/// How often something is taken off something else.
const DEPTH: usize = 8;
/// How many readings one text has at most.
const MOST: usize = 16;

/// One way to read a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The token.
    pub(crate) token: Vec<u8>,
    /// What was done to get it.
    pub(crate) notes: Notes,
}

/// What is inside a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Inside<'a> {
    /// An address without a credential.
    Address,
    /// Nothing surrounds it.
    Bare(&'a [u8]),
    /// A setting whose name says that it is no credential.
    Setting,
    /// The readings, the likeliest first.
    Readings(Vec<Reading>),
}

/// What one look at a text finds.
enum Peeled {
    /// An address without a credential.
    Address,
    /// Beside the text itself, this may be the token.
    Also(Vec<u8>, Note),
    /// Only what is inside may be.
    Inner(Vec<u8>, Note),
    /// Several tokens.
    Parts(Vec<(Vec<u8>, Note)>),
    /// No credential.
    Setting,
}

/// Takes off one thing that surrounds a token, if it is there.
type Peeler = fn(&[u8]) -> Option<Peeled>;

/// Each knows one thing that surrounds tokens; in the order in which they are tried.
const PEELERS: [Peeler; 15] = [
    edges::quotes,
    edges::mark,
    edges::comment,
    named::before,
    named::npmrc,
    edges::trailing,
    named::header,
    named::access_key,
    named::fields,
    named::assignment,
    scheme,
    address::address,
    edges::place,
    escapes::escapes,
    escapes::percent,
];

/// The tokens inside a text.
pub(crate) fn unwrap(text: &[u8]) -> Inside<'_> {
    let text = trimmed(text);
    // Nearly every token is a word without any of these; this look at it is all that it costs.
    let edges = [text.first(), text.last()].into_iter().flatten();
    if !text.iter().fold(false, |found, byte| found | is_around(*byte))
        && !{ edges }.any(|byte| edges::is_edge(*byte))
    {
        return Inside::Bare(text);
    }
    let mut readings = Vec::new();
    let mut refused = None;
    peel(text.to_vec(), Notes::NONE, 0, DEPTH, &mut readings, &mut refused);
    match refused {
        Some(inside) if readings.is_empty() => inside,
        _ => Inside::Readings(readings),
    }
}

fn is_around(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t' | b':' | b'"' | b'\'' | b'`' | b',' | b';' | b'=' | b'%' | b'\\' | b'&'
    )
}

fn peel(
    text: Vec<u8>,
    notes: Notes,
    first: usize,
    depth: usize,
    readings: &mut Vec<Reading>,
    refused: &mut Option<Inside<'static>>,
) {
    let peelers = PEELERS.iter().enumerate().skip(first);
    let found = peelers.filter(|_| depth > 0).find_map(|(at, peeler)| Some((at, peeler(&text)?)));
    let mut inner = |text: Vec<u8>, note, readings: &mut Vec<Reading>| {
        peel(trimmed(&text).to_vec(), notes.with(note), 0, depth - 1, readings, refused);
    };
    match found {
        None => keep(Reading { token: text, notes }, readings),
        Some((_, Peeled::Address)) => *refused = Some(Inside::Address),
        Some((_, Peeled::Setting)) => *refused = Some(Inside::Setting),
        Some((_, Peeled::Inner(text, note))) => inner(text, note, readings),
        Some((_, Peeled::Parts(parts))) => {
            parts.into_iter().for_each(|(text, note)| inner(text, note, readings));
        }
        Some((at, Peeled::Also(other, note))) => {
            inner(other, note, readings);
            peel(text, notes.with(note), at + 1, depth, readings, refused);
        }
    }
}

fn keep(reading: Reading, readings: &mut Vec<Reading>) {
    let is_new = readings.iter().all(|known| known.token != reading.token);
    if is_new && readings.len() < MOST {
        readings.push(reading);
    }
}

fn scheme(text: &[u8]) -> Option<Peeled> {
    let (scheme, rest) = tokenban_engine::token::split_scheme(text)?;
    if scheme.eq_ignore_ascii_case(b"basic") {
        return address::basic(text);
    }
    Some(Peeled::Inner(rest.to_vec(), Note::Scheme))
}

#[cfg(test)]
mod tests;
