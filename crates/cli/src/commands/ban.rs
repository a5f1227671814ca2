//! `tokenban ban`: puts tokens on a denylist.

use std::{error::Error, path::PathBuf};

use clap::Args;
use serde_json::json;
use tokenban_denylist::{EntryKey, NewEntry, Snapshot, Store, Target, Writer};

use super::Outcome;
use crate::{
    act::act,
    asking::RulesAt,
    blast::{Counted, Logs},
    claims::{Claims, Named},
    echo::{Echo, Row},
    import::{Admissible, Admitted, Purpose},
    output,
    store::{About, Effect, StoreAt},
    targets::{self, As},
    time,
    tokens::{self, Given, Heard},
    Exit,
};

/// Ban tokens: put them on a denylist.
///
/// Tokens are read from standard input or files: a token a line, or a report of any format that
/// `import` knows. Quotes, commas, `NAME=`, `Bearer`, addresses and escapes around a token are taken
/// off, and the answer says so. `sha256:` or `sha1:` before hex digits stands for a token that is not
/// written down. A JWT is banned in every spelling. NGINX denies a banned token from its next request on.
///
/// A ban never weakens another: of two of one incident (--reason) on one list the stronger one stays,
/// and those of other incidents stand beside it. The answer says what was there, and which rules ask
/// the list.
///
/// Exit codes: 0 all are banned, 1 some lines were refused and the others are banned, or no rule asks
/// the list, 2 error, nothing was banned.
#[derive(Args)]
#[command(
    after_help = "Example: printf %s \"$TOKEN\" | tokenban ban --list leaked --reason INC-42"
)]
pub(crate) struct Ban {
    #[command(flatten)]
    store: StoreAt,
    #[command(flatten)]
    about: About,
    #[command(flatten)]
    effect: Effect,
    /// Ban a JWT only as a JWT, or only as a token, byte for byte
    #[arg(long = "as", value_name = "KIND")]
    only: Option<As>,
    #[command(flatten)]
    claims: Claims,
    /// Of claims, only JWTs issued before this time (claim iat)
    #[arg(
        long,
        value_name = "TIME",
        requires = "by_claim",
        value_parser = time::at,
        allow_hyphen_values = true
    )]
    issued_before: Option<u64>,
    /// Put the entry in the place of all that the list has for the same token, even if it is weaker
    #[arg(long)]
    replace: bool,
    /// Change nothing, only tell what would be banned
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    logs: Logs,
    /// Ban what looks like no token, too: a common word, a short value, its digest
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    rules: RulesAt,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
    /// Files of tokens, or reports; standard input if there is none
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Ban {
    pub(super) fn run(self) -> Outcome {
        let named = self.claims.named(&self.files)?;
        let (held, heard) = self.held(&named)?;
        let asked = self.rules.asked(self.about.list());
        let mut store = self.store.open()?;
        let is_new = is_new(&store.read()?, self.about.list())?;
        let rows = self.put_all(&mut store, &named, &held)?;
        let logs = self.of_late(&named, &held)?;
        let echo = Echo {
            list: self.about.list(),
            is_new,
            until: self.about.expires,
            issued_before: self.issued_before,
            reason: self.about.reason.as_deref().unwrap_or_default(),
            effect: &self.effect,
            dry_run: self.dry_run,
            asked: &asked,
            rows: &rows,
        };
        match self.json {
            true => self.print_json(&echo, &held, &heard, &logs)?,
            false => self.print(&echo, &held, &heard, &logs)?,
        }
        let is_asked = echo.warn();
        Ok(if heard.is_whole() && is_asked { Exit::Fine } else { Exit::Found })
    }

    /// Reads the tokens; never while the store is locked.
    fn held(&self, named: &[Named]) -> Result<(Vec<Held>, Heard), Box<dyn Error>> {
        let mut held = Vec::new();
        if !named.is_empty() {
            return Ok((held, Heard::default()));
        }
        let mut number = 0;
        let mut hold = |given: &Given<'_>| {
            number += 1;
            held.extend(given.tokens.iter().map(|token| Held::of(given.line, number, token)));
        };
        let purpose = if self.force { Purpose::Insist } else { Purpose::Ban };
        let heard = tokens::each(&self.files, purpose, &mut hold)?;
        self.check(&held, &heard)?;
        Ok((held, heard))
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

    /// How many requests of late would have been denied.
    fn of_late(&self, named: &[Named], held: &[Held]) -> Result<Vec<Counted>, Box<dyn Error>> {
        let mut blast = self.logs.blast();
        if let Some(blast) = &mut blast {
            named.iter().for_each(|claim| blast.add(&claim.target(), self.issued_before));
            for Held { secret, .. } in held {
                targets::each(secret, self.only, &mut |target| blast.add(&target, None));
            }
        }
        self.logs.read(blast.as_ref())
    }

    fn put_all(
        &self,
        store: &mut Store,
        named: &[Named],
        held: &[Held],
    ) -> Result<Vec<Row>, Box<dyn Error>> {
        let command = if self.replace { "ban --replace" } else { "ban" };
        let reason = self.about.reason.as_deref().unwrap_or_default();
        store.sign(act(command, reason, &format!("list {}", self.about.list())));
        let mut writer = store.write()?;
        let (mut rows, now) = (Vec::new(), time::now());
        for claim in named {
            self.put(&mut writer, (None, now), claim.target(), &mut rows)?;
        }
        for of_one in held.chunk_by(|one, other| one.number == other.number) {
            let mut keys: Vec<EntryKey> = Vec::new();
            for Held { line, secret, .. } in of_one {
                let mut failed = None;
                targets::each(secret, self.only, &mut |target| {
                    keys.push(target.key());
                    let put = self.put(&mut writer, (Some(*line), now), target, &mut rows);
                    failed = failed.take().or(put.err());
                });
                failed.map_or(Ok(()), Err)?;
            }
            if keys.len() > 1 {
                writer.link(&keys)?;
            }
        }
        if !self.dry_run {
            writer.commit()?;
        }
        Ok(rows)
    }

    fn put(
        &self,
        writer: &mut Writer<'_>,
        (line, now): (Option<u64>, u64),
        target: Target<'_>,
        rows: &mut Vec<Row>,
    ) -> Result<(), Box<dyn Error>> {
        let key = target.key();
        let entry = NewEntry {
            issued_before: self.issued_before,
            level: self.effect.level(),
            except: self.effect.networks(),
            ..self.about.entry(target, now)
        };
        let was = writer.find(&key)?;
        let was = was.iter().filter(|entry| entry.list == self.about.list());
        let was = was.map(crate::entries::json).collect();
        let taken = match self.replace {
            true => writer.replace(&entry)?,
            false => writer.ban(&entry)?,
        };
        rows.push(Row { line, key, what: crate::entries::what_of(&target), taken, was });
        Ok(())
    }

    fn print_json(
        &self,
        echo: &Echo<'_>,
        held: &[Held],
        heard: &Heard,
        logs: &[Counted],
    ) -> Result<(), Box<dyn Error>> {
        let mut value = echo.json();
        let damaged: Vec<_> = damaged(held).collect();
        value["damaged"] = json!(damaged);
        value["files"] = json!(heard.files_json());
        value["refused"] = json!(heard.refused_json());
        value["logs"] = logs.iter().map(Counted::json).collect();
        Ok(output::json(&value)?)
    }

    fn print(
        &self,
        echo: &Echo<'_>,
        held: &[Held],
        heard: &Heard,
        logs: &[Counted],
    ) -> Result<(), Box<dyn Error>> {
        echo.print()?;
        logs.iter().try_for_each(|log| log.print(&mut anstream::stdout().lock()))?;
        for line in damaged(held) {
            output::warning(&format!(
                "line {line}: banned, but the token's own checksum is wrong: mistyped or cut?"
            ));
        }
        heard.print();
        Ok(())
    }
}

/// Whether nothing is on a list, of which the store knows no more than its entries.
fn is_new(snapshot: &Snapshot<'_>, list: &str) -> Result<bool, Box<dyn Error>> {
    Ok(!snapshot.lists()?.contains(list))
}

/// A token until the store is locked: never while a person types.
struct Held {
    line: u64,
    /// What belongs together has the same.
    number: u64,
    secret: Admissible<'static>,
    damaged: bool,
}

impl Held {
    fn of(line: u64, number: u64, admitted: &Admitted<'_>) -> Held {
        Held { line, number, secret: admitted.secret.owned(), damaged: admitted.damaged }
    }
}

fn damaged(held: &[Held]) -> impl Iterator<Item = u64> + '_ {
    held.iter().filter(|held| held.damaged).map(|held| held.line)
}
