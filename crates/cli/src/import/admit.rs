//! What of a finding is a token that a request could carry, and that no clean request carries.
//!
//! The engine decides about tokens (`admit_anywhere`); here is what only reports have: secrets that
//! they hide, halves of pairs, addresses.

use std::{borrow::Cow, fmt};

use tokenban_denylist::EntryKey;
use tokenban_engine::{
    denylist::Kind,
    rule::{admit_anywhere, TokenError},
    Jwt,
};

use super::{
    checksum,
    finding::Secret,
    lines,
    unwrap::{unwrap, Inside},
};

/// A token or digest to ban.
pub(crate) struct Admitted<'a> {
    /// What to look up.
    pub(crate) secret: Admissible<'a>,
    /// The token's own checksum is wrong: it was mistyped or cut, and will deny nothing.
    pub(crate) damaged: bool,
}

/// What an entry can be made from.
#[derive(PartialEq)]
pub(crate) enum Admissible<'a> {
    /// An entry of another store.
    Known { kind: Kind, key: EntryKey },
    /// SHA-1 of the token.
    Sha1([u8; 20]),
    /// SHA-256 of the token.
    Sha256([u8; 32]),
    /// The token.
    Token(Cow<'a, [u8]>),
}

impl Admissible<'_> {
    /// The same, to be kept.
    pub(crate) fn owned(&self) -> Admissible<'static> {
        match self {
            Admissible::Known { kind, key } => Admissible::Known { kind: *kind, key: *key },
            Admissible::Sha1(digest) => Admissible::Sha1(*digest),
            Admissible::Sha256(digest) => Admissible::Sha256(*digest),
            Admissible::Token(token) => Admissible::Token(Cow::Owned(token.to_vec())),
        }
    }

    /// The token; empty where only its digest is known.
    pub(crate) fn token(&self) -> &[u8] {
        match self {
            Admissible::Token(token) => token,
            _ => b"",
        }
    }

    /// Whether the token is a JWT, which is banned in every spelling.
    pub(crate) fn is_jwt(&self) -> bool {
        let mut found = false;
        Jwt::each(self.token(), &mut |_| found = true);
        found
    }
}

/// Why a finding is not banned. Never holds any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Refusal {
    /// An address without a credential in it.
    Address,
    /// The secret half of a pair.
    Half,
    /// The report does not hold it.
    Hidden,
    /// Longer than any request carries.
    Long,
    /// The engine takes no such token.
    Token(TokenError),
    /// Not a finding.
    Unreadable,
}

impl Refusal {
    /// One word for programs.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Refusal::Address => "address",
            Refusal::Half => "half",
            Refusal::Hidden => "hidden",
            Refusal::Long => "long",
            Refusal::Token(error) => error.word(),
            Refusal::Unreadable => "unreadable",
        }
    }

    /// With what would be right, for a person who wrote it.
    pub(crate) fn with_way_out(self) -> String {
        match self {
            Refusal::Token(TokenError::Short) => format!(
                "{}; ban its digest with `sha256:` if that is meant",
                TokenError::Short.what()
            ),
            Refusal::Token(error) => error.to_string(),
            other => other.to_string(),
        }
    }

    /// Whether the report would hold the secret if it were made in another way.
    pub(crate) fn is_of_the_report(self) -> bool {
        matches!(self, Refusal::Hidden | Refusal::Token(TokenError::Masked))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Address => "an address without a credential",
            Refusal::Half => "an AWS secret key: it never travels, the key id beside it does",
            Refusal::Hidden => "the report does not hold the secret",
            Refusal::Long => "longer than a request carries",
            Refusal::Token(error) => error.what(),
            Refusal::Unreadable => "no finding",
        })
    }
}

/// Decides about one secret of a report.
pub(crate) fn admit(secret: Secret<'_>) -> Result<Admitted<'_>, Refusal> {
    admitted(secret, token)
}

/// Decides about one token that a person wrote as it travels, without its scheme.
pub(crate) fn admit_exact(secret: Secret<'_>) -> Result<Admitted<'_>, Refusal> {
    admitted(secret, |text| checked(Cow::Borrowed(text)))
}

/// Takes any token that a person wrote: one that is on a list for its digest may look like anything.
pub(crate) fn take_exact(secret: Secret<'_>) -> Result<Admitted<'_>, Refusal> {
    admitted(secret, |text| match admit_anywhere(text) {
        Err(error @ TokenError::Scheme) => Err(Refusal::Token(error)),
        _ => Ok(Cow::Borrowed(text)),
    })
}

fn admitted<'a>(
    secret: Secret<'a>,
    token: impl FnOnce(&'a [u8]) -> Result<Cow<'a, [u8]>, Refusal>,
) -> Result<Admitted<'a>, Refusal> {
    let secret = match secret {
        Secret::Damaged(error) => return Err(Refusal::Token(error)),
        Secret::Half => return Err(Refusal::Half),
        Secret::Hidden => return Err(Refusal::Hidden),
        Secret::Known { kind, key } => Admissible::Known { kind, key },
        Secret::Sha1(digest) => Admissible::Sha1(digest),
        Secret::Sha256(digest) => Admissible::Sha256(digest),
        Secret::Text(text) if text.len() > lines::LONGEST => return Err(Refusal::Long),
        Secret::Text(text) => Admissible::Token(token(text)?),
        Secret::Unreadable => return Err(Refusal::Unreadable),
    };
    let damaged = matches!(&secret, Admissible::Token(token) if checksum::is_damaged(token));
    Ok(Admitted { secret, damaged })
}

/// The token in a text.
fn token(text: &[u8]) -> Result<Cow<'_, [u8]>, Refusal> {
    match unwrap(text) {
        Inside::Address => Err(Refusal::Address),
        Inside::Token(token) => checked(token),
    }
}

fn checked(token: Cow<'_, [u8]>) -> Result<Cow<'_, [u8]>, Refusal> {
    match admit_anywhere(&token) {
        Err(error) => Err(Refusal::Token(error)),
        Ok(()) => Ok(token),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(admitted: Result<Admitted<'_>, Refusal>) -> Option<Refusal> {
        admitted.err()
    }

    #[test]
    fn a_report_may_hold_more_than_the_token() {
        let cases = [
            ("Bearer abcdef-012345", None),
            ("Bearer password", Some(Refusal::Token(TokenError::Common))),
            ("https://example.com/path", Some(Refusal::Address)),
            ("two words here", Some(Refusal::Token(TokenError::Fragment))),
        ];
        for (text, expected) in cases {
            assert_eq!(refusal(admit(Secret::Text(text.as_bytes()))), expected, "{text}");
        }
        let long = vec![b'a'; lines::LONGEST + 1];
        assert_eq!(refusal(admit(Secret::Text(&long))), Some(Refusal::Long));
    }

    #[test]
    fn a_person_writes_the_token_alone() {
        let cases = [
            ("abcdef-012345", None),
            ("Bearer abcdef-012345", Some(Refusal::Token(TokenError::Scheme))),
            ("Authorization: Bearer abcdef-012345", Some(Refusal::Token(TokenError::Scheme))),
        ];
        for (text, expected) in cases {
            assert_eq!(refusal(admit_exact(Secret::Text(text.as_bytes()))), expected, "{text}");
        }
    }

    #[test]
    fn a_wrong_checksum_is_marked() {
        let token = concat!("npm", "_qkJaB6MffYVzZXWqmcoF49yrUxP3wg", "0LsakP");
        let admitted = admit(Secret::Text(token.as_bytes())).ok().map(|token| token.damaged);
        assert_eq!(admitted, Some(true));
    }
}
