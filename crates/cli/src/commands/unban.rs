//! `tokenban unban`: takes tokens off denylists.

use std::{error::Error, path::PathBuf};

use anstyle::Style;
use clap::Args;
use serde_json::json;
use tokenban_denylist::{Entry, EntryKey, Snapshot, Store};

use super::Outcome;
use crate::{
    entries,
    import::{Admissible, Purpose},
    look::denying,
    output::{self, Table, GOOD},
    store::StoreAt,
    targets, time,
    tokens::{self, Claims, Given, Heard},
    Exit,
};

/// Unban tokens: take them off every denylist, or off one.
///
/// Tokens are read from standard input or files, as `ban` and `import` read them. With
/// --fingerprint an entry is named as logs and `list` show it.
///
/// Exit codes: 0 all are unbanned, 1 some were not banned, or are still denied by another entry,
/// 2 error.
#[derive(Args)]
#[command(after_help = "Example: printf %s \"$TOKEN\" | tokenban unban --list leaked")]
pub(crate) struct Unban {
    #[command(flatten)]
    store: StoreAt,
    /// Only off this denylist
    #[arg(long, value_name = "NAME")]
    list: Option<String>,
    /// The entry with this fingerprint: 12 hex digits or more; may be repeated
    #[arg(long, value_name = "HEX", conflicts_with_all = ["files", "jti", "sub", "iss"])]
    fingerprint: Vec<String>,
    #[command(flatten)]
    claims: Claims,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
    /// Files of tokens; standard input if there is none
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// What a person asked to unban.
struct Ask {
    /// Where it stood.
    line: Option<u64>,
    /// As a person wrote it, or of the token; none of claims.
    fingerprint: Option<String>,
    keys: Vec<EntryKey>,
    /// The token, which another entry may still deny.
    secret: Option<Admissible<'static>>,
}

/// An entry that was taken off.
struct Row {
    key: EntryKey,
    kind: &'static str,
    list: String,
}

impl Unban {
    pub(super) fn run(self) -> Outcome {
        let mut store = self.store.open()?;
        let (asks, heard) = self.asks(&store)?;
        let mut rows = Vec::new();
        let mut missing = Vec::new();
        for ask in &asks {
            let found = self.found(&store.read()?, &ask.keys)?;
            if found.is_empty() {
                missing.push(ask);
            }
            rows.extend(found);
        }
        let mut writer = store.write()?;
        for row in &rows {
            writer.unban_key(&row.list, &row.key)?;
        }
        writer.commit()?;
        let snapshot = store.read()?;
        let mut still = Vec::new();
        for secret in asks.iter().filter_map(|ask| ask.secret.as_ref()) {
            still.extend(denying(&snapshot, secret, time::now())?);
        }
        self.print(&rows, &missing, &still, &heard)?;
        let fine = missing.is_empty() && still.is_empty() && heard.is_whole();
        Ok(if fine { Exit::Fine } else { Exit::Found })
    }

    fn asks(&self, store: &Store) -> Result<(Vec<Ask>, Heard), Box<dyn Error>> {
        if let Some(target) = self.claims.target()? {
            return Ok((vec![Ask::new(None, vec![target.key()])], Heard::default()));
        }
        if !self.fingerprint.is_empty() {
            let snapshot = store.read()?;
            let ask = |text: &String| {
                let keys = targets::keys_of_fingerprint(&snapshot, text)?;
                Ok(Ask::new(Some(text.to_lowercase()), keys))
            };
            let asks: Result<Vec<Ask>, Box<dyn Error>> = self.fingerprint.iter().map(ask).collect();
            return Ok((asks?, Heard::default()));
        }
        let mut asks = Vec::new();
        let mut take = |given: &Given<'_>| asks.extend(Ask::of(given));
        let heard = tokens::each(&self.files, Purpose::Look, &mut take)?;
        if asks.is_empty() && heard.is_whole() {
            return Err("no token to unban; write one a line".into());
        }
        Ok((asks, heard))
    }

    fn found(
        &self,
        snapshot: &Snapshot<'_>,
        keys: &[EntryKey],
    ) -> Result<Vec<Row>, Box<dyn Error>> {
        let wanted = |entry: &Entry<'_>| self.list.as_ref().is_none_or(|list| list == entry.list);
        let mut rows = Vec::new();
        for key in keys {
            for entry in snapshot.find(key)?.into_iter().filter(wanted) {
                let list = entry.list.to_owned();
                rows.push(Row { key: *key, kind: entries::kind(entry.kind), list });
            }
        }
        Ok(rows)
    }

    fn print(
        &self,
        rows: &[Row],
        missing: &[&Ask],
        still: &[Entry<'_>],
        heard: &Heard,
    ) -> Result<(), Box<dyn Error>> {
        if self.json {
            let unbanned: Vec<_> = rows.iter().map(Row::json).collect();
            let still: Vec<_> = still.iter().map(entries::json).collect();
            let missing: Vec<_> = missing.iter().map(|ask| ask.json()).collect();
            return Ok(output::json(&json!({
                "unbanned": unbanned,
                "missing": missing,
                "still_denied_by": still,
                "refused": heard.refused_json(),
            }))?);
        }
        if !rows.is_empty() {
            let mut table = Table::default();
            table.heading(&["FINGERPRINT", "KIND", "LIST", "STATE"]);
            for row in rows {
                let plain = |text: String| (Style::new(), text);
                table.row([
                    plain(entries::fingerprint(&row.key)),
                    plain(row.kind.to_owned()),
                    plain(row.list.clone()),
                    (GOOD, "unbanned".to_owned()),
                ]);
            }
            table.print(&mut anstream::stdout().lock())?;
        }
        let place = self.list.as_ref().map_or(String::new(), |list| format!(" on \"{list}\""));
        for ask in missing {
            output::warning(&format!("{}not banned{place}", ask.name()));
        }
        if !still.is_empty() {
            output::warning("still denied by");
            entries::table(still, time::now()).print(&mut anstream::stderr().lock())?;
        }
        heard.print();
        Ok(())
    }
}

impl Ask {
    fn new(fingerprint: Option<String>, keys: Vec<EntryKey>) -> Ask {
        Ask { line: None, fingerprint, keys, secret: None }
    }

    /// All readings of a text are one ask: any of them may have been banned.
    fn of(given: &Given<'_>) -> Option<Ask> {
        let secret = &given.tokens.first()?.secret;
        let keys = given.tokens.iter().flat_map(|token| targets::own_keys(&token.secret)).collect();
        let ask = Ask::new(Some(targets::fingerprint(secret)), keys);
        Some(Ask { line: Some(given.line), secret: Some(secret.owned()), ..ask })
    }

    /// The beginning of a message about it.
    fn name(&self) -> String {
        let line = self.line.map(|line| format!("line {line}: ")).unwrap_or_default();
        let fingerprint = self.fingerprint.as_ref().map(|text| format!("fingerprint {text}: "));
        line + &fingerprint.unwrap_or_default()
    }

    fn json(&self) -> serde_json::Value {
        json!({ "line": self.line, "fingerprint": self.fingerprint })
    }
}

impl Row {
    fn json(&self) -> serde_json::Value {
        json!({
            "fingerprint": entries::fingerprint(&self.key),
            "kind": self.kind,
            "list": self.list,
        })
    }
}
