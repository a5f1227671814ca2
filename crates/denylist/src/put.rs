//! Puts entries on lists, and takes them off, one by one.

use crate::{
    approval::removal,
    detail::Detail,
    entry::{Entry, EntryKey, NewEntry, Taken, Target},
    error::{StoreError, TOO_MANY_CLAIMS},
    tables::Table,
    terms::{merge, TermBook, Terms},
    writer::Writer,
};

/// In the place of the number of a detail that is not kept yet.
const NOT_YET: u64 = u64::MAX;

impl Writer<'_> {
    /// Puts an entry on a list. It never weakens what is there: of two bans of one incident on one
    /// list the one stays that denies all that the other denies, and both where neither does. Those
    /// of other incidents stay beside it.
    pub fn ban(&mut self, entry: &NewEntry<'_>) -> Result<Taken, StoreError> {
        let detail = self.detail_of(entry)?;
        let key = entry.target.key();
        let mut book = TermBook::default();
        let mut ids = self.ids_with_terms(&key, &mut book)?;
        let taken = merge(&mut ids, (NOT_YET, book.terms(&detail)));
        match taken {
            Taken::Before => return Ok(taken),
            Taken::Stronger => self.tally.strengthened += 1,
            _ => self.tally.added += 1,
        }
        let number = self.intern(&detail)?;
        let ids = ids.into_iter().map(|(id, _)| if id == NOT_YET { number } else { id });
        self.put_target(&entry.target, &ids.collect::<Vec<_>>())?;
        Ok(taken)
    }

    /// Puts an entry on a list in the place of all that the list has for the same target. Undoing the
    /// incident of the new one puts them back.
    pub fn replace(&mut self, entry: &NewEntry<'_>) -> Result<Taken, StoreError> {
        let detail = self.detail_of(entry)?;
        let number = self.intern(&detail)?;
        let key = entry.target.key();
        let mut ids = self.ids(&key)?;
        let gone = self.drain_list(&mut ids, entry.list)?;
        if gone == [number] {
            return Ok(Taken::Before);
        }
        if detail.is_named {
            self.note_replaced(key.as_bytes(), number, &gone)?;
        }
        for id in &gone {
            self.removals = self.removals.wrapping_add(removal(key.as_bytes(), *id));
        }
        ids.push(number);
        self.put_target(&entry.target, &ids)?;
        self.tally.added += 1;
        self.tally.removed += gone.len() as u64;
        Ok(if gone.is_empty() { Taken::New } else { Taken::Replaced })
    }

    /// The entries of a key, on all lists, with what was changed so far.
    pub fn find(&self, key: &EntryKey) -> Result<Vec<Entry<'_>>, StoreError> {
        let ids = self.ids(key)?.into_iter();
        let detail = |id| self.tables.detail(&self.txn, id).map_err(|kind| self.fail(kind));
        ids.map(|id| Ok(detail(id)?.entry(*key))).collect()
    }

    /// Takes a target off a list; whether it was on it.
    pub fn unban(&mut self, list: &str, target: &Target<'_>) -> Result<bool, StoreError> {
        self.unban_key(list, &target.key())
    }

    /// The same by what the store finds it by, as [`Entry`] tells.
    pub fn unban_key(&mut self, list: &str, key: &EntryKey) -> Result<bool, StoreError> {
        let mut ids = self.ids(key)?;
        let gone = self.drain_list(&mut ids, list)?;
        if gone.is_empty() {
            return Ok(false);
        }
        self.take_off(self.tables.of_key(key), key.as_bytes(), &ids, &gone)?;
        Ok(true)
    }

    /// What is common to an entry and others. The profile gets to know it.
    fn detail_of<'a>(&mut self, entry: &NewEntry<'a>) -> Result<Detail<'a>, StoreError> {
        let detail = Detail::of(entry).map_err(|kind| self.fail(kind))?;
        match entry.target.add_to(&mut self.profile) {
            true => Ok(detail),
            false => Err(self.fail(TOO_MANY_CLAIMS)),
        }
    }

    /// Takes the numbers of a list's details out, and hands them back.
    fn drain_list(&self, ids: &mut Vec<u64>, list: &str) -> Result<Vec<u64>, StoreError> {
        let (mut kept, mut gone) = (Vec::with_capacity(ids.len()), Vec::new());
        for id in ids.drain(..) {
            let detail = self.tables.detail(&self.txn, id).map_err(|kind| self.fail(kind))?;
            let place = if detail.list == list { &mut gone } else { &mut kept };
            place.push(id);
        }
        *ids = kept;
        Ok(gone)
    }

    /// Leaves a key only some of its details.
    pub(crate) fn take_off(
        &mut self,
        table: Table,
        key: &[u8],
        kept: &[u64],
        gone: &[u64],
    ) -> Result<(), StoreError> {
        for id in gone {
            self.forget_replaced(key, *id)?;
            self.removals = self.removals.wrapping_add(removal(key, *id));
        }
        self.tally.removed += gone.len() as u64;
        self.put_at(table, key, kept)
    }

    fn ids_with_terms(
        &self,
        key: &EntryKey,
        book: &mut TermBook,
    ) -> Result<Vec<(u64, Terms)>, StoreError> {
        let mut ids = Vec::new();
        for id in self.ids(key)? {
            let detail = self.tables.detail(&self.txn, id).map_err(|kind| self.fail(kind))?;
            ids.push((id, book.terms(&detail)));
        }
        Ok(ids)
    }
}
