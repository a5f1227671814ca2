//! What a hunt found, for people and for programs.

use std::{
    error::Error,
    io::{self, Write},
};

use anstyle::Style;
use serde_json::{json, Value};

use super::{
    line::{Line, Verdict},
    pivot::Pivot,
    uses::{Hunt, Use},
    wanted::Token,
};
use crate::{
    output::{self, Table, BAD, GOOD, HEADING},
    time,
};

/// The most tokens, clients and endpoints that are printed without being asked for all.
const SHOWN: usize = 50;
const DETAILS_SHOWN: usize = 10;

/// A fingerprint as logs have it.
pub(super) fn hex(fingerprint: u64) -> String {
    format!("{fingerprint:016x}")
}

fn shown(second: Option<u64>) -> String {
    second.map_or_else(|| "-".to_owned(), time::shown)
}

/// For people.
pub(crate) fn print(hunt: &Hunt, pivot: Option<&Pivot>, all: bool) -> Result<(), Box<dyn Error>> {
    let mut out = anstream::stdout().lock();
    let used = hunt.used();
    let most = if all { usize::MAX } else { SHOWN };
    if !used.is_empty() {
        table(hunt, &used[..used.len().min(most)]).print(&mut out)?;
        if used.len() > most {
            writeln!(out, "… and {} more; --all shows them", used.len() - most)?;
        }
        for (token, of) in used.iter().take(most.min(DETAILS_SHOWN)) {
            details(&mut out, *token, of)?;
        }
        writeln!(out)?;
    }
    if let Some(pivot) = pivot {
        print_pivot(&mut out, pivot, most)?;
    }
    summary(&mut out, hunt, used.len())
}

fn table(hunt: &Hunt, used: &[(Token, &Use)]) -> Table {
    let mut table = Table::default();
    table.heading(&[
        "FINGERPRINT",
        "LIST",
        "REASON",
        "BANNED",
        "FIRST USE",
        "LAST USE",
        "BEFORE",
        "AFTER",
        "DENIED",
        "PASSED",
        "CLIENTS",
    ]);
    for (token, of) in used {
        let [list, reason] = hunt.wanted.label_of(*token).map(str::to_owned);
        let cells = [
            hex(token.fingerprint),
            list,
            reason,
            shown(token.banned.map(u64::from)),
            shown(of.first),
            shown(of.last),
            of.before.to_string(),
            of.after.to_string(),
            of.of(Verdict::Denied).to_string(),
            (of.count() - of.of(Verdict::Denied)).to_string(),
            of.clients.len().to_string(),
        ];
        table.row(cells.map(|text| (Style::new(), text)));
    }
    table
}

fn details(out: &mut dyn Write, token: Token, of: &Use) -> io::Result<()> {
    writeln!(out, "\n{HEADING}{}{HEADING:#}", hex(token.fingerprint))?;
    let mut clients: Vec<_> = of.clients.iter().collect();
    clients.sort_by(|one, other| other.1.uses.cmp(&one.1.uses).then(one.0.cmp(other.0)));
    for (name, client) in clients.iter().take(DETAILS_SHOWN) {
        let agents: Vec<&str> = client.agents.iter().map(String::as_str).collect();
        let text = format!("{name}  {}", agents.join(" | "));
        writeln!(out, "  client    {:>7}  {}", client.uses, output::printable(&text))?;
    }
    more(out, "clients", clients.len())?;
    let mut endpoints: Vec<_> = of.endpoints.iter().collect();
    endpoints.sort_by(|one, other| other.1.cmp(one.1).then(one.0.cmp(other.0)));
    for (endpoint, uses) in endpoints.iter().take(DETAILS_SHOWN) {
        writeln!(out, "  endpoint  {uses:>7}  {}", output::printable(endpoint))?;
    }
    more(out, "endpoints", endpoints.len())?;
    for (status, uses) in &of.statuses {
        writeln!(out, "  status    {uses:>7}  {status}")?;
    }
    if of.not_kept > 0 {
        writeln!(
            out,
            "  {} uses by further clients or endpoints, of which there are too many to keep",
            of.not_kept
        )?;
    }
    Ok(())
}

fn more(out: &mut dyn Write, what: &str, count: usize) -> io::Result<()> {
    match count.checked_sub(DETAILS_SHOWN) {
        Some(more @ 1..) => writeln!(out, "  … and {more} more {what}; --json has them"),
        _ => Ok(()),
    }
}

