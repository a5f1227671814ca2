//! Tokens written in rules and token files: plain, or as the digest somebody else made.
//!
//! The format of a token file is Wallarm API Firewall's: a token a line, as it travels without its
//! scheme. Blank lines and lines that begin with `#` are skipped; a line ends with LF or CRLF.
//! `sha256:` and `sha1:` before 64 or 40 hex digits stand for a token that is not written down.

use std::{fmt, path::PathBuf};

use tokenban_parse::credentials;

mod admit;
mod digests;
mod words;

pub use self::{admit::admit_anywhere, digests::admit_digest};

/// One token to deny.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum TokenEntry {
    /// The token itself.
    Plain(Box<[u8]>),
    /// SHA-1 of the token (all that a detect-secrets baseline holds).
    Sha1([u8; 20]),
    /// SHA-256 of the token.
    Sha256([u8; 32]),
}

impl TokenEntry {
    /// Reads one token, refusing what would deny clean requests or nothing at all.
    pub fn parse(text: &[u8]) -> Result<TokenEntry, TokenError> {
        Ok(match Written::parse(text)? {
            Written::Plain(text) => {
                admit::admit(text)?;
                TokenEntry::Plain(text.into())
            }
            Written::Sha1(digest) => {
                admit_digest(&digest)?;
                TokenEntry::Sha1(digest)
            }
            Written::Sha256(digest) => {
                admit_digest(&digest)?;
                TokenEntry::Sha256(digest)
            }
        })
    }
}

/// A token as people write it, nothing known yet of what it is worth.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Written<'a> {
    /// The token itself.
    Plain(&'a [u8]),
    /// `sha1:` and 40 hex digits.
    Sha1([u8; 20]),
    /// `sha256:` and 64 hex digits.
    Sha256([u8; 32]),
}

impl Written<'_> {
    /// Reads a token or a digest.
    pub fn parse(text: &[u8]) -> Result<Written<'_>, TokenError> {
        if let Some(digits) = strip_prefix_no_case(text, b"sha256:") {
            return hex(digits.trim_ascii()).map(Written::Sha256).ok_or(TokenError::Sha256);
        }
        if let Some(digits) = strip_prefix_no_case(text, b"sha1:") {
            return hex(digits.trim_ascii()).map(Written::Sha1).ok_or(TokenError::Sha1);
        }
        Ok(Written::Plain(text))
    }
}

/// A token never shows in debug output.
impl fmt::Debug for TokenEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TokenEntry::Plain(_) => "Plain(…)",
            TokenEntry::Sha1(_) => "Sha1(…)",
            TokenEntry::Sha256(_) => "Sha256(…)",
        })
    }
}

/// The tokens of a text file.
#[derive(Clone, Debug)]
pub struct TokenFile {
    /// Where they were read.
    pub path: PathBuf,
    /// In the order of the file, repetitions included.
    pub entries: Vec<TokenEntry>,
}

impl TokenFile {
    /// Reads every line; `refused` hears the number of each line that is not taken, and why.
    pub fn parse(
        path: PathBuf,
        text: &[u8],
        refused: &mut dyn FnMut(usize, TokenError),
    ) -> TokenFile {
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        let mut entries = Vec::new();
        for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            match TokenEntry::parse(line) {
                Ok(entry) => entries.push(entry),
                Err(error) => refused(index + 1, error),
            }
        }
        TokenFile { path, entries }
    }
}

/// Why a text is not taken as a token. Never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenError {
    /// A word that clean requests carry too.
    Common,
    /// The digest of such a word.
    CommonDigest,
    /// Text with white space or control characters.
    Fragment,
    /// A piece of a PEM block, which never travels line by line.
    Pem,
    /// A value that a report masked.
    Masked,
    /// Stands for a token that is elsewhere.
    Placeholder,
    /// `sha1:` without 40 hex digits.
    Sha1,
    /// `sha256:` without 64 hex digits.
    Sha256,
    /// A scheme such as `Bearer` before the token.
    Scheme,
    /// Fewer than eight bytes.
    Short,
}

