//! Takes many entries off at once: those that a person chose, those that are over, those of an
//! incident.

use crate::{
    bytes::numbers,
    choice::Choice,
    detail::Detail,
    entry::EntryKey,
    error::{At, Kind, StoreError},
    side::write_pairs,
    tables::Table,
    writer::Writer,
};

/// A key, and the details that others took the place of.
type Replaced = (Vec<u8>, Vec<u64>);

impl<'s> Writer<'s> {
    /// Takes all entries off that expired before a Unix second; how many.
    pub fn sweep(&mut self, now: u64) -> Result<u64, StoreError> {
        let is_over = |detail: &Detail<'_>| detail.expires.is_some_and(|second| second <= now);
        let expired = self.details_where(&is_over)?;
        self.is_upkeep = true;
        self.remove(&expired)
    }

    /// Says from now on, where many entries are taken off, how many keys of all of them are done.
    pub fn watch(&mut self, progress: impl FnMut(u64, u64) + 's) {
        self.watcher = Some(Box::new(progress));
    }

    /// Takes all entries off that are chosen; how many.
    pub fn unban_all(&mut self, choice: &Choice) -> Result<u64, StoreError> {
        let chosen = self.details_where(&|detail| choice.takes_detail(detail))?;
        self.remove(&chosen)
    }

    /// Takes those entries of a key off that are chosen; how many.
    pub fn unban_chosen(&mut self, key: &EntryKey, choice: &Choice) -> Result<u64, StoreError> {
        let (mut kept, mut gone) = (Vec::new(), Vec::new());
        for id in self.ids(key)? {
            let detail = self.tables.detail(&self.txn, id).map_err(|kind| self.fail(kind))?;
            let place = if choice.takes_detail(&detail) { &mut gone } else { &mut kept };
            place.push(id);
        }
        if !gone.is_empty() {
            self.take_off(self.tables.of_key(key), key.as_bytes(), &kept, &gone)?;
        }
        Ok(gone.len() as u64)
    }

    /// Lifts what an incident banned, on all lists or on one, and puts back what its bans took the
    /// place of. How many were taken off, and how many put back.
    pub fn undo(&mut self, reason: &str, list: Option<&str>) -> Result<(u64, u64), StoreError> {
        let is_of = |detail: &Detail<'_>| {
            detail.reason == reason && list.is_none_or(|list| list == detail.list)
        };
        let banned = self.details_where(&is_of)?;
        self.forget_all(&banned)?;
        let replaced = self.replaced_by(&banned)?;
        let removed = self.remove(&banned)?;
        let mut restored = 0;
        for (key, were) in replaced {
            restored += self.put_back(&key, were)?;
        }
        self.tally.restored += restored;
        Ok((removed, restored))
    }

    /// What some details took the place of, by key.
    fn replaced_by(&self, details: &[u64]) -> Result<Vec<Replaced>, StoreError> {
        let is_gone = |id: &u64| details.binary_search(id).is_ok();
        let mut all = Vec::new();
        for row in self.tables.replaced.iter(&self.txn).at(self.path())? {
            let (key, row) = row.at(self.path())?;
            let pairs = crate::side::read_pairs(row).ok_or_else(|| self.fail(DAMAGED))?;
            let pairs = pairs.into_iter().filter(|(by, was)| is_gone(by) && !is_gone(was));
            let were: Vec<u64> = pairs.map(|(_, was)| was).collect();
            if !were.is_empty() {
                all.push((key.to_owned(), were));
            }
        }
        Ok(all)
    }

    /// Gives a key details back that it does not have; how many.
    fn put_back(&mut self, key: &[u8], were: Vec<u64>) -> Result<u64, StoreError> {
        let key = EntryKey::from_bytes(key).ok_or_else(|| self.fail(DAMAGED))?;
        let mut ids = self.ids(&key)?;
        let before = ids.len();
        ids.extend(were.iter().filter(|was| !ids.contains(was)).copied().collect::<Vec<_>>());
        let unhashed = self.unhashed.len();
        self.put(&key, &ids)?;
        self.unhashed.truncate(unhashed);
        if !self.layers.is_complete() {
            // Its bits may be gone, or be in a layer that goes with another list.
            self.unhashed.push(key);
        }
        let mut pairs = self.pairs(key.as_bytes())?;
        pairs.retain(|(_, was)| !were.contains(was));
        self.put_side(self.tables.replaced, key.as_bytes(), &write_pairs(&pairs))?;
        Ok((ids.len() - before) as u64)
    }

    /// Takes details off all keys; how many entries that were.
    fn remove(&mut self, details: &[u64]) -> Result<u64, StoreError> {
        let mut removed = 0;
        if details.is_empty() {
            return Ok(removed);
        }
        for table in [self.tables.keys, self.tables.sha1] {
            let keys = self.keys_with(table, details)?;
            for (done, key) in (0..).zip(&keys) {
                if let Some(watcher) = &mut self.watcher {
                    watcher(done, keys.len() as u64);
                }
                let ids = self.ids_at(table, key)?;
                let is_gone = |id: &u64| details.binary_search(id).is_ok();
                let (gone, kept): (Vec<u64>, Vec<u64>) = ids.into_iter().partition(is_gone);
                removed += gone.len() as u64;
                self.take_off(table, key, &kept, &gone)?;
            }
        }
        Ok(removed)
    }

    /// Forgets what details took the place of, where others have taken theirs since.
    fn forget_all(&mut self, details: &[u64]) -> Result<(), StoreError> {
        let is_gone = |id: &u64| details.binary_search(id).is_ok();
        let mut forget = Vec::new();
        for row in self.tables.replaced.iter(&self.txn).at(self.path())? {
            let (key, row) = row.at(self.path())?;
            let pairs = crate::side::read_pairs(row).ok_or_else(|| self.fail(DAMAGED))?;
            let replaced = pairs.iter().map(|(_, was)| *was).filter(|was| is_gone(was));
            forget.extend(replaced.map(|was| (key.to_owned(), was)));
        }
        for (key, was) in forget {
            self.forget_replaced(&key, was)?;
        }
        Ok(())
    }

    /// The numbers of some details, in order.
    fn details_where(&self, is: &dyn Fn(&Detail<'_>) -> bool) -> Result<Vec<u64>, StoreError> {
        let mut found = Vec::new();
        for row in self.tables.details.iter(&self.txn).at(self.path())? {
            let (number, record) = row.at(self.path())?;
            let detail = Detail::read(record).zip(number.try_into().ok());
            let Some((detail, number)) = detail else { return Err(self.fail(DAMAGED)) };
            if is(&detail) {
                found.push(u64::from_be_bytes(number));
            }
        }
        Ok(found)
    }

    /// The keys that refer to any of some details.
    fn keys_with(&self, table: Table, details: &[u64]) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut keys = Vec::new();
        for row in table.iter(&self.txn).at(self.path())? {
            let (key, value) = row.at(self.path())?;
            let ids = numbers(value).ok_or_else(|| self.fail(DAMAGED))?;
            if ids.iter().any(|id| details.binary_search(id).is_ok()) {
                keys.push(key.to_owned());
            }
        }
        Ok(keys)
    }
}

const DAMAGED: Kind = Kind::Foreign("a record of it is damaged");
