//! `tokenban list`: the denylists, or the entries of one.

use std::{
    error::Error,
    io::{self, BufWriter, Write},
};

use anstyle::Style;
use clap::Args;
use serde_json::json;
use tokenban_denylist::{ListStats, Store};

use super::Outcome;
use crate::{
    entries,
    output::{self, Table},
    store::StoreAt,
    time, Exit,
};

/// List the denylists with their counts, or the entries of one.
///
/// Entries come in the order of their fingerprints. Entries that ended are listed until they are
/// swept.
///
/// Exit codes: 0 fine, 2 error.
#[derive(Args)]
#[command(after_help = "Example: tokenban list leaked")]
pub(crate) struct List {
    #[command(flatten)]
    store: StoreAt,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
    /// The denylist
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

impl List {
    pub(super) fn run(self) -> Outcome {
        let store = self.store.open_read_only()?;
        match (&self.name, self.json) {
            (None, _) => self.lists(&store)?,
            (Some(name), true) => entries_json(&store, name)?,
            (Some(name), false) => entries_text(&store, name)?,
        }
        Ok(Exit::Fine)
    }

    fn lists(&self, store: &Store) -> Result<(), Box<dyn Error>> {
        let bar = crate::input::spinner("counting");
        let lists = store.stats(time::now())?.lists;
        bar.finish_and_clear();
        if self.json {
            let lists: Vec<_> = lists.iter().map(list_json).collect();
            return Ok(output::json(&json!({ "lists": lists }))?);
        }
        let mut out = anstream::stdout().lock();
        if lists.is_empty() {
            return Ok(writeln!(out, "no entries")?);
        }
        let mut table = Table::default();
        table.heading(&["LIST", "ENTRIES", "EXPIRED"]);
        for list in lists {
            let plain = |text: String| (Style::new(), text);
            let (entries, expired) = (list.entries.to_string(), list.expired.to_string());
            table.row([plain(list.name), plain(entries), plain(expired)]);
        }
        Ok(table.print(&mut out)?)
    }
}

/// A list and its counts, for programs.
pub(super) fn list_json(list: &ListStats) -> serde_json::Value {
    json!({ "name": list.name, "entries": list.entries, "expired": list.expired })
}

fn entries_text(store: &Store, name: &str) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(anstream::stdout().lock());
    let mut count = 0_u64;
    for entry in store.read()?.entries()? {
        let entry = entry?;
        if entry.list == name {
            if count == 0 {
                entries::heading(&mut out)?;
            }
            entries::line(&mut out, &entry)?;
            count += 1;
        }
    }
    match count {
        0 => Err(unknown(store, name)?.into()),
        _ => Ok(out.flush()?),
    }
}

/// A document like that of [`output::json`], written an entry at a time.
fn entries_json(store: &Store, name: &str) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut separator = format!("{{\n  \"list\": {},\n  \"entries\": [\n", json!(name));
    let mut count = 0_u64;
    for entry in store.read()?.entries()? {
        let entry = entry?;
        if entry.list == name {
            write!(out, "{separator}    {}", entries::json(&entry))?;
            separator = ",\n".to_owned();
            count += 1;
        }
    }
    match count {
        0 => Err(unknown(store, name)?.into()),
        _ => Ok(writeln!(out, "\n  ]\n}}").and_then(|()| out.flush())?),
    }
}

/// The message for a list without entries: a store knows no other lists.
pub(super) fn unknown(store: &Store, name: &str) -> Result<String, Box<dyn Error>> {
    let names: Vec<String> =
        store.stats(time::now())?.lists.into_iter().map(|list| list.name).collect();
    Ok(match names.is_empty() {
        true => format!("no list \"{name}\"; the store is empty"),
        false => format!("no list \"{name}\"; there are {}", names.join(", ")),
    })
}
