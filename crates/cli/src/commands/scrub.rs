//! `tokenban scrub`: takes tokens out of logs.

use std::{
    error::Error,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use clap::Args;
use flate2::{bufread::MultiGzDecoder, write::GzEncoder, Compression};
use serde_json::json;
use tokenban_denylist::Reader;

use super::Outcome;
use crate::{output, rule_files, scrub::Scrubber, store::StoreAt, Exit};

/// Replace tokens in logs by their fingerprints.
///
/// Taken out are the tokens that the store bans, if one is named, and those whose shape the rule files
/// know: what `Authorization: Bearer` would be denied with. In their place stands "[token 0123456789abcdef]".
/// With files, each is replaced as a whole once all of it was read, and stays compressed by gzip where it was.
/// Without, standard input is copied to standard output. NGINX goes on writing into the old file until it
/// reopens its logs: scrub those that were rotated.
///
/// Exit codes: 0 there was no token, 1 some were taken out, 2 error.
#[derive(Args)]
#[command(
    after_help = "Example: tokenban scrub --rules '/usr/share/tokenban/rules/*.yaml' /var/log/nginx/access.log.1"
)]
pub(crate) struct Scrub {
    #[command(flatten)]
    store: StoreAt,
    /// Rule files or globs whose shapes are taken out; may be repeated
    #[arg(long, value_name = "FILE")]
    rules: Vec<String>,
    /// Only say what would be taken out
    #[arg(long, requires = "logs")]
    dry_run: bool,
    /// Print one JSON document about the files
    #[arg(long, requires = "logs")]
    json: bool,
    /// The logs; without any, standard input goes to standard output
    #[arg(value_name = "LOG")]
    logs: Vec<PathBuf>,
}

impl Scrub {
    pub(super) fn run(self) -> Outcome {
        let mut scrubber = self.scrubber()?;
        if self.logs.is_empty() {
            copy(&mut scrubber, &mut io::stdin().lock(), &mut io::stdout().lock())?;
            return Ok(exit(scrubber.taken));
        }
        let mut files = Vec::new();
        for path in &self.logs {
            let before = scrubber.taken;
            self.file(&mut scrubber, path)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            files.push((path.display().to_string(), scrubber.taken - before));
        }
        if self.json {
            let rows = files.iter().map(|(name, taken)| json!({ "log": name, "tokens": taken }));
            output::json(&json!({ "logs": rows.collect::<Vec<_>>() }))?;
        } else {
            let verb =
                if self.dry_run { "would be taken out; nothing was changed" } else { "taken out" };
            for (name, taken) in &files {
                let tokens = output::count(usize::try_from(*taken)?, "token");
                println!("{}: {tokens} {verb}", output::printable(name));
            }
        }
        Ok(exit(scrubber.taken))
    }

    fn scrubber(&self) -> Result<Scrubber, Box<dyn Error>> {
        if !self.store.is_named() && self.rules.is_empty() {
            return Err(
                "nothing says what a token is: name the store with --store, rule files with \
                        --rules, or both"
                    .into(),
            );
        }
        self.store.load_fingerprint_key()?;
        let store = match self.store.is_named() {
            true => Some(Reader::open(self.store.path()?)?),
            false => None,
        };
        Scrubber::new(store, &rule_files::expand(&self.rules)?)
    }

    /// Writes a new file beside the old one, and puts it in its place.
    fn file(&self, scrubber: &mut Scrubber, path: &Path) -> Result<(), Box<dyn Error>> {
        let file = File::open(path)?;
        let before = file.metadata()?;
        if !before.is_file() {
            return Err("this is no file".into());
        }
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let start = reader.fill_buf()?;
        if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            return Err("it is compressed by zstd; unpack it, scrub it and pack it again".into());
        }
        let is_gzip = start.starts_with(&[0x1f, 0x8b]);
        if self.dry_run {
            return self.pass(scrubber, reader, is_gzip, &mut io::sink());
        }
        let new = path.with_file_name(format!(
            ".{}.scrub.{}",
            path.file_name().unwrap_or_default().to_string_lossy(),
            std::process::id()
        ));
        let out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        let done = self.replace(scrubber, (reader, is_gzip), out, path, &new, &before);
        if done.is_err() {
            let _ = fs::remove_file(&new);
        }
        done
    }

    fn replace(
        &self,
        scrubber: &mut Scrubber,
        (reader, is_gzip): (BufReader<File>, bool),
        out: File,
        path: &Path,
        new: &Path,
        before: &fs::Metadata,
    ) -> Result<(), Box<dyn Error>> {
        let taken = scrubber.taken;
        let mut out = BufWriter::new(out);
        self.pass(scrubber, reader, is_gzip, &mut out)?;
        let out = out.into_inner()?;
        let now = fs::metadata(path)?;
        if (now.len(), now.ino()) != (before.len(), before.ino()) {
            return Err("something writes into it: rotate it first; it was not changed".into());
        }
        if scrubber.taken == taken {
            return Ok(fs::remove_file(new)?);
        }
        std::os::unix::fs::fchown(&out, Some(before.uid()), Some(before.gid()))?;
        out.set_permissions(fs::Permissions::from_mode(before.mode() & 0o7777))?;
        out.set_modified(before.modified()?)?;
        out.sync_all()?;
        Ok(fs::rename(new, path)?)
    }

    fn pass(
        &self,
        scrubber: &mut Scrubber,
        reader: BufReader<File>,
        is_gzip: bool,
        out: &mut dyn Write,
    ) -> Result<(), Box<dyn Error>> {
        if !is_gzip {
            return copy(scrubber, &mut { reader }, out);
        }
        let mut packed = GzEncoder::new(out, Compression::default());
        copy(scrubber, &mut BufReader::new(MultiGzDecoder::new(reader)), &mut packed)?;
        packed.finish()?;
        Ok(())
    }
}

fn exit(taken: u64) -> Exit {
    match taken {
        0 => Exit::Fine,
        _ => Exit::Found,
    }
}

/// A longer line is looked at in pieces: a token astride two of them would be missed, so such a line is
/// an error.
const LINE_MAX: u64 = 64 << 20;

fn copy(
    scrubber: &mut Scrubber,
    reader: &mut dyn BufRead,
    out: &mut dyn Write,
) -> Result<(), Box<dyn Error>> {
    let (mut line, mut scrubbed) = (Vec::new(), Vec::new());
    loop {
        line.clear();
        scrubbed.clear();
        if reader.take(LINE_MAX).read_until(b'\n', &mut line)? == 0 {
            return Ok(out.flush()?);
        }
        if line.len() as u64 == LINE_MAX {
            return Err("a line is longer than 64 MiB".into());
        }
        scrubber.line(&line, &mut scrubbed);
        out.write_all(&scrubbed)?;
    }
}
