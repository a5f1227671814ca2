//! `tokenban hunt`: who used a token, as logs tell it.

use std::{
    error::Error,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use clap::Args;
use tokenban_denylist::{Snapshot, Target};

use super::Outcome;
use crate::{
    blast::{Blast, Finder},
    choose::Choose,
    hunt::{self, is_standard, Hunt as Search, Line, Log, Pivot, Wanted},
    import::Purpose,
    output,
    store::StoreAt,
    targets, time,
    tokens::{self, Given},
    Exit,
};

/// Find in logs who used tokens: when, from where, for what, before and after the ban.
///
/// The logs have the variable $tokenban_credentials or $tokenban_fingerprint: JSON, one object a line, as
/// packaging/nginx/log.conf writes it or with the names of the Elastic Common Schema, or a format like
/// "combined" with the variable quoted behind the user agent. They may be compressed by gzip or zstd, and
/// come in any order; - is standard input. Without a choice, all entries of the store are looked for.
///
/// Exit codes: 0 none was used, 1 some were, 2 error.
#[derive(Args)]
#[command(after_help = "Example: tokenban hunt --reason INC-42 /var/log/nginx/tokenban.json*")]
pub(crate) struct Hunt {
    #[command(flatten)]
    store: StoreAt,
    /// Only entries of this denylist
    #[arg(long, value_name = "NAME")]
    list: Option<String>,
    #[command(flatten)]
    choose: Choose,
    /// Look for the tokens on standard input, one a line or a report, banned or not
    #[arg(long)]
    token_stdin: bool,
    /// Look for the tokens of this file; may be repeated
    #[arg(long = "tokens", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Look for this fingerprint; may be repeated
    #[arg(long = "fingerprint", value_name = "FINGERPRINT", value_parser = fingerprint)]
    fingerprints: Vec<u64>,
    /// The logs know nothing of tokenban: look for the tokens themselves, in every spelling
    #[arg(long)]
    raw: bool,
    /// List the tokens that were never used instead, and what that is worth
    #[arg(long, conflicts_with_all = ["csv", "html", "follow"])]
    never: bool,
    /// Also show which other credentials the same clients used; reads the logs twice
    #[arg(long, conflicts_with_all = ["raw", "follow", "csv", "never"])]
    pivot: bool,
    /// Go on with what is appended to the last log, and print each use as it comes
    #[arg(long, conflicts_with_all = ["json", "csv", "html"])]
    follow: bool,
    /// Show everything, however much there is
    #[arg(long)]
    all: bool,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
    /// Print CSV instead of text, a row for each token that was used
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Write a report with timelines into this file, too
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// The logs
    #[arg(value_name = "LOG", required = true)]
    logs: Vec<PathBuf>,
}

fn fingerprint(text: &str) -> Result<u64, String> {
    let is_one = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match is_one.then(|| u64::from_str_radix(text, 16)) {
        Some(Ok(fingerprint)) => Ok(fingerprint),
        _ => Err("a fingerprint has 16 hex digits, as logs show it".to_owned()),
    }
}

impl Hunt {
    pub(super) fn run(self) -> Outcome {
        self.check()?;
        let mut raw = None;
        let wanted = self.wanted(&mut raw)?;
        let mut finder = raw.map(Finder::new).transpose()?;
        let mut search = Search::new(wanted);
        let mut names = Vec::new();
        for path in &self.logs {
            let mut log = Log::open(path)?;
            names.push(log.name.clone());
            log.lines(&mut |line| {
                look(&mut search, finder.as_mut(), line);
            })?;
        }
        if self.follow {
            return self.follow(search, finder);
        }
        let pivot = self.pivot.then(|| self.pivot(&search)).transpose()?;
        self.print(&search, pivot.as_ref(), &names)?;
        match search.uses.is_empty() {
            true => Ok(Exit::Fine),
            false => Ok(Exit::Found),
        }
    }

    fn check(&self) -> Result<(), Box<dyn Error>> {
        let standard = self.logs.iter().filter(|path| is_standard(path)).count();
        if standard > usize::from(!self.token_stdin) {
            return Err("standard input is read once: for the tokens, or for one log".into());
        }
        if self.raw && !self.token_stdin && self.files.is_empty() {
            return Err("--raw looks for the tokens themselves, which the store does not know: \
                        give them with --token-stdin or --tokens"
                .into());
        }
        let last = self.logs.last().map(PathBuf::as_path).unwrap_or(Path::new("-"));
        if standard > 0 && self.pivot {
            return Err("--pivot reads the logs twice, which standard input cannot be".into());
        }
        if self.follow && (is_standard(last) || !fs::metadata(last)?.is_file()) {
            return Err("--follow goes on with a file".into());
        }
        Ok(())
    }

    /// What is looked for; with `--raw` also the tokens themselves.
    fn wanted(&self, raw: &mut Option<Blast>) -> Result<Wanted, Box<dyn Error>> {
        let mut wanted = Wanted::default();
        self.fingerprints.iter().for_each(|fingerprint| wanted.add_fingerprint(*fingerprint));
        let given = self.token_stdin || !self.files.is_empty();
        if !given && !self.fingerprints.is_empty() {
            wanted.finish();
            return Ok(wanted);
        }
        let store = match self.store.is_named() || !given {
            true => Some(self.store.open_read_only()?),
            false => {
                self.store.load_fingerprint_key()?;
                None
            }
        };
        let snapshot = store.as_ref().map(|store| store.read()).transpose()?;
        match (given, &snapshot) {
            (true, snapshot) => self.given(&mut wanted, snapshot.as_ref(), raw)?,
            (false, Some(snapshot)) => {
                wanted.add_entries(snapshot, &self.choose.choice(self.list.as_deref()))?;
            }
            (false, None) => {}
        }
        wanted.finish();
        match wanted.len() {
            0 => Err("there is nothing to look for: no entry or token is chosen by this".into()),
            _ => Ok(wanted),
        }
    }

    fn given(
        &self,
        wanted: &mut Wanted,
        snapshot: Option<&Snapshot<'_>>,
        raw: &mut Option<Blast>,
    ) -> Result<(), Box<dyn Error>> {
        let mut blast = Blast::default();
        let mut failed = Ok(());
        let mut files = self.files.clone();
        if self.token_stdin {
            files.push(PathBuf::from("-"));
        }
        let mut take = |target: Target<'_>| {
            let key = target.key();
            blast.add(&target, None);
            match snapshot.map(|snapshot| snapshot.find(&key)).transpose() {
                Ok(entries) => match entries.iter().flatten().next() {
                    Some(entry) => wanted.add_entry(entry),
                    None => wanted.add_key(&key),
                },
                Err(error) => failed = Err(error),
            }
        };
        let heard = tokens::each(&files, Purpose::Look, &mut |given: &Given<'_>| {
            for token in given.tokens {
                targets::each(&token.secret, None, &mut take);
            }
        })?;
        failed?;
        heard.print();
        *raw = self.raw.then_some(blast);
        Ok(())
    }

    fn pivot(&self, search: &Search) -> Result<Pivot, Box<dyn Error>> {
        let mut pivot = Pivot::new(search);
        for path in &self.logs {
            Log::open(path)?.lines(&mut |line| pivot.line(Line(line)))?;
        }
        Ok(pivot)
    }

    fn print(
        &self,
        search: &Search,
        pivot: Option<&Pivot>,
        names: &[String],
    ) -> Result<(), Box<dyn Error>> {
        if let Some(path) = &self.html {
            let title = self.choose.reason().unwrap_or("Use of tokens");
            fs::write(path, hunt::page(search, title, names, time::now()))
                .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        }
        match (self.json, self.csv, self.never) {
            (true, ..) => Ok(output::json(&hunt::json(search, pivot, self.never, names))?),
            (_, true, _) => hunt::csv(search),
            (.., true) => hunt::unused(search, self.all),
            _ => hunt::print(search, pivot, self.all),
        }
    }

    fn follow(&self, mut search: Search, mut finder: Option<Finder>) -> Outcome {
        hunt::print(&search, None, self.all)?;
        let Some(path) = self.logs.last() else { return Ok(Exit::Fine) };
        Log::open(path)?.follow(&mut |line| {
            let mut out = std::io::stdout().lock();
            for number in look(&mut search, finder.as_mut(), line).to_vec() {
                let text = hunt::one_line(&search, number, Line(line));
                // Whoever reads this has gone: so does the command, at its next line.
                if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {
                    std::process::exit(Exit::Found as i32);
                }
            }
        })?;
        Ok(Exit::Found)
    }
}

fn look<'s>(search: &'s mut Search, finder: Option<&mut Finder>, line: &[u8]) -> &'s [u32] {
    match finder {
        None => search.line(Line(line)),
        Some(finder) => {
            let found = finder.find(line);
            search.line_with(Line(line), found)
        }
    }
}
