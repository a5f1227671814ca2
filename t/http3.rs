//! HTTP/3, by a client of its own: `clients/http3.py`, on aioquic. `make test` runs these tests where NGINX
//! has HTTP/3, and says so where it has not.

mod support;

use std::{io::Write, process::Stdio};

use serde_json::{json, Value};
use support::{
    app::{App, RULES, TOKEN},
    certificate, directory, Nginx, LEAKED,
};

/// The client takes the port for QUIC; TCP on the other tells that NGINX is there.
const SERVER: &str = r#"
    {certificate}
    ssl_protocols TLSv1.2 TLSv1.3;
    tokenban on;
    tokenban_rules rules.yaml body.yaml;
    server {
        listen 127.0.0.1:{port};
        listen 127.0.0.1:{port2} quic;
        root {dir}/html;
        location / { proxy_pass http://{app}; }
        location /file { }
    }
"#;

fn start() -> (Nginx, App) {
    let (directory, app) = (directory(), App::start());
    std::fs::write(directory.path().join("body.yaml"), RULES).unwrap();
    std::fs::write(directory.path().join("html/file"), "a static file").unwrap();
    certificate::make(directory.path());
    let server =
        SERVER.replace("{certificate}", certificate::DIRECTIVES).replace("{app}", &app.address);
    (Nginx::start_in(directory, "worker_processes 1;", &server), app)
}

/// The statuses of requests that share one connection.
fn ask(nginx: &Nginx, requests: &[Value]) -> Vec<String> {
    let mut client = support::python("http3.py")
        .arg(nginx.port2.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a Python of the clients: run `make test-http3`");
    let text = serde_json::to_vec(requests).unwrap();
    client.stdin.take().expect("input").write_all(&text).unwrap();
    let output = client.wait_with_output().expect("an answer");
    assert!(output.status.success(), "the client fails");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn get(path: &str, headers: &[[&str; 2]]) -> Value {
    json!({"method": "GET", "path": path, "headers": headers, "body": []})
}

fn post(headers: &[[&str; 2]], pieces: &[&str]) -> Value {
    json!({"method": "POST", "path": "/post", "headers": headers, "body": pieces})
}

/// Each request with the status that it must get.
fn expect(nginx: &Nginx, cases: &[(Value, &str)]) {
    let requests: Vec<_> = cases.iter().map(|(request, _)| request.clone()).collect();
    let statuses = ask(nginx, &requests);
    assert_eq!(statuses.len(), cases.len(), "{statuses:?}");
    for ((request, expected), status) in cases.iter().zip(statuses) {
        assert_eq!(status, *expected, "{request}");
    }
}

#[test]
#[ignore = "needs an NGINX with HTTP/3"]
fn a_token_in_the_head() {
    let (nginx, app) = start();
    let session = format!("session={LEAKED}");
    let cases = [
        (get("/", &[]), "200"),
        (get("/", &[["authorization", &format!("BEARER  {LEAKED}")]]), "403"),
        (get("/", &[["authorization", "Bearer clean"]]), "200"),
        (get("/", &[["x-api-key", "clean"], ["x-api-key", LEAKED]]), "403"),
        (get("/", &[["cookie", &format!("a=b; {session}")]]), "403"),
        (get("/", &[["cookie", "a=b"], ["cookie", &session]]), "403"),
        (get("/", &[["cookie", "a=b"], ["cookie", "session=clean"]]), "200"),
        (get(&format!("/?token={LEAKED}"), &[]), "403"),
        (get("/file", &[["x-api-key", LEAKED]]), "403"),
        (get("/file", &[]), "200"),
    ];
    expect(&nginx, &cases);
    let reached = app.requests();
    assert_eq!(reached.len(), 3, "only what passed: {reached:?}");
}

/// With and without a length, in frames that cut the token.
#[test]
#[ignore = "needs an NGINX with HTTP/3"]
fn a_token_in_the_body() {
    let (nginx, app) = start();
    let (half, rest) = TOKEN.split_at(TOKEN.len() / 2);
    let long = "x".repeat(40_000);
    let length = (long.len() + TOKEN.len()).to_string();
    let cases = [
        (post(&[], &["a clean body"]), "200"),
        (post(&[], &["token=", TOKEN]), "403"),
        (post(&[], &["token=", half, rest, "&more=1"]), "403"),
        (post(&[["content-length", &length]], &[&long, half, rest]), "403"),
        (post(&[["content-length", "40000"]], &[&long]), "200"),
        (post(&[["x-api-key", LEAKED]], &["a body", "that nobody wants"]), "403"),
        (get("/", &[]), "200"),
    ];
    expect(&nginx, &cases);
    let reached = app.requests();
    assert_eq!(reached.len(), 3, "only what passed: {reached:?}");
}

/// The access log has the decision as for any other protocol, and no token.
#[test]
#[ignore = "needs an NGINX with HTTP/3"]
fn the_decision_is_logged() {
    let (nginx, _app) = start();
    ask(&nginx, &[get("/", &[["x-api-key", LEAKED]]), get("/file", &[])]);
    let log = nginx.access_log(2);
    assert!(log.contains("GET / 403 DENIED rule=leaked"), "{log}");
    assert!(log.contains("GET /file 200 PASSED"), "{log}");
    assert!(!log.contains(LEAKED) && !nginx.log().contains(LEAKED));
}
