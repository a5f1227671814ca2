//! JSON (RFC 8259) as lenient readers take it, scanned without building a tree.
//!
//! Also read: a BOM, UTF-16 and UTF-32 (RFC 4627 section 3), comments, trailing commas, single
//! quotes, bare keys and words (JSON5), several documents in a row (JSON Lines), junk between and
//! after them, control bytes in strings, and text that ends too early. Nothing nests in memory:
//! containers are spans that are scanned again when a point goes into them.

mod encoding;
mod escape;
mod lexer;

pub use encoding::transcode;
pub use escape::{push, unescape, unescape_one};

use lexer::{Lexeme, Lexer};

/// What a value is, as far as a point has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `[…]`
    Array,
    /// `{…}`
    Object,
    /// A number, `true`, `null`, `NaN`, a bare word.
    Scalar,
    /// A quoted string.
    String,
}

/// One value inside a text: its kind and its span.
#[derive(Clone, Copy)]
pub struct Json<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its text; of a string what the quotes enclose, still escaped.
    pub raw: &'a [u8],
}

impl<'a> Json<'a> {
    /// The value itself: a string unescaped, everything else as it is written.
    pub fn value<'b>(&self, buffer: &'b mut Vec<u8>) -> &'b [u8]
    where
        'a: 'b,
    {
        if self.kind == Kind::String {
            unescape(self.raw, buffer)
        } else {
            self.raw
        }
    }
}

/// The kind of the container that `text` begins with, if it does.
pub fn container(text: &[u8]) -> Option<Kind> {
    match Lexer::new(text).next() {
        Some(Lexeme::Open(kind, _)) => Some(kind),
        _ => None,
    }
}

/// Emits (name, value) of every member of the objects at the top of `text`, duplicates too.
///
/// A name that holds a NUL is also emitted up to it.
pub fn object<'a>(text: &'a [u8], buffer: &mut Vec<u8>, emit: &mut dyn FnMut(&[u8], Json<'a>)) {
    let mut lexer = Lexer::new(text);
    while let Some(lexeme) = lexer.next() {
        match lexeme {
            Lexeme::Open(Kind::Object, _) => members(&mut lexer, buffer, emit),
            Lexeme::Open(..) => lexer.skip_container(),
            _ => {}
        }
    }
}

/// Emits (index, value) of every element of the arrays at the top of `text`.
pub fn array(text: &[u8], emit: &mut dyn FnMut(usize, Json<'_>)) {
    let mut lexer = Lexer::new(text);
    while let Some(lexeme) = lexer.next() {
        match lexeme {
            Lexeme::Open(Kind::Array, _) => elements(&mut lexer, emit),
            Lexeme::Open(..) => lexer.skip_container(),
            _ => {}
        }
    }
}

/// Emits every scalar of `text` at any depth, unescaped; no names.
pub fn leaves(text: &[u8], buffer: &mut Vec<u8>, emit: &mut dyn FnMut(&[u8])) {
    let mut lexer = Lexer::new(text);
    if !matches!(lexer.clone().next(), Some(Lexeme::Open(..) | Lexeme::Scalar(Kind::String, _))) {
        return;
    }
    while let Some(lexeme) = lexer.next() {
        match lexeme {
            Lexeme::Scalar(kind, raw) if !lexer.at_colon() => {
                emit(Json { kind, raw }.value(buffer));
            }
            _ => {}
        }
    }
}

/// Whether a member has the name of a point. Go's encoding/json folds case (`foldName`), and with it
/// two letters that fold into ASCII: the Kelvin sign and the long s.
pub fn is_member(found: &[u8], name: &str) -> bool {
    match found.is_ascii() && name.is_ascii() {
        true => found.eq_ignore_ascii_case(name.as_bytes()),
        false => folded(found).eq(folded(name.as_bytes())),
    }
}

fn folded(mut name: &[u8]) -> impl Iterator<Item = u8> + '_ {
    std::iter::from_fn(move || {
        let (byte, rest) = match name {
            [0xE2, 0x84, 0xAA, rest @ ..] => (b'k', rest),
            [0xC5, 0xBF, rest @ ..] => (b's', rest),
            [byte, rest @ ..] => (byte.to_ascii_lowercase(), rest),
            [] => return None,
        };
        name = rest;
        Some(byte)
    })
}

fn members<'a>(lexer: &mut Lexer<'a>, buffer: &mut Vec<u8>, emit: &mut dyn FnMut(&[u8], Json<'a>)) {
    while let Some(lexeme) = lexer.next() {
        match lexeme {
            Lexeme::Close => return,
            Lexeme::Open(..) => lexer.skip_container(),
            Lexeme::Scalar(_, name) if lexer.at_colon() => {
                lexer.next();
                if let Some(value) = lexer.value() {
                    let name = unescape(name, buffer);
                    emit(name, value);
                    if let Some(at) = memchr::memchr(0, name) {
                        emit(&name[..at], value);
                    }
                }
            }
            _ => {}
        }
    }
}

fn elements(lexer: &mut Lexer<'_>, emit: &mut dyn FnMut(usize, Json<'_>)) {
    let mut index = 0;
    loop {
        if let Some(value) = lexer.value() {
            emit(index, value);
            index += 1;
            continue;
        }
        match lexer.next() {
            None | Some(Lexeme::Close) => return,
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
