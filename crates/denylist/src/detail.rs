//! What entries have in common beside their keys: a *detail*, kept once and referred to by number.

use tokenban_engine::denylist::Kind;

use crate::{
    bytes::{put_number, put_text, take_number, take_text},
    entry::{Entry, EntryKey, NewEntry},
    error::Kind as Trouble,
};

const LONGEST_NAME: usize = 64;
const LONGEST_TEXT: usize = 1000;

/// Everything about an entry but its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Detail<'a> {
    pub(crate) kind: Kind,
    pub(crate) list: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) source: &'a str,
    pub(crate) added_at: u64,
    pub(crate) expires: Option<u64>,
    pub(crate) issued_before: Option<u64>,
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
        Ok(Detail {
            kind: entry.target.kind(),
            list: entry.list,
            reason: entry.reason,
            source: entry.source,
            added_at: entry.added_at,
            expires: entry.expires,
            issued_before: entry.issued_before,
        })
    }

    /// As the store keeps it.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.clear();
        out.push(code(self.kind));
        put_number(out, self.added_at);
        put_second(out, self.expires);
        put_second(out, self.issued_before);
        [self.list, self.reason, self.source].iter().for_each(|text| put_text(out, text));
    }

    /// Reads what [`Detail::write`] wrote; `None` where it is damaged.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Detail<'a>> {
        let (kind, mut rest) = bytes.split_first()?;
        let detail = Detail {
            kind: KINDS.iter().find(|(code, _)| code == kind)?.1,
            added_at: take_number(&mut rest)?,
            expires: take_second(&mut rest)?,
            issued_before: take_second(&mut rest)?,
            list: take_text(&mut rest)?,
            reason: take_text(&mut rest)?,
            source: take_text(&mut rest)?,
        };
        rest.is_empty().then_some(detail)
    }

    pub(crate) fn entry(&self, key: EntryKey) -> Entry<'a> {
        Entry {
            key,
            kind: self.kind,
            list: self.list,
            reason: self.reason,
            source: self.source,
            added_at: self.added_at,
            expires: self.expires,
            issued_before: self.issued_before,
        }
    }
}

/// The letters of the store for the kinds.
const KINDS: [(u8, Kind); 6] = [
    (b'J', Kind::Jwt),
    (b'i', Kind::Jti),
    (b'1', Kind::Sha1),
    (b'2', Kind::Sha256),
    (b's', Kind::Sub),
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
