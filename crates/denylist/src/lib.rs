//! The store of banned tokens: written by the `tokenban` command, read by NGINX workers.
//!
//! [`Store`] is the side of people: create, ban, unban, import, list, compact, verify. [`Reader`] is
//! the side of a worker. Both look into one LMDB file that every process maps; `docs/store.md` says
//! what is in it and what holds for it.
#![deny(unsafe_code)] // allowed once, in env.rs

mod approval;
mod batch;
mod bytes;
mod check;
mod choice;
mod compact;
mod detail;
mod digest;
mod entry;
mod env;
mod error;
mod files;
mod filter;
mod filter_table;
mod head;
mod held;
mod import;
mod layers;
mod log;
mod pages;
mod put;
mod reader;
mod remove;
mod side;
mod snapshot;
mod store;
mod tables;
mod terms;
mod verify;
mod walk;
mod writer;

pub use self::{
    approval::Pending,
    batch::Batch,
    check::{check_store, known_lists},
    choice::Choice,
    entry::{Claim, Entry, EntryKey, NewEntry, Taken, Target},
    error::StoreError,
    import::{ImportOptions, Imported},
    log::{Act, Record, Tally},
    reader::{Reader, State},
    snapshot::{Entries, ListStats, Snapshot, Stats},
    store::{CreateOptions, Store},
    verify::{verify, verify_watched, Progress, Verified},
    writer::Writer,
};
