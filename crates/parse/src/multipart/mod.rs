//! Multipart bodies (RFC 7578, RFC 2046 section 5.1), as leniently as back ends read them.
//!
//! PHP, Python, Go, Java and Node each take a different superset of the RFC: any line ending, a
//! preamble, no last boundary, parts after it, names in every quoting. The parser emits the union:
//! each boundary the header may mean, then the one the body itself starts with; each reading of a
//! name; the raw content of a part and its decodes (transfer encoding, charset).

mod boundary;
mod content;
mod delimiter;
mod head;
mod parameters;

use memchr::memchr2;

use super::{
    bounds::{MULTIPART_LEVELS, MULTIPART_READINGS},
    charset::labels,
    Buffers, Coverage,
};
use boundary::Boundaries;
use delimiter::{delimiters, without_line_end};
use head::{head_and_content, headers, Description};

/// What a part yields.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Item<'a> {
    /// A value that the application gets under the field's name.
    Field {
        /// The number of its part, by which to tell readings of one value from values of parts.
        part: usize,
        /// The field's name.
        name: &'a [u8],
        /// One reading of its value.
        value: &'a [u8],
    },
    /// The content of a part that has a file name.
    File {
        /// The field's name.
        name: &'a [u8],
        /// The bytes of the file.
        content: &'a [u8],
    },
    /// A file's name.
    FileName {
        /// The field's name.
        name: &'a [u8],
        /// The name that the client gives the file.
        file_name: &'a [u8],
    },
    /// A header line of the part.
    Header {
        /// The field's name.
        name: &'a [u8],
        /// The header's name.
        header: &'a [u8],
        /// The header's value.
        value: &'a [u8],
    },
}

impl<'a> Item<'a> {
    /// The name of the field.
    pub fn name(&self) -> &'a [u8] {
        match self {
            Item::Field { name, .. }
            | Item::File { name, .. }
            | Item::FileName { name, .. }
            | Item::Header { name, .. } => name,
        }
    }
}

/// Emits every field, file and part header of `body`, in every reading.
///
/// `content_type` is the request's header value (or several, joined by commas), or empty.
pub fn multipart(
    body: &[u8],
    content_type: &[u8],
    buffers: &mut Buffers,
    emit: &mut dyn FnMut(Item<'_>),
) -> Coverage {
    let work = MULTIPART_READINGS * body.len().max(1024);
    let mut form = Form {
        buffers,
        emit,
        charset: Vec::new(),
        coverage: Coverage::Whole,
        work,
        part: 0,
        is_cut: false,
    };
    let (labels, named) = labels(content_type);
    for label in or_none(&labels) {
        form.charset = label.to_vec();
        form.entity(body, content_type, b"", MULTIPART_LEVELS);
    }
    match form.is_cut {
        true => Coverage::Cut,
        false => form.coverage.and(named),
    }
}

/// The labels, or an empty one.
fn or_none<'l>(labels: &'l [&[u8]]) -> &'l [&'l [u8]] {
    match labels {
        [] => &[b""],
        labels => labels,
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
    /// How many parts came before, in this way of cutting the body.
    part: usize,
    /// A bound other than that of work was met: the rest is read.
    is_cut: bool,
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

    fn note(&mut self, coverage: Coverage) {
        self.is_cut |= coverage == Coverage::Cut;
    }

    /// A body, or a nested one; `outer` names parts that have no name of their own.
    fn entity(&mut self, body: &[u8], content_type: &[u8], outer: &[u8], depth: usize) {
        if depth == 0 {
            self.is_cut = true;
            return;
        }
        let boundaries = Boundaries::of(content_type, body);
        self.note(boundaries.coverage);
        for boundary in boundaries.iter() {
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
        if depth == MULTIPART_LEVELS {
            self.part = 0;
        }
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
        self.part += 1;
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
        self.note(described.names.coverage().and(described.file_names.coverage()));
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
        let (labels, named) = labels(content_type);
        self.coverage = self.coverage.and(named);
        let told = self.charset.clone();
        let told = [told.as_slice()];
        let labels = if labels.is_empty() { &told } else { labels.as_slice() };
        if !self.may_read(content.len() * described.names.iter().count() * labels.len()) {
            return;
        }
        for label in labels {
            self.readings(content, encoding, label, described);
        }
    }

    fn readings(
        &mut self,
        content: &[u8],
        encoding: &[u8],
        label: &[u8],
        described: &Description<'_>,
    ) {
        let file = described.is_file;
        let field = !file || described.is_doubtful || described.file_names.all_empty();
        let (emit, part) = (&mut self.emit, self.part);
        let mut told = None;
        content::readings(content, encoding, label, self.buffers, &mut |value| {
            for name in described.names.iter() {
                if field {
                    emit(Item::Field { part, name, value });
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

#[cfg(test)]
mod tests;
