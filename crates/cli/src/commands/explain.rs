//! `tokenban explain`: what rules see of a request, and what they decide.

use std::{
    error::Error,
    io::{self, Write},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use anstyle::Style;
use clap::Args;
use serde_json::{json, Value};
use tokenban_denylist::Reader;
use tokenban_engine::{
    decision::{self, Decision, Fingerprint, Hit, Incomplete, Mode},
    denylist::{Denylists, NoDenylists},
    limits::Limits,
    request::OwnedRequest,
    Inspection, Ruleset,
};

use super::Outcome;
use crate::{
    output::{self, Table, BAD, GOOD, HEADING},
    request::{self, RequestOptions},
    rule_files,
    store::StoreAt,
    Exit,
};

/// Explain what rules see of a request, what matches, and what is decided.
///
/// The request comes from a file, as it would go over the wire, from a HAR that a browser recorded,
/// or from options like those of curl. Prefer a file for a request that holds a live token:
/// arguments stay in the shell's history and show in the list of processes. Values are shown as
/// fingerprints. Rules that ask denylists need the store.
///
/// Exit codes: 0 every request passes, 1 one is denied or reported, 2 error.
#[derive(Args)]
pub(crate) struct Explain {
    /// A rule file, or a glob of them; may be repeated
    #[arg(short, long, required = true, value_name = "FILE|GLOB")]
    rules: Vec<String>,
    #[command(flatten)]
    store: StoreAt,
    /// A file that holds the raw request, its body after an empty line; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["har", "RequestOptions"])]
    request: Option<PathBuf>,
    /// A HAR file; each of its requests is explained
    #[arg(long, value_name = "FILE", conflicts_with = "RequestOptions")]
    har: Option<PathBuf>,
    #[command(flatten)]
    options: RequestOptions,
    /// Show values in clear instead of as fingerprints
    #[arg(long)]
    reveal: bool,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// A value that rules look at, as it is shown.
struct Row {
    point: String,
    value: String,
    matching: Vec<String>,
    rules: Vec<String>,
}

/// What is said of one request.
struct Explained {
    /// Method and target, where there are several requests.
    title: Option<String>,
    rows: Vec<Row>,
    outcome: decision::Outcome,
}

impl Explain {
    pub(super) fn run(self) -> Outcome {
        let ruleset = Ruleset::load(&rule_files::expand(&self.rules)?, &Limits::default())?;
        let denylists = self.denylists(&ruleset)?;
        let mut all = Vec::new();
        for request in self.requests()? {
            all.push(self.explain(&ruleset, &*denylists, request)?);
        }
        match (self.json, self.har.is_some(), all.as_slice()) {
            (true, false, [one]) => output::json(&one.json())?,
            (true, ..) => output::json(&all.iter().map(Explained::json).collect())?,
            _ => all.iter().try_for_each(Explained::print)?,
        }
        let passed = |one: &Explained| one.outcome.decision == Decision::Passed;
        Ok(if all.iter().all(passed) { Exit::Fine } else { Exit::Found })
    }

    fn requests(&self) -> Result<Vec<OwnedRequest>, Box<dyn Error>> {
        match (&self.request, &self.har) {
            (Some(file), _) => Ok(vec![request::parse(&request::read(file)?)?]),
            (_, Some(file)) => Self::recorded(file),
            _ => Ok(vec![self.options.request()?]),
        }
    }

    fn recorded(file: &Path) -> Result<Vec<OwnedRequest>, Box<dyn Error>> {
        let recording = request::requests(&request::read(file)?)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        if recording.is_sanitised {
            output::warning(&format!(
                "{}: no request has a cookie or an Authorization header; browsers leave them out of \
                 a HAR unless they are told to export it with sensitive data",
                file.display()
            ));
        }
        Ok(recording.requests)
    }

    fn explain(
        &self,
        ruleset: &Ruleset,
        denylists: &dyn Denylists,
        mut request: OwnedRequest,
    ) -> Result<Explained, Box<dyn Error>> {
        request.now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let mut rows = Vec::new();
        ruleset.explain(&request, denylists, &mut |look| {
            let owned = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect();
            rows.push(Row {
                point: look.point.to_owned(),
                value: self.shown(look.value),
                matching: owned(look.matching),
                rules: owned(look.rules),
            });
        });
        let inspection = Inspection { request: &request, denylists, mode: Mode::On };
        let outcome = ruleset.evaluate_whole(&inspection, &mut ruleset.scratch());
        if outcome.incomplete == Some(Incomplete::Store) {
            return Err("the store cannot be asked".into());
        }
        // The query may hold a token.
        let path = request.target.split(|byte| *byte == b'?').next().unwrap_or_default();
        let title = || format!("{} {}", request.method.escape_ascii(), path.escape_ascii());
        Ok(Explained { title: self.har.is_some().then(title), rows, outcome })
    }

    /// The store, as a worker sees it; none where no rule asks for one.
    fn denylists(&self, ruleset: &Ruleset) -> Result<Box<dyn Denylists>, Box<dyn Error>> {
        let lists = ruleset.denylists();
        let Some((list, rule)) = lists.first() else { return Ok(Box::new(NoDenylists)) };
        let path = self.store.path().map_err(|error| {
            format!("rule \"{}\" asks the denylist \"{list}\", but {error}", rule.id)
        })?;
        Ok(Box::new(Reader::open(path)?))
    }

    fn shown(&self, value: &[u8]) -> String {
        if self.reveal {
            return value.escape_ascii().to_string();
        }
        format!("{} ({} bytes)", Fingerprint::of(value), value.len())
    }
}

impl Explained {
    fn hits(&self) -> impl Iterator<Item = &Hit> {
        self.outcome.hit.iter().chain(&self.outcome.monitored)
    }

    fn print(&self) -> io::Result<()> {
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
            let Hit { rule, point, fingerprint, denylist, reason, .. } = hit;
            write!(out, "{HEADING}{rule}{HEADING:#} at {point}, fingerprint {fingerprint}")?;
            if let Some(list) = denylist {
                let reason = reason.as_deref().filter(|reason| !reason.is_empty());
                let reason = reason.map(|reason| format!(": {}", output::printable(reason)));
                let canary = if hit.is_canary { ", a canary" } else { "" };
                write!(out, ", on the denylist {list}{}{canary}", reason.unwrap_or_default())?;
            }
            writeln!(out)?;
        }
        if self.outcome.incomplete.is_some() {
            output::warning("a bound was met: not all was looked at");
        }
        let decision = self.outcome.decision;
        let style = if decision == Decision::Passed { GOOD } else { BAD };
        writeln!(out, "{style}{}{style:#}", word(decision))
    }

    fn json(&self) -> Value {
        let values = self.rows.iter().map(|row| {
            json!({
                "point": row.point, "value": row.value,
                "rules": row.rules, "matching": row.matching,
            })
        });
        let hits = self.hits().map(|hit| {
            json!({
                "rule": hit.rule,
                "point": hit.point,
                "fingerprint": hit.fingerprint.to_string(),
                "denylist": hit.denylist,
                "reason": hit.reason,
                "canary": hit.is_canary,
            })
        });
        json!({
            "request": self.title,
            "decision": word(self.outcome.decision),
            "complete": self.outcome.incomplete.is_none(),
            "hits": hits.collect::<Vec<_>>(),
            "values": values.collect::<Vec<_>>(),
        })
    }
}

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Denied => "denied",
        Decision::Monitored => "monitored",
        Decision::Passed => "passed",
    }
}
