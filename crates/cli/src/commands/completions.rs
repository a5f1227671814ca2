//! `tokenban completions`: what a shell needs to complete the command line, the names of denylists
//! included.

use std::io::{self, Write};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Outcome;
use crate::{Cli, Exit};

/// Print the completions of a shell.
///
/// In bash, fish and zsh, the names of denylists are completed behind --list: those of the store that
/// TOKENBAN_STORE names.
///
/// For bash: tokenban completions bash > /etc/bash_completion.d/tokenban
#[derive(Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "tokenban", &mut script);
        let script = with_lists(self.shell, &String::from_utf8(script)?);
        io::stdout().write_all(script.as_bytes())?;
        Ok(Exit::Fine)
    }
}

/// Asks the command itself for the names of lists.
const BASH: &str = r#"
_tokenban_lists() {
    if [[ "$3" == --list ]]; then
        COMPREPLY=($(compgen -W "$(tokenban list --names 2>/dev/null)" -- "$2"))
    else
        _tokenban "$@"
    fi
}
complete -F _tokenban_lists -o bashdefault -o default tokenban
"#;

const ZSH: &str = r#"
_tokenban_lists() {
    compadd -- ${(f)"$(tokenban list --names 2>/dev/null)"}
}
"#;

fn with_lists(shell: Shell, script: &str) -> String {
    match shell {
        Shell::Bash => format!("{script}{BASH}"),
        Shell::Fish => {
            let line = |line: &str| match line.contains(" -l list ") {
                true => format!("{line} -f -a '(tokenban list --names 2>/dev/null)'\n"),
                false => format!("{line}\n"),
            };
            script.lines().map(line).collect()
        }
        Shell::Zsh => {
            let line = |line: &str| match line.starts_with("'--list=[") {
                true => format!("{}\n", line.replace(":NAME:_default'", ":NAME:_tokenban_lists'")),
                false => format!("{line}\n"),
            };
            let script: String = script.lines().map(line).collect();
            script.replacen("\n_tokenban() {", &format!("{ZSH}\n_tokenban() {{"), 1)
        }
        _ => script.to_owned(),
    }
}
