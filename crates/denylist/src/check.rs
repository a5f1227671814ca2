//! Looks at a store from outside, before it is opened.

use std::path::Path;

use crate::{error::StoreError, files, pages, verify::check_format};

/// How often to look again where a writer was at work meanwhile.
const TRIES: u32 = 10;

/// Tells whether a store can be used, without leaving anything behind: for `nginx -t`, which runs
/// as root. No lock is taken, no file made; a writer may be at work.
///
/// Tells what is missing, empty, truncated or foreign, of another version, or damaged in the pages
/// that say what is where; [`verify`](crate::verify) reads the rest.
pub fn check_store(path: &Path) -> Result<(), StoreError> {
    let mut last = Ok(());
    for _ in 0..TRIES {
        let (file, meta) = files::check_data(path)?;
        files::check_lock(path)?;
        last = check_format(&file, meta).map_err(|kind| StoreError::new(path, kind));
        let unchanged = pages::metas(&file).is_ok_and(|[newest, _]| newest.txn == meta.txn);
        if last.is_ok() || unchanged {
            break; // else a writer may have used the pages again under it
        }
    }
    last
}
