//! What a token is found by in a store: its bytes, and of a JWT what no spelling changes.

use std::error::Error;

use clap::ValueEnum;
use sha1::{Digest, Sha1};
use tokenban_denylist::{Entry, EntryKey, Snapshot, StoreError, Target};
use tokenban_engine::Jwt;

use crate::{entries, import::Admissible};

/// As what a token is banned.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum As {
    /// As a JWT: in every spelling
    Jwt,
    /// As a token: byte for byte
    Token,
}

/// Hands over what to ban of a token: the token itself and every JWT in it.
pub(crate) fn each(secret: &Admissible<'_>, only: Option<As>, sink: &mut dyn FnMut(Target<'_>)) {
    let token = match secret {
        Admissible::Sha1(digest) => return sink(Target::Sha1(*digest)),
        Admissible::Sha256(digest) => return sink(Target::Sha256(*digest)),
        Admissible::Token(token) => token,
    };
    if only != Some(As::Token) {
        Jwt::each(token, &mut |jwt| {
            sink(Target::Jwt { header: jwt.header(), payload: jwt.payload() });
        });
    }
    if only != Some(As::Jwt) {
        sink(Target::Token(token));
    }
}

/// The keys that stand for this token alone: as it was banned, or as its digest was.
pub(crate) fn own_keys(secret: &Admissible<'_>) -> Vec<EntryKey> {
    let mut keys = Vec::new();
    each(secret, None, &mut |target| keys.push(target.key()));
    if let Admissible::Token(token) = secret {
        keys.push(Target::Sha1(Sha1::digest(token).into()).key());
    }
    keys.dedup();
    keys
}

/// What messages call a token.
pub(crate) fn fingerprint(secret: &Admissible<'_>) -> String {
    let mut last = String::new();
    each(secret, Some(As::Token), &mut |target| last = entries::fingerprint(&target.key()));
    last
}

/// The keys that begin like a fingerprint, from a person who writes at least its 12 digits. The text
/// is not repeated in the error: it may be a token.
pub(crate) fn keys_of_fingerprint(
    snapshot: &Snapshot<'_>,
    text: &str,
) -> Result<Vec<EntryKey>, Box<dyn Error>> {
    let prefix = hex_prefix(text).ok_or(
        "a fingerprint has 12 hex digits or more; a token is read from standard input or a file, \
         never from arguments",
    )?;
    let mut keys = Vec::new();
    for entry in snapshot.entries_from(&prefix)? {
        let key = entry?.key;
        if keys.last() != Some(&key) {
            keys.push(key);
        }
    }
    Ok(keys)
}

fn hex_prefix(text: &str) -> Option<Vec<u8>> {
    if !(12..=40).contains(&text.len()) || text.len() % 2 != 0 {
        return None;
    }
    let bytes = text.as_bytes().chunks(2).map(tokenban_engine::rule::hex::<1>);
    bytes.map(|byte| byte.map(|[byte]| byte)).collect()
}

/// A key under which a store may have an entry that denies a token.
pub(crate) struct Way {
    key: EntryKey,
    /// Of an entry by subject: when the token says that it was issued.
    issued: Option<Issued>,
}

/// What the claim `iat` of a JWT says.
#[derive(Clone, Copy)]
enum Issued {
    /// At this Unix second.
    At(u64),
    /// Nothing that can be read.
    Unknown,
}

/// The entries that deny a token, from all lists.
pub(crate) fn denying<'s>(
    snapshot: &'s Snapshot<'_>,
    ways: &[Way],
    now: u64,
) -> Result<Vec<Entry<'s>>, StoreError> {
    let mut denying: Vec<Entry<'_>> = Vec::new();
    for way in ways {
        for entry in snapshot.find(&way.key)? {
            let denies = !entries::is_over(&entry, now) && way.is_meant_by(&entry);
            if denies && !denying.contains(&entry) {
                denying.push(entry);
            }
        }
    }
    Ok(denying)
}

impl Way {
    /// Whether an entry at its key means the token: one by subject only such as were issued before.
    fn is_meant_by(&self, entry: &Entry<'_>) -> bool {
        match (entry.issued_before, self.issued) {
            (Some(before), Some(Issued::At(second))) => second < before,
            _ => true,
        }
    }
}

/// Every way in which a store could deny a token.
pub(crate) fn ways(secret: &Admissible<'_>) -> Vec<Way> {
    let mut ways = Vec::new();
    let mut add = |target: Target<'_>, issued| ways.push(Way { key: target.key(), issued });
    each(secret, None, &mut |target| add(target, None));
    let Admissible::Token(token) = secret else { return ways };
    add(Target::Sha1(Sha1::digest(token).into()), None);
    Jwt::each(token, &mut |jwt| {
        let mut issuers = claims(jwt, "iss");
        if issuers.is_empty() {
            issuers.push(Vec::new());
        }
        let issued = issued(jwt);
        for issuer in &issuers {
            for id in claims(jwt, "jti") {
                add(Target::Jti { issuer, id: &id }, None);
            }
            for subject in claims(jwt, "sub") {
                add(Target::Sub { issuer, subject: &subject }, Some(issued));
            }
        }
    });
    ways
}

fn claims(jwt: &Jwt<'_>, name: &str) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    jwt.claim(name, &mut |claim| all.push(claim.to_vec()));
    all
}

/// Of several claims `iat`, the earliest: a verifier may take any of them.
fn issued(jwt: &Jwt<'_>) -> Issued {
    let second = |text: Vec<u8>| std::str::from_utf8(&text).ok()?.parse::<f64>().ok();
    let all: Option<Vec<f64>> = claims(jwt, "iat").into_iter().map(second).collect();
    let earliest = all.unwrap_or_default().into_iter().reduce(f64::min);
    earliest.map_or(Issued::Unknown, |second| Issued::At(second.max(0.0) as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_of_people() {
        assert_eq!(hex_prefix("00ffA1b2c3d4"), Some(vec![0, 255, 0xa1, 0xb2, 0xc3, 0xd4]));
        for text in ["", "00ffa1b2c3", "00ffa1b2c3d", "not-hex-at-all", "00ffa1b2c3dg"] {
            assert_eq!(hex_prefix(text), None, "{text}");
        }
    }
}
