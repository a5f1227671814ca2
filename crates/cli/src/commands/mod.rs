//! The subcommands.

use std::error::Error;

use clap::Subcommand;

use crate::Exit;

mod ban;
mod check;
mod compact;
mod completions;
mod explain;
mod export;
mod import;
mod init;
mod list;
mod man;
mod schema;
mod show;
mod stats;
mod sweep;
mod unban;
mod verify;

/// What every subcommand returns: how it ended, or the error to print.
pub(crate) type Outcome = Result<Exit, Box<dyn Error>>;

#[derive(Subcommand)]
pub(crate) enum Command {
    Ban(ban::Ban),
    Check(check::Check),
    Compact(compact::Compact),
    Completions(completions::Completions),
    Explain(explain::Explain),
    Export(export::Export),
    Import(import::Import),
    Init(init::Init),
    List(list::List),
    Man(man::Man),
    Schema(schema::Schema),
    Show(show::Show),
    Stats(stats::Stats),
    Sweep(sweep::Sweep),
    Unban(unban::Unban),
    Verify(verify::Verify),
}

impl Command {
    pub(crate) fn run(self) -> Outcome {
        match self {
            Command::Ban(command) => command.run(),
            Command::Check(command) => command.run(),
            Command::Compact(command) => command.run(),
            Command::Completions(command) => command.run(),
            Command::Explain(command) => command.run(),
            Command::Export(command) => command.run(),
            Command::Import(command) => command.run(),
            Command::Init(command) => command.run(),
            Command::List(command) => command.run(),
            Command::Man(command) => command.run(),
            Command::Schema(command) => command.run(),
            Command::Show(command) => command.run(),
            Command::Stats(command) => command.run(),
            Command::Sweep(command) => command.run(),
            Command::Unban(command) => command.run(),
            Command::Verify(command) => command.run(),
        }
    }
}
