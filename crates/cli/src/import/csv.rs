//! CSV: gitleaks' own columns, or one chosen column of any table.

use std::io::{self, Read};

use csv::{ByteRecord, ReaderBuilder};

use super::finding::{Finding, Secret, Validity};

/// Which columns to read, by name or number from 1.
pub(crate) struct Columns<'a> {
    /// The column of the token.
    pub(crate) secret: &'a str,
    /// The column of the rule, if the table has it.
    pub(crate) rule: &'a str,
    /// The columns of a link, the first that has something.
    pub(crate) links: [&'a str; 2],
}

/// gitleaks `report/csv.go`.
pub(crate) const GITLEAKS: Columns<'static> =
    Columns { secret: "Secret", rule: "RuleID", links: ["Link", "Fingerprint"] };

/// The table has no such column.
#[derive(Debug)]
pub(crate) enum CsvError {
    /// The names that it has.
    Column(Vec<String>),
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
    let header = reader.byte_headers().map_err(io_error)?.clone();
    let secret = column(&header, columns.secret).ok_or_else(|| CsvError::Column(names(&header)))?;
    let rule = column(&header, columns.rule);
    let links = columns.links.map(|name| column(&header, name));
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row).map_err(io_error)? {
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
        let validity = Validity::Unknown;
        sink(Finding { line, secret, rule: text(rule), link, validity, kept: None });
    }
    Ok(())
}

/// The separator that the first line of a table uses.
pub(crate) fn delimiter(first_line: &[u8]) -> u8 {
    let count = |wanted| first_line.iter().filter(|&&byte| byte == wanted).count();
    [b'\t', b';', b','].into_iter().max_by_key(|&byte| count(byte)).unwrap_or(b',')
}

fn column(header: &ByteRecord, wanted: &str) -> Option<usize> {
    let named = |exactly: bool| {
        header.iter().position(|name| {
            let name = name.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(name).trim_ascii();
            match exactly {
                true => name == wanted.as_bytes(),
                false => name.eq_ignore_ascii_case(wanted.as_bytes()),
            }
        })
    };
    let numbered = || {
        let number: usize = wanted.parse().ok()?;
        number.checked_sub(1).filter(|&index| index < header.len())
    };
    if wanted.is_empty() {
        return None;
    }
    named(true).or_else(|| named(false)).or_else(numbered)
}

fn names(header: &ByteRecord) -> Vec<String> {
    header.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect()
}

/// Only reading fails: rows may have any number of cells, and cells any bytes.
fn io_error(error: csv::Error) -> CsvError {
    CsvError::Io(match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        _ => io::Error::from(io::ErrorKind::InvalidData),
    })
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
            found.push((finding.line, format!("{text}|{}", finding.reason())));
        })
        .unwrap();
        found
    }

    #[test]
    fn columns_by_name_and_number() {
        let text = "id;Token;note\n1;\"tok;en-1\";x\n2;;y\n3\n";
        for name in ["Token", "token", "2"] {
            let columns = Columns { secret: name, rule: "note", links: ["", ""] };
            let expected = [(2, "tok;en-1|x"), (3, "hidden|y"), (4, "hidden|")];
            let expected = expected.map(|(line, text)| (line, text.to_owned()));
            assert_eq!(found(text, &columns), expected, "{name}");
        }
    }

    #[test]
    fn a_missing_column_lists_the_others() {
        let columns = Columns { secret: "token", rule: "", links: ["", ""] };
        let error = each(&mut &b"a, b\n1,2\n"[..], b',', &columns, &mut |_| ()).unwrap_err();
        assert!(matches!(error, CsvError::Column(names) if names == ["a", "b"]));
    }
}
