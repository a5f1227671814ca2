//! The subcommands.

use std::error::Error;

use clap::Subcommand;

use crate::Exit;

mod check;
mod completions;
mod explain;
mod man;
mod schema;

/// What every subcommand returns: how it ended, or the error to print.
pub(crate) type Outcome = Result<Exit, Box<dyn Error>>;

#[derive(Subcommand)]
pub(crate) enum Command {
    Check(check::Check),
    Completions(completions::Completions),
    Explain(explain::Explain),
    Man(man::Man),
    Schema(schema::Schema),
}

impl Command {
    pub(crate) fn run(self) -> Outcome {
        match self {
            Command::Check(command) => command.run(),
            Command::Completions(command) => command.run(),
            Command::Explain(command) => command.run(),
            Command::Man(command) => command.run(),
            Command::Schema(command) => command.run(),
        }
    }
}
