//! The tables of a store.

use heed::{types::Bytes, Database, Env, RoTxn, RwTxn, WithoutTls};
use tokenban_engine::denylist::{HashKey, Profile};

use crate::{
    bytes::hash, detail::Detail, entry::EntryKey, error::Kind, head::Head, layers::Layers,
};

pub(crate) type Table = Database<Bytes, Bytes>;

/// The format that this version reads and writes.
pub(crate) const FORMAT: u32 = 4;

const MAGIC: &[u8] = b"tokenban store ";

/// Records of the table `meta`.
pub(crate) mod meta {
    pub(crate) const APPROVE: &[u8] = b"approve";
    pub(crate) const FORMAT: &[u8] = b"format";
    pub(crate) const HASH: &[u8] = b"hash";
    pub(crate) const HEAD: &[u8] = b"head";
    pub(crate) const ID: &[u8] = b"id";
    pub(crate) const LAYERS: &[u8] = b"layers";
    pub(crate) const LOG: &[u8] = b"log";
    pub(crate) const PROFILE: &[u8] = b"profile";
    pub(crate) const SUPERSEDED: &[u8] = b"superseded";
}

/// The names of the tables, in the order of [`Tables`].
pub(crate) const NAMES: [&str; 10] = [
    "meta", "keys", "sha1", "details", "interned", "filter", "links", "replaced", "log", "pending",
];

/// Handles of the tables; valid as long as their environment is open.
#[derive(Clone, Copy)]
pub(crate) struct Tables {
    /// Format, id, counters, profile.
    pub(crate) meta: Table,
    /// Key of 16 bytes → numbers of details.
    pub(crate) keys: Table,
    /// SHA-1 → numbers of details.
    pub(crate) sha1: Table,
    /// Number, highest byte first → detail.
    pub(crate) details: Table,
    /// Hash of a detail → its number.
    pub(crate) interned: Table,
    /// Number, highest byte first → chunk of the filter.
    pub(crate) filter: Table,
    /// Key → keys that belong to it.
    pub(crate) links: Table,
    /// Key → pairs of details, the second of which the first took the place of.
    pub(crate) replaced: Table,
    /// Number, highest byte first → record of the log.
    pub(crate) log: Table,
    /// Number, highest byte first → a change that waits for a second person.
    pub(crate) pending: Table,
}

const DAMAGED: Kind = Kind::Foreign("a record of it is missing or damaged");

impl Tables {
    /// Makes them in an empty environment.
    pub(crate) fn create(env: &Env<WithoutTls>, txn: &mut RwTxn<'_>) -> heed::Result<Tables> {
        let mut made = Vec::with_capacity(NAMES.len());
        for name in NAMES {
            made.push(env.create_database(txn, Some(name))?);
        }
        Tables::of(&made).ok_or(heed::Error::EnvAlreadyOpened)
    }

    /// Finds them; `None` where one is missing.
    pub(crate) fn open(env: &Env<WithoutTls>) -> heed::Result<Option<Tables>> {
        let txn = env.read_txn()?;
        let mut found = Vec::with_capacity(NAMES.len());
        for name in NAMES {
            found.extend(env.open_database(&txn, Some(name))?);
        }
        txn.commit()?; // only so do the handles outlive it
        Ok(Tables::of(&found))
    }

    /// In the order of [`NAMES`]; `None` where some are missing.
    fn of(tables: &[Table]) -> Option<Tables> {
        let [meta, keys, sha1, details, interned, filter, links, replaced, log, pending] =
            *tables.first_chunk()?;
        Some(Tables { meta, keys, sha1, details, interned, filter, links, replaced, log, pending })
    }

    /// The table of a key.
    pub(crate) fn of_key(&self, key: &EntryKey) -> Table {
        match key {
            EntryKey::Key(_) => self.keys,
            EntryKey::Sha1(_) => self.sha1,
        }
    }

    /// Writes what a store must have before its first entry.
    pub(crate) fn begin(
        &self,
        txn: &mut RwTxn<'_>,
        id: &[u8; 16],
        hash_key: HashKey,
    ) -> heed::Result<()> {
        let format = [MAGIC, &FORMAT.to_le_bytes()].concat();
        self.meta.put(txn, meta::FORMAT, &format)?;
        self.put_record(txn, meta::ID, id)?;
        self.put_record(txn, meta::PROFILE, &Profile::EMPTY.to_bytes())?;
        self.put_record(txn, meta::LOG, &[0; 32])?;
        self.put_record(txn, meta::APPROVE, &[])?;
        self.put_record(txn, meta::HASH, &hash_key.to_bytes())?;
        self.put_record(txn, meta::LAYERS, &Layers::default().write())?;
        self.put_record(txn, meta::HEAD, &Head::default().write())
    }

