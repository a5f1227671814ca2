//! What is said of an explained request, as text and as JSON.

use std::io::{self, Write};

use anstyle::Style;
use serde_json::{json, Value};
use tokenban_engine::{
    decision::{self, Decision, Hit},
    Miss,
};

use super::miss;
use crate::{
    fingerprints,
    output::{self, Table, BAD, GOOD, HEADING},
};

/// A value that rules look at, as it is shown.
pub(super) struct Row {
    pub(super) point: String,
    pub(super) value: String,
    pub(super) matching: Vec<String>,
    pub(super) rules: Vec<String>,
    /// In which reading it is there, where something matches.
    pub(super) reading: Option<String>,
}

/// What is said of one request.
pub(super) struct Explained {
    /// Method and target, where there are several requests.
    pub(super) title: Option<String>,
    pub(super) rows: Vec<Row>,
    pub(super) outcome: decision::Outcome,
    /// Why it passes, where a token was given.
    pub(super) miss: Option<Miss>,
}

impl Explained {
    fn hits(&self) -> impl Iterator<Item = &Hit> {
        self.outcome.hit.iter().chain(&self.outcome.monitored)
    }

    pub(super) fn print(&self) -> io::Result<()> {
        let mut out = anstream::stdout().lock();
        if let Some(title) = &self.title {
            writeln!(out, "{HEADING}{title}{HEADING:#}")?;
        }
        let mut table = Table::default();
        table.heading(&["POINT", "VALUE", "RULES", "MATCH"]);
        for row in &self.rows {
            let plain = |text: String| (Style::new(), text);
            table.row([
                plain(row.point.clone()),
                plain(row.value.clone()),
                plain(row.rules.join(", ")),
                (BAD, row.matching.join(", ")),
            ]);
        }
        table.print(&mut out)?;
        for hit in self.hits() {
            let Hit { rule, point, key, denylist, reason, .. } = hit;
            let fingerprint = fingerprints::of_key(key);
            write!(out, "{HEADING}{rule}{HEADING:#} at {point}, fingerprint {fingerprint}")?;
            if let Some(list) = denylist {
                let reason = reason.as_deref().filter(|reason| !reason.is_empty());
                let reason = reason.map(|reason| format!(": {}", output::printable(reason)));
                let canary = if hit.is_canary { ", a canary" } else { "" };
                write!(out, ", on the denylist {list}{}{canary}", reason.unwrap_or_default())?;
            }
            writeln!(out)?;
            if let Some(reading) = self.reading(hit) {
                writeln!(out, "  found {reading}")?;
            }
        }
        if self.outcome.incomplete.is_some() {
            output::warning("a bound was met: not all was looked at");
        }
        let decision = self.outcome.decision;
        let style = if decision == Decision::Passed { GOOD } else { BAD };
        writeln!(out, "{style}{}{style:#}", word(decision))?;
        let lines = self.miss.as_ref().map(miss::lines).unwrap_or_default();
        lines.iter().try_for_each(|line| writeln!(out, "{}", output::printable(line)))
    }

    /// In which reading a match was found.
    fn reading(&self, hit: &Hit) -> Option<&str> {
        let is_it = |row: &&Row| looks_at(&row.point, hit) && row.matching.contains(&hit.rule);
        self.rows.iter().find(is_it)?.reading.as_deref()
    }

    pub(super) fn json(&self) -> Value {
        let values = self.rows.iter().map(|row| {
            json!({
                "point": row.point, "value": row.value,
                "rules": row.rules, "matching": row.matching, "reading": row.reading,
            })
        });
        let hits = self.hits().map(|hit| {
            json!({
                "rule": hit.rule,
                "point": hit.point,
                "fingerprint": fingerprints::of_key(&hit.key).to_string(),
                "denylist": hit.denylist,
                "reason": hit.reason,
                "reading": self.reading(hit),
                "canary": hit.is_canary,
            })
        });
        json!({
            "request": self.title,
            "decision": word(self.outcome.decision),
            "complete": self.outcome.incomplete.is_none(),
            "hits": hits.collect::<Vec<_>>(),
            "values": values.collect::<Vec<_>>(),
            "nearest_miss": self.miss.as_ref().map(miss::json),
        })
    }
}

/// Whether a match is one at the point; of all headers it has the name of one.
fn looks_at(point: &str, hit: &Hit) -> bool {
    let rest = point.strip_prefix("[header_all");
    let named = |rest: &str| hit.point.starts_with("[header, ") && hit.point.ends_with(rest);
    point == hit.point || rest.is_some_and(named)
}

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Denied => "denied",
        Decision::Monitored => "monitored",
        Decision::Passed => "passed",
    }
}
