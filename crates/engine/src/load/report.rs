//! Mistakes: collected while a file is read, shown with their positions.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use super::{
    yaml::{self, Node},
    Seen,
};

/// Everything that is wrong with the files of a ruleset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    diagnostics: Vec<Diagnostic>,
    files: Vec<Seen>,
}

impl LoadError {
    pub(super) fn new(diagnostics: Vec<Diagnostic>, files: Vec<Seen>) -> LoadError {
        LoadError { diagnostics, files }
    }

    /// The mistakes one by one, in the order of the files and lines. Never empty.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Every file that was read or should have been: a change of one may mend the mistakes.
    pub fn files(&self) -> &[Seen] {
        &self.files
    }
}

/// A line for each mistake.
impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.diagnostics.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadError {}

/// One mistake: where, in which rule, what, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The file, as it was named to the loader.
    pub file: PathBuf,
    /// Line and column from 1; absent when the file could not be read.
    pub place: Option<(usize, usize)>,
    /// The id of the rule, where it is known.
    pub rule: Option<String>,
    /// What is wrong; what would be right.
    pub message: String,
}

impl Diagnostic {
    pub(super) fn of_file(file: &Path, message: String) -> Diagnostic {
        Diagnostic { file: file.to_owned(), place: None, rule: None, message }
    }
}

/// Always one line, whatever a file name or a field holds.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", one_line(&self.file.display().to_string()))?;
        if let Some((line, column)) = self.place {
            write!(f, "{line}:{column}:")?;
        }
        if let Some(rule) = &self.rule {
            write!(f, " rule \"{}\":", one_line(rule))?;
        }
        write!(f, " {}", one_line(&self.message))
    }
}

fn one_line(text: &str) -> String {
    text.chars()
        .flat_map(|char| {
            let control = char.is_control();
            control
                .then(|| char.escape_default())
                .into_iter()
                .flatten()
                .chain((!control).then_some(char))
        })
        .collect()
}

/// The mistakes of one file so far.
pub(super) struct Report {
    /// The rule that is being read.
    pub(super) rule: Option<String>,
    mistakes: Vec<Mistake>,
    most: usize,
    left_out: usize,
}

struct Mistake {
    place: Place,
    rule: Option<String>,
    message: String,
}

enum Place {
    Node(u32),
    /// A line of another file.
    Line(PathBuf, usize),
}

impl Report {
    pub(super) fn new(most: usize) -> Report {
        Report { rule: None, mistakes: Vec::new(), most, left_out: 0 }
    }

    /// Whether nothing was wrong so far.
    pub(super) fn is_clean(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// Says that the value at a node is wrong.
    pub(super) fn at(&mut self, node: &Node, message: impl Into<String>) {
        self.add(Place::Node(node.number), message.into());
    }

    /// Says that a line of a token file is wrong.
    pub(super) fn at_line(&mut self, file: &Path, line: usize, message: impl Into<String>) {
        self.add(Place::Line(file.to_owned(), line), message.into());
    }

    fn add(&mut self, place: Place, message: String) {
        if self.mistakes.len() >= self.most {
            self.left_out += 1;
            return;
        }
        self.mistakes.push(Mistake { place, rule: self.rule.clone(), message });
    }

    /// Finds the position of each mistake in the text of the file.
    pub(super) fn into_diagnostics(self, file: &Path, text: &str) -> Vec<Diagnostic> {
        let mut diagnostics: Vec<Diagnostic> = self
            .mistakes
            .into_iter()
            .map(|mistake| {
                let (file, place) = match mistake.place {
                    Place::Node(number) => (file.to_owned(), yaml::locate(text, number)),
                    Place::Line(file, line) => (file, (line, 1)),
                };
                Diagnostic {
                    file,
                    place: Some(place),
                    rule: mistake.rule,
                    message: mistake.message,
                }
            })
            .collect();
        diagnostics.sort_by_key(|diagnostic| (diagnostic.file != *file, diagnostic.place));
        if self.left_out > 0 {
            let mistakes = if self.left_out == 1 { "mistake" } else { "mistakes" };
            let message = format!("and {} more {mistakes}; mend those above first", self.left_out);
            diagnostics.push(Diagnostic::of_file(file, message));
        }
        diagnostics
    }
}
