//! `tokenban export`: the entries for other programs, or tokens for GitHub to revoke.

use std::{
    error::Error,
    io::{self, BufWriter, IsTerminal, Write},
    path::PathBuf,
};

use clap::{Args, ValueEnum};
use tokenban_denylist::{Entry, Store};

use super::{list, Outcome};
use crate::{
    choose::Choose,
    entries, fingerprints,
    import::{io_error, read, Admitted, Finding, Intake, Options, Wanted},
    input::{self, Input},
    output,
    revocation::Requests,
    store::StoreAt,
    time, Exit,
};

/// Export the entries of a store, or the tokens of reports for GitHub to revoke.
///
/// A store holds digests and no tokens. So github-revocation, which needs tokens in clear, reads
/// reports and lists as `import` does, and no store: a line of its output is the body of one request
/// POST /credentials/revoke, with at most 1000 tokens of the kinds that GitHub revokes (ghp_,
/// github_pat_, gho_, ghu_, ghr_). GitHub takes 60 requests an hour, without authentication, and a
/// revoked token never works again. This output holds tokens: it is not written to a terminal.
///
/// Exit codes: 0 fine, 1 no token that GitHub revokes, 2 error.
#[derive(Args)]
#[command(after_help = "Example: tokenban export --format github-revocation gitleaks.json |
  while read -r body; do
    printf %s \"$body\" | curl --data @- https://api.github.com/credentials/revoke
  done")]
pub(crate) struct Export {
    #[command(flatten)]
    store: StoreAt,
    /// What to write
    #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
    format: Shape,
    /// Only the entries of this denylist
    #[arg(long, value_name = "NAME")]
    list: Option<String>,
    #[command(flatten)]
    choose: Choose,
    /// Of github-revocation: reports and lists; standard input if there is none
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// What is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// Entries, a table with a header row
    Csv,
    /// Bodies for GitHub's credential revocation API, from reports
    GithubRevocation,
    /// Entries, a JSON object a line
    Jsonl,
}

impl Export {
    pub(super) fn run(self) -> Outcome {
        if self.format == Shape::GithubRevocation {
            return self.revocation();
        }
        if !self.files.is_empty() {
            return Err("entries come from the store; only --format github-revocation reads \
                        reports"
                .into());
        }
        let store = self.store.open_read_only()?;
        let out = BufWriter::new(io::stdout().lock());
        let written = match self.format {
            Shape::Csv => self.csv(&store, out)?,
            _ => self.jsonl(&store, out)?,
        };
        match &self.list {
            Some(name) if written == 0 => Err(list::unknown(&store, name)?.into()),
            _ => Ok(Exit::Fine),
        }
    }

    /// Hands over what is chosen, with a bar on standard error.
    fn each(
        &self,
        store: &Store,
        write: &mut dyn FnMut(&Entry<'_>) -> io::Result<()>,
    ) -> Result<u64, Box<dyn Error>> {
        let (snapshot, choice) = (store.read()?, self.choose.choice(self.list.as_deref()));
        let bar = input::counted("exporting", snapshot.keys()?);
        let mut written = 0;
        for entry in snapshot.entries()? {
            bar.inc(1);
            let entry = entry?;
            if choice.takes(&entry) {
                write(&entry)?;
                written += 1;
            }
        }
        bar.finish_and_clear();
        Ok(written)
    }

    fn jsonl(&self, store: &Store, mut out: impl Write) -> Result<u64, Box<dyn Error>> {
        let written = self.each(store, &mut |entry| writeln!(out, "{}", entries::json(entry)))?;
        out.flush()?;
        Ok(written)
    }

    fn csv(&self, store: &Store, out: impl Write) -> Result<u64, Box<dyn Error>> {
        let mut table = csv::Writer::from_writer(out);
        table.write_record(COLUMNS).map_err(io_error)?;
        let mut write = |entry: &Entry<'_>| table.write_record(cells(entry)).map_err(io_error);
        let written = self.each(store, &mut write)?;
        table.flush()?;
        Ok(written)
    }

    fn revocation(&self) -> Outcome {
        if io::stdout().is_terminal() {
            return Err("the output holds tokens in clear; send it to a file or a pipe".into());
        }
        let mut out = BufWriter::new(io::stdout().lock());
        let mut requests = Requests::new(&mut out);
        let mut others = 0_u64;
        let mut written = Ok(());
        let mut take = |tokens: &[Admitted<'_>], _: &Finding<'_>| {
            for token in tokens {
                match requests.add(token.secret.token()) {
                    Ok(taken) => others += u64::from(!taken),
                    Err(error) => written = Err(error),
                }
            }
        };
        for input in Input::open_all(&self.files)? {
            let name = input.name.clone();
            let mut intake = Intake::new(Wanted { inactive: true, ..Wanted::default() }, &mut take);
            let mut sink = |finding: Finding<'_>| intake.add(finding);
            read(&mut input.watched(), &Options::default(), &mut sink)
                .map_err(|error| format!("{name}: {error}"))?;
        }
        written?;
        let (credentials, requests) = requests.finish()?;
        out.flush()?;
        let tokens = output::count(credentials, "token");
        let requests = output::count(requests, "request");
        eprintln!("{tokens} in {requests}; {others} of kinds that GitHub does not revoke here");
        Ok(if credentials == 0 { Exit::Found } else { Exit::Fine })
    }
}

const COLUMNS: [&str; 15] = [
    "fingerprint",
    "kind",
    "list",
    "reason",
    "source",
    "added",
    "expires",
    "issued_before",
    "key",
    "level",
    "except",
    "incident",
    "claim",
    "issuer",
    "value",
];

fn cells(entry: &Entry<'_>) -> [String; 15] {
    let time = |second: Option<u64>| second.map(time::shown).unwrap_or_default();
    let claim = entry.claim.map(|claim| (claim.name, claim.issuer, claim.value));
    let (claim, issuer, value) = claim.unwrap_or_default();
    [
        fingerprints::of_entry(&entry.key),
        entries::kind(entry.kind).to_owned(),
        entry.list.to_owned(),
        entry.reason.to_owned(),
        entry.source.to_owned(),
        time::shown(entry.added_at),
        time(entry.expires),
        time(entry.issued_before),
        entries::hex(&entry.key),
        entries::level(entry.level).to_owned(),
        entry.except.to_string(),
        entry.is_named.to_string(),
        claim.to_owned(),
        issuer.unwrap_or_default().to_owned(),
        value.unwrap_or_default().to_owned(),
    ]
}
