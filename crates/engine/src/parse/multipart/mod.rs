//! Multipart bodies (RFC 7578, RFC 2046 section 5.1), as leniently as back ends read them.
//!
//! PHP, Python, Go, Java and Node each take a different superset of the RFC: any line ending, a
//! preamble, no last boundary, parts after it, names in every quoting. The parser emits the union:
//! each boundary the header may mean, then the one the body itself starts with; each reading of a
//! name; the raw content of a part and its decodes (transfer encoding, charset).

mod boundary;
mod content;
mod parameters;

use memchr::memmem::Finder;
use memchr::{memchr2, memchr2_iter};

use super::{Buffers, Coverage};
use boundary::Boundaries;
use parameters::{is_named, parameter, Readings};

/// Multipart inside multipart: RFC 7578 section 4.3 allows one level, mail a few.
const DEPTH: usize = 3;
/// How often each byte of a body may be looked at, all readings together. Clean forms need three;
/// nested ones with many boundaries, names and repeated headers would multiply without end.
const WORK: usize = 64;

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
    let work = WORK * body.len().max(1024);
    let mut form = Form {
        buffers,
        emit,
        charset: Vec::new(),
        coverage: Coverage::Whole,
        work,
        too_deep: false,
    };
    if let Some(charset) = parameter(content_type, b"charset").next() {
        form.charset.extend_from_slice(charset);
    }
    form.entity(body, content_type, b"", DEPTH);
    if form.too_deep {
        Coverage::Cut
    } else {
        form.coverage
    }
}

struct Form<'e> {
    buffers: &'e mut Buffers,
    emit: &'e mut dyn FnMut(Item<'_>),
    /// The charset of parts that name none: of the whole form, or told by a `_charset_` field.
    charset: Vec<u8>,
    coverage: Coverage,
    /// Bytes that may still be looked at.
    work: usize,
    too_deep: bool,
}

