//! What of a finding is a token that a request could carry, and that no clean request carries.

use std::{borrow::Cow, fmt};

use super::{
    checksum,
    finding::Secret,
    lines,
    unwrap::{unwrap, Inside},
    words,
};

/// The shortest token that is admitted: shorter ones turn up in clean requests by chance.
const SHORTEST: usize = 8;
/// A token has at least so many different bytes; a run or a pattern has fewer.
const DISTINCT: usize = 5;

/// A token or digest to ban.
pub(crate) struct Admitted<'a> {
    /// What to look up.
    pub(crate) secret: Admissible<'a>,
    /// The token's own checksum is wrong: it was mistyped or cut, and will deny nothing.
    pub(crate) damaged: bool,
}

/// What an entry can be made from.
#[derive(Debug, PartialEq)]
pub(crate) enum Admissible<'a> {
    /// SHA-1 of the token.
    Sha1([u8; 20]),
    /// SHA-256 of the token.
    Sha256([u8; 32]),
    /// The token.
    Token(Cow<'a, [u8]>),
}

/// Why a finding is not banned. Never holds any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Refusal {
    /// An address without a credential in it.
    Address,
    /// Clean requests carry it.
    Common,
    /// Text with white space or control characters.
    Fragment,
    /// The secret half of a pair.
    Half,
    /// The report does not hold it.
    Hidden,
    /// Longer than any request carries.
    Long,
    /// Masked or cut by the tool.
    Masked,
    /// A private key or a piece of one.
    Pem,
    /// Stands for a token that is elsewhere.
    Placeholder,
    /// Fewer than eight bytes.
    Short,
    /// Not a finding.
    Unreadable,
}

impl Refusal {
    /// One word for programs.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Refusal::Address => "address",
            Refusal::Common => "common",
            Refusal::Fragment => "fragment",
            Refusal::Half => "half",
            Refusal::Hidden => "hidden",
            Refusal::Long => "long",
            Refusal::Masked => "masked",
            Refusal::Pem => "pem",
            Refusal::Placeholder => "placeholder",
            Refusal::Short => "short",
            Refusal::Unreadable => "unreadable",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Address => "an address without a credential",
            Refusal::Common => "a word or number that clean requests carry too",
            Refusal::Fragment => "text with white space, no token",
            Refusal::Half => "an AWS secret key: it never travels, the key id beside it does",
            Refusal::Hidden => "the report does not hold the secret",
            Refusal::Long => "longer than a request carries",
            Refusal::Masked => "masked",
            Refusal::Pem => "a private key or a piece of one: it never travels",
            Refusal::Placeholder => "a placeholder",
            Refusal::Short => "shorter than 8 bytes",
            Refusal::Unreadable => "no finding, or a damaged digest",
        })
    }
}

/// Decides about one secret of a report.
pub(crate) fn admit(secret: Secret<'_>) -> Result<Admitted<'_>, Refusal> {
    let secret = match secret {
        Secret::Half => return Err(Refusal::Half),
        Secret::Hidden => return Err(Refusal::Hidden),
        Secret::Sha1(digest) => Admissible::Sha1(digest),
        Secret::Sha256(digest) => Admissible::Sha256(digest),
        Secret::Text(text) => Admissible::Token(token(text)?),
        Secret::Unreadable => return Err(Refusal::Unreadable),
    };
    let damaged = matches!(&secret, Admissible::Token(token) if checksum::is_damaged(token));
    Ok(Admitted { secret, damaged })
}

/// The token in a text.
pub(crate) fn token(text: &[u8]) -> Result<Cow<'_, [u8]>, Refusal> {
    if text.len() > lines::LONGEST {
        return Err(Refusal::Long);
    }
    if is_pem(text) {
        return Err(Refusal::Pem);
    }
    let token = match unwrap(text) {
        Inside::Address => return Err(Refusal::Address),
        Inside::Token(token) => token,
    };
    check(&token)?;
    Ok(token)
}

fn check(token: &[u8]) -> Result<(), Refusal> {
    if is_masked(token) {
        return Err(Refusal::Masked);
    }
    if token.len() < SHORTEST {
        return Err(Refusal::Short);
    }
    if words::is_placeholder(token) {
        return Err(Refusal::Placeholder);
    }
    if token.iter().any(|byte| *byte <= b' ' || *byte == 0x7f) {
        return Err(Refusal::Fragment);
    }
    if words::is_common(token) || is_monotonous(token) {
        return Err(Refusal::Common);
    }
    Ok(())
}

fn is_pem(text: &[u8]) -> bool {
    memchr::memmem::find(text, b"-----BEGIN").is_some()
        || memchr::memmem::find(text, b"-----END").is_some()
        || text.starts_with(b"PuTTY-User-Key-File")
        // Lines of base64 beneath each other.
        || (text.len() > 64 && text.contains(&b'\n') && text.split(|&b| b == b'\n').all(is_base64))
}

