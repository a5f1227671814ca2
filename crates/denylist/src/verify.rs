//! Whether a store is what was written: every page, every entry, every checksum.

use std::{
    collections::{BTreeSet, HashMap},
    fs::File,
    path::Path,
};

use sha2::{Digest, Sha256};

use crate::{
    bytes::{hash, numbers},
    detail::Detail,
    env::{self, Access},
    error::{At, Kind, StoreError},
    files, filter,
    head::Head,
    layers::Layers,
    pages::{self, Meta, Tree},
    tables::{self, meta, NAMES},
    walk::{Fault, Value, Walk},
};

mod beside;

/// What was found wrong with a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Keys that were read.
    pub keys: u64,
    /// What is wrong, in words; empty where all is well. At most one of each table.
    pub faults: Vec<String>,
}

/// Hears how many keys were done, and how many there are.
pub type Progress<'p> = dyn FnMut(u64, u64) + 'p;

/// Reads everything in a store and holds it against its checksums. A damaged file is read as well:
/// nothing of it is mapped. While it runs, pages of the file are not used again.
pub fn verify(path: &Path) -> Result<Verified, StoreError> {
    verify_watched(path, &mut |_, _| ())
}

/// The same, and says how far it is.
pub fn verify_watched(path: &Path, progress: &mut Progress<'_>) -> Result<Verified, StoreError> {
    files::check_data(path)?;
    files::check_lock(path)?;
    let env = env::open(path, Access::Read).at(path)?;
    // It reads nothing but the meta pages, and keeps writers from the pages of this commit.
    let txn = env.read_txn().at(path)?;
    let file = env.try_clone_inner_file().at(path)?;
    let metas = pages::metas(&file).map_err(|bad| StoreError::new(path, bad.into()))?;
    let meta = metas.into_iter().find(|meta| meta.txn == txn.id() as u64);
    let meta = meta.ok_or_else(|| StoreError::new(path, Kind::Replaced))?;
    let verified = Check::new(&file, meta).run(progress);
    drop(txn);
    Ok(verified)
}

/// The format of a store, from plain reads: what kind of file, which version.
pub(crate) fn check_format(file: &File, meta: Meta) -> Result<(), Kind> {
    let mut check = Check::new(file, meta);
    let damaged = |_| Kind::Foreign("data.mdb is damaged");
    check.find_trees().map_err(damaged)?;
    check.read_meta().map_err(damaged)?;
    let record = check.records.get(meta::FORMAT).map_or(&[][..], Vec::as_slice);
    tables::check_format(record)
}

/// The names of lists, from plain reads. Nothing where there are more details than `most`, or where
/// the file changes meanwhile.
pub(crate) fn list_names(file: &File, meta: Meta, most: usize) -> Option<BTreeSet<String>> {
    let mut check = Check::new(file, meta);
    check.find_trees().ok()?;
    let tree = check.tree("details");
    let (mut names, mut count) = (BTreeSet::new(), 0);
    let walked = check.walk.tree(tree, &mut |_, value| {
        count += 1;
        let detail = match value {
            Value::Bytes(record) if count <= most => Detail::read(record),
            _ => None,
        };
        let detail = detail.ok_or(Fault { page: tree.root, what: "not a detail" })?;
        if !names.contains(detail.list) {
            names.insert(detail.list.to_owned());
        }
        Ok(())
    });
    walked.is_ok().then_some(names)
}

struct Check<'f> {
    walk: Walk<'f>,
    meta: Meta,
    trees: HashMap<Vec<u8>, Tree>,
    records: HashMap<Vec<u8>, Vec<u8>>,
    /// Hashes of the details by number: the first bytes of what `interned` knows them by.
    details: HashMap<u64, [u8; 16]>,
    verified: Verified,
}

