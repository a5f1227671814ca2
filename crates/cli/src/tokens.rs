//! What a person hands over to be banned, unbanned or shown: tokens, a line each, or reports, from
//! standard input or files and never as arguments.

use std::{error::Error, path::PathBuf};

use serde_json::{json, Value};

use crate::{
    import::{self, Admitted, Finding, Intake, Options, Purpose, Refusal, Report, Wanted},
    input::Input,
    output,
};

/// What is read of the files that were given.
#[derive(Default)]
pub(crate) struct Heard {
    files: Vec<File>,
}

/// What one file held.
struct File {
    name: String,
    report: Report,
}

/// The tokens of one finding: of a line, or of an object of a report.
pub(crate) struct Given<'a> {
    /// Where it begins in its file.
    pub(crate) line: u64,
    /// One, or all readings and parts of one text: they belong together.
    pub(crate) tokens: &'a [Admitted<'a>],
}

/// Hands over what standard input or the files hold: a token a line, or a report of any format.
pub(crate) fn each(
    files: &[PathBuf],
    purpose: Purpose,
    take: &mut dyn FnMut(&Given<'_>),
) -> Result<Heard, Box<dyn Error>> {
    let mut heard = Heard::default();
    let wanted = Wanted { purpose, ..Wanted::default() };
    for input in Input::open_all(files)? {
        let name = input.name.clone();
        let mut take = |tokens: &[Admitted<'_>], finding: &Finding<'_>| {
            take(&Given { line: finding.line, tokens });
        };
        let mut intake = Intake::new(wanted, &mut take);
        let mut sink = |finding: Finding<'_>| intake.add(finding);
        let format = import::read(&mut input.watched(), &Options::default(), &mut sink)
            .map_err(|error| format!("{name}: {error}"))?;
        let mut report = intake.report;
        report.format = Some(format);
        heard.files.push(File { name, report });
    }
    Ok(heard)
}

impl Heard {
    /// Whether everything was taken.
    pub(crate) fn is_whole(&self) -> bool {
        self.files.iter().all(|file| file.report.refused() == 0)
    }

    /// Says on standard error what was read as a report, what was taken off around tokens, and what
    /// was not taken.
    pub(crate) fn print(&self) {
        for file in &self.files {
            let file_name = if self.files.len() > 1 { &format!("{}: ", file.name) } else { "" };
            if let Some(format) = file.report.format.filter(|format| !format.is_text()) {
                output::note(&format!("{}: read as {format}", file.name));
            }
            for (note, lines) in file.report.notes() {
                output::note(&format!("{file_name}{lines}: taken {}", note.text()));
            }
            let (refusals, more) = file.report.refusals();
            for (line, refusal) in refusals {
                output::warning(&format!("{file_name}line {line}: {}", refusal.with_way_out()));
            }
            if more > 0 {
                output::warning(&format!("{file_name}{more} more were not taken"));
            }
            if file.report.skipped() > 0 {
                let skipped = file.report.skipped();
                output::warning(&format!("{file_name}{skipped} left out; `import` says which"));
            }
        }
    }

    /// What was not taken, for programs.
    pub(crate) fn refused_json(&self) -> Vec<Value> {
        let of_file = |file: &File| {
            let one = |(line, refusal): (u64, Refusal)| {
                json!({
                    "file": file.name,
                    "line": line,
                    "reason": refusal.word(),
                    "message": refusal.with_way_out(),
                })
            };
            file.report.refusals().0.into_iter().map(one).collect::<Vec<_>>()
        };
        self.files.iter().flat_map(of_file).collect()
    }

    /// Of each file its format, and what was taken off, for programs.
    pub(crate) fn files_json(&self) -> Vec<Value> {
        let one = |file: &File| {
            let mut value = file.report.json();
            value["name"] = json!(file.name);
            value
        };
        self.files.iter().map(one).collect()
    }
}
