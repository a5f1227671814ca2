//! Rule files named on the command line: names and globs, as `tokenban_rules` takes them.

use std::{error::Error, path::PathBuf};

/// The files that names and globs stand for, each once, in order.
pub(crate) fn expand(names: &[String]) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let names: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
    Ok(tokenban_engine::rule_files::expand(&names)?)
}
