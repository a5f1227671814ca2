//! `tokenban init`: makes a store.

use std::{error::Error, fs, io::Write};

use clap::Args;
use nix::unistd::{Group, User};
use serde_json::json;
use tokenban_denylist::{CreateOptions, Store};
use tokenban_engine::fingerprint::KEY_FILE;

use super::Outcome;
use crate::{
    key_file,
    output::{self, GOOD},
    store::StoreAt,
    Exit,
};

/// Make an empty store, which NGINX's workers can read.
///
/// A store is a directory of two files. Its owner changes it; its group, which must be that of
/// NGINX's workers, reads it. Readers write into lock.mdb and never into data.mdb: whoever can write
/// data.mdb can make a worker crash. A third file, fingerprint.key, holds the key of the fingerprints
/// that logs and commands show; give every node the same.
///
/// Exit codes: 0 made, 2 error.
#[derive(Args)]
#[command(after_help = "Example: tokenban init --store /var/lib/tokenban/store --group www-data")]
pub(crate) struct Init {
    #[command(flatten)]
    store: StoreAt,
    /// Who may change it: a user's name or number; without it, who runs this
    #[arg(long, value_name = "USER")]
    owner: Option<String>,
    /// The group of NGINX's workers: a name or number (see the directive user in nginx.conf)
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// Mode of the directory
    #[arg(long, value_name = "MODE", default_value = "750", value_parser = mode)]
    dir_mode: u32,
    /// Mode of data.mdb, which holds the entries
    #[arg(long, value_name = "MODE", default_value = "640", value_parser = mode)]
    data_mode: u32,
    /// Mode of lock.mdb, which readers write
    #[arg(long, value_name = "MODE", default_value = "660", value_parser = mode)]
    lock_mode: u32,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Init {
    pub(super) fn run(self) -> Outcome {
        let path = self.store.path()?;
        let options = CreateOptions {
            owner: self.owner.as_deref().map(user_id).transpose()?,
            group: self.group.as_deref().map(group_id).transpose()?,
            dir_mode: self.dir_mode,
            data_mode: self.data_mode,
            lock_mode: self.lock_mode,
        };
        if let Some(above) = path.parent() {
            fs::create_dir_all(above)
                .map_err(|error| format!("cannot make {}: {error}", above.display()))?;
        }
        Store::create(path, &options)?;
        key_file::create(&path.join(KEY_FILE), &options)?;
        let path = path.display();
        if self.json {
            output::json(&json!({ "path": path.to_string() }))?;
            return Ok(Exit::Fine);
        }
        writeln!(
            anstream::stdout().lock(),
            "{GOOD}made{GOOD:#} {path}; in the http block of nginx.conf: tokenban_store {path};"
        )?;
        if self.group.is_none() && nix::unistd::geteuid().is_root() {
            output::warning(
                "made for root's group alone: NGINX's workers cannot read it; name their group \
                 with --group",
            );
        }
        Ok(Exit::Fine)
    }
}

fn mode(text: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777);
    mode.ok_or_else(|| "three octal digits, as in 640".to_owned())
}

fn user_id(name: &str) -> Result<u32, Box<dyn Error>> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    let user = User::from_name(name)?.ok_or_else(|| format!("no user \"{name}\""))?;
    Ok(user.uid.as_raw())
}

fn group_id(name: &str) -> Result<u32, Box<dyn Error>> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    let group = Group::from_name(name)?.ok_or_else(|| format!("no group \"{name}\""))?;
    Ok(group.gid.as_raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_groups_by_name_and_number() {
        assert_eq!((user_id("root").unwrap(), user_id("33").unwrap()), (0, 33));
        assert_eq!(group_id("root").unwrap(), 0);
        assert_eq!(
            group_id("no-such-group").unwrap_err().to_string(),
            "no group \"no-such-group\""
        );
    }

    #[test]
    fn modes() {
        assert_eq!(mode("640"), Ok(0o640));
        assert!(mode("1777").is_err() && mode("8").is_err() && mode("rw").is_err());
    }
}
