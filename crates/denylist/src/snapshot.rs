//! The entries of one moment.

use std::{
    collections::BTreeSet,
    ops::Bound,
    path::{Path, PathBuf},
};

use heed::{types::Bytes, Env, RoRange, RoTxn, WithoutTls};
use tokenban_engine::denylist::{HashKey, Profile};

use crate::{
    bytes::numbers,
    detail::Detail,
    entry::{Entry, EntryKey},
    error::{At, Kind, StoreError},
    files,
    tables::{Table, Tables},
};

const DAMAGED: Kind = Kind::Foreign("an entry is damaged");

/// The entries as they were when it was taken.
pub struct Snapshot<'s> {
    path: PathBuf,
    env: &'s Env<WithoutTls>,
    pub(crate) txn: RoTxn<'s, WithoutTls>,
    pub(crate) tables: Tables,
}

/// What is in a store.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// A random name, of this store alone.
    pub id: [u8; 16],
    /// What [`Snapshot::digest`] says: the same where another store holds the same entries.
    pub digest: [u8; 32],
    /// Each list, by name.
    pub lists: Vec<ListStats>,
    /// Different keys: an entry on two lists is one.
    pub keys: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Bytes of it in use; the others are used again, or given back by `compact`.
    pub used_bytes: u64,
    /// Bytes of the filter.
    pub filter_bytes: u64,
    /// Places for readers in the lock file that have been in use at once.
    pub reader_slots: u64,
}

/// What is on a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListStats {
    /// Its name.
    pub name: String,
    /// Its entries.
    pub entries: u64,
    /// Those of them that have expired, until they are swept.
    pub expired: u64,
}

impl<'s> Snapshot<'s> {
    pub(crate) fn begin(
        path: &Path,
        env: &'s Env<WithoutTls>,
        tables: Tables,
    ) -> Result<Snapshot<'s>, StoreError> {
        let txn = env.read_txn().at(path)?;
        Ok(Snapshot { path: path.to_owned(), env, txn, tables })
    }

    /// A random name, of this store alone; a compacted one keeps it.
    pub fn id(&self) -> Result<[u8; 16], StoreError> {
        self.tables.id(&self.txn).map_err(|kind| StoreError::new(&self.path, kind))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What the entries have in common, as a reader sees it.
    pub fn profile(&self) -> Result<Profile, StoreError> {
        self.tables.profile(&self.txn).map_err(|kind| StoreError::new(&self.path, kind))
    }

    /// How many different keys there are.
    pub fn keys(&self) -> Result<u64, StoreError> {
        let keys = self.tables.keys.len(&self.txn).at(&self.path)?;
        Ok(keys + self.tables.sha1.len(&self.txn).at(&self.path)?)
    }

    /// The names of the lists, from what entries have in common: that of a list from which all was
    /// taken off may be among them until `compact`.
    pub fn lists(&self) -> Result<BTreeSet<String>, StoreError> {
        let mut lists = BTreeSet::new();
        for row in self.tables.details.iter(&self.txn).at(&self.path)? {
            let detail = Detail::read(row.at(&self.path)?.1);
            let detail = detail.ok_or_else(|| StoreError::new(&self.path, DAMAGED))?;
            if !lists.contains(detail.list) {
                lists.insert(detail.list.to_owned());
            }
        }
        Ok(lists)
    }

    /// The keys that belong to a key: what is taken off with it.
    pub fn linked(&self, key: &EntryKey) -> Result<Vec<EntryKey>, StoreError> {
        let row = self.tables.links.get(&self.txn, key.as_bytes()).at(&self.path)?;
        let keys = crate::side::read_links(row.unwrap_or_default());
        keys.ok_or_else(|| StoreError::new(&self.path, DAMAGED))
    }

    pub(crate) fn hash_key(&self) -> Result<HashKey, StoreError> {
        self.tables.hash_key(&self.txn).map_err(|kind| StoreError::new(&self.path, kind))
    }

    /// All entries of all lists, in the order of their keys; those with a SHA-1 come last.
    pub fn entries(&self) -> Result<Entries<'_>, StoreError> {
        self.entries_from(&[])
    }

    /// The entries whose keys begin with some bytes.
    pub fn entries_from(&self, prefix: &[u8]) -> Result<Entries<'_>, StoreError> {
        let rows = self.rows(self.tables.keys, prefix)?;
        let prefix = prefix.to_owned();
        Ok(Entries { snapshot: self, rows, prefix, more: true, key: None, ids: Vec::new() })
    }

    /// The rows of a table from some bytes on.
    fn rows(&self, table: Table, from: &[u8]) -> Result<RoRange<'_, Bytes, Bytes>, StoreError> {
        let from = match from {
            [] => Bound::Unbounded, // LMDB takes no empty key
            from => Bound::Included(from),
        };
        let from = (from, Bound::Unbounded);
        table.range(&self.txn, &from).at(&self.path)
    }

    /// The entries of a key, on all lists.
    pub fn find(&self, key: &EntryKey) -> Result<Vec<Entry<'_>>, StoreError> {
        let value = self.tables.of_key(key).get(&self.txn, key.as_bytes()).at(&self.path)?;
        let ids = numbers(value.unwrap_or_default());
        let ids = ids.ok_or_else(|| StoreError::new(&self.path, DAMAGED))?;
        ids.into_iter().map(|id| self.entry(*key, id)).collect()
    }

    pub(crate) fn stats(&self, now: u64) -> Result<Stats, StoreError> {
        let fail = |kind| StoreError::new(&self.path, kind);
        let layers = self.tables.layers(&self.txn).map_err(fail)?;
        let mut stats = Stats {
            id: self.id()?,
            digest: self.digest()?,
            keys: self.keys()?,
            file_bytes: std::fs::metadata(files::data(&self.path)).map_or(0, |data| data.len()),
            used_bytes: self.env.non_free_pages_size().at(&self.path)?,
            filter_bytes: layers.chunks() * crate::filter::CHUNK as u64,
            reader_slots: u64::from(self.env.info().number_of_readers),
            lists: Vec::new(),
        };
        for entry in self.entries()? {
            let entry = entry?;
            let at = match stats.lists.binary_search_by(|list| list.name.as_str().cmp(entry.list)) {
                Ok(at) => at,
                Err(at) => {
                    let name = entry.list.to_owned();
                    stats.lists.insert(at, ListStats { name, ..ListStats::default() });
                    at
                }
            };
            if let Some(list) = stats.lists.get_mut(at) {
                list.entries += 1;
                list.expired += u64::from(entry.expires.is_some_and(|second| second <= now));
            }
        }
        Ok(stats)
    }

    fn entry(&self, key: EntryKey, id: u64) -> Result<Entry<'_>, StoreError> {
        let detail = self.tables.detail(&self.txn, id);
        Ok(detail.map_err(|kind| StoreError::new(&self.path, kind))?.entry(key))
    }
}

