//! The document type declaration: its external address and the entities it declares.
//!
//! XML 1.0 sections 2.8 (DOCTYPE), 4.2 (entity declarations) and 4.4 (how references in them are
//! replaced). Element, attribute and notation declarations are skipped.

use std::{borrow::Cow, collections::HashMap, rc::Rc};

use memchr::memmem;

use super::entity::character_references;
use super::token::{Token, Tokens};
use crate::{
    bounds::{ENTITIES, ENTITY_LEVELS},
    Coverage,
};

/// What an entity stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// Its name, without `&` or `%` and `;`.
    pub name: Vec<u8>,
    /// The replacement text of an internal entity, or the address of an external one.
    pub value: Rc<[u8]>,
    pub(super) external: bool,
    pub(super) parameter: bool,
}

/// Emits the addresses of the external subset (public identifier, then system identifier).
pub fn external<'a>(document: &'a [u8], emit: &mut dyn FnMut(&'a [u8])) {
    for doctype in doctypes(document) {
        let (head, _) = head_and_subset(doctype);
        for literal in literals(head) {
            emit(literal);
        }
    }
}

/// The entities that a document declares, in order; the first of a name binds (section 4.2). The
/// values of parameter entities are read for at most `limit` bytes.
pub fn entities(document: &[u8], limit: usize) -> (Vec<Entity>, Coverage) {
    let (found, parameters) = (Vec::new(), HashMap::new());
    let mut declared = Declared { found, parameters, left: limit, coverage: Coverage::Whole };
    for doctype in doctypes(document) {
        let (_, subset) = head_and_subset(doctype);
        declared.read(subset, ENTITY_LEVELS);
    }
    (declared.found, declared.coverage)
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

/// The declarations found so far.
struct Declared {
    found: Vec<Entity>,
    /// Where among them the first parameter entity of a name is.
    parameters: HashMap<Vec<u8>, usize>,
    /// Bytes that parameter entities may still stand for.
    left: usize,
    coverage: Coverage,
}

impl Declared {
    /// Collects declarations; a `%name;` between them stands for the declarations of its value.
    fn read(&mut self, subset: &[u8], depth: usize) {
        let mut rest = subset;
        while let Some(open) = memchr::memchr2(b'<', b'%', rest) {
            rest = &rest[open..];
            if rest[0] == b'%' {
                self.reference(&rest[1..], depth);
                rest = &rest[1..];
            } else {
                let end = declaration_end(rest);
                if let Some(text) = rest[..end].strip_prefix(b"<!ENTITY") {
                    self.add(entity(text));
                }
                rest = rest.get(end + 1..).unwrap_or_default();
            }
            if self.coverage == Coverage::Cut {
                return;
            }
        }
    }

    fn reference(&mut self, text: &[u8], depth: usize) {
        let name = text.split(|byte| b";%<> \t\r\n\"'".contains(byte)).next().unwrap_or_default();
        let Some(entity) = self.parameters.get(name).and_then(|at| self.found.get(*at)) else {
            return;
        };
        let value = Rc::clone(&entity.value);
        let Some(left) = self.left.checked_sub(value.len() + 1).filter(|_| depth > 0) else {
            self.coverage = Coverage::Cut;
            return;
        };
        self.left = left;
        self.read(&value, depth - 1);
    }

    fn add(&mut self, entity: Option<Entity>) {
        let Some(entity) = entity else { return };
        if self.found.len() == ENTITIES {
            self.coverage = Coverage::Cut;
            return;
        }
        if entity.parameter {
            self.parameters.entry(entity.name.clone()).or_insert(self.found.len());
        }
        self.found.push(entity);
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
    Some(Entity { name: name.to_vec(), value: value.into(), external, parameter })
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
