//! LMDB's file read as a file: by plain reads, without a map, a lock, or trust in what it says.
//!
//! A map of a damaged file can end the process that reads it; this cannot. The layout is that of
//! `MDB_page`, `MDB_node`, `MDB_db` and `MDB_meta` in LMDB's `mdb.c`, in the machine's byte order.

use std::{fs::File, io, os::unix::fs::FileExt};

/// The two records at the beginning of the file, of which the newer one holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meta {
    pub(crate) page_size: u64,
    pub(crate) last_page: u64,
    pub(crate) txn: u64,
    /// Pages to be used again.
    pub(crate) free: Tree,
    /// The table of tables.
    pub(crate) main: Tree,
}

/// A table: where it begins and what it should have.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tree {
    pub(crate) depth: u64,
    pub(crate) entries: u64,
    pub(crate) root: u64,
}

/// The root of a table without entries.
pub(crate) const NO_PAGE: u64 = u64::MAX;

const MAGIC: u64 = 0xBEEF_C0DE;
const DATA_VERSION: u64 = 1;
const IS_META: u64 = 0x08;
const META_SIZE: usize = 152;
const TREE_SIZE: usize = 48;

/// Why a file is not one of LMDB.
#[derive(Debug)]
pub(crate) enum Bad {
    Empty,
    Foreign,
    Io(io::Error),
    Truncated { length: u64, needed: u64 },
}

/// Both records; the newer one first.
pub(crate) fn metas(file: &File) -> Result<[Meta; 2], Bad> {
    if file.metadata().map_err(Bad::Io)?.len() == 0 {
        return Err(Bad::Empty);
    }
    let first = read_meta(file, 0)?;
    let second = read_meta(file, first.page_size)?;
    if first.page_size != second.page_size {
        return Err(Bad::Foreign);
    }
    Ok(if first.txn < second.txn { [second, first] } else { [first, second] })
}

/// Bytes that a file of so many pages should have.
pub(crate) fn length_of(meta: &Meta) -> u64 {
    meta.last_page.saturating_add(1).saturating_mul(meta.page_size)
}

fn read_meta(file: &File, offset: u64) -> Result<Meta, Bad> {
    let mut page = [0; META_SIZE];
    file.read_exact_at(&mut page, offset).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Bad::Foreign,
        _ => Bad::Io(error),
    })?;
    let page_size = number(&page, 40, 4);
    let sound = number(&page, 10, 2) & IS_META != 0
        && number(&page, 16, 4) == MAGIC
        && number(&page, 20, 4) == DATA_VERSION
        && page_size.is_power_of_two()
        && (512..=65536).contains(&page_size);
    let (Some(free), Some(main)) = (Tree::read(&page[40..]), Tree::read(&page[88..])) else {
        return Err(Bad::Foreign);
    };
    match sound {
        true => Ok(Meta {
            page_size,
            last_page: number(&page, 136, 8),
            txn: number(&page, 144, 8),
            free,
            main,
        }),
        false => Err(Bad::Foreign),
    }
}

impl Tree {
    /// Reads an `MDB_db`; `None` where there are too few bytes.
    pub(crate) fn read(bytes: &[u8]) -> Option<Tree> {
        (bytes.len() >= TREE_SIZE).then(|| Tree {
            depth: number(bytes, 6, 2),
            entries: number(bytes, 32, 8),
            root: number(bytes, 40, 8),
        })
    }
}

/// A number of `size` bytes; zero past the end.
pub(crate) fn number(bytes: &[u8], at: usize, size: usize) -> u64 {
    let mut word = [0; 8];
    let from = bytes.get(at..at + size).unwrap_or_default();
    let skipped = if cfg!(target_endian = "big") { 8 - size } else { 0 };
    for (to, from) in word.iter_mut().skip(skipped).zip(from) {
        *to = *from;
    }
    u64::from_ne_bytes(word)
}
