//! `tokenban import`: bans what leak reports and lists hold.

use std::{
    error::Error,
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::{json, Value};
use tokenban_denylist::{Batch, EntryKey, ImportOptions, Imported, NewEntry, StoreError};

use super::Outcome;
use crate::{
    act::act,
    asking::{self, Asked, RulesAt},
    blast::{Blast, Counted, Logs},
    echo::Terms,
    import::{
        format_parser, read, Admitted, Finding, Format, Intake, Options, Purpose, Report, Wanted,
    },
    input::{self, Input},
    output::{self, GOOD, HEADING},
    store::{shortened, About, Effect, StoreAt},
    targets, time, Exit,
};

/// Import leak reports and lists of tokens: ban what they hold.
///
/// The format is recognised by the content. Everything is taken in at once, or nothing. What is no
/// token, or would deny clean requests, is refused, and told with its line: masked values, common
/// words, keys in PEM. The reason of an entry is the rule and link that the report gives.
///
/// Exit codes: 0 imported, 1 not one token was admitted of those that were found, or no rule asks the
/// list, 2 error, nothing was changed.
#[derive(Args)]
#[command(after_help = "Example: gitleaks git -f json -r - | tokenban import --list leaked")]
pub(crate) struct Import {
    #[command(flatten)]
    store: StoreAt,
    #[command(flatten)]
    about: About,
    #[command(flatten)]
    effect: Effect,
    /// The format, if it should not be recognised
    #[arg(long, value_name = "FORMAT", value_parser = format_parser())]
    format: Option<&'static Format>,
    /// Of a table: the column of the tokens, by name or number
    #[arg(long, value_name = "COLUMN")]
    column: Option<String>,
    /// Only tokens that the report verified
    #[arg(long)]
    only_verified: bool,
    /// Tokens that are no longer valid, too
    #[arg(long)]
    include_inactive: bool,
    /// Change nothing, only tell what would be imported
    #[arg(long)]
    dry_run: bool,
    /// Take everything off the list that the reports do not hold
    #[arg(long, requires = "list")]
    replace: bool,
    /// Let --replace take off more than half of the list
    #[arg(long, requires = "replace")]
    force: bool,
    #[command(flatten)]
    rules: RulesAt,
    #[command(flatten)]
    logs: Logs,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
    /// Reports and lists; standard input if there is none
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// What is to be banned.
struct Taken {
    batch: Batch,
    /// The same, to be looked for in logs.
    blast: Option<Blast>,
}

/// What was found in a file.
struct Read {
    name: String,
    report: Report,
}

impl Import {
    pub(super) fn run(self) -> Outcome {
        if !self.dry_run {
            self.store.path()?;
        }
        let batch = match self.store.is_named() {
            true => self.store.open()?.batch()?,
            false => Batch::new(),
        };
        let mut taken = Taken { batch, blast: self.logs.blast() };
        let mut files = Vec::new();
        for input in Input::open_all(&self.files)? {
            files.push(self.read(input, &mut taken)?);
        }
        let Taken { batch, blast } = taken;
        let logs = self.logs.read(blast.as_ref())?;
        let imported = match self.store.is_named() {
            true => Some(self.take_in(batch)?),
            false => None,
        };
        let asked = self.rules.asked(self.about.list());
        match self.json {
            true => output::json(&self.json(&files, imported.as_ref(), &logs))?,
            false => {
                self.print(&files, imported.as_ref())?;
                if imported.is_some() {
                    self.print_terms(&files, &asked)?;
                }
                logs.iter().try_for_each(|log| log.print(&mut anstream::stdout().lock()))?;
            }
        }
        let admitted: u64 = files.iter().map(|file| file.report.admitted).sum();
        let refused: u64 = files.iter().map(|file| file.report.not_understood()).sum();
        let is_asked = admitted == 0 || asking::warn(self.about.list(), &asked);
        Ok(if (admitted == 0 && refused > 0) || !is_asked { Exit::Found } else { Exit::Fine })
    }

    fn read(&self, input: Input, taken: &mut Taken) -> Result<Read, Box<dyn Error>> {
        let name = input.name.clone();
        let source = self.about.source.clone().unwrap_or_else(|| base_name(&name));
        let mut failed = None;
        let now = time::now();
        let mut take = |tokens: &[Admitted<'_>], finding: &Finding<'_>| {
            let mut keys = Vec::new();
            for token in tokens {
                let added = self.add(taken, token, finding, (&source, now), &mut keys);
                failed = failed.take().or(added.err());
            }
            taken.batch.link(keys);
        };
        let (inactive, only_verified) = (self.include_inactive, self.only_verified);
        let wanted = Wanted { inactive, only_verified, purpose: Purpose::Ban };
        let mut intake = Intake::new(wanted, &mut take);
        let options = Options { column: self.column.clone(), format: self.format };
        let mut sink = |finding: Finding<'_>| intake.add(finding);
        let format = read(&mut input.watched(), &options, &mut sink)
            .map_err(|error| format!("{name}: {error}"))?;
        let mut report = intake.report;
        report.format = Some(format);
        failed.map_or(Ok(Read { name, report }), |error| Err(error.into()))
    }

    fn add(
        &self,
        taken: &mut Taken,
        token: &Admitted<'_>,
        finding: &Finding<'_>,
        (source, now): (&str, u64),
        keys: &mut Vec<EntryKey>,
    ) -> Result<(), StoreError> {
        let found;
        let reason = match &self.about.reason {
            Some(reason) => reason,
            None => {
                found = shortened(finding.reason(token.secret.token()));
                &found
            }
        };
        let mut added = Ok(());
        targets::each(&token.secret, None, &mut |target| {
            keys.push(target.key());
            let entry = match &finding.kept {
                Some(kept) => NewEntry { reason, ..self.about.known(target, kept) },
                None => NewEntry {
                    reason,
                    source,
                    level: self.effect.level(),
                    except: self.effect.networks(),
                    ..self.about.entry(target, now)
                },
            };
            if let Some(blast) = &mut taken.blast {
                blast.add(&target, entry.issued_before);
            }
            if added.is_ok() {
                added = taken.batch.add(&entry);
            }
        });
        added
    }

    fn take_in(&self, batch: Batch) -> Result<Imported, Box<dyn Error>> {
        let bar = input::spinner("importing");
        let replace = self.replace.then_some(self.about.list());
        let options = ImportOptions { replace, force: self.force, dry_run: self.dry_run };
        let mut store = self.store.open()?;
        let command = if self.replace { "import --replace" } else { "import" };
        let reason = self.about.reason.as_deref().unwrap_or_default();
        store.sign(act(command, reason, &format!("list {}", self.about.list())));
        let imported = store.import(batch, &options)?;
        bar.finish_and_clear();
        Ok(imported)
    }

    fn print(&self, files: &[Read], imported: Option<&Imported>) -> io::Result<()> {
        let mut out = anstream::stdout().lock();
        for Read { name, report } in files {
            let format = report.format.map(|format| format.to_string()).unwrap_or_default();
            writeln!(out, "{HEADING}{}: {format}{HEADING:#}", output::printable(name))?;
            write!(out, "{}", report.text())?;
        }
        let Some(Imported { new, changed, before, removed }) = imported else {
            return writeln!(out, "{GOOD}dry run: nothing was changed{GOOD:#}");
        };
        let new = output::count_of(*new as usize, "new entry", "new entries");
        write!(out, "{GOOD}{new}, {before} there before or repeated")?;
        if *changed > 0 {
            write!(out, ", {changed} that deny more than before or for another incident")?;
        }
        if self.replace {
            write!(out, ", {removed} taken off")?;
        }
        let dry = if self.dry_run { "; dry run: nothing was changed" } else { "" };
        writeln!(out, "{dry}{GOOD:#}")
    }

    /// On what terms tokens were banned, and which rules ask for them. Exported entries keep theirs.
    fn print_terms(&self, files: &[Read], asked: &Asked) -> io::Result<()> {
        let is_export = |file: &Read| file.report.format.is_some_and(|format| format.is_export());
        let mut banning = files.iter().filter(|file| file.report.admitted > 0);
        if !banning.any(|file| !is_export(file)) {
            return Ok(());
        }
        let terms = Terms {
            list: self.about.list(),
            until: self.about.expires,
            issued_before: None,
            reason: self.about.reason.as_deref().unwrap_or_default(),
            effect: &self.effect,
        };
        let mut out = anstream::stdout().lock();
        writeln!(out, "{GOOD}{}{GOOD:#}", output::printable(&terms.text()))?;
        for rule in asked.as_ref().ok().and_then(Option::as_deref).unwrap_or_default() {
            writeln!(out, "{}", output::printable(&rule.text()))?;
        }
        Ok(())
    }

    fn json(&self, files: &[Read], imported: Option<&Imported>, logs: &[Counted]) -> Value {
        let file = |file: &Read| {
            let mut value = file.report.json();
            value["name"] = json!(file.name);
            value
        };
        let files: Vec<Value> = files.iter().map(file).collect();
        json!({
            "dry_run": self.dry_run,
            "files": files,
            "new": imported.map(|imported| imported.new),
            "changed": imported.map(|imported| imported.changed),
            "before": imported.map(|imported| imported.before),
            "removed": imported.map(|imported| imported.removed),
            "logs": logs.iter().map(Counted::json).collect::<Vec<_>>(),
        })
    }
}

/// The name of a file without its directories; standard input has none.
fn base_name(name: &str) -> String {
    let path = Path::new(name);
    let base = path.file_name().filter(|_| path.exists());
    base.map(|base| base.to_string_lossy().into_owned()).unwrap_or_default()
}
