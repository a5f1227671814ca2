//! Starts a real NGINX with the module on loopback, in a directory of its own, and talks to it.

#![allow(dead_code)] // each test binary uses its part

use std::{
    env,
    ffi::OsStr,
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

pub(crate) mod app;
pub(crate) mod certificate;
pub(crate) mod client;

/// Denied by the rules below.
pub(crate) const LEAKED: &str = "leaked-test-token-0123456789";

/// Denied by the rules below, whatever the mode but `off`.
pub(crate) const ENFORCED: &str = "enforced-test-token-0123456789";

/// How long a test waits for what must come: a busy machine is slow, and nothing waits for the end of
/// it but a test that fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// What most tests load as `rules.yaml`.
const RULES: &str = r#"
rules:
  - id: leaked
    points:
      - [header, AUTHORIZATION]
      - [header, X-API-KEY]
      - [query, token]
      - [header, COOKIE, cookie, session]
    tokens: [leaked-test-token-0123456789]
  - id: enforced
    points: [[header, AUTHORIZATION]]
    tokens: [enforced-test-token-0123456789]
    action: enforce
"#;

/// A running NGINX; stopped when dropped.
pub(crate) struct Nginx {
    directory: TempDir,
    master: Child,
    pub(crate) port: u16,
    pub(crate) port2: u16,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Nginx {
    /// Starts NGINX with something for its `http` block. `{port}`, `{port2}` and
    /// `{dir}` are replaced.
    pub(crate) fn start(http: &str) -> Nginx {
        Nginx::start_with("worker_processes 1;", http)
    }

    /// The same with something for the main block, too.
    pub(crate) fn start_with(main: &str, http: &str) -> Nginx {
        Nginx::start_in(directory(), main, http)
    }

    /// The same in a directory that [`directory`] made.
    pub(crate) fn start_in(directory: TempDir, main: &str, http: &str) -> Nginx {
        let (port, port2) = free_ports();
        configure(&directory, [port, port2], main, http);
        let master = spawn(&directory);
        let mut nginx = Nginx { directory, master, port, port2 };
        while !nginx.has_started(workers(main)) {
            (nginx.port, nginx.port2) = free_ports();
            configure(&nginx.directory, [nginx.port, nginx.port2], main, http);
            nginx.master = spawn(&nginx.directory);
        }
        nginx
    }

    /// Waits for the workers, which come after the master listens. False where another process has
    /// taken a port that was free before.
    fn has_started(&mut self, workers: usize) -> bool {
        let deadline = Instant::now() + PATIENCE;
        let listens = |port| TcpStream::connect(("127.0.0.1", port)).is_ok();
        while self.workers().len() < workers || !listens(self.port) {
            let has_ended = self.master.try_wait().expect("a child").is_some();
            if has_ended && self.log().contains("Address already in use") {
                return false;
            }
            let waits = !has_ended && Instant::now() < deadline;
            assert!(waits, "NGINX does not start:\n{}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
        true
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn master(&self) -> u32 {
        self.master.id()
    }

    /// The process id of the only worker.
    pub(crate) fn worker(&self) -> u32 {
        let workers = self.workers();
        assert_eq!(workers.len(), 1, "{workers:?}");
        workers[0]
    }

    /// The process ids of the workers, old and new.
    pub(crate) fn workers(&self) -> Vec<u32> {
        let master = self.master.id();
        let children = format!("/proc/{master}/task/{master}/children");
        read(Path::new(&children)).split(' ').filter_map(|word| word.parse().ok()).collect()
    }

    /// Sends `GET` with header lines.
    pub(crate) fn get(&self, target: &str, headers: &[&str]) -> Response {
        self.request("GET", target, headers)
    }

    pub(crate) fn request(&self, method: &str, target: &str, headers: &[&str]) -> Response {
        let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let text = format!(
            "{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n"
        );
        self.raw(text.as_bytes())
    }

    /// Sends bytes as they are and reads until NGINX closes.
    pub(crate) fn raw(&self, request: &[u8]) -> Response {
        self.raw_to(self.port, request)
    }

    /// The same for either port.
    pub(crate) fn raw_to(&self, port: u16, request: &[u8]) -> Response {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("timeout");
        stream.write_all(request).expect("request");
        let mut answer = Vec::new();
        // A reset after the answer is as good as an end.
        let _ = stream.read_to_end(&mut answer);
        Response::parse(&answer)
    }

    /// The status of a request with a token in `Authorization: Bearer`.
    pub(crate) fn bearer(&self, target: &str, token: &str) -> u16 {
        self.get(target, &[&format!("Authorization: Bearer {token}")]).status
    }

    /// The error log so far.
    pub(crate) fn log(&self) -> String {
        read(&self.directory.path().join("error.log"))
    }

    /// The access log, once it has as many lines as asked for.
    pub(crate) fn access_log(&self, lines: usize) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = read(&self.directory.path().join("access.log"));
            if text.lines().count() >= lines || Instant::now() > deadline {
                return text;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Whether the master ends within a time.
    pub(crate) fn wait(&mut self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        while Instant::now() < deadline {
            if self.master.try_wait().expect("a child").is_some() {
                return true;
            }
            thread::sleep(Duration::from_millis(5));
        }
        false
    }

    /// What `nginx -t` says of the configuration as it is now.
    pub(crate) fn check(&self) -> Output {
        command(&self.directory).arg("-t").output().expect("NGINX runs")
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(self.master.id(), name);
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        signal(self.master.id(), "TERM");
        let _ = self.master.wait();
        if thread::panicking() {
            eprintln!("--- error log\n{}", self.log());
        }
    }
}

impl Response {
    fn parse(answer: &[u8]) -> Response {
        let text = String::from_utf8_lossy(answer).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        Response { status, head: head.to_owned(), body: body.to_owned() }
    }
}

/// What `nginx -t` says of something for the `http` block.
pub(crate) fn check(http: &str) -> Output {
    check_in(&directory(), "", http)
}

/// The same in a directory that [`directory`] made, with something for the main block, too.
pub(crate) fn check_in(directory: &TempDir, main: &str, http: &str) -> Output {
    configure(directory, free_ports().into(), main, http);
    command(directory).arg("-t").output().expect("NGINX runs")
}

/// What `nginx -t` says of a configuration of `nginx-conf/`, in a tree as `make build` leaves it.
pub(crate) fn check_file(file: &Path) -> Output {
    let directory = tempfile::tempdir().expect("temporary directory");
    let (conf, build) = (directory.path().join("nginx-conf"), directory.path().join("build"));
    fs::create_dir_all(build.join("temp")).expect("directory");
    fs::create_dir(&conf).expect("directory");
    link(&module(), &build.join("ngx_http_tokenban_module.so"));
    link(&root().join("rules"), &directory.path().join("rules"));
    for entry in fs::read_dir(file.parent().expect("a folder")).expect("nginx-conf") {
        let entry = entry.expect("entry");
        fs::copy(entry.path(), conf.join(entry.file_name())).expect("copy");
    }
    let store = build.join("store");
    tokenban_denylist::Store::create(&store, &Default::default()).expect("a store");
    let name = file.file_name().expect("a name");
    let mut command = nginx();
    command.args(["-e", "stderr", "-t", "-p"]).arg(conf.join("")).arg("-c").arg(name);
    if is_root() {
        command.args(["-g", "user root;"]);
    }
    command.output().expect("NGINX runs")
}

fn link(target: &Path, name: &Path) {
    std::os::unix::fs::symlink(target, name).expect("link");
}

/// The directory of the project.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("t/ is in the project")
}

/// A client of `t/clients`, with the packages that `make test` installs for it.
pub(crate) fn python(script: &str) -> Command {
    let target =
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let mut command = Command::new(target.join("clients/bin/python"));
    command.env("PYTHONDONTWRITEBYTECODE", "1").arg(root().join("t/clients").join(script));
    command
}

/// The module: the one that `make` names, or the one that `cargo build` left beside the tests.
pub(crate) fn module() -> PathBuf {
    let module = env::var_os("TOKENBAN_MODULE")
        .map_or_else(|| profile().join("libngx_http_tokenban_module.so"), PathBuf::from);
    assert!(module.exists(), "{} is not built; run `make test`", module.display());
    module
}

/// The NGINX that the module is for: the one that `make` names, or the last one that nginx-sys built.
pub(crate) fn binary() -> PathBuf {
    env::var_os("TOKENBAN_NGINX").map_or_else(vendored, PathBuf::from)
}

fn vendored() -> PathBuf {
    let entries = fs::read_dir(profile().join("build")).expect("what build scripts left");
    let binaries = entries.map(|entry| entry.expect("entry").path().join("out/objs/nginx"));
    let age = |path: &PathBuf| path.metadata().and_then(|file| file.modified()).ok();
    let newest = binaries.filter(|path| path.exists()).max_by_key(age);
    newest.expect("NGINX is not built; run `make test`")
}

/// The directory of the profile that the tests were built with.
fn profile() -> PathBuf {
    let tests = env::current_exe().expect("path of the test");
    tests.ancestors().nth(2).expect("directory of the profile").to_owned()
}

/// A directory for one NGINX, with `rules.yaml` and an empty `html`.
pub(crate) fn directory() -> TempDir {
    let directory = tempfile::tempdir().expect("temporary directory");
    fs::write(directory.path().join("rules.yaml"), RULES).expect("rules");
    fs::create_dir(directory.path().join("html")).expect("directory");
    directory
}

/// Nothing where NGINX has the module built in.
fn load_module() -> String {
    match env::var_os("TOKENBAN_MODULE").is_some_and(|module| module.is_empty()) {
        true => String::new(),
        false => format!("load_module \"{}\";", module().display()),
    }
}

fn configure(directory: &TempDir, [port, port2]: [u16; 2], main: &str, http: &str) {
    let dir = directory.path().display().to_string();
    let load_module = load_module();
    let user = if is_root() && !main.contains("user ") { "user root;" } else { "" };
    let http = http
        .replace("{port}", &port.to_string())
        .replace("{port2}", &port2.to_string())
        .replace("{dir}", &dir);
    let temp: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("{name}_temp_path {dir}/temp-{name};\n"))
        .collect();
    let text = format!(
        "{load_module}\n{user}\ndaemon off;\npid {dir}/nginx.pid;\n\
         error_log {dir}/error.log info;\n{main}\nevents {{ worker_connections 512; }}\n\
         http {{\nlog_format decision '$request_method $uri $status $tokenban_status \
         rule=$tokenban_rule point=$tokenban_point fingerprint=$tokenban_fingerprint';\n\
         access_log {dir}/access.log decision;\n{temp}{http}\n}}\n"
    );
    fs::write(directory.path().join("nginx.conf"), text).expect("configuration");
}

/// The binary. Whatever started the tests may have a variable that NGINX takes for its own: sockets
/// that it inherits.
pub(crate) fn nginx() -> Command {
    let mut command = Command::new(binary());
    command.env_remove("NGINX");
    command
}

fn spawn(directory: &TempDir) -> Child {
    command(directory).stderr(Stdio::null()).spawn().expect("NGINX starts")
}

fn command(directory: &TempDir) -> Command {
    let mut command = nginx();
    let log = directory.path().join("error.log");
    let words = [OsStr::new("-e"), log.as_os_str(), OsStr::new("-p"), directory.path().as_os_str()];
    command.args(words).args(["-c", "nginx.conf"]);
    command
}

/// The number in `worker_processes`, or none where NGINX has no master.
fn workers(main: &str) -> usize {
    if main.contains("master_process off") {
        return 0;
    }
    let number = main.split("worker_processes ").nth(1).and_then(|rest| rest.split(';').next());
    number.and_then(|number| number.parse().ok()).unwrap_or(1)
}

pub(crate) fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().expect("id");
    output.stdout == b"0\n"
}

fn free_ports() -> (u16, u16) {
    let listener = || TcpListener::bind(("127.0.0.1", 0)).expect("free port");
    let port = |listener: &TcpListener| listener.local_addr().expect("address").port();
    let (one, two) = (listener(), listener());
    (port(&one), port(&two))
}

/// Sends a signal to a process.
pub(crate) fn signal(process: u32, name: &str) {
    let _ = Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status();
}

fn read(path: &Path) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
