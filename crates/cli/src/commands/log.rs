//! `tokenban log`: who changed the store, when and how.

use std::io::Write;

use anstyle::Style;
use clap::{Args, ValueEnum};
use serde_json::{json, Value};
use tokenban_denylist::Record;

use super::Outcome;
use crate::{
    output::{self, Table, BAD, GOOD},
    store::StoreAt,
    time, Exit,
};

/// Show who changed the store, when and how, or verify that nobody changed this log.
///
/// Every change has a record, written in the same transaction. Each holds the hash of the one before.
/// No token is in it. Keep the last hash elsewhere: who can write the store's file can write another log.
///
/// Exit codes: 0 fine, 1 a record was changed or is missing, or no record was found, 2 error.
#[derive(Args)]
#[command(after_help = "Example: tokenban log --reason INC-42")]
pub(crate) struct Log {
    #[command(flatten)]
    store: StoreAt,
    /// Only changes of this incident
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Only changes of this user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// With verify: a hash that some record must have, as verify printed it before
    #[arg(long, value_name = "HASH", requires = "what")]
    expect: Option<String>,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
    /// Only whether all is there and as it was written
    what: Option<What>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Hold every record against the one before
    Verify,
}

impl Log {
    pub(super) fn run(self) -> Outcome {
        let store = self.store.open_read_only()?;
        let mut records = Vec::new();
        let is_whole = store.read()?.log(&mut |record| records.push(record.clone()))?;
        if self.what.is_some() {
            return self.verify(&records, is_whole);
        }
        records.retain(|record| {
            let is = |wanted: &Option<String>, found: &str| {
                wanted.as_ref().is_none_or(|wanted| wanted == found)
            };
            let user = record.act.user.split(" as ").next().unwrap_or_default();
            is(&self.reason, &record.act.reason) && is(&self.user, user)
        });
        match self.json {
            true => {
                let records: Vec<Value> = records.iter().map(record_json).collect();
                output::json(&json!({ "whole": is_whole, "records": records }))?;
            }
            false => table(&records).print(&mut anstream::stdout().lock())?,
        }
        if !is_whole {
            output::warning("the log is not whole; `tokenban log verify` says where");
        }
        Ok(if is_whole && !records.is_empty() { Exit::Fine } else { Exit::Found })
    }

    fn verify(&self, records: &[Record], is_whole: bool) -> Outcome {
        let first_bad = records.iter().find(|record| !record.is_sound).map(|record| record.number);
        let last = records.last().map(|record| hex(&record.hash)).unwrap_or_default();
        let is_expected = self.expect.as_ref().is_none_or(|expected| {
            records.iter().any(|record| hex(&record.hash).eq_ignore_ascii_case(expected))
        });
        let fine = is_whole && is_expected;
        if self.json {
            output::json(&json!({
                "records": records.len(),
                "whole": is_whole,
                "expected": self.expect.as_ref().map(|_| is_expected),
                "first_bad": first_bad,
                "last_hash": last,
            }))?;
            return Ok(if fine { Exit::Fine } else { Exit::Found });
        }
        let mut out = anstream::stdout().lock();
        let count = output::count(records.len(), "record");
        match (is_whole, first_bad) {
            (true, _) => {
                writeln!(out, "{GOOD}{count}, the log is whole{GOOD:#}; last hash {last}")?
            }
            (false, Some(number)) => {
                writeln!(out, "{BAD}record {number} does not follow from the one before{BAD:#}")?;
            }
            (false, None) => writeln!(out, "{BAD}the last records are missing{BAD:#}")?,
        }
        if !is_expected {
            writeln!(out, "{BAD}no record has the expected hash: this is another log{BAD:#}")?;
        }
        Ok(if fine { Exit::Fine } else { Exit::Found })
    }
}

fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn record_json(record: &Record) -> Value {
    let Record { number, act, tally, hash, is_sound } = record;
    json!({
        "number": number,
        "time": time::shown(act.at),
        "user": act.user,
        "host": act.host,
        "command": act.command,
        "reason": act.reason,
        "note": act.note,
        "added": tally.added,
        "strengthened": tally.strengthened,
        "removed": tally.removed,
        "restored": tally.restored,
        "hash": hex(hash),
        "sound": is_sound,
    })
}

fn table(records: &[Record]) -> Table {
    let mut table = Table::default();
    table.heading(&["TIME", "USER", "HOST", "COMMAND", "CHANGES", "REASON", "NOTE"]);
    for Record { act, tally, is_sound, .. } in records {
        let plain = |text: &str| (Style::new(), text.to_owned());
        let counts = [
            ("+", tally.added),
            ("^", tally.strengthened),
            ("-", tally.removed),
            ("restored ", tally.restored),
        ];
        let counts = counts.into_iter().filter(|(_, count)| *count > 0);
        let counts: Vec<String> = counts.map(|(sign, count)| format!("{sign}{count}")).collect();
        let style = if *is_sound { Style::new() } else { BAD };
        table.row([
            (style, time::shown(act.at)),
            plain(&act.user),
            plain(&act.host),
            plain(&act.command),
            plain(&counts.join(" ")),
            plain(&act.reason),
            plain(&act.note),
        ]);
    }
    table
}