fn print_pivot(out: &mut dyn Write, pivot: &Pivot, most: usize) -> io::Result<()> {
    let others = pivot.others();
    if others.is_empty() {
        return writeln!(out, "These clients used no other credential in these logs.\n");
    }
    writeln!(out, "{HEADING}Other credentials of these clients{HEADING:#}")?;
    let mut table = Table::default();
    table.heading(&["FINGERPRINT", "CLIENTS", "THEIR USES", "OTHERS' USES"]);
    for (fingerprint, other) in others.iter().take(most) {
        let cells = [
            hex(*fingerprint),
            other.suspects.len().to_string(),
            other.by_suspects.to_string(),
            other.by_others.to_string(),
        ];
        table.row(cells.map(|text| (Style::new(), text)));
    }
    table.print(out)?;
    if let Some(more @ 1..) = others.len().checked_sub(most) {
        writeln!(out, "… and {more} more; --all shows them")?;
    }
    writeln!(out)
}

/// What was looked for, where, and what that is worth.
fn summary(out: &mut dyn Write, hunt: &Hunt, used: usize) -> Result<(), Box<dyn Error>> {
    let tokens = output::count(hunt.wanted.len(), "token");
    let (style, text) = match used {
        0 => (GOOD, format!("none of {tokens} was used")),
        1 => (BAD, format!("1 of {tokens} was used")),
        used => (BAD, format!("{used} of {tokens} were used")),
    };
    writeln!(out, "{style}{text}{style:#}")?;
    coverage(out, hunt)
}

/// From when to when the logs are, and what is not in them.
fn coverage(out: &mut dyn Write, hunt: &Hunt) -> Result<(), Box<dyn Error>> {
    let span = &hunt.span;
    match span.ends() {
        Some((from, to)) => {
            let lines = output::count(usize::try_from(span.lines)?, "line");
            writeln!(out, "logs: {lines} from {} to {}", time::shown(from), time::shown(to))?;
        }
        None => writeln!(out, "logs: no line with a time")?,
    }
    for (from, to) in span.gaps() {
        writeln!(out, "gap: nothing was logged from {} to {}", time::shown(from), time::shown(to))?;
    }
    for (count, what) in [
        (
            span.timeless,
            "without a time that could be read: their uses are neither before nor after",
        ),
        (hunt.broken, "with a use that could not be read as a whole, such as those cut off"),
    ] {
        if count > 0 {
            writeln!(out, "{} {what}", output::count(usize::try_from(count)?, "line"))?;
        }
    }
    if hunt.not_kept > 0 {
        writeln!(
            out,
            "{} uses of further tokens, of which there are too many to keep",
            hunt.not_kept
        )?;
    }
    Ok(())
}

/// A use as it comes.
pub(crate) fn one_line(hunt: &Hunt, number: u32, line: Line<'_>) -> String {
    let token = hunt.wanted.token(number);
    let [list, reason] = hunt.wanted.label_of(token);
    let told = line.told();
    let (client, verdict) =
        told.as_ref().map_or(("-", "unknown"), |told| (&*told.client, told.verdict.word()));
    let endpoint = told.as_ref().map(|told| told.endpoint()).unwrap_or_default();
    let time = shown(line.time());
    output::printable(&format!(
        "{time}  {}  {list}  {reason}  {verdict}  {client}  {endpoint}",
        hex(token.fingerprint)
    ))
}

/// The tokens that were never used: proof, as far as the logs go.
pub(crate) fn unused(hunt: &Hunt, all: bool) -> Result<(), Box<dyn Error>> {
    let mut out = anstream::stdout().lock();
    let never: Vec<Token> = never(hunt).collect();
    let most = if all { usize::MAX } else { SHOWN };
    for token in never.iter().take(most) {
        let [list, reason] = hunt.wanted.label_of(*token).map(output::printable);
        writeln!(out, "{}  {list}  {reason}", hex(token.fingerprint))?;
    }
    if never.len() > most {
        writeln!(out, "… and {} more; --all shows them", never.len() - most)?;
    }
    let tokens = output::count(hunt.wanted.len(), "token");
    writeln!(out, "{} of {tokens} were never used in these logs", never.len())?;
    writeln!(
        out,
        "This says as much as the logs do: of requests to what logs $tokenban_credentials, in this time."
    )?;
    coverage(&mut out, hunt)
}

