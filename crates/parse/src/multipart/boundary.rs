//! Which boundaries a Content-Type may mean, and which one the body shows.
//!
//! RFC 2046 section 5.1.1 for the parameter, RFC 2231 for its continued and extended forms.
//! Readers differ on where an unquoted value ends, on which of two parameters wins, and PHP looks
//! for the bare word `boundary`; all of them are candidates.

use memchr::memchr2;

use super::parameters::{parameter, Readings};
use crate::{bounds::PREAMBLE, Coverage};

/// The boundaries to try, each once.
pub(super) struct Boundaries {
    found: Readings,
    /// Whether there may be more.
    pub(super) coverage: Coverage,
}

impl Boundaries {
    pub(super) fn of(content_type: &[u8], body: &[u8]) -> Boundaries {
        let mut found = Readings::default();
        found.read(content_type, b"boundary");
        for value in parameter(content_type, b"boundary") {
            found.add(value);
            found.add(value.split(|byte| *byte == b',').next().unwrap_or_default().trim_ascii());
        }
        loose(content_type, &mut found);
        let is_named = !found.all_empty();
        let own = sniffed(body);
        if let Some(own) = own {
            found.add(own);
            found.add(own.strip_suffix(b"--").unwrap_or(own));
        }
        let may_show = is_multipart(content_type) && body.len() > PREAMBLE;
        let coverage = match is_named || own.is_some() || !may_show {
            true => found.coverage(),
            false => Coverage::Cut,
        };
        Boundaries { found, coverage }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.found.iter().filter(|boundary| !boundary.is_empty())
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
    let mut line = body;
    while !line.starts_with(b"--") {
        let end = memchr2(b'\r', b'\n', line)?;
        line = &line[end + 1..];
        if body.len() - line.len() > PREAMBLE {
            return None;
        }
    }
    let end = memchr2(b'\r', b'\n', line).unwrap_or(line.len());
    Some(line[2..end].trim_ascii_end())
}

fn is_multipart(content_type: &[u8]) -> bool {
    content_type.get(..10).is_some_and(|it| it.eq_ignore_ascii_case(b"multipart/"))
}
