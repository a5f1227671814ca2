//! Takes a batch into the store, in one transaction.

use std::{cmp::Ordering, collections::HashMap};

use heed::RoTxn;

use crate::{
    approval::removal,
    batch::{Batch, Row},
    bytes::{hash, put_number, take_number},
    detail::Detail,
    entry::Taken,
    error::{At, Kind, StoreError, TOO_MANY_CLAIMS},
    log::Tally,
    tables::Table,
    terms::{merge, TermBook, Terms},
    writer::Writer,
};

/// How a batch is taken in.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImportOptions<'a> {
    /// The list that is replaced: its entries that the batch does not have are taken off, those that
    /// it has get what the batch says of them.
    pub replace: Option<&'a str>,
    /// Whether a replaced list may shrink by more than half.
    pub force: bool,
    /// Only tell what would happen.
    pub dry_run: bool,
}

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Entries that are new on their list.
    pub new: u64,
    /// Entries whose token was on the list before, and that deny more, or for another incident.
    pub changed: u64,
    /// Entries that were on their list before, or several times in the batch.
    pub before: u64,
    /// Entries of the replaced list that the batch does not have.
    pub removed: u64,
}

/// An import of at least one key for so many that are there rewrites the tables in order.
const FEW: u64 = 4;

pub(crate) fn run(
    mut writer: Writer<'_>,
    mut batch: Batch,
    options: &ImportOptions<'_>,
) -> Result<Imported, StoreError> {
    let path = writer.path().to_owned();
    let before = writer.env.read_txn().at(&path)?; // what is there: nothing is changed yet
    let mut import = Import::begin(&mut writer, &batch, options)?;
    let is_large = batch.len() as u64 * FEW >= writer.count()? || import.replaced.is_some();
    batch.keys.sort_unstable();
    batch.sha1.sort_unstable();
    let (keys, sha1) = (writer.tables.keys, writer.tables.sha1);
    if is_large {
        import.merge(&mut writer, &before, keys, &batch.keys)?;
        import.merge(&mut writer, &before, sha1, &batch.sha1)?;
    } else {
        import.insert(&mut writer, keys, &batch.keys)?;
        import.insert(&mut writer, sha1, &batch.sha1)?;
    }
    drop(before);
    import.check_shrink(&writer, options)?;
    let (hashes, profile) = batch.take_hashes(writer.hash_key);
    if !writer.profile.merge(&profile) {
        return Err(writer.fail(TOO_MANY_CLAIMS));
    }
    for keys in &batch.links {
        writer.link(keys)?;
    }
    let Imported { new, changed, removed, .. } = import.done;
    writer.removals = import.removals;
    writer.tally = Tally { added: new, strengthened: changed, removed, restored: 0 };
    if !options.dry_run {
        filter(&mut writer, &batch, hashes, (options, import.is_only_list()))?;
        writer.commit()?;
    }
    Ok(import.done)
}

