//! What a ban would have denied of late: access logs, held against what is about to be banned.
//!
//! A line is a request, of any log format. Its request line is looked at as such, and each of its
//! fields as a header would be, by the rules' own `anywhere`. A log knows only what it was told to
//! write: mostly no headers, and no bodies.

use std::{
    collections::HashMap,
    error::Error,
    io::{BufRead, Write},
    path::PathBuf,
};

use clap::Args;
use serde_json::{json, Value};
use tokenban_denylist::{EntryKey, Target};
use tokenban_engine::{
    decision::{Hit, Mode},
    denylist::{Ban, MemoryDenylists},
    limits::Limits,
    request::OwnedRequest,
    Inspection, Ruleset, Scratch,
};

use crate::{
    fingerprints,
    input::Input,
    output::{self, BAD, GOOD},
    time,
};

/// Which logs.
#[derive(Args)]
pub(crate) struct Logs {
    /// With --dry-run: an access log; says how many of its requests would have been denied. May be repeated
    #[arg(long = "log", value_name = "FILE", requires = "dry_run")]
    logs: Vec<PathBuf>,
}

impl Logs {
    /// Nothing where no log is named.
    pub(crate) fn blast(&self) -> Option<Blast> {
        (!self.logs.is_empty()).then(Blast::default)
    }

    /// Reads all of them.
    pub(crate) fn read(&self, blast: Option<&Blast>) -> Result<Vec<Counted>, Box<dyn Error>> {
        let Some(blast) = blast else { return Ok(Vec::new()) };
        let ruleset = Ruleset::load_text("anywhere".as_ref(), RULES, &Limits::default())?;
        let mut all = Vec::new();
        for input in Input::open_all(&self.logs)? {
            all.push(blast.count(&ruleset, input)?);
        }
        Ok(all)
    }
}

const LIST: &str = "list";
const RULES: &str = "rules: [{id: all, points: [[anywhere]], denylist: [list]}]";

/// What is about to be banned.
#[derive(Default)]
pub(crate) struct Blast {
    lists: MemoryDenylists,
}

/// Looks for tokens themselves in lines of logs, in every spelling that a request has of them.
pub(crate) struct Finder {
    blast: Blast,
    ruleset: Ruleset,
    scratch: Scratch,
}

impl Finder {
    pub(crate) fn new(blast: Blast) -> Result<Finder, Box<dyn Error>> {
        let ruleset = Ruleset::load_text("anywhere".as_ref(), RULES, &Limits::default())?;
        let scratch = ruleset.scratch();
        Ok(Finder { blast, ruleset, scratch })
    }

    /// The fingerprint of the first one in a line.
    pub(crate) fn find(&mut self, line: &[u8]) -> Option<u64> {
        let hit = self.blast.hit(&self.ruleset, &mut self.scratch, line)?;
        Some(u64::from_be_bytes(*fingerprints::of_key(&hit.key).as_bytes()))
    }
}

/// How many requests of a log would have been denied.
pub(crate) struct Counted {
    name: String,
    requests: u64,
    denied: u64,
    /// By the fingerprint of what was found.
    by: HashMap<String, u64>,
}

impl Blast {
    /// Adds what is to be banned.
    pub(crate) fn add(&mut self, target: &Target<'_>, issued_before: Option<u64>) {
        let ban = Ban { list: LIST, issued_before, ..Ban::default() };
        match (target, target.key()) {
            (Target::Claim { name, issuer, value }, _) => {
                self.lists.ban_claim(name, issuer.map(str::as_bytes), value, &ban);
            }
            (_, EntryKey::Sha1(digest)) => self.lists.ban_sha1(digest, &ban),
            (_, EntryKey::Key(key)) => self.lists.ban_key(target.kind(), key, &ban),
        }
    }

    fn count(&self, ruleset: &Ruleset, input: Input) -> Result<Counted, Box<dyn Error>> {
        let name = input.name.clone();
        let mut counted = Counted { name, requests: 0, denied: 0, by: HashMap::new() };
        let (mut log, mut line) = (input.watched(), Vec::new());
        let mut scratch = ruleset.scratch();
        while log.read_until(b'\n', &mut line)? > 0 {
            counted.requests += 1;
            if let Some(hit) = self.hit(ruleset, &mut scratch, &line) {
                counted.denied += 1;
                *counted.by.entry(fingerprints::of_key(&hit.key).to_string()).or_default() += 1;
            }
            line.clear();
        }
        Ok(counted)
    }

    fn hit(&self, ruleset: &Ruleset, scratch: &mut Scratch, line: &[u8]) -> Option<Hit> {
        let request = request(line);
        let inspection = Inspection { request: &request, denylists: &self.lists, mode: Mode::On };
        ruleset.evaluate_whole(&inspection, scratch).hit
    }
}

/// A line of a log as the request that it tells of.
fn request(line: &[u8]) -> OwnedRequest {
    let is_end = |byte: &u8| matches!(byte, b'"' | b'\t' | b'\r' | b'\n');
    let fields: Vec<&[u8]> = line.split(is_end).filter(|field| field.len() > 1).collect();
    let target = fields.iter().find_map(|field| target(field)).unwrap_or(b"/");
    let mut request = OwnedRequest::new("GET", target);
    for field in fields {
        let words = field.split(|byte| *byte == b' ').filter(|word| word.len() > 1);
        let values = std::iter::once(field).chain(words);
        request.headers.extend(values.map(|value| (b"X".to_vec(), value.to_vec())));
    }
    request.now = time::now();
    request
}

/// `GET /path?query HTTP/1.1`, or the field of a JSON log that is an address of this server.
fn target(field: &[u8]) -> Option<&[u8]> {
    if field.starts_with(b"/") {
        return Some(field);
    }
    let mut words = field.split(|byte| *byte == b' ').skip(1);
    let (target, protocol) = (words.next()?, words.next()?);
    protocol.starts_with(b"HTTP/").then_some(target)
}

/// The most tokens that are named of a log.
const TOKENS_MOST: usize = 5;

impl Counted {
    /// For people: the tokens that were used most are named.
    pub(crate) fn print(&self, out: &mut impl Write) -> std::io::Result<()> {
        let Counted { name, requests, denied, by } = self;
        let style = if *denied > 0 { BAD } else { GOOD };
        let requests = output::count(*requests as usize, "request");
        let name = output::printable(name);
        writeln!(out, "{style}{name}: {denied} of {requests} would have been denied{style:#}")?;
        let mut by: Vec<_> = by.iter().collect();
        by.sort_by(|one, other| other.1.cmp(one.1).then(one.0.cmp(other.0)));
        by.iter()
            .take(TOKENS_MOST)
            .try_for_each(|(token, count)| writeln!(out, "  {count:<8} {token}"))
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let Counted { name, requests, denied, by } = self;
        json!({ "log": name, "requests": requests, "denied": denied, "fingerprints": by })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_of_log_formats() {
        for (line, path) in [
            (&b"1.2.3.4 - - [26/Nov/2026] \"GET /a?b=c HTTP/1.1\" 200 5 \"-\" \"curl\""[..], "/a"),
            (b"{\"status\":200,\"uri\":\"/a?b=c\",\"agent\":\"curl\"}", "/a"),
            (b"nothing of the kind", "/"),
            (b"\"GET\" \"\xff /x", "/"),
        ] {
            assert_eq!(request(line).path, path.as_bytes(), "{}", line.escape_ascii());
        }
    }
}
