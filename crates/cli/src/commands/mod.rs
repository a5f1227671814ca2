//! The subcommands.

use std::error::Error;

use clap::Subcommand;

use crate::Exit;

mod approve;
mod ban;
mod canary;
mod check;
mod compact;
mod completions;
mod explain;
mod export;
mod hunt;
mod import;
mod init;
mod list;
mod log;
mod man;
mod rules;
mod schema;
mod scrub;
mod seen;
mod show;
mod stats;
mod sweep;
mod test;
mod unban;
mod undo;
mod verify;

/// What every subcommand returns: how it ended, or the error to print.
pub(crate) type Outcome = Result<Exit, Box<dyn Error>>;

#[derive(Subcommand)]
pub(crate) enum Command {
    Approve(approve::Approve),
    Ban(ban::Ban),
    Canary(canary::Canary),
    Check(check::Check),
    Compact(compact::Compact),
    Completions(completions::Completions),
    Explain(explain::Explain),
    Export(export::Export),
    Hunt(hunt::Hunt),
    Import(import::Import),
    Init(init::Init),
    List(list::List),
    Log(log::Log),
    Man(man::Man),
    Rules(rules::Rules),
    Schema(schema::Schema),
    Scrub(scrub::Scrub),
    Seen(seen::Seen),
    Show(show::Show),
    Stats(stats::Stats),
    Sweep(sweep::Sweep),
    Test(test::Test),
    Unban(unban::Unban),
    Undo(undo::Undo),
    Verify(verify::Verify),
}

impl Command {
    /// Whether it may change a store, so that a person who stops it wants to know if it did.
    fn changes_a_store(&self) -> bool {
        matches!(
            self,
            Command::Ban(_)
                | Command::Canary(_)
                | Command::Compact(_)
                | Command::Import(_)
                | Command::Sweep(_)
                | Command::Unban(_)
                | Command::Undo(_)
        )
    }

    pub(crate) fn run(self) -> Outcome {
        if self.changes_a_store() {
            crate::interrupt::watch();
        }
        match self {
            Command::Approve(command) => command.run(),
            Command::Ban(command) => command.run(),
            Command::Canary(command) => command.run(),
            Command::Check(command) => command.run(),
            Command::Compact(command) => command.run(),
            Command::Completions(command) => command.run(),
            Command::Explain(command) => command.run(),
            Command::Export(command) => command.run(),
            Command::Hunt(command) => command.run(),
            Command::Import(command) => command.run(),
            Command::Init(command) => command.run(),
            Command::List(command) => command.run(),
            Command::Log(command) => command.run(),
            Command::Man(command) => command.run(),
            Command::Rules(command) => command.run(),
            Command::Schema(command) => command.run(),
            Command::Scrub(command) => command.run(),
            Command::Seen(command) => command.run(),
            Command::Show(command) => command.run(),
            Command::Stats(command) => command.run(),
            Command::Sweep(command) => command.run(),
            Command::Test(command) => command.run(),
            Command::Unban(command) => command.run(),
            Command::Undo(command) => command.run(),
            Command::Verify(command) => command.run(),
        }
    }
}
