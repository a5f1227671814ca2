//! The back ends: each a process on a loopback port, started and ended by its id.

use std::{
    cell::{Cell, RefCell},
    fs::{self, File},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::support;

/// How a back end is started, in its directory, followed by its port.
struct Kind {
    name: &'static str,
    command: &'static [&'static str],
}

/// `{set-up}` is where the Makefile has installed the pinned packages.
const KINDS: [Kind; 7] = [
    Kind { name: "django", command: &["{set-up}/venv/bin/python", "django_app.py", "{port}"] },
    Kind { name: "express", command: &["node", "express_app.js", "{port}"] },
    Kind { name: "flask", command: &["{set-up}/venv/bin/python", "flask_app.py", "{port}"] },
    Kind { name: "node", command: &["node", "node_app.js", "{port}"] },
    Kind {
        name: "php",
        // Without php.ini; with room for the long bodies of this test.
        command: &[
            "php",
            "-n",
            "-d",
            "display_errors=0",
            "-d",
            "post_max_size=64M",
            "-d",
            "upload_max_filesize=64M",
            "-d",
            "max_input_vars=100000",
            "-S",
            "127.0.0.1:{port}",
            "php_app.php",
        ],
    },
    Kind { name: "python", command: &["{set-up}/venv/bin/python", "python_app.py", "{port}"] },
    Kind {
        name: "starlette",
        command: &["{set-up}/venv/bin/python", "starlette_app.py", "{port}"],
    },
];

/// A running back end; ended when dropped.
pub(crate) struct Backend {
    pub(crate) name: &'static str,
    pub(crate) port: u16,
    command: Vec<String>,
    log: PathBuf,
    process: RefCell<Child>,
    revived: Cell<usize>,
}

/// Starts all of them; what they write goes to `logs`.
pub(crate) fn start_all(logs: &Path) -> Vec<Backend> {
    let backends: Vec<_> = KINDS.iter().map(|kind| Backend::start(kind, logs)).collect();
    backends.iter().for_each(Backend::await_port);
    backends
}

impl Backend {
    fn start(kind: &Kind, logs: &Path) -> Backend {
        let port = free_port();
        let fill = |word: &&str| {
            word.replace("{set-up}", &set_up().display().to_string())
                .replace("{port}", &port.to_string())
        };
        let command: Vec<String> = kind.command.iter().map(fill).collect();
        let log = logs.join(format!("{}.log", kind.name));
        let process = RefCell::new(spawn(&command, &log));
        Backend { name: kind.name, port, command, log, process, revived: Cell::new(0) }
    }

    fn await_port(&self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let late = Instant::now() > deadline;
            assert!(!late, "{} does not listen:\n{}", self.name, self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Starts it again where a request has ended it (PHP's built-in server has such bugs): it
    /// would see no token any more.
    pub(crate) fn revive(&self) {
        let mut process = self.process.borrow_mut();
        if process.try_wait().expect("process").is_none() {
            return;
        }
        self.revived.set(self.revived.get() + 1);
        assert!(self.revived.get() < 1000, "{} ends again and again:\n{}", self.name, self.log());
        *process = spawn(&self.command, &self.log);
        self.await_port();
    }

    fn log(&self) -> String {
        fs::read(&self.log)
            .map(|log| String::from_utf8_lossy(&log).into_owned())
            .unwrap_or_default()
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        let process = self.process.get_mut();
        let _ = process.kill();
        let _ = process.wait();
    }
}

fn spawn(command: &[String], log: &Path) -> Child {
    let log = File::create(log).expect("log");
    Command::new(&command[0])
        .args(&command[1..])
        .current_dir(support::root().join("t/differential/backends"))
        .env("NODE_PATH", set_up().join("node/node_modules"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("log"))
        .stderr(log)
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; run `make backends`", command[0]))
}

/// The directory of the installed packages.
fn set_up() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| support::root().join("target"), PathBuf::from);
    target.join("differential")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("free port");
    listener.local_addr().expect("address").port()
}
