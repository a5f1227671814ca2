//! The store that a command works on, and what its entries have in common.

use std::{
    error::Error,
    path::{Path, PathBuf},
};

use clap::Args;
use tokenban_denylist::{NewEntry, Store, Target};

use crate::{import::Kept, time};

/// Which store.
#[derive(Args)]
pub(crate) struct StoreAt {
    /// The store, as the directive tokenban_store names it
    #[arg(long = "store", value_name = "PATH", env = "TOKENBAN_STORE", hide_env_values = true)]
    path: Option<PathBuf>,
}

impl StoreAt {
    /// Its path.
    pub(crate) fn path(&self) -> Result<&Path, Box<dyn Error>> {
        let missing = "no store is named; write --store PATH or set TOKENBAN_STORE";
        Ok(self.path.as_deref().ok_or(missing)?)
    }

    /// Opens it to change it.
    pub(crate) fn open(&self) -> Result<Store, Box<dyn Error>> {
        Ok(Store::open(self.path()?)?)
    }

    /// Opens it to look at it.
    pub(crate) fn open_read_only(&self) -> Result<Store, Box<dyn Error>> {
        Ok(Store::open_read_only(self.path()?)?)
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
    /// Why: an incident, a ticket; it shows in NGINX's log
    #[arg(long, value_name = "TEXT", value_parser = short)]
    pub(crate) reason: Option<String>,
    /// Where the tokens come from
    #[arg(long, value_name = "TEXT", value_parser = short)]
    pub(crate) source: Option<String>,
    /// When the entries end: 2027-01-31, 2027-01-31T12:00:00Z, or from now on 90m, 12h, 30d, 8w
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

/// Reasons and sources are short: the store keeps no more.
const LONGEST_TEXT: usize = 1000;

fn short(text: &str) -> Result<String, String> {
    match text.len() > LONGEST_TEXT {
        true => Err(format!("longer than {LONGEST_TEXT} bytes")),
        false => Ok(text.to_owned()),
    }
}

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
        assert!(short(&"a".repeat(1001)).is_err());
    }
}
