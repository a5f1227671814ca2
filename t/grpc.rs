//! gRPC through `grpc_pass`, with a real server and a real client: each message is inspected before
//! it is passed on.

mod support;

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use support::{
    app::{self, App, TOKEN},
    client::http_2,
    Nginx,
};

/// Denied as the third message of a stream.
const THIRD: &str = "third-message-token-0123456789";

const RULES: &str = r#"
rules:
  - id: message
    points: [[post, grpc_all, protobuf, 1]]
    tokens: [leaked-body-token-0123456789]
  - id: third
    points: [[post, grpc, 2, protobuf, 1]]
    tokens: [third-message-token-0123456789]
"#;

/// `t/clients/grpc_echo.py serve`.
struct Server {
    process: Child,
    port: String,
    log: PathBuf,
    _directory: tempfile::TempDir,
}

impl Server {
    fn start() -> Server {
        let directory = tempfile::tempdir().expect("temporary directory");
        let log = directory.path().join("log");
        let mut process = python(&["serve"])
            .stdout(Stdio::piped())
            .stderr(File::create(directory.path().join("errors")).expect("a file"))
            .spawn()
            .expect("a server");
        let mut lines = BufReader::new(process.stdout.take().expect("its output"));
        let mut port = String::new();
        lines.read_line(&mut port).expect("its port");
        let mut to = File::create(&log).expect("a log");
        std::thread::spawn(move || std::io::copy(&mut lines, &mut to));
        Server { process, port: port.trim().to_owned(), log, _directory: directory }
    }

