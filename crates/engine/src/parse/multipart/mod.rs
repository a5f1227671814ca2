//! Multipart bodies (RFC 7578, RFC 2046 section 5.1), as leniently as back ends read them.
//!
//! PHP, Python, Go, Java and Node each take a different superset of the RFC: any line ending, a
//! preamble, no last boundary, parts after it, names in every quoting. The parser emits the union:
//! each boundary the header may mean, then the one the body itself starts with; each reading of a
//! name; the raw content of a part and its decodes (transfer encoding, charset).

mod boundary;
mod content;
mod parameters;

use std::ops::ControlFlow;

use memchr::memmem::Finder;
use memchr::{memchr2, memchr2_iter};

use super::{Buffers, Coverage};
use boundary::Boundaries;
use parameters::{is_named, parameter, Readings};

/// Multipart inside multipart: RFC 7578 section 4.3 allows one level, mail a few.
const DEPTH: usize = 3;

/// What a part yields.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Item<'a> {
    /// A value that the application gets under the field's name.
    Field { name: &'a [u8], value: &'a [u8] },
    /// The content of a part that has a file name.
    File { name: &'a [u8], content: &'a [u8] },
    /// A file's name.
    FileName { name: &'a [u8], file_name: &'a [u8] },
    /// A header line of the part.
    Header { name: &'a [u8], header: &'a [u8], value: &'a [u8] },
}

/// Emits every field, file and part header of `body`, in every reading.
///
/// `content_type` is the request's header value (or several, joined by commas), or empty.
pub(crate) fn multipart(
    body: &[u8],
    content_type: &[u8],
    buffers: &mut Buffers,
    emit: &mut dyn FnMut(Item<'_>),
) -> Coverage {
    let mut form = Form { buffers, emit, charset: Vec::new(), coverage: Coverage::Whole };
    if let Some(charset) = parameter(content_type, b"charset").next() {
        form.charset.extend_from_slice(charset);
    }
    form.entity(body, content_type, b"", DEPTH);
    form.coverage
}

struct Form<'e> {
    buffers: &'e mut Buffers,
    emit: &'e mut dyn FnMut(Item<'_>),
    /// The charset of parts that name none: of the whole form, or told by a `_charset_` field.
    charset: Vec<u8>,
    coverage: Coverage,
}

impl Form<'_> {
    /// A body, or a nested one; `outer` names parts that have no name of their own.
    fn entity(&mut self, body: &[u8], content_type: &[u8], outer: &[u8], depth: usize) {
        if depth == 0 {
            self.coverage = Coverage::Cut;
            return;
        }
        for boundary in Boundaries::of(content_type, body).iter() {
            let known = self.charset.clone();
            let plain = self.split(body, boundary, false, outer, depth);
            if self.charset != known {
                // `_charset_` may come after the fields it applies to.
                self.split(body, boundary, false, outer, depth);
            }
            if plain.lax {
                self.split(body, boundary, true, outer, depth);
            }
        }
    }

    /// Cuts `body` at `boundary`; `strict` takes only delimiters that fill their line.
    fn split(
        &mut self,
        body: &[u8],
        boundary: &[u8],
        strict: bool,
        outer: &[u8],
        depth: usize,
    ) -> Split {
        let mut split = Split::default();
        let mut start = None;
        for delimiter in delimiters(body, boundary) {
            if !delimiter.fills_line {
                split.lax = true;
                if strict {
                    continue;
                }
            }
            if let Some(start) = start {
                self.part(&body[start..delimiter.start.max(start)], outer, depth);
            }
            start = Some(delimiter.end);
        }
        if let Some(start) = start {
            self.part(without_line_end(&body[start..]), outer, depth);
        }
        split
    }

    fn part(&mut self, part: &[u8], outer: &[u8], depth: usize) {
        let (head, content) = head_and_content(part);
        if head.is_empty() && content.is_empty() {
            return;
        }
        let mut described = Description::default();
        for (header, value) in headers(head) {
            described.learn(header, value);
        }
        if described.names.is_empty() {
            described.names.add(outer);
        }
        let names = &described.names;
        for name in names.iter() {
            for (header, value) in headers(head) {
                (self.emit)(Item::Header { name, header, value });
            }
            for file_name in described.file_names.iter() {
                (self.emit)(Item::FileName { name, file_name });
            }
        }
        if described.content_type.get(..10).is_some_and(|it| it.eq_ignore_ascii_case(b"multipart/"))
        {
            let outer = names.iter().next().unwrap_or_default().to_vec();
            self.entity(content, described.content_type, &outer, depth - 1);
        }
        self.contents(content, &described);
    }

    fn contents(&mut self, content: &[u8], described: &Description<'_>) {
        let own = parameter(described.content_type, b"charset").next();
        let charset = own.unwrap_or(&self.charset).to_vec();
        // An empty file name is a field to some back ends and a file to others.
        let (file, field) =
            (described.is_file, !described.is_file || described.file_names.all_empty());
        let emit = &mut self.emit;
        let mut told = None;
        content::readings(content, described.encoding, &charset, self.buffers, &mut |value| {
            for name in described.names.iter() {
                if field {
                    emit(Item::Field { name, value });
                }
                if file {
                    emit(Item::File { name, content: value });
                }
                if name == b"_charset_" && value.len() <= 40 {
                    told.get_or_insert_with(|| value.to_vec());
                }
            }
        });
        if let Some(told) = told {
            self.charset = told;
        }
    }
}

