//! The `tokenban` command: checks rules, explains decisions, bans tokens.
//!
//! One file a subcommand, under `commands/`. Exit codes are 0 (fine), 1 (found something, or would
//! deny) and 2 (error), for every subcommand.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;

mod act;
mod asking;
mod blast;
mod canary;
mod choose;
mod claims;
mod commands;
mod curl;
mod decoy;
mod echo;
mod entries;
mod fingerprints;
mod hunt;
mod import;
mod input;
mod interrupt;
mod key_file;
mod look;
mod output;
mod request;
mod revocation;
mod rule_files;
mod scanner_rules;
mod scrub;
mod store;
mod targets;
mod time;
mod tokens;

use self::commands::Command;

/// Deny requests that carry a compromised token, inside NGINX.
///
/// Exit codes: 0 fine, 1 found something or would deny, 2 error.
#[derive(Parser)]
#[command(name = "tokenban", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// How a subcommand ended, when nothing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is well: 0.
    Fine,
    /// Something was found, or a request would be denied: 1.
    Found,
    /// What was given cannot be used, and the reason was printed: 2.
    Unusable,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command.run() {
        Ok(Exit::Fine) => ExitCode::SUCCESS,
        Ok(Exit::Found) => ExitCode::from(1),
        Ok(Exit::Unusable) => ExitCode::from(2),
        Err(error) if output::is_broken_pipe(error.as_ref()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(error.as_ref());
            ExitCode::from(2)
        }
    }
}
