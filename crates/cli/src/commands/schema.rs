//! `tokenban schema`: the JSON Schema of rule files, for editors.

use std::io::{self, Write};

use clap::Args;

use super::Outcome;
use crate::Exit;

/// Kept beside the rules, where editors look; a test in the engine holds it against the loader.
const SCHEMA: &str = include_str!("../../../../rules/schema.json");

/// Print the JSON Schema of rule files.
///
/// An editor with a YAML language server checks a rule file while it is written when its first line
/// is: # yaml-language-server: $schema=schema.json
#[derive(Args)]
pub(crate) struct Schema {}

impl Schema {
    pub(super) fn run(self) -> Outcome {
        io::stdout().write_all(SCHEMA.as_bytes())?;
        Ok(Exit::Fine)
    }
}
