//! What a store keeps beside its entries: which of them belong together, and what a ban took the
//! place of, so that it can be undone.

use heed::RwTxn;

use crate::{
    bytes::{hash, numbers, put_number},
    entry::EntryKey,
    error::{At, Kind, StoreError},
    tables::Table,
    writer::Writer,
};

/// The most keys that belong to one.
const LINKED_MOST: usize = 64;

/// The keys of a row of the table `links`; `None` where it is damaged.
pub(crate) fn read_links(mut row: &[u8]) -> Option<Vec<EntryKey>> {
    let mut keys = Vec::new();
    while let Some((length, rest)) = row.split_first() {
        let (key, rest) = rest.split_at_checked(usize::from(*length))?;
        keys.push(EntryKey::from_bytes(key)?);
        row = rest;
    }
    Some(keys)
}

fn write_links(keys: &[EntryKey]) -> Vec<u8> {
    let mut row = Vec::new();
    for key in keys {
        row.push(key.as_bytes().len() as u8);
        row.extend_from_slice(key.as_bytes());
    }
    row
}

/// The pairs of a row of the table `replaced`: a detail, and one that it took the place of; `None` where
/// it is damaged.
pub(crate) fn read_pairs(row: &[u8]) -> Option<Vec<(u64, u64)>> {
    let numbers = numbers(row)?;
    let pairs = numbers.chunks_exact(2);
    pairs.remainder().is_empty().then(|| pairs.map(|pair| (pair[0], pair[1])).collect())
}

pub(crate) fn write_pairs(pairs: &[(u64, u64)]) -> Vec<u8> {
    let mut row = Vec::new();
    pairs.iter().for_each(|(by, was)| {
        put_number(&mut row, *by);
        put_number(&mut row, *was);
    });
    row
}

/// The checksum of a row, which differs from that of an entry with the same bytes.
pub(crate) fn sum(key: &[u8], row: &[u8]) -> u64 {
    hash(&[b"side", key, row])
}

impl Writer<'_> {
    /// Notes that some keys belong together: whoever takes one off takes all off.
    pub fn link(&mut self, keys: &[EntryKey]) -> Result<(), StoreError> {
        for key in keys {
            let mut linked = self.linked(key)?;
            for other in keys.iter().filter(|other| *other != key) {
                if !linked.contains(other) && linked.len() < LINKED_MOST {
                    linked.push(*other);
                }
            }
            self.put_side(self.tables.links, key.as_bytes(), &write_links(&linked))?;
        }
        Ok(())
    }

    /// The keys that belong to a key.
    pub fn linked(&self, key: &EntryKey) -> Result<Vec<EntryKey>, StoreError> {
        let row = self.tables.links.get(&self.txn, key.as_bytes()).at(self.path())?;
        read_links(row.unwrap_or_default()).ok_or_else(|| self.fail(DAMAGED))
    }

    /// Forgets what belongs to a key, which has no entry any more.
    pub(crate) fn unlink(&mut self, key: &EntryKey) -> Result<(), StoreError> {
        for other in self.linked(key)? {
            let mut linked = self.linked(&other)?;
            linked.retain(|linked| linked != key);
            self.put_side(self.tables.links, other.as_bytes(), &write_links(&linked))?;
        }
        self.put_side(self.tables.links, key.as_bytes(), &[])
    }

    pub(crate) fn pairs(&self, key: &[u8]) -> Result<Vec<(u64, u64)>, StoreError> {
        let row = self.tables.replaced.get(&self.txn, key).at(self.path())?;
        read_pairs(row.unwrap_or_default()).ok_or_else(|| self.fail(DAMAGED))
    }

    /// Notes that a detail took the place of others.
    pub(crate) fn note_replaced(
        &mut self,
        key: &[u8],
        by: u64,
        all: &[u64],
    ) -> Result<(), StoreError> {
        let mut pairs = self.pairs(key)?;
        pairs.extend(all.iter().filter(|was| **was != by).map(|was| (by, *was)));
        self.put_side(self.tables.replaced, key, &write_pairs(&pairs))
    }

    /// Takes a detail out of what took whose place; what it took the place of, if nothing took its
    /// own since.
    pub(crate) fn forget_replaced(
        &mut self,
        key: &[u8],
        gone: u64,
    ) -> Result<Vec<u64>, StoreError> {
        let mut pairs = self.pairs(key)?;
        let were: Vec<u64> =
            pairs.iter().filter(|(by, _)| *by == gone).map(|(_, was)| *was).collect();
        let heirs: Vec<u64> =
            pairs.iter().filter(|(_, was)| *was == gone).map(|(by, _)| *by).collect();
        pairs.retain(|(by, was)| *by != gone && *was != gone);
        for by in &heirs {
            pairs.extend(were.iter().map(|was| (*by, *was)));
        }
        self.put_side(self.tables.replaced, key, &write_pairs(&pairs))?;
        Ok(if heirs.is_empty() { were } else { Vec::new() })
    }

    /// Writes a row of a side table; an empty one takes it out.
    pub(crate) fn put_side(
        &mut self,
        table: Table,
        key: &[u8],
        row: &[u8],
    ) -> Result<(), StoreError> {
        let old = table.get(&self.txn, key).at(self.path())?;
        if old.unwrap_or_default() == row {
            return Ok(());
        }
        let before = old.map_or(0, |old| sum(key, old));
        let after = if row.is_empty() { 0 } else { sum(key, row) };
        self.head.side = self.head.side.wrapping_sub(before).wrapping_add(after);
        write(table, &mut self.txn, key, row).at(&self.path)
    }
}

fn write(table: Table, txn: &mut RwTxn<'_>, key: &[u8], row: &[u8]) -> heed::Result<()> {
    match row.is_empty() {
        true => table.delete(txn, key).map(|_| ()),
        false => table.put(txn, key, row),
    }
}

const DAMAGED: Kind = Kind::Foreign("a record of it is damaged");
