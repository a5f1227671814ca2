//! `tokenban check`: mistakes in rule files, with their positions, and examples that do not hold.

use std::{io::Write, path::PathBuf};

use anstyle::Style;
use clap::Args;
use serde_json::{json, Value};
use tokenban_engine::{
    limits::Limits,
    load::{self, Diagnostic, LoadError, Loaded},
    rule::{MatcherSource, Rule},
    ExampleFailure, Ruleset,
};

use super::Outcome;
use crate::{
    output::{self, Table, BAD, GOOD},
    rule_files, Exit,
};

/// Check rule files: mistakes with their positions, the rules, and their examples.
///
/// Says what `nginx -t` would say of the files, and runs the examples of each rule against it.
///
/// Exit codes: 0 all is well, 1 an example does not hold, 2 the files have mistakes.
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
        match (examine(&files), self.json) {
            (Err(error), false) => mistakes(&error),
            (Err(error), true) => print_json(&mistakes_json(&error), Exit::Unusable),
            (Ok((loaded, failures)), false) => report(&loaded, &failures),
            (Ok((loaded, failures)), true) => {
                print_json(&report_json(&loaded, &failures), exit(&failures))
            }
        }
    }
}

/// Reads and compiles the files and runs the examples.
fn examine(files: &[PathBuf]) -> Result<(Loaded, Vec<ExampleFailure>), LoadError> {
    let limits = Limits::default();
    let loaded = load::load(files, &limits)?;
    let failures = Ruleset::compile(&loaded, &limits)?.run_examples();
    Ok((loaded, failures))
}

fn exit(failures: &[ExampleFailure]) -> Exit {
    match failures.is_empty() {
        true => Exit::Fine,
        false => Exit::Found,
    }
}

/// In the form of a diagnostic: position of the rule, its id, what does not hold.
fn failure_text(loaded: &Loaded, failure: &ExampleFailure) -> String {
    let Some(rule) = loaded.rules.get(failure.rule.0 as usize) else { return String::new() };
    let message = match failure.deny {
        true => format!("example {} of `deny` is not matched", failure.number),
        false => format!("example {} of `pass` is matched", failure.number),
    };
    loaded.error(rule, message).to_string()
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

fn report(loaded: &Loaded, failures: &[ExampleFailure]) -> Outcome {
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
    for failure in failures {
        writeln!(out, "{}", failure_text(loaded, failure))?;
    }
    if failures.is_empty() {
        writeln!(out, "{GOOD}{rules} of {files}, no mistakes, all examples hold{GOOD:#}")?;
    } else {
        let count = output::count(failures.len(), "example");
        writeln!(out, "{BAD}{rules} of {files}, no mistakes, {count} not as written{BAD:#}")?;
    }
    Ok(exit(failures))
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
    output::json(value)?;
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

fn report_json(loaded: &Loaded, failures: &[ExampleFailure]) -> Value {
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
    let files: Vec<_> = loaded.files.iter().map(|file| file.path.to_string_lossy()).collect();
    let failures: Vec<String> =
        failures.iter().map(|failure| failure_text(loaded, failure)).collect();
    json!({
        "ok": failures.is_empty(),
        "files": files,
        "rules": rules,
        "diagnostics": [],
        "examples": failures,
    })
}
