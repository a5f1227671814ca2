//! Reads an input of any format and hands over its findings.

use std::{
    error::Error,
    fmt,
    io::{self, BufRead, Cursor, Read},
};

use serde_json::Value;

use super::{
    csv::{self, Columns, CsvError},
    finding::{Finding, Secret},
    formats::{self, Findings, Format, Reads},
    json::{self, JsonError},
    lines,
    recognise::{recognise, PEEK},
    utf16,
};

/// What a person said about the input.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// The column of a table that holds the tokens, by name or number.
    pub(crate) column: Option<String>,
    /// The format, where it should not be recognised.
    pub(crate) format: Option<&'static Format>,
}

/// Why an input could not be read. Holds nothing of its text.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// Bytes that are no text.
    Binary,
    /// No such column.
    Column(String, usize),
    /// A table of so many columns.
    Columns(usize),
    /// Nothing in it.
    Empty,
    /// Reading failed.
    Io(io::Error),
    /// Damaged JSON.
    Json(&'static Format, u64, usize),
    /// CSV needs a column.
    NoColumn,
    /// A table without the column that holds the secrets.
    NoSecrets(&'static Format),
    /// Compressed.
    Packed,
    /// A key in PEM.
    Pem,
    /// So many lines of so many do not look like tokens.
    Prose(usize, usize),
    /// A table; one of its columns.
    Table(&'static str),
    /// JSON of an unknown shape.
    Unrecognised,
}

/// Hands over every finding of an input; the format that it had.
pub(crate) fn read(
    mut input: &mut dyn BufRead,
    options: &Options,
    sink: &mut dyn FnMut(Finding<'_>),
) -> Result<&'static Format, ReadError> {
    let mut start = Vec::with_capacity(PEEK);
    (&mut input).take(PEEK as u64).read_to_end(&mut start)?;
    match utf16::order(&start) {
        Some(order) => {
            let mut input = Cursor::new(start).chain(input);
            let mut input = utf16::decoded(&mut input, order);
            let mut start = Vec::with_capacity(PEEK);
            (&mut input).take(PEEK as u64).read_to_end(&mut start)?;
            read_utf8(start, &mut input, options, sink)
        }
        None => read_utf8(start, input, options, sink),
    }
}

/// The same of an input of which `start` was read.
fn read_utf8(
    mut start: Vec<u8>,
    input: &mut dyn BufRead,
    options: &Options,
    sink: &mut dyn FnMut(Finding<'_>),
) -> Result<&'static Format, ReadError> {
    if start.starts_with(b"\xEF\xBB\xBF") {
        start.drain(..3);
    }
    let format = match (options.format, &options.column) {
        (Some(format), _) => format,
        (None, Some(_)) => &formats::CSV,
        (None, None) => recognise(&start)?,
    };
    let first_line = start.split(|&byte| byte == b'\n').next().unwrap_or_default().to_vec();
    read_as(format, &mut Cursor::new(start).chain(input), &first_line, options, sink)?;
    Ok(format)
}

fn read_as(
    format: &'static Format,
    input: &mut dyn BufRead,
    first_line: &[u8],
    options: &Options,
    sink: &mut dyn FnMut(Finding<'_>),
) -> Result<(), ReadError> {
    match (&format.reads, options.column.as_deref()) {
        (Reads::Lines(one), _) => Ok(lines::each(input, *one, sink)?),
        (Reads::Csv(None), None) => Err(ReadError::NoColumn),
        (Reads::Csv(Some(columns)), None) => table(format, input, first_line, columns, sink),
        (Reads::Csv(_), Some(column)) => {
            let columns = Columns { secret: &[column], rule: "", links: ["", ""] };
            table(format, input, first_line, &columns, sink)
        }
        (Reads::Json { path, keep, findings }, _) => {
            let mut each = |line, object| one(findings, line, &object, sink);
            json::each(input, path, keep, &mut each).map_err(|error| match error {
                JsonError::Io(error) => ReadError::Io(error),
                JsonError::Syntax { line, column } => ReadError::Json(format, line, column),
            })
        }
    }
}

/// What an object at the end of the path says.
fn one(findings: &Findings, line: u64, object: &Value, sink: &mut dyn FnMut(Finding<'_>)) {
    let blank = Finding::of(line, Secret::Unreadable);
    match findings {
        _ if !object.is_object() => sink(blank),
        Findings::Fields(fields) => fields.finding(object, blank, sink),
        Findings::With(make) => make(object, blank, sink),
    }
}

fn table(
    format: &'static Format,
    input: &mut dyn BufRead,
    first_line: &[u8],
    columns: &Columns<'_>,
    sink: &mut dyn FnMut(Finding<'_>),
) -> Result<(), ReadError> {
    csv::each(input, csv::delimiter(first_line), columns, sink).map_err(|error| match error {
        CsvError::Column(_) if !format.way_out.is_empty() => ReadError::NoSecrets(format),
        CsvError::Column(count) => {
            ReadError::Column(columns.secret.first().copied().unwrap_or("").to_owned(), count)
        }
        CsvError::Io(error) => ReadError::Io(error),
    })
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> ReadError {
        ReadError::Io(error)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Binary => f.write_str("binary bytes, neither a report nor a list of tokens"),
            ReadError::Column(wanted, count) => write!(
                f,
                "no column \"{wanted}\" among the {count} of the first line; where that has no \
                 names, give its number"
            ),
            ReadError::Columns(count) => write!(
                f,
                "looks like a table of {count} columns; name the column of the tokens with \
                 --column, or say --format text"
            ),
            ReadError::Empty => f.write_str(
                "the input is empty; where a report of no findings is (gitleaks CSV, trufflehog), \
                 name it with --format",
            ),
            ReadError::Io(error) => error.fmt(f),
            ReadError::Json(format, line, column) => {
                write!(f, "damaged {format}: not JSON at line {line}, column {column}")
            }
            ReadError::NoColumn => {
                f.write_str("CSV needs the column of the tokens; name it with --column")
            }
            ReadError::NoSecrets(format) => {
                write!(f, "{format} without its secrets; {}", format.way_out)
            }
            ReadError::Packed => f.write_str("the input is compressed; unpack it first"),
            ReadError::Pem => f.write_str(
                "a key in PEM: it never travels in a request; leave it out, or deny the tokens that \
                 it signed",
            ),
            ReadError::Prose(others, all) => write!(
                f,
                "no report that is known, and {others} of its first {all} lines do not look like \
                 tokens; write a token a line, or say --format text"
            ),
            ReadError::Table(name) => write!(
                f,
                "a table with a column \"{name}\"; name the column of the tokens with --column, or \
                 say --format text"
            ),
            ReadError::Unrecognised => {
                f.write_str("JSON of an unknown report; name the format with --format")
            }
        }
    }
}

impl Error for ReadError {}
