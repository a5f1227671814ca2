//! `tokenban sweep`: takes off what has expired.

use clap::Args;
use serde_json::json;

use super::Outcome;
use crate::{act::act, input, output, store::StoreAt, time, Exit};

/// Take the entries off that have expired.
///
/// They deny nothing any more, whether they are swept or not; swept, their room is used again.
///
/// Exit codes: 0 fine, 2 error.
#[derive(Args)]
#[command(after_help = "Example: tokenban sweep --store /var/lib/tokenban/store")]
pub(crate) struct Sweep {
    #[command(flatten)]
    store: StoreAt,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Sweep {
    pub(super) fn run(self) -> Outcome {
        let mut store = self.store.open()?;
        store.sign(act("sweep", "", ""));
        let bar = input::counted("sweeping", 0);
        let mut writer = store.write()?;
        writer.watch(input::shown_on(&bar));
        let swept = writer.sweep(time::now())?;
        writer.commit()?;
        bar.finish_and_clear();
        match self.json {
            true => output::json(&json!({ "swept": swept }))?,
            false => {
                println!(
                    "swept {}",
                    output::count_of(swept as usize, "expired entry", "expired entries")
                );
            }
        }
        Ok(Exit::Fine)
    }
}