/// Entries, one after the other; see [`Snapshot::entries`].
pub struct Entries<'t> {
    snapshot: &'t Snapshot<'t>,
    rows: RoRange<'t, Bytes, Bytes>,
    /// What their keys begin with.
    prefix: Vec<u8>,
    /// Whether the table of SHA-1 follows.
    more: bool,
    key: Option<EntryKey>,
    ids: Vec<u64>,
}

impl<'t> Entries<'t> {
    fn next_row(&mut self) -> Option<heed::Result<(&'t [u8], &'t [u8])>> {
        let row = self.rows.next()?;
        let is_over = row.as_ref().is_ok_and(|(key, _)| !key.starts_with(&self.prefix));
        (!is_over).then_some(row)
    }

    /// Goes to the next key; whether there is one.
    fn step(&mut self) -> Result<bool, StoreError> {
        let path = &self.snapshot.path;
        let row = match self.next_row() {
            Some(row) => row.at(path)?,
            None if self.more => {
                self.more = false;
                self.rows = self.snapshot.rows(self.snapshot.tables.sha1, &self.prefix)?;
                return self.step();
            }
            None => return Ok(false),
        };
        let damaged = || StoreError::new(path, DAMAGED);
        self.key = Some(EntryKey::from_bytes(row.0).ok_or_else(damaged)?);
        self.ids = numbers(row.1).ok_or_else(damaged)?;
        self.ids.reverse();
        Ok(true)
    }
}

impl<'t> Iterator for Entries<'t> {
    type Item = Result<Entry<'t>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((id, key)) = self.ids.pop().zip(self.key) {
                return Some(self.snapshot.entry(key, id));
            }
            match self.step() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
