//! What entries have in common beside their keys: a *detail*, kept once and referred to by number.

use tokenban_engine::denylist::{check_claim, Kind, Level, Network, Networks};

use crate::{
    bytes::{put_number, put_text, take_bytes, take_number, take_text},
    entry::{Claim, Entry, EntryKey, NewEntry},
    error::Kind as Trouble,
};

const LONGEST_NAME: usize = 64;
const LONGEST_TEXT: usize = 1000;
const NETWORKS_MOST: usize = 64;

/// Everything about an entry but its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Detail<'a> {
    pub(crate) kind: Kind,
    pub(crate) list: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) is_named: bool,
    pub(crate) source: &'a str,
    pub(crate) added_at: u64,
    pub(crate) expires: Option<u64>,
    pub(crate) issued_before: Option<u64>,
    pub(crate) level: Level,
    pub(crate) except: Networks<'a>,
    pub(crate) claim: Option<Claim<'a>>,
}

/// The bits of a detail's second byte.
mod flag {
    pub(super) const MONITOR: u8 = 1;
    pub(super) const NAMED: u8 = 1 << 1;
    pub(super) const EXCEPT: u8 = 1 << 2;
    pub(super) const CLAIM: u8 = 1 << 3;
    pub(super) const ISSUER: u8 = 1 << 4;
    pub(super) const VALUE: u8 = 1 << 5;
    pub(super) const CANARY: u8 = 1 << 6;
}

impl<'a> Detail<'a> {
    /// Of an entry whose texts are acceptable.
    pub(crate) fn of(entry: &NewEntry<'a>) -> Result<Detail<'a>, Trouble> {
        if !is_name(entry.list) {
            return Err(Trouble::Invalid(
                "the name of a list has 1 to 64 of a-z, 0-9, '.', '_' and '-', the first a letter \
                 or a digit",
            ));
        }
        if entry.reason.len() > LONGEST_TEXT || entry.source.len() > LONGEST_TEXT {
            return Err(Trouble::Invalid("a reason or source has at most 1000 bytes"));
        }
        let except = entry.except.as_bytes();
        if except.len() > NETWORKS_MOST * Network::SIZE {
            return Err(Trouble::Invalid("an entry has at most 64 networks that it spares"));
        }
        let claim = entry.target.claim();
        if let Some(claim) = claim {
            check_claim(claim.name).map_err(Trouble::Invalid)?;
            let texts = [claim.issuer, claim.value].into_iter().flatten();
            if { texts }.any(|text| text.len() > LONGEST_TEXT) {
                return Err(Trouble::Invalid("an issuer or a claim has at most 1000 bytes"));
            }
        }
        Ok(Detail {
            kind: entry.target.kind(),
            list: entry.list,
            reason: entry.reason,
            is_named: entry.is_named && !entry.reason.is_empty(),
            source: entry.source,
            added_at: entry.added_at,
            expires: entry.expires,
            issued_before: entry.issued_before,
            level: entry.level,
            except: entry.except,
            claim,
        })
    }

    /// As the store keeps it.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.clear();
        out.push(code(self.kind));
        out.push(self.flags());
        put_number(out, self.added_at);
        put_second(out, self.expires);
        put_second(out, self.issued_before);
        [self.list, self.reason, self.source].iter().for_each(|text| put_text(out, text));
        if !self.except.is_empty() {
            put_number(out, self.except.as_bytes().len() as u64);
            out.extend_from_slice(self.except.as_bytes());
        }
        let Some(claim) = self.claim else { return };
        let texts = [Some(claim.name), claim.issuer, claim.value];
        texts.into_iter().flatten().for_each(|text| put_text(out, text));
    }

    fn flags(&self) -> u8 {
        let claim = self.claim.as_ref();
        let bits = [
            (flag::MONITOR, self.level == Level::Monitor),
            (flag::CANARY, self.level == Level::Canary),
            (flag::NAMED, self.is_named),
            (flag::EXCEPT, !self.except.is_empty()),
            (flag::CLAIM, claim.is_some()),
            (flag::ISSUER, claim.is_some_and(|claim| claim.issuer.is_some())),
            (flag::VALUE, claim.is_some_and(|claim| claim.value.is_some())),
        ];
        bits.into_iter().filter(|(_, is)| *is).fold(0, |flags, (bit, _)| flags | bit)
    }

    /// Reads what [`Detail::write`] wrote; `None` where it is damaged.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Detail<'a>> {
        let (kind, rest) = bytes.split_first()?;
        let (flags, mut rest) = rest.split_first()?;
        let is = |bit: u8| flags & bit != 0;
        let detail = Detail {
            kind: KINDS.iter().find(|(code, _)| code == kind)?.1,
            is_named: is(flag::NAMED),
            level: match (is(flag::MONITOR), is(flag::CANARY)) {
                (true, _) => Level::Monitor,
                (false, true) => Level::Canary,
                (false, false) => Level::Deny,
            },
            added_at: take_number(&mut rest)?,
            expires: take_second(&mut rest)?,
            issued_before: take_second(&mut rest)?,
            list: take_text(&mut rest)?,
            reason: take_text(&mut rest)?,
            source: take_text(&mut rest)?,
            except: match is(flag::EXCEPT) {
                true => Networks::from_bytes(take_bytes(&mut rest)?)?,
                false => Networks::default(),
            },
            claim: match is(flag::CLAIM) {
                true => Some(read_claim(&mut rest, is(flag::ISSUER), is(flag::VALUE))?),
                false => None,
            },
        };
        rest.is_empty().then_some(detail)
    }

    pub(crate) fn entry(&self, key: EntryKey) -> Entry<'a> {
        Entry {
            key,
            kind: self.kind,
            list: self.list,
            reason: self.reason,
            is_named: self.is_named,
            source: self.source,
            added_at: self.added_at,
            expires: self.expires,
            issued_before: self.issued_before,
            level: self.level,
            except: self.except,
            claim: self.claim,
        }
    }
}

fn read_claim<'a>(rest: &mut &'a [u8], issuer: bool, value: bool) -> Option<Claim<'a>> {
    let name = take_text(rest)?;
    let issuer = if issuer { Some(take_text(rest)?) } else { None };
    let value = if value { Some(take_text(rest)?) } else { None };
    Some(Claim { name, issuer, value })
}

/// The letters of the store for the kinds.
const KINDS: [(u8, Kind); 5] = [
    (b'1', Kind::Sha1),
    (b'2', Kind::Sha256),
    (b'J', Kind::Jwt),
    (b'c', Kind::Claim),
    (b't', Kind::Token),
];

fn code(kind: Kind) -> u8 {
    KINDS.iter().find(|(_, known)| *known == kind).map_or(0, |(code, _)| *code)
}

fn is_name(name: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.len() <= LONGEST_NAME
        && name.as_bytes().first().is_some_and(plain)
        && name.bytes().all(|byte| plain(&byte) || b"._-".contains(&byte))
}

/// Zero stands for «none».
fn put_second(out: &mut Vec<u8>, second: Option<u64>) {
    put_number(out, second.map_or(0, |second| second.saturating_add(1)));
}

fn take_second(bytes: &mut &[u8]) -> Option<Option<u64>> {
    take_number(bytes).map(|second| second.checked_sub(1))
}
