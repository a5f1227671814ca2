//! Who changed a store, when and with what: a record for each commit, in the same transaction. Each
//! holds the hash of the one before, so none can be changed, or taken out, without all later ones.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::{
    bytes::{put_number, put_text, take_number, take_text},
    error::{At, Kind, StoreError},
    snapshot::Snapshot,
    tables::{meta, number_key},
    writer::Writer,
};

/// Who changes a store, and with what. Holds no token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Act {
    /// Unix second.
    pub at: u64,
    /// The user.
    pub user: String,
    /// The number of the person behind the user, where it is known. The log does not keep it; a change
    /// that waits for a second person does.
    pub uid: Option<u32>,
    /// The machine.
    pub host: String,
    /// The command, such as `ban`.
    pub command: String,
    /// The incident, or why.
    pub reason: String,
    /// What else there is to say: the list, the filters, who approved.
    pub note: String,
}

/// What a commit changed, in entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// New on their list, or beside others of their token.
    pub added: u64,
    /// In the place of weaker ones.
    pub strengthened: u64,
    /// Taken off.
    pub removed: u64,
    /// Put back, because what took their place was undone.
    pub restored: u64,
}

impl Tally {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        *self == Tally::default()
    }

    fn numbers(&self) -> [u64; 4] {
        [self.added, self.strengthened, self.removed, self.restored]
    }
}

/// A record of the log.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number, from 0 on.
    pub number: u64,
    /// Who, when, with what.
    pub act: Act,
    /// What it changed.
    pub tally: Tally,
    /// Its hash, which the next one holds.
    pub hash: [u8; 32],
    /// Whether that follows from the record and the one before.
    pub is_sound: bool,
}

/// The hash before the first record.
const NONE: [u8; 32] = [0; 32];

fn write(act: &Act, tally: &Tally) -> Vec<u8> {
    let mut out = Vec::new();
    put_number(&mut out, act.at);
    for text in [&act.user, &act.host, &act.command, &act.reason, &act.note] {
        put_text(&mut out, text);
    }
    tally.numbers().into_iter().for_each(|number| put_number(&mut out, number));
    out
}

fn read(mut bytes: &[u8]) -> Option<(Act, Tally)> {
    let rest = &mut bytes;
    let at = take_number(rest)?;
    let mut text = || take_text(rest).map(str::to_owned);
    let (user, host, command) = (text()?, text()?, text()?);
    let act = Act { at, user, uid: None, host, command, reason: text()?, note: text()? };
    let mut number = || take_number(rest);
    let (added, strengthened) = (number()?, number()?);
    let tally = Tally { added, strengthened, removed: number()?, restored: number()? };
    bytes.is_empty().then_some((act, tally))
}

fn hash(before: &[u8; 32], number: u64, record: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(b"tokenban log\0");
    digest.update(before);
    digest.update(number_key(number));
    digest.update(record);
    digest.finalize().into()
}

/// Reads a row; holds it against the hash of the one before.
pub(crate) fn check(before: &[u8; 32], key: &[u8], row: &[u8]) -> Option<Record> {
    let number = u64::from_be_bytes(key.try_into().ok()?);
    let (found, record) = row.split_first_chunk::<32>()?;
    let (act, tally) = read(record)?;
    let is_sound = *found == hash(before, number, record);
    Some(Record { number, act, tally, hash: *found, is_sound })
}

impl Writer<'_> {
    /// Writes the record of what this writer changed.
    pub(crate) fn write_log(&mut self, act: &Act) -> Result<(), StoreError> {
        let before = self.tables.log_hash(&self.txn).map_err(|kind| self.fail(kind))?;
        let number = self.head.log;
        let record = write(act, &self.tally);
        let hash = hash(&before, number, &record);
        let row = [&hash[..], &record].concat();
        let tables = self.tables;
        tables.log.put(&mut self.txn, &number_key(number), &row).at(&self.path)?;
        tables.put_record(&mut self.txn, meta::LOG, &hash).at(&self.path)?;
        self.head.log += 1;
        Ok(())
    }
}

impl Snapshot<'_> {
    /// Hands over every record, oldest first. What follows a damaged one is read nevertheless; whether
    /// the log is whole, down to its last record.
    pub fn log(&self, each: &mut dyn FnMut(&Record)) -> Result<bool, StoreError> {
        let fail = |kind| StoreError::new(self.path(), kind);
        let (mut before, mut next, mut is_sound) = (NONE, 0, true);
        for row in self.tables.log.iter(&self.txn).at(self.path())? {
            let (key, row) = row.at(self.path())?;
            let damaged = || fail(Kind::Foreign("its log is damaged"));
            let mut record = check(&before, key, row).ok_or_else(damaged)?;
            record.is_sound &= record.number == next;
            is_sound &= record.is_sound;
            (before, next) = (record.hash, record.number + 1);
            each(&record);
        }
        let last = self.tables.log_hash(&self.txn).map_err(fail)?;
        let head = self.tables.head(&self.txn).map_err(fail)?;
        Ok(is_sound && last == before && head.log == next)
    }
}

/// Number and act.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {:?}", self.number, self.act, self.tally)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_and_back() {
        let act = Act { at: 7, user: "alice".into(), command: "ban".into(), ..Act::default() };
        let tally = Tally { added: 1, restored: 300, ..Tally::default() };
        let record = write(&act, &tally);
        assert_eq!(read(&record), Some((act, tally)));
        assert_eq!(read(&record[1..]), None);
        let row = [&hash(&NONE, 0, &record)[..], &record].concat();
        assert!(check(&NONE, &number_key(0), &row).unwrap().is_sound);
        assert!(!check(&NONE, &number_key(1), &row).unwrap().is_sound);
        assert!(!check(&[1; 32], &number_key(0), &row).unwrap().is_sound);
    }
}