fn never(hunt: &Hunt) -> impl Iterator<Item = Token> + '_ {
    let unused = |number: &u32| !hunt.uses.contains_key(number);
    hunt.wanted.tokens().filter(move |(number, _)| unused(number)).map(|(_, token)| token)
}

/// For programs.
pub(crate) fn json(hunt: &Hunt, pivot: Option<&Pivot>, with_never: bool, logs: &[String]) -> Value {
    let used: Vec<Value> =
        hunt.used().iter().map(|(token, of)| use_json(hunt, *token, of)).collect();
    let span = &hunt.span;
    let gaps: Vec<Value> = { span.gaps().iter() }
        .map(|(from, to)| json!({ "from": time::shown(*from), "to": time::shown(*to) }))
        .collect();
    let mut document = json!({
        "tokens": hunt.wanted.len(),
        "used": used,
        "logs": {
            "names": logs,
            "lines": span.lines,
            "without_time": span.timeless,
            "broken": hunt.broken,
            "from": span.ends().map(|(from, _)| time::shown(from)),
            "to": span.ends().map(|(_, to)| time::shown(to)),
            "gaps": gaps,
        },
        "not_kept": hunt.not_kept,
    });
    if with_never {
        let never = never(hunt).map(|token| Value::from(hex(token.fingerprint)));
        document["never"] = never.collect();
    }
    if let Some(pivot) = pivot {
        document["pivot"] = pivot
            .others()
            .iter()
            .map(|(fingerprint, other)| {
                json!({
                    "fingerprint": hex(*fingerprint),
                    "clients": other.suspects,
                    "their_uses": other.by_suspects,
                    "others_uses": other.by_others,
                })
            })
            .collect();
    }
    document
}

fn use_json(hunt: &Hunt, token: Token, of: &Use) -> Value {
    let [list, reason] = hunt.wanted.label_of(token);
    let verdicts: serde_json::Map<String, Value> = { of.verdicts.iter() }
        .map(|(verdict, count)| (verdict.word().to_owned(), Value::from(*count)))
        .collect();
    let clients: Vec<Value> = { of.clients.iter() }
        .map(|(name, client)| json!({ "client": name, "uses": client.uses, "agents": client.agents }))
        .collect();
    json!({
        "fingerprint": hex(token.fingerprint),
        "list": list,
        "reason": reason,
        "banned": token.banned.map(|second| time::shown(u64::from(second))),
        "first": of.first.map(time::shown),
        "last": of.last.map(time::shown),
        "before": of.before,
        "after": of.after,
        "undated": of.undated,
        "verdicts": verdicts,
        "statuses": of.statuses,
        "clients": clients,
        "endpoints": of.endpoints,
        "not_kept": of.not_kept,
    })
}

/// A row for each token that was used.
pub(crate) fn csv(hunt: &Hunt) -> Result<(), Box<dyn Error>> {
    let mut out = csv::Writer::from_writer(io::stdout().lock());
    out.write_record([
        "fingerprint",
        "list",
        "reason",
        "banned",
        "first",
        "last",
        "before",
        "after",
        "denied",
        "passed",
        "clients",
        "endpoints",
    ])?;
    for (token, of) in hunt.used() {
        let [list, reason] = hunt.wanted.label_of(token);
        let time = |second: Option<u64>| second.map(time::shown).unwrap_or_default();
        let names = |names: Vec<&String>| {
            names.iter().map(|name| safe(name)).collect::<Vec<_>>().join(" | ")
        };
        out.write_record([
            hex(token.fingerprint),
            list.to_owned(),
            safe(reason),
            time(token.banned.map(u64::from)),
            time(of.first),
            time(of.last),
            of.before.to_string(),
            of.after.to_string(),
            of.of(Verdict::Denied).to_string(),
            (of.count() - of.of(Verdict::Denied)).to_string(),
            names(of.clients.keys().collect()),
            names(of.endpoints.keys().collect()),
        ])?;
    }
    Ok(out.flush()?)
}

/// A text of a client or a report that a spreadsheet does not take for a formula (OWASP, «CSV
/// Injection»).
fn safe(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}
