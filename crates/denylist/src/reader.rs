//! The store as a worker of NGINX sees it.

use std::{
    mem,
    path::{Path, PathBuf},
};

use tokenban_engine::denylist::{Ban, Denylists, Key, Profile, Sought, StoreLost};

use crate::{
    check::check_store,
    error::{Kind, StoreError},
    files::Files,
    held::{Damage, Held},
};

/// A store, open for one worker. Opened after `fork`, as the worker's user.
///
/// Call [`Reader::refresh`] before every request and [`Reader::check`] every second or so. Where
/// either fails, the store keeps answering from its last good state if that may be trusted; if
/// not, every look-up is [`StoreLost`] until a later `check` finds a store again.
pub struct Reader {
    path: PathBuf,
    held: Option<Held>,
    /// A lock file was damaged under it: its environment cannot be closed, nor opened again.
    lock_lost: bool,
}

/// What a reader can tell of its store at no cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Different keys: an entry on two lists is one. Expired ones that are not swept yet count, too.
    pub keys: u64,
    /// The number of the commit that it sees.
    pub commit: u64,
    /// The Unix second of the last change.
    pub changed: u64,
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
        Reader { path: path.to_owned(), held: None, lock_lost: false }
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

    /// The state of the store; nothing where there is none that can be asked.
    pub fn state(&self) -> Option<State> {
        self.held.as_ref().and_then(Held::state)
    }

    /// Goes over to the store at the path. One that does not look like a store is not worth losing
    /// the last good one for.
    fn follow(&mut self) -> Result<(), StoreError> {
        if self.lock_lost {
            return Err(StoreError::new(&self.path, Kind::LockLost));
        }
        check_store(&self.path)?;
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
            Some(held) => held.profile(),
            None => Profile::of_anything(), // so that a lost store is noticed and not passed by
        }
    }

    fn may_hold(&self, sought: &Sought<'_>, key: &mut dyn FnMut() -> Option<Key>) -> bool {
        self.held.as_ref().is_none_or(|held| held.may_hold(sought, key))
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
        match held.may_hold_digest(digest) {
            true => held.find(held.tables.sha1, digest, found),
            false => Ok(()),
        }
    }
}
