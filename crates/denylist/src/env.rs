//! Opens LMDB: the one place of this crate that is unsafe.

use std::{io, path::Path};

use heed::{Env, EnvFlags, EnvOpenOptions, WithoutTls};

use crate::files;

/// What a process does with the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// Processes that may read at once, several snapshots each counted: 64 KB of the lock file.
const READERS: u32 = 1022;

const TABLES: u32 = 16;

/// Address space to reserve at least, so that the file can grow under those who have it open. It
/// costs nothing; where the process may not have so much, the next smaller one is tried, and at last
/// no more than the file has.
const RESERVED: [u64; 5] = [1 << 36, 1 << 32, 1 << 28, 1 << 24, 0];

/// Opens the environment in a directory whose files `files` has looked at.
pub(crate) fn open(path: &Path, access: Access) -> heed::Result<Env<WithoutTls>> {
    let length = std::fs::metadata(files::data(path)).map_or(0, |data| data.len());
    let mut last = None;
    for reserved in RESERVED {
        // A multiple of every page size up to 64 KB.
        let grown = if reserved > 0 { length * 2 } else { length };
        let size = reserved.max(grown.next_multiple_of(1 << 16));
        match open_sized(path, access, size) {
            Err(heed::Error::Io(error)) if is_too_large(&error) => {
                last = Some(heed::Error::Io(error));
            }
            opened => return opened,
        }
    }
    Err(last.unwrap_or(heed::Error::EnvAlreadyOpened))
}

/// Whether a map may have been refused for its size: Linux says ENOMEM where a limit is met, and
/// EINVAL is said where the address space itself is smaller, as under Valgrind.
fn is_too_large(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::OutOfMemory | io::ErrorKind::InvalidInput)
}

#[allow(unsafe_code)]
fn open_sized(path: &Path, access: Access, size: u64) -> heed::Result<Env<WithoutTls>> {
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    options.map_size(usize::try_from(size).unwrap_or(1 << 30));
    options.max_dbs(TABLES).max_readers(READERS);
    if access == Access::Read {
        // SAFETY: unsafe are the flags that give up locks or durability; this one gives up writing.
        unsafe { options.flags(EnvFlags::READ_ONLY) };
    }
    // SAFETY: heed asks that nobody changes the mapped file but through LMDB. Its owner alone can
    // write it (mode 0640, of which `tokenban init` takes care), and only through this crate: a new
    // file comes by rename, never in place. Locks are kept, and heed itself refuses to open one
    // path twice in a process. What is left, a file that somebody truncates or overwrites in
    // place, is found by `Reader::check` where it can be, and written down in docs/store.md.
    unsafe { options.open(path) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;

    #[test]
    fn a_map_is_too_large_in_two_ways() {
        let refused = |errno: Errno| is_too_large(&errno.into());
        assert!(refused(Errno::NOMEM) && refused(Errno::INVAL));
        assert!(!refused(Errno::ACCESS) && !refused(Errno::NOENT));
    }
}