impl<'f> Check<'f> {
    fn new(file: &'f File, meta: Meta) -> Check<'f> {
        Check {
            walk: Walk::new(file, meta),
            meta,
            trees: HashMap::new(),
            records: HashMap::new(),
            details: HashMap::new(),
            verified: Verified::default(),
        }
    }

    fn run(mut self, progress: &mut Progress<'_>) -> Verified {
        let found = self.find_trees();
        self.note("the table of tables", found);
        let read = self.read_meta();
        self.note("table \"meta\"", read);
        let Some(head) = self.check_records() else { return self.verified };
        let checked = self.check_filter();
        self.note("table \"filter\"", checked);
        let checked = self.check_details(&head);
        self.note("table \"details\"", checked);
        let checked = self.check_interned();
        self.note("table \"interned\"", checked);
        let checked = self.check_entries(&head, progress);
        self.note("the entries", checked);
        let checked = self.check_side(&head);
        self.note("what is kept beside the entries", checked);
        let checked = self.check_log(&head);
        self.note("table \"log\"", checked);
        let pending = self.tree("pending");
        let checked = self.walk.tree(pending, &mut |_, _| Ok(()));
        self.note("table \"pending\"", checked);
        let checked = self.walk.free_pages();
        self.note("the free pages", checked);
        self.verified
    }

    fn note(&mut self, place: &str, result: Result<(), Fault>) {
        if let Err(Fault { page, what }) = result {
            self.verified.faults.push(format!("{place}: page {page}: {what}"));
        }
    }

    fn say(&mut self, fault: &str) {
        self.verified.faults.push(fault.to_owned());
    }

    fn find_trees(&mut self) -> Result<(), Fault> {
        let trees = &mut self.trees;
        self.walk.tree(self.meta.main, &mut |name, value| {
            if let Value::Tree(tree) = value {
                trees.insert(name.to_owned(), tree);
            }
            Ok(())
        })
    }

    /// A table; an empty one where it is missing, which [`Check::check_records`] tells.
    fn tree(&self, name: &str) -> Tree {
        let missing = Tree { root: pages::NO_PAGE, ..Tree::default() };
        self.trees.get(name.as_bytes()).copied().unwrap_or(missing)
    }

    fn read_meta(&mut self) -> Result<(), Fault> {
        let tree = self.tree("meta");
        let records = &mut self.records;
        self.walk.tree(tree, &mut |name, value| {
            if let Value::Bytes(bytes) = value {
                records.insert(name.to_owned(), bytes.to_owned());
            }
            Ok(())
        })
    }

    fn check_records(&mut self) -> Option<Head> {
        for name in NAMES {
            if !self.trees.contains_key(name.as_bytes()) {
                self.say(&format!("table \"{name}\" is missing"));
            }
        }
        let record = |name: &[u8]| self.records.get(name).map_or(&[][..], Vec::as_slice);
        let format = tables::check_format(record(meta::FORMAT));
        let head = tables::unseal(meta::HEAD, record(meta::HEAD)).and_then(Head::read);
        let rest = [meta::PROFILE, meta::HASH, meta::ID, meta::LOG, meta::APPROVE]
            .map(|name| tables::unseal(name, record(name)));
        let rest = rest.iter().all(Option::is_some);
        if let Err(kind) = format {
            self.say(&kind.to_string());
        }
        if head.is_none() || !rest {
            self.say("table \"meta\": a record is damaged");
        }
        head
    }

    /// Every chunk is there, and as it was written. That an entry has its bits cannot be told: the
    /// hashes of tokens are not kept.
    fn check_filter(&mut self) -> Result<(), Fault> {
        let tree = self.tree("filter");
        let fault = |what| Fault { page: tree.root, what };
        let record = self.records.get(meta::LAYERS).map_or(&[][..], Vec::as_slice);
        let layers = tables::unseal(meta::LAYERS, record).and_then(Layers::read);
        let layers = layers.ok_or_else(|| fault("the record of its layers is damaged"))?;
        let mut numbers =
            layers.all.iter().flat_map(|layer| layer.first..layer.first + layer.chunks);
        self.walk.tree(tree, &mut |key, value| {
            let Value::Bytes(chunk) = value else { return Err(fault("a chunk is damaged")) };
            let number = numbers.next().filter(|number| key == tables::number_key(*number));
            let number = number.ok_or_else(|| fault("a chunk is missing, or one too many"))?;
            match filter::is_sound(chunk, number) {
                true => Ok(()),
                false => Err(fault("a chunk is damaged")),
            }
        })?;
        match numbers.next() {
            None => Ok(()),
            Some(_) => Err(fault("a chunk is missing")),
        }
    }

    fn check_details(&mut self, head: &Head) -> Result<(), Fault> {
        let tree = self.tree("details");
        let details = &mut self.details;
        let mut sum = 0_u64;
        self.walk.tree(tree, &mut |key, value| {
            let damaged = Fault { page: tree.root, what: "a detail is damaged" };
            let (Value::Bytes(record), Ok(number)) = (value, key.try_into()) else {
                return Err(damaged);
            };
            Detail::read(record).ok_or(damaged)?;
            sum = sum.wrapping_add(hash(&[key, record]));
            let digest = Sha256::digest(record);
            let digest = digest.first_chunk().copied().unwrap_or_default();
            details.insert(u64::from_be_bytes(number), digest);
            Ok(())
        })?;
        match sum == head.details && !self.details.keys().any(|id| *id >= head.next_detail) {
            true => Ok(()),
            false => Err(Fault { page: tree.root, what: "the checksum of the details is wrong" }),
        }
    }

    fn check_interned(&mut self) -> Result<(), Fault> {
        let tree = self.tree("interned");
        let details = &self.details;
        let mut count = 0;
        self.walk.tree(tree, &mut |key, value| {
            count += 1;
            let number = match value {
                Value::Bytes(bytes) => bytes.try_into().ok().map(u64::from_be_bytes),
                Value::Tree(_) => None,
            };
            let digest = number.and_then(|number| details.get(&number));
            match digest.is_some_and(|digest| digest == key) {
                true => Ok(()),
                false => Err(Fault { page: tree.root, what: "a detail is known by a wrong hash" }),
            }
        })?;
        match count == details.len() {
            true => Ok(()),
            false => Err(Fault { page: tree.root, what: "a detail is not known by its hash" }),
        }
    }

    fn check_entries(&mut self, head: &Head, progress: &mut Progress<'_>) -> Result<(), Fault> {
        let mut sum = 0_u64;
        let total = self.tree("keys").entries + self.tree("sha1").entries;
        for (name, length) in [("keys", 16), ("sha1", 20)] {
            let tree = self.tree(name);
            let (details, keys) = (&self.details, &mut self.verified.keys);
            self.walk.tree(tree, &mut |key, value| {
                let fault = |what| Fault { page: tree.root, what };
                let Value::Bytes(value) = value else { return Err(fault("an entry is damaged")) };
                let ids = numbers(value).filter(|ids| !ids.is_empty() && key.len() == length);
                let ids = ids.ok_or_else(|| fault("an entry is damaged"))?;
                if ids.iter().any(|id| !details.contains_key(id)) {
                    return Err(fault("an entry refers to a detail that is not there"));
                }
                sum = sum.wrapping_add(hash(&[key, value]));
                *keys += 1;
                progress(*keys, total);
                Ok(())
            })?;
        }
        match sum == head.entries {
            true => Ok(()),
            false => Err(Fault { page: 0, what: "the checksum of the entries is wrong" }),
        }
    }
}
