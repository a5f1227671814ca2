//! Entries as people see them.

use std::fmt;

use tokenban_engine::denylist::{Key, Kind, Profile};

/// What an entry bans. Only a digest of it is kept.
#[derive(Clone, Copy)]
pub enum Target<'a> {
    /// A JWT by its claims.
    Jti {
        /// Claim `iss`; empty where it has none.
        issuer: &'a [u8],
        /// Claim `jti`.
        id: &'a [u8],
    },
    /// A JWT in every spelling.
    Jwt {
        /// Its first part, decoded.
        header: &'a [u8],
        /// Its second part, decoded.
        payload: &'a [u8],
    },
    /// What an entry of another store bans, of which nothing is known but what that store keeps.
    Known {
        /// What it stands for.
        kind: Kind,
        /// What it is found by.
        key: EntryKey,
    },
    /// A token of which only the SHA-1 is known.
    Sha1([u8; 20]),
    /// A token of which only the SHA-256 is known.
    Sha256([u8; 32]),
    /// All JWTs of a subject; see [`NewEntry::issued_before`].
    Sub {
        /// Claim `iss`; empty where they have none.
        issuer: &'a [u8],
        /// Claim `sub`.
        subject: &'a [u8],
    },
    /// A token, byte for byte.
    Token(&'a [u8]),
}

impl Target<'_> {
    /// What the store finds it by.
    pub fn key(&self) -> EntryKey {
        match self {
            Target::Jti { issuer, id } => EntryKey::Key(Key::jti(issuer, id)),
            Target::Jwt { header, payload } => EntryKey::Key(Key::jwt(header, payload)),
            Target::Known { key, .. } => *key,
            Target::Sha1(digest) => EntryKey::Sha1(*digest),
            Target::Sha256(digest) => EntryKey::Key(Key::sha256(digest)),
            Target::Sub { issuer, subject } => EntryKey::Key(Key::sub(issuer, subject)),
            Target::Token(token) => EntryKey::Key(Key::token(token)),
        }
    }

    /// Which kind of entry it makes.
    pub fn kind(&self) -> Kind {
        match self {
            Target::Jti { .. } => Kind::Jti,
            Target::Jwt { .. } => Kind::Jwt,
            Target::Known { kind, .. } => *kind,
            Target::Sha1(_) => Kind::Sha1,
            Target::Sha256(_) => Kind::Sha256,
            Target::Sub { .. } => Kind::Sub,
            Target::Token(_) => Kind::Token,
        }
    }

    pub(crate) fn add_to(&self, profile: &mut Profile) {
        match self {
            Target::Token(token) => profile.add_token(token),
            _ => profile.add(self.kind()),
        }
    }
}

/// Kind and key: never the token.
impl fmt::Debug for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({:?})", self.kind(), self.key())
    }
}

/// What the store finds an entry by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKey {
    /// Of every kind but [`Kind::Sha1`].
    Key(Key),
    /// Of [`Kind::Sha1`]: the whole digest.
    Sha1([u8; 20]),
}

impl EntryKey {
    /// The bytes of the store. Of kinds [`Kind::Token`] and [`Kind::Sha256`] they begin with the
    /// fingerprint.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            EntryKey::Key(key) => key.as_bytes(),
            EntryKey::Sha1(digest) => digest,
        }
    }
}

/// In hexadecimal.
impl fmt::Debug for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// An entry to be put on a list.
#[derive(Clone, Copy, Debug)]
pub struct NewEntry<'a> {
    /// The denylist: 1 to 64 bytes of `[a-z0-9._-]`, the first a letter or a digit.
    pub list: &'a str,
    /// What is banned.
    pub target: Target<'a>,
    /// Why; may be empty. At most 1,000 bytes.
    pub reason: &'a str,
    /// Where it comes from, for instance the name of a report; may be empty. At most 1,000 bytes.
    pub source: &'a str,
    /// Unix second at which it is put there.
    pub added_at: u64,
    /// Unix second from which it does not match any more.
    pub expires: Option<u64>,
    /// Of [`Target::Sub`]: only tokens issued before this Unix second are meant.
    pub issued_before: Option<u64>,
}

/// Whether an entry was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// On that list already.
    Before,
    /// Put there now.
    New,
}

/// An entry of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// What it is found by.
    pub key: EntryKey,
    /// What it stands for.
    pub kind: Kind,
    /// The denylist.
    pub list: &'a str,
    /// Why; may be empty.
    pub reason: &'a str,
    /// Where it comes from; may be empty.
    pub source: &'a str,
    /// Unix second at which it was put there.
    pub added_at: u64,
    /// Unix second from which it does not match any more.
    pub expires: Option<u64>,
    /// Of [`Kind::Sub`]: only tokens issued before this Unix second are meant.
    pub issued_before: Option<u64>,
}
