//! `tokenban unban`: takes tokens off denylists.

use std::{error::Error, io::Write, path::PathBuf};

use anstyle::Style;
use clap::Args;
use serde_json::json;
use tokenban_denylist::{Entry, EntryKey, Store, Writer};

use super::{list::note_unknown, Outcome};
use crate::{
    act::act,
    choose::Choose,
    claims::{Claims, Named},
    entries, fingerprints,
    import::{Admissible, Purpose},
    input,
    look::denying,
    output::{self, Table, GOOD},
    store::StoreAt,
    targets, time,
    tokens::{self, Given, Heard},
    Exit,
};

/// Unban tokens: take them off every denylist, or off one.
///
/// Tokens are read from standard input or files, as `ban` and `import` read them. With
/// --fingerprint an entry is named as logs and `list` show it. With --reason, --source, --kind or a
/// time and nothing else, all entries of which that is said are taken off. What was banned together is
/// unbanned together.
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
    /// The entry with this fingerprint, as logs and `list` show it; may be repeated
    #[arg(long, value_name = "HEX", conflicts_with_all = ["files", "by_claim"])]
    fingerprint: Vec<String>,
    #[command(flatten)]
    claims: Claims,
    #[command(flatten)]
    choose: Choose,
    /// Change nothing, only tell what would be unbanned
    #[arg(long)]
    dry_run: bool,
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

/// The most rows that are printed: what comes after them is counted.
const ROWS_MOST: usize = 20;

/// An entry that was taken off.
struct Row {
    key: EntryKey,
    what: String,
    list: String,
    reason: String,
}

impl Unban {
    pub(super) fn run(self) -> Outcome {
        let mut store = self.store.open()?;
        note_unknown(&store, self.list.as_deref())?;
        store.sign(act("unban", self.choose.reason().unwrap_or_default(), &self.note()));
        match self.is_by_words()? {
            true => self.by_words(&mut store),
            false => self.by_tokens(&mut store),
        }
    }

    /// What was said, for the log.
    fn note(&self) -> String {
        let list = self.list.as_ref().map(|list| format!("list {list}"));
        let parts = [list.unwrap_or_default(), self.choose.text()];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(", ")
    }

    /// Whether entries are meant by what is said of them, and not by tokens, fingerprints or claims.
    fn is_by_words(&self) -> Result<bool, Box<dyn Error>> {
        let named = self.claims.named(&self.files)?;
        let is_named = !named.is_empty() || !self.fingerprint.is_empty() || !self.files.is_empty();
        Ok(self.choose.is_given() && !is_named)
    }

    fn by_words(&self, store: &mut Store) -> Outcome {
        let choice = self.choose.choice(self.list.as_deref());
        let bar = input::counted("unbanning", 0);
        let mut writer = store.write()?;
        writer.watch(input::shown_on(&bar));
        let count = writer.unban_all(&choice)?;
        match self.dry_run {
            true => drop(writer),
            false => writer.commit()?,
        }
        bar.finish_and_clear();
        if self.json {
            output::json(&json!({ "dry_run": self.dry_run, "count": count }))?;
        } else {
            let entries = output::count_of(count as usize, "entry", "entries");
            let mut out = anstream::stdout().lock();
            writeln!(out, "{GOOD}{entries} unbanned{}{GOOD:#}", self.dry())?;
        }
        Ok(if count > 0 { Exit::Fine } else { Exit::Found })
    }

