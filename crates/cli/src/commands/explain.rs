//! `tokenban explain`: what rules see of a request, and what they decide.

use std::{
    error::Error,
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use anstyle::Style;
use clap::Args;
use serde_json::json;
use tokenban_denylist::Reader;
use tokenban_engine::{
    decision::{Decision, Fingerprint, Hit, Incomplete, Mode},
    denylist::{Denylists, NoDenylists},
    example::Example,
    limits::Limits,
    request::OwnedRequest,
    Inspection, Ruleset,
};

use super::Outcome;
use crate::{
    output::{self, Table, BAD, GOOD, HEADING},
    rule_files,
    store::StoreAt,
    Exit,
};

/// Most header lines of a request file.
const HEADERS: usize = 256;

/// Explain what rules see of a request, what matches, and what is decided.
///
/// The request comes from a file, as it would go over the wire, or from options like those of curl.
/// Prefer a file for a request that holds a live token: arguments stay in the shell's history and
/// show in the list of processes. Values are shown as fingerprints. Rules that ask denylists need the
/// store.
///
/// Exit codes: 0 the request passes, 1 it is denied or reported, 2 error.
#[derive(Args)]
pub(crate) struct Explain {
    /// A rule file, or a glob of them; may be repeated
    #[arg(short, long, required = true, value_name = "FILE|GLOB")]
    rules: Vec<String>,
    #[command(flatten)]
    store: StoreAt,
    /// A file that holds the raw request; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["url", "method", "header"])]
    request: Option<PathBuf>,
    /// The method
    #[arg(short = 'X', long, default_value = "GET")]
    method: String,
    /// A header line, `Name: value`; may be repeated
    #[arg(short = 'H', long, value_name = "LINE")]
    header: Vec<String>,
    /// Show values in clear instead of as fingerprints
    #[arg(long)]
    reveal: bool,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
    /// Path and query, with scheme and host where conditions look at them
    #[arg(required_unless_present = "request")]
    url: Option<String>,
}

/// A value that rules look at, as it is shown.
struct Row {
    point: String,
    value: String,
    matching: Vec<String>,
    rules: Vec<String>,
}

impl Explain {
    pub(super) fn run(self) -> Outcome {
        let ruleset = Ruleset::load(&rule_files::expand(&self.rules)?, &Limits::default())?;
        let mut request = match &self.request {
            Some(file) => parse(&read(file)?)?,
            None => self.described()?,
        };
        request.now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let mut rows = Vec::new();
        let denylists = self.denylists(&ruleset)?;
        ruleset.explain(&request, &*denylists, &mut |look| {
            let owned = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect();
            rows.push(Row {
                point: look.point.to_owned(),
                value: self.shown(look.value),
                matching: owned(look.matching),
                rules: owned(look.rules),
            });
        });
        let inspection = Inspection { request: &request, denylists: &*denylists, mode: Mode::On };
        let outcome = ruleset.evaluate_whole(&inspection, &mut ruleset.scratch());
        match outcome.incomplete {
            Some(Incomplete::Bound) => output::warning("a bound was met: not all was looked at"),
            Some(Incomplete::Store) => return Err("the store cannot be asked".into()),
            None => {}
        }
        let hits: Vec<&Hit> = outcome.hit.iter().chain(&outcome.monitored).collect();
        if self.json {
            print_json(&rows, outcome.decision, &hits)?;
        } else {
            print(&rows, outcome.decision, &hits)?;
        }
        Ok(if outcome.decision == Decision::Passed { Exit::Fine } else { Exit::Found })
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

    /// The request that the options describe.
    fn described(&self) -> Result<OwnedRequest, Box<dyn Error>> {
        let mut headers = Vec::new();
        for line in &self.header {
            let (name, value) =
                line.split_once(':').ok_or("a header needs a colon; write `Name: value`")?;
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        let example = Example {
            method: self.method.clone(),
            uri: self.url.clone().unwrap_or_default(),
            headers,
            cookies: Vec::new(),
            query: Vec::new(),
            body: None,
        };
        Ok(example.request())
    }

    fn shown(&self, value: &[u8]) -> String {
        if self.reveal {
            return value.escape_ascii().to_string();
        }
        format!("{} ({} bytes)", Fingerprint::of(value), value.len())
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()).into())
}

/// A request as it goes over the wire, HTTP/1; all that follows the head is the body. A missing last
/// line end is forgiven.
fn parse(bytes: &[u8]) -> Result<OwnedRequest, Box<dyn Error>> {
    let text = [bytes, b"\r\n\r\n"].concat();
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let head = parsed
        .parse(&text)
        .map_err(|error| format!("not an HTTP/1 request: {error}; begin with `GET / HTTP/1.1`"))?;
    let target = parsed.path.unwrap_or("/");
    let mut request = OwnedRequest::new(parsed.method.unwrap_or("GET"), target.as_bytes());
    for header in parsed.headers.iter() {
        if header.name.eq_ignore_ascii_case("host") {
            request.host = header.value.to_ascii_lowercase();
        }
        request.headers.push((header.name.as_bytes().to_vec(), header.value.to_vec()));
    }
    if let httparse::Status::Complete(length) = head {
        request.body = bytes.get(length..).unwrap_or_default().to_vec();
    }
    Ok(request)
}

fn print(rows: &[Row], decision: Decision, hits: &[&Hit]) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    let mut table = Table::default();
    table.heading(&["POINT", "VALUE", "RULES", "MATCH"]);
    for row in rows {
        let plain = |text: String| (Style::new(), text);
        table.row([
            plain(row.point.clone()),
            plain(row.value.clone()),
            plain(row.rules.join(", ")),
            (BAD, row.matching.join(", ")),
        ]);
    }
    table.print(&mut out)?;
    for hit in hits {
        let Hit { rule, point, fingerprint, denylist, reason, .. } = hit;
        write!(out, "{HEADING}{rule}{HEADING:#} at {point}, fingerprint {fingerprint}")?;
        if let Some(list) = denylist {
            let reason = reason.as_deref().filter(|reason| !reason.is_empty());
            let reason = reason.map(|reason| format!(": {}", output::printable(reason)));
            write!(out, ", on the denylist {list}{}", reason.unwrap_or_default())?;
        }
        writeln!(out)?;
    }
    let style = if decision == Decision::Passed { GOOD } else { BAD };
    writeln!(out, "{style}{}{style:#}", word(decision))
}

fn print_json(rows: &[Row], decision: Decision, hits: &[&Hit]) -> io::Result<()> {
    let looked: Vec<_> = rows
        .iter()
        .map(|row| {
            json!({
                "point": row.point, "value": row.value,
                "rules": row.rules, "matching": row.matching,
            })
        })
        .collect();
    let hits: Vec<_> = hits
        .iter()
        .map(|hit| {
            json!({
                "rule": hit.rule,
                "point": hit.point,
                "fingerprint": hit.fingerprint.to_string(),
                "denylist": hit.denylist,
                "reason": hit.reason,
            })
        })
        .collect();
    output::json(&json!({ "decision": word(decision), "hits": hits, "values": looked }))
}

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Denied => "denied",
        Decision::Monitored => "monitored",
        Decision::Passed => "passed",
    }
}
