//! `tokenban stats`: what is in a store, and what it takes.

use anstyle::Style;
use clap::Args;
use serde_json::json;
use tokenban_denylist::Stats as Counts;

use super::{list, Outcome};
use crate::{
    input,
    output::{self, Table},
    store::StoreAt,
    time, Exit,
};

/// Count what is in a store, and what it takes.
///
/// The digest is the same wherever the same entries are, whatever was done to get there: compare it to see
/// whether two nodes hold the same.
///
/// Exit codes: 0 fine, 2 error.
#[derive(Args)]
#[command(after_help = "Example: tokenban stats --store /var/lib/tokenban/store")]
pub(crate) struct Stats {
    #[command(flatten)]
    store: StoreAt,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Stats {
    pub(super) fn run(self) -> Outcome {
        let store = self.store.open_read_only()?;
        let bar = input::spinner("counting");
        let counts = store.stats(time::now())?;
        let profile = store.read()?.profile()?;
        let claims: Vec<&str> =
            profile.claims().claims().iter().map(|claim| &*claim.name).collect();
        bar.finish_and_clear();
        match self.json {
            true => output::json(&json(&counts, &claims))?,
            false => table(&counts, &claims).print(&mut anstream::stdout().lock())?,
        }
        Ok(Exit::Fine)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn json(counts: &Counts, claims: &[&str]) -> serde_json::Value {
    let lists: Vec<_> = counts.lists.iter().map(list::list_json).collect();
    json!({
        "id": hex(&counts.id),
        "digest": hex(&counts.digest),
        "lists": lists,
        "keys": counts.keys,
        "claims": claims,
        "file_bytes": counts.file_bytes,
        "used_bytes": counts.used_bytes,
        "filter_bytes": counts.filter_bytes,
    })
}

fn table(counts: &Counts, claims: &[&str]) -> Table {
    let mut table = Table::default();
    let mut row = |name: &str, value: String| {
        table.row([(output::HEADING, name.to_owned()), (Style::new(), value)]);
    };
    row("store", hex(&counts.id));
    row("digest", hex(&counts.digest));
    for list in &counts.lists {
        let entries = output::count_of(list.entries as usize, "entry", "entries");
        row(&format!("list {}", list.name), format!("{entries}, {} expired", list.expired));
    }
    row("keys", counts.keys.to_string());
    if !claims.is_empty() {
        row("claims", claims.join(", "));
    }
    let per_key = match counts.keys {
        0..1000 => String::new(), // mostly pages that are hardly used
        keys => format!(", {:.1} bytes a key", counts.used_bytes as f64 / keys as f64),
    };
    row("file", format!("{} bytes, {} in use{per_key}", counts.file_bytes, counts.used_bytes));
    row("filter", format!("{} bytes", counts.filter_bytes));
    table
}
