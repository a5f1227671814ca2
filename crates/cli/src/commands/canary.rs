//! `tokenban canary`: decoys to plant, whose use is an alert.

use std::{
    error::Error,
    io::{self, Write},
};

use clap::{Args, Subcommand};
use serde_json::json;
use tokenban_denylist::{NewEntry, Store};
use tokenban_engine::denylist::Level;

use super::Outcome;
use crate::{
    act::act,
    asking::{Asked, Asking, RulesAt},
    canary::{self, Like},
    import::Admissible,
    output,
    store::StoreAt,
    targets, time, Exit,
};

/// Make decoys to plant: whoever uses one has been where it lay.
#[derive(Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Canary {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    New(New),
}

/// Make up a decoy, put it on a denylist as a canary, and print it.
///
/// Plant it where a thief would look: a wiki, a build log, a laptop's home directory. NGINX denies its use
/// as that of any banned token, logs it at the level alert and sets $tokenban_canary to 1. A rule that
/// only monitors lets it pass and tells it in the same way.
///
/// The decoy is the only thing on standard output. What was done is said on standard error.
///
/// Exit codes: 0 fine, 1 no rule asks the list, 2 error.
#[derive(Args)]
#[command(
    after_help = "Example: tokenban canary new --like aws --note \"in the old wiki\" >> credentials"
)]
struct New {
    #[command(flatten)]
    store: StoreAt,
    /// What the decoy looks like
    #[arg(long, value_name = "KIND", default_value = "key")]
    like: Like,
    /// Where it will lie: NGINX logs it as the reason, and `tokenban undo` takes the decoy off by it
    #[arg(long, value_name = "TEXT")]
    note: String,
    /// The denylist
    #[arg(long, value_name = "NAME", default_value = "leaked")]
    list: String,
    /// When it ends
    #[arg(long, value_name = "WHEN", value_parser = time::later)]
    expires: Option<u64>,
    #[command(flatten)]
    rules: RulesAt,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Canary {
    pub(super) fn run(self) -> Outcome {
        match self.what {
            What::New(new) => new.run(),
        }
    }
}

impl New {
    fn run(self) -> Outcome {
        let asked = self.rules.asked(&self.list);
        let decoy = canary::new(self.like)?;
        let secret = Admissible::Token(decoy.token.as_bytes().into());
        self.ban(&mut self.store.open()?, &secret)?;
        self.print(&decoy.text, &targets::fingerprint(&secret), &asked)?;
        Ok(if crate::asking::warn(&self.list, &asked) { Exit::Fine } else { Exit::Found })
    }

    fn ban(&self, store: &mut Store, secret: &Admissible<'_>) -> Result<(), Box<dyn Error>> {
        store.sign(act("canary new", &self.note, &format!("list {}", self.list)));
        let mut writer = store.write()?;
        let mut failed = None;
        targets::each(secret, None, &mut |target| {
            let entry = NewEntry {
                reason: &self.note,
                is_named: true,
                source: "tokenban canary",
                expires: self.expires,
                level: Level::Canary,
                ..NewEntry::new(&self.list, target, time::now())
            };
            failed = failed.take().or(writer.ban(&entry).err());
        });
        failed.map_or(Ok(()), Err)?;
        Ok(writer.commit()?)
    }

    fn print(&self, text: &str, fingerprint: &str, asked: &Asked) -> io::Result<()> {
        let rules = asked.as_ref().ok().and_then(Option::as_deref);
        if self.json {
            return output::json(&json!({
                "canary": text,
                "fingerprint": fingerprint,
                "list": self.list,
                "note": self.note,
                "expires": self.expires.map(time::shown),
                "rules": rules.map(|all| all.iter().map(Asking::json).collect::<Vec<_>>()),
            }));
        }
        writeln!(io::stdout().lock(), "{text}")?;
        let until =
            self.expires.map_or("for good".into(), |end| format!("until {}", time::both(end)));
        output::note(&format!(
            "canary {fingerprint} on the list \"{}\" {until}: {}",
            self.list, self.note
        ));
        rules.unwrap_or_default().iter().for_each(|rule| output::note(&rule.text()));
        Ok(())
    }
}
