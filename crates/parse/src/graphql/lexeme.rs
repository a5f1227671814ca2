//! The lexical grammar (GraphQL specification, sections 2.1 and 2.9.4): names, numbers, strings and
//! punctuators; white space, commas, comments and byte order marks between them mean nothing.

use memchr::memchr;
use memchr::memmem;

use crate::charset::push_char;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Lexeme<'a> {
    /// Between `"""` and `"""`.
    Block(&'a [u8]),
    Mark(u8),
    Name(&'a [u8]),
    Number(&'a [u8]),
    Spread,
    /// Between `"` and `"`.
    Text(&'a [u8]),
}

impl Lexeme<'_> {
    /// Emits the lexeme as a value, in each reading.
    pub(super) fn readings(&self, buffer: &mut Vec<u8>, emit: &mut dyn FnMut(&[u8])) {
        match self {
            Lexeme::Name(text) | Lexeme::Number(text) => emit(text),
            Lexeme::Text(raw) if memchr(b'\\', raw).is_none() => emit(raw),
            Lexeme::Text(raw) => {
                buffer.clear();
                unescape(raw, buffer);
                emit(buffer);
            }
            Lexeme::Block(raw) => {
                buffer.clear();
                unindent(raw, buffer);
                emit(buffer);
                let trimmed = buffer.trim_ascii();
                if trimmed.len() < buffer.len() {
                    emit(trimmed);
                }
            }
            Lexeme::Mark(_) | Lexeme::Spread => {}
        }
    }
}

#[derive(Clone)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn of(span: &'a [u8]) -> Cursor<'a> {
        Cursor { rest: span }
    }

    pub(super) fn peek(&self) -> Option<Lexeme<'a>> {
        self.clone().next()
    }

    /// Steps over `wanted` when it comes next.
    pub(super) fn takes(&mut self, wanted: Lexeme<'_>) -> bool {
        let mut ahead = self.clone();
        let found = ahead.next() == Some(wanted);
        if found {
            *self = ahead;
        }
        found
    }

    pub(super) fn name(&mut self) -> Option<&'a [u8]> {
        let mut ahead = self.clone();
        let Some(Lexeme::Name(name)) = ahead.next() else { return None };
        *self = ahead;
        Some(name)
    }

    /// What stands between brackets when the open one comes next, else nothing.
    pub(super) fn group(&mut self, open: u8, close: u8) -> &'a [u8] {
        match self.takes(Lexeme::Mark(open)) {
            true => self.inside(open, close),
            false => b"",
        }
    }

    /// Reads on past the bracket that closes the one just read, and gives what stands before it.
    pub(super) fn inside(&mut self, open: u8, close: u8) -> &'a [u8] {
        let start = self.rest;
        let mut depth = 0usize;
        while let Some(lexeme) = self.next() {
            match lexeme {
                Lexeme::Mark(mark) if mark == open => depth += 1,
                Lexeme::Mark(mark) if mark == close && depth == 0 => {
                    return &start[..start.len() - self.rest.len() - 1];
                }
                Lexeme::Mark(mark) if mark == close => depth -= 1,
                _ => {}
            }
        }
        start
    }

    /// The span of the directives that come next.
    pub(super) fn directives(&mut self) -> &'a [u8] {
        let start = self.rest;
        while self.takes(Lexeme::Mark(b'@')) {
            self.name();
            self.group(b'(', b')');
        }
        &start[..start.len() - self.rest.len()]
    }

    /// The span of the value that comes next.
    pub(super) fn value(&mut self) -> &'a [u8] {
        let start = self.rest;
        match self.next() {
            Some(Lexeme::Mark(b'[')) => {
                self.inside(b'[', b']');
            }
            Some(Lexeme::Mark(b'{')) => {
                self.inside(b'{', b'}');
            }
            Some(Lexeme::Mark(b'$')) => {
                self.name();
            }
            _ => {}
        }
        &start[..start.len() - self.rest.len()]
    }

    fn skip_ignored(&mut self) {
        loop {
            self.rest = match self.rest {
                [b' ' | b'\t' | b'\r' | b'\n' | b',' | 0x0b | 0x0c, rest @ ..] => rest,
                [0xef, 0xbb, 0xbf, rest @ ..] => rest,
                [b'#', rest @ ..] => {
                    &rest[memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len())..]
                }
                _ => return,
            };
        }
    }

    fn cut(&mut self, length: usize) -> &'a [u8] {
        let (head, rest) = self.rest.split_at(length);
        self.rest = rest;
        head
    }

    fn string(&mut self) -> Lexeme<'a> {
        if let Some(inner) = self.rest.strip_prefix(b"\"\"\"") {
            let end = block_end(inner);
            self.rest = inner.get(end + 3..).unwrap_or_default();
            return Lexeme::Block(&inner[..end]);
        }
        let inner = &self.rest[1..];
        let end = text_end(inner);
        self.rest = inner.get(end + 1..).unwrap_or_default();
        Lexeme::Text(&inner[..end])
    }
}

