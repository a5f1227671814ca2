//! Writes a store anew beside the old one, and puts it in its place.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use heed::{Env, WithoutTls};
use rustix::fs::{renameat_with, RenameFlags, CWD};
use tokenban_engine::denylist::{Kind as EntryKind, Profile};

use crate::{
    bytes::{hash, numbers, put_number},
    detail::Detail,
    error::{At, Kind, StoreError},
    files,
    side::{read_pairs, write_pairs},
    store::{make_beside, remove, CreateOptions},
    tables::{meta, Table, Tables},
    verify::Progress,
    writer::Writer,
};

const SWAP: &str = "cannot be swapped with a new one beside it (is it a mount point?)";

/// Does it, under the lock of the old store's writer: nothing is committed there meanwhile.
pub(crate) fn run(mut old: Writer<'_>, progress: &mut Progress<'_>) -> Result<(), StoreError> {
    let fail = |error| StoreError::io(old.path(), SWAP, error);
    let path = fs::canonicalize(old.path()).map_err(fail)?; // not a link to it
    let options = options_of(&path)?;
    let made = make_beside(&path, &options, |env, tables| copy(&old, env, tables, progress))?;
    if let Err(error) = swap(&made, &path) {
        remove(&made);
        return Err(fail(error));
    }
    // Readers and writers who still have the old one open look at the path now. Where this fails
    // they find out by the identity of the files.
    let marked = old.tables.meta.put(&mut old.txn, meta::SUPERSEDED, b"");
    let _ = marked.and_then(|()| old.txn.commit());
    remove(&made);
    Ok(())
}

/// Owner, group and modes of a store.
fn options_of(path: &Path) -> Result<CreateOptions, StoreError> {
    let look = |path: &Path| fs::metadata(path);
    let all = [look(path), look(&files::data(path)), look(&files::lock(path))];
    let [dir, data, lock] =
        all.map(|file| file.map_err(|error| files::missing(path, "a file of it", error)));
    let (dir, data, lock) = (dir?, data?, lock?);
    let mode = |file: &fs::Metadata| file.permissions().mode() & 0o7777;
    Ok(CreateOptions {
        owner: Some(data.uid()),
        group: Some(data.gid()),
        dir_mode: mode(&dir),
        data_mode: mode(&data),
        lock_mode: mode(&lock),
    })
}

/// Puts `new` at `path`, and what was there at `new`: in one step where the file system can.
fn swap(new: &Path, path: &Path) -> io::Result<()> {
    use rustix::io::Errno;
    match renameat_with(CWD, new, CWD, path, RenameFlags::EXCHANGE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => swap_by_three(new, path)?,
        swapped => swapped?,
    }
    files::sync_dir_of(path);
    Ok(())
}

fn swap_by_three(new: &Path, path: &Path) -> io::Result<()> {
    let aside = new.with_extension("old");
    fs::rename(path, &aside)?;
    if let Err(error) = fs::rename(new, path) {
        fs::rename(&aside, path)?;
        return Err(error);
    }
    fs::rename(&aside, new)
}

/// Copies all that is referred to. The profile cannot be made anew from digests where there are
/// tokens: their lengths stay as they are.
fn copy(
    old: &Writer<'_>,
    env: &Env<WithoutTls>,
    tables: Tables,
    progress: &mut Progress<'_>,
) -> Result<(), StoreError> {
    let mut new = Writer::begin(old.path(), env, tables, old.act.clone())?;
    new.hook = old.hook;
    let (details, profile) = copy_details(old, &mut new)?;
    let (mut done, total) = (0, old.count()?);
    let mut copied = || {
        done += 1;
        progress(done, total);
    };
    for tables in [(old.tables.keys, tables.keys), (old.tables.sha1, tables.sha1)] {
        copy_entries(old, &mut new, tables, &details, &mut copied)?;
    }
    copy_side(old, &mut new, &details)?;
    new.profile = profile;
    copy_filter(old, &mut new)?;
    let id = old.tables.id(&old.txn).map_err(|kind| old.fail(kind))?;
    tables.put_record(&mut new.txn, meta::ID, &id).at(old.path())?;
    let hash_key = old.hash_key.to_bytes();
    tables.put_record(&mut new.txn, meta::HASH, &hash_key).at(old.path())?;
    new.commit_all()
}

/// The filter as it is. Where nearly all that it has taken is gone, one of digests takes its place.
fn copy_filter(old: &Writer<'_>, new: &mut Writer<'_>) -> Result<(), StoreError> {
    new.layers = old.layers.clone();
    if old.layers.is_mostly_gone(old.count()?) {
        return new.filter_digests();
    }
    for row in old.tables.filter.iter(&old.txn).at(old.path())? {
        let (number, chunk) = row.at(old.path())?;
        new.append(new.tables.filter, number, chunk)?;
    }
    Ok(())
}

