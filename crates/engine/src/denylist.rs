//! Denylists as the engine asks them: keys, what is found at a key, and what spares a look-up.
//!
//! The store itself is another crate's. Nothing here holds a token: a key is part of a digest.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::{decision::Incomplete, Jwt};

mod claim;
mod claims;
pub(crate) mod lookup;
mod memory;
mod networks;
mod profile;
mod sought;
mod thumbprint;

pub use self::{
    claim::{check_claim, claim_words, is_claim_shown, issuer},
    memory::MemoryDenylists,
    networks::{Network, Networks},
    profile::{Kind, Profile, Register, RegisteredClaim},
    sought::{HashKey, Sought},
};

/// What an entry is found by: the first 16 bytes of a SHA-256.
///
/// A token's key is that of its bytes, so that a list of foreign SHA-256 digests needs no second
/// look-up. All other kinds hash a word of their own first, and cannot meet a token's key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 16]);

impl Key {
    /// The key of a token, byte for byte.
    pub fn token(token: &[u8]) -> Key {
        Key::sha256(&Sha256::digest(token).into())
    }

    /// The key of a token of which only the SHA-256 is known.
    pub fn sha256(digest: &[u8; 32]) -> Key {
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        Key(key)
    }

    /// The key of a JWT: its decoded header and payload. A thief can spell the text in other ways
    /// and, of some algorithms, the signature too; these two he cannot change.
    pub fn jwt(header: &[u8], payload: &[u8]) -> Key {
        Key::tagged(b"jwt", &[header, payload])
    }

    /// The key of all JWTs that have a value as a claim or header parameter, of any issuer or of one.
    /// Of the issuer a slash at the end does not count.
    pub fn claim(name: &str, of: Option<&[u8]>, value: &[u8]) -> Key {
        match of {
            Some(of) => Key::tagged(b"claim", &[name.as_bytes(), value, issuer(of)]),
            None => Key::tagged(b"claim", &[name.as_bytes(), value]),
        }
    }

    /// The key of a credential whose kind nobody says: of a JWT that of every spelling, else that of its
    /// bytes. A ban of it has this key, unless it was banned in another way.
    pub fn credential(value: &[u8]) -> Key {
        let mut key = None;
        if memchr::memchr(b'.', value).is_some() {
            Jwt::each(value, &mut |jwt| {
                if key.is_none() && jwt.is_whole(value) {
                    key = Some(Key::jwt(jwt.header(), jwt.payload()));
                }
            });
        }
        key.unwrap_or_else(|| Key::token(value))
    }

    /// A key as the store keeps it.
    pub fn from_bytes(bytes: [u8; 16]) -> Key {
        Key(bytes)
    }

    /// The bytes that the store keeps.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Each part after its length, so that no two lists of parts read alike.
    fn tagged(tag: &[u8], parts: &[&[u8]]) -> Key {
        let mut digest = Sha256::new();
        digest.update(b"tokenban\0");
        for part in [tag].iter().chain(parts) {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        Key::sha256(&digest.finalize().into())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a denylist says about a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ban<'a> {
    /// What its entry stands for.
    pub kind: Kind,
    /// The name of the denylist.
    pub list: &'a str,
    /// Why the token is on it; may be empty.
    pub reason: &'a str,
    /// Unix second from which the entry does not match any more.
    pub expires: Option<u64>,
    /// Of a [`Kind::Claim`] entry: only tokens issued (`iat`) before this Unix second are meant.
    pub issued_before: Option<u64>,
    /// What it does.
    pub level: Level,
    /// For clients in these it only reports.
    pub except: Networks<'a>,
}

/// What an entry does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Its tokens are reported and never denied.
    Monitor,
    /// Its tokens are denied.
    #[default]
    Deny,
    /// Its tokens are decoys that nobody has a reason to use: they are denied, and their use is an alert.
    Canary,
}

impl Ban<'_> {
    /// What it does with the request of a client, whose address is text.
    pub fn level_for(&self, client: &[u8]) -> Level {
        match self.except.contain(client) {
            true => Level::Monitor,
            false => self.level,
        }
    }
}

/// The store cannot be asked: it is gone, or what it says cannot be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreLost;

