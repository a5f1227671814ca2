//! Entries on their way into the store, in memory: 28 bytes each, digests and hashes only.

use std::{collections::HashMap, fmt};

use sha2::{Digest, Sha256};
use tokenban_engine::denylist::{HashKey, Profile};

use crate::{
    detail::Detail,
    entry::{EntryKey, NewEntry},
    error::{Kind, StoreError, TOO_MANY_CLAIMS},
    filter,
};

/// A row: a key and the place of its detail in [`Batch::details`].
pub(crate) type Row<const N: usize> = ([u8; N], u32);

/// What an import takes in. It holds no lock while it is filled.
///
/// One that [`Store::batch`](crate::Store::batch) made has the hashes that make look-ups cheap. One
/// made without a store, or for another one, has digests only: each value that may be a token has to
/// be digested then.
#[derive(Default)]
pub struct Batch {
    hash_key: Option<HashKey>,
    /// What the filter has of the entries.
    hashes: Vec<u64>,
    pub(crate) keys: Vec<Row<16>>,
    pub(crate) sha1: Vec<Row<20>>,
    /// Written details, each once.
    pub(crate) details: Vec<Vec<u8>>,
    /// Their places, by the beginning of their SHA-256.
    places: HashMap<[u8; 16], u32>,
    /// The place of the last one: most entries of an import share theirs.
    last: Option<u32>,
    pub(crate) profile: Option<Profile>,
    /// Keys that belong together.
    pub(crate) links: Vec<Vec<EntryKey>>,
    scratch: Vec<u8>,
}

impl Batch {
    /// An empty one, for no certain store.
    pub fn new() -> Batch {
        Batch::default()
    }

    pub(crate) fn of_store(hash_key: HashKey) -> Batch {
        Batch { hash_key: Some(hash_key), ..Batch::default() }
    }

    /// Takes an entry in.
    pub fn add(&mut self, entry: &NewEntry<'_>) -> Result<(), StoreError> {
        let fail = |kind| StoreError::new(std::path::Path::new(""), kind);
        let detail = Detail::of(entry).map_err(fail)?;
        let place = self.place(&detail).map_err(fail)?;
        if !entry.target.add_to(self.profile.get_or_insert(Profile::EMPTY)) {
            return Err(fail(TOO_MANY_CLAIMS));
        }
        self.hashes.extend(self.hash_key.map(|key| entry.target.hash(key)));
        match entry.target.key() {
            EntryKey::Key(key) => self.keys.push((*key.as_bytes(), place)),
            EntryKey::Sha1(digest) => self.sha1.push((digest, place)),
        }
        Ok(())
    }

    /// Notes that some entries belong together: whoever takes one off takes all off.
    pub fn link(&mut self, keys: Vec<EntryKey>) {
        if keys.len() > 1 {
            self.links.push(keys);
        }
    }

    /// Entries taken in, repeated ones counted again.
    pub fn len(&self) -> usize {
        self.keys.len() + self.sha1.len()
    }

    /// Whether nothing was taken in.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether nothing of another list is in it, and nothing that can be undone by its incident.
    pub(crate) fn is_plainly_of(&self, list: &str) -> bool {
        self.details.iter().all(|record| {
            Detail::read(record).is_some_and(|detail| detail.list == list && !detail.is_named)
        })
    }

    /// What the filter of a store takes of it, and what the profile.
    pub(crate) fn take_hashes(&mut self, hash_key: HashKey) -> (Vec<u64>, Profile) {
        let mut profile = self.profile.take().unwrap_or_default();
        if self.hash_key == Some(hash_key) {
            return (std::mem::take(&mut self.hashes), profile);
        }
        profile.forget_tokens();
        let keys = self.keys.iter().map(|(key, _)| filter::hash_of_digest(key));
        let sha1 = self.sha1.iter().map(|(digest, _)| filter::hash_of_digest(digest));
        (keys.chain(sha1).collect(), profile)
    }

    fn place(&mut self, detail: &Detail<'_>) -> Result<u32, Kind> {
        detail.write(&mut self.scratch);
        if let Some(last) = self.last {
            if self.details.get(last as usize) == Some(&self.scratch) {
                return Ok(last);
            }
        }
        let digest = Sha256::digest(&self.scratch).first_chunk().copied().unwrap_or_default();
        let place = match self.places.get(&digest) {
            Some(place) => *place,
            None => {
                let full = Kind::Invalid("an import has at most 4,294,967,295 different reasons");
                let place = u32::try_from(self.details.len()).map_err(|_| full)?;
                self.details.push(self.scratch.clone());
                self.places.insert(digest, place);
                place
            }
        };
        self.last = Some(place);
        Ok(place)
    }
}

/// How many; never what.
impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batch({} entries)", self.len())
    }
}
