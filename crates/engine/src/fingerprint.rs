//! The only form in which a token is ever shown.
//!
//! A fingerprint is made of what the store finds a token by, and of a key that the site keeps. So it
//! can be computed from the store without any token, is one for all spellings of a JWT, and cannot be
//! guessed from a list of likely tokens by who sees nothing but logs.

use std::fmt;

use hmac::{digest::generic_array::GenericArray, Hmac, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

mod file;

pub use self::file::KeyFileError;

/// The name of the file of keys in a store, where a store has one.
pub const KEY_FILE: &str = "fingerprint.key";

/// The first 16 hex digits of HMAC-SHA-256 (RFC 2104) of a store key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 8]);

impl Fingerprint {
    /// How many hex digits it has.
    pub const DIGITS: usize = 16;

    /// Of its bytes.
    pub fn from_bytes(bytes: [u8; 8]) -> Fingerprint {
        Fingerprint(bytes)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }

    /// Reads the 16 hex digits of one, in either case.
    pub fn parse(text: &[u8]) -> Option<Fingerprint> {
        crate::token::hex(text).map(Fingerprint)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Makes fingerprints with the keys of a site: the first of them for what is shown, the others, of
/// former times, to find what was shown then.
#[derive(Clone)]
pub struct Fingerprints {
    current: Hmac<Sha256>,
    former: Vec<Hmac<Sha256>>,
}

impl Fingerprints {
    /// Without a key of the site, the key is empty: who has a fingerprint and a guess of the token can
    /// test the guess.
    pub fn unkeyed() -> Fingerprints {
        Fingerprints { current: mac(b""), former: Vec::new() }
    }

    /// Of keys, newest first. The empty key is always among the former ones.
    fn of_keys<'k>(keys: impl Iterator<Item = &'k [u8]>) -> Fingerprints {
        let mut all: Vec<Hmac<Sha256>> = keys.chain([&b""[..]]).map(mac).collect();
        Fingerprints { current: all.remove(0), former: all }
    }

    /// The fingerprint of what the store finds something by: the bytes of a
    /// [`Key`](crate::denylist::Key), or a SHA-1.
    pub fn of(&self, key: &[u8]) -> Fingerprint {
        tag(&self.current, key)
    }

    /// Those of all keys, the current one first.
    pub fn all<'s>(&'s self, key: &'s [u8]) -> impl Iterator<Item = Fingerprint> + 's {
        std::iter::once(&self.current).chain(&self.former).map(|mac| tag(mac, key))
    }
}

/// Nothing of the keys.
impl fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprints({} keys)", 1 + self.former.len())
    }
}

/// A key as RFC 2104 has it: as long as a block of SHA-256, and a longer one hashed first.
fn mac(key: &[u8]) -> Hmac<Sha256> {
    let mut block = Zeroizing::new([0; 64]);
    let digest: Zeroizing<[u8; 32]>;
    let key = if key.len() > block.len() {
        digest = Zeroizing::new(Sha256::digest(key).into());
        &digest[..]
    } else {
        key
    };
    block.iter_mut().zip(key).for_each(|(byte, of_key)| *byte = *of_key);
    <Hmac<Sha256> as Mac>::new(GenericArray::from_slice(&*block))
}

fn tag(mac: &Hmac<Sha256>, key: &[u8]) -> Fingerprint {
    let tag = mac.clone().chain_update(key).finalize().into_bytes();
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(tag);
    Fingerprint([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_digits_of_hmac() {
        // RFC 4231, test case 2.
        let keys = Fingerprints::of_keys([&b"Jefe"[..]].into_iter());
        let shown = keys.of(b"what do ya want for nothing?");
        assert_eq!(shown.to_string(), "5bdcc146bf60754e");
        // Test case 6: a key longer than a block.
        let keys = Fingerprints::of_keys([&[0xaa; 131][..]].into_iter());
        let shown_too = keys.of(b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(shown_too.to_string(), "60e431591ee0b67f");
        assert_eq!(Fingerprint::parse(b"5BDCc146bf60754e"), Some(shown));
        for text in ["", "5bdcc146bf60754", "5bdcc146bf60754e0", "5bdcc146bf60754g"] {
            assert_eq!(Fingerprint::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn former_keys_and_the_empty_one_are_tried() {
        let keys = Fingerprints::of_keys([&b"new"[..], b"old"].into_iter());
        let old = Fingerprints::of_keys([&b"old"[..]].into_iter());
        let all: Vec<Fingerprint> = keys.all(b"x").collect();
        assert_eq!(all, [keys.of(b"x"), old.of(b"x"), Fingerprints::unkeyed().of(b"x")]);
        assert_eq!(format!("{keys:?}"), "Fingerprints(3 keys)");
    }

    #[test]
    fn leading_zeros_are_shown() {
        let shown = Fingerprint([0, 0, 0, 0, 0, 0, 1, 2]).to_string();
        assert_eq!(shown, "0000000000000102");
    }
}
