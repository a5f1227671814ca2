//! What logs tell of the use of tokens: read line by line, in bounded memory, never holding a token.

mod clock;
mod html;
mod line;
mod pivot;
mod reading;
mod report;
mod span;
mod uses;
mod wanted;

pub(crate) use self::{
    html::page,
    line::Line,
    pivot::Pivot,
    reading::{is_standard, Log},
    report::{csv, json, one_line, print, unused},
    uses::Hunt,
    wanted::Wanted,
};
