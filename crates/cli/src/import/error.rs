//! Why an input cannot be read, each with a way out.

use std::{error::Error, fmt, io};

use super::formats::Format;

/// Why an input could not be read. Holds nothing of its text.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// Bytes that are no text.
    Binary,
    /// No such column.
    Column(String, usize),
    /// A table of so many columns.
    Columns(usize),
    /// A page or a document.
    Document,
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
            ReadError::Document => f.write_str(
                "a document (HTML, XML, PDF), neither a report nor a list of tokens; write a token a \
                 line",
            ),
            ReadError::Empty => f.write_str(
                "the input is empty, or holds nothing but comments; if it is a report without \
                 findings (gitleaks CSV, trufflehog), name its format with --format",
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
