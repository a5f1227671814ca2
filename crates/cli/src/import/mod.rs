//! Leak reports and lists as tokens to ban: recognised by their content, read as a stream, admitted
//! one by one.
//!
//! `recognise` tells the format from the first bytes, `read` hands over each finding, `admit`
//! decides what of it is a token that a request could carry, and `report` counts. Nothing here
//! prints or keeps a token.

mod admit;
pub(crate) mod checksum;
mod csv;
mod error;
mod finding;
mod formats;
mod intake;
mod json;
mod json_kept;
mod lines;
mod mend;
mod names;
mod notes;
mod plain;
mod read;
mod recognise;
mod report;
mod structure;
#[cfg(test)]
mod tests;
mod unwrap;
mod utf16;

pub(crate) use self::{
    admit::{Admissible, Admitted, Purpose, Refusal},
    csv::io_error,
    finding::{Finding, Kept},
    formats::{parser as format_parser, Format},
    intake::{Intake, Wanted},
    mend::Mended,
    read::{read, Options},
    report::Report,
};