impl<'a> Iterator for Cursor<'a> {
    type Item = Lexeme<'a>;

    fn next(&mut self) -> Option<Lexeme<'a>> {
        self.skip_ignored();
        let first = *self.rest.first()?;
        Some(match first {
            b'"' => self.string(),
            b'.' if self.rest.starts_with(b"...") => {
                self.cut(3);
                Lexeme::Spread
            }
            b'0'..=b'9' | b'-' => {
                let within = |byte: &u8| !(byte.is_ascii_alphanumeric() || b"+-.".contains(byte));
                let end = self.rest.iter().position(within).unwrap_or(self.rest.len());
                Lexeme::Number(self.cut(end))
            }
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                let within = |byte: &u8| !(byte.is_ascii_alphanumeric() || *byte == b'_');
                let end = self.rest.iter().position(within).unwrap_or(self.rest.len());
                Lexeme::Name(self.cut(end))
            }
            mark => {
                self.cut(1);
                Lexeme::Mark(mark)
            }
        })
    }
}

/// Where a string's closing quote is: a line end closes it too, as no string goes over lines.
fn text_end(inner: &[u8]) -> usize {
    let mut from = 0;
    while let Some(at) =
        inner.get(from..).and_then(|rest| memchr::memchr3(b'"', b'\\', b'\n', rest))
    {
        let at = from + at;
        if inner[at] != b'\\' {
            return at;
        }
        from = at + 2;
    }
    inner.len()
}

/// Where a block string's closing quotes are; `\"""` are none.
fn block_end(inner: &[u8]) -> usize {
    let mut from = 0;
    while let Some(at) = memmem::find(&inner[from..], b"\"\"\"") {
        let at = from + at;
        if at == 0 || inner[at - 1] != b'\\' {
            return at;
        }
        from = at + 3;
    }
    inner.len()
}

/// Section 2.9.4: `\n`-like escapes, `\uXXXX` in pairs, and `\u{…}` of the newer draft.
fn unescape(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some(at) = memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        let Some((escape, after)) = rest.split_first() else { break };
        rest = after;
        match escape {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => rest = unicode(after, out),
            other => out.push(*other),
        }
    }
    out.extend_from_slice(rest);
}

fn unicode<'a>(text: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    if let Some(inner) = text.strip_prefix(b"{") {
        let end = memchr(b'}', &inner[..inner.len().min(12)]);
        if let Some(point) = end.and_then(|end| number(&inner[..end])) {
            push_char(char::from_u32(point), out);
            return &inner[end.unwrap_or(0) + 1..];
        }
    }
    let Some(unit) = text.get(..4).and_then(number) else {
        out.extend_from_slice(b"\\u");
        return text;
    };
    let low = text.get(6..10).filter(|_| text[4..].starts_with(b"\\u")).and_then(number);
    match (unit, low) {
        (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) => {
            push_char(char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)), out);
            &text[10..]
        }
        _ => {
            push_char(char::from_u32(unit), out);
            &text[4..]
        }
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// `BlockStringValue`: the common indentation and the blank lines at both ends go.
fn unindent(raw: &[u8], out: &mut Vec<u8>) {
    let lines =
        || raw.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let indent = |line: &[u8]| line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let blank = |line: &[u8]| indent(line) == line.len();
    let common = lines().skip(1).filter(|line| !blank(line)).map(indent).min().unwrap_or(0);
    let start = out.len();
    let mut filled = start;
    for (number, line) in lines().enumerate() {
        if out.len() == start && blank(line) {
            continue;
        }
        let skipped = if number == 0 { 0 } else { common };
        if out.len() > start {
            out.push(b'\n');
        }
        unquote(line.get(skipped..).unwrap_or_default(), out);
        if !blank(line) {
            filled = out.len();
        }
    }
    out.truncate(filled);
}

/// The one escape of block strings.
fn unquote(line: &[u8], out: &mut Vec<u8>) {
    let mut rest = line;
    while let Some(at) = memmem::find(rest, b"\\\"\"\"") {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(b"\"\"\"");
        rest = &rest[at + 4..];
    }
    out.extend_from_slice(rest);
}
