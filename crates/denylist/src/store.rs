//! The store as people see it.

use std::{
    fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use heed::{Env, WithoutTls};
use tokenban_engine::denylist::HashKey;

use crate::{
    batch::Batch,
    check::check_store,
    compact,
    env::{self, Access},
    error::{At, Kind, StoreError},
    files::{self, Files},
    import::{self, ImportOptions, Imported},
    log::Act,
    snapshot::{Snapshot, Stats},
    tables::Tables,
    verify::Progress,
    writer::Writer,
};

/// A store, open for people: to change it, or to look at it.
///
/// A process opens a store once at a time: a second [`Store`] or [`Reader`](crate::Reader) of the
/// same path is refused until the first one is dropped.
pub struct Store {
    path: PathBuf,
    access: Access,
    act: Act,
    pub(crate) hook: Option<fn()>,
    open: Option<Open>,
}

/// What changes when the store is replaced.
struct Open {
    env: Env<WithoutTls>,
    tables: Tables,
    files: Files,
}

/// How a store is created.
#[derive(Clone, Copy, Debug)]
pub struct CreateOptions {
    /// User id of who may change it; the user who creates it if absent. Only root can give it away.
    pub owner: Option<u32>,
    /// Group id of the workers of NGINX; the creating user's group if absent.
    pub group: Option<u32>,
    /// Mode of the directory.
    pub dir_mode: u32,
    /// Mode of `data.mdb`, the entries. Whoever can write it can make a worker crash.
    pub data_mode: u32,
    /// Mode of `lock.mdb`, in which readers must write.
    pub lock_mode: u32,
}

impl Default for CreateOptions {
    /// Changed by the owner only, read by the group, and by nobody else.
    fn default() -> CreateOptions {
        CreateOptions {
            owner: None,
            group: None,
            dir_mode: 0o750,
            data_mode: 0o640,
            lock_mode: 0o660,
        }
    }
}

impl Store {
    /// Creates an empty store: a directory that is not there yet, or is empty.
    pub fn create(path: &Path, options: &CreateOptions) -> Result<Store, StoreError> {
        if fs::read_dir(path).map_or_else(|_| path.exists(), |mut files| files.next().is_some()) {
            return Err(StoreError::new(path, Kind::Exists));
        }
        let made = make_beside(path, options, |_, _| Ok(()))?;
        let moved = fs::rename(&made, path).map_err(|error| match path.exists() {
            true => StoreError::new(path, Kind::Exists),
            false => StoreError::io(path, "cannot be created", error),
        });
        if let Err(error) = moved {
            remove(&made);
            return Err(error);
        }
        files::sync_dir_of(path);
        Store::open(path)
    }

    /// Opens a store to change it.
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        Store::open_for(path, Access::Write)
    }

    /// Opens a store only to look at it, as a member of its group may.
    pub fn open_read_only(path: &Path) -> Result<Store, StoreError> {
        Store::open_for(path, Access::Read)
    }

    /// Says who changes it from now on, for the log.
    pub fn sign(&mut self, act: Act) {
        self.act = act;
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A random name, of this store alone; a compacted one keeps it.
    pub fn id(&self) -> Result<[u8; 16], StoreError> {
        let snapshot = self.read()?;
        snapshot.id()
    }

    /// Waits until no other process writes, and begins to write. Readers are never waited for.
    /// Nothing is changed before [`Writer::commit`].
    pub fn write(&mut self) -> Result<Writer<'_>, StoreError> {
        if self.is_replaced()? {
            self.reopen()?;
        }
        let open = self.opened()?;
        open.env.clear_stale_readers().at(&self.path)?;
        let mut writer = Writer::begin(&self.path, &open.env, open.tables, self.act.clone())?;
        writer.hook = self.hook;
        match Files::at(&self.path)? == open.files && !writer.is_superseded()? {
            true => Ok(writer),
            false => Err(StoreError::new(&self.path, Kind::Replaced)),
        }
    }

    /// The entries as they are now, whatever is written meanwhile. Pages of the file are not used
    /// again as long as a snapshot may need them: do not keep it for long.
    pub fn read(&self) -> Result<Snapshot<'_>, StoreError> {
        let open = self.opened()?;
        Snapshot::begin(&self.path, &open.env, open.tables)
    }

    /// An empty batch, to be filled for this store.
    pub fn batch(&self) -> Result<Batch, StoreError> {
        Ok(Batch::of_store(self.read()?.hash_key()?))
    }

    /// Takes in a batch, all or nothing, and commits.
    pub fn import(
        &mut self,
        batch: Batch,
        options: &ImportOptions<'_>,
    ) -> Result<Imported, StoreError> {
        import::run(self.write()?, batch, options)
    }

    /// Takes all entries off that expired before a Unix second; how many. Commits.
    pub fn sweep(&mut self, now: u64) -> Result<u64, StoreError> {
        let mut writer = self.write()?;
        let swept = writer.sweep(now)?;
        writer.commit()?;
        Ok(swept)
    }

    /// Writes the store anew, without free pages and without what no entry refers to, and puts it in
    /// the place of the old one; NGINX goes over to it by itself. Needs the right to write in the
    /// directory above, and room for both.
    pub fn compact(&mut self) -> Result<(), StoreError> {
        self.compact_watched(&mut |_, _| ())
    }

    /// The same, and says how far it is.
    pub fn compact_watched(&mut self, progress: &mut Progress<'_>) -> Result<(), StoreError> {
        compact::run(self.write()?, progress)?;
        self.reopen()
    }

    /// Counts everything: reads the whole store. `now` tells which entries have expired.
    pub fn stats(&self, now: u64) -> Result<Stats, StoreError> {
        self.read()?.stats(now)
    }

    fn open_for(path: &Path, access: Access) -> Result<Store, StoreError> {
        let (path, act) = (path.to_owned(), Act::default());
        let mut store = Store { path, access, act, hook: None, open: None };
        store.reopen()?;
        Ok(store)
    }

    fn opened(&self) -> Result<&Open, StoreError> {
        self.open.as_ref().ok_or_else(|| StoreError::new(&self.path, Kind::Replaced))
    }

    /// Whether the store at the path is another one than that which is open. Waits for the writer:
    /// it may be about to replace it.
    fn is_replaced(&self) -> Result<bool, StoreError> {
        let open = self.opened()?;
        let txn = open.env.write_txn().at(&self.path)?;
        let superseded = open.tables.is_superseded(&txn);
        Ok(superseded.map_err(|kind| StoreError::new(&self.path, kind))?
            || Files::at(&self.path)? != open.files)
    }

    fn reopen(&mut self) -> Result<(), StoreError> {
        self.open = None; // heed opens no path twice
        self.open = Some(Open::at(&self.path, self.access)?);
        Ok(())
    }
}

