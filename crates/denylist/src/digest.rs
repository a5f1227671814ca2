//! One number for a whole set of entries, to see whether two stores hold the same.

use sha2::{Digest, Sha256};

use crate::{
    bytes::{numbers, put_number},
    error::{At, Kind, StoreError},
    snapshot::Snapshot,
    tables::number_key,
};

/// The sum of the hashes of entries: the same in whatever order they came.
#[derive(Default)]
struct Sum([u64; 4]);

impl Sum {
    fn add(&mut self, key: &[u8], record: &[u8]) {
        let mut length = Vec::with_capacity(1);
        put_number(&mut length, key.len() as u64);
        let mut digest = Sha256::new();
        [b"tokenban entry\0", &length[..], key, record].iter().for_each(|part| digest.update(part));
        let digest = digest.finalize();
        for (lane, word) in self.0.iter_mut().zip(digest.chunks_exact(8)) {
            *lane = lane.wrapping_add(crate::bytes::word(word));
        }
    }

    fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (to, lane) in bytes.chunks_exact_mut(8).zip(self.0) {
            to.copy_from_slice(&lane.to_le_bytes());
        }
        bytes
    }
}

impl Snapshot<'_> {
    /// A digest of all entries with all that is said of them, expired ones too. Stores that hold the same
    /// have the same, whatever was done to them, in whatever order. It reads the whole store. It tells
    /// accidents: somebody who picks entries to that end can make two sets with one digest.
    pub fn digest(&self) -> Result<[u8; 32], StoreError> {
        let damaged = || StoreError::new(self.path(), Kind::Foreign("an entry is damaged"));
        let mut sum = Sum::default();
        for table in [self.tables.keys, self.tables.sha1] {
            for row in table.iter(&self.txn).at(self.path())? {
                let (key, ids) = row.at(self.path())?;
                for id in numbers(ids).ok_or_else(damaged)? {
                    let record = self.tables.details.get(&self.txn, &number_key(id));
                    sum.add(key, record.at(self.path())?.ok_or_else(damaged)?);
                }
            }
        }
        Ok(sum.bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_and_everything_else_does() {
        let of = |entries: &[[&str; 2]]| {
            let mut sum = Sum::default();
            for [key, record] in entries {
                sum.add(key.as_bytes(), record.as_bytes());
            }
            sum.bytes()
        };
        let (one, other) = (["ab", "cd"], ["ef", "gh"]);
        assert_eq!(of(&[one, other]), of(&[other, one]));
        assert_ne!(of(&[one, other]), of(&[one]));
        assert_ne!(of(&[one]), of(&[["abc", "d"]]));
        assert_ne!(of(&[one, other]), of(&[["ab", "gh"], ["ef", "cd"]]));
        assert_ne!(of(&[one, one]), of(&[]), "entries do not cancel out");
    }
}
