//! What the module would find of a token: its own look-up, over a snapshot of the store.

use std::{cell::RefCell, error::Error};

use tokenban_denylist::{Entry, EntryKey, Snapshot, StoreError};
use tokenban_engine::{
    decision::Incomplete,
    denylist::{self, Ban, Denylists, Key, Kind, Profile, StoreLost},
};

use crate::import::Admissible;

/// Every entry that denies a token now, from all lists.
pub(crate) fn denying<'s>(
    snapshot: &'s Snapshot<'_>,
    secret: &Admissible<'_>,
    now: u64,
) -> Result<Vec<Entry<'s>>, Box<dyn Error>> {
    let token = match secret {
        Admissible::Known { key, .. } => return live(snapshot, key, now),
        Admissible::Sha1(digest) => return live(snapshot, &EntryKey::Sha1(*digest), now),
        Admissible::Sha256(digest) => {
            return live(snapshot, &EntryKey::Key(Key::sha256(digest)), now)
        }
        Admissible::Token(token) => token,
    };
    let mut profile = Profile::ANY;
    let _ = profile.merge(&snapshot.profile()?); // of its claims; there is room for all
    let look = Look { snapshot, profile, asked: RefCell::default(), failed: RefCell::default() };
    let mut denying: Vec<Entry<'_>> = Vec::new();
    let mut found = |key: &Key, ban: &Ban<'_>| {
        let asked = look.asked.borrow();
        let new = asked.iter().filter(|entry| is(entry, key, ban)).copied();
        let new: Vec<Entry<'_>> = new.filter(|entry| !denying.contains(entry)).collect();
        denying.extend(new);
    };
    let looked = denylist::bans(&look, token, now, &mut found);
    if let Some(error) = look.failed.take() {
        return Err(error.into());
    }
    match looked {
        Err(Incomplete::Bound) => Err("a JWT with more claims than are looked up".into()),
        _ => Ok(denying),
    }
}

fn live<'s>(
    snapshot: &'s Snapshot<'_>,
    key: &EntryKey,
    now: u64,
) -> Result<Vec<Entry<'s>>, Box<dyn Error>> {
    let mut entries = snapshot.find(key)?;
    entries.retain(|entry| !crate::entries::is_over(entry, now));
    Ok(entries)
}

/// Whether it is this entry that a ban tells of. The key is that of the token, which an entry
/// by SHA-1 does not have.
fn is(entry: &Entry<'_>, asked: &Key, ban: &Ban<'_>) -> bool {
    let same = match entry.key {
        EntryKey::Key(key) => key == *asked,
        EntryKey::Sha1(_) => entry.kind == Kind::Sha1,
    };
    same && of(entry) == *ban
}

/// An entry as the engine sees it.
fn of<'s>(entry: &Entry<'s>) -> Ban<'s> {
    Ban {
        kind: entry.kind,
        list: entry.list,
        reason: entry.reason,
        expires: entry.expires,
        issued_before: entry.issued_before,
        level: entry.level,
        except: entry.except,
    }
}

/// A snapshot as the engine asks it; remembers every entry that it was asked for.
struct Look<'s> {
    snapshot: &'s Snapshot<'s>,
    profile: Profile,
    asked: RefCell<Vec<Entry<'s>>>,
    failed: RefCell<Option<StoreError>>,
}

impl Look<'_> {
    fn ask(&self, key: EntryKey, found: &mut dyn FnMut(&Ban<'_>)) -> Result<(), StoreLost> {
        match self.snapshot.find(&key) {
            Ok(entries) => {
                self.asked.borrow_mut().extend(&entries);
                entries.iter().for_each(|entry| found(&of(entry)));
                Ok(())
            }
            Err(error) => {
                *self.failed.borrow_mut() = Some(error);
                Err(StoreLost)
            }
        }
    }
}

impl Denylists for Look<'_> {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn find(&self, key: &Key, found: &mut dyn FnMut(&Ban<'_>)) -> Result<(), StoreLost> {
        self.ask(EntryKey::Key(*key), found)
    }

    fn find_sha1(
        &self,
        digest: &[u8; 20],
        found: &mut dyn FnMut(&Ban<'_>),
    ) -> Result<(), StoreLost> {
        self.ask(EntryKey::Sha1(*digest), found)
    }
}
