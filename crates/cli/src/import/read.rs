//! Reads an input of any format and hands over its findings.

use std::io::{BufRead, Cursor, Read};

use serde_json::Value;

use super::{
    csv::{self, Columns, CsvError},
    error::ReadError,
    finding::{Finding, Secret},
    formats::{self, Findings, Format, Reads},
    json::{self, JsonError},
    lines,
    plain::PEEK,
    recognise::recognise,
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
        Findings::Strings => match object.as_str() {
            Some(text) => lines::one(text.as_bytes(), line, sink),
            None => sink(blank),
        },
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
