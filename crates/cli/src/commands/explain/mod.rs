//! `tokenban explain`: what rules see of a request, and what they decide.

mod miss;
mod report;

use std::{
    error::Error,
    io,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use clap::Args;
use tokenban_denylist::Reader;
use tokenban_engine::{
    decision::{Decision, Incomplete, Mode},
    denylist::{Denylists, NoDenylists},
    limits::Limits,
    request::OwnedRequest,
    Inspection, Ruleset,
};

use self::report::{Explained, Row};
use super::Outcome;
use crate::{
    fingerprints, output,
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
    /// Read a token from standard input, and say of a request that passes where it stands and why no
    /// rule denied it
    #[arg(long)]
    token_stdin: bool,
    /// Show values in clear instead of as fingerprints
    #[arg(long)]
    reveal: bool,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(super) fn run(self) -> Outcome {
        let token = self.token()?;
        self.store.load_fingerprint_key()?;
        let ruleset = Ruleset::load(&rule_files::expand(&self.rules)?, &Limits::default())?;
        let denylists = self.denylists(&ruleset)?;
        let mut all = Vec::new();
        for request in self.requests()? {
            all.push(self.explain(&ruleset, &*denylists, request, token.as_deref())?);
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
        token: Option<&[u8]>,
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
                reading: (!look.matching.is_empty()).then(|| (look.reading)()),
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
        let title = self.har.is_some().then(title);
        let passed = outcome.decision == Decision::Passed;
        let miss = token.filter(|_| passed);
        let miss = miss.map(|token| ruleset.nearest_miss(&request, denylists, token));
        let title = title.map(|title| without(title, token));
        Ok(Explained { title, rows, outcome, miss })
    }

    /// The store, as a worker sees it; none where no rule asks for one.
    fn denylists(&self, ruleset: &Ruleset) -> Result<Box<dyn Denylists>, Box<dyn Error>> {
        let lists = ruleset.denylists();
        let Some((list, rule)) = lists.first() else {
            // A list that no rule asks may have the token.
            let path = self.store.path().ok().filter(|path| self.token_stdin && path.exists());
            return Ok(match path {
                Some(path) => Box::new(Reader::open(path)?),
                None => Box::new(NoDenylists),
            });
        };
        let path = self.store.path().map_err(|error| {
            format!("rule \"{}\" asks the denylist \"{list}\", but {error}", rule.id)
        })?;
        Ok(Box::new(Reader::open(path)?))
    }

    /// The token that is looked for: the one line of standard input.
    fn token(&self) -> Result<Option<Vec<u8>>, Box<dyn Error>> {
        if !self.token_stdin {
            return Ok(None);
        }
        let from_file = self.request.iter().chain(&self.har).any(|file| file == Path::new("-"));
        if from_file || self.options.reads_standard_input() {
            return Err("`--token-stdin` takes standard input; the request needs a file".into());
        }
        let text = io::read_to_string(io::stdin())?;
        match text.trim() {
            "" => Err("no token on standard input".into()),
            token if token.contains(['\n', '\r']) => Err("give one token, on one line".into()),
            token => Ok(Some(token.as_bytes().to_vec())),
        }
    }

    fn shown(&self, value: &[u8]) -> String {
        if self.reveal {
            return value.escape_ascii().to_string();
        }
        format!("{} ({} bytes)", fingerprints::of_value(value), value.len())
    }
}

/// A text that is shown, without the token that may be in it.
fn without(text: String, token: Option<&[u8]>) -> String {
    match token.and_then(|token| std::str::from_utf8(token).ok()) {
        Some(token) => text.replace(token, &fingerprints::of_value(token.as_bytes()).to_string()),
        None => text,
    }
}
