//! Opening a log: as it is, compressed by gzip or zstd, standard input, or followed as it grows.

use std::{
    error::Error,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use flate2::bufread::MultiGzDecoder;
use indicatif::ProgressBar;
use ruzstd::decoding::StreamingDecoder;

use crate::input;

/// Lines are looked at in pieces of this size.
const BUFFER: usize = 1 << 20;
/// A longer line is not a log's: it is passed over, and counted as without a time.
const LINE_MAX: usize = 1 << 20;
/// How often a log that is followed is looked at.
const LOOKS: Duration = Duration::from_millis(250);

/// Whether a name stands for standard input.
pub(crate) fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// A log that can be read.
pub(crate) struct Log {
    /// As it is named in messages.
    pub(crate) name: String,
    path: PathBuf,
    reader: Box<dyn BufRead>,
    bar: ProgressBar,
}

impl Log {
    pub(crate) fn open(path: &Path) -> Result<Log, Box<dyn Error>> {
        let name = if is_standard(path) {
            "standard input".to_owned()
        } else {
            path.display().to_string()
        };
        let (raw, length): (Box<dyn Read>, _) = match is_standard(path) {
            true => (Box::new(io::stdin()), None),
            false => {
                let file =
                    File::open(path).map_err(|error| format!("cannot read {name}: {error}"))?;
                let length = file.metadata().ok().map(|metadata| metadata.len());
                (Box::new(file), length)
            }
        };
        let bar = input::bytes_read(length, &name);
        let reader = inflated(BufReader::with_capacity(BUFFER, bar.wrap_read(raw)))
            .map_err(|error| format!("cannot read {name}: {error}"))?;
        Ok(Log { name, path: path.to_owned(), reader, bar })
    }

    /// Hands over each line without its end; what is behind the last end, too.
    pub(crate) fn lines(&mut self, each: &mut dyn FnMut(&[u8])) -> Result<(), Box<dyn Error>> {
        let result = lines(&mut self.reader, each);
        self.bar.finish_and_clear();
        result.map_err(|error| format!("{}: {error}", self.name).into())
    }

    /// Goes on with what is appended, also when another file takes its name; never ends by itself.
    pub(crate) fn follow(self, each: &mut dyn FnMut(&[u8])) -> Result<(), Box<dyn Error>> {
        let (mut file, mut line) = (File::open(&self.path)?, Vec::new());
        io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
        let mut reader = BufReader::new(file);
        loop {
            while reader.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
                each(trimmed(&line));
                line.clear();
            }
            thread::sleep(LOOKS);
            let ours = reader.get_ref().metadata()?;
            if let Ok(now) = std::fs::metadata(&self.path) {
                if now.ino() != ours.ino() || now.len() < ours.len() && now.len() == 0 {
                    reader = BufReader::new(File::open(&self.path)?);
                    line.clear();
                }
            }
        }
    }
}

fn inflated(mut reader: impl BufRead + 'static) -> io::Result<Box<dyn BufRead>> {
    let start = reader.fill_buf()?;
    if start.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(reader))));
    }
    if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return Ok(Box::new(BufReader::with_capacity(BUFFER, Zstd(Some(reader), None))));
    }
    Ok(Box::new(reader))
}

/// Every frame of a zstd file: `zstd` and log rotation append some.
struct Zstd<R: BufRead>(Option<R>, Option<StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>);

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.1 {
                let count = frame.read(buffer)?;
                if count > 0 || buffer.is_empty() {
                    return Ok(count);
                }
                self.0 = self.1.take().map(StreamingDecoder::into_inner);
            }
            let Some(reader) = &mut self.0 else { return Ok(0) };
            if reader.fill_buf()?.is_empty() {
                return Ok(0);
            }
            let frame = self.0.take().map(StreamingDecoder::new).transpose();
            self.1 = frame.map_err(io::Error::other)?;
        }
    }
}

fn lines(reader: &mut dyn BufRead, each: &mut dyn FnMut(&[u8])) -> io::Result<()> {
    let mut rest: Vec<u8> = Vec::new();
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            if !rest.is_empty() {
                each(trimmed(&rest));
            }
            return Ok(());
        }
        let length = buffer.len();
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', buffer) {
            match rest.is_empty() {
                true => each(trimmed(&buffer[start..end])),
                false => {
                    rest.extend_from_slice(&buffer[start..end]);
                    each(trimmed(&rest));
                    rest.clear();
                }
            }
            start = end + 1;
        }
        if rest.len() < LINE_MAX {
            rest.extend_from_slice(&buffer[start..]);
        }
        reader.consume(length);
    }
}

fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
