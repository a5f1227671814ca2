//! What a ban came to, as a person reads it after the command: what, where, until when, instead of
//! what, and which rules ask for it.

use std::{collections::BTreeMap, error::Error, io::Write};

use anstyle::Style;
use serde_json::{json, Value};
use tokenban_denylist::{EntryKey, Taken};

use crate::{
    asking::{self, Asked, Asking},
    entries, fingerprints,
    output::{self, Table, BAD, GOOD},
    store::Effect,
    time,
};

/// An entry as it was made.
pub(crate) struct Row {
    pub(crate) line: Option<u64>,
    pub(crate) key: EntryKey,
    /// Its kind, or the name of its claim.
    pub(crate) what: String,
    pub(crate) taken: Taken,
    /// What the list had for the same target.
    pub(crate) was: Vec<Value>,
}

/// All of it.
pub(crate) struct Echo<'a> {
    pub(crate) list: &'a str,
    /// Whether nothing was on the list before.
    pub(crate) is_new: bool,
    pub(crate) until: Option<u64>,
    pub(crate) issued_before: Option<u64>,
    pub(crate) reason: &'a str,
    pub(crate) effect: &'a Effect,
    pub(crate) dry_run: bool,
    /// The rules that ask the list.
    pub(crate) asked: &'a Asked,
    pub(crate) rows: &'a [Row],
}

/// The most rows that are printed: what comes after them is counted.
const ROWS_MOST: usize = 20;

impl Row {
    fn state(&self) -> &'static str {
        match self.taken {
            Taken::Before => "already banned",
            Taken::Beside => "banned too",
            Taken::New => "banned",
            Taken::Replaced => "replaced",
            Taken::Stronger => "strengthened",
        }
    }

    /// With what was there.
    fn text(&self) -> String {
        let was: Vec<String> = self.was.iter().map(terms).collect();
        match was.is_empty() {
            true => self.state().to_owned(),
            false => format!("{}; was {}", self.state(), was.join(", ")),
        }
    }

    fn json(&self) -> Value {
        json!({
            "line": self.line,
            "fingerprint": fingerprints::of_entry(&self.key),
            "kind": self.what,
            "state": self.state(),
            "was": self.was,
        })
    }
}

/// `for good for INC-42`.
fn terms(entry: &Value) -> String {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
    let until = match text("expires") {
        "" => "for good".to_owned(),
        time => format!("until {time}"),
    };
    let before = match text("issued_before") {
        "" => String::new(),
        time => format!(", if issued before {time}"),
    };
    let networks = entry.get("except").and_then(Value::as_array).into_iter().flatten();
    let networks: Vec<&str> = networks.filter_map(Value::as_str).collect();
    let monitor = match (text("level"), networks.is_empty()) {
        ("monitor", _) => ", only reported".to_owned(),
        (_, false) => format!(", only reported for {}", networks.join(", ")),
        _ => String::new(),
    };
    let reason = match text("reason") {
        "" => String::new(),
        reason => format!(" ({reason})"),
    };
    format!("{until}{before}{monitor}{reason}")
}

impl Echo<'_> {
    fn rules(&self) -> Option<&[Asking]> {
        self.asked.as_ref().ok().and_then(Option::as_deref)
    }

    /// Says what a person should know beside; whether some rule asks the list, as far as that is known.
    pub(crate) fn warn(&self) -> bool {
        if self.is_new {
            output::note(&format!("the list \"{}\" is new", self.list));
        }
        if self.issued_before.is_some_and(|before| before > time::now()) {
            output::warning(
                "--issued-before lies ahead: tokens that are issued until then are denied, too; for \
                 a time before now write -2h",
            );
        }
        asking::warn(self.list, self.asked)
    }

    pub(crate) fn json(&self) -> Value {
        let rows: Vec<Value> = self.rows.iter().map(Row::json).collect();
        let rules = self.rules().map(|all| all.iter().map(Asking::json).collect::<Vec<_>>());
        json!({
            "dry_run": self.dry_run,
            "list": self.list,
            "new_list": self.is_new,
            "reason": self.reason,
            "expires": self.until.map(time::shown),
            "issued_before": self.issued_before.map(time::shown),
            "level": entries::level(self.effect.level()),
            "except": self.effect.texts(),
            "rules": rules,
            "entries": rows,
        })
    }

    pub(crate) fn print(&self) -> Result<(), Box<dyn Error>> {
        let mut out = anstream::stdout().lock();
        self.table().print(&mut out)?;
        let more = self.rows.len().saturating_sub(ROWS_MOST);
        if more > 0 {
            writeln!(out, "… and {more} more")?;
        }
        for line in self.summary().lines() {
            writeln!(out, "{GOOD}{}{GOOD:#}", output::printable(line))?;
        }
        for rule in self.rules().unwrap_or_default() {
            writeln!(out, "{}", output::printable(&rule.text()))?;
        }
        if self.dry_run {
            writeln!(out, "{GOOD}dry run: nothing was changed{GOOD:#}")?;
        }
        out.flush()?;
        Ok(())
    }

    fn table(&self) -> Table {
        let mut table = Table::default();
        table.heading(&["FINGERPRINT", "KIND", "LIST", "STATE"]);
        for row in self.rows.iter().take(ROWS_MOST) {
            let plain = |text: String| (Style::new(), text);
            table.row([
                plain(fingerprints::of_entry(&row.key)),
                plain(row.what.clone()),
                plain(self.list.to_owned()),
                (BAD, row.text()),
            ]);
        }
        table
    }

    /// How many became what, where, until when, why.
    fn summary(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let changed = self.rows.iter().filter(|row| row.taken != Taken::Before);
        changed.for_each(|row| *counts.entry(row.state()).or_default() += 1);
        let kept = self.rows.iter().filter(|row| row.taken == Taken::Before).count();
        let kept = match kept {
            0 => String::new(),
            kept => format!(
                "{kept} already banned as strongly, and kept; --replace puts this in its place"
            ),
        };
        if counts.is_empty() {
            return kept;
        }
        let kept = if kept.is_empty() { kept } else { format!("\n{kept}") };
        let counts: Vec<String> =
            counts.iter().map(|(state, count)| format!("{count} {state}")).collect();
        let terms = Terms {
            list: self.list,
            until: self.until,
            issued_before: self.issued_before,
            reason: self.reason,
            effect: self.effect,
        };
        format!("{} {}{kept}", counts.join(", "), terms.text())
    }
}

/// On what terms entries were made.
pub(crate) struct Terms<'a> {
    pub(crate) list: &'a str,
    pub(crate) until: Option<u64>,
    pub(crate) issued_before: Option<u64>,
    pub(crate) reason: &'a str,
    pub(crate) effect: &'a Effect,
}

impl Terms<'_> {
    /// `on the list "leaked" for good, for INC-42`.
    pub(crate) fn text(&self) -> String {
        let Terms { list, until, issued_before, reason, effect } = self;
        let until = until.map_or("for good".into(), |end| format!("until {}", time::both(end)));
        let before = issued_before.map(|time| format!(", if issued before {}", time::both(time)));
        let before = before.unwrap_or_default();
        let reason = match *reason {
            "" => String::new(),
            reason => format!(", for {reason}"),
        };
        format!("on the list \"{list}\" {until}{before}{reason}{}", effect.text())
    }
}
