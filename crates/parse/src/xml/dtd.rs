//! The document type declaration: its external address and the entities it declares.
//!
//! XML 1.0 sections 2.8 (DOCTYPE), 4.2 (entity declarations) and 4.4 (how references in them are
//! replaced). Element, attribute and notation declarations are skipped.

use std::borrow::Cow;

use memchr::memmem;

use super::entity::character_references;
use super::token::{Token, Tokens};

/// What an entity stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// Its name, without `&` or `%` and `;`.
    pub name: Vec<u8>,
    /// The replacement text of an internal entity, or the address of an external one.
    pub value: Vec<u8>,
    pub(super) external: bool,
    pub(super) parameter: bool,
}

/// More entities than these only a hostile document declares.
pub(super) const MOST: usize = 1024;
/// Declarations read and parameter entities followed, so that nested ones cannot multiply.
const STEPS: usize = 16 * MOST;
/// Parameter entities inside parameter entities.
const DEPTH: usize = 8;

/// Emits the addresses of the external subset (public identifier, then system identifier).
pub fn external<'a>(document: &'a [u8], emit: &mut dyn FnMut(&'a [u8])) {
    for doctype in doctypes(document) {
        let (head, _) = head_and_subset(doctype);
        for literal in literals(head) {
            emit(literal);
        }
    }
}

/// The entities that a document declares, in order; the first of a name binds (section 4.2).
pub fn entities(document: &[u8]) -> Vec<Entity> {
    let (mut found, mut steps) = (Vec::new(), 0);
    for doctype in doctypes(document) {
        let (_, subset) = head_and_subset(doctype);
        declarations(subset, DEPTH, &mut found, &mut steps);
    }
    found
}

fn doctypes(document: &[u8]) -> impl Iterator<Item = &[u8]> {
    Tokens::of(document).filter_map(|token| match token {
        Token::Doctype(text) => Some(text),
        _ => None,
    })
}

fn head_and_subset(doctype: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'[', doctype) {
        Some(open) => (&doctype[..open], &doctype[open + 1..]),
        None => (doctype, b""),
    }
}

/// Collects declarations; a `%name;` between them stands for the declarations of its value.
fn declarations(subset: &[u8], depth: usize, found: &mut Vec<Entity>, steps: &mut usize) {
    let mut rest = subset;
    while let Some(open) = memchr::memchr2(b'<', b'%', rest) {
        rest = &rest[open..];
        *steps += 1;
        if found.len() == MOST || *steps > STEPS {
            return;
        }
        if rest[0] == b'%' {
            let name = rest[1..].split(|byte| *byte == b';').next().unwrap_or_default();
            let named = found.iter().find(|entity| entity.parameter && entity.name == name);
            if let (Some(entity), 1..) = (named, depth) {
                declarations(&entity.value.clone(), depth - 1, found, steps);
            }
            rest = &rest[1..];
            continue;
        }
        let end = declaration_end(rest);
        if let Some(text) = rest[..end].strip_prefix(b"<!ENTITY") {
            found.extend(entity(text));
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
}

/// Where the `>` of a declaration (or the last byte of a comment or an instruction) is.
fn declaration_end(text: &[u8]) -> usize {
    for (open, close) in [(&b"<!--"[..], &b"-->"[..]), (b"<?", b"?>")] {
        if text.starts_with(open) {
            let end = memmem::find(text, close).map(|end| end + close.len() - 1);
            return end.unwrap_or(text.len());
        }
    }
    let mut quote = None;
    for (at, byte) in text.iter().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == *byte => quote = None,
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, b'>') => return at,
            _ => {}
        }
    }
    text.len()
}

fn entity(text: &[u8]) -> Option<Entity> {
    let text = text.trim_ascii_start();
    let (text, parameter) = match text.strip_prefix(b"%") {
        Some(text) => (text.trim_ascii_start(), true),
        None => (text, false),
    };
    let (name, rest) = text.split_at(text.iter().position(u8::is_ascii_whitespace)?);
    let rest = rest.trim_ascii_start();
    let external = rest.starts_with(b"SYSTEM") || rest.starts_with(b"PUBLIC");
    let value = if external { literals(rest).last()? } else { literals(rest).next()? };
    let value = if external { Cow::Borrowed(value) } else { character_references(value) };
    Some(Entity { name: name.to_vec(), value: value.into_owned(), external, parameter })
}

/// The quoted strings of a declaration.
fn literals(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let open = memchr::memchr2(b'"', b'\'', rest)?;
        let (quote, inner) = (rest[open], &rest[open + 1..]);
        let end = memchr::memchr(quote, inner).unwrap_or(inner.len());
        rest = inner.get(end + 1..).unwrap_or_default();
        Some(&inner[..end])
    })
}