    /// Writes a record of the table `meta`, with a checksum.
    pub(crate) fn put_record(
        &self,
        txn: &mut RwTxn<'_>,
        name: &[u8],
        record: &[u8],
    ) -> heed::Result<()> {
        let sum = hash(&[name, record]).to_le_bytes();
        self.meta.put(txn, name, &[record, &sum].concat())
    }

    /// Reads one back.
    fn record<'t>(&self, txn: &'t RoTxn<'_>, name: &[u8]) -> Result<&'t [u8], Kind> {
        let record = self.meta.get(txn, name).map_err(|_| DAMAGED)?;
        record.and_then(|record| unseal(name, record)).ok_or(DAMAGED)
    }

    /// Whether it is a store of this version.
    pub(crate) fn check_format(&self, txn: &RoTxn<'_>) -> Result<(), Kind> {
        let record = self.meta.get(txn, meta::FORMAT).map_err(|_| DAMAGED)?;
        check_format(record.unwrap_or_default())
    }

    pub(crate) fn head(&self, txn: &RoTxn<'_>) -> Result<Head, Kind> {
        Head::read(self.record(txn, meta::HEAD)?).ok_or(DAMAGED)
    }

    pub(crate) fn hash_key(&self, txn: &RoTxn<'_>) -> Result<HashKey, Kind> {
        let bytes = self.record(txn, meta::HASH)?.try_into().map_err(|_| DAMAGED)?;
        Ok(HashKey::from_bytes(bytes))
    }

    pub(crate) fn layers(&self, txn: &RoTxn<'_>) -> Result<Layers, Kind> {
        Layers::read(self.record(txn, meta::LAYERS)?).ok_or(DAMAGED)
    }

    pub(crate) fn profile(&self, txn: &RoTxn<'_>) -> Result<Profile, Kind> {
        Profile::from_bytes(self.record(txn, meta::PROFILE)?).ok_or(DAMAGED)
    }

    pub(crate) fn id(&self, txn: &RoTxn<'_>) -> Result<[u8; 16], Kind> {
        self.record(txn, meta::ID)?.try_into().map_err(|_| DAMAGED)
    }

    /// The hash of the last record of the log.
    pub(crate) fn log_hash(&self, txn: &RoTxn<'_>) -> Result<[u8; 32], Kind> {
        self.record(txn, meta::LOG)?.try_into().map_err(|_| DAMAGED)
    }

    /// From how many entries on, exclusive, a second person is asked for; `None`: never.
    pub(crate) fn approve_over(&self, txn: &RoTxn<'_>) -> Result<Option<u64>, Kind> {
        match self.record(txn, meta::APPROVE)? {
            [] => Ok(None),
            record => record.try_into().map(u64::from_be_bytes).map(Some).map_err(|_| DAMAGED),
        }
    }

    /// Whether another store has taken its place.
    pub(crate) fn is_superseded(&self, txn: &RoTxn<'_>) -> Result<bool, Kind> {
        let record = self.meta.get(txn, meta::SUPERSEDED).map_err(|_| DAMAGED)?;
        Ok(record.is_some())
    }

    /// A detail by its number.
    pub(crate) fn detail<'t>(&self, txn: &'t RoTxn<'_>, number: u64) -> Result<Detail<'t>, Kind> {
        let record = self.details.get(txn, &number_key(number)).map_err(|_| DAMAGED)?;
        record.and_then(Detail::read).ok_or(DAMAGED)
    }
}

/// Whether a record `format` is that of this version.
pub(crate) fn check_format(record: &[u8]) -> Result<(), Kind> {
    let found = record
        .strip_prefix(MAGIC)
        .and_then(|version| version.try_into().ok())
        .map(u32::from_le_bytes)
        .ok_or(Kind::Foreign("an LMDB file of another program"))?;
    match found {
        FORMAT => Ok(()),
        _ => Err(Kind::Version { found, known: FORMAT }),
    }
}

/// A record of the table `meta` without its checksum; `None` where that is wrong.
pub(crate) fn unseal<'r>(name: &[u8], record: &'r [u8]) -> Option<&'r [u8]> {
    let (record, sum) = record.split_last_chunk::<8>()?;
    (hash(&[name, record]).to_le_bytes() == *sum).then_some(record)
}

/// A number as a key, so that tables are in its order.
pub(crate) fn number_key(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}
