//! The file of keys: one a line, the newest first.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::Fingerprints;

/// A shorter key could be guessed.
const SHORTEST: usize = 32;

/// So many keys are more than anybody rotates.
const KEYS_MOST: usize = 8;

/// The largest file, in bytes.
const LONGEST: u64 = 4096;

/// Who else than the owner and the group may do anything, or the group may write.
const TOO_OPEN: u32 = 0o027;

impl Fingerprints {
    /// Reads a file of keys: text, a key a line of at least 32 characters, the newest first; blank
    /// lines and those that begin with `#` are skipped. Others than owner and group may not read it,
    /// and the group may not write it. What was read is wiped from memory.
    pub fn read(path: &Path) -> Result<Fingerprints, KeyFileError> {
        parse(&contents(path).map_err(|kind| KeyFileError::new(path, kind))?)
            .map_err(|kind| KeyFileError::new(path, kind))
    }
}

fn contents(path: &Path) -> Result<Zeroizing<Vec<u8>>, Kind> {
    let file = File::open(path).map_err(Kind::Read)?;
    let about = file.metadata().map_err(Kind::Read)?;
    if !about.is_file() {
        return Err(Kind::NoFile);
    }
    let mode = about.permissions().mode() & 0o777;
    if mode & TOO_OPEN != 0 {
        return Err(Kind::Open(mode));
    }
    // Room for all of it at once: no copy is left behind where it would have grown.
    let mut text = Zeroizing::new(Vec::with_capacity(LONGEST as usize + 64));
    file.take(LONGEST + 1).read_to_end(&mut text).map_err(Kind::Read)?;
    match text.len() as u64 > LONGEST {
        true => Err(Kind::Long),
        false => Ok(text),
    }
}

fn parse(text: &[u8]) -> Result<Fingerprints, Kind> {
    let mut keys = Vec::new();
    for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        if !line.iter().all(u8::is_ascii_graphic) {
            return Err(Kind::NoText(index + 1));
        }
        if line.len() < SHORTEST {
            return Err(Kind::Short(index + 1, line.len()));
        }
        keys.push(line);
    }
    match keys.len() {
        0 => Err(Kind::Empty),
        1..=KEYS_MOST => Ok(Fingerprints::of_keys(keys.into_iter())),
        _ => Err(Kind::Many),
    }
}

/// Why a file of keys is not taken. Never holds a key.
#[derive(Debug)]
pub struct KeyFileError {
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Empty,
    Long,
    Many,
    NoFile,
    NoText(usize),
    Open(u32),
    Read(io::Error),
    Short(usize, usize),
}

impl KeyFileError {
    fn new(path: &Path, kind: Kind) -> KeyFileError {
        KeyFileError { path: path.to_owned(), kind }
    }
}

/// How a key is made.
const MAKE: &str = "make one with \"openssl rand -hex 32\"";

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        write!(f, "fingerprint key \"{path}\": ")?;
        match &self.kind {
            Kind::Empty => write!(f, "there is no key in it; {MAKE}"),
            Kind::Long => write!(f, "it is longer than {LONGEST} bytes; a key is a line; {MAKE}"),
            Kind::Many => write!(f, "it has more than {KEYS_MOST} keys; take the oldest out"),
            Kind::NoFile => write!(f, "it is no regular file"),
            Kind::NoText(line) => {
                write!(f, "line {line} has other characters than visible ASCII; {MAKE}")
            }
            Kind::Open(mode) => {
                write!(f, "its mode {mode:03o} is too open; set it with \"chmod 640 {path}\"")
            }
            Kind::Read(error) => match error.kind() {
                io::ErrorKind::NotFound => write!(f, "it is missing; {MAKE}"),
                _ => write!(f, "it cannot be read: {error}"),
            },
            Kind::Short(line, length) => write!(
                f,
                "the key in line {line} has {length} characters and needs {SHORTEST}; {MAKE}"
            ),
        }
    }
}

impl std::error::Error for KeyFileError {}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    fn read(text: &[u8], mode: u32) -> Result<Fingerprints, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        Fingerprints::read(&path)
            .map_err(|error| error.to_string().replace(&path.display().to_string(), "KEY"))
    }

    #[test]
    fn a_key_a_line() {
        let (new, old) = ("n".repeat(32), "o".repeat(64));
        let text = format!("# since May\r\n{new}\r\n\n  {old}  ");
        let keys = read(text.as_bytes(), 0o640).unwrap();
        let both = Fingerprints::of_keys([new.as_bytes(), old.as_bytes()].into_iter());
        assert!(keys.all(b"x").eq(both.all(b"x")));
        assert_eq!(keys.all(b"x").count(), 3);
    }

    #[test]
    fn what_is_wrong_and_what_would_be_right() {
        let key = "k".repeat(32);
        let key = key.as_bytes();
        let make = "make one with \"openssl rand -hex 32\"";
        for (text, mode, message) in [
            (key, 0o644, "its mode 644 is too open; set it with \"chmod 640 KEY\"".to_owned()),
            (key, 0o660, "its mode 660 is too open; set it with \"chmod 640 KEY\"".to_owned()),
            (&key[1..], 0o600, format!("the key in line 1 has 31 characters and needs 32; {make}")),
            (b"\n# none\n", 0o600, format!("there is no key in it; {make}")),
            (b"\xff", 0o600, format!("line 1 has other characters than visible ASCII; {make}")),
            (
                &[b'k'; 4097],
                0o600,
                format!("it is longer than 4096 bytes; a key is a line; {make}"),
            ),
            (
                &[key, key, key, key, key, key, key, key, key].join(&b'\n'),
                0o600,
                "it has more than 8 keys; take the oldest out".to_owned(),
            ),
        ] {
            let error = read(text, mode).unwrap_err();
            assert_eq!(error, format!("fingerprint key \"KEY\": {message}"));
        }
        assert!(read(key, 0o400).is_ok());
        let error = Fingerprints::read("/nowhere/key".as_ref()).unwrap_err().to_string();
        assert_eq!(error, format!("fingerprint key \"/nowhere/key\": it is missing; {make}"));
    }
}
