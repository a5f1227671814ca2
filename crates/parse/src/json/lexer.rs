//! The lexemes of JSON and its lenient relatives.

use memchr::{memchr2, memmem};

use super::{Json, Kind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lexeme<'a> {
    /// A bracket and where it stands.
    Open(Kind, usize),
    Close,
    Colon,
    Comma,
    /// A string without its quotes, or a bare word.
    Scalar(Kind, &'a [u8]),
}

#[derive(Clone)]
pub(super) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a [u8]) -> Lexer<'a> {
        Lexer { text, at: 0 }
    }

    pub(super) fn next(&mut self) -> Option<Lexeme<'a>> {
        self.skip_blank();
        let at = self.at;
        let byte = *self.text.get(at)?;
        self.at += 1;
        Some(match byte {
            b'{' => Lexeme::Open(Kind::Object, at),
            b'[' => Lexeme::Open(Kind::Array, at),
            b'}' | b']' => Lexeme::Close,
            b':' => Lexeme::Colon,
            b',' => Lexeme::Comma,
            b'"' | b'\'' => Lexeme::Scalar(Kind::String, self.string(byte)),
            _ => Lexeme::Scalar(Kind::Scalar, self.bare(at)),
        })
    }

    /// The next value with all that is in it; `None`, and nothing read, if there is none here.
    pub(super) fn value(&mut self) -> Option<Json<'a>> {
        let before = self.at;
        match self.next() {
            Some(Lexeme::Scalar(kind, raw)) => Some(Json { kind, raw }),
            Some(Lexeme::Open(kind, start)) => {
                self.skip_container();
                Some(Json { kind, raw: &self.text[start..self.at] })
            }
            _ => {
                self.at = before;
                None
            }
        }
    }

    /// Skips to behind the end of the container whose bracket was read last.
    pub(super) fn skip_container(&mut self) {
        let mut depth = 1usize;
        while depth > 0 {
            match self.next() {
                Some(Lexeme::Open(..)) => depth += 1,
                Some(Lexeme::Close) => depth -= 1,
                Some(_) => {}
                None => return,
            }
        }
    }

    /// Whether a colon follows: what was read last is a name.
    pub(super) fn at_colon(&mut self) -> bool {
        self.skip_blank();
        self.text.get(self.at) == Some(&b':')
    }

    /// Skips white space, control bytes and comments (`//`, `/* */`, `#`), of which mostly there are none.
    #[inline]
    fn skip_blank(&mut self) {
        let byte = self.text.get(self.at);
        if byte.is_some_and(|byte| *byte <= b' ' || matches!(byte, b'/' | b'#')) {
            self.skip_blanks();
        }
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.text.get(self.at..).unwrap_or_default() {
                [0..=b' ', ..] => self.at += 1,
                [b'/', b'/', ..] | [b'#', ..] => self.skip_past(|rest| memchr2(b'\n', b'\r', rest)),
                [b'/', b'*', ..] => self.skip_past(|rest| Some(memmem::find(rest, b"*/")? + 1)),
                _ => return,
            }
        }
    }

    fn skip_past(&mut self, find: impl Fn(&[u8]) -> Option<usize>) {
        let end = find(&self.text[self.at..]);
        self.at = end.map_or(self.text.len(), |end| self.at + end + 1);
    }

    /// The rest of a string up to its end quote, or to the end of the text.
    fn string(&mut self, quote: u8) -> &'a [u8] {
        let start = self.at;
        while let Some(found) = self.find(quote, b'\\') {
            self.at += found;
            if self.text[self.at] == quote {
                self.at += 1;
                return &self.text[start..self.at - 1];
            }
            self.at = (self.at + 2).min(self.text.len());
        }
        self.at = self.text.len();
        &self.text[start..]
    }

    /// How far the first of two bytes is. Most strings are short: a plain loop beats a call for SIMD.
    fn find(&self, one: u8, other: u8) -> Option<usize> {
        const SHORT: usize = 16;
        let rest = &self.text[self.at..];
        let near = rest.iter().take(SHORT).position(|byte| *byte == one || *byte == other);
        near.or_else(|| {
            let far = rest.get(SHORT..)?;
            memchr2(one, other, far).map(|at| at + SHORT)
        })
    }

    fn bare(&mut self, start: usize) -> &'a [u8] {
        let rest = &self.text[self.at..];
        let ends = |byte: &u8| ENDS_BARE[usize::from(*byte)];
        self.at += rest.iter().position(ends).unwrap_or(rest.len());
        &self.text[start..self.at]
    }
}

/// Which bytes a bare word ends before.
const ENDS_BARE: [bool; 256] = {
    let mut ends = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        ends[byte] =
            byte <= 0x20 || matches!(byte as u8, b',' | b':' | b'{' | b'}' | b'[' | b']' | b'"');
        byte += 1;
    }
    ends
};
