//! Text: a token a line.
//!
//! The format of Wallarm API Firewall's token files and ModSecurity's `@pmFromFile`: blank lines and
//! lines that begin with `#` are skipped, a line ends with LF or CRLF. `sha256:` and `sha1:` before
//! hex digits stand for a token that is not written down.

use std::io::{self, BufRead};

use tokenban_engine::token::Written;

use super::{
    finding::{Finding, Secret},
    notes::{Note, Notes},
};

/// The longest line that is looked at; NGINX takes no header near it by default.
pub(crate) const LONGEST: usize = 64 * 1024;

/// What takes a line with its number, and hands over its findings.
pub(crate) type Line = fn(&[u8], u64, &mut dyn FnMut(Finding<'_>));

/// Hands over every line to `one`, with its number.
pub(crate) fn each(
    input: &mut dyn BufRead,
    one: Line,
    sink: &mut dyn FnMut(Finding<'_>),
) -> io::Result<()> {
    let mut kept = Vec::new();
    let mut line = 0;
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            break;
        }
        let used =
            whole_lines(buffer, &mut kept, &mut line, &mut |text, line| one(text, line, sink));
        let rest = &buffer[used..];
        // Of a line that is too long anyway, no more is kept than shows it.
        let room = (LONGEST + 1).saturating_sub(kept.len());
        kept.extend_from_slice(&rest[..rest.len().min(room)]);
        let all = buffer.len();
        input.consume(all);
    }
    if !kept.is_empty() {
        one(&kept, line + 1, sink);
    }
    Ok(())
}

/// Hands over the lines that end in `buffer`, the first with what was kept of it before; how many
/// bytes they were.
fn whole_lines(
    buffer: &[u8],
    kept: &mut Vec<u8>,
    line: &mut u64,
    one: &mut dyn FnMut(&[u8], u64),
) -> usize {
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', buffer) {
        *line += 1;
        let piece = &buffer[start..end];
        if kept.is_empty() {
            one(piece, *line);
        } else {
            let room = (LONGEST + 1).saturating_sub(kept.len());
            kept.extend_from_slice(&piece[..piece.len().min(room)]);
            one(kept, *line);
            kept.clear();
        }
        start = end + 1;
    }
    start
}

/// The token of a line that is not blank and no comment.
pub(crate) fn one(text: &[u8], line: u64, sink: &mut dyn FnMut(Finding<'_>)) {
    let text = text.trim_ascii();
    if text.is_empty() || text.starts_with(b"#") {
        return;
    }
    let secret = match secret(text) {
        Secret::Text(text) if is_row(text) => Secret::Row(text),
        other => other,
    };
    let is_digits = matches!(secret, Secret::Text(text) if is_like_a_digest(text));
    let notes = if is_digits { Note::Digits.into() } else { Notes::NONE };
    sink(Finding { notes, ..Finding::of(line, secret) });
}

/// As many hex digits as SHA-1 and SHA-256 have: whether it is a token or a digest nobody can tell.
fn is_like_a_digest(text: &[u8]) -> bool {
    matches!(text.len(), 40 | 64) && text.iter().all(u8::is_ascii_hexdigit)
}

/// `alice,s3cr3t-token-0123`: values with commas or semicolons between them, one of which looks like
/// a token. Pairs, as cookies and connection strings have them, are no such row.
fn is_row(text: &[u8]) -> bool {
    let is_separator = |byte: &u8| matches!(byte, b',' | b';');
    if memchr::memchr2(b',', b';', text).is_none() {
        return false;
    }
    let quote = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'');
    let pieces = text.split(is_separator).map(|piece| {
        let start = piece.iter().position(|byte| !quote(byte)).unwrap_or(piece.len());
        let end = piece.iter().rposition(|byte| !quote(byte)).map_or(start, |last| last + 1);
        &piece[start..end]
    });
    let pieces: Vec<&[u8]> = pieces.filter(|piece| !piece.is_empty()).collect();
    let is_plain = |piece: &&[u8]| {
        let padding = piece.iter().rev().take_while(|byte| **byte == b'=').count();
        !piece[..piece.len() - padding].iter().any(|byte| matches!(byte, b'=' | b' '))
    };
    pieces.len() > 1 && pieces.iter().all(is_plain) && pieces.iter().any(|piece| is_tokenish(piece))
}

/// Long, of letters and digits, and of what stands between them in tokens.
fn is_tokenish(piece: &[u8]) -> bool {
    let byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.+/=~".contains(byte);
    piece.len() >= 16
        && piece.iter().all(byte)
        && piece.iter().any(u8::is_ascii_digit)
        && piece.iter().any(u8::is_ascii_alphabetic)
}

/// A token, or a digest that somebody else made.
pub(crate) fn secret(text: &[u8]) -> Secret<'_> {
    match Written::parse(text) {
        Err(error) => Secret::Damaged(error),
        Ok(Written::Plain(text)) => Secret::Text(text),
        Ok(Written::Sha1(digest)) => Secret::Sha1(digest),
        Ok(Written::Sha256(digest)) => Secret::Sha256(digest),
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn found(text: &[u8], buffer: usize) -> Vec<(u64, String)> {
        let mut found = Vec::new();
        let mut input = BufReader::with_capacity(buffer, text);
        each(&mut input, one, &mut |finding| {
            let text = match finding.secret {
                Secret::Text(text) => text.escape_ascii().to_string(),
                Secret::Sha1(_) => "sha1".to_owned(),
                Secret::Sha256(_) => "sha256".to_owned(),
                _ => "damaged".to_owned(),
            };
            found.push((finding.line, text));
        })
        .unwrap();
        found
    }

    #[test]
    fn lines_whatever_the_buffer() {
        let text = b"first-token\r\n# a comment\n\n  second-token \nthird";
        let expected = [(1, "first-token"), (4, "second-token"), (5, "third")]
            .map(|(line, text)| (line, text.to_owned()));
        for buffer in [1, 2, 7, 13, 8192] {
            assert_eq!(found(text, buffer), expected, "{buffer}");
        }
    }

    #[test]
    fn digests() {
        let text = format!(
            "sha256:{}\nSHA1: {}\nsha256:00\nsha1:{}\n",
            "0f".repeat(32),
            "Fa".repeat(20),
            "+1".repeat(20)
        );
        let expected = ["sha256", "sha1", "damaged", "damaged"];
        let found = found(text.as_bytes(), 8192);
        assert_eq!(found.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn rows_are_no_tokens() {
        for text in [
            "alice,fake-token-000001",
            "fake-token-000001;fake-token-000002",
            "\"a\", \"fake-token-000001\"",
            "1,ZmFrZXRva2VuMDAwMDE=",
        ] {
            assert!(is_row(text.as_bytes()), "{text}");
        }
        for text in [
            "fake-token-000001",
            "fake-token-000001,",
            "\"fake-token-000001\";",
            "a=1;session=fake-token-000001",
            "pass,word",
            "Server=x;Password=fake-token-000001",
            "Digest username=\"a\", response=\"0123456789abcdef\"",
        ] {
            assert!(!is_row(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn an_endless_line_is_not_kept() {
        let text = [vec![b'a'; LONGEST * 3], b"\nshort-one".to_vec()].concat();
        for buffer in [1000, 1 << 20] {
            let found = found(&text, buffer);
            assert!(found[0].1.len() > LONGEST);
            assert_eq!(found[1], (2, "short-one".to_owned()));
        }
    }
}
