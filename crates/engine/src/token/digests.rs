//! Digests of what is no token: a list of digests may hold those of `no-cache` or `password`, which
//! nobody sees in it.

use std::{collections::HashSet, sync::OnceLock};

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::{words, TokenError};

/// Values of clean requests that are too short to be taken as tokens; a digest hides their length.
const SHORT: [&str; 62] = [
    "",
    "*/*",
    "?0",
    "?1",
    "a",
    "admin",
    "all",
    "api",
    "apikey",
    "b",
    "basic",
    "bearer",
    "br",
    "c",
    "close",
    "cors",
    "default",
    "deflate",
    "demo",
    "dev",
    "dummy",
    "empty",
    "en",
    "en-US",
    "example",
    "false",
    "foo",
    "foobar",
    "bar",
    "gzip",
    "gzip, deflate",
    "gzip, deflate, br",
    "gzip, deflate, br, zstd",
    "guest",
    "https",
    "http",
    "iframe",
    "image",
    "key",
    "letmein",
    "locale",
    "login",
    "none",
    "no-cors",
    "null",
    "pass",
    "private",
    "prod",
    "public",
    "qwerty",
    "root",
    "sample",
    "script",
    "secret",
    "staging",
    "string",
    "test",
    "token",
    "true",
    "u=1, i",
    "user",
    "value",
];
/// So many small numbers are known.
const NUMBERS: u32 = 10_000;

/// Checks a SHA-1 or SHA-256 of a token that is not written down.
pub fn admit_digest(digest: &[u8]) -> Result<(), TokenError> {
    static KNOWN: OnceLock<HashSet<[u8; 16]>> = OnceLock::new();
    let known = KNOWN.get_or_init(known);
    let start = digest.first_chunk().ok_or(TokenError::Sha256)?;
    match known.contains(start) {
        true => Err(TokenError::CommonDigest),
        false => Ok(()),
    }
}

/// The beginnings of both digests of every such value.
fn known() -> HashSet<[u8; 16]> {
    let mut known = HashSet::new();
    let mut add = |text: &[u8]| {
        known.extend(Sha1::digest(text).first_chunk().copied());
        known.extend(Sha256::digest(text).first_chunk().copied());
    };
    let words = words::WORDS.iter().chain(&SHORT);
    for word in words {
        let capital = word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1));
        add(word.as_bytes());
        add(word.to_ascii_uppercase().as_bytes());
        add(capital.collect::<String>().as_bytes());
    }
    (0..NUMBERS).for_each(|number| add(number.to_string().as_bytes()));
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_words_are_known() {
        for word in [
            "no-cache",
            "password",
            "Password",
            "NO-CACHE",
            "",
            "true",
            "8080",
            "gzip, deflate, br",
        ] {
            for digest in [Sha1::digest(word).to_vec(), Sha256::digest(word).to_vec()] {
                assert_eq!(admit_digest(&digest), Err(TokenError::CommonDigest), "{word}");
            }
        }
        assert_eq!(admit_digest(&Sha1::digest("fake-token-01")), Ok(()));
        assert_eq!(admit_digest(&Sha256::digest("fake-token-01")), Ok(()));
    }
}
