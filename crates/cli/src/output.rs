//! What people see: aligned tables, and colours only where the terminal takes them (`anstream`
//! strips them otherwise, and honours `NO_COLOR`).

use std::{
    error::Error,
    io::{self, Write},
};

use anstyle::{AnsiColor, Style};
use serde_json::Value;

/// For what is right.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// For what is wrong.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// For headings.
pub(crate) const HEADING: Style = Style::new().bold();

/// Prints an error and its causes on standard error.
pub(crate) fn error(error: &dyn Error) {
    let mut stderr = anstream::stderr().lock();
    // Nothing is left to do when standard error itself is gone.
    let _ = write!(stderr, "{BAD}tokenban:{BAD:#} {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(stderr, ": {cause}");
        source = cause.source();
    }
    let _ = writeln!(stderr);
}

/// Says on standard error what is not as it should be, and stops nothing.
pub(crate) fn warning(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{BAD}tokenban:{BAD:#} {text}");
}

/// Says on standard error what is worth knowing.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "tokenban: {}", printable(text));
}

/// A number and its noun: `1 rule`, `2 rules`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    count_of(number, noun, &format!("{noun}s"))
}

/// A number and its noun, whose plural is another word: `1 entry`, `2 entries`.
pub(crate) fn count_of(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

/// A text from outside as a terminal may have it: control characters would move its cursor.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect()
}

/// Prints one JSON document.
pub(crate) fn json(value: &Value) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    serde_json::to_writer_pretty(&mut stdout, value).map_err(io::Error::from)?;
    writeln!(stdout)
}

/// Whether the reader of standard output went away, as `| head` does: no error of ours.
pub(crate) fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Rows of cells, printed with their columns aligned.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Vec<(Style, String)>>,
}

impl Table {
    /// Adds the row of column names.
    pub(crate) fn heading(&mut self, names: &[&str]) {
        self.rows.push(names.iter().map(|name| (HEADING, (*name).to_owned())).collect());
    }

    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [(Style, String); N]) {
        self.rows.push(cells.map(|(style, text)| (style, printable(&text))).into());
    }

    /// Prints all rows.
    pub(crate) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut widths: Vec<usize> = Vec::new();
        for row in &self.rows {
            widths.resize(widths.len().max(row.len()), 0);
            for (width, (_, cell)) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for row in &self.rows {
            let last = row.len().saturating_sub(1);
            for (index, ((style, cell), width)) in row.iter().zip(&widths).enumerate() {
                write!(out, "{style}{cell}{style:#}")?;
                if index < last {
                    write!(out, "{:1$}", "", width - cell.chars().count() + 2)?;
                }
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_moves_no_cursor() {
        let mut table = Table::default();
        table.row([(Style::new(), "a\u{1b}[2Jb\n".to_owned())]);
        let mut out = Vec::new();
        table.print(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a\u{fffd}[2Jb\u{fffd}\n");
    }

    #[test]
    fn columns_align() {
        let mut table = Table::default();
        let plain = |text: &str| (Style::new(), text.to_owned());
        table.row([plain("a"), plain("b"), plain("c")]);
        table.row([plain("longer"), plain("é"), plain("")]);
        let mut out = Vec::new();
        table.print(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a       b  c\nlonger  é  \n");
    }
}
