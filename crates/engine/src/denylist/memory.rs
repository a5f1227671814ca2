//! Denylists in memory: the evidence of rules is run with them, and tests are.

use std::{collections::HashMap, fmt};

use super::{Ban, Denylists, Key, Kind, Level, Networks, Profile, StoreLost};
use tokenban_parse::jwt::Jwt;

use crate::token::TokenEntry;

/// Denylists that live as long as the process.
#[derive(Clone, Default)]
pub struct MemoryDenylists {
    profile: Profile,
    entries: HashMap<Key, Vec<Entry>>,
    sha1: HashMap<[u8; 20], Vec<Entry>>,
}

#[derive(Clone)]
struct Entry {
    kind: Kind,
    list: String,
    reason: String,
    expires: Option<u64>,
    issued_before: Option<u64>,
    level: Level,
    except: Vec<u8>,
}

impl MemoryDenylists {
    /// Bans a token: a JWT in every spelling, any other byte for byte; as `tokenban ban` does.
    pub fn ban(&mut self, token: &[u8], ban: &Ban<'_>) {
        let mut whole = false;
        Jwt::each(token, &mut |jwt| {
            whole |= jwt.is_whole(token);
            self.profile.add_jwt(jwt.header(), jwt.payload());
            self.add(Key::jwt(jwt.header(), jwt.payload()), &Ban { kind: Kind::Jwt, ..*ban });
        });
        if !whole {
            self.profile.add_token(token);
            self.add(Key::token(token), &Ban { kind: Kind::Token, ..*ban });
        }
    }

    /// Bans all JWTs that have a value as a claim, of any issuer or of one.
    pub fn ban_claim(&mut self, name: &str, of: Option<&[u8]>, value: &[u8], ban: &Ban<'_>) {
        self.profile.add_claim(name, of.is_some());
        self.add(Key::claim(name, of, value), &Ban { kind: Kind::Claim, ..*ban });
    }

    /// Bans what a key stands for.
    pub fn ban_key(&mut self, kind: Kind, key: Key, ban: &Ban<'_>) {
        self.profile.add(kind);
        self.add(key, &Ban { kind, ..*ban });
    }

    /// Bans the token that has this SHA-1.
    pub fn ban_sha1(&mut self, digest: [u8; 20], ban: &Ban<'_>) {
        self.profile.add(Kind::Sha1);
        let ban = Ban { kind: Kind::Sha1, ..*ban };
        self.sha1.entry(digest).or_default().push(Entry::of(&ban));
    }

    /// Bans a token as rule files write it.
    pub fn ban_entry(&mut self, token: &TokenEntry, ban: &Ban<'_>) {
        match token {
            TokenEntry::Plain(token) => self.ban(token, ban),
            TokenEntry::Sha1(digest) => self.ban_sha1(*digest, ban),
            TokenEntry::Sha256(digest) => self.ban_key(Kind::Sha256, Key::sha256(digest), ban),
        }
    }

    fn add(&mut self, key: Key, ban: &Ban<'_>) {
        self.entries.entry(key).or_default().push(Entry::of(ban));
    }
}

impl Entry {
    fn of(ban: &Ban<'_>) -> Entry {
        Entry {
            kind: ban.kind,
            list: ban.list.to_owned(),
            reason: ban.reason.to_owned(),
            expires: ban.expires,
            issued_before: ban.issued_before,
            level: ban.level,
            except: ban.except.as_bytes().to_owned(),
        }
    }

    fn ban(&self) -> Ban<'_> {
        Ban {
            kind: self.kind,
            list: &self.list,
            reason: &self.reason,
            expires: self.expires,
            issued_before: self.issued_before,
            level: self.level,
            except: Networks::from_bytes(&self.except).unwrap_or_default(),
        }
    }
}

impl Denylists for MemoryDenylists {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn find(&self, key: &Key, found: &mut dyn FnMut(&Ban<'_>)) -> Result<(), StoreLost> {
        self.entries.get(key).into_iter().flatten().for_each(|entry| found(&entry.ban()));
        Ok(())
    }

    fn find_sha1(
        &self,
        digest: &[u8; 20],
        found: &mut dyn FnMut(&Ban<'_>),
    ) -> Result<(), StoreLost> {
        self.sha1.get(digest).into_iter().flatten().for_each(|entry| found(&entry.ban()));
        Ok(())
    }
}

impl fmt::Debug for MemoryDenylists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryDenylists({} keys)", self.entries.len() + self.sha1.len())
    }
}
