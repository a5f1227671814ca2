//! `tokenban rules`: rules made of what other programs have.

use std::{
    collections::BTreeMap,
    error::Error,
    io::{self, Read, Write},
    path::PathBuf,
};

use clap::{Args, Subcommand};
use serde_json::{json, Value};

use super::Outcome;
use crate::{
    input::Input,
    output,
    scanner_rules::{Converted, Dropped, Made},
    Exit,
};

/// Make rules of what other programs have.
#[derive(Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Rules {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    FromGitleaks(FromGitleaks),
}

/// Turn the rule files of gitleaks and betterleaks into rules, and say what was dropped.
///
/// Rules that know a token by its own shape are taken. Those that know it by the words before it, by the
/// name of a file or by parts of other rules are dropped. Entropy, allowlists and filters are left out,
/// which a comment in each rule says. Every rule looks `anywhere` and has `action: monitor`: a shape is that of
/// tokens which nobody stole, too. Choose, narrow and test them before they deny.
///
/// Exit codes: 0 fine, 1 no rule could be made, 2 error.
#[derive(Args)]
#[command(after_help = "Example: tokenban rules from-gitleaks gitleaks.toml > rules/shapes.yaml")]
struct FromGitleaks {
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
    /// gitleaks.toml or betterleaks.toml; standard input if there is none
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Rules {
    pub(super) fn run(self) -> Outcome {
        match self.what {
            What::FromGitleaks(from) => from.run(),
        }
    }
}

impl FromGitleaks {
    fn run(self) -> Outcome {
        let converted = self.convert()?;
        if converted.made.is_empty() && converted.dropped.is_empty() {
            return Err("no [[rules]]; this is no rule file of gitleaks or betterleaks".into());
        }
        match self.json {
            true => output::json(&document(&converted))?,
            false => {
                let mut out = io::stdout().lock();
                out.write_all(yaml(&converted.made).as_bytes())?;
                out.flush()?;
                summary(&converted)?;
            }
        }
        Ok(if converted.made.is_empty() { Exit::Found } else { Exit::Fine })
    }

    fn convert(&self) -> Result<Converted, Box<dyn Error>> {
        let mut converted = Converted::default();
        for input in Input::open_all(&self.files)? {
            let name = input.name.clone();
            let mut text = String::new();
            let read = input.watched().read_to_string(&mut text);
            read.map_err(|error| format!("cannot read {name}: {error}"))?;
            converted.add(&text).map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(converted)
    }
}

fn yaml(made: &[Made]) -> String {
    let rules: String = made.iter().map(Made::yaml).collect();
    format!("# Made by `tokenban rules from-gitleaks`. None of these denies: choose, narrow, test.\nrules:\n{rules}")
}

/// The most ids that are named for one reason.
const IDS_MOST: usize = 8;

fn summary(converted: &Converted) -> io::Result<()> {
    let Converted { made, dropped, .. } = converted;
    let mut err = anstream::stderr().lock();
    let count = |count: usize| output::count(count, "rule");
    writeln!(err, "{} made, {} dropped", count(made.len()), dropped.len())?;
    for (why, ids) in by_reason(dropped) {
        let few: Vec<&str> = ids.iter().take(IDS_MOST).copied().collect();
        let more = match ids.len().saturating_sub(IDS_MOST) {
            0 => String::new(),
            more => format!(" and {more} more, which --json names"),
        };
        writeln!(err, "{} dropped: {} ({}{more})", ids.len(), why.text(), few.join(", "))?;
    }
    match made.iter().filter(|rule| !rule.lost.is_empty()).count() {
        0 => Ok(()),
        lost => writeln!(err, "of {} a comment says which conditions were left out", count(lost)),
    }
}

fn by_reason(dropped: &[(String, Dropped)]) -> BTreeMap<Dropped, Vec<&str>> {
    let mut groups: BTreeMap<Dropped, Vec<&str>> = BTreeMap::new();
    dropped.iter().for_each(|(id, why)| groups.entry(*why).or_default().push(id));
    groups
}

fn document(converted: &Converted) -> Value {
    let made = converted.made.iter();
    let made = made.map(|rule| json!({ "id": rule.id, "regex": rule.patterns, "lost": rule.lost }));
    let dropped = converted.dropped.iter();
    let dropped = dropped.map(|(id, why)| json!({ "id": id, "reason": why.text() }));
    json!({
        "rules": made.collect::<Vec<_>>(),
        "dropped": dropped.collect::<Vec<_>>(),
        "yaml": yaml(&converted.made),
    })
}
