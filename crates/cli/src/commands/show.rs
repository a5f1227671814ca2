//! `tokenban show`: what denies a token.

use std::{error::Error, path::PathBuf};

use clap::Args;
use serde_json::json;
use tokenban_denylist::{Entry, Snapshot};

use super::{list::note_unknown, Outcome};
use crate::{
    choose::Choose,
    claims::Claims,
    entries, fingerprints,
    import::{Admissible, Purpose},
    look::denying,
    output::{self, GOOD, HEADING},
    store::StoreAt,
    targets, time,
    tokens::{self, Given, Heard},
    Exit,
};

/// Show every entry that denies a token.
///
/// Tokens are read from standard input or files, as `ban` and `import` read them: an entry may name the token, its
/// digest, or the JWT by its content, its claim jti or its subject. With a fingerprint, as logs show
/// it, the entries of that fingerprint are shown, expired ones too; with a claim, those that name it.
///
/// Exit codes: 0 nothing denies it, 1 it would be denied, 2 error.
#[derive(Args)]
#[command(after_help = "Example: printf %s \"$TOKEN\" | tokenban show")]
pub(crate) struct Show {
    #[command(flatten)]
    store: StoreAt,
    /// Only entries of this denylist
    #[arg(long, value_name = "NAME")]
    list: Option<String>,
    #[command(flatten)]
    choose: Choose,
    #[command(flatten)]
    claims: Claims,
    /// A file of tokens; may be repeated
    #[arg(long = "file", value_name = "FILE", conflicts_with = "fingerprints")]
    files: Vec<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
    /// Fingerprints, as logs show them; without any, tokens are read
    #[arg(value_name = "FINGERPRINT")]
    fingerprints: Vec<String>,
}

/// What was asked about, and the entries that are found for it.
struct Answer<'s> {
    line: Option<u64>,
    fingerprint: String,
    entries: Vec<Entry<'s>>,
}

impl Show {
    pub(super) fn run(self) -> Outcome {
        let mut asked = Vec::new();
        let mut heard = Heard::default();
        let named = self.claims.named(&self.files)?;
        if self.fingerprints.is_empty() && named.is_empty() {
            let mut take = |given: &Given<'_>| {
                let secrets = given.tokens.iter().map(|token| token.secret.owned());
                asked.push((given.line, secrets.collect::<Vec<_>>()));
            };
            heard = tokens::each(&self.files, Purpose::Look, &mut take)?;
        }
        let store = self.store.open_read_only()?;
        note_unknown(&store, self.list.as_deref())?;
        let snapshot = store.read()?;
        let mut answers = self.by_fingerprint(&snapshot)?;
        for claim in &named {
            let key = claim.target().key();
            let (fingerprint, entries) = (fingerprints::of_entry(&key), snapshot.find(&key)?);
            answers.push(Answer { line: None, fingerprint, entries });
        }
        for (line, secrets) in asked {
            answers.extend(of_readings(&snapshot, line, &secrets)?);
        }
        if answers.is_empty() {
            heard.print();
            return Err("no token to look for; write one a line".into());
        }
        let choice = self.choose.choice(self.list.as_deref());
        answers.iter_mut().for_each(|answer| answer.entries.retain(|entry| choice.takes(entry)));
        print(&answers, self.json)?;
        heard.print();
        let denies = |entry: &Entry<'_>| !entries::is_over(entry, time::now());
        match answers.iter().any(|answer| answer.entries.iter().any(denies)) {
            true => Ok(Exit::Found),
            false => Ok(Exit::Fine),
        }
    }

    fn by_fingerprint<'s>(
        &self,
        snapshot: &'s Snapshot<'_>,
    ) -> Result<Vec<Answer<'s>>, Box<dyn Error>> {
        let mut answers = Vec::new();
        let keys = targets::keys_of_fingerprints(snapshot, &self.fingerprints)?;
        for (text, keys) in self.fingerprints.iter().zip(keys) {
            let mut entries = Vec::new();
            for key in keys {
                entries.extend(snapshot.find(&key)?);
            }
            answers.push(Answer { line: None, fingerprint: text.to_lowercase(), entries });
        }
        Ok(answers)
    }
}

/// What denies one text: the readings of it that are denied, or the first.
fn of_readings<'s>(
    snapshot: &'s Snapshot<'_>,
    line: u64,
    secrets: &[Admissible<'_>],
) -> Result<Vec<Answer<'s>>, Box<dyn Error>> {
    let mut answers = Vec::new();
    for secret in secrets {
        let entries = denying(snapshot, secret, time::now())?;
        answers.push(Answer {
            line: Some(line),
            fingerprint: targets::fingerprint(secret),
            entries,
        });
    }
    match answers.iter().any(|answer| !answer.entries.is_empty()) {
        true => answers.retain(|answer| !answer.entries.is_empty()),
        false => answers.truncate(1),
    }
    Ok(answers)
}

fn print(answers: &[Answer<'_>], json: bool) -> Result<(), Box<dyn Error>> {
    if json {
        let answers: Vec<_> = answers.iter().map(Answer::json).collect();
        return Ok(output::json(&json!({ "answers": answers }))?);
    }
    use std::io::Write;
    let mut out = anstream::stdout().lock();
    for Answer { fingerprint, entries, .. } in answers {
        if entries.is_empty() {
            writeln!(out, "{GOOD}{fingerprint} is not banned{GOOD:#}")?;
            continue;
        }
        let count = output::count_of(entries.len(), "entry", "entries");
        writeln!(out, "{HEADING}{fingerprint}: {count}{HEADING:#}")?;
        entries::table(entries, time::now()).print(&mut out)?;
    }
    Ok(())
}

impl Answer<'_> {
    fn json(&self) -> serde_json::Value {
        let entries: Vec<_> = self.entries.iter().map(entries::json).collect();
        json!({ "line": self.line, "fingerprint": self.fingerprint, "entries": entries })
    }
}
