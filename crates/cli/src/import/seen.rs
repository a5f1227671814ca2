//! Which tokens an import saw already: 16 bytes of digest each, so ten million stay small.

use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hasher},
};

use sha2::{Digest, Sha256};

use super::admit::Admissible;

/// A set of digests.
#[derive(Default)]
pub(crate) struct Seen {
    digests: HashSet<[u8; 16], BuildHasherDefault<First>>,
}

impl Seen {
    /// Adds a token; whether it is new.
    pub(crate) fn add(&mut self, secret: &Admissible<'_>) -> bool {
        let mut digest = [0; 16];
        let from: &[u8] = match secret {
            Admissible::Sha1(sha1) => sha1,
            Admissible::Sha256(sha256) => sha256,
            Admissible::Token(token) => &Sha256::digest(token),
        };
        for (to, from) in digest.iter_mut().zip(from) {
            *to = *from;
        }
        self.digests.insert(digest)
    }
}

/// A digest is a hash already: its last eight bytes will do.
#[derive(Default)]
struct First(u64);

impl Hasher for First {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(last) = bytes.last_chunk::<8>() {
            self.0 = u64::from_ne_bytes(*last);
        }
    }

    fn write_usize(&mut self, _: usize) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_time_is_seen() {
        let mut seen = Seen::default();
        let token = || Admissible::Token(b"s3cr3t-token"[..].into());
        assert!(seen.add(&token()));
        assert!(!seen.add(&token()));
        let digest = Sha256::digest(b"s3cr3t-token").into();
        assert!(!seen.add(&Admissible::Sha256(digest)));
        assert!(seen.add(&Admissible::Sha1([7; 20])));
    }
}
