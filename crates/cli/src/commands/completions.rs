//! `tokenban completions`: what a shell needs to complete the command line.

use std::io;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Outcome;
use crate::{Cli, Exit};

/// Print the completions of a shell.
///
/// For bash: tokenban completions bash > /etc/bash_completion.d/tokenban
#[derive(Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Outcome {
        clap_complete::generate(self.shell, &mut Cli::command(), "tokenban", &mut io::stdout());
        Ok(Exit::Fine)
    }
}
