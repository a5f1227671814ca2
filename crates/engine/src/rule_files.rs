//! The files of a ruleset: what names and globs stand for, and when they have changed.

use std::{
    fs::File,
    io::ErrorKind,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use glob::MatchOptions;

use crate::{limits::Limits, load::Seen, Ruleset};

/// Looks that a change may go on for: past them it is read as it is, so that a file which is written
/// to all the time is read, too.
const PATIENCE: u8 = 2;

/// Names and globs of rule files, and what they stood for when they were last read.
///
/// Token files that the rules name belong to them.
#[derive(Clone, Debug)]
pub struct RuleFiles {
    names: Vec<PathBuf>,
    /// As it was read last, well or badly.
    taken: State,
    /// A change that was seen but not read yet, and how many looks it has gone on for.
    unsettled: Option<(State, u8)>,
}

/// The rule files, and all files with the state of each.
#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
    rule_files: Result<Vec<PathBuf>, String>,
    seen: Vec<Seen>,
}

impl RuleFiles {
    /// Reads and compiles the files that names and globs stand for.
    ///
    /// The error is text for a log: a line for each mistake.
    pub fn load(names: Vec<PathBuf>, limits: &Limits) -> (RuleFiles, Result<Ruleset, String>) {
        let (taken, result) = read(&names, limits);
        (RuleFiles { names, taken, unsettled: None }, result)
    }

    /// The names and globs.
    pub fn names(&self) -> &[PathBuf] {
        &self.names
    }

    /// The files that this process may not read, so that a change of them would not be taken.
    pub fn forbidden(&self) -> impl Iterator<Item = &Path> {
        let paths = self.taken.seen.iter().map(|seen| seen.path.as_path());
        paths.filter(|path| {
            File::open(path).is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
        })
    }

    /// Looks at the files, to be called again and again. When they have changed and were the same at
    /// two looks, they are read anew; at the third look after a change they are read in any case.
    pub fn look(&mut self, limits: &Limits) -> Option<Result<Ruleset, String>> {
        let now = self.state();
        if now == self.taken {
            self.unsettled = None;
            return None;
        }
        let (before, looks) = match self.unsettled.take() {
            Some((before, looks)) => (Some(before), looks),
            None => (None, 0),
        };
        if looks < PATIENCE && before.as_ref() != Some(&now) {
            self.unsettled = Some((now, looks + 1));
            return None;
        }
        // Should reading panic, it is not tried again before the next change.
        self.taken = now;
        let (taken, result) = read(&self.names, limits);
        self.taken = taken;
        // Changed while it was read: what was read may be half of the old and half of the new.
        let after = self.state();
        if looks < PATIENCE && after != self.taken {
            self.unsettled = Some((after, looks + 1));
            return None;
        }
        Some(result)
    }

    /// How the files are now.
    fn state(&self) -> State {
        let rule_files = expand(&self.names);
        let known = self.taken.seen.iter().map(|seen| seen.path.as_path());
        let mut paths: Vec<&Path> = known.collect();
        for file in rule_files.iter().flatten() {
            if !paths.contains(&file.as_path()) {
                paths.push(file);
            }
        }
        let seen = paths.into_iter().map(Seen::now).collect();
        State { rule_files, seen }
    }
}

fn read(names: &[PathBuf], limits: &Limits) -> (State, Result<Ruleset, String>) {
    let rule_files = expand(names);
    let (seen, result) = match &rule_files {
        Ok(files) => match Ruleset::load(files, limits) {
            Ok(ruleset) => (ruleset.files().to_vec(), Ok(ruleset)),
            Err(error) => (error.files().to_vec(), Err(error.to_string())),
        },
        Err(message) => (Vec::new(), Err(message.clone())),
    };
    (State { rule_files, seen }, result)
}

/// The files that names and globs stand for, each once, in order.
///
/// As in a shell, `*` and `?` do not stand for a leading dot: what editors leave behind is no rule
/// file. A glob that finds nothing is an error: more likely a typo than an intention.
pub fn expand(names: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for name in names {
        for file in matching(name)? {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    Ok(files)
}

fn matching(path: &Path) -> Result<Vec<PathBuf>, String> {
    if !path.as_os_str().as_bytes().iter().any(|byte| b"*?[".contains(byte)) {
        return Ok(vec![path.to_owned()]);
    }
    let text = path.to_str().ok_or_else(|| format!("glob \"{}\" is not UTF-8", path.display()))?;
    let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::new() };
    let found = glob::glob_with(text, options).map_err(|error| {
        format!("bad glob \"{text}\": {error}; quote special characters as [*]")
    })?;
    let files = found.collect::<Result<Vec<_>, _>>().map_err(|error| {
        let directory = error.path().display();
        format!(
            "cannot list \"{directory}\": {}; let the user who runs this read it",
            error.error()
        )
    })?;
    if files.is_empty() {
        return Err(format!("no file matches \"{text}\"; check the directory"));
    }
    Ok(files)
}
