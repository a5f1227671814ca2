//! A snapshot of a store, with what a look-up needs at hand.

use std::{fs::File, path::Path, time::UNIX_EPOCH};

use heed::{Env, RoTxn, WithoutTls};
use self_cell::self_cell;
use tokenban_engine::denylist::{Ban, HashKey, Key, Profile, Sought, StoreLost};

use crate::{
    bytes::numbers,
    check::check_store,
    env::Access,
    error::{At, Kind, StoreError},
    files::{self, Files},
    filter,
    pages::{self, Bad},
    reader::State,
    store::open_checked,
    tables::{number_key, Table, Tables},
};

/// A store that can be asked.
pub(crate) struct Held {
    view: View,
    env: Env<WithoutTls>,
    pub(crate) tables: Tables,
    pub(crate) files: Files,
    /// The data file, for its length, and the bytes that it must have at least.
    data: File,
    needed: u64,
    /// What the lock file must have.
    lock_length: u64,
}

self_cell!(
    /// A snapshot and what is borrowed from it.
    struct View {
        owner: RoTxn<'static, WithoutTls>,
        #[covariant]
        dependent: Parts,
    }
);

/// What a look-up needs at once, found when the snapshot is taken.
struct Parts<'t> {
    layers: Vec<Vec<&'t [u8; filter::CHUNK]>>,
    hash_key: HashKey,
    profile: Profile,
    superseded: bool,
}

/// Why a map must not be touched any more.
pub(crate) enum Damage {
    Data(Bad),
    Lock,
}

impl Held {
    pub(crate) fn open(path: &Path) -> Result<Held, StoreError> {
        check_store(path)?;
        let files = Files::at(path)?;
        let (env, tables) = open_checked(path, Access::Read)?;
        let data = env.try_clone_inner_file().at(path)?;
        let lock_length = files::lock_length(path);
        let view = view(path, &env, tables)?;
        if env.info().number_of_readers == 0 {
            return Err(StoreError::new(path, Kind::Unlocked)); // LMDB gave its locks up silently
        }
        let needed = needed(&env);
        Ok(Held { view, env, tables, files, data, needed, lock_length })
    }

    pub(crate) fn is_newest(&self) -> bool {
        self.env.info().last_txn_id == self.view.borrow_owner().id()
    }

    /// Whether a snapshot just taken is the newest one. It may not be for a moment, while a writer
    /// commits; it never is where the lock file, which tells the newest one, was replaced.
    pub(crate) fn is_newest_still(&self, path: &Path) -> bool {
        self.is_newest() || Files::at(path).is_ok_and(|files| files == self.files)
    }

    pub(crate) fn profile(&self) -> &Profile {
        &self.view.borrow_dependent().profile
    }

    pub(crate) fn is_superseded(&self) -> bool {
        self.view.borrow_dependent().superseded
    }

    pub(crate) fn renew(&mut self, path: &Path) -> Result<(), StoreError> {
        self.view = view(path, &self.env, self.tables)?;
        self.needed = needed(&self.env);
        Ok(())
    }

    /// What can be told of the store at no cost.
    pub(crate) fn state(&self) -> Option<State> {
        let txn = self.view.borrow_owner();
        let modified = self.data.metadata().and_then(|data| data.modified()).ok()?;
        Some(State {
            keys: self.tables.keys.len(txn).ok()? + self.tables.sha1.len(txn).ok()?,
            commit: u64::try_from(txn.id()).ok()?,
            changed: modified.duration_since(UNIX_EPOCH).ok()?.as_secs(),
        })
    }

    fn truncation(&self) -> Option<Bad> {
        match pages::metas(&self.data) {
            Ok([meta, _]) => files::truncation(&self.data, &meta),
            Err(bad) => Some(bad),
        }
    }

    /// Whether the files are too short for what is mapped.
    pub(crate) fn damage(&self, path: &Path) -> Option<Damage> {
        let length = self.data.metadata().map_or(0, |data| data.len());
        if length < self.needed {
            if let Some(bad) = self.truncation() {
                return Some(Damage::Data(bad));
            }
        }
        let same = Files::at(path).is_ok_and(|files| files == self.files);
        (same && files::lock_length(path) < self.lock_length).then_some(Damage::Lock)
    }