/// Puts the hashes of a batch into the filter. Those of a whole list take the place of what was there
/// for the list; where there never was another list, of all that was there.
fn filter(
    writer: &mut Writer<'_>,
    batch: &Batch,
    hashes: Vec<u64>,
    (options, is_only_list): (&ImportOptions<'_>, bool),
) -> Result<(), StoreError> {
    writer.unhashed.clear(); // the batch has the hashes of what it put
    let Some(list) = options.replace.filter(|list| batch.is_plainly_of(list)) else {
        return writer.add_to_filter(hashes, None);
    };
    if is_only_list {
        writer.drop_layers(&|_| true)?;
    }
    writer.add_to_filter(hashes, Some(list))
}

struct Import {
    /// The numbers of the batch's details in the store.
    numbers: Vec<u64>,
    terms: HashMap<u64, Terms>,
    replaced: Option<u32>,
    /// The detail that stands for all that replaces it, where it is for an incident; and what of the
    /// list a key had.
    by: Option<u64>,
    gone: Vec<u64>,
    /// Entries of the replaced list, before and after.
    list: (u64, u64),
    done: Imported,
    /// The order-free digest of what is taken off.
    removals: u128,
    /// The details of a key while they are settled, and as the store keeps them.
    ids: Vec<(u64, Terms)>,
    value: Vec<u8>,
}

impl Import {
    fn begin(
        writer: &mut Writer<'_>,
        batch: &Batch,
        options: &ImportOptions<'_>,
    ) -> Result<Import, StoreError> {
        let mut numbers = Vec::with_capacity(batch.details.len());
        for record in &batch.details {
            numbers.push(writer.intern_record(record)?);
        }
        let mut book = TermBook::default();
        let mut terms = HashMap::new();
        for row in writer.tables.details.iter(&writer.txn).at(writer.path())? {
            let (number, record) = row.at(writer.path())?;
            let Some((detail, number)) = Detail::read(record).zip(number.try_into().ok()) else {
                return Err(writer.fail(DAMAGED));
            };
            terms.insert(u64::from_be_bytes(number), book.terms(&detail));
        }
        let replaced = options.replace.and_then(|list| book.list(list));
        // What an incident takes off comes back when it is undone: it was replaced by what that banned.
        let is_of = |record: &Vec<u8>| {
            Detail::read(record)
                .is_some_and(|one| one.is_named && Some(one.list) == options.replace)
        };
        let by = batch.details.iter().position(is_of).and_then(|at| numbers.get(at).copied());
        let (done, removals, ids, value) = Default::default();
        Ok(Import {
            numbers,
            terms,
            replaced,
            by,
            gone: Vec::new(),
            list: (0, 0),
            done,
            removals,
            ids,
            value,
        })
    }

    /// Puts sorted rows into a table, one by one.
    fn insert<const N: usize>(
        &mut self,
        writer: &mut Writer<'_>,
        table: Table,
        rows: &[Row<N>],
    ) -> Result<(), StoreError> {
        for group in rows.chunk_by(|one, other| one.0 == other.0) {
            let Some((key, _)) = group.first() else { continue };
            let old = table.get(&writer.txn, key).at(writer.path())?.unwrap_or_default().to_owned();
            self.settle(key, &old, group).map_err(|kind| writer.fail(kind))?;
            if self.value != old {
                writer.put_value(table, key, &self.value)?;
            }
        }
        Ok(())
    }

    /// Writes a table anew: what is there and sorted rows, both in the order of their keys.
    fn merge<const N: usize>(
        &mut self,
        writer: &mut Writer<'_>,
        before: &RoTxn<'_, heed::WithoutTls>,
        table: Table,
        rows: &[Row<N>],
    ) -> Result<(), StoreError> {
        let path = writer.path().to_owned();
        table.clear(&mut writer.txn).at(&path)?;
        let mut old = table.iter(before).at(&path)?;
        let mut groups = rows.chunk_by(|one, other| one.0 == other.0);
        let mut next_old = old.next().transpose().at(&path)?;
        let mut next_group = groups.next();
        loop {
            let new_key = next_group.and_then(|group| group.first()).map(|row| row.0.as_slice());
            let (key, old_value, group) = match (next_old, new_key) {
                (None, None) => return Ok(()),
                (Some((key, value)), None) => (key, value, None),
                (None, Some(key)) => (key, &[][..], next_group),
                (Some((old_key, value)), Some(new_key)) => match old_key.cmp(new_key) {
                    Ordering::Less => (old_key, value, None),
                    Ordering::Equal => (old_key, value, next_group),
                    Ordering::Greater => (new_key, &[][..], next_group),
                },
            };
            self.append(writer, table, (key, old_value), group.unwrap_or_default())?;
            if group.is_some() {
                next_group = groups.next();
            }
            if !old_value.is_empty() {
                next_old = old.next().transpose().at(&path)?;
            }
        }
    }

    fn append<const N: usize>(
        &mut self,
        writer: &mut Writer<'_>,
        table: Table,
        (key, old): (&[u8], &[u8]),
        group: &[Row<N>],
    ) -> Result<(), StoreError> {
        if group.is_empty() && self.replaced.is_none() {
            return writer.append(table, key, old);
        }
        self.settle(key, old, group).map_err(|kind| writer.fail(kind))?;
        if self.value != old {
            let sum = |value: &[u8]| if value.is_empty() { 0 } else { hash(&[key, value]) };
            let entries = &mut writer.head.entries;
            *entries = entries.wrapping_sub(sum(old)).wrapping_add(sum(&self.value));
        }
        self.gone.retain(|id| self.ids.iter().all(|(kept, _)| kept != id));
        if let Some(by) = self.by.filter(|_| !self.gone.is_empty()) {
            writer.note_replaced(key, by, &self.gone)?;
        }
        writer.append(table, key, &self.value)
    }

    /// Makes one value of what is there at a key and of what the batch has for it.
    fn settle<const N: usize>(
        &mut self,
        key: &[u8],
        old: &[u8],
        group: &[Row<N>],
    ) -> Result<(), Kind> {
        self.read_ids(old)?;
        let replaced = self.replaced;
        let is_replaced = |terms: &Terms| Some(terms.list) == replaced;
        self.gone.clear();
        let of_list = self.ids.iter().filter(|(_, terms)| is_replaced(terms));
        self.gone.extend(of_list.map(|(id, _)| *id));
        self.ids.retain(|(_, terms)| !is_replaced(terms));
        let had = !self.gone.is_empty();
        let (mut is_back, done) = (had, &mut self.done);
        for (_, place) in group {
            let new = self.numbers.get(*place as usize).ok_or(DAMAGED)?;
            let terms = *self.terms.get(new).ok_or(DAMAGED)?;
            match merge(&mut self.ids, (*new, terms)) {
                // What a replaced list had and gets again was there before.
                Taken::New if is_back && is_replaced(&terms) => {
                    is_back = false;
                    done.before += 1;
                }
                Taken::New | Taken::Replaced => done.new += 1,
                Taken::Beside | Taken::Stronger => done.changed += 1,
                Taken::Before => done.before += 1,
            }
        }
        let has = self.ids.iter().any(|(_, terms)| is_replaced(terms));
        if had && !has {
            // What is left out is known by the key: its details are taken off as a whole.
            self.removals = self.removals.wrapping_add(removal(key, 0));
        }
        self.list.0 += u64::from(had);
        self.list.1 += u64::from(has);
        self.done.removed += u64::from(had && !has);
        self.value.clear();
        self.ids.iter().for_each(|(id, _)| put_number(&mut self.value, *id));
        Ok(())
    }

    fn read_ids(&mut self, mut value: &[u8]) -> Result<(), Kind> {
        self.ids.clear();
        while !value.is_empty() {
            let id = take_number(&mut value).ok_or(DAMAGED)?;
            self.ids.push((id, *self.terms.get(&id).ok_or(DAMAGED)?));
        }
        Ok(())
    }

    /// Whether no detail in the store is of another list than the one that is replaced.
    fn is_only_list(&self) -> bool {
        self.replaced.is_some()
            && self.terms.values().all(|terms| Some(terms.list) == self.replaced)
    }

    fn check_shrink(
        &self,
        writer: &Writer<'_>,
        options: &ImportOptions<'_>,
    ) -> Result<(), StoreError> {
        let Some(list) = options.replace else { return Ok(()) };
        let (before, after) = self.list;
        match options.force || after * 2 >= before {
            true => Ok(()),
            false => Err(writer.fail(Kind::Shrink { list: list.to_owned(), before, after })),
        }
    }
}

const DAMAGED: Kind = Kind::Foreign("a record of it is damaged");
