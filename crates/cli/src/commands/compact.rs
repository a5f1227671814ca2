//! `tokenban compact`: gives back the room of what was taken off.

use std::{fs, io::Write};

use clap::Args;
use serde_json::json;

use super::Outcome;
use crate::{act::act, input, store::StoreAt, Exit};

/// Write the store anew, as small as it can be.
///
/// Room of entries that were taken off is used again, but a store's file never shrinks by itself. The
/// new store takes the place of the old one in one step; NGINX goes over to it by itself.
///
/// Exit codes: 0 fine, 2 error.
#[derive(Args)]
#[command(after_help = "Example: tokenban compact --store /var/lib/tokenban/store")]
pub(crate) struct Compact {
    #[command(flatten)]
    store: StoreAt,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Compact {
    pub(super) fn run(self) -> Outcome {
        let data = self.store.path()?.join("data.mdb");
        let bytes = || fs::metadata(&data).map(|data| data.len());
        let mut store = self.store.open()?;
        store.sign(act("compact", "", ""));
        let before = bytes()?;
        let bar = input::counted("compacting", 0);
        store.compact_watched(&mut input::shown_on(&bar))?;
        bar.finish_and_clear();
        let after = bytes()?;
        match self.json {
            true => crate::output::json(&json!({ "before": before, "after": after }))?,
            false => writeln!(anstream::stdout().lock(), "{before} bytes before, {after} after")?,
        }
        Ok(Exit::Fine)
    }
}
