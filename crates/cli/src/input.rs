//! Where tokens come from: standard input or files, never arguments. Long reads show their progress
//! on a terminal.

use std::{
    error::Error,
    fs::File,
    io::{self, BufRead, BufReader, IsTerminal, Read},
    path::{Path, PathBuf},
};

use indicatif::{ProgressBar, ProgressStyle};

/// Reads of this size keep ten million lines a matter of seconds.
const BUFFER: usize = 256 * 1024;

/// An input, by name; `-` is standard input.
pub(crate) struct Input {
    /// As it is named in messages.
    pub(crate) name: String,
    reader: BufReader<Box<dyn Read>>,
    length: Option<u64>,
    /// Whether a person types it.
    terminal: bool,
}

impl Input {
    /// All that are named; standard input when none is.
    pub(crate) fn open_all(paths: &[PathBuf]) -> Result<Vec<Input>, Box<dyn Error>> {
        match paths.is_empty() {
            true => Ok(vec![Input::standard()]),
            false => (1..).zip(paths).map(|(number, path)| Input::open(number, path)).collect(),
        }
    }

    /// A name without a file is repeated only if it ends like one: people write tokens there.
    fn open(number: usize, path: &Path) -> Result<Input, Box<dyn Error>> {
        if path == Path::new("-") {
            return Ok(Input::standard());
        }
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| match path.exists() {
            true => format!("cannot read {name}: {error}"),
            false if is_like_a_file(path) => format!("cannot read {name}: {error}"),
            false => format!(
                "cannot read file {number}: {error}; tokens are read from standard input or files, \
                 never from arguments"
            ),
        })?;
        let metadata = file.metadata().ok().filter(|metadata| metadata.is_file());
        let length = metadata.map(|metadata| metadata.len());
        Ok(Input { length, ..Input::new(&name, Box::new(file)) })
    }

    fn standard() -> Input {
        let terminal = io::stdin().is_terminal();
        Input { terminal, ..Input::new("standard input", Box::new(io::stdin())) }
    }

    fn new(name: &str, reader: Box<dyn Read>) -> Input {
        let reader = BufReader::with_capacity(BUFFER, reader);
        Input { name: name.to_owned(), reader, length: None, terminal: false }
    }

    /// The text, with a bar on standard error that shows how far it was read, if that is a terminal.
    pub(crate) fn watched(self) -> Watched {
        if self.terminal {
            eprintln!("a token a line; Ctrl-D ends");
        }
        let bar = bar(self.length, &self.name);
        Watched { reader: self.reader, bar, unseen: 0 }
    }
}

/// An input that shows how far it was read.
pub(crate) struct Watched {
    reader: BufReader<Box<dyn Read>>,
    bar: ProgressBar,
    /// Bytes that the bar was not told yet: JSON is read a byte at a time.
    unseen: usize,
}

impl Watched {
    fn saw(&mut self, count: usize) {
        self.unseen += count;
        if self.unseen >= BUFFER {
            self.bar.inc(self.unseen as u64);
            self.unseen = 0;
        }
    }
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.saw(count);
        Ok(count)
    }
}

impl BufRead for Watched {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.saw(count);
        self.reader.consume(count);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Whether a name ends as reports and lists do, and no token does.
fn is_like_a_file(path: &Path) -> bool {
    const ENDS: [&str; 10] =
        ["conf", "csv", "env", "har", "json", "jsonl", "log", "sarif", "txt", "yaml"];
    path.extension().is_some_and(|end| ENDS.iter().any(|known| end == *known))
}

/// A bar for so many bytes, or a count of them. Only a terminal shows it.
fn bar(length: Option<u64>, name: &str) -> ProgressBar {
    let (bar, template) = match length {
        Some(length) => (ProgressBar::new(length), "{msg} {wide_bar} {bytes}/{total_bytes} {eta}"),
        None => (ProgressBar::new_spinner(), "{msg} {spinner} {bytes} {bytes_per_sec}"),
    };
    style(&bar, template);
    bar.with_message(name.to_owned())
}

/// Shown while a log is read, for the bytes of the file.
pub(crate) fn bytes_read(length: Option<u64>, name: &str) -> ProgressBar {
    bar(length, name)
}

/// Shown while something of unknown length is done.
pub(crate) fn spinner(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(what);
    style(&bar, "{msg} {spinner} {elapsed}");
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    bar
}

/// Shown while so many things are done.
pub(crate) fn counted(what: &'static str, total: u64) -> ProgressBar {
    let bar = ProgressBar::new(total).with_message(what);
    style(&bar, "{msg} {wide_bar} {human_pos}/{human_len} {eta}");
    bar
}

/// Shows on a bar how many of all are done.
pub(crate) fn shown_on(bar: &ProgressBar) -> impl FnMut(u64, u64) + '_ {
    |done, total| {
        if done % 4096 == 0 {
            bar.set_length(total);
            bar.set_position(done);
        }
    }
}

fn style(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}
