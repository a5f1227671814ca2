//! One change of the store, as one transaction.

use std::path::{Path, PathBuf};

use heed::{Env, RwTxn, WithoutTls};
use sha2::{Digest, Sha256};
use tokenban_engine::denylist::Profile;

use crate::{
    bytes::{hash, numbers, put_number},
    detail::Detail,
    entry::{EntryKey, NewEntry, Taken, Target},
    error::{At, Kind, StoreError},
    files, filter,
    head::Head,
    tables::{meta, number_key, Table, Tables},
};

/// The one who changes the store: made by [`Store::write`](crate::Store::write). Dropped without
/// [`Writer::commit`], it changed nothing.
pub struct Writer<'s> {
    path: PathBuf,
    pub(crate) env: &'s Env<WithoutTls>,
    pub(crate) txn: RwTxn<'s>,
    pub(crate) tables: Tables,
    pub(crate) head: Head,
    pub(crate) profile: Profile,
    /// What `head` and `profile` were when it began.
    before: (Head, Profile),
    scratch: Vec<u8>,
}

impl<'s> Writer<'s> {
    pub(crate) fn begin(
        path: &Path,
        env: &'s Env<WithoutTls>,
        tables: Tables,
    ) -> Result<Writer<'s>, StoreError> {
        let txn = env.write_txn().at(path)?;
        let fail = |kind| StoreError::new(path, kind);
        let head = tables.head(&txn).map_err(fail)?;
        let profile = tables.profile(&txn).map_err(fail)?;
        let before = (head, profile.clone());
        let path = path.to_owned();
        Ok(Writer { path, env, txn, tables, head, profile, before, scratch: Vec::new() })
    }

    /// Puts an entry on a list. One for the same target that is on it already is replaced: the
    /// newer word holds, in its reason and expiry as well.
    pub fn ban(&mut self, entry: &NewEntry<'_>) -> Result<Taken, StoreError> {
        let detail = Detail::of(entry).map_err(|kind| self.fail(kind))?;
        let number = self.intern(&detail)?;
        entry.target.add_to(&mut self.profile);
        let key = entry.target.key();
        let mut ids = self.ids(&key)?;
        let before = ids.len();
        self.forget(&mut ids, entry.list)?;
        let taken = if ids.len() < before { Taken::Before } else { Taken::New };
        ids.push(number);
        self.put(&key, &ids)?;
        Ok(taken)
    }

    /// Takes an entry off a list; whether it was on it.
    pub fn unban(&mut self, list: &str, target: &Target<'_>) -> Result<bool, StoreError> {
        self.unban_key(list, &target.key())
    }

    /// The same by what the store finds it by, as [`Entry`](crate::Entry) tells.
    pub fn unban_key(&mut self, list: &str, key: &EntryKey) -> Result<bool, StoreError> {
        let mut ids = self.ids(key)?;
        let before = ids.len();
        self.forget(&mut ids, list)?;
        if ids.len() == before {
            return Ok(false);
        }
        self.put(key, &ids)?;
        Ok(true)
    }

    /// Takes all entries off that expired before a Unix second; how many.
    pub fn sweep(&mut self, now: u64) -> Result<u64, StoreError> {
        let expired = self.expired(now)?;
        if expired.is_empty() {
            return Ok(0);
        }
        let mut swept = 0;
        for table in [self.tables.keys, self.tables.sha1] {
            for key in self.keys_with(table, &expired)? {
                let mut ids = self.ids_at(table, &key)?;
                let before = ids.len();
                ids.retain(|id| expired.binary_search(id).is_err());
                swept += (before - ids.len()) as u64;
                self.put_at(table, &key, &ids)?;
            }
        }
        Ok(swept)
    }

    /// Makes all changes durable and visible to every reader at once.
    pub fn commit(self) -> Result<(), StoreError> {
        match (self.head, &self.profile) == (self.before.0, &self.before.1) {
            true => Ok(()), // nothing to wake the readers for
            false => self.commit_all(),
        }
    }

    pub(crate) fn commit_all(mut self) -> Result<(), StoreError> {
        if filter::is_full(self.head.chunks, self.head.filtered) {
            let keys = self.count()?;
            self.rebuild_filter(keys * 3 / 2)?;
        }
        let tables = self.tables;
        let (head, profile) = (self.head.write(), self.profile.to_bytes());
        tables.put_record(&mut self.txn, meta::HEAD, &head).at(&self.path)?;
        tables.put_record(&mut self.txn, meta::PROFILE, &profile).at(&self.path)?;
        self.txn.commit().at(&self.path)?;
        let _ = files::pad(&self.path); // readers manage without
        Ok(())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn fail(&self, kind: Kind) -> StoreError {
        StoreError::new(&self.path, kind)
    }

    pub(crate) fn is_superseded(&self) -> Result<bool, StoreError> {
        self.tables.is_superseded(&self.txn).map_err(|kind| self.fail(kind))
    }

    /// Keys that have entries.
    pub(crate) fn count(&self) -> Result<u64, StoreError> {
        let keys = self.tables.keys.len(&self.txn).at(&self.path)?;
        Ok(keys + self.tables.sha1.len(&self.txn).at(&self.path)?)
    }

    /// The number of a detail, which is kept once.
    pub(crate) fn intern(&mut self, detail: &Detail<'_>) -> Result<u64, StoreError> {
        let mut record = std::mem::take(&mut self.scratch);
        detail.write(&mut record);
        let number = self.intern_record(&record);
        self.scratch = record;
        number
    }

    pub(crate) fn intern_record(&mut self, record: &[u8]) -> Result<u64, StoreError> {
        let digest = Sha256::digest(record);
        let interned = digest.get(..16).unwrap_or_default();
        let tables = self.tables;
        if let Some(known) = tables.interned.get(&self.txn, interned).at(&self.path)? {
            let number = known.try_into().map(u64::from_be_bytes);
            return number.map_err(|_| self.fail(Kind::Foreign("a record of it is damaged")));
        }
        let number = self.head.next_detail;
        let key = number_key(number);
        tables.details.put(&mut self.txn, &key, record).at(&self.path)?;
        tables.interned.put(&mut self.txn, interned, &key).at(&self.path)?;
        self.head.next_detail += 1;
        self.head.details = self.head.details.wrapping_add(hash(&[&key, record]));
        Ok(number)
    }

    /// Takes the numbers of a list's details out.
    fn forget(&self, ids: &mut Vec<u64>, list: &str) -> Result<(), StoreError> {
        let mut kept = Vec::with_capacity(ids.len());
        for id in ids.drain(..) {
            let detail = self.tables.detail(&self.txn, id).map_err(|kind| self.fail(kind))?;
            if detail.list != list {
                kept.push(id);
            }
        }
        *ids = kept;
        Ok(())
    }

    fn ids(&self, key: &EntryKey) -> Result<Vec<u64>, StoreError> {
        self.ids_at(self.tables.of(key), key.as_bytes())
    }

    fn put(&mut self, key: &EntryKey, ids: &[u64]) -> Result<(), StoreError> {
        self.put_at(self.tables.of(key), key.as_bytes(), ids)
    }

    /// The numbers of the details of a key.
    pub(crate) fn ids_at(&self, table: Table, key: &[u8]) -> Result<Vec<u64>, StoreError> {
        let value = table.get(&self.txn, key).at(&self.path)?.unwrap_or_default();
        numbers(value).ok_or_else(|| self.fail(Kind::Foreign("an entry is damaged")))
    }

    /// Writes them; none of them: takes the key out.
    pub(crate) fn put_at(
        &mut self,
        table: Table,
        key: &[u8],
        ids: &[u64],
    ) -> Result<(), StoreError> {
        let mut value = Vec::with_capacity(2);
        ids.iter().for_each(|id| put_number(&mut value, *id));
        self.put_value(table, key, &value)
    }

    /// Writes a value; an empty one takes the key out.
    pub(crate) fn put_value(
        &mut self,
        table: Table,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), StoreError> {
        let old = table.get(&self.txn, key).at(&self.path)?;
        let is_new = old.is_none();
        let sum = old.map_or(0, |old| hash(&[key, old]));
        self.head.entries = self.head.entries.wrapping_sub(sum);
        if value.is_empty() {
            table.delete(&mut self.txn, key).at(&self.path)?;
            return Ok(());
        }
        self.head.entries = self.head.entries.wrapping_add(hash(&[key, value]));
        table.put(&mut self.txn, key, value).at(&self.path)?;
        match is_new {
            true => self.add_to_filter(key),
            false => Ok(()),
        }
    }

    /// Writes a value behind all others; none if it is empty. Checksum and filter are the caller's.
    pub(crate) fn append(
        &mut self,
        table: Table,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), StoreError> {
        if value.is_empty() {
            return Ok(());
        }
        let flags = heed::PutFlags::APPEND;
        table.put_with_flags(&mut self.txn, flags, key, value).at(&self.path)
    }

    /// The numbers of details that are over, in order.
    fn expired(&self, now: u64) -> Result<Vec<u64>, StoreError> {
        let mut expired = Vec::new();
        for row in self.tables.details.iter(&self.txn).at(&self.path)? {
            let (number, record) = row.at(&self.path)?;
            let detail = Detail::read(record).zip(number.try_into().ok());
            let Some((detail, number)) = detail else {
                return Err(self.fail(Kind::Foreign("a record of it is damaged")));
            };
            if detail.expires.is_some_and(|second| second <= now) {
                expired.push(u64::from_be_bytes(number));
            }
        }
        Ok(expired)
    }

    /// The keys that refer to any of some details.
    fn keys_with(&self, table: Table, details: &[u64]) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut keys = Vec::new();
        for row in table.iter(&self.txn).at(&self.path)? {
            let (key, value) = row.at(&self.path)?;
            let damaged = || self.fail(Kind::Foreign("an entry is damaged"));
            let ids = numbers(value).ok_or_else(damaged)?;
            if ids.iter().any(|id| details.binary_search(id).is_ok()) {
                keys.push(key.to_owned());
            }
        }
        Ok(keys)
    }
}
