//! What of a finding is a token that a request could carry, and that no clean request carries.
//!
//! The engine decides about tokens (`admit_anywhere`); here is what only reports have: secrets that
//! they hide, halves of pairs, addresses.

use std::{borrow::Cow, fmt};

use tokenban_denylist::EntryKey;
use tokenban_engine::{
    denylist::Kind,
    token::{admit_anywhere, admit_digest, TokenError},
    Jwt,
};

use super::{
    checksum,
    finding::Secret,
    lines,
    notes::Notes,
    unwrap::{is_invisible, unwrap, Inside, Reading},
};

/// What the tokens are wanted for: it decides what is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be banned: nothing that clean requests carry.
    #[default]
    Ban,
    /// To be banned although they look like no token: a person said so, who wrote them.
    Insist,
    /// To be looked for: what is on a list may look like anything.
    Look,
}

/// A token or digest to ban, or to look for.
pub(crate) struct Admitted<'a> {
    /// What to look up.
    pub(crate) secret: Admissible<'a>,
    /// The token's own checksum is wrong: it was mistyped or cut, and will deny nothing.
    pub(crate) damaged: bool,
    /// What was taken off, or which part was taken.
    pub(crate) notes: Notes,
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
    /// Text that was no Unicode, so that nobody knows what it was.
    Damaged,
    /// The secret half of a pair.
    Half,
    /// The report does not hold it.
    Hidden,
    /// Longer than any request carries.
    Long,
    /// A row of a table, or several tokens on one line.
    Row,
    /// A setting whose name says that it is no credential.
    Setting,
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
            Refusal::Damaged => "damaged",
            Refusal::Half => "half",
            Refusal::Hidden => "hidden",
            Refusal::Long => "long",
            Refusal::Row => "row",
            Refusal::Setting => "setting",
            Refusal::Token(error) => error.word(),
            Refusal::Unreadable => "unreadable",
        }
    }

    /// With what would be right, for a person who wrote it.
    pub(crate) fn with_way_out(self) -> String {
        match self {
            Refusal::Token(
                error @ (TokenError::Common
                | TokenError::CommonDigest
                | TokenError::Fragment
                | TokenError::Short),
            ) => format!("{}; --force bans it nevertheless", error.what()),
            Refusal::Row => format!("{self}; --force bans the whole line"),
            Refusal::Setting => format!("{self}; write the token alone if it is one"),
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
            Refusal::Damaged => "the report is damaged here: what was the secret is no Unicode",
            Refusal::Half => "an AWS secret key: it never travels, the key id beside it does",
            Refusal::Hidden => "the report does not hold the secret",
            Refusal::Long => "longer than a request carries",
            Refusal::Row => {
                "several values on one line; write a token a line, or import the table with --column"
            }
            Refusal::Setting => "the name before the value says that it is no credential",
            Refusal::Token(error) => error.what(),
            Refusal::Unreadable => "no finding",
        })
    }
}

/// Decides about one secret: hands over its tokens, which belong together. They are several where
/// more than one reading of a text is plausible, or where it holds more than one token.
pub(crate) fn admit(
    secret: Secret<'_>,
    notes: Notes,
    purpose: Purpose,
    take: &mut dyn FnMut(&[Admitted<'_>]),
) -> Result<(), Refusal> {
    let secret = match secret {
        Secret::Damaged(error) => return Err(Refusal::Token(error)),
        Secret::Half => return Err(Refusal::Half),
        Secret::Hidden => return Err(Refusal::Hidden),
        Secret::OtherTool | Secret::Unnamed | Secret::Unreadable => {
            return Err(Refusal::Unreadable)
        }
        Secret::Known { kind, key } => Admissible::Known { kind, key },
        Secret::Sha1(digest) => digest_of(&digest, purpose, Admissible::Sha1(digest))?,
        Secret::Sha256(digest) => digest_of(&digest, purpose, Admissible::Sha256(digest))?,
        Secret::Row(_) if purpose == Purpose::Ban => return Err(Refusal::Row),
        Secret::Row(text) | Secret::Text(text) if text.len() > lines::LONGEST => {
            return Err(Refusal::Long)
        }
        Secret::Row(text) | Secret::Text(text)
            if memchr::memmem::find(text, REPLACED).is_some() =>
        {
            return Err(Refusal::Damaged)
        }
        Secret::Row(text) | Secret::Text(text) => return admit_text(text, notes, purpose, take),
    };
    take(&[Admitted { secret, damaged: false, notes }]);
    Ok(())
}

/// What stands for text that was no Unicode: U+FFFD.
const REPLACED: &[u8] = "\u{fffd}".as_bytes();

fn digest_of<'a>(
    digest: &[u8],
    purpose: Purpose,
    secret: Admissible<'a>,
) -> Result<Admissible<'a>, Refusal> {
    match purpose {
        Purpose::Ban => admit_digest(digest).map(|()| secret).map_err(Refusal::Token),
        Purpose::Insist | Purpose::Look => Ok(secret),
    }
}

