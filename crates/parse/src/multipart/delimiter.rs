//! Where parts begin and end: `--boundary` at the start of a line (RFC 2046 section 5.1.1), whatever
//! ends the lines.

use memchr::memchr2;
use memchr::memmem::Finder;

/// A line that separates parts.
pub(super) struct Delimiter {
    /// Where the part before it ends.
    pub(super) start: usize,
    /// Where the part after it begins.
    pub(super) end: usize,
    /// Nothing but white space or the closing dashes follows the boundary on its line.
    pub(super) fills_line: bool,
}

/// Every `--boundary` at the start of a line.
pub(super) fn delimiters<'a>(
    body: &'a [u8],
    boundary: &[u8],
) -> impl Iterator<Item = Delimiter> + 'a {
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

/// The length of the line end that `text` starts with.
pub(super) fn line_end_length(text: &[u8]) -> usize {
    match text {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

/// Without the line end that `text` stops with.
pub(super) fn without_line_end(text: &[u8]) -> &[u8] {
    text.strip_suffix(b"\r\n")
        .or_else(|| text.strip_suffix(b"\n"))
        .or_else(|| text.strip_suffix(b"\r"))
        .unwrap_or(text)
}
