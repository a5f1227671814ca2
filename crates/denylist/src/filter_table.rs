//! The filter as the writer keeps it: a table of chunks.

use crate::{
    error::{At, Kind, StoreError},
    filter,
    layers::Layer,
    tables::number_key,
    writer::Writer,
};

impl Writer<'_> {
    /// Takes hashes in. Those of an import that replaces a list get a layer of their own.
    pub(crate) fn add_to_filter(
        &mut self,
        mut hashes: Vec<u64>,
        replaced: Option<&str>,
    ) -> Result<(), StoreError> {
        hashes.sort_unstable();
        hashes.dedup();
        if let Some(list) = replaced.filter(|list| self.layers.takes_list(list)) {
            self.drop_layers(&|layer| layer.list == list)?;
            return match hashes.len() as u64 {
                0 => Ok(()),
                room => self.add_layer(&hashes, room, list),
            };
        }
        self.leave_out_known(&mut hashes)?;
        let new = hashes;
        match self.layers.with_room(new.len() as u64) {
            _ if new.is_empty() => Ok(()),
            Some(layer) => self.add_to_layer(layer, &new),
            None => self.add_layer(&new, self.layers.next_room(new.len() as u64), ""),
        }
    }

    /// Makes the filter anew from the digests of all entries: there is nothing else to make it from.
    pub(crate) fn filter_digests(&mut self) -> Result<(), StoreError> {
        let mut hashes = Vec::new();
        for table in [self.tables.keys, self.tables.sha1] {
            for row in table.iter(&self.txn).at(&self.path)? {
                hashes.push(filter::hash_of_digest(row.at(&self.path)?.0));
            }
        }
        self.drop_layers(&|_| true)?;
        self.profile.forget_tokens();
        self.add_to_filter(hashes, None)
    }

    /// Lets go of layers.
    pub(crate) fn drop_layers(&mut self, which: &dyn Fn(&Layer) -> bool) -> Result<(), StoreError> {
        let gone = self.layers.take(which);
        for chunk in gone.iter().flat_map(|layer| layer.first..layer.first + layer.chunks) {
            self.tables.filter.delete(&mut self.txn, &number_key(chunk)).at(&self.path)?;
        }
        Ok(())
    }

    /// Leaves out what a layer for all lists has, or seems to have. A layer of a list goes with the
    /// list: what is on another one must not rely on it.
    fn leave_out_known(&self, hashes: &mut Vec<u64>) -> Result<(), StoreError> {
        for layer in self.layers.all.iter().filter(|layer| layer.list.is_empty()) {
            let place = |hash: &u64| filter::place(*hash, layer.chunks);
            let mut new = Vec::new();
            for group in hashes.chunk_by(|one, other| place(one).chunk == place(other).chunk) {
                let number = layer.first + group.first().map_or(0, |hash| place(hash).chunk);
                let chunk = self.chunk(number)?;
                let is_new = |hash: &&u64| place(hash).may_hold(chunk) != Some(true);
                new.extend(group.iter().filter(is_new));
            }
            *hashes = new;
        }
        Ok(())
    }

    fn chunk(&self, number: u64) -> Result<&[u8], StoreError> {
        let chunk = self.tables.filter.get(&self.txn, &number_key(number)).at(&self.path)?;
        let chunk = chunk.filter(|chunk| chunk.len() == filter::CHUNK);
        chunk.ok_or_else(|| self.fail(Kind::Foreign("its filter is damaged")))
    }

    /// Hashes in order: each chunk is written once.
    fn add_to_layer(&mut self, layer: usize, hashes: &[u64]) -> Result<(), StoreError> {
        let Some(Layer { first, chunks, keys, .. }) = self.layers.all.get_mut(layer) else {
            return Ok(());
        };
        *keys += hashes.len() as u64;
        let (first, chunks) = (*first, *chunks);
        let chunk_of = |hash: &u64| filter::place(*hash, chunks).chunk;
        for group in hashes.chunk_by(|one, other| chunk_of(one) == chunk_of(other)) {
            let number = first + group.first().map_or(0, chunk_of);
            let mut chunk = self.chunk(number)?.to_owned();
            group.iter().for_each(|hash| {
                filter::place(*hash, chunks).set(&mut chunk);
            });
            filter::seal(&mut chunk);
            let table = self.tables.filter;
            table.put(&mut self.txn, &number_key(number), &chunk).at(&self.path)?;
        }
        Ok(())
    }

    /// Hashes in order: one chunk after the other is made and written.
    fn add_layer(&mut self, hashes: &[u64], room: u64, list: &str) -> Result<(), StoreError> {
        let (first, chunks) = (self.layers.next_chunk(), filter::chunks_for(room));
        let mut rest = hashes;
        for number in 0..chunks {
            let mut chunk = filter::new_chunk(first + number);
            let is_here = |hash: &u64| filter::place(*hash, chunks).chunk == number;
            let (here, after) = rest.split_at(rest.partition_point(is_here));
            rest = after;
            here.iter().for_each(|hash| {
                filter::place(*hash, chunks).set(&mut chunk);
            });
            filter::seal(&mut chunk);
            let (flags, key) = (heed::PutFlags::APPEND, number_key(first + number));
            let table = self.tables.filter;
            table.put_with_flags(&mut self.txn, flags, &key, &chunk).at(&self.path)?;
        }
        let (list, keys) = (list.to_owned(), hashes.len() as u64);
        self.layers.all.push(Layer { first, chunks, keys, list });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokenban_engine::denylist::{bans, Denylists};

    use crate::{CreateOptions, NewEntry, Reader, Store, Target};

    #[test]
    fn one_of_digests_hides_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store");
        let mut store = Store::create(&path, &CreateOptions::default()).unwrap();
        let (header, payload) = (b"{\"a\":1}", b"{\"b\":1}");
        let mut writer = store.write().unwrap();
        for target in [Target::Token(b"a-fake-token"), Target::Jwt { header, payload }] {
            writer.ban(&NewEntry::new("leaked", target, 0)).unwrap();
        }
        writer.settle_filter().unwrap();
        writer.filter_digests().unwrap();
        writer.commit().unwrap();
        drop(store);
        let reader = Reader::open(&path).unwrap();
        assert!(reader.profile().has_sha256() && reader.profile().has_keys());
        for (value, lists) in [("a-fake-token", 1), ("eyJhIjoxfQ.eyJiIjoxfQ.c2ln", 1), ("b", 0)] {
            let mut found = 0;
            bans(&reader, value.as_bytes(), 0, &mut |_, _| found += 1).unwrap();
            assert_eq!(found, lists, "{value}");
        }
    }
}
