//! `tokenban seen`: which banned tokens are in use, as NGINX remembers it.

use std::error::Error;

use anstyle::Style;
use clap::Args;
use serde::Deserialize;
use serde_json::{json, Value};

use super::Outcome;
use crate::{
    curl::{self, Door},
    output::{self, Table},
    time, Exit,
};

/// Show which banned tokens were used, by whom, when first and when last.
///
/// NGINX is asked, which remembers it in its tokenban_zone: at the address of a location with
/// tokenban_status_page. What it has forgotten, or what was before, is in the logs. The question is put by
/// curl, which must be installed.
///
/// Exit codes: 0 none was used, 1 some were, 2 error.
#[derive(Args)]
#[command(after_help = "Example: tokenban seen --incident INC-42")]
pub(crate) struct Seen {
    /// The address of the status page
    #[arg(
        long,
        value_name = "URL",
        env = "TOKENBAN_STATUS_PAGE",
        default_value = "http://127.0.0.1:8083/tokenban/"
    )]
    url: String,
    #[command(flatten)]
    door: Door,
    /// Only tokens that were banned with this --reason
    #[arg(long, value_name = "TEXT", visible_alias = "reason")]
    incident: Option<String>,
    /// Only tokens on this denylist
    #[arg(long, value_name = "NAME")]
    list: Option<String>,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// What NGINX tells.
#[derive(Deserialize)]
struct Document {
    sightings: Vec<Sighting>,
    /// Sightings that were forgotten for want of room.
    evicted: u64,
}

#[derive(Deserialize)]
struct Sighting {
    fingerprint: String,
    first: u64,
    last: u64,
    denied: u64,
    monitored: u64,
    rule: String,
    list: String,
    reason: String,
    client: String,
    endpoint: String,
}

impl Seen {
    pub(super) fn run(self) -> Outcome {
        let url = format!("{}/seen.json", self.url.trim_end_matches('/'));
        let text = curl::fetch(&url, &self.door)?;
        let document: Document = serde_json::from_slice(&text).map_err(|_| no_page(&url))?;
        let mut sightings = document.sightings;
        sightings.retain(|one| self.wants(one));
        sightings.sort_by_key(|one| std::cmp::Reverse(one.last));
        if self.json {
            let sightings: Vec<Value> = sightings.iter().map(Sighting::json).collect();
            output::json(&json!({ "sightings": sightings, "evicted": document.evicted }))?;
        } else {
            print(&sightings)?;
        }
        if document.evicted > 0 {
            let forgotten = output::count(usize::try_from(document.evicted)?, "sighting");
            output::note(&format!(
                "NGINX has forgotten {forgotten} for want of room; make its tokenban_zone larger"
            ));
        }
        Ok(if sightings.is_empty() { Exit::Fine } else { Exit::Found })
    }

    fn wants(&self, sighting: &Sighting) -> bool {
        // NGINX has the beginning of a long reason only.
        let is_of = |incident: &String| match sighting.reason.strip_suffix('…') {
            Some(start) => incident.starts_with(start),
            None => sighting.reason == *incident,
        };
        self.incident.as_ref().is_none_or(is_of)
            && self.list.as_ref().is_none_or(|list| sighting.list == *list)
    }
}

impl Sighting {
    fn json(&self) -> Value {
        json!({
            "fingerprint": self.fingerprint,
            "first": time::shown(self.first),
            "last": time::shown(self.last),
            "denied": self.denied,
            "passed": self.monitored,
            "rule": self.rule,
            "list": self.list,
            "reason": self.reason,
            "client": self.client,
            "endpoint": self.endpoint,
        })
    }
}

fn no_page(url: &str) -> String {
    format!(
        "{url} is not what tokenban_status_page answers; name the address of a location that has it \
         with --url"
    )
}

fn print(sightings: &[Sighting]) -> Result<(), Box<dyn Error>> {
    let mut out = anstream::stdout().lock();
    if sightings.is_empty() {
        println!("no use is remembered");
        return Ok(());
    }
    let mut table = Table::default();
    table.heading(&[
        "LAST SEEN",
        "FIRST SEEN",
        "FINGERPRINT",
        "LIST",
        "REASON",
        "DENIED",
        "PASSED",
        "CLIENT",
        "ENDPOINT",
    ]);
    for one in sightings {
        let cells = [
            time::shown(one.last),
            time::shown(one.first),
            one.fingerprint.clone(),
            one.list.clone(),
            one.reason.clone(),
            one.denied.to_string(),
            one.monitored.to_string(),
            one.client.clone(),
            one.endpoint.clone(),
        ];
        table.row(cells.map(|text| (Style::new(), text)));
    }
    Ok(table.print(&mut out)?)
}
