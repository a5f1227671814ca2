//! What a report says of one leaked secret.

use memchr::memmem;
use tokenban_denylist::{Claim, EntryKey, Target};
use tokenban_engine::{
    denylist::{Kind, Level, Networks},
    token::TokenError,
};

use super::notes::Notes;

/// One finding of a report.
#[derive(Clone, Copy)]
pub(crate) struct Finding<'a> {
    /// The line of the report where it begins.
    pub(crate) line: u64,
    /// The secret, or its digest.
    pub(crate) secret: Secret<'a>,
    /// The rule, detector or type that the report names; empty when it names none.
    pub(crate) rule: &'a str,
    /// Where to read more: an address or the report's own fingerprint; never the line that matched.
    pub(crate) link: &'a str,
    /// Whether it still works, as far as the report knows.
    pub(crate) validity: Validity,
    /// Which part of the finding was taken.
    pub(crate) notes: Notes,
    /// Of an export of a store: what else it says of the entry.
    pub(crate) kept: Option<Kept<'a>>,
}

/// What a store keeps beside key and reason.
#[derive(Clone, Copy)]
pub(crate) struct Kept<'a> {
    /// The denylist.
    pub(crate) list: &'a str,
    /// Where it came from.
    pub(crate) source: &'a str,
    /// When it was added, ends, and which tokens it means: Unix seconds.
    pub(crate) added: u64,
    pub(crate) expires: Option<u64>,
    pub(crate) issued_before: Option<u64>,
    /// Whether its reason names an incident.
    pub(crate) is_named: bool,
    /// What it does, and for whom it only reports.
    pub(crate) level: Level,
    pub(crate) except: Networks<'a>,
    /// Of a claim: what may be seen of it.
    pub(crate) claim: Option<Claim<'a>>,
}

impl<'a> Kept<'a> {
    /// A target of another store, with what that tells of its claim.
    pub(crate) fn of(&self, target: Target<'a>) -> Target<'a> {
        match target {
            Target::Known { kind, key, .. } => Target::Known { kind, key, claim: self.claim },
            other => other,
        }
    }
}

impl<'a> Finding<'a> {
    /// A secret of which nothing else is known.
    pub(crate) fn of(line: u64, secret: Secret<'a>) -> Finding<'a> {
        let (validity, notes) = (Validity::Unknown, Notes::NONE);
        Finding { line, secret, rule: "", link: "", validity, notes, kept: None }
    }

    /// The reason that an entry keeps: rule and link. What has the token in it (an address with
    /// its credential) is left out.
    pub(crate) fn reason(&self, token: &[u8]) -> String {
        [self.rule, self.link]
            .into_iter()
            .filter(|part| !part.is_empty())
            .filter(|part| token.is_empty() || memmem::find(part.as_bytes(), token).is_none())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// A secret as a report gives it.
#[derive(Clone, Copy)]
pub(crate) enum Secret<'a> {
    /// A digest that is none.
    Damaged(TokenError),
    /// Half of a pair, of which only the other half travels (an AWS secret key).
    Half,
    /// The report was made without it.
    Hidden,
    /// What a store finds an entry by.
    Known { kind: Kind, key: EntryKey },
    /// A row of a table, or several tokens on one line.
    Row(&'a [u8]),
    /// SHA-1 of the token.
    Sha1([u8; 20]),
    /// SHA-256 of the token.
    Sha256([u8; 32]),
    /// A finding of another kind of tool, in the same report.
    OtherTool,
    /// In clear.
    Text(&'a [u8]),
    /// Beside a name that says that it is none.
    Unnamed,
    /// Not a finding at all: a line of a log between findings.
    Unreadable,
}

/// Whether a secret still works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    /// Checked, works.
    Active,
    /// A person said that it is no secret.
    Dismissed,
    /// Checked, works no more.
    Inactive,
    /// Not checked, or the check failed.
    Unknown,
}

impl Validity {
    /// The words of GitHub, ggshield and betterleaks.
    pub(crate) fn of(word: &str) -> Validity {
        match word.to_ascii_lowercase().as_str() {
            "active" | "valid" | "verified" | "active credential" | "verifiedactive"
            | "verified_active" => Validity::Active,
            "inactive"
            | "invalid"
            | "revoked"
            | "expired"
            | "inactive credential"
            | "verifiedinactive"
            | "verified_inactive" => Validity::Inactive,
            _ => Validity::Unknown,
        }
    }
}

/// A secret in clear, unless it is empty or the half of a pair that never travels.
pub(crate) fn clear<'a>(secret: &'a str, rule: &str) -> Secret<'a> {
    match secret {
        "" => Secret::Hidden,
        half if is_aws(rule) && is_aws_secret(half) => Secret::Half,
        all => Secret::Text(all.as_bytes()),
    }
}

/// Whether a rule is one of AWS, of whose pairs the key id travels.
pub(crate) fn is_aws(rule: &str) -> bool {
    let rule = rule.to_ascii_lowercase();
    rule.starts_with("aws") || rule.contains("amazon")
}

/// The secret access key: 40 characters of standard base64. It signs and never travels.
fn is_aws_secret(secret: &str) -> bool {
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    secret.len() == 40 && secret.bytes().all(alphabet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_never_has_the_token_in_it() {
        let link = "https://x:s3cr3t-1@host/";
        let finding = Finding { rule: "a rule", link, ..Finding::of(1, Secret::Hidden) };
        assert_eq!(finding.reason(b"s3cr3t-1"), "a rule");
        assert_eq!(finding.reason(b"s3cr3t-2"), "a rule https://x:s3cr3t-1@host/");
        assert_eq!(finding.reason(b""), "a rule https://x:s3cr3t-1@host/");
    }

    #[test]
    fn words_of_every_tool() {
        assert_eq!(Validity::of("VALID"), Validity::Active);
        assert_eq!(Validity::of("revoked"), Validity::Inactive);
        assert_eq!(Validity::of("failed_to_check"), Validity::Unknown);
        assert_eq!(Validity::of(""), Validity::Unknown);
    }
}
