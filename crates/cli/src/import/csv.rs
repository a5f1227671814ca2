//! CSV: gitleaks' own columns, or one chosen column of any table.

use std::io::{self, Read};

use csv::{ByteRecord, ReaderBuilder};

use super::finding::{Finding, Secret};

/// Which columns to read, by name or number from 1.
#[derive(Debug)]
pub(crate) struct Columns<'a> {
    /// The column of the token: the first of these that there is.
    pub(crate) secret: &'a [&'a str],
    /// The column of the rule, if the table has it.
    pub(crate) rule: &'a str,
    /// The columns of a link, the first that has something.
    pub(crate) links: [&'a str; 2],
}

/// The table has no such column.
#[derive(Debug)]
pub(crate) enum CsvError {
    /// How many it has. Their names are not told: where there is no header row they are tokens.
    Column(usize),
    /// The text could not be read.
    Io(io::Error),
}

/// Hands over every row.
pub(crate) fn each(
    input: &mut dyn Read,
    delimiter: u8,
    columns: &Columns<'_>,
    sink: &mut dyn FnMut(Finding<'_>),
) -> Result<(), CsvError> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(input);
    let header = reader.byte_headers()?.clone();
    let found = columns.secret.iter().find_map(|name| Some((column(&header, name)?, name)));
    let (secret, name) = found.ok_or(CsvError::Column(header.len()))?;
    let rule = column(&header, columns.rule);
    let links = columns.links.map(|name| column(&header, name));
    let is_numbered = named(&header, name).is_none();
    if let Some(cell) = header.get(secret).filter(|cell| is_numbered && !is_name(cell)) {
        let secret = super::lines::secret(cell.trim_ascii());
        sink(Finding::of(1, secret));
    }
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row)? {
        let line = row.position().map_or(0, csv::Position::line);
        let text = |column: Option<usize>| {
            let cell = column.and_then(|column| row.get(column)).unwrap_or_default();
            std::str::from_utf8(cell).unwrap_or_default()
        };
        let secret = match row.get(secret) {
            Some(b"") | None => Secret::Hidden,
            Some(cell) => super::lines::secret(cell.trim_ascii()),
        };
        let link = links.map(text).into_iter().find(|link| !link.is_empty()).unwrap_or("");
        sink(Finding { rule: text(rule), link, ..Finding::of(line, secret) });
    }
    Ok(())
}

/// The separator that the first line of a table uses.
pub(crate) fn delimiter(first_line: &[u8]) -> u8 {
    let count = |wanted| first_line.iter().filter(|&&byte| byte == wanted).count();
    [b'\t', b';', b','].into_iter().max_by_key(|&byte| count(byte)).unwrap_or(b',')
}

fn column(header: &ByteRecord, wanted: &str) -> Option<usize> {
    let numbered = || {
        let number: usize = wanted.parse().ok()?;
        number.checked_sub(1).filter(|&index| index < header.len())
    };
    named(header, wanted).or_else(numbered)
}

/// The column of this name, if need be in other letters.
fn named(header: &ByteRecord, wanted: &str) -> Option<usize> {
    let position = |is: fn(&[u8], &[u8]) -> bool| {
        header.iter().position(|name| {
            let name = name.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(name).trim_ascii();
            is(name, wanted.as_bytes())
        })
    };
    if wanted.is_empty() {
        return None;
    }
    position(|name, wanted| name == wanted).or_else(|| position(<[u8]>::eq_ignore_ascii_case))
}

/// Whether a cell of the first row may be the name of its column and not a token, in a table whose
/// columns are known by number. Nearly every token has a digit.
fn is_name(cell: &[u8]) -> bool {
    cell.iter().all(|byte| byte.is_ascii_alphabetic() || b" _-".contains(byte))
}

/// Only reading and writing fail: rows may have any number of cells, and cells any bytes.
pub(crate) fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        _ => io::Error::from(io::ErrorKind::InvalidData),
    }
}

impl From<csv::Error> for CsvError {
    fn from(error: csv::Error) -> CsvError {
        CsvError::Io(io_error(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, columns: &Columns<'_>) -> Vec<(u64, String)> {
        let mut found = Vec::new();
        let delimiter = delimiter(text.lines().next().unwrap_or_default().as_bytes());
        each(&mut text.as_bytes(), delimiter, columns, &mut |finding| {
            let text = match finding.secret {
                Secret::Text(text) => String::from_utf8_lossy(text).into_owned(),
                _ => "hidden".to_owned(),
            };
            found.push((finding.line, format!("{text}|{}", finding.reason(b""))));
        })
        .unwrap();
        found
    }

    #[test]
    fn columns_by_name_and_number() {
        let text = "id;Token;note\n1;\"tok;en-1\";x\n2;;y\n3\n";
        for name in ["Token", "TOKEN", "2"] {
            let columns = Columns { secret: &[name], rule: "note", links: ["", ""] };
            let expected = [(2, "tok;en-1|x"), (3, "hidden|y"), (4, "hidden|")];
            let expected = expected.map(|(line, text)| (line, text.to_owned()));
            assert_eq!(found(text, &columns), expected, "{name}");
        }
    }

    #[test]
    fn a_table_without_a_header_row_loses_no_token() {
        let columns = Columns { secret: &["2"], rule: "", links: ["", ""] };
        let expected = [(1, "tok-en-1|"), (2, "tok-en-2|")];
        let expected = expected.map(|(line, text)| (line, text.to_owned()));
        assert_eq!(found("1;tok-en-1\n2;tok-en-2\n", &columns), expected);
    }

    #[test]
    fn a_missing_column_shows_no_cell() {
        let columns = Columns { secret: &["token"], rule: "", links: ["", ""] };
        let error = each(&mut &b"a, b\n1,2\n"[..], b',', &columns, &mut |_| ()).unwrap_err();
        assert!(matches!(error, CsvError::Column(2)));
    }
}
