//! Choosing entries of a store by what is said of them: one set of options for every command.

use clap::Args;
use tokenban_denylist::Choice;

use crate::{claims, entries, time};

/// Which entries.
#[derive(Args)]
pub(crate) struct Choose {
    /// Only those of this incident: its --reason
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Only those from this source
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,
    /// Only those of this kind: token, jwt, sha256, sha1, claim, or the name of a claim
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<String>,
    /// Only those added at this time or later
    #[arg(long, value_name = "TIME", value_parser = time::at, allow_hyphen_values = true)]
    added_from: Option<u64>,
    /// Only those added before this time
    #[arg(long, value_name = "TIME", value_parser = time::at, allow_hyphen_values = true)]
    added_before: Option<u64>,
}

impl Choose {
    /// With a list, or without.
    pub(crate) fn choice(&self, list: Option<&str>) -> Choice {
        let kind = self.kind.as_deref();
        Choice {
            list: list.map(str::to_owned),
            reason: self.reason.clone(),
            source: self.source.clone(),
            kind: kind.and_then(entries::kind_of),
            claim: kind.filter(|word| entries::kind_of(word).is_none()).map(str::to_owned),
            added_from: self.added_from,
            added_before: self.added_before,
        }
    }

    /// Whether something was said.
    pub(crate) fn is_given(&self) -> bool {
        !self.choice(None).is_any()
    }

    /// The incident.
    pub(crate) fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// For the log.
    pub(crate) fn text(&self) -> String {
        let time = |second: Option<u64>| second.map(time::shown);
        let parts = [
            ("reason", self.reason.clone()),
            ("source", self.source.clone()),
            ("kind", self.kind.clone()),
            ("added from", time(self.added_from)),
            ("added before", time(self.added_before)),
        ];
        let parts =
            parts.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value?)));
        parts.collect::<Vec<_>>().join(", ")
    }
}

/// A kind, or the name of a claim: anything else is a slip, unless it looks like a path.
fn kind(word: &str) -> Result<String, String> {
    let is_path = word.contains(['.', ':', '/', '_']);
    match entries::kind_of(word).is_some() || claims::is_word(word) || is_path {
        true => Ok(word.to_owned()),
        false => {
            Err("a kind is token, jwt, sha256, sha1, claim, or the name of a claim".to_owned())
        }
    }
}
