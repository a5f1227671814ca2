//! One change of the store, as one transaction.

use std::path::{Path, PathBuf};

use heed::{Env, RwTxn, WithoutTls};
use sha2::{Digest, Sha256};
use tokenban_engine::denylist::{HashKey, Profile};

use crate::{
    bytes::{hash, numbers, put_number},
    detail::Detail,
    entry::{EntryKey, Target},
    error::{At, Kind, StoreError},
    files,
    filter::hash_of_digest,
    head::Head,
    layers::Layers,
    log::{Act, Tally},
    tables::{meta, number_key, Table, Tables},
    verify::Progress,
};

/// The one who changes the store: made by [`Store::write`](crate::Store::write). Dropped without
/// [`Writer::commit`], it changed nothing.
pub struct Writer<'s> {
    pub(crate) path: PathBuf,
    pub(crate) env: &'s Env<WithoutTls>,
    pub(crate) txn: RwTxn<'s>,
    pub(crate) tables: Tables,
    pub(crate) head: Head,
    pub(crate) profile: Profile,
    pub(crate) hash_key: HashKey,
    pub(crate) layers: Layers,
    /// Hashes that the filter takes with this change.
    hashes: Vec<u64>,
    /// New keys of which no hash was told yet.
    pub(crate) unhashed: Vec<EntryKey>,
    /// What `head` and `profile` were when it began.
    before: (Head, Profile),
    /// Who it is, and what was changed so far.
    pub(crate) act: Act,
    pub(crate) tally: Tally,
    /// The order-free digest of what is taken off; whether a second person is needed whatever it is,
    /// or never: for what has expired.
    pub(crate) removals: u128,
    pub(crate) needs_approval: bool,
    /// What the store asked for when this began; see [`Writer::approve_over`].
    pub(crate) approval: Option<u64>,
    pub(crate) is_upkeep: bool,
    /// Whether there is something to note in the log beside entries.
    pub(crate) is_noted: bool,
    /// Called right before the change is written.
    pub(crate) hook: Option<fn()>,
    /// Told how many keys of all are done, where many are taken off.
    pub(crate) watcher: Option<Box<Progress<'s>>>,
    scratch: Vec<u8>,
}

impl<'s> Writer<'s> {
    pub(crate) fn begin(
        path: &Path,
        env: &'s Env<WithoutTls>,
        tables: Tables,
        act: Act,
    ) -> Result<Writer<'s>, StoreError> {
        let txn = env.write_txn().at(path)?;
        let fail = |kind| StoreError::new(path, kind);
        let head = tables.head(&txn).map_err(fail)?;
        let profile = tables.profile(&txn).map_err(fail)?;
        let hash_key = tables.hash_key(&txn).map_err(fail)?;
        let layers = tables.layers(&txn).map_err(fail)?;
        let approval = tables.approve_over(&txn).map_err(fail)?;
        let before = (head, profile.clone());
        let path = path.to_owned();
        Ok(Writer {
            path,
            env,
            txn,
            tables,
            head,
            profile,
            hash_key,
            layers,
            hashes: Vec::new(),
            unhashed: Vec::new(),
            before,
            act,
            tally: Tally::default(),
            removals: 0,
            needs_approval: false,
            approval,
            is_upkeep: false,
            is_noted: false,
            hook: None,
            watcher: None,
            scratch: Vec::new(),
        })
    }

    /// Says who changes the store, if that is not who opened it.
    pub fn sign(&mut self, act: Act) {
        self.act = act;
    }

    /// What was changed so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Makes all changes durable and visible to every reader at once.
    pub fn commit(self) -> Result<(), StoreError> {
        let is_same = (self.head, &self.profile) == (self.before.0, &self.before.1);
        match is_same && !self.is_noted {
            true => Ok(()), // nothing to wake the readers for
            false => self.check_approval()?.commit_all(),
        }
    }

    pub(crate) fn commit_all(mut self) -> Result<(), StoreError> {
        if let Some(hook) = self.hook {
            hook();
        }
        let act = std::mem::take(&mut self.act);
        self.write_log(&act)?;
        self.settle_filter()?;
        let tables = self.tables;
        let (head, profile) = (self.head.write(), self.profile.to_bytes());
        tables.put_record(&mut self.txn, meta::HEAD, &head).at(&self.path)?;
        tables.put_record(&mut self.txn, meta::PROFILE, &profile).at(&self.path)?;
        let layers = self.layers.write();
        tables.put_record(&mut self.txn, meta::LAYERS, &layers).at(&self.path)?;
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

    pub(crate) fn ids(&self, key: &EntryKey) -> Result<Vec<u64>, StoreError> {
        self.ids_at(self.tables.of_key(key), key.as_bytes())
    }

    pub(crate) fn put(&mut self, key: &EntryKey, ids: &[u64]) -> Result<(), StoreError> {
        self.put_at(self.tables.of_key(key), key.as_bytes(), ids)
    }

    /// The same where what is banned is at hand, and not only a digest of it.
    pub(crate) fn put_target(
        &mut self,
        target: &Target<'_>,
        ids: &[u64],
    ) -> Result<(), StoreError> {
        let before = self.unhashed.len();
        self.put(&target.key(), ids)?;
        self.unhashed.truncate(before);
        self.hashes.push(target.hash(self.hash_key));
        Ok(())
    }

    /// Has the filter take what was put. Of a key without a hash, whatever made it, the filter takes
    /// the digest: then values are digested to be asked for, and none is missed.
    pub(crate) fn settle_filter(&mut self) -> Result<(), StoreError> {
        for key in std::mem::take(&mut self.unhashed) {
            self.hashes.push(hash_of_digest(key.as_bytes()));
            self.profile.forget_tokens();
        }
        let hashes = std::mem::take(&mut self.hashes);
        self.add_to_filter(hashes, None)
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
            return EntryKey::from_bytes(key).map_or(Ok(()), |key| self.unlink(&key));
        }
        self.head.entries = self.head.entries.wrapping_add(hash(&[key, value]));
        table.put(&mut self.txn, key, value).at(&self.path)?;
        if is_new {
            self.unhashed.extend(EntryKey::from_bytes(key));
        }
        Ok(())
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
}
