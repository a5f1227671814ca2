//! `tokenban list`: the denylists, or the entries of one.

use std::{
    collections::HashMap,
    error::Error,
    io::{self, BufWriter, Write},
};

use anstyle::Style;
use clap::Args;
use serde_json::json;
use tokenban_denylist::{Choice, Entry, ListStats, Store};

use super::Outcome;
use crate::{
    choose::Choose,
    entries,
    output::{self, Table},
    store::StoreAt,
    time, Exit,
};

/// List the denylists with their counts, or the entries of one, or those that are chosen.
///
/// Entries come in the order of their keys; of more than a thousand, a summary is shown unless
/// with --all. Entries that ended are listed until they are swept. Of a claim the value is shown where it
/// is no secret and names no person, such as that of a kid.
///
/// Exit codes: 0 fine, 2 error.
#[derive(Args)]
#[command(after_help = "Example: tokenban list leaked")]
pub(crate) struct List {
    #[command(flatten)]
    store: StoreAt,
    #[command(flatten)]
    choose: Choose,
    /// List every entry, however many there are
    #[arg(long)]
    all: bool,
    /// Only the names of the denylists
    #[arg(long, conflicts_with_all = ["name", "all"])]
    names: bool,
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
        if self.names {
            let names: Vec<String> = store.read()?.lists()?.into_iter().collect();
            match self.json {
                true => output::json(&json!({ "names": names }))?,
                false => names.iter().for_each(|name| println!("{name}")),
            }
            return Ok(Exit::Fine);
        }
        let is_chosen = self.name.is_some() || self.choose.is_given();
        match (is_chosen, self.json) {
            (false, _) => self.lists(&store)?,
            (true, true) => self.entries_json(&store)?,
            (true, false) => self.entries_text(&store)?,
        }
        Ok(Exit::Fine)
    }

    fn choice(&self) -> Choice {
        self.choose.choice(self.name.as_deref())
    }

    /// What to say where there is no entry: of a list that is not there, which there are.
    fn nothing(&self, store: &Store) -> Result<(), Box<dyn Error>> {
        match &self.name {
            Some(name) if !store.read()?.lists()?.contains(name) => {
                Err(unknown(store, name)?.into())
            }
            _ => Err("no entry is chosen by this".into()),
        }
    }

    fn entries_text(&self, store: &Store) -> Result<(), Box<dyn Error>> {
        let mut out = BufWriter::new(anstream::stdout().lock());
        let (snapshot, choice) = (store.read()?, self.choice());
        let bar = crate::input::counted("reading", snapshot.keys()?);
        let mut few = Vec::new();
        let mut summary = Summary::default();
        for entry in snapshot.entries()? {
            bar.inc(1);
            let entry = entry?;
            if !choice.takes(&entry) {
                continue;
            }
            if self.all || few.len() <= FEW {
                few.push(entry);
            }
            if self.all {
                for entry in few.drain(..) {
                    summary.print(&mut out, &entry, self.name.is_none())?;
                }
            } else {
                summary.add(&entry);
            }
        }
        bar.finish_and_clear();
        match (few.len(), summary.count) {
            (0, 0) => return self.nothing(store),
            (0..=FEW, _) => {
                let mut printed = Summary::default();
                for entry in &few {
                    printed.print(&mut out, entry, self.name.is_none())?;
                }
            }
            _ => summary.table().print(&mut out)?,
        }
        Ok(out.flush()?)
    }

    /// A document like that of [`output::json`], written an entry at a time.
    fn entries_json(&self, store: &Store) -> Result<(), Box<dyn Error>> {
        let mut out = BufWriter::new(io::stdout().lock());
        let mut separator = format!("{{\n  \"list\": {},\n  \"entries\": [\n", json!(self.name));
        let mut count = 0_u64;
        let choice = self.choice();
        for entry in store.read()?.entries()? {
            let entry = entry?;
            if choice.takes(&entry) {
                write!(out, "{separator}    {}", entries::json(&entry))?;
                separator = ",\n".to_owned();
                count += 1;
            }
        }
        match count {
            0 => self.nothing(store),
            _ => Ok(writeln!(out, "\n  ]\n}}").and_then(|()| out.flush())?),
        }
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

/// The most entries that are listed without being asked for all.
const FEW: usize = 1000;

/// The most rows of a summary.
const GROUPS_MOST: usize = 30;

/// How many entries there are of what.
#[derive(Default)]
struct Summary {
    count: u64,
    groups: HashMap<[String; 4], u64>,
}

impl Summary {
    fn add(&mut self, entry: &Entry<'_>) {
        self.count += 1;
        let what = entries::what(entry);
        let group = [entry.list, what, entry.reason, entry.source].map(str::to_owned);
        *self.groups.entry(group).or_default() += 1;
    }

    /// Prints one of few entries, after the heading.
    fn print(&mut self, out: &mut dyn Write, entry: &Entry<'_>, with_list: bool) -> io::Result<()> {
        if self.count == 0 {
            entries::heading(out, with_list)?;
        }
        self.count += 1;
        entries::line(out, entry, with_list)
    }

    fn table(&self) -> Table {
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_by(|one, other| other.1.cmp(one.1).then(one.0.cmp(other.0)));
        let mut table = Table::default();
        table.heading(&["ENTRIES", "LIST", "KIND", "REASON", "SOURCE"]);
        let plain = |text: String| (Style::new(), text);
        for ([list, kind, reason, source], count) in groups.iter().take(GROUPS_MOST) {
            let [list, kind, reason, source] =
                [list, kind, reason, source].map(|text| plain(text.clone()));
            table.row([plain(count.to_string()), list, kind, reason, source]);
        }
        let more: u64 = groups.iter().skip(GROUPS_MOST).map(|(_, count)| **count).sum();
        if more > 0 {
            table.row([plain(more.to_string()), plain("… with other reasons".to_owned())]);
        }
        table.row([plain(self.count.to_string()), plain("in all; --all lists them".to_owned())]);
        table
    }
}

/// Says on standard error that a list that was named has no entry: its name may be mistyped.
pub(super) fn note_unknown(store: &Store, name: Option<&str>) -> Result<(), Box<dyn Error>> {
    match name {
        Some(name) if !store.read()?.lists()?.contains(name) => {
            output::note(&unknown(store, name)?);
            Ok(())
        }
        _ => Ok(()),
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
