//! Tokens written in rules and token files: plain, or as the digest somebody else made.
//!
//! The format of a token file is Wallarm API Firewall's: a token a line, as it travels without its
//! scheme. Blank lines and lines that begin with `#` are skipped; a line ends with LF or CRLF.
//! `sha256:` and `sha1:` before 64 or 40 hex digits stand for a token that is not written down.

use std::{fmt, path::PathBuf};

/// The shortest plain token that is taken: shorter ones turn up in clean requests by chance.
const SHORTEST: usize = 8;
/// A run of this many equal characters is a masked value: no generator writes one.
const MASK_RUN: usize = 8;
/// Words that reports and people write where a token should be.
const COMMON: [&str; 12] = [
    "changeme",
    "deadbeef",
    "example",
    "password",
    "password1",
    "placeholder",
    "redacted",
    "[redacted]",
    "<redacted>",
    "undefined",
    "your-token",
    "your_token",
];

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
        if let Some(digits) = strip_prefix_no_case(text, b"sha256:") {
            return hex(digits).map(TokenEntry::Sha256).ok_or(TokenError::Sha256);
        }
        if let Some(digits) = strip_prefix_no_case(text, b"sha1:") {
            return hex(digits).map(TokenEntry::Sha1).ok_or(TokenError::Sha1);
        }
        check_plain(text)?;
        Ok(TokenEntry::Plain(text.into()))
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenError {
    /// A word that clean requests carry too.
    Common,
    /// A piece of a PEM block, which never travels line by line.
    Pem,
    /// A value that a report masked.
    Masked,
    /// `sha1:` without 40 hex digits.
    Sha1,
    /// `sha256:` without 64 hex digits.
    Sha256,
    /// A scheme such as `Bearer` before the token.
    Scheme,
    /// Fewer than eight bytes.
    Short,
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TokenError::Common => {
                "the token is a word that clean requests carry too; write the token that leaked"
            }
            TokenError::Masked => {
                "the token is masked; make the report again with its secrets in clear, or write \
                 `sha256:` and the digest"
            }
            TokenError::Pem => {
                "a line of a PEM block never travels in a request; leave the key out, or deny the \
                 tokens that it signed"
            }
            TokenError::Scheme => {
                "the token begins with its scheme; write what follows it, every scheme is tried"
            }
            TokenError::Sha1 => {
                "`sha1:` without 40 hex digits; write the digest of the token in hex"
            }
            TokenError::Sha256 => {
                "`sha256:` without 64 hex digits; write the digest of the token in hex"
            }
            TokenError::Short => {
                "the token is shorter than 8 bytes and would deny clean requests; use an anchored \
                 `regex` if that is meant"
            }
        })
    }
}

impl std::error::Error for TokenError {}

fn check_plain(text: &[u8]) -> Result<(), TokenError> {
    if COMMON.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes())) {
        return Err(TokenError::Common);
    }
    if text.len() < SHORTEST {
        return Err(TokenError::Short);
    }
    if is_masked(text) {
        return Err(TokenError::Masked);
    }
    if text.starts_with(b"-----") {
        return Err(TokenError::Pem);
    }
    let schemes: [&[u8]; 3] = [b"Basic ", b"Bearer ", b"Token "];
    if schemes.iter().any(|scheme| strip_prefix_no_case(text, scheme).is_some()) {
        return Err(TokenError::Scheme);
    }
    Ok(())
}

fn is_masked(text: &[u8]) -> bool {
    let ellipsis = "…".as_bytes();
    text.windows(3).any(|window| window == b"***")
        || text.ends_with(b"...")
        || text.ends_with(ellipsis)
        || text
            .chunk_by(|a, b| a == b)
            .any(|run| run.len() >= MASK_RUN && run.len() * 2 > text.len())
}

fn strip_prefix_no_case<'a>(text: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let digits = digits.trim_ascii();
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
    fn refuses_what_is_no_token() {
        let cases: [(&[u8], TokenError); 14] = [
            (b"password", TokenError::Common),
            (b"REDACTED", TokenError::Common),
            (b"null", TokenError::Short),
            (b"", TokenError::Short),
            (b"abc********", TokenError::Masked),
            (b"ab***********cd", TokenError::Masked),
            (b"xxxxxxxxxxxx", TokenError::Masked),
            (b"prefix-of-it...", TokenError::Masked),
            ("prefix-of-it…".as_bytes(), TokenError::Masked),
            (b"-----BEGIN PRIVATE KEY-----", TokenError::Pem),
            (b"sha1:00", TokenError::Sha1),
            (b"sha256:zz", TokenError::Sha256),
            (b"bearer abcdefgh", TokenError::Scheme),
            (b"1234567", TokenError::Short),
        ];
        for (text, error) in cases {
            assert_eq!(TokenEntry::parse(text), Err(error), "{}", text.escape_ascii());
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
