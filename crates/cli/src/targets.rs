//! What a token is found by in a store: its bytes, and of a JWT what no spelling changes.

use std::{error::Error, path::Path};

use clap::ValueEnum;
use sha1::{Digest, Sha1};
use tokenban_denylist::{EntryKey, Snapshot, Target};
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

/// Hands over what to ban of a token: every JWT in it, which is found in every spelling, and the token
/// itself where it is more than a JWT, or asked for.
pub(crate) fn each(secret: &Admissible<'_>, only: Option<As>, sink: &mut dyn FnMut(Target<'_>)) {
    let token = match secret {
        Admissible::Known { kind, key } => {
            return sink(Target::Known { kind: *kind, key: *key, claim: None })
        }
        Admissible::Sha1(digest) => return sink(Target::Sha1(*digest)),
        Admissible::Sha256(digest) => return sink(Target::Sha256(*digest)),
        Admissible::Token(token) => token,
    };
    match only {
        None => Target::each(token, sink),
        Some(As::Token) => sink(Target::Token(token)),
        Some(As::Jwt) => Jwt::each(token, &mut |jwt| {
            sink(Target::Jwt { header: jwt.header(), payload: jwt.payload() });
        }),
    }
}

/// The keys that stand for this token alone: as it was banned, or as its digest was.
pub(crate) fn own_keys(secret: &Admissible<'_>) -> Vec<EntryKey> {
    let mut keys = Vec::new();
    each(secret, None, &mut |target| keys.push(target.key()));
    if let Admissible::Token(token) = secret {
        keys.push(Target::Token(token).key());
        keys.push(Target::Sha1(Sha1::digest(token).into()).key());
    }
    keys.dedup();
    keys
}

/// What messages call a token.
pub(crate) fn fingerprint(secret: &Admissible<'_>) -> String {
    let mut first = None;
    each(secret, None, &mut |target| {
        first.get_or_insert_with(|| entries::fingerprint(&target.key()));
    });
    first.unwrap_or_default()
}

/// The keys that begin like a fingerprint, from a person who writes at least its 12 digits. The text
/// is not repeated in the error: it may be a token.
pub(crate) fn keys_of_fingerprint(
    snapshot: &Snapshot<'_>,
    text: &str,
) -> Result<Vec<EntryKey>, Box<dyn Error>> {
    let prefix = hex_prefix(text).ok_or_else(|| match Path::new(text).is_file() {
        true => format!("{text} is no fingerprint; a file is read with --file {text}"),
        false => {
            "a fingerprint has 12 hex digits or more; a token is read from standard input or a \
                  file, never from arguments"
                .to_owned()
        }
    })?;
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
    let bytes = text.as_bytes().chunks(2).map(tokenban_engine::token::hex::<1>);
    bytes.map(|byte| byte.map(|[byte]| byte)).collect()
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
