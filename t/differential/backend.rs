//! The back ends: each a loopback port; several share a process, which is started and ended by its id.

use std::{
    cell::{Cell, RefCell},
    fs::{self, File},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    rc::Rc,
    thread,
    time::{Duration, Instant},
};

use crate::{place::Place, support};

/// What the command of a process is followed by: `NAME PORT` for each of its back ends, or `PORT` alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arguments {
    NamesAndPorts,
    Port,
    /// Where the command has `{port}`.
    Inside,
}

/// A process, in its directory below `backends/`, and the back ends in it.
struct Host {
    directory: &'static str,
    /// `{set-up}` is where the Makefile has installed the pinned packages.
    command: &'static [&'static str],
    arguments: Arguments,
    names: &'static [&'static str],
}

const HOSTS: &[Host] = &[
    Host {
        directory: "python",
        command: &["{set-up}/venv/bin/python", "run.py"],
        arguments: Arguments::NamesAndPorts,
        names: &[
            "aiohttp",
            "cherrypy",
            "django",
            "falcon",
            "fastapi",
            "flask",
            "litestar",
            "pyxml",
            "python",
            "sanic",
            "starlette",
            "strawberry",
            "tornado",
            "webob",
        ],
    },
    Host {
        directory: "node",
        command: &["node", "run.js"],
        arguments: Arguments::NamesAndPorts,
        names: &[
            "apollo",
            "express",
            "fastify",
            "hapi",
            "hono",
            "koa",
            "multiparty",
            "node",
            "nodexml",
            "sessions",
            "socketio",
            "yoga",
        ],
    },
    Host {
        directory: "php",
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
        arguments: Arguments::Inside,
        names: &["php"],
    },
    Host {
        directory: "go",
        command: &["{set-up}/go/backend"],
        arguments: Arguments::Port,
        names: &["go"],
    },
    Host {
        directory: "ruby",
        command: &["ruby", "run.rb"],
        arguments: Arguments::NamesAndPorts,
        names: &["rack", "rubyxml", "sinatra"],
    },
    Host {
        directory: "perl",
        command: &["perl", "mojolicious_app.pl"],
        arguments: Arguments::Port,
        names: &["mojolicious"],
    },
    Host {
        directory: "perl",
        command: &["perl", "plack_app.pl"],
        arguments: Arguments::Port,
        names: &["plack"],
    },
    Host {
        directory: "java",
        command: &["sh", "{set-up}/java/run"],
        arguments: Arguments::NamesAndPorts,
        names: &["jetty", "tomcat"],
    },
    Host {
        directory: "rust",
        command: &["{set-up}/rust/release/backends"],
        arguments: Arguments::NamesAndPorts,
        names: &["actix", "axum"],
    },
];

/// A back end.
pub(crate) struct Backend {
    pub(crate) name: &'static str,
    pub(crate) port: u16,
    process: Rc<Process>,
}

/// A running process; ended when dropped.
struct Process {
    name: String,
    directory: PathBuf,
    command: Vec<String>,
    log: PathBuf,
    child: RefCell<Child>,
    revived: Cell<usize>,
}

/// Starts those of the names, or all of them; what they write goes to `logs`.
pub(crate) fn start(only: Option<&str>, logs: &Path) -> Vec<Backend> {
    let wanted = |name: &str| only.is_none_or(|only| only.split(',').any(|one| one == name));
    let backends: Vec<_> = HOSTS.iter().flat_map(|host| host.start(&wanted, logs)).collect();
    assert!(!backends.is_empty(), "no such back end: {only:?}");
    backends.iter().for_each(Backend::await_port);
    backends
}

impl Host {
    fn start(&self, wanted: &dyn Fn(&str) -> bool, logs: &Path) -> Vec<Backend> {
        let names = self.names.iter().filter(|name| wanted(name));
        let named: Vec<_> = names.map(|name| (*name, free_port())).collect();
        if named.is_empty() {
            return Vec::new();
        }
        let process = Rc::new(Process::start(self, &named, logs));
        let backend = |(name, port)| Backend { name, port, process: Rc::clone(&process) };
        named.into_iter().map(backend).collect()
    }

    fn command(&self, named: &[(&'static str, u16)]) -> Vec<String> {
        let port = named[0].1.to_string();
        let fill = |word: &&str| {
            word.replace("{set-up}", &set_up().display().to_string()).replace("{port}", &port)
        };
        let pairs = named.iter().flat_map(|(name, port)| [(*name).to_owned(), port.to_string()]);
        let rest: Vec<_> = match self.arguments {
            Arguments::NamesAndPorts => pairs.collect(),
            Arguments::Port => vec![port.clone()],
            Arguments::Inside => Vec::new(),
        };
        self.command.iter().map(fill).chain(rest).collect()
    }
}

impl Backend {
    fn await_port(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let late = Instant::now() > deadline || self.process.has_ended();
            assert!(!late, "{} does not listen:\n{}", self.name, self.process.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Starts its process again where a request has ended it (PHP's built-in server has such bugs):
    /// it would see no token any more.
    pub(crate) fn revive(&self) {
        if self.process.has_ended() {
            self.process.again();
            self.await_port();
        }
    }

    /// Whether an application of this kind reads such a place at all.
    pub(crate) fn reads(&self, place: Place) -> bool {
        let special: &[Place] = match self.name {
            "apollo" | "strawberry" | "yoga" => &[Place::GraphQl, Place::GraphQlQuery],
            "nodexml" | "pyxml" | "rubyxml" => &[Place::Xml, Place::XmlAttribute],
            "sessions" => &[Place::Cookie, Place::CookieJson, Place::CookiePieces],
            "socketio" => &[Place::SocketIo],
            "multiparty" => &[Place::Field, Place::File, Place::Form],
            "go" | "jetty" | "tomcat" => return !SPECIAL.contains(&place) || XML.contains(&place),
            _ => return !SPECIAL.contains(&place),
        };
        special.contains(&place)
    }
}

const XML: [Place; 2] = [Place::Xml, Place::XmlAttribute];
/// What only applications of a kind read.
const SPECIAL: [Place; 6] = [
    Place::CookiePieces,
    Place::GraphQl,
    Place::GraphQlQuery,
    Place::SocketIo,
    Place::Xml,
    Place::XmlAttribute,
];

impl Process {
    fn start(host: &Host, named: &[(&'static str, u16)], logs: &Path) -> Process {
        let directory = support::root().join("t/differential/backends").join(host.directory);
        let name = named[0].0.to_owned();
        let (command, log) = (host.command(named), logs.join(format!("{name}.log")));
        let child = RefCell::new(spawn(&command, &directory, &log));
        Process { name, directory, command, log, child, revived: Cell::new(0) }
    }

    fn has_ended(&self) -> bool {
        self.child.borrow_mut().try_wait().expect("process").is_some()
    }

    fn again(&self) {
        self.revived.set(self.revived.get() + 1);
        assert!(self.revived.get() < 1000, "{} ends again and again:\n{}", self.name, self.log());
        *self.child.borrow_mut() = spawn(&self.command, &self.directory, &self.log);
    }

    fn log(&self) -> String {
        fs::read(&self.log)
            .map(|log| String::from_utf8_lossy(&log).into_owned())
            .unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let child = self.child.get_mut();
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn spawn(command: &[String], directory: &Path, log: &Path) -> Child {
    let log = File::create(log).expect("log");
    Command::new(&command[0])
        .args(&command[1..])
        .current_dir(directory)
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
