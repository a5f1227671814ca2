//! The two files of a store: where they are, whose, and whether they are what they must be.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io,
    os::unix::fs::{chown, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use crate::{
    error::{Kind, StoreError},
    pages::{self, Bad, Meta},
    walk::Walk,
};

pub(crate) fn data(path: &Path) -> PathBuf {
    path.join("data.mdb")
}

pub(crate) fn lock(path: &Path) -> PathBuf {
    path.join("lock.mdb")
}

/// A file, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    pub(crate) fn of(file: &Metadata) -> Identity {
        Identity { device: file.dev(), inode: file.ino() }
    }
}

/// The two files of an open store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Files {
    data: Identity,
    lock: Option<Identity>,
}

impl Files {
    /// Those that are at the path now.
    pub(crate) fn at(path: &Path) -> Result<Files, StoreError> {
        let data = fs::metadata(data(path)).map_err(|error| missing(path, "data.mdb", error))?;
        let lock = fs::metadata(lock(path)).ok();
        Ok(Files { data: Identity::of(&data), lock: lock.as_ref().map(Identity::of) })
    }
}

/// Looks at the data file before LMDB maps it: LMDB would take an empty file for a new store, and
/// believes the length that a file says of itself.
pub(crate) fn check_data(path: &Path) -> Result<(File, Meta), StoreError> {
    let file = File::open(data(path)).map_err(|error| missing(path, "data.mdb", error))?;
    let regular = file.metadata().is_ok_and(|file| file.is_file());
    if !regular {
        return Err(StoreError::new(path, Kind::Foreign("data.mdb is not a file")));
    }
    let bad = |bad: Bad| StoreError::new(path, bad.into());
    let [meta, _] = pages::metas(&file).map_err(bad)?;
    match truncation(&file, &meta) {
        Some(truncated) => Err(bad(truncated)),
        None => Ok((file, meta)),
    }
}

/// Whether a page in use is missing. Free pages at the end may never have been written, so a short
/// file is walked through.
pub(crate) fn truncation(file: &File, meta: &Meta) -> Option<Bad> {
    let length = file.metadata().map_or(0, |file| file.len());
    let needed = pages::length_of(meta);
    let missing = length < needed && Walk::new(file, *meta).everything().is_err();
    missing.then_some(Bad::Truncated { length, needed })
}

/// Makes the file as long as it says it is, so that readers need not look closer.
pub(crate) fn pad(path: &Path) -> Result<(), StoreError> {
    let fail = |error| StoreError::io(path, "cannot be written", error);
    let file = OpenOptions::new().read(true).write(true).open(data(path)).map_err(fail)?;
    let [meta, _] = pages::metas(&file).map_err(|bad| StoreError::new(path, bad.into()))?;
    let needed = pages::length_of(&meta);
    match file.metadata().map_err(fail)?.len() < needed {
        true => file.set_len(needed).map_err(fail),
        false => Ok(()),
    }
}

impl From<Bad> for Kind {
    fn from(bad: Bad) -> Kind {
        match bad {
            Bad::Empty => Kind::Foreign("data.mdb is empty"),
            Bad::Foreign => Kind::Foreign("data.mdb is not a file of LMDB"),
            Bad::Io(error) => Kind::Io("cannot read data.mdb", error),
            Bad::Truncated { length, needed } => Kind::Truncated { length, needed },
        }
    }
}

/// Whether the lock file is there. Readers must not make it: it would be theirs. Never opened here:
/// closing it again would drop the locks that LMDB has on it in this process.
pub(crate) fn check_lock(path: &Path) -> Result<(), StoreError> {
    let file = fs::metadata(lock(path)).map_err(|error| missing(path, "lock.mdb", error))?;
    match file.is_file() {
        true => Ok(()),
        false => Err(StoreError::new(path, Kind::Foreign("lock.mdb is not a file"))),
    }
}

/// Bytes of the lock file; none where there is no such file.
pub(crate) fn lock_length(path: &Path) -> u64 {
    fs::metadata(lock(path)).map_or(0, |file| file.len())
}

/// Makes a missing lock file with the owner and group of the data file: LMDB would make one that
/// only the writer can use.
pub(crate) fn mend_lock(path: &Path) -> Result<(), StoreError> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(lock(path));
    match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::io(path, "cannot make lock.mdb", error)),
        Ok(_) => {
            let data =
                fs::metadata(data(path)).map_err(|error| missing(path, "data.mdb", error))?;
            give(&lock(path), Some(data.uid()), Some(data.gid()), 0o660)
                .map_err(|error| StoreError::io(path, "cannot set the owner of lock.mdb", error))
        }
    }
}

/// Sets owner, group and mode of a file or directory.
pub(crate) fn give(
    path: &Path,
    owner: Option<u32>,
    group: Option<u32>,
    mode: u32,
) -> io::Result<()> {
    if owner.is_some() || group.is_some() {
        chown(path, owner, group)?;
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// Makes a rename durable, where the file system can.
pub(crate) fn sync_dir_of(path: &Path) {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let _ = File::open(parent.unwrap_or(Path::new("."))).and_then(|dir| dir.sync_all());
}

pub(crate) fn missing(path: &Path, what: &'static str, error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            StoreError::new(path, Kind::Missing(what))
        }
        _ => StoreError::io(path, what, error),
    }
}