    /// Whether something may be in the store, as far as the filter tells.
    pub(crate) fn may_hold(
        &self,
        sought: &Sought<'_>,
        key: &mut dyn FnMut() -> Option<Key>,
    ) -> bool {
        let parts = self.view.borrow_dependent();
        if parts.may_hold(parts.hash_key.hash(sought)) {
            return true;
        }
        let by_digest = match sought {
            Sought::Token(_) => parts.profile.has_sha256(),
            Sought::Claim(..) | Sought::Jwt(..) => parts.profile.has_keys(),
        };
        by_digest && key().is_none_or(|key| self.may_hold_digest(key.as_bytes()))
    }

    /// The same of a digest.
    pub(crate) fn may_hold_digest(&self, digest: &[u8]) -> bool {
        self.view.borrow_dependent().may_hold(filter::hash_of_digest(digest))
    }

    #[cold]
    pub(crate) fn find(
        &self,
        table: Table,
        key: &[u8],
        found: &mut dyn FnMut(&Ban<'_>),
    ) -> Result<(), StoreLost> {
        let txn = self.view.borrow_owner();
        let value = table.get(txn, key).map_err(|_| StoreLost)?;
        for id in numbers(value.unwrap_or_default()).ok_or(StoreLost)? {
            let detail = self.tables.detail(txn, id).map_err(|_| StoreLost)?;
            found(&Ban {
                kind: detail.kind,
                list: detail.list,
                reason: detail.reason,
                expires: detail.expires,
                issued_before: detail.issued_before,
                level: detail.level,
                except: detail.except,
            });
        }
        Ok(())
    }
}

impl Parts<'_> {
    fn may_hold(&self, hash: u64) -> bool {
        self.layers.iter().any(|chunks| {
            let place = filter::place(hash, chunks.len() as u64);
            let chunk = usize::try_from(place.chunk).ok().and_then(|chunk| chunks.get(chunk));
            // Where it does not say no, the table is asked.
            chunk.is_none_or(|chunk| place.may_hold(chunk.as_slice()) != Some(false))
        })
    }
}

/// The bytes that the data file must have. Asked while the map may be touched.
fn needed(env: &Env<WithoutTls>) -> u64 {
    let pages = env.info().last_page_number as u64 + 1;
    pages.saturating_mul(u64::from(env.stat().page_size))
}

/// Takes a snapshot of the newest commit.
fn view(path: &Path, env: &Env<WithoutTls>, tables: Tables) -> Result<View, StoreError> {
    let txn = env.clone().static_read_txn().at(path)?;
    View::try_new(txn, |txn| parts(txn, tables)).map_err(|kind| StoreError::new(path, kind))
}

fn parts<'t>(txn: &'t RoTxn<'static, WithoutTls>, tables: Tables) -> Result<Parts<'t>, Kind> {
    let layers = chunks(txn, tables)?;
    let (hash_key, profile) = (tables.hash_key(txn)?, tables.profile(txn)?);
    Ok(Parts { layers, hash_key, profile, superseded: tables.is_superseded(txn)? })
}

/// The chunks of each layer.
fn chunks<'t>(
    txn: &'t RoTxn<'static, WithoutTls>,
    tables: Tables,
) -> Result<Vec<Vec<&'t [u8; filter::CHUNK]>>, Kind> {
    let damaged = || Kind::Foreign("its filter is damaged");
    let mut rows = tables.filter.iter(txn).map_err(|_| damaged())?;
    let mut layers = Vec::new();
    for layer in tables.layers(txn)?.all {
        let room = usize::try_from(layer.chunks.min(1 << 20)).unwrap_or(0);
        let mut chunks = Vec::with_capacity(room);
        for number in layer.first..layer.first + layer.chunks {
            let (key, chunk) = rows.next().and_then(Result::ok).ok_or_else(damaged)?;
            let chunk = chunk.try_into().ok().filter(|_| *key == number_key(number));
            chunks.push(chunk.ok_or_else(damaged)?);
        }
        layers.push(chunks);
    }
    match rows.next() {
        None => Ok(layers),
        Some(_) => Err(damaged()),
    }
}