fn is_base64(line: &[u8]) -> bool {
    let alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    line.trim_ascii().iter().all(alphabet)
}

/// What tools leave of a value that they hide.
fn is_masked(text: &[u8]) -> bool {
    let bare = text.trim_ascii();
    let inner = bare
        .strip_prefix(b"[")
        .or_else(|| bare.strip_prefix(b"<"))
        .and_then(|rest| rest.split_last())
        .map_or(bare, |(_, inside)| inside);
    memchr::memmem::find(text, b"***").is_some()
        || memchr::memmem::find(text, b"REDACTED").is_some()
        || ["redacted", "masked", "hidden", "removed", "filtered", "secret"]
            .iter()
            .any(|word| inner.eq_ignore_ascii_case(word.as_bytes()) && inner.len() < bare.len())
        || ["redacted", "masked"].iter().any(|word| inner.eq_ignore_ascii_case(word.as_bytes()))
        || text.ends_with(b"...")
        || text.ends_with("…".as_bytes())
        || memchr::memmem::find(text, "••".as_bytes()).is_some()
        || has_mask_run(text)
}

/// Runs of `x` or `#`: five anywhere, four at the end. Of random tokens of 40 characters, one in
/// ten million looks so.
fn has_mask_run(text: &[u8]) -> bool {
    let mut end = 0;
    text.chunk_by(|a, b| a == b).any(|run| {
        end += run.len();
        let least = if end == text.len() { 4 } else { 5 };
        run.len() >= least && matches!(run[0], b'x' | b'X' | b'#')
    })
}

/// `aaaaaaaa`, `abababab`, `abcdefgh`, `98765432`.
fn is_monotonous(token: &[u8]) -> bool {
    let mut seen = [false; 256];
    let mut distinct = 0;
    for &byte in token {
        distinct += usize::from(!seen[usize::from(byte)]);
        seen[usize::from(byte)] = true;
        if distinct >= DISTINCT {
            return is_sequence(token);
        }
    }
    true
}

fn is_sequence(token: &[u8]) -> bool {
    let step = |by: i16| move |pair: &[u8]| i16::from(pair[1]) - i16::from(pair[0]) == by;
    token.windows(2).all(step(1)) || token.windows(2).all(step(-1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_admitted() {
        for text in [
            "s3cr3t-1",
            concat!("ghp", "_0123456789abcdefghijABCDEFGHIJ012345"),
            concat!("AKIA", "2E7Q5ABCDEFGHIJ6"),
            "Bearer abcdef-012345",
            "correct-horse-battery-staple",
            "pässwörter",
            "axxxb-c-d-e",
            "1234567890123456",
            "12345678:AAF-telegram",
        ] {
            assert!(token(text.as_bytes()).is_ok(), "{text}: {:?}", token(text.as_bytes()));
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let cases = [
            ("REDACTED", Refusal::Masked),
            ("[REDACTED]", Refusal::Masked),
            ("<redacted>", Refusal::Masked),
            ("ghp_REDACTED", Refusal::Masked),
            ("abc********", Refusal::Masked),
            ("DDA***C39", Refusal::Masked),
            ("prefix-of-it...", Refusal::Masked),
            ("prefix-of-it…", Refusal::Masked),
            ("••••••••", Refusal::Masked),
            ("AKIAXXXXXXXXXXXXXXXX", Refusal::Masked),
            ("glpat-1234xxxx", Refusal::Masked),
            ("null", Refusal::Short),
            ("1234567", Refusal::Short),
            ("", Refusal::Short),
            ("password", Refusal::Common),
            ("ChangeMe", Refusal::Common),
            ("undefined", Refusal::Common),
            ("no-cache", Refusal::Common),
            ("aaaaaaaaaaaa", Refusal::Common),
            ("abababababab", Refusal::Common),
            ("abcdefghij", Refusal::Common),
            ("2026112403", Refusal::Common),
            ("someone@example.com", Refusal::Common),
            ("-----BEGIN RSA PRIVATE KEY-----", Refusal::Pem),
            ("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", Refusal::Pem),
            ("two words here", Refusal::Fragment),
            ("line-one\nline-two", Refusal::Fragment),
            ("${SECRET_TOKEN}", Refusal::Placeholder),
            ("your-api-key-goes-here", Refusal::Placeholder),
            ("https://example.com/path", Refusal::Address),
            ("Bearer password", Refusal::Common),
        ];
        for (text, refusal) in cases {
            assert_eq!(token(text.as_bytes()), Err(refusal), "{text}");
        }
        assert_eq!(token(&vec![b'a'; lines::LONGEST + 1]), Err(Refusal::Long));
    }

    #[test]
    fn a_wrong_checksum_is_marked() {
        let token = concat!("npm", "_qkJaB6MffYVzZXWqmcoF49yrUxP3wg", "0LsakP");
        let admitted = admit(Secret::Text(token.as_bytes())).ok().map(|token| token.damaged);
        assert_eq!(admitted, Some(true));
    }
}
