//! The filter as the writer keeps it: a table of chunks.

use crate::{
    error::{At, Kind, StoreError},
    filter,
    tables::number_key,
    writer::Writer,
};

impl Writer<'_> {
    /// Takes a key in: rewrites one chunk, or none.
    pub(crate) fn add_to_filter(&mut self, key: &[u8]) -> Result<(), StoreError> {
        let place = filter::place(key, self.head.chunks);
        let number = number_key(place.chunk);
        let table = self.tables.filter;
        let chunk = table.get(&self.txn, &number).at(self.path())?;
        let damaged = || self.fail(Kind::Foreign("its filter is damaged"));
        let mut chunk =
            chunk.filter(|chunk| chunk.len() == filter::CHUNK).ok_or_else(damaged)?.to_owned();
        self.head.filtered += 1;
        if place.set(&mut chunk) {
            filter::seal(&mut chunk);
            table.put(&mut self.txn, &number, &chunk).at(self.path())?;
        }
        Ok(())
    }

    /// Makes the filter anew from the tables, for so many keys.
    pub(crate) fn rebuild_filter(&mut self, keys: u64) -> Result<(), StoreError> {
        let count = filter::chunks_for(keys);
        let mut chunks: Vec<Vec<u8>> = (0..count).map(filter::new_chunk).collect();
        for table in [self.tables.keys, self.tables.sha1] {
            for row in table.iter(&self.txn).at(self.path())? {
                let place = filter::place(row.at(self.path())?.0, count);
                let chunk = usize::try_from(place.chunk).ok();
                if let Some(chunk) = chunk.and_then(|chunk| chunks.get_mut(chunk)) {
                    place.set(chunk);
                }
            }
        }
        let table = self.tables.filter;
        table.clear(&mut self.txn).at(self.path())?;
        for (number, chunk) in (0..).zip(&mut chunks) {
            filter::seal(chunk);
            let flags = heed::PutFlags::APPEND;
            let key = number_key(number);
            table.put_with_flags(&mut self.txn, flags, &key, chunk).at(self.path())?;
        }
        self.head.chunks = count;
        self.head.filtered = self.count()?;
        Ok(())
    }
}
