//! Takes a batch into the store, in one transaction.

use std::collections::HashMap;

use crate::{
    batch::{Batch, Row},
    bytes::numbers,
    detail::Detail,
    error::{At, Kind, StoreError},
    tables::Table,
    writer::Writer,
};

/// How a batch is taken in.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImportOptions<'a> {
    /// The list that is replaced: its entries that the batch does not have are taken off.
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
    /// Entries that were on their list before, or several times in the batch.
    pub before: u64,
    /// Entries of the replaced list that the batch does not have.
    pub removed: u64,
}

/// What decides between two entries of one key.
struct Terms {
    list: u32,
    expires: u64,
    issued_before: u64,
}

impl Terms {
    /// Whether everything that the other entry denies is denied by this one.
    fn covers(&self, other: &Terms) -> bool {
        self.list == other.list
            && self.expires >= other.expires
            && self.issued_before >= other.issued_before
    }
}

pub(crate) fn run(
    mut writer: Writer<'_>,
    mut batch: Batch,
    options: &ImportOptions<'_>,
) -> Result<Imported, StoreError> {
    let mut import = Import::begin(&mut writer, &batch, options)?;
    batch.keys.sort_unstable();
    batch.sha1.sort_unstable();
    let tables = writer.tables;
    import.take(&mut writer, tables.keys, batch.keys)?;
    import.take(&mut writer, tables.sha1, batch.sha1)?;
    import.check_shrink(&writer, options)?;
    if let Some(profile) = batch.profile {
        writer.profile.merge(&profile);
    }
    if !options.dry_run {
        writer.commit()?;
    }
    Ok(import.done)
}

struct Import {
    /// The numbers of the batch's details in the store.
    numbers: Vec<u64>,
    terms: HashMap<u64, Terms>,
    replaced: Option<u32>,
    /// Entries of the replaced list before, and those of them that stay.
    list_before: u64,
    list_kept: u64,
    done: Imported,
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
        let mut lists = HashMap::new();
        let mut terms = HashMap::new();
        for row in writer.tables.details.iter(&writer.txn).at(writer.path())? {
            let (number, record) = row.at(writer.path())?;
            let Some((detail, number)) = Detail::read(record).zip(number.try_into().ok()) else {
                return Err(writer.fail(Kind::Foreign("a record of it is damaged")));
            };
            let next = lists.len() as u32;
            let list = *lists.entry(detail.list.to_owned()).or_insert(next);
            let expires = detail.expires.unwrap_or(u64::MAX);
            let issued_before = detail.issued_before.unwrap_or(u64::MAX);
            terms.insert(u64::from_be_bytes(number), Terms { list, expires, issued_before });
        }
        let replaced = options.replace.and_then(|list| lists.get(list).copied());
        let done = Imported::default();
        Ok(Import { numbers, terms, replaced, list_before: 0, list_kept: 0, done })
    }

    /// Takes in sorted rows.
    fn take<const N: usize>(
        &mut self,
        writer: &mut Writer<'_>,
        table: Table,
        rows: Vec<Row<N>>,
    ) -> Result<(), StoreError> {
        self.remove_others(writer, table, &rows)?;
        for group in rows.chunk_by(|one, other| one.0 == other.0) {
            let Some((key, _)) = group.first() else { continue };
            let mut ids = writer.ids_at(table, key)?;
            let before = ids.clone();
            self.combine(&mut ids, group);
            if ids != before {
                writer.put_at(table, key, &ids)?;
            }
        }
        Ok(())
    }

    /// Takes the entries of the replaced list off that the batch does not have.
    fn remove_others<const N: usize>(
        &mut self,
        writer: &mut Writer<'_>,
        table: Table,
        rows: &[Row<N>],
    ) -> Result<(), StoreError> {
        let Some(replaced) = self.replaced else { return Ok(()) };
        let is_replaced = |id: &u64| self.terms.get(id).is_some_and(|terms| terms.list == replaced);
        let mut gone = Vec::new();
        for row in table.iter(&writer.txn).at(writer.path())? {
            let (key, value) = row.at(writer.path())?;
            let mut ids = numbers(value).unwrap_or_default();
            if !ids.iter().any(is_replaced) {
                continue;
            }
            self.list_before += 1;
            if rows.binary_search_by(|row| row.0.as_slice().cmp(key)).is_ok() {
                self.list_kept += 1;
                continue;
            }
            ids.retain(|id| !is_replaced(id));
            gone.push((key.to_owned(), ids));
        }
        for (key, ids) in &gone {
            writer.put_at(table, key, ids)?;
        }
        self.done.removed += gone.len() as u64;
        Ok(())
    }

    /// Adds the entries of one key to those that are there. Of two on one list, the one stays that
    /// denies all that the other denies; an equal one stays as it is.
    fn combine<const N: usize>(&mut self, ids: &mut Vec<u64>, group: &[Row<N>]) {
        for (_, place) in group {
            let Some(new) = self.numbers.get(*place as usize) else { continue };
            let Some(terms) = self.terms.get(new) else { continue };
            let known = |id: &u64| self.terms.get(id);
            let was = ids.iter().filter_map(known).any(|old| old.list == terms.list);
            self.done.before += u64::from(was);
            self.done.new += u64::from(!was);
            if ids.iter().filter_map(known).any(|old| old.covers(terms)) {
                continue;
            }
            ids.retain(|id| !known(id).is_some_and(|old| terms.covers(old)));
            ids.push(*new);
        }
    }

    fn check_shrink(
        &self,
        writer: &Writer<'_>,
        options: &ImportOptions<'_>,
    ) -> Result<(), StoreError> {
        let Some(list) = options.replace else { return Ok(()) };
        let (before, after) = (self.list_before, self.list_kept + self.done.new);
        match options.force || after >= before / 2 {
            true => Ok(()),
            false => Err(writer.fail(Kind::Shrink { list: list.to_owned(), before, after })),
        }
    }
}
