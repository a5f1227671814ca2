//! Files: read whole, within a size, with an error that says what to do.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read},
};

use super::{seen::Stamp, Seen};

/// Line and column where they are known, and what is wrong.
pub(super) type Unreadable = (Option<(usize, usize)>, String);

/// The text of a rule file.
pub(super) fn rule_file(seen: &mut Seen, most: u64) -> Result<String, Unreadable> {
    let way_out = "split it, or move its tokens into a token file or a denylist";
    let bytes = bounded(seen, most, way_out).map_err(|message| (None, message))?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let message = match error.as_bytes() {
            [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] => "the file is UTF-16; save it as UTF-8",
            _ => "not UTF-8; save the file as UTF-8",
        };
        (Some(end_of(valid)), message.to_owned())
    })
}

/// The bytes of a regular file of at most `most` bytes, which is stamped as it was before they were
/// read; `way_out` follows «it is larger».
pub(super) fn bounded(seen: &mut Seen, most: u64, way_out: &str) -> Result<Vec<u8>, String> {
    let (opened, metadata) = open(seen).map_err(|error| explain(&error))?;
    let too_large = || format!("the file is larger than {most} bytes; {way_out}");
    if metadata.len() > most {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    opened.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| explain(&error))?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= most => Ok(bytes),
        _ => Err(too_large()),
    }
}

fn open(seen: &mut Seen) -> io::Result<(File, Metadata)> {
    // Looked at before it is opened: opening a pipe would wait for its writer.
    *seen = Seen::now(&seen.path);
    if !fs::metadata(&seen.path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let file = File::open(&seen.path)?;
    let metadata = file.metadata()?;
    seen.stamp = Some(Stamp::of(&metadata));
    Ok((file, metadata))
}

fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file; check the name and the directory".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "permission denied; let the user who runs this read the file".to_owned()
        }
        _ => format!("cannot be read: {error}; name a readable file"),
    }
}

/// The line and column after a text.
fn end_of(text: &[u8]) -> (usize, usize) {
    let line = text.split(|&byte| byte == b'\n').count();
    let last = text.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    (line, String::from_utf8_lossy(last).chars().count() + 1)
}
