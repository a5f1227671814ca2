//! `tokenban undo`: lifts what an incident banned.

use std::io::Write;

use clap::Args;
use serde_json::json;

use super::{list::note_unknown, Outcome};
use crate::{
    act::act,
    input,
    output::{self, GOOD},
    store::StoreAt,
    Exit,
};

/// Undo an incident: lift exactly what it banned.
///
/// All entries with this reason are taken off, of every list or of one. What its bans took the place of
/// with --replace is put back; bans of other incidents were never touched.
///
/// Exit codes: 0 undone, 1 there was nothing of this incident, 2 error.
#[derive(Args)]
#[command(after_help = "Example: tokenban undo INC-42 --dry-run")]
pub(crate) struct Undo {
    #[command(flatten)]
    store: StoreAt,
    /// Only on this denylist
    #[arg(long, value_name = "NAME")]
    list: Option<String>,
    /// Change nothing, only tell what would be lifted
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
    /// The incident: the --reason of its bans
    #[arg(value_name = "INCIDENT")]
    reason: String,
}

impl Undo {
    pub(super) fn run(self) -> Outcome {
        let mut store = self.store.open()?;
        note_unknown(&store, self.list.as_deref())?;
        let note = self.list.as_ref().map_or(String::new(), |list| format!("list {list}"));
        store.sign(act("undo", &self.reason, &note));
        let bar = input::counted("undoing", 0);
        let mut writer = store.write()?;
        writer.watch(input::shown_on(&bar));
        let (removed, restored) = writer.undo(&self.reason, self.list.as_deref())?;
        match self.dry_run {
            true => drop(writer),
            false => writer.commit()?,
        }
        bar.finish_and_clear();
        if self.json {
            output::json(&json!({
                "dry_run": self.dry_run,
                "incident": self.reason,
                "unbanned": removed,
                "restored": restored,
            }))?;
        } else {
            self.print(removed, restored)?;
        }
        Ok(if removed > 0 { Exit::Fine } else { Exit::Found })
    }

    fn print(&self, removed: u64, restored: u64) -> std::io::Result<()> {
        let mut out = anstream::stdout().lock();
        let name = output::printable(&self.reason);
        if removed == 0 {
            return writeln!(out, "nothing was banned for {name}");
        }
        let removed = output::count_of(removed as usize, "entry", "entries");
        let dry = if self.dry_run { "; dry run: nothing was changed" } else { "" };
        writeln!(out, "{GOOD}{name}: {removed} unbanned, {restored} put back{dry}{GOOD:#}")
    }
}