/// A store of denylists.
pub trait Denylists {
    /// What values the entries may match, so that most values need no digest.
    fn profile(&self) -> &Profile;

    /// Whether there may be an entry for what is looked for; `false` is certain. `key` gives its key,
    /// where that is worth a digest; nothing where it cannot be told yet.
    fn may_hold(&self, sought: &Sought<'_>, key: &mut dyn FnMut() -> Option<Key>) -> bool {
        let _ = (sought, key);
        true
    }

    /// Hands over every ban of a key, from all lists, expired ones too.
    fn find(&self, key: &Key, found: &mut dyn FnMut(&Ban<'_>)) -> Result<(), StoreLost>;

    /// The same for a SHA-1, of which some reports know nothing else.
    fn find_sha1(
        &self,
        digest: &[u8; 20],
        found: &mut dyn FnMut(&Ban<'_>),
    ) -> Result<(), StoreLost>;
}

/// Hands over every ban that denies a value, as at a leaf where a rule asks these denylists: for
/// people who ask what the module would find. Expired ones deny nothing.
pub fn bans(
    store: &dyn Denylists,
    value: &[u8],
    now: u64,
    found: &mut dyn FnMut(&Key, &Ban<'_>),
) -> Result<(), Incomplete> {
    let mut memory = lookup::Memory::default();
    let mut lookup = lookup::Lookup::new(store, now, &mut memory);
    lookup.value(value, found);
    lookup.incomplete.map_or(Ok(()), Err)
}

/// No store at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoDenylists;

impl Denylists for NoDenylists {
    fn profile(&self) -> &Profile {
        Profile::of_nothing()
    }

    fn find(&self, _: &Key, _: &mut dyn FnMut(&Ban<'_>)) -> Result<(), StoreLost> {
        Ok(())
    }

    fn find_sha1(&self, _: &[u8; 20], _: &mut dyn FnMut(&Ban<'_>)) -> Result<(), StoreLost> {
        Ok(())
    }
}

/// A store that cannot be asked: every value that may be a token is one that was not looked up.
#[derive(Clone, Copy, Debug, Default)]
pub struct LostDenylists;

impl Denylists for LostDenylists {
    fn profile(&self) -> &Profile {
        Profile::of_anything()
    }

    fn find(&self, _: &Key, _: &mut dyn FnMut(&Ban<'_>)) -> Result<(), StoreLost> {
        Err(StoreLost)
    }

    fn find_sha1(&self, _: &[u8; 20], _: &mut dyn FnMut(&Ban<'_>)) -> Result<(), StoreLost> {
        Err(StoreLost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_different_kinds_never_meet() {
        let keys = [
            Key::token(b"ab"),
            Key::jwt(b"a", b"b"),
            Key::jwt(b"ab", b""),
            Key::claim("a", None, b"b"),
            Key::claim("ab", None, b""),
            Key::claim("a", Some(b""), b"b"),
            Key::claim("a", Some(b"c"), b"b"),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert!(keys[index + 1..].iter().all(|other| other != key), "{key:?}");
        }
    }

    #[test]
    fn bans_of_a_value() {
        let mut store = MemoryDenylists::default();
        let mut lists = Vec::new();
        let ban = Ban { list: "leaked", ..Ban::default() };
        store.ban(b"s3cr3t-token", &ban);
        let mut found = |_: &Key, ban: &Ban<'_>| lists.push(ban.list.to_owned());
        assert_eq!(bans(&store, b"s3cr3t-token", 0, &mut found), Ok(()));
        assert_eq!(bans(&store, b"other-token", 0, &mut found), Ok(()));
        assert_eq!(lists, ["leaked"]);
        assert_eq!(
            bans(&LostDenylists, b"s3cr3t-token", 0, &mut |_, _| ()),
            Err(Incomplete::Store)
        );
    }

    #[test]
    fn the_key_of_a_token_is_that_of_its_digest() {
        let key = Key::sha256(&Sha256::digest(b"abc").into());
        assert_eq!(key, Key::token(b"abc"));
        assert_eq!(format!("{key:?}"), "ba7816bf8f01cfea414140de5dae2223");
    }
}
