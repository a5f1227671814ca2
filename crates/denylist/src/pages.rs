//! LMDB's file read as a file: by plain reads, without a map, a lock, or trust in what it says.

use std::{fs::File, io, os::unix::fs::FileExt};

/// The two records at the beginning of the file, of which the newer one holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meta {
    pub(crate) page_size: u64,
    pub(crate) last_page: u64,
    pub(crate) txn: u64,
}

const MAGIC: u32 = 0xBEEF_C0DE;
const DATA_VERSION: u32 = 1;
const IS_META: u16 = 0x08;

/// Why a file is not one of LMDB.
#[derive(Debug)]
pub(crate) enum Bad {
    Empty,
    Foreign,
    Io(io::Error),
    Truncated { length: u64, needed: u64 },
}

/// The newer record of a file that is as long as it must be.
pub(crate) fn newest(file: &File) -> Result<Meta, Bad> {
    let length = file.metadata().map_err(Bad::Io)?.len();
    if length == 0 {
        return Err(Bad::Empty);
    }
    let first = read_meta(file, 0)?;
    let second = read_meta(file, first.page_size)?;
    let meta = if first.txn < second.txn { second } else { first };
    let needed = (meta.last_page.saturating_add(1)).saturating_mul(meta.page_size);
    match length < needed {
        true => Err(Bad::Truncated { length, needed }),
        false => Ok(meta),
    }
}

/// The record of a page of LMDB's `MDB_page` and `MDB_meta`, in the byte order of the machine.
fn read_meta(file: &File, offset: u64) -> Result<Meta, Bad> {
    let mut page = [0; 152];
    file.read_exact_at(&mut page, offset).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Bad::Foreign,
        _ => Bad::Io(error),
    })?;
    let sound = number::<2>(&page, 10) as u16 & IS_META != 0
        && number::<4>(&page, 16) as u32 == MAGIC
        && number::<4>(&page, 20) as u32 == DATA_VERSION;
    let page_size = number::<4>(&page, 40);
    if !sound || !page_size.is_power_of_two() || !(512..=65536).contains(&page_size) {
        return Err(Bad::Foreign);
    }
    Ok(Meta { page_size, last_page: number::<8>(&page, 136), txn: number::<8>(&page, 144) })
}

/// A number of so many bytes; zero past the end.
fn number<const N: usize>(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    let from = bytes.get(at..at + N).unwrap_or_default();
    let at = if cfg!(target_endian = "big") { 8 - N } else { 0 };
    for (to, from) in word.iter_mut().skip(at).zip(from) {
        *to = *from;
    }
    u64::from_ne_bytes(word)
}
