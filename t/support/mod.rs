//! A real NGINX with the module, on a loopback port, in a directory of its own.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

const WAIT: Duration = Duration::from_secs(10);

/// A prefix of an NGINX that does not run yet: its configuration, rules and pages.
pub(crate) struct Prefix {
    directory: TempDir,
    port: u16,
}

/// A running NGINX, stopped when it goes out of scope.
pub(crate) struct Nginx {
    prefix: Prefix,
    process: Child,
}

/// An answer of NGINX.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Prefix {
    /// Writes the configuration: `http` is the text of the block, with `PORT` for the port.
    pub(crate) fn new(http: &str, files: &[(&str, &str)]) -> Prefix {
        let prefix = Prefix { directory: tempfile::tempdir().unwrap(), port: free_port() };
        // The worker of an NGINX started as root is another user, and must read pages.
        open_to_all(prefix.path());
        fs::create_dir(prefix.path().join("logs")).unwrap();
        for (name, text) in files {
            fs::write(prefix.path().join(name), text).unwrap();
        }
        fs::write(prefix.path().join("nginx.conf"), prefix.configuration(http)).unwrap();
        prefix
    }

    /// What `nginx -t` says.
    pub(crate) fn test(&self) -> Output {
        self.command().arg("-t").output().unwrap()
    }

    /// Starts NGINX and waits until it answers.
    pub(crate) fn start(self) -> Nginx {
        let process = self.command().stderr(Stdio::null()).spawn().unwrap();
        let mut nginx = Nginx { prefix: self, process };
        nginx.wait_until_ready();
        nginx
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(binary());
        command.arg("-p").arg(self.path()).args(["-c", "nginx.conf", "-e", "logs/error.log"]);
        command
    }

    fn configuration(&self, http: &str) -> String {
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("  {name}_temp_path logs/{name};\n"))
            .concat();
        format!(
            "load_module {};\ndaemon off;\nworker_processes 1;\npid logs/nginx.pid;\n\
             error_log logs/error.log info;\nevents {{}}\nhttp {{\n{temporary}{}\n}}\n",
            module().display(),
            http.replace("PORT", &format!("127.0.0.1:{}", self.port)),
        )
    }
}

impl Nginx {
    /// `GET` with header lines.
    pub(crate) fn fetch(&self, target: &str, headers: &[&str]) -> Response {
        let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let request =
            format!("GET {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{lines}\r\n");
        let mut stream = TcpStream::connect(("127.0.0.1", self.prefix.port)).unwrap();
        stream.set_read_timeout(Some(WAIT)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        Response::new(&bytes)
    }

    /// Stops NGINX in good order and returns what it wrote to a log.
    pub(crate) fn stop(mut self) -> Logs {
        self.signal_quit();
        let read = |name: &str| {
            fs::read_to_string(self.prefix.path().join("logs").join(name)).unwrap_or_default()
        };
        Logs { access: read("access.log"), error: read("error.log") }
    }

    fn wait_until_ready(&mut self) {
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.prefix.port)).is_err() {
            let ended = self.process.try_wait().unwrap();
            let log = fs::read_to_string(self.prefix.path().join("logs/error.log"));
            assert!(ended.is_none(), "NGINX ended: {}", log.unwrap_or_default());
            assert!(start.elapsed() < WAIT, "NGINX does not listen");
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn signal_quit(&mut self) {
        let _ = self.prefix.command().args(["-s", "quit"]).output();
        let start = Instant::now();
        while start.elapsed() < WAIT && matches!(self.process.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            self.signal_quit();
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}

/// What NGINX logged.
pub(crate) struct Logs {
    pub(crate) access: String,
    pub(crate) error: String,
}

impl Response {
    fn new(bytes: &[u8]) -> Response {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let status = text.split(' ').nth(1).and_then(|word| word.parse().ok());
        Response { status: status.unwrap_or_else(|| panic!("no status: {text:?}")), text }
    }
}

/// The NGINX that the module was built for.
fn binary() -> PathBuf {
    PathBuf::from(env!("TOKENBAN_NGINX"))
}

/// The module beside this test: a `cdylib` has no hash in its name. `cargo test` does not build it,
/// `make test` does.
fn module() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let module = test.with_file_name("libngx_http_tokenban_module.so");
    assert!(module.exists(), "build the module first: `make build`, or `cargo build`");
    module
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
