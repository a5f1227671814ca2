//! Looks at a store from outside, before it is opened.

use std::{collections::BTreeSet, path::Path};

use crate::{
    error::StoreError,
    files, pages,
    verify::{check_format, list_names},
};

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

/// How many details, which are few for most stores, [`known_lists`] reads at most.
const DETAILS_MOST: usize = 20_000;

/// The names of the lists on which entries were put, as far as that can be told in the way of
/// [`check_store`] and at once: nothing for a store in which nearly every entry has a reason of its
/// own, or which is being written.
pub fn known_lists(path: &Path) -> Option<BTreeSet<String>> {
    let (file, meta) = files::check_data(path).ok()?;
    list_names(&file, meta, DETAILS_MOST)
}
