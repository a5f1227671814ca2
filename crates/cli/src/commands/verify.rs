//! `tokenban verify`: whether a store is what was written.

use std::io::Write;

use clap::Args;
use serde_json::json;

use super::Outcome;
use crate::{
    input,
    output::{self, BAD, GOOD},
    store::StoreAt,
    Exit,
};

/// Read the whole store and hold it against its checksums.
///
/// A damaged file is read as well. NGINX goes on meanwhile.
///
/// Exit codes: 0 all is well, 1 the store is damaged, 2 error.
#[derive(Args)]
#[command(after_help = "Example: tokenban verify --store /var/lib/tokenban/store")]
pub(crate) struct Verify {
    #[command(flatten)]
    store: StoreAt,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(super) fn run(self) -> Outcome {
        let path = self.store.path()?;
        let bar = input::counted("verifying", 0);
        let verified = tokenban_denylist::verify_watched(path, &mut input::shown_on(&bar));
        bar.finish_and_clear();
        let verified = verified?;
        let faults = &verified.faults;
        if self.json {
            output::json(&json!({ "keys": verified.keys, "faults": faults }))?;
        } else {
            let mut out = anstream::stdout().lock();
            let keys = output::count(verified.keys as usize, "key");
            for fault in faults {
                writeln!(out, "{}", output::printable(fault))?;
            }
            match faults.is_empty() {
                true => writeln!(out, "{GOOD}{keys}, all is well{GOOD:#}")?,
                false => {
                    let count = output::count(faults.len(), "fault");
                    writeln!(out, "{BAD}{keys} read, {count}; restore a backup{BAD:#}")?;
                }
            }
        }
        Ok(if faults.is_empty() { Exit::Fine } else { Exit::Found })
    }
}
