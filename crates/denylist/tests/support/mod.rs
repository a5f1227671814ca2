//! What the tests of the store share: entries, and processes of their own. A process opens a store
//! once, and most of what is tested happens between processes: a test runs its own program again,
//! with the name of a *part* that plays there.
#![allow(dead_code)] // each test program uses some of it

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use tempfile::TempDir;
use tokenban_denylist::{CreateOptions, NewEntry, Reader, Store, Target, Writer};
use tokenban_engine::denylist::{Denylists, Key, Sought, StoreLost};

/// A moment in 2026.
pub(crate) const NOW: u64 = 1_790_000_000;

/// An empty store in a directory of its own.
pub(crate) struct Place {
    dir: TempDir,
}

impl Place {
    pub(crate) fn new() -> Place {
        let place = Place { dir: TempDir::new().unwrap() };
        Store::create(&place.path(), &CreateOptions::default()).unwrap();
        place
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data.mdb")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.path().join("lock.mdb")
    }

    pub(crate) fn open(&self) -> Store {
        Store::open(&self.path()).unwrap()
    }

    /// One change, committed.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Writer<'_>)) {
        let mut store = self.open();
        let mut writer = store.write().unwrap();
        change(&mut writer);
        writer.commit().unwrap();
    }

    pub(crate) fn ban(&self, token: &str) {
        self.change(|writer| {
            writer.ban(&entry("leaked", token)).unwrap();
        });
    }
}

pub(crate) fn entry<'a>(list: &'a str, token: &'a str) -> NewEntry<'a> {
    NewEntry {
        reason: "INC-42",
        source: "a test",
        ..NewEntry::new(list, Target::Token(token.as_bytes()), NOW)
    }
}

/// The lists that a token is on.
pub(crate) fn lists(denylists: &dyn Denylists, token: &str) -> Result<Vec<String>, StoreLost> {
    let (mut lists, key) = (Vec::new(), Key::token(token.as_bytes()));
    let sought = Sought::Token(token.as_bytes());
    if denylists.profile().may_hold(token.as_bytes())
        && denylists.may_hold(&sought, &mut || Some(key))
    {
        denylists.find(&key, &mut |ban| lists.push(ban.list.to_owned()))?;
    }
    Ok(lists)
}

/// Another process, which plays a part: it is told lines and answers each with one.
pub(crate) struct Part {
    pub(crate) child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Part {
    /// Starts this test program again, for the one test `part`.
    pub(crate) fn start(part: &str, path: &Path) -> Part {
        Part::start_below("exec \"$0\" \"$@\"", part, path)
    }

    /// The same below a line of shell, in which `"$0" "$@"` is the program.
    pub(crate) fn start_below(shell: &str, part: &str, path: &Path) -> Part {
        Part::run(Command::new("sh").args(["-c", shell]).arg(program()), part, path)
    }

    /// The same as a user who has no rights here. Needs root; others have no rights as they are.
    pub(crate) fn start_as_nobody(program: &Path, part: &str, path: &Path) -> Part {
        let mut command = Command::new(program);
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        Part::run(&mut command, part, path)
    }

    fn run(command: &mut Command, part: &str, path: &Path) -> Part {
        let mut child = command
            .args([part, "--exact", "--nocapture", "--ignored", "--test-threads=1"])
            .env("STORE", path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Part { child, input, output }
    }

    /// Says something without waiting for the answer.
    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    pub(crate) fn ask(&mut self, line: &str) -> String {
        writeln!(self.input, "{line}").unwrap();
        self.answer()
    }

    /// The next line after `> `, which the test harness itself never prints.
    pub(crate) fn answer(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "the other process ended");
            if let Some((_, answer)) = line.trim_end_matches('\n').split_once("> ") {
                return answer.to_owned();
            }
        }
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) const NOBODY: u32 = 65534;

pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// This test program.
pub(crate) fn program() -> PathBuf {
    std::env::current_exe().unwrap()
}

/// The part of a reader: `ask TOKEN` tells its lists after a refresh, `check` what `check` says.
pub(crate) fn play_reader(mut reader: Reader) {
    say("ready");
    answer_lines(|line| match line.split_once(' ') {
        Some(("ask", token)) => {
            let refreshed = reader.refresh();
            match (refreshed, lists(&reader, token)) {
                (Ok(()), Ok(lists)) => lists.join(","),
                (Err(error), Ok(lists)) => format!("{} but {error}", lists.join(",")),
                (_, Err(StoreLost)) => {
                    let asks = reader.profile().may_hold(token.as_bytes());
                    format!("lost, {}", if asks { "and says so" } else { "silently" })
                }
            }
        }
        _ => match reader.check() {
            Ok(()) => "fine".to_owned(),
            Err(error) => error.to_string(),
        },
    });
}

/// The path that a part was started with; `None` where the test was run by hand.
pub(crate) fn part_path() -> Option<PathBuf> {
    std::env::var_os("STORE").map(PathBuf::from)
}

/// Answers every line of the standard input until it ends.
pub(crate) fn answer_lines(mut answer: impl FnMut(&str) -> String) {
    for line in std::io::stdin().lines() {
        say(&answer(&line.unwrap()));
    }
}

pub(crate) fn say(answer: &str) {
    println!("> {answer}");
    std::io::stdout().flush().unwrap();
}