fn admit_text(
    text: &[u8],
    notes: Notes,
    purpose: Purpose,
    take: &mut dyn FnMut(&[Admitted<'_>]),
) -> Result<(), Refusal> {
    let readings = match unwrap(text) {
        Inside::Bare(token) => {
            check(token, purpose)?;
            take(&[admitted(token, notes)]);
            return Ok(());
        }
        Inside::Readings(readings) => readings,
        Inside::Address if purpose == Purpose::Ban => return Err(Refusal::Address),
        Inside::Setting if purpose == Purpose::Ban => return Err(Refusal::Setting),
        Inside::Address | Inside::Setting => Vec::new(),
    };
    let mut refused = None;
    let mut taken = Vec::new();
    for Reading { token, notes: how } in &readings {
        match check(token, purpose) {
            Err(error) => refused = refused.or(Some(error)),
            Ok(()) => taken.push(admitted(token, notes.and(*how))),
        }
    }
    let as_written = text.trim_ascii();
    if purpose == Purpose::Look && readings.iter().all(|reading| reading.token != as_written)
        || readings.is_empty()
    {
        taken.push(admitted(as_written, notes));
    }
    match (taken.is_empty(), refused) {
        (true, Some(refusal)) => return Err(refusal),
        _ => take(&taken),
    }
    Ok(())
}

fn admitted(token: &[u8], notes: Notes) -> Admitted<'_> {
    let damaged = checksum::is_damaged(token);
    Admitted { secret: Admissible::Token(Cow::Borrowed(token)), damaged, notes }
}

fn check(token: &[u8], purpose: Purpose) -> Result<(), Refusal> {
    match purpose {
        Purpose::Ban if has_invisible(token) => Err(Refusal::Token(TokenError::Fragment)),
        Purpose::Ban => admit_anywhere(token).map_err(Refusal::Token),
        Purpose::Insist | Purpose::Look => Ok(()),
    }
}

/// White space beyond ASCII, or characters that nobody sees, within the text.
fn has_invisible(token: &[u8]) -> bool {
    !token.is_ascii() && std::str::from_utf8(token).is_ok_and(|text| text.contains(is_invisible))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &[u8], purpose: Purpose) -> Option<Refusal> {
        admit(Secret::Text(text), Notes::NONE, purpose, &mut |_| ()).err()
    }

    fn taken(text: &str, purpose: Purpose) -> Vec<String> {
        let mut taken = Vec::new();
        let mut take = |all: &[Admitted<'_>]| {
            let token = |one: &Admitted<'_>| String::from_utf8_lossy(one.secret.token()).into();
            taken.extend(all.iter().map(token));
        };
        let _ = admit(Secret::Text(text.as_bytes()), Notes::NONE, purpose, &mut take);
        taken
    }

    #[test]
    fn more_than_the_token_may_be_written() {
        let cases = [
            ("Bearer abcdef-012345", None),
            ("Bearer password", Some(Refusal::Token(TokenError::Common))),
            ("https://example.com/path", Some(Refusal::Address)),
            ("NODE_ENV=production", Some(Refusal::Setting)),
            ("two words here", Some(Refusal::Token(TokenError::Fragment))),
            ("two\u{a0}words", Some(Refusal::Token(TokenError::Fragment))),
            ("cut-by\u{200b}-a-chat", Some(Refusal::Token(TokenError::Fragment))),
            ("abc\u{fffd}defgh", Some(Refusal::Damaged)),
        ];
        for (text, expected) in cases {
            assert_eq!(refusal(text.as_bytes(), Purpose::Ban), expected, "{text}");
        }
        let long = vec![b'a'; lines::LONGEST + 1];
        assert_eq!(refusal(&long, Purpose::Ban), Some(Refusal::Long));
    }

    #[test]
    fn a_person_may_insist_and_what_is_looked_for_may_be_anything() {
        for purpose in [Purpose::Insist, Purpose::Look] {
            assert_eq!(taken("password", purpose), ["password"]);
            assert_eq!(taken("PORT=8080", purpose), ["PORT=8080"]);
        }
        assert_eq!(taken("\"abcdef-012345\",", Purpose::Insist), ["abcdef-012345"]);
        let all = ["abcdef-012345", "\"abcdef-012345\","];
        assert_eq!(taken("\"abcdef-012345\",", Purpose::Look), all);
    }

    #[test]
    fn digests_of_words_are_refused_unless_a_person_insists() {
        let no_cache: [u8; 20] = <sha1::Sha1 as sha1::Digest>::digest("no-cache").into();
        let admit = |purpose| admit(Secret::Sha1(no_cache), Notes::NONE, purpose, &mut |_| ());
        assert_eq!(admit(Purpose::Ban), Err(Refusal::Token(TokenError::CommonDigest)));
        assert_eq!(admit(Purpose::Insist), Ok(()));
        assert_eq!(admit(Purpose::Look), Ok(()));
    }

    #[test]
    fn a_wrong_checksum_is_marked() {
        let token = concat!("npm", "_qkJaB6MffYVzZXWqmcoF49yrUxP3wg", "0LsakP");
        let mut damaged = false;
        let mut take = |all: &[Admitted<'_>]| damaged = all.iter().any(|one| one.damaged);
        admit(Secret::Text(token.as_bytes()), Notes::NONE, Purpose::Ban, &mut take).unwrap();
        assert!(damaged);
    }
}