impl Open {
    fn at(path: &Path, access: Access) -> Result<Open, StoreError> {
        if access == Access::Write {
            files::check_data(path)?;
            files::mend_lock(path)?;
        }
        check_store(path)?;
        let files = Files::at(path)?;
        let (env, tables) = open_checked(path, access)?;
        Ok(Open { env, tables, files })
    }
}

/// Opens a store of this version.
pub(crate) fn open_checked(
    path: &Path,
    access: Access,
) -> Result<(Env<WithoutTls>, Tables), StoreError> {
    let env = env::open(path, access).at(path)?;
    let tables = Tables::open(&env).at(path)?;
    let foreign = Kind::Foreign("an LMDB file of another program");
    let tables = tables.ok_or_else(|| StoreError::new(path, foreign))?;
    let txn = env.read_txn().at(path)?;
    tables.check_format(&txn).map_err(|kind| StoreError::new(path, kind))?;
    drop(txn);
    Ok((env, tables))
}

/// Makes a store in a directory of its own beside `path`, filled by `fill`, and closes it.
pub(crate) fn make_beside(
    path: &Path,
    options: &CreateOptions,
    fill: impl FnOnce(&Env<WithoutTls>, Tables) -> Result<(), StoreError>,
) -> Result<PathBuf, StoreError> {
    let name = path.file_name().ok_or_else(|| StoreError::new(path, Kind::Exists))?;
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(".new");
    let beside = path.with_file_name(beside);
    remove(&beside);
    let made = make(&beside, options, fill);
    if made.is_err() {
        remove(&beside);
    }
    made.map(|()| beside)
}

fn make(
    path: &Path,
    options: &CreateOptions,
    fill: impl FnOnce(&Env<WithoutTls>, Tables) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let fail = |error| StoreError::io(path, "cannot be created", error);
    fs::DirBuilder::new().mode(0o700).create(path).map_err(fail)?;
    {
        let env = env::open(path, Access::Write).at(path)?;
        let mut txn = env.write_txn().at(path)?;
        let tables = Tables::create(&env, &mut txn).at(path)?;
        let hash_key = HashKey::from_bytes(random(path)?);
        tables.begin(&mut txn, &random(path)?, hash_key).at(path)?;
        txn.commit().at(path)?;
        fill(&env, tables)?;
    }
    let give = |path: &Path, mode| files::give(path, options.owner, options.group, mode);
    give(&files::data(path), options.data_mode).map_err(fail)?;
    give(&files::lock(path), options.lock_mode).map_err(fail)?;
    give(path, options.dir_mode).map_err(fail)
}

fn random<const N: usize>(path: &Path) -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        StoreError::io(path, "the system gives no random bytes", std::io::Error::other(error))
    })?;
    Ok(bytes)
}

/// Removes a store that nobody uses, as far as it can be.
pub(crate) fn remove(path: &Path) {
    let _ = fs::remove_file(files::data(path));
    let _ = fs::remove_file(files::lock(path));
    let _ = fs::remove_dir(path);
}
