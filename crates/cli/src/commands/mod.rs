//! The subcommands.

use std::error::Error;

use clap::Subcommand;

use crate::Exit;

mod completions;
mod man;

/// What every subcommand returns: how it ended, or the error to print.
pub(crate) type Outcome = Result<Exit, Box<dyn Error>>;

#[derive(Subcommand)]
pub(crate) enum Command {
    Completions(completions::Completions),
    Man(man::Man),
}

impl Command {
    pub(crate) fn run(self) -> Outcome {
        match self {
            Command::Completions(command) => command.run(),
            Command::Man(command) => command.run(),
        }
    }
}