impl TokenError {
    /// One word for programs.
    pub fn word(self) -> &'static str {
        match self {
            TokenError::Common => "common",
            TokenError::CommonDigest => "common-digest",
            TokenError::Fragment => "fragment",
            TokenError::Masked => "masked",
            TokenError::Pem => "pem",
            TokenError::Placeholder => "placeholder",
            TokenError::Scheme => "scheme",
            TokenError::Sha1 => "sha1",
            TokenError::Sha256 => "sha256",
            TokenError::Short => "short",
        }
    }

    /// What is wrong.
    pub fn what(self) -> &'static str {
        match self {
            TokenError::Common => "the token is a word that clean requests carry too",
            TokenError::CommonDigest => {
                "the digest of a word that clean requests carry too, or of a number"
            }
            TokenError::Fragment => "text with white space or control characters is seldom a token",
            TokenError::Masked => "the token is masked",
            TokenError::Pem => "a line of a PEM block never travels in a request",
            TokenError::Placeholder => "the token is a placeholder",
            TokenError::Scheme => "the token begins with its scheme",
            TokenError::Sha1 => "`sha1:` without 40 hex digits",
            TokenError::Sha256 => "`sha256:` without 64 hex digits",
            TokenError::Short => "the token is shorter than 8 bytes and would deny clean requests",
        }
    }

    /// What would be right.
    pub fn way_out(self) -> &'static str {
        match self {
            TokenError::Common | TokenError::CommonDigest | TokenError::Placeholder => {
                "write the token that leaked"
            }
            TokenError::Fragment => "write `sha256:` and its digest if it is one",
            TokenError::Masked => {
                "make the report again with its secrets in clear, or write `sha256:` and the digest"
            }
            TokenError::Pem => "leave the key out, or deny the tokens that it signed",
            TokenError::Scheme => "write what follows it, every scheme is tried",
            TokenError::Sha1 | TokenError::Sha256 => "write the digest of the token in hex",
            TokenError::Short => "use an anchored `regex` if that is meant",
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what(), self.way_out())
    }
}

impl std::error::Error for TokenError {}

/// A known scheme (`Bearer`, `token`, `Basic` …) and what follows it; none without one.
pub fn split_scheme(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = text.iter().position(u8::is_ascii_whitespace)?;
    let (scheme, rest) = text.split_at(space);
    let known = credentials::SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known));
    known.then_some((scheme, rest.trim_ascii()))
}

fn strip_prefix_no_case<'a>(text: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The bytes that exactly so many hex digits stand for.
pub fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    if digits.len() != N * 2 {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let &[high, low] = pair else { return None };
        *byte = (digit(high)? << 4) | digit(low)?;
    }
    Some(bytes)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_tokens_and_digests() {
        let digest = format!("SHA256:{}", "0f".repeat(32));
        assert_eq!(TokenEntry::parse(digest.as_bytes()), Ok(TokenEntry::Sha256([15; 32])));
        let digest = format!("sha1:{}", "Fa".repeat(20));
        assert_eq!(TokenEntry::parse(digest.as_bytes()), Ok(TokenEntry::Sha1([0xfa; 20])));
        assert_eq!(TokenEntry::parse(b"s3cr3t-1"), Ok(TokenEntry::Plain((*b"s3cr3t-1").into())));
    }

    #[test]
    fn damaged_digests() {
        for (text, error) in [
            ("sha1:00", TokenError::Sha1),
            ("sha256:zz", TokenError::Sha256),
            (&format!("sha1:{}", "+1".repeat(20)), TokenError::Sha1),
        ] {
            assert_eq!(TokenEntry::parse(text.as_bytes()), Err(error), "{text}");
        }
    }

    #[test]
    fn reads_files_of_every_line_ending() {
        let text = b"\xEF\xBB\xBFfirst-token\r\n# a comment\n\n  second-token \nshort\nthird-token";
        let mut refused = Vec::new();
        let file = TokenFile::parse("x".into(), text, &mut |line, error| {
            refused.push((line, error));
        });
        let plain = |text: &[u8]| TokenEntry::Plain(text.into());
        assert_eq!(
            file.entries,
            [plain(b"first-token"), plain(b"second-token"), plain(b"third-token")]
        );
        assert_eq!(refused, [(5, TokenError::Short)]);
    }

    #[test]
    fn debug_shows_no_token() {
        let entry = TokenEntry::parse(b"s3cr3t-1").unwrap();
        assert_eq!(format!("{entry:?}"), "Plain(…)");
    }
}