    /// What it has got.
    fn log(&self) -> String {
        fs::read_to_string(&self.log).expect("its log")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn python(arguments: &[&str]) -> Command {
    let mut command = support::python("grpc_echo.py");
    command.args(arguments);
    command
}

/// NGINX before the server; `{grpc}` in the locations passes on to it.
fn start(server: &Server, locations: &str) -> (Nginx, App) {
    let pass = format!("tokenban_rules grpc.yaml; grpc_pass grpc://127.0.0.1:{}", server.port);
    app::start(&[("grpc.yaml", RULES)], &locations.replace("{grpc}", &pass))
}

/// The lines that the client prints.
fn call(nginx: &Nginx, arguments: &[&str]) -> Vec<String> {
    let port = nginx.port2.to_string();
    let output = python(&[&["call", &port], arguments].concat())
        .output()
        .expect("the client, which `make test` installs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// A stream in which the client waits for an answer before it goes on would hang, were anything
/// held back.
#[test]
fn clean_streams_pass() {
    let server = Server::start();
    let (nginx, _app) = start(&server, "location / { {grpc}; }");
    for compression in [&[] as &[&str], &["--gzip"]] {
        let call = |kind, words: &[&str]| call(&nginx, &[&[kind], compression, words].concat());
        assert_eq!(call("unary", &["hello"]), ["answer 7", "OK"]);
        assert_eq!(call("many", &["a", "bb", "0", "70000"]), ["answer 70004", "OK"]);
        let chat = call("chat", &["a", "20000", "0", "300000", THIRD, "b"]);
        let sizes = [3, 20_004, 2, 300_004, 32, 3].map(|size| format!("answer {size}"));
        assert_eq!(chat, [&sizes[..], &["OK".to_owned()]].concat());
        assert_eq!(call("many", &["3000000", "3000000"]), ["answer 3000005", "OK"]);
    }
    let log = nginx.access_log(8);
    assert_eq!(log.matches("200 PASSED rule=-").count(), 8, "{log}");
}

#[test]
fn a_denied_message_ends_its_stream() {
    let server = Server::start();
    let (nginx, _app) = start(&server, "location / { {grpc}; }");
    for compression in [&[] as &[&str], &["--gzip"]] {
        let call = |kind, words: &[&str]| call(&nginx, &[&[kind], compression, words].concat());
        assert_eq!(call("unary", &[TOKEN]), ["PERMISSION_DENIED"]);
        assert_eq!(call("many", &["9", TOKEN, "9"]), ["PERMISSION_DENIED"]);
        assert_eq!(call("many", &["9", "9", THIRD]), ["PERMISSION_DENIED"]);
        // The answer has begun: its trailers say so.
        let chat = call("chat", &["a", "bb", TOKEN, "c"]);
        assert_eq!(chat, ["answer 3", "answer 4", "PERMISSION_DENIED"]);
        let chat = call("chat", &["a", "bb", THIRD, "c"]);
        assert_eq!(chat, ["answer 3", "answer 4", "PERMISSION_DENIED"]);
    }
    assert!(!server.log().contains("got 30\n"), "no such message gets there: {}", server.log());
    let log = nginx.access_log(10);
    assert_eq!(log.matches("DENIED rule=message point=[post, grpc_all").count(), 6, "{log}");
    assert_eq!(log.matches("DENIED rule=third point=[post, grpc, 2, protobuf").count(), 4, "{log}");
    assert!(log.contains("POST /p.Echo/unary 403 "), "{log}");
}

#[test]
fn each_message_is_measured() {
    let server = Server::start();
    let (nginx, _app) = start(
        &server,
        "tokenban_body_limit 10k; location / { {grpc}; }
         location /p.Echo/many { tokenban_body_limit 10k pass; {grpc}; }",
    );
    let chat = call(&nginx, &["chat", "9000", "9000", "9000", "11000"]);
    assert_eq!(chat[..3], ["answer 9003"; 3]);
    assert_eq!(chat[3], "PERMISSION_DENIED", "after it is too long");
    assert_eq!(call(&nginx, &["many", "11000", "5", "200000"]), ["answer 200004", "OK"]);
    assert_eq!(call(&nginx, &["many", "11000", TOKEN]), ["PERMISSION_DENIED"]);
    let log = nginx.log();
    assert!(log.contains("body longer than 10240 bytes, denied"), "{log}");
    assert_eq!(log.matches("bytes, the rest passed uninspected").count(), 3, "{log}");
}

#[test]
fn modes() {
    let server = Server::start();
    let (nginx, _app) = start(
        &server,
        "location / { tokenban monitor; {grpc}; }
         location /p.Echo/unary { tokenban_body whole; {grpc}; }
         location /p.Echo/many { tokenban_body off; {grpc}; }",
    );
    assert_eq!(call(&nginx, &["chat", "a", TOKEN, "b"])[1..], ["answer 30", "answer 3", "OK"]);
    assert_eq!(call(&nginx, &["unary", "hello"]), ["answer 7", "OK"]);
    assert_eq!(call(&nginx, &["unary", TOKEN]), ["PERMISSION_DENIED"]);
    assert_eq!(call(&nginx, &["many", TOKEN]), ["answer 30", "OK"]);
    assert!(nginx.access_log(4).contains("POST /p.Echo/chat 200 MONITORED rule=message"));
}

/// What only says to be gRPC is inspected as any body; what stops being it is told.
#[test]
fn what_is_not_framed() {
    let server = Server::start();
    let (nginx, app) = start(
        &server,
        "location /grpc { grpc_pass grpc://127.0.0.1:{port2}; grpc_set_header Host backend; }
         location /pass { tokenban_on_error pass; grpc_pass grpc://127.0.0.1:{port2};
             grpc_set_header Host backend; }
         }
         server { listen 127.0.0.1:{port2} http2; server_name backend; tokenban off;
             location / { {app}; }",
    );
    let typed = ["-H", "content-type: Application/gRPC+json"];
    let json = format!("{{\"token\": \"{TOKEN}\"}}");
    let frames = http_2(&nginx, "/grpc", json.as_bytes(), &typed);
    assert!(frames.contains(":status: 403"), "{frames}");
    let cut_short = [b"\0\0\0\x7f\0", json.as_bytes()].concat();
    let frames = http_2(&nginx, "/grpc", &cut_short, &typed);
    assert!(frames.contains(":status: 403"), "{frames}");
    let long = [b"\0\0\0\x01\0", &[b' '; 256][..], &[b'{'; 100_000]].concat();
    let frames = http_2(&nginx, "/grpc", &long, &typed);
    assert!(frames.contains(":status: 403"), "{frames}");
    assert_eq!(app.requests(), [""; 0]);
    let frames = http_2(&nginx, "/pass", &long, &typed);
    assert!(frames.contains(":status: 200"), "{frames}");
    assert_eq!(app.requests(), ["POST /pass HTTP/1.1 100261"]);
    let log = nginx.log();
    assert_eq!(log.matches("gRPC messages end in something else").count(), 2, "{log}");
    assert!(log.contains("as a whole, denied: its gRPC messages"), "{log}");
    assert!(log.contains("as a whole, passed: its gRPC messages"), "{log}");
}
