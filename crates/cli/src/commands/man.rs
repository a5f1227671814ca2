//! `tokenban man`: the man pages, made from the definition of the command line.

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

use clap::{Args, CommandFactory};

use super::Outcome;
use crate::{Cli, Exit};

/// Print the man page of the command or of one subcommand, or write all of them.
///
/// To install: tokenban man --all /usr/local/share/man/man1
#[derive(Args)]
pub(crate) struct Man {
    /// The page of one subcommand, as in: tokenban man canary new
    subcommand: Vec<String>,
    /// Write the pages of the command and of all subcommands into a directory, as tokenban.1,
    /// tokenban-ban.1 and so on; it is made where it is missing
    #[arg(long, value_name = "DIR", conflicts_with = "subcommand")]
    all: Option<PathBuf>,
}

impl Man {
    pub(super) fn run(self) -> Outcome {
        let command = Cli::command();
        if let Some(directory) = self.all {
            fs::create_dir_all(&directory)?;
            clap_mangen::generate_to(command, directory)?;
            return Ok(Exit::Fine);
        }
        let mut page = Vec::new();
        clap_mangen::Man::new(named(command, &self.subcommand)?).render(&mut page)?;
        io::stdout().write_all(&page)?;
        Ok(Exit::Fine)
    }
}

/// The command itself, or the subcommand that some words name.
fn named(mut command: clap::Command, words: &[String]) -> Result<clap::Command, String> {
    command.build();
    for word in words {
        let found = command.find_subcommand(word).cloned();
        command = found.ok_or_else(|| format!("no subcommand \"{word}\"; see tokenban help"))?;
    }
    Ok(command)
}
