//! What is no report: a list of tokens, a table, or nothing that can be read.

use super::{
    error::ReadError,
    lines,
    unwrap::{unwrap, Inside},
};

/// How much of an input is looked at to know what it is. GitLab's and SARIF's keys come well before.
pub(crate) const PEEK: usize = 64 * 1024;

/// So many lines and it is judged whether they look like tokens; fewer are told one by one.
const FEW: usize = 4;

/// Whether it may be read as a token a line.
pub(crate) fn check(text: &[u8]) -> Result<(), ReadError> {
    if text.trim_ascii().is_empty() {
        return Err(ReadError::Empty);
    }
    if text.iter().any(|byte| is_binary(*byte)) || is_no_text(text) {
        return Err(ReadError::Binary);
    }
    if is_document(text) {
        return Err(ReadError::Document);
    }
    if memchr::memmem::find(text, b"-----BEGIN ").is_some() {
        return Err(ReadError::Pem);
    }
    let lines: Vec<&[u8]> = whole_lines(text).collect();
    if lines.is_empty() && text.len() < PEEK {
        return Err(ReadError::Empty);
    }
    if let Some(columns) = columns(&lines) {
        return Err(ReadError::Columns(columns));
    }
    let tokens = lines.iter().filter(|line| looks_like_token(line)).count();
    match lines.len() >= FEW && tokens * 2 < lines.len() {
        true => Err(ReadError::Prose(lines.len() - tokens, lines.len())),
        false => Ok(()),
    }
}

/// Control characters that no text has: tab, line ends, form feed and the end of a DOS file are.
fn is_binary(byte: u8) -> bool {
    (byte < b' ' && !b"\t\n\r\x0c\x1a".contains(&byte)) || byte == 0x7f
}

/// Whether more than a tenth of it is neither UTF-8 nor ASCII: a password in Latin-1 is not.
fn is_no_text(text: &[u8]) -> bool {
    let broken = text.utf8_chunks().map(|chunk| chunk.invalid().len()).sum::<usize>();
    broken * 10 > text.len()
}

/// What is made to be looked at: pages, documents.
fn is_document(text: &[u8]) -> bool {
    const STARTS: [&[u8]; 6] = [b"<!doctype", b"<?xml", b"<html", b"<svg", b"%pdf-", b"{\\rtf"];
    let start = text.trim_ascii_start();
    let begins = |with: &&[u8]| {
        start.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    STARTS.iter().any(begins)
}

/// The lines with something in them but a comment; of a start that was cut, all but the last.
fn whole_lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let cut = text.len() >= PEEK;
    let end = if cut { text.iter().rposition(|byte| *byte == b'\n') } else { None };
    let text = &text[..end.unwrap_or(text.len())];
    text.split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
}

/// How many columns a table has: the same separator as often in nearly every line, not at its end.
fn columns(lines: &[&[u8]]) -> Option<usize> {
    let count = |line: &[u8], separator| line.iter().filter(|byte| **byte == separator).count();
    let ends = |line: &[u8], separator| line.last() == Some(&separator);
    [b',', b';', b'\t', b'|'].into_iter().find_map(|separator| {
        let first = count(lines.first()?, separator);
        let same = |line: &&&[u8]| count(line, separator) == first && !ends(line, separator);
        let all = lines.iter().filter(same).count();
        (first > 0 && lines.len() > 1 && all * 10 >= lines.len() * 9).then_some(first + 1)
    })
}

/// One word, whatever surrounds it.
fn looks_like_token(line: &[u8]) -> bool {
    let word = |token: &[u8]| token.iter().all(|byte| *byte > b' ') && token.len() >= 4;
    if !matches!(lines::secret(line), super::finding::Secret::Text(_)) {
        return true;
    }
    match unwrap(line) {
        Inside::Address | Inside::Setting => false,
        Inside::Bare(token) => word(token),
        Inside::Readings(all) => all.iter().any(|reading| word(&reading.token)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_tokens() {
        for text in [
            "token-01",
            "# a list\ntoken-01\ntoken-02,\ntoken-03,\n",
            "\"token-01\",\n\"token-02\",\n",
            "Bearer token-01\nexport A_TOKEN=token-02\nsha256:00\ntoken-03\n",
            "two words\n",
            "a,b-token-01\nc-token-02\nd-token-03\n",
        ] {
            assert!(check(text.as_bytes()).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        let cases: [(&[u8], &str); 13] = [
            (b"-----BEGIN PRIVATE KEY-----\nMIIE\n", "PEM"),
            (b"", "empty"),
            (b" \n\n", "empty"),
            (b"# a list\n# of nothing\n", "empty"),
            (b"token-01\0\n", "binary"),
            (b"\xe4\xf6\xfc\x9a\x8b\xd0token", "binary"),
            (b"%PDF-1.7\n", "document"),
            (b"<!DOCTYPE html><html></html>", "document"),
            (b"<?xml version=\"1.0\"?>\n<a/>", "document"),
            (b"\x7fELF\x02", "binary"),
            (b"name,what\nalice,token-01\nbob,token-02\n", "2 columns"),
            (b"a|b|c\nd|e|f\n", "3 columns"),
            (b"fn main() {\n    let a = 1;\n    run(a, 2)\n}\n// the end\n", "do not look like"),
        ];
        for (text, what) in cases {
            let message = check(text).unwrap_err().to_string();
            assert!(message.contains(what), "{message}");
        }
    }
}
