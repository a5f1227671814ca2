//! What the entries of a store have in common: the cheapest of all filters.
//!
//! It only ever grows while entries are added, so a «no» is certain. It says of the entries which
//! lengths they have and whether any holds white space: nothing that helps to guess one.

/// What an entry stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A JWT, in every spelling.
    Jwt,
    /// A JWT by its claims `iss` and `jti`.
    Jti,
    /// A token of which only the SHA-1 is known.
    Sha1,
    /// A token of which only the SHA-256 is known.
    Sha256,
    /// The JWTs of a subject, by `iss` and `sub`.
    Sub,
    /// A token, byte for byte.
    Token,
}

/// Bits for the lengths 0 to 1,022; the last one stands for all longer ones.
const WORDS: usize = 16;

/// Which values the entries of a store may match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    lengths: [u64; WORDS],
    /// A bit each for white space in some token, and for entries of a kind.
    flags: u64,
}

const SPACES: u64 = 1;
const SHA1: u64 = 1 << 1;
const JWT: u64 = 1 << 2;
const CLAIMS: u64 = 1 << 3;

impl Profile {
    /// The profile of a store without entries.
    pub const EMPTY: Profile = Profile { lengths: [0; WORDS], flags: 0 };

    /// The profile of a store of which nothing is known: any value of eight bytes and more.
    pub const ANY: Profile = {
        let mut lengths = [u64::MAX; WORDS];
        lengths[0] = !0xff;
        Profile { lengths, flags: SPACES | SHA1 | JWT | CLAIMS }
    };

    /// The size of [`Profile::to_bytes`].
    pub const SIZE: usize = (WORDS + 1) * 8;

    /// Takes in a token.
    pub fn add_token(&mut self, token: &[u8]) {
        let (word, bit) = place(token.len());
        self.lengths[word] |= bit;
        if has_space(token) {
            self.flags |= SPACES;
        }
    }

    /// Takes in an entry of which nothing else is known.
    pub fn add(&mut self, kind: Kind) {
        match kind {
            Kind::Jwt => self.flags |= JWT,
            Kind::Jti | Kind::Sub => self.flags |= CLAIMS,
            Kind::Sha1 => self.add_any(SHA1),
            Kind::Sha256 | Kind::Token => self.add_any(0),
        }
    }

    /// Takes in all that another profile has.
    pub fn merge(&mut self, other: &Profile) {
        for (mine, theirs) in self.lengths.iter_mut().zip(other.lengths) {
            *mine |= theirs;
        }
        self.flags |= other.flags;
    }

    /// Whether an entry may be this value as a token. `false` is certain.
    pub fn may_hold(&self, value: &[u8]) -> bool {
        let (word, bit) = place(value.len());
        self.lengths[word] & bit != 0 && (self.flags & SPACES != 0 || !has_space(value))
    }

    /// Whether there are SHA-1 digests.
    pub fn has_sha1(&self) -> bool {
        self.flags & SHA1 != 0
    }

    /// Whether there are JWTs.
    pub fn has_jwt(&self) -> bool {
        self.flags & JWT != 0
    }

    /// Whether there are entries by claims.
    pub fn has_claims(&self) -> bool {
        self.flags & CLAIMS != 0
    }

    /// As the store keeps it: little-endian words.
    pub fn to_bytes(&self) -> [u8; Profile::SIZE] {
        let mut bytes = [0; Profile::SIZE];
        let words = self.lengths.iter().chain([&self.flags]);
        for (chunk, word) in bytes.chunks_exact_mut(8).zip(words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// Reads what [`Profile::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8; Profile::SIZE]) -> Profile {
        let mut profile = Profile::EMPTY;
        let words = profile.lengths.iter_mut().chain([&mut profile.flags]);
        for (chunk, word) in bytes.chunks_exact(8).zip(words) {
            *word = chunk.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        }
        profile
    }

    /// A digest tells neither length nor bytes. No token is shorter than 8 bytes.
    fn add_any(&mut self, flag: u64) {
        self.lengths = Profile::ANY.lengths;
        self.flags |= flag | SPACES;
    }
}

impl Default for Profile {
    fn default() -> Profile {
        Profile::EMPTY
    }
}

fn has_space(value: &[u8]) -> bool {
    value.iter().any(|byte| *byte <= b' ')
}

fn place(length: usize) -> (usize, u64) {
    let length = length.min(WORDS * 64 - 1);
    (length / 64, 1 << (length % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_added_and_little_else() {
        let mut profile = Profile::EMPTY;
        assert!(!profile.may_hold(b"12345678"));
        profile.add_token(b"12345678");
        assert!(profile.may_hold(b"abcdefgh"));
        assert!(!profile.may_hold(b"abcd fgh") && !profile.may_hold(b"123456789"));
        profile.add_token(&[b'x'; 4000]);
        assert!(profile.may_hold(&[b'y'; 5000]) && !profile.may_hold(&[b'y'; 500]));
        profile.add(Kind::Sha1);
        assert!(profile.may_hold(b"a value of any length") && !profile.may_hold(b"short"));
        assert!(profile.has_sha1() && !profile.has_jwt() && !profile.has_claims());
    }

    #[test]
    fn bytes_and_back() {
        let mut profile = Profile::EMPTY;
        profile.add_token(b"a token");
        profile.add(Kind::Jwt);
        profile.add(Kind::Sub);
        assert_eq!(Profile::from_bytes(&profile.to_bytes()), profile);
        let mut merged = Profile::EMPTY;
        merged.merge(&profile);
        assert_eq!(merged, profile);
    }
}
