//! What a token is found by in a store: its bytes, and of a JWT what no spelling changes.

use std::{collections::HashMap, error::Error, path::Path};

use clap::ValueEnum;
use sha1::{Digest, Sha1};
use tokenban_denylist::{EntryKey, Snapshot, Target};
use tokenban_engine::{fingerprint::Fingerprint, Jwt};

use crate::{fingerprints, import::Admissible, input};

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
        first.get_or_insert_with(|| fingerprints::of_entry(&target.key()));
    });
    first.unwrap_or_default()
}

/// The keys of each fingerprint that a person wrote: of its 16 digits, with the key of the site or a
/// former one; or of a form that older versions showed, 12 digits or more of the store's key itself.
pub(crate) fn keys_of_fingerprints(
    snapshot: &Snapshot<'_>,
    texts: &[String],
) -> Result<Vec<Vec<EntryKey>>, Box<dyn Error>> {
    let mut keys = Vec::new();
    let mut wanted: HashMap<Fingerprint, Vec<usize>> = HashMap::new();
    for (index, text) in texts.iter().enumerate() {
        let begun = begun_like(snapshot, text)?;
        if let Some(shown) = Fingerprint::parse(text.as_bytes()).filter(|_| begun.is_empty()) {
            wanted.entry(shown).or_default().push(index);
        }
        keys.push(begun);
    }
    if !wanted.is_empty() {
        find_shown(snapshot, &wanted, &mut keys)?;
    }
    Ok(keys)
}

/// Goes through the whole store: nothing but the key of an entry leads to its fingerprint.
fn find_shown(
    snapshot: &Snapshot<'_>,
    wanted: &HashMap<Fingerprint, Vec<usize>>,
    found: &mut [Vec<EntryKey>],
) -> Result<(), Box<dyn Error>> {
    let bar = input::counted("looking for fingerprints", snapshot.keys()?);
    let mut before = None;
    for entry in snapshot.entries()? {
        let key = entry?.key;
        if before.replace(key) == Some(key) {
            continue;
        }
        bar.inc(1);
        let asked = fingerprints::keys().all(key.as_bytes()).filter_map(|one| wanted.get(&one));
        for index in asked.flatten() {
            if let Some(found) = found.get_mut(*index) {
                found.push(key);
            }
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// The keys that begin with some digits. The text is not repeated in the error: it may be a token.
fn begun_like(snapshot: &Snapshot<'_>, text: &str) -> Result<Vec<EntryKey>, Box<dyn Error>> {
    let prefix = hex_prefix(text).ok_or_else(|| match Path::new(text).is_file() {
        true => format!("{text} is no fingerprint; a file is read with --file {text}"),
        false => "a fingerprint has 16 hex digits, or 12 in an older log; a token is read from \
                  standard input or a file, never from arguments"
            .to_owned(),
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
