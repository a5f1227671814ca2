//! TLS, by openssl's client: a name in the handshake that differs from `Host`, and early data.

mod support;

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use support::{certificate, directory, Nginx, LEAKED};

const RULES: &str = r#"
rules:
  - id: scoped
    conditions: {uri: "b.example/**", when: [{point: [scheme], equal: https}]}
    points: [[header, X-API-KEY]]
    tokens: [leaked-test-token-0123456789]
  - id: by-name
    conditions: {when: [{point: [var, ssl_server_name], equal: a.example}]}
    points: [[header, X-BY-NAME]]
    tokens: [leaked-test-token-0123456789]
"#;

const SERVERS: &str = r#"
    {certificate}
    # Not the default of every version.
    ssl_protocols TLSv1.2 TLSv1.3;
    tokenban on;
    tokenban_rules rules.yaml;
    server { listen 127.0.0.1:{port}; return 204; }
    server {
        listen 127.0.0.1:{port2} ssl;
        server_name a.example;
        ssl_early_data on;
        root {dir}/html;
    }
"#;

fn start() -> Nginx {
    let directory = directory();
    fs::write(directory.path().join("rules.yaml"), RULES).unwrap();
    fs::write(directory.path().join("html/index.html"), "page").unwrap();
    certificate::make(directory.path());
    Nginx::start_in(directory, "", &SERVERS.replace("{certificate}", certificate::DIRECTIVES))
}

fn request(host: &str, header: &str, token: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{header}: {token}\r\n\r\n")
}

/// What comes back through `openssl s_client`.
fn ask(nginx: &Nginx, name: &str, more: &[&str], request: &str) -> String {
    let mut client = Command::new("openssl")
        .args(["s_client", "-ign_eof", "-servername", name, "-connect"])
        .arg(format!("127.0.0.1:{}", nginx.port2))
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl");
    // After early data NGINX may have answered and closed by now.
    let _ = client.stdin.take().expect("input").write_all(request.as_bytes());
    let output = client.wait_with_output().expect("an answer");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The client prints what it knows of the session around the answer.
fn status(answer: &str) -> &str {
    let line = answer.lines().find_map(|line| line.strip_prefix("HTTP/1.1 "));
    line.and_then(|line| line.split(' ').next()).unwrap_or_default()
}

/// 39 of the classes of bypass.
#[test]
fn host_and_name_of_the_handshake_may_differ() {
    let nginx = start();
    let cases = [
        ("a.example", "b.example", "X-Api-Key", LEAKED, "403"),
        ("b.example", "b.example", "X-Api-Key", LEAKED, "403"),
        ("b.example", "a.example", "X-Api-Key", LEAKED, "200"),
        ("a.example", "b.example", "X-Api-Key", "clean", "200"),
        ("a.example", "b.example", "X-By-Name", LEAKED, "403"),
        ("b.example", "a.example", "X-By-Name", LEAKED, "200"),
    ];
    for (name, host, header, token, expected) in cases {
        let answer = ask(&nginx, name, &[], &request(host, header, token));
        assert_eq!(status(&answer), expected, "{name} {host} {header}: {answer}");
    }
}

/// 34 of the classes of bypass.
#[test]
fn early_data_is_inspected() {
    let nginx = start();
    let session = nginx.directory().join("session").display().to_string();
    let early = nginx.directory().join("early");
    for (token, expected) in [(LEAKED, "403"), ("clean", "200")] {
        let first = ask(
            &nginx,
            "a.example",
            &["-tls1_3", "-sess_out", &session],
            &request("b.example", "X-Api-Key", "clean"),
        );
        assert_eq!(status(&first), "200", "{first}");
        assert!(Path::new(&session).exists(), "a session to resume");
        fs::write(&early, request("b.example", "X-Api-Key", token)).unwrap();
        let early = early.display().to_string();
        let more = ["-tls1_3", "-sess_in", &session, "-early_data", &early];
        let answer = ask(&nginx, "a.example", &more, "");
        assert_eq!(status(&answer), expected, "{answer}");
        assert!(answer.contains("Early data was accepted"), "{answer}");
    }
}
