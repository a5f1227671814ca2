//! The store as a worker of NGINX sees it.

use std::{
    fs::File,
    mem,
    path::{Path, PathBuf},
};

use heed::{Env, RoTxn, WithoutTls};
use self_cell::self_cell;
use tokenban_engine::denylist::{Ban, Denylists, Key, Kind as EntryKind, Profile, StoreLost};

use crate::{
    bytes::numbers,
    env::Access,
    error::{At, Kind, StoreError},
    files::{self, Files},
    filter,
    pages::{self, Bad},
    store::open_checked,
    tables::{number_key, Table, Tables},
    verify::check_format,
};

/// A store, open for one worker. Opened after `fork`, as the worker's user.
///
/// Call [`Reader::refresh`] before every request and [`Reader::check`] every second or so. Where
/// either fails, the store keeps answering from its last good state if that may be trusted; if
/// not, every look-up is [`StoreLost`] until a later `check` finds a store again.
pub struct Reader {
    path: PathBuf,
    held: Option<Held>,
    /// Says «maybe» to everything, so that a lost store is noticed and not passed by.
    unknown: Profile,
    /// A lock file was damaged under it: its environment cannot be closed, nor opened again.
    lock_lost: bool,
}

/// A store that can be asked.
struct Held {
    view: View,
    env: Env<WithoutTls>,
    tables: Tables,
    files: Files,
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
    chunks: Vec<&'t [u8]>,
    profile: Profile,
    superseded: bool,
}

impl Reader {
    /// Opens a store to look tokens up in it.
    pub fn open(path: &Path) -> Result<Reader, StoreError> {
        let mut reader = Reader::lost(path);
        reader.follow()?;
        Ok(reader)
    }

    /// A reader without a store: every look-up is [`StoreLost`] until [`Reader::check`] finds one.
    pub fn lost(path: &Path) -> Reader {
        Reader { path: path.to_owned(), held: None, unknown: unknown(), lock_lost: false }
    }

    /// Goes to the newest commit. Costs some nanoseconds where nothing was committed.
    pub fn refresh(&mut self) -> Result<(), StoreError> {
        let Some(held) = &mut self.held else { return Err(self.is_lost()) };
        if held.is_newest() {
            return Ok(());
        }
        match held.renew(&self.path) {
            Ok(()) if held.is_superseded() || !held.is_newest_still(&self.path) => self.follow(),
            Ok(()) => Ok(()),
            Err(error) if error.is_grown() => self.follow(),
            Err(error) => {
                self.held = None;
                Err(error)
            }
        }
    }

    /// Looks whether the store at the path is still this one and whole, goes over to another one
    /// where it is not, and lets go of old pages. Some system calls: for a timer, not a request.
    ///
    /// Fails as long as there is something that a person should mend.
    pub fn check(&mut self) -> Result<(), StoreError> {
        let Some(held) = &self.held else { return self.follow() };
        if let Some(damage) = held.damage(&self.path) {
            return Err(self.lose(damage));
        }
        match Files::at(&self.path)? == held.files {
            true => self.refresh(),
            false => self.follow(),
        }
    }

    /// Whether look-ups are answered.
    pub fn is_open(&self) -> bool {
        self.held.is_some()
    }

    /// Goes over to the store at the path. One that does not look like a store is not worth losing
    /// the last good one for.
    fn follow(&mut self) -> Result<(), StoreError> {
        if self.lock_lost {
            return Err(StoreError::new(&self.path, Kind::LockLost));
        }
        files::check_data(&self.path)?;
        files::check_lock(&self.path)?;
        self.held = None; // heed opens no path twice
        self.held = Some(Held::open(&self.path)?);
        Ok(())
    }

    /// Lets go of a map that must not be touched any more.
    fn lose(&mut self, damage: Damage) -> StoreError {
        let held = self.held.take();
        let kind = match damage {
            Damage::Data(bad) => bad.into(),
            Damage::Lock => {
                mem::forget(held); // to close it would touch the lock file
                self.lock_lost = true;
                Kind::LockLost
            }
        };
        StoreError::new(&self.path, kind)
    }

