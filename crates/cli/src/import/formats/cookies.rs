//! Netscape's `cookies.txt`, as curl, wget and browsers' extensions write it: seven columns, tabs
//! between them. `#HttpOnly_` before a line is no comment.

use super::{
    super::{
        finding::{Finding, Secret},
        names,
    },
    Format, Knows, Reads, Sink,
};

pub(super) static COOKIES: Format = Format {
    word: "cookies",
    name: "cookies.txt",
    help: "Netscape cookies.txt",
    knows: Knows::Start(is_cookies),
    reads: Reads::Lines(line),
    way_out: "",
    nothing: "",
};

const HTTP_ONLY: &[u8] = b"#HttpOnly_";

fn is_cookies(start: &[u8]) -> bool {
    if start.starts_with(b"# Netscape HTTP Cookie File") || start.starts_with(b"# HTTP Cookie File")
    {
        return true;
    }
    let mut lines = start.split(|byte| *byte == b'\n').filter(|line| cells(line).is_some());
    lines.next().is_some()
}

/// Domain, whether subdomains have it, path, whether only by TLS, end, name, value.
fn cells(line: &[u8]) -> Option<[&[u8]; 7]> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let cells: Vec<&[u8]> = line.split(|byte| *byte == b'\t').collect();
    let cells: [&[u8]; 7] = cells.try_into().ok()?;
    let is_truth = |cell: &[u8]| matches!(cell, b"TRUE" | b"FALSE");
    (is_truth(cells[1]) && is_truth(cells[3])).then_some(cells)
}

fn line(text: &[u8], line: u64, sink: Sink<'_>) {
    let http_only = text.starts_with(HTTP_ONLY);
    let text = text.strip_prefix(HTTP_ONLY).unwrap_or(text);
    if text.trim_ascii().is_empty() || text.starts_with(b"#") {
        return;
    }
    let Some([domain, .., name, value]) = cells(text) else {
        return sink(Finding::of(line, Secret::Unreadable));
    };
    let taken = http_only || names::is_credential(name) || names::is_credential_value(value);
    let secret = if taken { Secret::Text(value) } else { Secret::Unnamed };
    let link = std::str::from_utf8(domain).unwrap_or("");
    sink(Finding { rule: "cookie", link, ..Finding::of(line, secret) });
}
