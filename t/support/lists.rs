//! A store of denylists beside a running NGINX, as `tokenban ban` changes it.

#![allow(dead_code)] // each test binary uses its part

use std::{path::Path, time::SystemTime};

use tokenban_denylist::{CreateOptions, ImportOptions, NewEntry, Store, Target};

/// What rules ask in these tests: everything, everywhere.
pub(crate) const RULES: &str =
    "rules: [{id: listed, points: [[anywhere]], denylist: [leaked, other]}]";

/// A store and its name.
pub(crate) struct Lists(Store);

impl Lists {
    /// A new store for the tests' own user.
    pub(crate) fn create(path: &Path) -> Lists {
        Lists(Store::create(path, &CreateOptions::default()).expect("a store"))
    }

    pub(crate) fn open(path: &Path) -> Lists {
        Lists(Store::open(path).expect("a store"))
    }

    pub(crate) fn ban(&mut self, token: &str) {
        Target::each(token.as_bytes(), &mut |target| self.put(&entry(target)));
    }

    /// Many at once.
    pub(crate) fn ban_all(&mut self, tokens: &[String]) {
        let mut batch = self.0.batch().expect("a batch");
        for token in tokens {
            batch.add(&entry(Target::Token(token.as_bytes()))).expect("an entry");
        }
        self.0.import(batch, &ImportOptions::default()).expect("an import");
    }

    pub(crate) fn put(&mut self, entry: &NewEntry<'_>) {
        let mut writer = self.0.write().expect("a writer");
        writer.replace(entry).expect("an entry");
        writer.commit().expect("a commit");
    }

    pub(crate) fn unban(&mut self, token: &str) {
        let mut writer = self.0.write().expect("a writer");
        assert!(writer.unban("leaked", &Target::Token(token.as_bytes())).expect("unban"));
        writer.commit().expect("a commit");
    }
}

/// An entry of the list `leaked`.
pub(crate) fn entry(target: Target<'_>) -> NewEntry<'_> {
    NewEntry { reason: "INC-42", source: "test", ..NewEntry::new("leaked", target, now()) }
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock").as_secs()
}
