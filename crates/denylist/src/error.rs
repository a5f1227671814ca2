//! What can go wrong with a store.

use std::{fmt, io, path::Path, path::PathBuf};

/// Why a store could not be read or written. Its message names the path and the way out.
pub struct StoreError {
    path: PathBuf,
    kind: Kind,
}

/// What happened.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A second person has to agree.
    Approval { number: u64, removes: u64, over: u64 },
    /// Something else is at the path.
    Exists,
    /// The file grew beyond what is mapped.
    Grown,
    /// Neither LMDB nor ours.
    Foreign(&'static str),
    /// The lock file was damaged while it was in use.
    LockLost,
    /// Readers cannot be seen by the writer.
    Unlocked,
    /// Text that an entry cannot hold.
    Invalid(&'static str),
    /// The operating system said so.
    Io(&'static str, io::Error),
    /// LMDB said so.
    Lmdb(heed::MdbError),
    /// No file of that name.
    Missing(&'static str),
    /// This process has it open already.
    Open,
    /// Another store took its place.
    Replaced,
    /// An import would take more than half of a list away.
    Shrink { list: String, before: u64, after: u64 },
    /// The file is shorter than what it says of itself.
    Truncated { length: u64, needed: u64 },
    /// Written by another version.
    Version { found: u32, known: u32 },
}

/// Each claim that some entry names is looked for in every JWT.
pub(crate) const TOO_MANY_CLAIMS: Kind =
    Kind::Invalid("a store knows 32 different claims; ban by one of those that it knows");

impl StoreError {
    pub(crate) fn new(path: &Path, kind: Kind) -> StoreError {
        StoreError { path: path.to_owned(), kind }
    }

    pub(crate) fn io(path: &Path, doing: &'static str, error: io::Error) -> StoreError {
        StoreError::new(path, Kind::Io(doing, error))
    }

    pub(crate) fn is_grown(&self) -> bool {
        matches!(self.kind, Kind::Grown)
    }

    /// There is no store at the path.
    pub fn is_missing(&self) -> bool {
        matches!(self.kind, Kind::Missing(_))
    }

    /// The text of an entry is not acceptable; the store itself is fine.
    pub fn is_invalid(&self) -> bool {
        matches!(self.kind, Kind::Invalid(_))
    }

    /// A second person has to agree first.
    pub fn is_approval(&self) -> bool {
        matches!(self.kind, Kind::Approval { .. })
    }

    /// An import was stopped because it would take away more than half of a list: its entries before
    /// and after.
    pub fn shrink(&self) -> Option<(u64, u64)> {
        match self.kind {
            Kind::Shrink { before, after, .. } => Some((before, after)),
            _ => None,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Kind::Invalid(what) = self.kind {
            return f.write_str(what); // the store is fine
        }
        write!(f, "store \"{}\": {}", self.path.display(), self.kind)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Approval { number, removes, over } => write!(
                f,
                "nothing was changed: {removes} entries would be taken off, and for more than \
                 {over} a second person has to agree; let another user run `tokenban approve \
                 {number}`, then run this again"
            ),
            Kind::Exists => {
                write!(f, "there is something already; choose another path or remove it")
            }
            Kind::Foreign(what) => write!(
                f,
                "not a store: {what}; restore a backup, or move it away and run `tokenban init`"
            ),
            Kind::Grown => write!(f, "it grew beyond the memory map; open it again"),
            Kind::Invalid(what) => f.write_str(what),
            Kind::Io(doing, error) => write!(f, "{doing}: {error}{}", way_out(error)),
            Kind::LockLost => write!(
                f,
                "lock.mdb was truncated while in use; this process cannot open the store again, \
                 a new one can"
            ),
            Kind::Lmdb(error) => write!(f, "{error}{}", lmdb_way_out(error)),
            Kind::Missing(what) => write!(f, "{what} is missing; `tokenban init` makes a store"),
            Kind::Open => write!(f, "open already in this process"),
            Kind::Replaced => write!(f, "another store took its place meanwhile; try again"),
            Kind::Shrink { list, before, after } => write!(
                f,
                "list \"{list}\" would shrink from {before} to {after} entries; \
                 use --force if that is meant"
            ),
            Kind::Truncated { length, needed } => write!(
                f,
                "truncated: {length} bytes of {needed}; restore a backup, or move it away and \
                 run `tokenban init`"
            ),
            Kind::Unlocked => write!(
                f,
                "on a read-only file system, where a reader cannot tell the writer which pages it \
                 reads; mount it writable, the modes of the files keep the entries safe"
            ),
            Kind::Version { found, known } => write!(
                f,
                "written by another version: format {found}, this tokenban knows {known}; \
                 use the tokenban that wrote it to export the entries, and import them"
            ),
        }
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Its text says the cause already.
impl std::error::Error for StoreError {}

/// Adds the path to the errors of heed and of the operating system.
pub(crate) trait At<T> {
    fn at(self, path: &Path) -> Result<T, StoreError>;
}

impl<T> At<T> for Result<T, heed::Error> {
    fn at(self, path: &Path) -> Result<T, StoreError> {
        self.map_err(|error| StoreError::new(path, kind(error)))
    }
}

fn kind(error: heed::Error) -> Kind {
    match error {
        heed::Error::Io(error) => Kind::Io("cannot be used", error),
        heed::Error::Mdb(heed::MdbError::VersionMismatch | heed::MdbError::Invalid) => {
            Kind::Foreign("this LMDB does not know data.mdb or lock.mdb")
        }
        heed::Error::Mdb(heed::MdbError::MapResized) => Kind::Grown,
        heed::Error::Mdb(error) => Kind::Lmdb(error),
        heed::Error::EnvAlreadyOpened => Kind::Open,
        heed::Error::Encoding(_) | heed::Error::Decoding(_) => {
            Kind::Foreign("a record cannot be read")
        }
    }
}

fn way_out(error: &io::Error) -> &'static str {
    // LMDB's word for a write that came to an end before its time.
    if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) {
        return "; nothing was changed: is the disk full?";
    }
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "; it belongs to who ran `tokenban init`: check user, group and modes"
        }
        io::ErrorKind::FileTooLarge | io::ErrorKind::StorageFull => {
            "; nothing was changed: make room and try again"
        }
        io::ErrorKind::ReadOnlyFilesystem => "; nothing was changed: mount it writable",
        _ => "",
    }
}

fn lmdb_way_out(error: &heed::MdbError) -> &'static str {
    match error {
        heed::MdbError::ReadersFull => "; more processes read it than its lock file has room for",
        heed::MdbError::Corrupted | heed::MdbError::PageNotFound | heed::MdbError::Panic => {
            "; `tokenban verify` tells what is broken, a backup mends it"
        }
        _ => "",
    }
}
