//! Which boundaries a Content-Type may mean, and which one the body shows.
//!
//! RFC 2046 section 5.1.1 for the parameter, RFC 2231 for its continued and extended forms.
//! Readers differ on where an unquoted value ends, on which of two parameters wins, and PHP looks
//! for the bare word `boundary`; all of them are candidates.

use super::parameters::{parameter, Readings};

/// A boundary that the header names is at most 70 characters; some readers allow any length.
const SNIFFED: usize = 1024;

/// The boundaries to try, each once.
pub(super) struct Boundaries(Readings);

impl Boundaries {
    pub(super) fn of(content_type: &[u8], body: &[u8]) -> Boundaries {
        let mut found = Readings::default();
        found.read(content_type, b"boundary");
        for value in parameter(content_type, b"boundary") {
            found.add(value);
            found.add(value.split(|byte| *byte == b',').next().unwrap_or_default().trim_ascii());
        }
        loose(content_type, &mut found);
        if let Some(own) = sniffed(body) {
            found.add(own);
            found.add(own.strip_suffix(b"--").unwrap_or(own));
        }
        Boundaries(found)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().filter(|boundary| !boundary.is_empty())
    }
}

/// PHP's reading: whatever follows the first `=` after the word, up to `,`, `;` or white space.
fn loose(content_type: &[u8], found: &mut Readings) {
    let word = content_type.windows(8).position(|it| it.eq_ignore_ascii_case(b"boundary"));
    let Some(word) = word else { return };
    let rest = &content_type[word + 8..];
    let Some(equals) = memchr::memchr(b'=', rest) else { return };
    let value = rest[equals + 1..].trim_ascii_start();
    let value = match value.strip_prefix(b"\"") {
        Some(quoted) => quoted.split(|byte| *byte == b'"').next(),
        None => value.split(|byte| matches!(byte, b',' | b';' | b' ' | b'\t')).next(),
    };
    found.add(value.unwrap_or_default());
}

/// The boundary of a body whose header names none or a wrong one: its first `--` line.
fn sniffed(body: &[u8]) -> Option<&[u8]> {
    let head = &body[..body.len().min(64 * 1024)];
    let line = head.split(|byte| matches!(byte, b'\r' | b'\n')).find(|it| it.starts_with(b"--"))?;
    let boundary = line[2..].trim_ascii_end();
    (boundary.len() <= SNIFFED).then_some(boundary)
}
