//! `tokenban check`: mistakes in rule files, with their positions.

use std::io::{self, Write};

use anstyle::Style;
use clap::Args;
use serde_json::{json, Value};
use tokenban_engine::{
    limits::Limits,
    load::{self, Diagnostic, LoadError, Loaded},
    rule::{MatcherSource, Rule},
};

use super::Outcome;
use crate::{
    output::{self, Table, BAD, GOOD},
    rule_files, Exit,
};

/// Check rule files: mistakes with their positions, or what the rules are.
///
/// Says what `nginx -t` would say of the files.
///
/// Exit codes: 0 all is well, 2 the files have mistakes.
#[derive(Args)]
pub(crate) struct Check {
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
    /// Rule files, or globs of them
    #[arg(required = true, value_name = "FILE|GLOB")]
    files: Vec<String>,
}

impl Check {
    pub(super) fn run(self) -> Outcome {
        let files = rule_files::expand(&self.files)?;
        match (load::load(&files, &Limits::default()), self.json) {
            (Err(error), false) => mistakes(&error),
            (Err(error), true) => print_json(&mistakes_json(&error), Exit::Unusable),
            (Ok(loaded), false) => report(&loaded),
            (Ok(loaded), true) => print_json(&report_json(&loaded), Exit::Fine),
        }
    }
}

/// The diagnostics as they are, so that editors and `grep` find the positions; then their number.
fn mistakes(error: &LoadError) -> Outcome {
    let mut stderr = anstream::stderr().lock();
    for diagnostic in error.diagnostics() {
        writeln!(stderr, "{diagnostic}")?;
    }
    let count = output::count(error.diagnostics().len(), "mistake");
    writeln!(stderr, "{BAD}{count}{BAD:#}")?;
    Ok(Exit::Unusable)
}

fn report(loaded: &Loaded) -> Outcome {
    let mut out = anstream::stdout().lock();
    let mut table = Table::default();
    table.heading(&["RULE", "ACTION", "MATCHER", "POINTS"]);
    for rule in &loaded.rules {
        let plain = |text: String| (Style::new(), text);
        let (first, more) = points(rule);
        table.row([
            (Style::new().bold(), rule.id.clone()),
            plain(action(rule)),
            plain(matcher(rule)),
            plain(format!("{first}{more}")),
        ]);
    }
    table.print(&mut out)?;
    let rules = output::count(loaded.rules.len(), "rule");
    let files = output::count(loaded.files.len(), "file");
    writeln!(out, "{GOOD}{rules} of {files}, no mistakes{GOOD:#}")?;
    Ok(Exit::Fine)
}

/// The first point of a rule, and how many there are beside it.
fn points(rule: &Rule) -> (String, String) {
    let first = rule.points.first().map(ToString::to_string).unwrap_or_default();
    let more = match rule.points.len() {
        0 | 1 => String::new(),
        all => format!(" and {} more", all - 1),
    };
    (first, more)
}

fn action(rule: &Rule) -> String {
    format!("{:?}", rule.action).to_lowercase()
}

/// What the rule looks for, without showing any of it.
fn matcher(rule: &Rule) -> String {
    match &rule.matcher {
        MatcherSource::Denylist(names) => format!("denylist {}", names.join(", ")),
        MatcherSource::Present => "present".to_owned(),
        MatcherSource::Regex(patterns) => output::count(patterns.len(), "pattern"),
        MatcherSource::TokenFile(file) => {
            format!("{} of {}", output::count(file.entries.len(), "token"), file.path.display())
        }
        MatcherSource::Tokens(tokens) => output::count(tokens.len(), "token"),
    }
}

fn print_json(value: &Value, exit: Exit) -> Outcome {
    let mut stdout = io::stdout().lock();
    serde_json::to_writer_pretty(&mut stdout, value).map_err(io::Error::from)?;
    writeln!(stdout)?;
    Ok(exit)
}

fn mistakes_json(error: &LoadError) -> Value {
    let diagnostics: Vec<Value> = error.diagnostics().iter().map(diagnostic_json).collect();
    json!({ "ok": false, "diagnostics": diagnostics })
}

fn diagnostic_json(diagnostic: &Diagnostic) -> Value {
    json!({
        "file": diagnostic.file.to_string_lossy(),
        "line": diagnostic.place.map(|(line, _)| line),
        "column": diagnostic.place.map(|(_, column)| column),
        "rule": diagnostic.rule,
        "message": diagnostic.message,
        "text": diagnostic.to_string(),
    })
}

fn report_json(loaded: &Loaded) -> Value {
    let rules: Vec<Value> = loaded
        .rules
        .iter()
        .map(|rule| {
            let points: Vec<String> = rule.points.iter().map(ToString::to_string).collect();
            json!({
                "id": rule.id,
                "title": rule.title,
                "action": action(rule),
                "points": points,
                "matcher": matcher(rule),
            })
        })
        .collect();
    let files: Vec<_> = loaded.files.iter().map(|file| file.to_string_lossy()).collect();
    json!({ "ok": true, "files": files, "rules": rules, "diagnostics": [] })
}
