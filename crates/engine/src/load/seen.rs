//! Files as they were when rules were read from them.

use std::{
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// A file that rules were read from, or should have been, and the state in which it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The file, as it was named to the loader.
    pub path: PathBuf,
    /// `None`: it was not there, or could not be looked at.
    pub stamp: Option<Stamp>,
}

/// What tells one state of a file from another without reading it. Symbolic links are followed, so
/// it changes when a link on the way points elsewhere.
///
/// The time of change is in it because no program can set it back: it tells writes of the same
/// length apart, and shows a file whose permissions were mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Seen {
    /// Looks at a file.
    pub fn now(path: &Path) -> Seen {
        let stamp = fs::metadata(path).ok().map(|metadata| Stamp::of(&metadata));
        Seen { path: path.to_owned(), stamp }
    }
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Stamp {
        Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}
