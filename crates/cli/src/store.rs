//! The store that a command works on, and what its entries have in common.

use std::{
    cell::OnceCell,
    error::Error,
    path::{Path, PathBuf},
};

use clap::Args;
use tokenban_denylist::{NewEntry, Store, Target};
use tokenban_engine::denylist::{Level, Network, Networks};

use crate::{fingerprints, import::Kept, interrupt, time};

/// Which store.
#[derive(Args)]
pub(crate) struct StoreAt {
    /// The store, as the directive tokenban_store names it
    #[arg(long = "store", value_name = "PATH", env = "TOKENBAN_STORE", hide_env_values = true)]
    path: Option<PathBuf>,
    /// The key of fingerprints, as the directive tokenban_fingerprint_key names it; without it, the file
    /// fingerprint.key of the store
    #[arg(long, value_name = "FILE", env = "TOKENBAN_FINGERPRINT_KEY", hide_env_values = true)]
    fingerprint_key: Option<PathBuf>,
}

impl StoreAt {
    /// Its path.
    pub(crate) fn path(&self) -> Result<&Path, Box<dyn Error>> {
        let missing = "no store is named; write --store PATH or set TOKENBAN_STORE";
        Ok(self.path.as_deref().ok_or(missing)?)
    }

    /// Opens it to change it. From here on, Ctrl-C says whether something was changed.
    pub(crate) fn open(&self) -> Result<Store, Box<dyn Error>> {
        self.load_fingerprint_key()?;
        let mut store = Store::open(self.path()?)?;
        store.before_commit(interrupt::begins);
        Ok(store)
    }

    /// Opens it to look at it.
    pub(crate) fn open_read_only(&self) -> Result<Store, Box<dyn Error>> {
        self.load_fingerprint_key()?;
        Ok(Store::open_read_only(self.path()?)?)
    }

    /// Reads the key, so that what is printed has the fingerprints of NGINX's logs.
    pub(crate) fn load_fingerprint_key(&self) -> Result<(), Box<dyn Error>> {
        fingerprints::load(self.fingerprint_key.as_deref(), self.path.as_deref())
    }

    /// Whether one is named.
    pub(crate) fn is_named(&self) -> bool {
        self.path.is_some()
    }
}

/// What people say about the entries that they add.
#[derive(Args)]
pub(crate) struct About {
    /// The denylist; without it, "leaked"
    #[arg(long, value_name = "NAME")]
    list: Option<String>,
    /// The incident: it shows in NGINX's log, and `tokenban undo` lifts what it banned
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Where the tokens come from
    #[arg(long, value_name = "TEXT")]
    pub(crate) source: Option<String>,
    /// When the entries end: 2027-01-31 (its beginning), "2027-01-31 12:00" (local time), RFC 3339, or
    /// from now on 90m, 12h, 30d, 8w
    #[arg(long, value_name = "WHEN", value_parser = time::later)]
    pub(crate) expires: Option<u64>,
}

impl About {
    /// The denylist.
    pub(crate) fn list(&self) -> &str {
        self.list.as_deref().unwrap_or("leaked")
    }

    /// An entry of another store: it stays as it is, where nothing else is said.
    pub(crate) fn known<'a>(&'a self, target: Target<'a>, kept: &Kept<'a>) -> NewEntry<'a> {
        NewEntry {
            list: self.list.as_deref().unwrap_or(kept.list),
            source: self.source.as_deref().unwrap_or(kept.source),
            expires: self.expires.or(kept.expires),
            issued_before: kept.issued_before,
            is_named: self.reason.is_some() || kept.is_named,
            level: kept.level,
            except: kept.except,
            ..self.entry(kept.of(target), kept.added)
        }
    }

    /// An entry of which a person says this.
    pub(crate) fn entry<'a>(&'a self, target: Target<'a>, added_at: u64) -> NewEntry<'a> {
        NewEntry {
            reason: self.reason.as_deref().unwrap_or(""),
            is_named: self.reason.is_some(),
            source: self.source.as_deref().unwrap_or(""),
            expires: self.expires,
            ..NewEntry::new(self.list(), target, added_at)
        }
    }
}

/// What the entries do.
#[derive(Args)]
pub(crate) struct Effect {
    /// Only report the tokens, as a rule with action monitor does
    #[arg(long)]
    monitor: bool,
    /// Only report them for clients in this network, such as your own scanner's; may be repeated
    #[arg(long, value_name = "NETWORK")]
    except: Vec<Network>,
    /// The same as the store keeps it.
    #[arg(skip)]
    bytes: OnceCell<Vec<u8>>,
}

impl Effect {
    pub(crate) fn level(&self) -> Level {
        match self.monitor {
            true => Level::Monitor,
            false => Level::Deny,
        }
    }

    pub(crate) fn networks(&self) -> Networks<'_> {
        let bytes = || {
            let mut networks = self.except.clone();
            networks.sort_unstable();
            networks.dedup();
            networks.iter().flat_map(|network| *network.as_bytes()).collect()
        };
        Networks::from_bytes(self.bytes.get_or_init(bytes)).unwrap_or_default()
    }

    /// For programs.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.except.iter().map(ToString::to_string).collect()
    }

    /// For people: the end of a sentence.
    pub(crate) fn text(&self) -> String {
        match (self.monitor, self.except.is_empty()) {
            (true, _) => "; only reported".to_owned(),
            (false, true) => String::new(),
            (false, false) => format!("; only reported for {}", self.networks()),
        }
    }
}

/// Reasons and sources are short: the store keeps no more.
const LONGEST_TEXT: usize = 1000;

/// So much of a text as the store keeps.
pub(crate) fn shortened(mut text: String) -> String {
    let mut end = text.len().min(LONGEST_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(shortened("é".repeat(501)).len(), 1000);
        assert_eq!(shortened(format!("a{}", "é".repeat(500))).len(), 999);
        assert_eq!(shortened("short".to_owned()), "short");
    }
}
