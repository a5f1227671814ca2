//! References: characters, the five predefined entities, and the entities of the document.
//!
//! Internal entities are replaced in the text of the document before it is read (XML 1.0 section
//! 4.4: their replacement text is parsed as if it stood there), which gives exactly the values and
//! the elements a library sees, in one bounded pass. Depth and total size are capped, so that
//! nested entities («billion laughs») cost no more than the limit.

use std::borrow::Cow;
use std::collections::HashMap;

use memchr::{memchr, memchr2};

use super::dtd::{entities, Entity};
use super::token::{Token, Tokens};
use crate::{bounds::ENTITY_LEVELS, charset::push_char, Coverage};

/// The document with its own entities expanded; `None` when it declares none.
pub(super) fn expand(document: &[u8], limit: usize, out: &mut Vec<u8>) -> Option<Coverage> {
    out.clear();
    let (declared, coverage) = entities(document, limit);
    if declared.is_empty() {
        return (coverage == Coverage::Cut).then_some(coverage);
    }
    let mut by_name = HashMap::new();
    for entity in declared.iter().filter(|entity| !entity.parameter) {
        by_name.entry(entity.name.as_slice()).or_insert(entity);
    }
    let mut expansion = Expansion { declared: by_name, limit, out, steps: 0, cut: false };
    let mut tokens = Tokens::of(document);
    loop {
        let before = tokens.rest();
        let Some(token) = tokens.next() else { break };
        let raw = &before[..before.len() - tokens.rest().len()];
        match token {
            Token::Text(text) => expansion.replace(text, false, ENTITY_LEVELS),
            Token::Start { .. } => expansion.replace(raw, true, ENTITY_LEVELS),
            _ => expansion.push(raw),
        }
    }
    Some(if expansion.cut { Coverage::Cut } else { coverage })
}

struct Expansion<'a> {
    declared: HashMap<&'a [u8], &'a Entity>,
    limit: usize,
    out: &'a mut Vec<u8>,
    /// References followed: empty entities within entities grow no output, but take time.
    steps: usize,
    cut: bool,
}

impl<'a> Expansion<'a> {
    fn push(&mut self, text: &[u8]) {
        let room = self.limit.saturating_sub(self.out.len());
        self.cut |= text.len() > room;
        self.out.extend_from_slice(&text[..text.len().min(room)]);
    }

    /// Copies `text`, references replaced; `tag`: inside of a tag, where markup loses its meaning.
    fn replace(&mut self, text: &[u8], tag: bool, depth: usize) {
        let mut rest = text;
        while let Some(at) = memchr(b'&', rest) {
            self.push(&rest[..at]);
            if self.cut {
                return;
            }
            rest = &rest[at..];
            let end = reference_end(rest);
            match end.and_then(|end| self.declared.get(&rest[1..end]).copied()) {
                Some(_) if depth == 0 || self.steps > self.limit => {
                    self.cut = true;
                    return;
                }
                Some(entity) => {
                    self.steps += 1;
                    self.insert(entity, tag, depth);
                }
                None => self.push(&rest[..end.map_or(1, |end| end + 1)]),
            }
            rest = &rest[end.map_or(1, |end| end + 1)..];
        }
        self.push(rest);
    }

    fn insert(&mut self, entity: &Entity, tag: bool, depth: usize) {
        if tag || entity.external {
            let quoted = escaped(&entity.value);
            self.replace(&quoted, true, depth - 1);
        } else {
            self.replace(&entity.value, false, depth - 1);
        }
    }
}

/// A replacement text as it must be written to be no markup.
fn escaped(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    for byte in value {
        match byte {
            b'<' => out.extend_from_slice(b"&#60;"),
            b'>' => out.extend_from_slice(b"&#62;"),
            b'"' => out.extend_from_slice(b"&#34;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            byte => out.push(*byte),
        }
    }
    out
}

/// Where the `;` of the reference at the start of `text` is.
fn reference_end(text: &[u8]) -> Option<usize> {
    let head = text.get(1..)?;
    let end = memchr2(b';', b'&', head)?;
    (head[end] == b';').then_some(end + 1)
}

/// Appends text with character references and predefined entities replaced, line ends as LF.
pub(super) fn text(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some(at) = memchr2(b'&', b'\r', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        if rest[0] == b'\r' {
            out.push(b'\n');
            rest = rest.strip_prefix(b"\r\n").unwrap_or(&rest[1..]);
            continue;
        }
        rest = match reference(rest, out) {
            Some(length) => &rest[length..],
            None => {
                out.push(b'&');
                &rest[1..]
            }
        };
    }
    out.extend_from_slice(rest);
}

/// Emits the reading of an attribute's raw value.
pub fn attribute_value(raw: &[u8], buffer: &mut Vec<u8>, emit: &mut dyn FnMut(&[u8])) {
    if memchr2(b'&', b'\r', raw).is_none() {
        return emit(raw);
    }
    buffer.clear();
    text(raw, buffer);
    emit(buffer);
}

/// Appends what the reference at the start of `text` stands for, and tells its length.
fn reference(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let end = reference_end(text)?;
    match &text[1..end] {
        b"amp" => out.push(b'&'),
        b"apos" => out.push(b'\''),
        b"gt" => out.push(b'>'),
        b"lt" => out.push(b'<'),
        b"quot" => out.push(b'"'),
        [b'#', number @ ..] => push_char(Some(character(number)?), out),
        _ => return None,
    }
    Some(end + 1)
}

fn character(number: &[u8]) -> Option<char> {
    let (digits, radix) = match number {
        [b'x' | b'X', digits @ ..] => (digits, 16),
        digits => (digits, 10),
    };
    let digits = std::str::from_utf8(digits).ok()?;
    char::from_u32(u32::from_str_radix(digits, radix).ok()?)
}

/// An entity's literal value with character references replaced (section 4.5); others stay.
pub(super) fn character_references(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.windows(2).any(|two| two == b"&#") {
        return Cow::Borrowed(value);
    }
    let (mut out, mut rest) = (Vec::with_capacity(value.len()), value);
    while let Some(at) = memchr(b'&', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let is_character = rest.get(1) == Some(&b'#');
        let length = is_character.then(|| reference(rest, &mut out)).flatten();
        if length.is_none() {
            out.push(b'&');
        }
        rest = &rest[length.unwrap_or(1)..];
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}