    fn dry(&self) -> &'static str {
        if self.dry_run {
            "; dry run: nothing was changed"
        } else {
            ""
        }
    }

    fn by_tokens(&self, store: &mut Store) -> Outcome {
        let (asks, heard) = self.asks(store)?;
        let mut writer = store.write()?;
        let mut rows = Vec::new();
        let mut missing = Vec::new();
        for ask in &asks {
            let found = self.take_off(&mut writer, &ask.keys)?;
            if found.is_empty() {
                missing.push(ask);
            }
            rows.extend(found);
        }
        match self.dry_run {
            true => drop(writer),
            false => writer.commit()?,
        }
        let snapshot = store.read()?;
        let mut still = Vec::new();
        for secret in asks.iter().filter_map(|ask| ask.secret.as_ref()).filter(|_| !self.dry_run) {
            still.extend(denying(&snapshot, secret, time::now())?);
        }
        self.print(&rows, &missing, &still, &heard)?;
        let fine = missing.is_empty() && still.is_empty() && heard.is_whole();
        Ok(if fine { Exit::Fine } else { Exit::Found })
    }

    fn asks(&self, store: &Store) -> Result<(Vec<Ask>, Heard), Box<dyn Error>> {
        let named = self.claims.named(&self.files)?;
        if !named.is_empty() {
            let ask = |named: &Named| Ask::new(None, vec![named.target().key()]);
            return Ok((named.iter().map(ask).collect(), Heard::default()));
        }
        if !self.fingerprint.is_empty() {
            let snapshot = store.read()?;
            let keys = targets::keys_of_fingerprints(&snapshot, &self.fingerprint)?;
            let asked = self.fingerprint.iter().zip(keys);
            let asks = asked.map(|(text, keys)| Ask::new(Some(text.to_lowercase()), keys));
            return Ok((asks.collect(), Heard::default()));
        }
        let mut asks = Vec::new();
        let mut take = |given: &Given<'_>| asks.extend(Ask::of(given));
        let heard = tokens::each(&self.files, Purpose::Look, &mut take)?;
        if asks.is_empty() && heard.is_whole() {
            return Err("no token to unban; write one a line".into());
        }
        Ok((asks, heard))
    }

    /// Takes off what some keys have, and what belongs to them.
    fn take_off(
        &self,
        writer: &mut Writer<'_>,
        keys: &[EntryKey],
    ) -> Result<Vec<Row>, Box<dyn Error>> {
        let choice = self.choose.choice(self.list.as_deref());
        let mut all = Vec::new();
        for key in keys {
            all.push(*key);
            all.extend(writer.linked(key)?);
        }
        let mut rows = Vec::new();
        for key in all {
            let found = writer.find(&key)?;
            rows.extend(found.iter().filter(|entry| choice.takes(entry)).map(Row::of));
            writer.unban_chosen(&key, &choice)?;
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
                "dry_run": self.dry_run,
                "unbanned": unbanned,
                "missing": missing,
                "still_denied_by": still,
                "refused": heard.refused_json(),
            }))?);
        }
        if !rows.is_empty() {
            let mut out = anstream::stdout().lock();
            let mut table = Table::default();
            table.heading(&["FINGERPRINT", "KIND", "LIST", "STATE"]);
            for row in rows.iter().take(ROWS_MOST) {
                let plain = |text: String| (Style::new(), text);
                let incident =
                    if row.reason.is_empty() { "" } else { &format!(" ({})", row.reason) };
                table.row([
                    plain(fingerprints::of_entry(&row.key)),
                    plain(row.what.clone()),
                    plain(row.list.clone()),
                    (GOOD, format!("unbanned{incident}")),
                ]);
            }
            table.print(&mut out)?;
            let more = rows.len().saturating_sub(ROWS_MOST);
            if more > 0 {
                writeln!(out, "… and {more} more")?;
            }
            let entries = output::count_of(rows.len(), "entry", "entries");
            writeln!(out, "{GOOD}{entries} unbanned{}{GOOD:#}", self.dry())?;
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
    fn of(entry: &Entry<'_>) -> Row {
        Row {
            key: entry.key,
            what: entries::what(entry).to_owned(),
            list: entry.list.to_owned(),
            reason: entry.reason.to_owned(),
        }
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "fingerprint": fingerprints::of_entry(&self.key),
            "kind": self.what,
            "list": self.list,
            "reason": self.reason,
        })
    }
}
