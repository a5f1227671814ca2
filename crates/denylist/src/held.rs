//! A snapshot of a store, with what a look-up needs at hand.

use std::{fs::File, path::Path};

use heed::{Env, RoTxn, WithoutTls};
use self_cell::self_cell;
use tokenban_engine::denylist::{Ban, Profile, StoreLost};

use crate::{
    bytes::numbers,
    check::check_store,
    env::Access,
    error::{At, Kind, StoreError},
    files::{self, Files},
    filter,
    pages::{self, Bad},
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
    chunks: Vec<&'t [u8; filter::CHUNK]>,
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

    pub(crate) fn find(
        &self,
        table: Table,
        key: &[u8],
        found: &mut dyn FnMut(&Ban<'_>),
    ) -> Result<(), StoreLost> {
        let chunks = &self.view.borrow_dependent().chunks;
        let place = filter::place(key, chunks.len() as u64);
        let chunk = usize::try_from(place.chunk).ok().and_then(|chunk| chunks.get(chunk));
        match chunk.and_then(|chunk| place.may_hold(chunk.as_slice())) {
            Some(false) => Ok(()),
            Some(true) => self.look_up(table, key, found),
            None => Err(StoreLost),
        }
    }

    #[cold]
    fn look_up(
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
    let damaged = |_| Kind::Foreign("its filter is damaged");
    let head = tables.head(txn)?;
    let mut chunks = Vec::with_capacity(usize::try_from(head.chunks.min(1 << 20)).unwrap_or(0));
    for (number, row) in (0..).zip(tables.filter.iter(txn).map_err(damaged)?) {
        let (key, chunk) = row.map_err(damaged)?;
        let chunk = chunk.try_into().ok().filter(|_| *key == number_key(number));
        chunks.push(chunk.ok_or(Kind::Foreign("its filter is damaged"))?);
    }
    if chunks.len() as u64 != head.chunks {
        return Err(Kind::Foreign("its filter is damaged"));
    }
    let profile = tables.profile(txn)?;
    Ok(Parts { chunks, profile, superseded: tables.is_superseded(txn)? })
}
