//! The keys of fingerprints, the same for all that one command prints.

use std::{
    error::Error,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use tokenban_denylist::EntryKey;
use tokenban_engine::{
    denylist::Key,
    fingerprint::{Fingerprint, Fingerprints, KEY_FILE},
};

static KEYS: OnceLock<Fingerprints> = OnceLock::new();

/// Reads them: of a named file, or of the store that a command works on, where that has one.
pub(crate) fn load(named: Option<&Path>, store: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let path: Option<PathBuf> = match (named, store) {
        (Some(named), _) => Some(named.to_owned()),
        (None, store) => store.map(|store| store.join(KEY_FILE)).filter(|path| path.exists()),
    };
    if let Some(path) = path {
        let _ = KEYS.set(Fingerprints::read(&path)?);
    }
    Ok(())
}

/// The keys; the empty one before any was read.
pub(crate) fn keys() -> &'static Fingerprints {
    KEYS.get_or_init(Fingerprints::unkeyed)
}

/// What is shown of an entry.
pub(crate) fn of_entry(key: &EntryKey) -> String {
    keys().of(key.as_bytes()).to_string()
}

/// What is shown of what the engine found.
pub(crate) fn of_key(key: &Key) -> Fingerprint {
    keys().of(key.as_bytes())
}

/// What is shown of a value of which nothing is known.
pub(crate) fn of_value(value: &[u8]) -> Fingerprint {
    of_key(&Key::credential(value))
}
