//! Entries as people see them.

use std::fmt;

use tokenban_engine::{
    denylist::{is_claim_shown, issuer, HashKey, Key, Kind, Level, Networks, Profile, Sought},
    Jwt,
};

use crate::filter;

/// What an entry bans. Only a digest of it is kept.
#[derive(Clone, Copy)]
pub enum Target<'a> {
    /// All JWTs with a claim or header parameter; see [`NewEntry::issued_before`].
    Claim {
        /// Its name, as in [`check_claim`](tokenban_engine::denylist::check_claim).
        name: &'a str,
        /// Their issuer; any if none is named.
        issuer: Option<&'a str>,
        /// Its value.
        value: &'a [u8],
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
        /// Of a claim: what that store tells of it.
        claim: Option<Claim<'a>>,
    },
    /// A token of which only the SHA-1 is known.
    Sha1([u8; 20]),
    /// A token of which only the SHA-256 is known.
    Sha256([u8; 32]),
    /// A token, byte for byte.
    Token(&'a [u8]),
}

/// What people may see of a claim that an entry names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim<'a> {
    /// Its name.
    pub name: &'a str,
    /// The issuer, without a slash at its end; any if none is named.
    pub issuer: Option<&'a str>,
    /// Its value, where it is no secret and names no person.
    pub value: Option<&'a str>,
}

impl Target<'_> {
    /// Hands over what to ban of a token: every JWT in it, which is found in every spelling, and the
    /// token itself where it is more than a JWT.
    pub fn each(token: &[u8], sink: &mut dyn FnMut(Target<'_>)) {
        let mut whole = false;
        Jwt::each(token, &mut |jwt| {
            whole |= jwt.is_whole(token);
            sink(Target::Jwt { header: jwt.header(), payload: jwt.payload() });
        });
        if !whole {
            sink(Target::Token(token));
        }
    }
}

impl<'a> Target<'a> {
    /// What the store finds it by.
    pub fn key(&self) -> EntryKey {
        match self {
            Target::Claim { name, issuer, value } => {
                EntryKey::Key(Key::claim(name, issuer.map(str::as_bytes), value))
            }
            Target::Jwt { header, payload } => EntryKey::Key(Key::jwt(header, payload)),
            Target::Known { key, .. } => *key,
            Target::Sha1(digest) => EntryKey::Sha1(*digest),
            Target::Sha256(digest) => EntryKey::Key(Key::sha256(digest)),
            Target::Token(token) => EntryKey::Key(Key::token(token)),
        }
    }

    /// Which kind of entry it makes.
    pub fn kind(&self) -> Kind {
        match self {
            Target::Claim { .. } => Kind::Claim,
            Target::Jwt { .. } => Kind::Jwt,
            Target::Known { kind, .. } => *kind,
            Target::Sha1(_) => Kind::Sha1,
            Target::Sha256(_) => Kind::Sha256,
            Target::Token(_) => Kind::Token,
        }
    }

    /// What people may see of its claim, if it has one.
    pub(crate) fn claim(&self) -> Option<Claim<'a>> {
        match *self {
            Target::Claim { name, issuer: of, value } => {
                let shown = is_claim_shown(name).then(|| std::str::from_utf8(value).ok());
                Some(Claim { name, issuer: of.map(without_slash), value: shown.flatten() })
            }
            Target::Known { claim, .. } => claim,
            _ => None,
        }
    }

    /// What the filter has of it.
    pub(crate) fn hash(&self, key: HashKey) -> u64 {
        match *self {
            Target::Claim { name, issuer, value } => {
                key.hash(&Sought::Claim(name, issuer.map(str::as_bytes), value))
            }
            Target::Jwt { header, payload } => key.hash_jwt(header, payload, &mut Vec::new()),
            Target::Token(token) => key.hash(&Sought::Token(token)),
            Target::Known { .. } | Target::Sha1(_) | Target::Sha256(_) => {
                filter::hash_of_digest(self.key().as_bytes())
            }
        }
    }

    /// Whether the profile had room for it: a store knows so many claims only.
    pub(crate) fn add_to(&self, profile: &mut Profile) -> bool {
        match self {
            Target::Claim { .. } => {}
            Target::Jwt { header, payload } => profile.add_jwt(header, payload),
            Target::Known { kind, .. } => profile.add_known(*kind),
            Target::Token(token) => profile.add_token(token),
            _ => profile.add(self.kind()),
        }
        let claim = self.claim();
        claim.is_none_or(|claim| profile.add_claim(claim.name, claim.issuer.is_some()))
    }
}

fn without_slash(text: &str) -> &str {
    text.get(..issuer(text.as_bytes()).len()).unwrap_or(text)
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
    /// The bytes of the store: what a fingerprint is made of.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            EntryKey::Key(key) => key.as_bytes(),
            EntryKey::Sha1(digest) => digest,
        }
    }
}

impl EntryKey {
    /// From the bytes of the store; `None` where they are not as long as a key.
    pub fn from_bytes(bytes: &[u8]) -> Option<EntryKey> {
        match bytes.len() {
            16 => bytes.try_into().ok().map(Key::from_bytes).map(EntryKey::Key),
            20 => bytes.try_into().ok().map(EntryKey::Sha1),
            _ => None,
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
    /// Whether the reason is the name of an incident, as a person gave it: entries of different
    /// incidents stand beside each other.
    pub is_named: bool,
    /// Where it comes from, for instance the name of a report; may be empty. At most 1,000 bytes.
    pub source: &'a str,
    /// Unix second at which it is put there.
    pub added_at: u64,
    /// Unix second from which it does not match any more.
    pub expires: Option<u64>,
    /// Of [`Target::Claim`]: only tokens issued before this Unix second are meant.
    pub issued_before: Option<u64>,
    /// What it does.
    pub level: Level,
    /// For clients in these networks it only reports. At most 64.
    pub except: Networks<'a>,
}

impl<'a> NewEntry<'a> {
    /// An entry that denies for good, of which nothing is said.
    pub fn new(list: &'a str, target: Target<'a>, added_at: u64) -> NewEntry<'a> {
        NewEntry {
            list,
            target,
            reason: "",
            is_named: false,
            source: "",
            added_at,
            expires: None,
            issued_before: None,
            level: Level::Deny,
            except: Networks::default(),
        }
    }
}

/// What became of an entry that was put on a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// One that denies as much was there, and stays.
    Before,
    /// Others of its token stay on the list, of other incidents or with other terms.
    Beside,
    /// None of its token was there.
    New,
    /// It took the place of one that was asked to go.
    Replaced,
    /// It took the place of weaker ones.
    Stronger,
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
    /// Whether the reason is the name of an incident.
    pub is_named: bool,
    /// Where it comes from; may be empty.
    pub source: &'a str,
    /// Unix second at which it was put there.
    pub added_at: u64,
    /// Unix second from which it does not match any more.
    pub expires: Option<u64>,
    /// Of [`Kind::Claim`]: only tokens issued before this Unix second are meant.
    pub issued_before: Option<u64>,
    /// What it does.
    pub level: Level,
    /// For clients in these networks it only reports.
    pub except: Networks<'a>,
    /// Of [`Kind::Claim`]: what may be seen of it.
    pub claim: Option<Claim<'a>>,
}
