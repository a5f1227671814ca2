//! What people see: aligned tables, and colours only where the terminal takes them (`anstream`
//! strips them otherwise, and honours `NO_COLOR`).

use std::{
    error::Error,
    io::{self, Write},
};

use anstyle::{AnsiColor, Style};

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

/// A number and its noun: `1 rule`, `2 rules`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
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
        self.rows.push(cells.into());
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
