//! The record that says of a store what its tables do not.

use crate::bytes::{put_number, take_number};

/// Counters and checksums, rewritten by every commit that changes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// The number that the next detail gets.
    pub(crate) next_detail: u64,
    /// The sum of the hashes of all entries, in whatever order: `verify` adds them up again.
    pub(crate) entries: u64,
    /// The same of all details.
    pub(crate) details: u64,
    /// The same of what is kept beside the entries.
    pub(crate) side: u64,
    /// The number that the next record of the log gets.
    pub(crate) log: u64,
}

impl Head {
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let Head { next_detail, entries, details, side, log } = *self;
        for number in [next_detail, entries, details, side, log] {
            put_number(&mut out, number);
        }
        out
    }

    /// `None` where it is damaged.
    pub(crate) fn read(mut bytes: &[u8]) -> Option<Head> {
        let mut next = || take_number(&mut bytes);
        Some(Head {
            next_detail: next()?,
            entries: next()?,
            details: next()?,
            side: next()?,
            log: next()?,
        })
    }
}
