//! The head of a part: its header lines, and what they say of the content.

use memchr::{memchr2, memchr2_iter};

use super::delimiter::line_end_length;
use super::parameters::{is_named, parameter, trim_junk, Readings};

/// What a part's headers say of its content.
#[derive(Default)]
pub(super) struct Description<'a> {
    pub(super) names: Readings,
    pub(super) file_names: Readings,
    pub(super) is_file: bool,
    /// Back ends differ on whether it is a file: PHP knows no `filename*`, and `\` before the
    /// closing quote or a NUL leaves some without a name.
    pub(super) is_doubtful: bool,
    pub(super) content_types: Repeated<'a>,
    pub(super) encodings: Repeated<'a>,
}

/// A header that should come once: some readers take the first, some the last.
#[derive(Default)]
pub(super) struct Repeated<'a>(Option<(&'a [u8], &'a [u8])>);

impl<'a> Repeated<'a> {
    fn add(&mut self, value: &'a [u8]) {
        let (first, _) = self.0.unwrap_or((value, value));
        self.0 = Some((first, value));
    }

    /// The first, then the last if it differs; an empty one if there is none.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        let (first, last) = self.0.unwrap_or_default();
        std::iter::once(first).chain((first != last).then_some(last))
    }
}

impl<'a> Description<'a> {
    /// Takes note of a header line.
    pub(super) fn learn(&mut self, header: &[u8], value: &'a [u8]) {
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

/// Splits a part at its first line that `ends` the head; without one it is all head.
pub(super) fn head_and_content(part: &[u8], ends: fn(&[u8]) -> bool) -> (&[u8], &[u8]) {
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
pub(super) fn headers(head: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = head;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (line, after) = folded_line(rest);
            rest = after;
            if let Some(colon) = memchr::memchr(b':', line) {
                let name = trim_junk(&line[..colon]);
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
