//! `tokenban test`: sends banned decoys through the front door, and says which got past.

use std::{
    error::Error,
    fs::File,
    io::{Read, Write},
};

use anstyle::Style;
use clap::Args;
use serde_json::{json, Value};
use tokenban_denylist::{NewEntry, Store, Target};
use tokenban_engine::Jwt;

use super::Outcome;
use crate::{
    act::act,
    curl::{Curl, Door},
    decoy::{self, Decoy},
    output::{self, Table, BAD, GOOD},
    store::StoreAt,
    time, Exit,
};

/// Send banned decoys to a server, in their disguises, and say which got past.
///
/// A token and a JWT are made up and banned; each is sent as headers, cookies, arguments and bodies carry
/// it; then both are taken off again, and would end by themselves after five minutes. A request with
/// tokens that are not banned comes first: where it is refused like the others, nothing can be told.
/// The requests are made by curl, which must be installed.
///
/// Exit codes: 0 every disguise was denied, 1 some got past, 2 error.
#[derive(Args)]
#[command(after_help = "Example: tokenban test https://api.example.com/v1/me")]
pub(crate) struct Test {
    #[command(flatten)]
    store: StoreAt,
    /// The denylist
    #[arg(long, value_name = "NAME", default_value = "leaked")]
    list: String,
    /// The status of a denial: the server's tokenban_status
    #[arg(long, value_name = "CODE", default_value = "403")]
    status: u16,
    #[command(flatten)]
    door: Door,
    /// Leave requests with a body out: for rules that look at heads only
    #[arg(long)]
    no_body: bool,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
    /// Where to send them
    #[arg(value_name = "URL")]
    url: String,
}

/// What became of one disguise.
struct Sent {
    name: &'static str,
    status: u16,
}

impl Test {
    pub(super) fn run(self) -> Outcome {
        let curl = Curl::new(&self.url, &self.door)?;
        let (banned, clean) = (decoy::pair(&random()?), decoy::pair(&random()?));
        let before = curl.send(&decoy::plain(&clean))?;
        if before == self.status {
            return Err(format!(
                "a request with a token that is not banned gets {before}, too: nothing can be told; name \
                 a URL that answers it otherwise, or the status of a denial with --status"
            )
            .into());
        }
        let mut store = self.store.open()?;
        self.ban(&mut store, &banned, time::now() + LASTS)?;
        let sent = self.send_all(&curl, &banned);
        self.unban(&mut store, &banned)?;
        let sent = sent?;
        match self.json {
            true => output::json(&self.report(&sent, before))?,
            false => self.print(&sent, before)?,
        }
        let all_denied = sent.iter().all(|sent| sent.status == self.status);
        Ok(if all_denied { Exit::Fine } else { Exit::Found })
    }

    fn send_all(&self, curl: &Curl<'_>, banned: &Decoy) -> Result<Vec<Sent>, Box<dyn Error>> {
        let disguises = decoy::disguises(banned);
        let wanted = disguises.iter().filter(|disguise| !self.no_body || !disguise.has_body());
        let send = |disguise: &decoy::Disguise| {
            Ok(Sent { name: disguise.name, status: curl.send(disguise)? })
        };
        wanted.map(send).collect()
    }

    fn ban(&self, store: &mut Store, decoy: &Decoy, end: u64) -> Result<(), Box<dyn Error>> {
        store.sign(act("test", "", &format!("list {}: decoys banned", self.list)));
        let mut writer = store.write()?;
        let mut failed = None;
        targets(decoy, &mut |target| {
            let entry = NewEntry {
                source: "tokenban test",
                expires: Some(end),
                ..NewEntry::new(&self.list, target, time::now())
            };
            failed = failed.take().or(writer.ban(&entry).err());
        });
        failed.map_or(Ok(()), Err)?;
        Ok(writer.commit()?)
    }

    fn unban(&self, store: &mut Store, decoy: &Decoy) -> Result<(), Box<dyn Error>> {
        store.sign(act("test", "", &format!("list {}: decoys taken off", self.list)));
        let mut writer = store.write()?;
        let mut failed = None;
        targets(decoy, &mut |target| {
            failed = failed.take().or(writer.unban(&self.list, &target).err());
        });
        failed.map_or(Ok(()), Err)?;
        Ok(writer.commit()?)
    }

    fn report(&self, sent: &[Sent], before: u16) -> Value {
        let one = |sent: &Sent| {
            let denied = sent.status == self.status;
            json!({ "disguise": sent.name, "status": sent.status, "denied": denied })
        };
        json!({
            "url": self.url,
            "list": self.list,
            "clean_status": before,
            "sent": sent.iter().map(one).collect::<Vec<_>>(),
        })
    }

    fn print(&self, sent: &[Sent], before: u16) -> std::io::Result<()> {
        let mut out = anstream::stdout().lock();
        let mut table = Table::default();
        table.heading(&["DISGUISE", "STATUS", ""]);
        for Sent { name, status } in sent {
            let verdict = match *status == self.status {
                true => (GOOD, "denied".to_owned()),
                false => (BAD, "got past".to_owned()),
            };
            let plain = |text: String| (Style::new(), text);
            table.row([plain((*name).to_owned()), plain(status.to_string()), verdict]);
        }
        table.print(&mut out)?;
        let past = sent.iter().filter(|sent| sent.status != self.status).count();
        let clean = format!("a token that is not banned gets {before}");
        match past {
            0 => writeln!(out, "{GOOD}all {} were denied{GOOD:#}; {clean}", sent.len()),
            past => writeln!(out, "{BAD}{past} of {} got past{BAD:#}; {clean}", sent.len()),
        }
    }
}

/// How long the decoys stay banned where this command is killed, in seconds.
const LASTS: u64 = 300;

fn targets(decoy: &Decoy, sink: &mut dyn FnMut(Target<'_>)) {
    sink(Target::Token(decoy.token.as_bytes()));
    Jwt::each(decoy.jwt.as_bytes(), &mut |jwt| {
        sink(Target::Jwt { header: jwt.header(), payload: jwt.payload() });
    });
}

fn random() -> std::io::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}
