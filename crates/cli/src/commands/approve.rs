//! `tokenban approve`: the second person for changes that take many entries off.

use std::io::Write;

use anstyle::Style;
use clap::Args;
use serde_json::{json, Value};
use tokenban_denylist::Pending;

use super::Outcome;
use crate::{
    act::act,
    output::{self, Table, GOOD},
    store::StoreAt,
    time, Exit,
};

/// Approve a change that takes many entries off, or list those that wait.
///
/// Once switched on with --over, `unban`, `undo` and --replace change nothing when they would take more
/// entries off than that: another user approves the change by its number, and the same command, run
/// again within a day, goes through. Raising the number or switching this off takes two as well.
///
/// Exit codes: 0 fine, 2 error.
#[derive(Args)]
#[command(after_help = "Example: tokenban approve --over 1000")]
pub(crate) struct Approve {
    #[command(flatten)]
    store: StoreAt,
    /// Ask for a second person where more than so many entries are taken off
    #[arg(long, value_name = "COUNT", conflicts_with_all = ["off", "number"])]
    over: Option<u64>,
    /// Ask for a second person no more
    #[arg(long, conflicts_with = "number")]
    off: bool,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
    /// The number of the change, as the command that was stopped said it
    #[arg(value_name = "NUMBER")]
    number: Option<u64>,
}

impl Approve {
    pub(super) fn run(self) -> Outcome {
        match (self.number, self.over, self.off) {
            (Some(number), ..) => self.approve(number),
            (None, None, false) => self.list(),
            (None, over, _) => self.set(over),
        }
    }

    fn approve(&self, number: u64) -> Outcome {
        let mut store = self.store.open()?;
        store.sign(act("approve", "", &format!("change {number}")));
        let mut writer = store.write()?;
        let pending = writer.approve(number)?;
        writer.commit()?;
        if self.json {
            output::json(&pending_json(&pending))?;
            return Ok(Exit::Fine);
        }
        let Pending { act, removes, .. } = &pending;
        writeln!(
            anstream::stdout().lock(),
            "{GOOD}approved{GOOD:#}: {} of {}, which takes {} off; {} runs it again",
            act.command,
            act.user,
            output::count_of(*removes as usize, "entry", "entries"),
            act.user
        )?;
        Ok(Exit::Fine)
    }

    fn set(&self, over: Option<u64>) -> Outcome {
        let mut store = self.store.open()?;
        let note = over.map_or("off".to_owned(), |over| format!("over {over}"));
        store.sign(act("approve --over", "", &note));
        let mut writer = store.write()?;
        writer.approve_over(over)?;
        writer.commit()?;
        if self.json {
            output::json(&json!({ "over": over }))?;
            return Ok(Exit::Fine);
        }
        let mut out = anstream::stdout().lock();
        match over {
            Some(over) => {
                writeln!(out, "more than {over} entries are taken off only with a second person")?;
            }
            None => writeln!(out, "no second person is asked for")?,
        }
        Ok(Exit::Fine)
    }

    fn list(&self) -> Outcome {
        let store = self.store.open_read_only()?;
        let snapshot = store.read()?;
        let over = snapshot.approve_over()?;
        let mut pending = snapshot.pending()?;
        pending.retain(|one| one.is_alive(time::now()));
        if self.json {
            let pending: Vec<Value> = pending.iter().map(pending_json).collect();
            output::json(&json!({ "over": over, "pending": pending }))?;
            return Ok(Exit::Fine);
        }
        let mut out = anstream::stdout().lock();
        match over {
            Some(over) => writeln!(out, "a second person is asked for over {over} entries")?,
            None => writeln!(out, "no second person is asked for; --over switches it on")?,
        }
        if !pending.is_empty() {
            table(&pending).print(&mut out)?;
        }
        Ok(Exit::Fine)
    }
}

fn pending_json(pending: &Pending) -> Value {
    let Pending { number, act, removes, approved_by, .. } = pending;
    json!({
        "number": number,
        "time": time::shown(act.at),
        "user": act.user,
        "host": act.host,
        "command": act.command,
        "reason": act.reason,
        "note": act.note,
        "removes": removes,
        "approved_by": approved_by,
    })
}

fn table(pending: &[Pending]) -> Table {
    let mut table = Table::default();
    table.heading(&[
        "NUMBER",
        "TIME",
        "USER",
        "COMMAND",
        "TAKES OFF",
        "REASON",
        "NOTE",
        "APPROVED BY",
    ]);
    for Pending { number, act, removes, approved_by, .. } in pending {
        let plain = |text: &str| (Style::new(), text.to_owned());
        table.row([
            plain(&number.to_string()),
            plain(&time::shown(act.at)),
            plain(&act.user),
            plain(&act.command),
            plain(&removes.to_string()),
            plain(&act.reason),
            plain(&act.note),
            plain(approved_by.as_deref().unwrap_or("nobody yet")),
        ]);
    }
    table
}