impl Form<'_> {
    /// Accounts for looking at `bytes`; false when that is too much.
    fn may_read(&mut self, bytes: usize) -> bool {
        match self.work.checked_sub(bytes) {
            Some(left) => self.work = left,
            None => self.coverage = Coverage::Cut,
        }
        self.coverage == Coverage::Whole
    }

    /// A body, or a nested one; `outer` names parts that have no name of their own.
    fn entity(&mut self, body: &[u8], content_type: &[u8], outer: &[u8], depth: usize) {
        if depth == 0 {
            self.too_deep = true;
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
        if !self.may_read(body.len()) {
            return split;
        }
        let mut starts = Starts::default();
        for delimiter in delimiters(body, boundary) {
            if !delimiter.fills_line {
                split.lax = true;
                if strict {
                    continue;
                }
            }
            self.parts(body, &mut starts, delimiter.start, outer, depth);
            starts.last = Some(delimiter.end);
        }
        self.parts(body, &mut starts, without_line_end(body).len(), outer, depth);
        split
    }

    /// The part that ends here; and with the parts before it that had no end of their head, as a
    /// reader that looks for that first takes them.
    fn parts(&mut self, body: &[u8], starts: &mut Starts, end: usize, outer: &[u8], depth: usize) {
        let Some(start) = starts.last else { return };
        let part = &body[start..end.max(start)];
        self.part(part, outer, depth);
        if head_and_content(part, <[u8]>::is_empty).0.len() == part.len() {
            starts.headless.get_or_insert(start);
        } else if let Some(first) = starts.headless.take() {
            self.part(&body[first..end.max(first)], outer, depth);
        }
    }

    fn part(&mut self, part: &[u8], outer: &[u8], depth: usize) {
        if let Some(b'\r' | b'\n') = part.first() {
            // Blank lines before the head.
            self.headed_part(part.trim_ascii_start(), outer, depth);
        }
        self.headed_part(part, outer, depth);
    }

    fn headed_part(&mut self, part: &[u8], outer: &[u8], depth: usize) {
        let (head, content) = head_and_content(part, <[u8]>::is_empty);
        self.described_part(head, content, outer, depth);
        // Mail readers end the head at a line of white space, which continues a header elsewhere.
        let blank = head_and_content(part, |line| line.trim_ascii().is_empty());
        if blank.0.len() != head.len() {
            self.described_part(blank.0, blank.1, outer, depth);
        }
    }

    fn described_part(&mut self, head: &[u8], content: &[u8], outer: &[u8], depth: usize) {
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
        if !self.may_read(head.len() * described.names.iter().count()) {
            return;
        }
        let names = &described.names;
        for name in names.iter() {
            for (header, value) in headers(head) {
                (self.emit)(Item::Header { name, header, value });
                if let Some(end) = memchr2(b'\r', b'\n', value) {
                    (self.emit)(Item::Header { name, header, value: value[..end].trim_ascii() });
                }
            }
            for file_name in described.file_names.iter() {
                (self.emit)(Item::FileName { name, file_name });
            }
        }
        for content_type in described.content_types.iter() {
            if content_type.get(..10).is_some_and(|it| it.eq_ignore_ascii_case(b"multipart/")) {
                let outer = names.iter().next().unwrap_or_default().to_vec();
                self.entity(content, content_type, &outer, depth - 1);
            }
            for encoding in described.encodings.iter() {
                self.contents(content, content_type, encoding, &described);
            }
        }
        let trimmed = content.trim_ascii_start();
        if trimmed.len() < content.len() && matches!(content[0], b'\r' | b'\n') {
            self.contents(trimmed, b"", b"", &described);
        }
    }

    fn contents(
        &mut self,
        content: &[u8],
        content_type: &[u8],
        encoding: &[u8],
        described: &Description<'_>,
    ) {
        if !self.may_read(content.len() * described.names.iter().count()) {
            return;
        }
        let own = parameter(content_type, b"charset").next();
        let charset = own.unwrap_or(&self.charset).to_vec();
        let file = described.is_file;
        let field = !file || described.is_doubtful || described.file_names.all_empty();
        let emit = &mut self.emit;
        let mut told = None;
        content::readings(content, encoding, &charset, self.buffers, &mut |value| {
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

/// Where parts began.
#[derive(Default)]
struct Starts {
    last: Option<usize>,
    /// The first of the parts that were head only.
    headless: Option<usize>,
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
    /// Back ends differ on whether it is a file: PHP knows no `filename*`, and `\` before the
    /// closing quote or a NUL leaves some without a name.
    is_doubtful: bool,
    content_types: Repeated<'a>,
    encodings: Repeated<'a>,
}

/// A header that should come once: some readers take the first, some the last.
#[derive(Default)]
struct Repeated<'a>(Option<(&'a [u8], &'a [u8])>);

impl<'a> Repeated<'a> {
    fn add(&mut self, value: &'a [u8]) {
        let (first, _) = self.0.unwrap_or((value, value));
        self.0 = Some((first, value));
    }

    /// The first, then the last if it differs; an empty one if there is none.
    fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        let (first, last) = self.0.unwrap_or_default();
        std::iter::once(first).chain((first != last).then_some(last))
    }
}

impl<'a> Description<'a> {
    fn learn(&mut self, header: &[u8], value: &'a [u8]) {
        if is_named(header, b"content-disposition") {
            self.names.read(value, b"name");
            if memchr2(b'\r', b'\n', value).is_some() {
                // PHP joins the lines with nothing in between.
                let lines = value.split(|byte| matches!(byte, b'\r' | b'\n'));
                self.names.read(&lines.collect::<Vec<_>>().concat(), b"name");
            }
            self.is_file |= self.file_names.read(value, b"filename");
            let plain = parameter(value, b"filename").next().is_some();
            self.is_doubtful |= memchr2(b'\\', 0, value).is_some() || !plain;
        } else if is_named(header, b"content-type") {
            self.content_types.add(value);
        } else if is_named(header, b"content-transfer-encoding") {
            self.encodings.add(value);
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
        // Werkzeug takes the first one anywhere in its line.
        if from > 0 && !matches!(body[at - 1], b'\r' | b'\n') {
            from = at + 1;
            continue;
        }
        let line_end = memchr2(b'\r', b'\n', &body[after..]).map_or(body.len(), |end| after + end);
        let rest = &body[after..line_end];
        let fills_line = rest.strip_prefix(b"--").unwrap_or(rest).trim_ascii().is_empty();
        let end = line_end + line_end_length(&body[line_end..]);
        from = line_end.max(1);
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

/// Splits a part at its first line that `ends` the head; without one it is all head.
fn head_and_content(part: &[u8], ends: fn(&[u8]) -> bool) -> (&[u8], &[u8]) {
    let mut line = 0;
    for at in memchr2_iter(b'\r', b'\n', part) {
        if at < line {
            continue; // the LF of a CRLF
        }
        let next = at + line_end_length(&part[at..]);
        if ends(&part[line..at]) {
            return (&part[..line], &part[next..]);
        }
        line = next;
    }
    (part, b"")
}

/// Header lines as name and value. A line that starts with white space continues the one before,
/// and so does, for PHP, one without a colon.
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
    let (mut end, mut next) = line(text, 0);
    while next < text.len() {
        let (following_end, following) = line(text, next);
        let content = &text[next..following_end];
        if !matches!(content.first(), Some(b' ' | b'\t')) && content.contains(&b':') {
            break;
        }
        (end, next) = (following_end, following);
    }
    (&text[..end], &text[next..])
}

/// Where the line that begins at `from` ends, and where the next one begins.
fn line(text: &[u8], from: usize) -> (usize, usize) {
    let end = memchr2(b'\r', b'\n', &text[from..]).map_or(text.len(), |end| from + end);
    (end, end + line_end_length(&text[end..]))
}

#[cfg(test)]
mod tests;