#[derive(Default)]
struct Split {
    /// Some delimiter had more on its line: a stricter reader would not split there.
    lax: bool,
}

/// What a part's headers say of its content.
#[derive(Default)]
struct Description<'a> {
    names: Readings,
    file_names: Readings,
    is_file: bool,
    content_type: &'a [u8],
    encoding: &'a [u8],
}

impl<'a> Description<'a> {
    fn learn(&mut self, header: &[u8], value: &'a [u8]) {
        if is_named(header, b"content-disposition") {
            self.names.read(value, b"name");
            self.is_file |= self.file_names.read(value, b"filename");
        } else if is_named(header, b"content-type") {
            self.content_type = value.trim_ascii();
        } else if is_named(header, b"content-transfer-encoding") {
            self.encoding = value.trim_ascii();
        }
    }
}

struct Delimiter {
    /// Where the part before it ends.
    start: usize,
    /// Where the part after it begins.
    end: usize,
    fills_line: bool,
}

/// Every `--boundary` at the start of a line.
fn delimiters<'a>(body: &'a [u8], boundary: &[u8]) -> impl Iterator<Item = Delimiter> + 'a {
    let marker = [b"--", boundary].concat();
    let finder = Finder::new(&marker).into_owned();
    let mut from = 0;
    std::iter::from_fn(move || loop {
        let at = from + finder.find(body.get(from..)?)?;
        let after = at + marker.len();
        let line_end = memchr2(b'\r', b'\n', &body[after..]).map_or(body.len(), |end| after + end);
        if at > 0 && !matches!(body[at - 1], b'\r' | b'\n') {
            from = at + 1;
            continue;
        }
        let rest = &body[after..line_end];
        let fills_line = rest.strip_prefix(b"--").unwrap_or(rest).trim_ascii().is_empty();
        let end = line_end + line_end_length(&body[line_end..]);
        from = line_end;
        return Some(Delimiter { start: without_line_end(&body[..at]).len(), end, fills_line });
    })
}

fn line_end_length(text: &[u8]) -> usize {
    match text {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

fn without_line_end(text: &[u8]) -> &[u8] {
    text.strip_suffix(b"\r\n")
        .or_else(|| text.strip_suffix(b"\n"))
        .or_else(|| text.strip_suffix(b"\r"))
        .unwrap_or(text)
}

/// Splits a part at its first empty line; without one it is all head.
fn head_and_content(part: &[u8]) -> (&[u8], &[u8]) {
    let mut line = 0;
    for at in memchr2_iter(b'\r', b'\n', part) {
        if at < line {
            continue; // the LF of a CRLF
        }
        let next = at + line_end_length(&part[at..]);
        if at == line {
            return (&part[..at], &part[next..]);
        }
        line = next;
    }
    (part, b"")
}

/// Header lines as name and value; a line that starts with white space continues the one before.
fn headers(head: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = head;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (line, after) = folded_line(rest);
            rest = after;
            if let Some(colon) = memchr::memchr(b':', line) {
                let name = parameters::trim_junk(&line[..colon]);
                return Some((name, line[colon + 1..].trim_ascii()));
            }
        }
        None
    })
}

fn folded_line(text: &[u8]) -> (&[u8], &[u8]) {
    let mut from = 0;
    let found = memchr2_iter(b'\r', b'\n', text).try_for_each(|at| {
        if at < from {
            return ControlFlow::Continue(());
        }
        from = at + line_end_length(&text[at..]);
        match text.get(from) {
            Some(b' ' | b'\t') => ControlFlow::Continue(()),
            _ => ControlFlow::Break((at, from)),
        }
    });
    match found {
        ControlFlow::Break((end, next)) => (&text[..end], &text[next..]),
        ControlFlow::Continue(()) => (text, b""),
    }
}

#[cfg(test)]
mod tests;
