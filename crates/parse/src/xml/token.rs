//! Cuts XML into tags, text and the rest. Never fails: what closes nowhere reaches to the end.

use memchr::memchr;
use memchr::memmem;

/// A piece of a document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'a> {
    CData(&'a [u8]),
    Comment(&'a [u8]),
    /// What stands between `<!DOCTYPE` and its `>`, the internal subset included.
    Doctype(&'a [u8]),
    End(&'a [u8]),
    Instruction(&'a [u8]),
    Start {
        name: &'a [u8],
        attributes: &'a [u8],
        empty: bool,
    },
    Text(&'a [u8]),
}

/// The pieces of a span, in order.
pub(super) struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Tokens<'a> {
    pub(super) fn of(span: &'a [u8]) -> Tokens<'a> {
        Tokens { rest: span }
    }

    /// What has not been cut yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Reads on to the end tag of the element `name` just begun, and gives what stands before it.
    ///
    /// Only tags of the same name are counted, so tags that match nothing do no harm.
    pub(super) fn inside(&mut self, name: &[u8]) -> &'a [u8] {
        let start = self.rest;
        let mut depth = 0usize;
        loop {
            let before = self.rest.len();
            match self.next() {
                None => return start,
                Some(Token::Start { name: inner, empty: false, .. }) if inner == name => depth += 1,
                Some(Token::End(closed)) if closed == name => {
                    if depth == 0 {
                        return &start[..start.len() - before];
                    }
                    depth -= 1;
                }
                Some(_) => {}
            }
        }
    }

    fn markup(&mut self) -> Option<Token<'a>> {
        let rest = self.rest;
        if let Some(comment) = rest.strip_prefix(b"<!--") {
            return Some(Token::Comment(self.until(comment, b"-->")));
        }
        if let Some(data) = rest.strip_prefix(b"<![CDATA[") {
            return Some(Token::CData(self.until(data, b"]]>")));
        }
        if let Some(instruction) = rest.strip_prefix(b"<?") {
            return Some(Token::Instruction(self.until(instruction, b"?>")));
        }
        if rest.get(..9).is_some_and(|it| it.eq_ignore_ascii_case(b"<!doctype")) {
            let end = doctype_end(&rest[9..]);
            self.rest = rest.get(9 + end + 1..).unwrap_or_default();
            return Some(Token::Doctype(&rest[9..9 + end]));
        }
        if let Some(end) = rest.strip_prefix(b"</") {
            return Some(Token::End(self.until(end, b">").trim_ascii()));
        }
        let starts = rest.get(1).is_some_and(|byte| !byte.is_ascii_whitespace() && *byte != b'<');
        starts.then(|| self.start_tag(&rest[1..]))
    }

    fn until(&mut self, from: &'a [u8], close: &[u8]) -> &'a [u8] {
        let end = memmem::find(from, close);
        self.rest = end.map_or(&[], |end| &from[end + close.len()..]);
        &from[..end.unwrap_or(from.len())]
    }

    fn start_tag(&mut self, from: &'a [u8]) -> Token<'a> {
        let end = tag_end(from);
        self.rest = from.get(end + 1..).unwrap_or_default();
        let tag = &from[..end];
        let (tag, empty) = match tag.strip_suffix(b"/") {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let name = tag.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'/');
        let (name, attributes) = tag.split_at(name.unwrap_or(tag.len()));
        Token::Start { name, attributes, empty }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        if self.rest[0] == b'<' {
            if let Some(token) = self.markup() {
                return Some(token);
            }
        }
        // A `<` that starts nothing is text, as lenient readers take it.
        let end = memchr(b'<', &self.rest[1..]).map_or(self.rest.len(), |end| end + 1);
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(Token::Text(text))
    }
}

/// Where a tag's `>` is: one inside of quotes does not count, unless the quotes never close.
fn tag_end(tag: &[u8]) -> usize {
    let Some(first) = memchr(b'>', tag) else { return tag.len() };
    if memchr::memchr2(b'"', b'\'', &tag[..first]).is_none() {
        return first;
    }
    let mut quote = None;
    for (at, byte) in tag.iter().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == *byte => quote = None,
            // No attribute value holds a `<`: the quote was never closed.
            (Some(_), b'<') => return first,
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, b'>') => return at,
            _ => {}
        }
    }
    first
}

/// Where a DOCTYPE's `>` is: past the internal subset, quotes and comments.
fn doctype_end(text: &[u8]) -> usize {
    let (mut at, mut subset) = (0, false);
    while let Some(byte) = text.get(at) {
        let rest = &text[at..];
        let skipped = match byte {
            b'"' | b'\'' => memchr(*byte, &rest[1..]).map(|end| end + 2),
            b'<' if rest.starts_with(b"<!--") => memmem::find(rest, b"-->").map(|end| end + 3),
            b'<' if rest.starts_with(b"<?") => memmem::find(rest, b"?>").map(|end| end + 2),
            b'[' => {
                subset = true;
                Some(1)
            }
            b']' => {
                subset = false;
                Some(1)
            }
            b'>' if !subset => return at,
            _ => Some(1),
        };
        match skipped {
            Some(skipped) => at += skipped,
            None => break,
        }
    }
    text.len()
}

/// Name and raw value of each attribute: quoted, bare, or without a value.
pub(super) fn attributes<'a>(tag: &'a [u8], emit: &mut dyn FnMut(&'a [u8], &'a [u8])) {
    let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'/';
    let mut rest = tag;
    loop {
        let start = rest.iter().position(|byte| !blank(byte)).unwrap_or(rest.len());
        rest = &rest[start..];
        if rest.is_empty() {
            return;
        }
        let stop = |byte: &u8| blank(byte) || *byte == b'=';
        let end = rest.iter().position(stop).unwrap_or(rest.len());
        let name = &rest[..end];
        rest = rest[end..].trim_ascii_start();
        let Some(after) = rest.strip_prefix(b"=") else {
            emit(name, b"");
            continue;
        };
        let after = after.trim_ascii_start();
        let (value, next) = attribute(after);
        emit(name, value);
        rest = next;
    }
}

fn attribute(text: &[u8]) -> (&[u8], &[u8]) {
    if let [quote @ (b'"' | b'\''), inner @ ..] = text {
        let end = memchr(*quote, inner).unwrap_or(inner.len());
        return (&inner[..end], inner.get(end + 1..).unwrap_or_default());
    }
    text.split_at(text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len()))
}