    fn is_lost(&self) -> StoreError {
        StoreError::new(&self.path, Kind::Missing("the store"))
    }
}

impl Denylists for Reader {
    fn profile(&self) -> &Profile {
        match &self.held {
            Some(held) => &held.view.borrow_dependent().profile,
            None => &self.unknown,
        }
    }

    fn find(&self, key: &Key, found: &mut dyn FnMut(&Ban<'_>)) -> Result<(), StoreLost> {
        let held = self.held.as_ref().ok_or(StoreLost)?;
        held.find(held.tables.keys, key.as_bytes(), found)
    }

    fn find_sha1(
        &self,
        digest: &[u8; 20],
        found: &mut dyn FnMut(&Ban<'_>),
    ) -> Result<(), StoreLost> {
        let held = self.held.as_ref().ok_or(StoreLost)?;
        held.find(held.tables.sha1, digest, found)
    }
}

/// Why a map must not be touched any more.
enum Damage {
    Data(Bad),
    Lock,
}

impl Held {
    fn open(path: &Path) -> Result<Held, StoreError> {
        files::check_data(path)?;
        files::check_lock(path)?;
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

    fn is_newest(&self) -> bool {
        self.env.info().last_txn_id == self.view.borrow_owner().id()
    }

    /// Whether a snapshot just taken is the newest one. It may not be for a moment, while a writer
    /// commits; it never is where the lock file, which tells the newest one, was replaced.
    fn is_newest_still(&self, path: &Path) -> bool {
        self.is_newest() || Files::at(path).is_ok_and(|files| files == self.files)
    }

    fn is_superseded(&self) -> bool {
        self.view.borrow_dependent().superseded
    }

    fn renew(&mut self, path: &Path) -> Result<(), StoreError> {
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
    fn damage(&self, path: &Path) -> Option<Damage> {
        let length = self.data.metadata().map_or(0, |data| data.len());
        if length < self.needed {
            if let Some(bad) = self.truncation() {
                return Some(Damage::Data(bad));
            }
        }
        let same = Files::at(path).is_ok_and(|files| files == self.files);
        (same && files::lock_length(path) < self.lock_length).then_some(Damage::Lock)
    }

    fn find(
        &self,
        table: Table,
        key: &[u8],
        found: &mut dyn FnMut(&Ban<'_>),
    ) -> Result<(), StoreLost> {
        let chunks = &self.view.borrow_dependent().chunks;
        let place = filter::place(key, chunks.len() as u64);
        let chunk = usize::try_from(place.chunk).ok().and_then(|chunk| chunks.get(chunk));
        match chunk.and_then(|chunk| place.may_hold(chunk)) {
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
        if *key != number_key(number) || chunk.len() != filter::CHUNK {
            return Err(Kind::Foreign("its filter is damaged"));
        }
        chunks.push(chunk);
    }
    if chunks.len() as u64 != head.chunks {
        return Err(Kind::Foreign("its filter is damaged"));
    }
    let profile = tables.profile(txn)?;
    Ok(Parts { chunks, profile, superseded: tables.is_superseded(txn)? })
}

/// A profile that says «maybe» to every value.
fn unknown() -> Profile {
    let mut profile = Profile::EMPTY;
    for length in 0..8 {
        profile.add_token(&[b' '; 8][..length]); // kinds tell of no value so short
    }
    let kinds = [EntryKind::Jwt, EntryKind::Jti, EntryKind::Sha1, EntryKind::Sha256];
    kinds.into_iter().for_each(|kind| profile.add(kind));
    profile
}

/// Tells whether a store can be used, without leaving anything behind: for `nginx -t`, which runs
/// as root. No lock is taken, no file made; a writer may be at work.
pub fn check_store(path: &Path) -> Result<(), StoreError> {
    let mut last = Ok(());
    for _ in 0..3 {
        let (file, meta) = files::check_data(path)?;
        files::check_lock(path)?;
        last = check_format(&file, meta).map_err(|kind| StoreError::new(path, kind));
        let again = pages::metas(&file).is_ok_and(|[newest, _]| newest.txn == meta.txn);
        if last.is_ok() || again {
            break; // else a writer may have used the pages again under it
        }
    }
    last
}
