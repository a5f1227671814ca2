//! `tokenban ban`: puts tokens on a denylist.

use std::{error::Error, io::Write, path::PathBuf};

use anstyle::Style;
use clap::Args;
use serde_json::json;
use tokenban_denylist::{EntryKey, NewEntry, Taken, Target, Writer};

use super::Outcome;
use crate::{
    entries,
    import::{Admissible, Admitted, Purpose},
    output::{self, Table, BAD},
    store::{About, StoreAt},
    targets::{self, As},
    time,
    tokens::{self, Claims, Given, Heard},
    Exit,
};

/// Ban tokens: put them on a denylist.
///
/// Tokens are read from standard input or files: a token a line, or a report of any format that
/// `import` knows. Quotes, commas, `NAME=`, `Bearer`, addresses and escapes around a token are taken
/// off, and the answer says so. `sha256:` or `sha1:` before hex digits stands for a token that is not
/// written down. A JWT is banned in every spelling. NGINX denies a banned token from its next request on.
///
/// Exit codes: 0 all are banned, 1 some lines were refused and the others are banned, 2 error,
/// nothing was banned.
#[derive(Args)]
#[command(
    after_help = "Example: printf %s \"$TOKEN\" | tokenban ban --list leaked --reason INC-42"
)]
pub(crate) struct Ban {
    #[command(flatten)]
    store: StoreAt,
    #[command(flatten)]
    about: About,
    /// Ban a JWT only in one way, not in both
    #[arg(long = "as", value_name = "KIND")]
    only: Option<As>,
    #[command(flatten)]
    claims: Claims,
    /// Of --sub, only JWTs issued before this time (claim iat): 2027-01-31, or date, time and zone
    #[arg(long, value_name = "TIME", requires = "sub", value_parser = time::at)]
    issued_before: Option<u64>,
    /// Ban what looks like no token, too: a common word, a short value, its digest
    #[arg(long)]
    force: bool,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
    /// Files of tokens, or reports; standard input if there is none
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// An entry as it was made.
struct Row {
    line: Option<u64>,
    key: EntryKey,
    kind: &'static str,
    taken: Taken,
}

impl Ban {
    pub(super) fn run(self) -> Outcome {
        let mut held = Vec::new();
        let mut heard = Heard::default();
        let claims = self.claims.target()?;
        if claims.is_none() {
            let mut hold = |given: &Given<'_>| {
                held.extend(given.tokens.iter().map(|token| Held::of(given.line, token)));
            };
            let purpose = if self.force { Purpose::Insist } else { Purpose::Ban };
            heard = tokens::each(&self.files, purpose, &mut hold)?;
            self.check(&held, &heard)?;
        }
        let mut store = self.store.open()?;
        let mut writer = store.write()?;
        let mut rows = Vec::new();
        if let Some(target) = claims {
            self.put(&mut writer, None, target, &mut rows)?;
        }
        for Held { line, secret, .. } in &held {
            let mut failed = None;
            targets::each(secret, self.only, &mut |target| {
                failed =
                    failed.take().or(self.put(&mut writer, Some(*line), target, &mut rows).err());
            });
            failed.map_or(Ok(()), Err)?;
        }
        writer.commit()?;
        self.print(&rows, &held, &heard)?;
        Ok(if heard.is_whole() { Exit::Fine } else { Exit::Found })
    }

    /// Whether there is something to ban.
    fn check(&self, held: &[Held], heard: &Heard) -> Result<(), Box<dyn Error>> {
        let no_jwt = |held: &&Held| self.only == Some(As::Jwt) && !held.secret.is_jwt();
        if let Some(held) = held.iter().find(no_jwt) {
            return Err(format!("line {}: no JWT; leave --as out", held.line).into());
        }
        if held.is_empty() {
            heard.print();
            return Err("no token to ban; write one a line".into());
        }
        Ok(())
    }

    fn put(
        &self,
        writer: &mut Writer<'_>,
        line: Option<u64>,
        target: Target<'_>,
        rows: &mut Vec<Row>,
    ) -> Result<(), Box<dyn Error>> {
        let entry = self.about.entry(target, time::now());
        let taken = writer.ban(&NewEntry { issued_before: self.issued_before, ..entry })?;
        let kind = entries::kind(target.kind());
        rows.push(Row { line, key: target.key(), kind, taken });
        Ok(())
    }

    fn print(&self, rows: &[Row], held: &[Held], heard: &Heard) -> Result<(), Box<dyn Error>> {
        if self.json {
            let entries: Vec<_> = rows.iter().map(Row::json).collect();
            let damaged: Vec<_> = damaged(held).collect();
            return Ok(output::json(&json!({
                "list": self.about.list(),
                "entries": entries,
                "damaged": damaged,
                "files": heard.files_json(),
                "refused": heard.refused_json(),
            }))?);
        }
        let mut out = anstream::stdout().lock();
        let mut table = Table::default();
        table.heading(&["FINGERPRINT", "KIND", "LIST", "STATE"]);
        for row in rows {
            let plain = |text: String| (Style::new(), text);
            table.row([
                plain(entries::fingerprint(&row.key)),
                plain(row.kind.to_owned()),
                plain(self.about.list().to_owned()),
                (BAD, row.state().to_owned()),
            ]);
        }
        table.print(&mut out)?;
        out.flush()?;
        for line in damaged(held) {
            output::warning(&format!(
                "line {line}: banned, but the token's own checksum is wrong: mistyped or cut?"
            ));
        }
        heard.print();
        Ok(())
    }
}

impl Row {
    fn state(&self) -> &'static str {
        match self.taken {
            Taken::Before => "already banned",
            Taken::Beside => "banned too",
            Taken::New => "banned",
            Taken::Replaced => "replaced",
            Taken::Stronger => "strengthened",
        }
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "line": self.line,
            "fingerprint": entries::fingerprint(&self.key),
            "kind": self.kind,
            "state": self.state(),
        })
    }
}

/// A token until the store is locked: never while a person types.
struct Held {
    line: u64,
    secret: Admissible<'static>,
    damaged: bool,
}

impl Held {
    fn of(line: u64, admitted: &Admitted<'_>) -> Held {
        Held { line, secret: admitted.secret.owned(), damaged: admitted.damaged }
    }
}

fn damaged(held: &[Held]) -> impl Iterator<Item = u64> + '_ {
    held.iter().filter(|held| held.damaged).map(|held| held.line)
}
