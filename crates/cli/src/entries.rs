//! Entries of a store as people and programs see them.

use std::io::{self, Write};

use anstyle::Style;
use serde_json::{json, Value};
use tokenban_denylist::{Entry, EntryKey, Target};
use tokenban_engine::denylist::{Kind, Level};

use crate::{
    fingerprints::of_entry,
    output::{self, Table, BAD},
    time,
};

/// The whole key.
pub(crate) fn hex(key: &EntryKey) -> String {
    key.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

const KINDS: [(Kind, &str); 5] = [
    (Kind::Claim, "claim"),
    (Kind::Jwt, "jwt"),
    (Kind::Sha1, "sha1"),
    (Kind::Sha256, "sha256"),
    (Kind::Token, "token"),
];

/// The word for a kind, as in the documents.
pub(crate) fn kind(kind: Kind) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or("", |(_, word)| word)
}

/// The word for what an entry does.
pub(crate) fn level(level: Level) -> &'static str {
    match level {
        Level::Canary => "canary",
        Level::Deny => "deny",
        Level::Monitor => "monitor",
    }
}

/// What a word of [`level`] stands for.
pub(crate) fn level_of(word: &str) -> Option<Level> {
    let levels = [Level::Canary, Level::Deny, Level::Monitor];
    levels.into_iter().find(|known| level(*known) == word)
}

/// What an entry bans: of a claim its name.
pub(crate) fn what<'a>(entry: &Entry<'a>) -> &'a str {
    entry.claim.map_or(kind(entry.kind), |claim| claim.name)
}

/// The same of what is about to be banned.
pub(crate) fn what_of(target: &Target<'_>) -> String {
    match target {
        Target::Claim { name, .. } => (*name).to_owned(),
        other => kind(other.kind()).to_owned(),
    }
}

/// The kind that a word stands for.
pub(crate) fn kind_of(word: &str) -> Option<Kind> {
    KINDS.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)
}

/// Whether an entry has ended.
pub(crate) fn is_over(entry: &Entry<'_>, now: u64) -> bool {
    entry.expires.is_some_and(|second| second <= now)
}

/// For programs.
pub(crate) fn json(entry: &Entry<'_>) -> Value {
    let time = |second: Option<u64>| second.map(time::shown);
    json!({
        "fingerprint": of_entry(&entry.key),
        "kind": kind(entry.kind),
        "claim": entry.claim.map(|claim| claim.name),
        "issuer": entry.claim.and_then(|claim| claim.issuer),
        "value": entry.claim.and_then(|claim| claim.value),
        "list": entry.list,
        "reason": entry.reason,
        "incident": entry.is_named,
        "source": entry.source,
        "level": level(entry.level),
        "except": entry.except.iter().map(|network| network.to_string()).collect::<Vec<_>>(),
        "added": time::shown(entry.added_at),
        "expires": time(entry.expires),
        "issued_before": time(entry.issued_before),
        "key": hex(&entry.key),
    })
}

/// A few entries of any lists, as a table.
pub(crate) fn table(entries: &[Entry<'_>], now: u64) -> Table {
    let mut table = Table::default();
    table.heading(&["FINGERPRINT", "KIND", "LIST", "ADDED", "EXPIRES", "REASON"]);
    for entry in entries {
        let plain = |text: String| (Style::new(), text);
        let over = if is_over(entry, now) { BAD } else { Style::new() };
        table.row([
            plain(of_entry(&entry.key)),
            plain(what(entry).to_owned()),
            plain(entry.list.to_owned()),
            plain(time::shown(entry.added_at)),
            (over, expires(entry)),
            plain(reason(entry)),
        ]);
    }
    table
}

/// The width of a column of lists, whose names are mostly short.
const LIST: usize = 12;

/// The heading of [`line`].
pub(crate) fn heading(out: &mut dyn Write, with_list: bool) -> io::Result<()> {
    let style = output::HEADING;
    let list = if with_list { format!("{:<LIST$}  ", "LIST") } else { String::new() };
    let names = ["FINGERPRINT", "KIND", "ADDED", "EXPIRES", "REASON"];
    let [fingerprint, kind, added, expires, reason] = names;
    writeln!(
        out,
        "{style}{fingerprint:<16}  {kind:<6}  {list}{added:<20}  {expires:<20}  {reason}{style:#}"
    )
}

/// An entry of a list of any length: every column but the last has a known width.
pub(crate) fn line(out: &mut dyn Write, entry: &Entry<'_>, with_list: bool) -> io::Result<()> {
    let list = if with_list { format!("{:<LIST$}  ", entry.list) } else { String::new() };
    writeln!(
        out,
        "{:<16}  {:<6}  {list}{:<20}  {:<20}  {}",
        of_entry(&entry.key),
        what(entry),
        time::shown(entry.added_at),
        expires(entry),
        output::printable(&reason(entry)),
    )
}

fn expires(entry: &Entry<'_>) -> String {
    entry.expires.map_or("never".to_owned(), time::shown)
}

/// With what else there is to say of an entry.
fn reason(entry: &Entry<'_>) -> String {
    let mut parts = vec![entry.reason.to_owned()];
    match entry.level {
        Level::Canary => parts.push("canary".to_owned()),
        Level::Deny if entry.except.is_empty() => {}
        Level::Deny => parts.push(format!("(only reported for {})", entry.except)),
        Level::Monitor => parts.push("(only reported)".to_owned()),
    }
    if let Some(claim) = entry.claim {
        parts.extend(claim.value.map(|value| format!("{}={value}", claim.name)));
        parts.extend(claim.issuer.map(|issuer| format!("of {issuer}")));
    }
    parts
        .extend(entry.issued_before.map(|second| format!("issued before {}", time::shown(second))));
    if !entry.source.is_empty() {
        parts.push(format!("({})", entry.source));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}