/// Copies the details that entries refer to; their new numbers by the old ones, most used first.
fn copy_details(
    old: &Writer<'_>,
    new: &mut Writer<'_>,
) -> Result<(Vec<Option<u64>>, Profile), StoreError> {
    let mut used: Vec<(u64, u64)> = (0..old.head.next_detail).map(|id| (0, id)).collect();
    for table in [old.tables.keys, old.tables.sha1] {
        for row in table.iter(&old.txn).at(old.path())? {
            for id in numbers(row.at(old.path())?.1).ok_or_else(|| old.fail(DAMAGED))? {
                let used = usize::try_from(id).ok().and_then(|id| used.get_mut(id));
                used.ok_or_else(|| old.fail(DAMAGED))?.0 += 1;
            }
        }
    }
    for row in old.tables.replaced.iter(&old.txn).at(old.path())? {
        let pairs = read_pairs(row.at(old.path())?.1).ok_or_else(|| old.fail(DAMAGED))?;
        for id in pairs.into_iter().flat_map(|(by, was)| [by, was]) {
            let used = usize::try_from(id).ok().and_then(|id| used.get_mut(id));
            used.ok_or_else(|| old.fail(DAMAGED))?.0 += 1;
        }
    }
    let mut details = vec![None; used.len()];
    let mut profile = Profile::EMPTY;
    profile.merge_keys(&old.profile);
    used.sort_unstable_by(|one, other| other.cmp(one));
    for (_, id) in used.into_iter().take_while(|(count, _)| *count > 0) {
        let detail: Detail<'_> = old.tables.detail(&old.txn, id).map_err(|kind| old.fail(kind))?;
        match (detail.claim, detail.kind) {
            (Some(claim), _) => {
                let _ = profile.add_claim(claim.name, claim.issuer.is_some()); // of those there were
            }
            (None, EntryKind::Token) => profile.merge_tokens(&old.profile),
            (None, EntryKind::Jwt) => profile.merge_jwts(&old.profile),
            (None, kind) => profile.add(kind),
        }
        let place = usize::try_from(id).ok().and_then(|id| details.get_mut(id));
        *place.ok_or_else(|| old.fail(DAMAGED))? = Some(new.intern(&detail)?);
    }
    Ok((details, profile))
}

/// Copies what is kept beside the entries: links between keys that are there, what took whose place,
/// the log, and what waits for a second person.
fn copy_side(
    old: &Writer<'_>,
    new: &mut Writer<'_>,
    details: &[Option<u64>],
) -> Result<(), StoreError> {
    let (from, to) = (old.tables, new.tables);
    for row in from.links.iter(&old.txn).at(old.path())? {
        let (key, row) = row.at(old.path())?;
        new.put_side(to.links, key, row)?;
    }
    let moved =
        |id: u64| usize::try_from(id).ok().and_then(|id| details.get(id).copied().flatten());
    for row in from.replaced.iter(&old.txn).at(old.path())? {
        let (key, row) = row.at(old.path())?;
        let pairs = read_pairs(row).ok_or_else(|| old.fail(DAMAGED))?;
        let pairs: Option<Vec<(u64, u64)>> =
            pairs.into_iter().map(|(by, was)| moved(by).zip(moved(was))).collect();
        let pairs = pairs.ok_or_else(|| old.fail(DAMAGED))?;
        new.put_side(to.replaced, key, &write_pairs(&pairs))?;
    }
    for (from, to) in [(from.log, to.log), (from.pending, to.pending)] {
        for row in from.iter(&old.txn).at(old.path())? {
            let (key, row) = row.at(old.path())?;
            new.append(to, key, row)?;
        }
    }
    let over = from.approve_over(&old.txn).map_err(|kind| old.fail(kind))?;
    let over = over.map_or(Vec::new(), |over| over.to_be_bytes().to_vec());
    to.put_record(&mut new.txn, meta::APPROVE, &over).at(old.path())?;
    new.head.log = old.head.log;
    let last = from.log_hash(&old.txn).map_err(|kind| old.fail(kind))?;
    to.put_record(&mut new.txn, meta::LOG, &last).at(old.path())
}

fn copy_entries(
    old: &Writer<'_>,
    new: &mut Writer<'_>,
    (from, to): (Table, Table),
    details: &[Option<u64>],
    copied: &mut dyn FnMut(),
) -> Result<(), StoreError> {
    let mut value = Vec::new();
    for row in from.iter(&old.txn).at(old.path())? {
        let (key, ids) = row.at(old.path())?;
        value.clear();
        for id in numbers(ids).ok_or_else(|| old.fail(DAMAGED))? {
            let id = usize::try_from(id).ok().and_then(|id| details.get(id).copied().flatten());
            put_number(&mut value, id.ok_or_else(|| old.fail(DAMAGED))?);
        }
        new.head.entries = new.head.entries.wrapping_add(hash(&[key, &value]));
        new.append(to, key, &value)?;
        copied();
    }
    Ok(())
}

const DAMAGED: Kind = Kind::Foreign("a record of it is damaged");
