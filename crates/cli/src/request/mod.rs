//! The requests that `explain` explains: from a file as they go over the wire, from a HAR, from
//! options like those of curl.

use std::{
    error::Error,
    fs,
    io::{self, Read},
    path::Path,
};

mod har;
mod options;
mod wire;

pub(crate) use self::{har::requests, options::RequestOptions, wire::parse};

/// The contents of a file; `-` is standard input.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()).into())
}
