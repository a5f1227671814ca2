//! The formats that are read. Each says by which structure it is known and where it keeps the secret,
//! the rule, the link and the validity of a finding.
//!
//! To add one: a row in `scanners` where members and their names are enough, else a file of its own
//! and its line in [`ALL`]; and a report in `tests/reports/`, named after its word, which the tests
//! find by themselves.

use std::{collections::BTreeSet, fmt};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde_json::Value;

use self::json_shape::first_text;
use super::{
    csv::Columns,
    finding::{clear, Finding, Validity},
    json::Step,
};

mod cookies;
mod detect_secrets;
mod env;
mod exported;
mod ggshield;
mod github;
mod gitlab;
mod har;
mod http;
mod json_shape;
mod noseyparker;
mod postman;
mod sarif;
mod scanners;
mod semgrep;
mod trufflehog;

/// A format of reports or lists.
#[derive(Debug)]
pub(crate) struct Format {
    /// What `--format` calls it.
    pub(crate) word: &'static str,
    /// What answers call it.
    pub(crate) name: &'static str,
    /// One line for `--help`.
    pub(crate) help: &'static str,
    /// How it is recognised.
    pub(crate) knows: Knows,
    /// How it is read.
    pub(crate) reads: Reads,
    /// What to do when a report came without its secrets.
    pub(crate) way_out: &'static str,
    /// What to say when there was nothing in it.
    pub(crate) nothing: &'static str,
}

/// What tells a format.
#[derive(Debug)]
pub(crate) enum Knows {
    /// JSON with all the members of one of these lines; paths are `a.b`.
    Json(&'static [&'static [&'static str]]),
    /// Nothing: it is what remains, or has to be named.
    Nothing,
    /// The beginning of the text.
    Start(fn(&[u8]) -> bool),
    /// A table whose first line has these columns, in lower case.
    Table(&'static [&'static str]),
}

/// How findings are read.
#[derive(Debug)]
pub(crate) enum Reads {
    /// A table; without columns the person names one.
    Csv(Option<Columns<'static>>),
    /// JSON: the way to the objects of findings, and what is in each.
    Json { path: &'static [Step], keep: &'static [&'static str], findings: Findings },
    /// Lines of text.
    Lines(fn(&[u8], u64, Sink<'_>)),
}

/// What an object says.
#[derive(Debug)]
pub(crate) enum Findings {
    /// One finding, by the names of its members.
    Fields(Fields),
    /// No object: the token itself.
    Strings,
    /// Whatever a function makes of it.
    With(fn(&Value, Finding<'_>, Sink<'_>)),
}

/// Where a finding keeps what; of several paths the first with something in it.
#[derive(Debug)]
pub(crate) struct Fields {
    pub(crate) secret: &'static [&'static str],
    pub(crate) rule: &'static [&'static str],
    pub(crate) link: &'static [&'static str],
    pub(crate) validity: &'static [&'static str],
}

/// Hears of findings.
pub(crate) type Sink<'a> = &'a mut dyn FnMut(Finding<'_>);

/// Every format, in the order in which they are tried. Where one is part of another, the longer is
/// first.
fn all() -> impl Iterator<Item = &'static Format> {
    const ALL: [&Format; 14] = [
        &exported::TOKENBAN,
        &sarif::SARIF,
        &trufflehog::TRUFFLEHOG,
        &github::GITHUB,
        &gitlab::GITLAB,
        &detect_secrets::DETECT_SECRETS,
        &detect_secrets::CHECKOV,
        &semgrep::SEMGREP,
        &ggshield::GGSHIELD,
        &noseyparker::NOSEYPARKER,
        &har::HAR,
        &postman::POSTMAN,
        &cookies::COOKIES,
        &env::ENV,
    ];
    ALL.into_iter().chain(&scanners::ROWS)
}

/// A token a line.
pub(crate) static TEXT: Format = Format {
    word: "text",
    name: "text",
    help: "A token a line; # begins a comment; sha256: and sha1: digests (Wallarm API Firewall, \
           ModSecurity @pmFromFile)",
    knows: Knows::Nothing,
    reads: Reads::Lines(super::lines::one),
    way_out: "",
    nothing: "",
};

/// A table of which a person names the column.
pub(crate) static CSV: Format = Format {
    word: "csv",
    name: "CSV",
    help: "CSV with a header row and a column of tokens (--column)",
    knows: Knows::Nothing,
    reads: Reads::Csv(None),
    way_out: "",
    nothing: "",
};

/// An array of tokens, as programs write it.
pub(crate) static STRINGS: Format = Format {
    word: "json",
    name: "JSON array of tokens",
    help: "A JSON array of tokens",
    knows: Knows::Nothing,
    reads: Reads::Json { path: &[], keep: &[], findings: Findings::Strings },
    way_out: "",
    nothing: "",
};

/// `[]`: a scanner's report of no findings, whichever it was.
pub(crate) static NOTHING: Format = Format {
    word: "nothing",
    name: "a report of no findings",
    help: "",
    knows: Knows::Nothing,
    reads: Reads::Json {
        path: &[],
        keep: &[],
        findings: Findings::With(|_, blank, sink| sink(blank)),
    },
    way_out: "",
    nothing: "",
};

/// The format of JSON with these members.
pub(crate) fn of_json(paths: &BTreeSet<String>) -> Option<&'static Format> {
    let has_all = |line: &[&str]| line.iter().all(|path| paths.contains(*path));
    all().find(|format| matches!(format.knows, Knows::Json(lines) if lines.iter().any(|line| has_all(line))))
}

/// The format of a table with these columns.
pub(crate) fn of_table(cells: &[String]) -> Option<&'static Format> {
    let has = |name: &&str| cells.iter().any(|cell| cell == name);
    all().find(|format| matches!(format.knows, Knows::Table(names) if names.iter().all(has)))
}

/// The format of a text that begins so.
pub(crate) fn of_start(start: &[u8]) -> Option<&'static Format> {
    all().find(|format| matches!(format.knows, Knows::Start(is) if is(start)))
}

/// What `--format` takes.
pub(crate) fn parser() -> impl TypedValueParser<Value = &'static Format> {
    let words =
        all().chain([&CSV, &STRINGS, &TEXT]).map(|one| PossibleValue::new(one.word).help(one.help));
    PossibleValuesParser::new(words).map(|word| of_word(&word).unwrap_or(&TEXT))
}

fn of_word(word: &str) -> Option<&'static Format> {
    all().chain([&CSV, &STRINGS]).find(|format| format.word == word)
}

impl Fields {
    /// What they say of a finding.
    pub(crate) fn finding(&self, object: &Value, blank: Finding<'_>, sink: Sink<'_>) {
        let rule = first_text(object, self.rule);
        sink(Finding {
            secret: clear(first_text(object, self.secret), rule),
            rule,
            link: first_text(object, self.link),
            validity: Validity::of(first_text(object, self.validity)),
            ..blank
        });
    }
}

impl Format {
    /// Whether it is a list of tokens, no report.
    pub(crate) fn is_text(&self) -> bool {
        self.word == TEXT.word
    }

    /// Whether it holds entries with terms of their own, no tokens.
    pub(crate) fn is_export(&self) -> bool {
        self.word == exported::TOKENBAN.word
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
