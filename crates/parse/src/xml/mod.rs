//! XML (W3C XML 1.0, fifth edition), as leniently as XML libraries read it.
//!
//! A small tokenizer of our own rather than `quick-xml`: what is wanted are *spans* of broken
//! documents (mismatched tags, junk before and after the root, several roots, bad attributes),
//! and text as libraries hand it out, joined over CDATA, comments and references. A conforming
//! reader stops at the first of these.
//!
//! [`documents`] gives the readings of a value (UTF-16, entities expanded); everything else works
//! on spans of such a document: [`children`] of a span, [`attributes`] of an element, [`text`] of
//! an element's inside. External entities are never fetched: their address stands for them, as in
//! Wallarm's parser.

pub mod dtd;
mod entity;
mod token;

use super::charset::charset;
use super::{Buffers, Coverage};
pub use entity::attribute_value;
use token::{Token, Tokens};

/// An element inside a span.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Element<'a> {
    /// The name as written, prefix included.
    pub name: &'a [u8],
    /// What follows the name inside the tag.
    pub attributes: &'a [u8],
    /// From the end of the start tag to its end tag (or the end of the span).
    pub inner: &'a [u8],
}

impl Element<'_> {
    /// Whether a rule's name means this element: with its prefix, or without (clients choose it).
    pub fn is(&self, name: &[u8]) -> bool {
        is_named(self.name, name)
    }
}

/// Whether a rule's name means the tag or attribute `written`.
pub fn is_named(written: &[u8], name: &[u8]) -> bool {
    written == name || written.rsplit(|byte| *byte == b':').next() == Some(name)
}

/// Emits each reading of `value` as a document in UTF-8: as sent, in its charset, and with the
/// entities that it declares expanded, to at most `limit` bytes.
pub fn documents(
    value: &[u8],
    limit: usize,
    buffers: &mut Buffers,
    emit: &mut dyn FnMut(&[u8]),
) -> Coverage {
    let Buffers { value: text, spare: expanded, .. } = buffers;
    let mut coverage = Coverage::Whole;
    let mut read = |document: &[u8]| {
        if !document.contains(&b'<') {
            return;
        }
        emit(document);
        if let Some(read) = entity::expand(document, limit, expanded) {
            coverage = coverage.and(read);
            emit(expanded);
        }
    };
    read(value);
    charset(value, declared_encoding(value), text, &mut read);
    coverage
}

/// Whether a text begins as a document does, so that it pays to look at all of it.
pub fn is_document(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    text.trim_ascii_start().first() == Some(&b'<')
}

/// The `encoding` of the XML declaration, when the bytes before it read as ASCII.
fn declared_encoding(value: &[u8]) -> Option<&[u8]> {
    let declaration = value.trim_ascii_start().strip_prefix(b"<?xml")?;
    let end = memchr::memchr(b'>', declaration)?;
    let mut found = None;
    attributes(&declaration[..end], &mut |name, value| {
        if name == b"encoding" {
            found = Some(value);
        }
    });
    found
}

/// Emits the elements of `span`, not those inside them.
pub fn children<'a>(span: &'a [u8], emit: &mut dyn FnMut(Element<'a>)) {
    let mut tokens = Tokens::of(span);
    while let Some(token) = tokens.next() {
        if let Token::Start { name, attributes, empty } = token {
            let inner = if empty { b"" } else { tokens.inside(name) };
            emit(Element { name, attributes, inner });
        }
    }
}

/// Emits name and raw value of each attribute; [`attribute_value`] reads the value.
pub fn attributes<'a>(tag: &'a [u8], emit: &mut dyn FnMut(&'a [u8], &'a [u8])) {
    token::attributes(tag, emit);
}

/// Emits the comments of a whole document, at any depth, in order.
pub fn comments<'a>(document: &'a [u8], emit: &mut dyn FnMut(&'a [u8])) {
    for token in Tokens::of(document) {
        if let Token::Comment(text) = token {
            emit(text);
        }
    }
}

/// Emits target and text of the processing instructions of a document, but for the declaration.
pub fn instructions<'a>(document: &'a [u8], emit: &mut dyn FnMut(&'a [u8], &'a [u8])) {
    for token in Tokens::of(document) {
        if let Token::Instruction(text) = token {
            let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
            if !text[..end].eq_ignore_ascii_case(b"xml") {
                emit(&text[..end], text[end..].trim_ascii());
            }
        }
    }
}

/// Emits the readings of an element's inside as text.
///
/// Libraries differ where there are elements in it: the text before the first one (`.text` of
/// ElementTree), all of the element's own text, or that of its descendants too (`textContent`);
/// each is emitted when it differs, and without the white space around it.
pub fn text(inner: &[u8], buffers: &mut Buffers, emit: &mut dyn FnMut(&[u8])) {
    let Buffers { name: first, value: own, spare: all } = buffers;
    let trivial = memchr::memchr2(b'<', b'&', inner).is_none();
    if trivial && !inner.contains(&b'\r') {
        return emit_trimmed(inner, emit);
    }
    first.clear();
    own.clear();
    all.clear();
    let (mut depth, mut before_elements) = (0usize, true);
    for token in Tokens::of(inner) {
        match token {
            Token::Text(raw) => {
                let start = all.len();
                entity::text(raw, all);
                if depth == 0 {
                    own.extend_from_slice(&all[start..]);
                }
            }
            Token::CData(raw) => {
                all.extend_from_slice(raw);
                if depth == 0 {
                    own.extend_from_slice(raw);
                }
            }
            Token::Start { empty, .. } => {
                if std::mem::take(&mut before_elements) {
                    first.extend_from_slice(own);
                }
                depth += usize::from(!empty);
            }
            Token::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    if !before_elements && first != own {
        emit_trimmed(first, emit);
    }
    emit_trimmed(own, emit);
    if all != own {
        emit_trimmed(all, emit);
    }
}

fn emit_trimmed(text: &[u8], emit: &mut dyn FnMut(&[u8])) {
    emit(text);
    let trimmed = text.trim_ascii();
    if trimmed.len() != text.len() && !trimmed.is_empty() {
        emit(trimmed);
    }
}

/// Emits every text and attribute value of a document, in one pass.
pub fn leaves(document: &[u8], buffers: &mut Buffers, emit: &mut dyn FnMut(&[u8])) {
    let Buffers { value: run, spare, .. } = buffers;
    run.clear();
    for token in Tokens::of(document) {
        match token {
            Token::Text(raw) => entity::text(raw, run),
            Token::CData(raw) => run.extend_from_slice(raw),
            Token::Comment(_) | Token::Instruction(_) | Token::Doctype(_) => {}
            Token::Start { attributes, .. } => {
                flush(run, emit);
                token::attributes(attributes, &mut |_, raw| attribute_value(raw, spare, emit));
            }
            Token::End(_) => flush(run, emit),
        }
    }
    flush(run, emit);
}

fn flush(run: &mut Vec<u8>, emit: &mut dyn FnMut(&[u8])) {
    let trimmed = run.trim_ascii();
    if !trimmed.is_empty() {
        emit(trimmed);
    }
    run.clear();
}

#[cfg(test)]
mod tests;
