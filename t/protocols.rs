//! Every version of HTTP, odd requests, and several workers.

mod support;

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::Command,
    thread,
};

use support::{Nginx, LEAKED, PATIENCE};

/// The application answers 200; `/ws` lets a WebSocket handshake through to it.
const SERVERS: &str = r#"
    tokenban on;
    tokenban_rules rules.yaml;
    server {
        listen unix:{dir}/app.sock;
        tokenban off;
        access_log off;
        location / { return 200 "app $request_method $request_uri\n"; }
    }
    server {
        listen 127.0.0.1:{port};
        listen 127.0.0.1:{port2} http2;
        root {dir}/html;
        location / { proxy_pass http://unix:{dir}/app.sock; }
        location /file { }
        location /ws {
            proxy_pass http://{echo};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
        }
    }
"#;

/// Where nobody asks for a WebSocket.
fn servers() -> String {
    SERVERS.replace("{echo}", "unix:{dir}/app.sock")
}

#[test]
fn http_1_in_its_versions() {
    let nginx = Nginx::start(&servers());
    let close = "Host: a\r\nConnection: close\r\n";
    let cases = [
        ("GET / HTTP/1.0\r\nAuthorization: Bearer LEAKED\r\n\r\n", 403),
        ("GET / HTTP/1.0\r\nAuthorization: Bearer clean\r\n\r\n", 200),
        ("GET / HTTP/1.1\r\n{close}authorization: bearer \t LEAKED\r\n\r\n", 403),
        ("GET / HTTP/1.1\n{close}X-API-Key: LEAKED\n\n", 403),
        ("GET http://b/?token=LEAKED HTTP/1.1\r\n{close}\r\n", 403),
        ("BREW / HTTP/1.1\r\n{close}X-API-Key: LEAKED\r\n\r\n", 403),
        ("OPTIONS / HTTP/1.1\r\n{close}X-API-Key: a\r\nX-API-Key: LEAKED\r\n\r\n", 403),
        (
            "POST / HTTP/1.1\r\n{close}Expect: 100-continue\r\nContent-Length: 5\r\n\
          X-API-Key: LEAKED\r\n\r\n",
            403,
        ),
        ("GET / HTTP/1.1\r\n{close}X-API-Key: LEAKED1\r\n\r\n", 200),
        ("GET /file HTTP/1.1\r\n{close}Cookie: a=b; session=LEAKED\r\n\r\n", 403),
        ("GET /file HTTP/1.1\r\n{close}Cookie: a=b; session=clean\r\n\r\n", 200),
    ];
    std::fs::write(nginx.directory().join("html/file"), "file").unwrap();
    for (request, status) in cases {
        let request = request.replace("{close}", close).replace("LEAKED", LEAKED);
        assert_eq!(nginx.raw(request.as_bytes()).status, status, "{request}");
    }
    let answer = nginx.raw(format!("GET /?token={LEAKED}\r\n").as_bytes());
    assert!(answer.head.contains("403 Forbidden"), "HTTP/0.9: {answer:?}");
}

#[test]
fn one_connection_many_requests() {
    let nginx = Nginx::start(&servers());
    let one = |token: &str| format!("GET / HTTP/1.1\r\nHost: a\r\nX-API-Key: {token}\r\n\r\n");
    let last = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let pipeline = [&one("clean"), &one(LEAKED), &one("clean"), &one(LEAKED), last].concat();
    let answer = nginx.raw(pipeline.as_bytes());
    let text = answer.head + "\r\n\r\n" + &answer.body;
    let statuses: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("HTTP/1.1 ")).collect();
    assert_eq!(statuses, ["200 OK", "403 Forbidden", "200 OK", "403 Forbidden", "200 OK"]);
}

/// By `nghttp`: curl before 8 often takes a denial that comes before it has sent a body for an
/// error, NGINX's own `deny all` just as ours.
#[test]
fn http_2() {
    let nginx = Nginx::start(&servers());
    let body = nginx.directory().join("body").display().to_string();
    std::fs::write(&body, "a body that nobody reads").unwrap();
    let query = format!("/?token={LEAKED}");
    let (bearer, key) = (format!("authorization: BEARER {LEAKED}"), format!("x-api-key: {LEAKED}"));
    let cookie = format!("cookie: session={LEAKED}");
    let cases: [(&str, &[&str], &str); 7] = [
        ("/", &[], "200"),
        ("/", &["-H", &bearer], "403"),
        ("/", &["-H", &cookie], "403"),
        ("/", &["-H", "cookie: a=b", "-H", &cookie], "403"),
        (&query, &[], "403"),
        ("/", &["-H", &key, "-d", &body], "403"),
        ("/", &["-H", ":method: BREW", "-H", &key], "403"),
    ];
    for (target, arguments, status) in cases {
        let output = Command::new("nghttp")
            .args(["-n", "-v", "--no-dep"])
            .args(arguments)
            .arg(format!("http://127.0.0.1:{}{target}", nginx.port2))
            .output()
            .expect("nghttp, of the package nghttp2-client");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(&format!(":status: {status}")), "{target} {arguments:?}: {text}");
    }
}

/// Answers each connection with an upgrade and echoes what follows.
fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            let upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
                           Connection: Upgrade\r\n\r\n";
            stream.write_all(upgrade.as_bytes()).unwrap();
            let mut frame = [0; 11];
            stream.read_exact(&mut frame).unwrap();
            stream.write_all(&frame).unwrap();
        }
    });
    port
}

/// A handshake that is denied stays HTTP; one that passes becomes a tunnel.
#[test]
fn a_web_socket_handshake() {
    let port = echo();
    let nginx = Nginx::start(&SERVERS.replace("{echo}", &format!("127.0.0.1:{port}")));
    let handshake = |more: &str| {
        format!(
            "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n\r\n"
        )
    };
    for header in ["X-API-KEY: ", "Cookie: session=", "Authorization: Bearer "] {
        let request = handshake(&format!("Connection: close\r\n{header}{LEAKED}"));
        assert_eq!(nginx.raw(request.as_bytes()).status, 403, "{header}");
    }
    let mut stream = TcpStream::connect(("127.0.0.1", nginx.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(handshake("X-API-KEY: clean").as_bytes()).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&answer));
    // A masked text frame, "hello": bytes for the application, for which NGINX is a tunnel.
    let frame = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    stream.write_all(&frame).unwrap();
    let mut echoed = [0; 11];
    stream.read_exact(&mut echoed).unwrap();
    assert_eq!(echoed, frame);
}

#[test]
fn any_number_of_workers() {
    for workers in [1, 2, 4] {
        let nginx = Nginx::start_with(&format!("worker_processes {workers};"), &servers());
        for _ in 0..50 {
            assert_eq!(nginx.bearer("/", LEAKED), 403);
            assert_eq!(nginx.bearer("/", "clean"), 200);
        }
    }
}
