//! `tokenban man`: the man page, made from the definition of the command line.

use std::io::{self, Write};

use clap::{Args, CommandFactory};

use super::Outcome;
use crate::{Cli, Exit};

/// Print the man page.
///
/// To install: tokenban man > /usr/local/share/man/man1/tokenban.1
#[derive(Args)]
pub(crate) struct Man {
    /// The page of one subcommand
    subcommand: Option<String>,
}

impl Man {
    pub(super) fn run(self) -> Outcome {
        let mut command = Cli::command();
        if let Some(name) = self.subcommand {
            command.build();
            let found = command.find_subcommand(&name).cloned();
            command =
                found.ok_or_else(|| format!("no subcommand \"{name}\"; see tokenban help"))?;
        }
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        io::stdout().write_all(&page)?;
        Ok(Exit::Fine)
    }
}
