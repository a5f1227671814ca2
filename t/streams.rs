//! Bodies that NGINX passes on as they come in: what the application has when, and what it never
//! gets.

mod support;

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use support::{
    app::{self, App, TOKEN},
    client::{chunked, exchange, http_2, noise, plain, status, statuses, Client, CLOSE},
    Nginx, PATIENCE,
};

/// Long enough for NGINX to have passed something on if it were going to.
const SILENCE: Duration = Duration::from_millis(200);

/// Passes on to an application that answers, and to one that only listens.
fn start(locations: &str, sink: &Sink) -> (Nginx, App) {
    let locations = locations
        .replace("{address}", &sink.address)
        .replace("{sink}", &format!("proxy_pass http://{}", sink.address));
    app::start(&[], &locations)
}

/// An application that takes note of every byte it gets, and answers when it is told to.
struct Sink {
    address: String,
    connections: Arc<Mutex<Vec<Connection>>>,
}

struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    closed: bool,
}

impl Sink {
    fn start() -> Sink {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let connections = Arc::<Mutex<Vec<Connection>>>::default();
        let all = Arc::clone(&connections);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut connections = all.lock().unwrap();
                let (at, all) = (connections.len(), Arc::clone(&all));
                let mine = stream.try_clone().unwrap();
                connections.push(Connection { stream: mine, received: Vec::new(), closed: false });
                thread::spawn(move || {
                    let mut buffer = [0; 4096];
                    while let Ok(length @ 1..) = stream.read(&mut buffer) {
                        all.lock().unwrap()[at].received.extend_from_slice(&buffer[..length]);
                    }
                    all.lock().unwrap()[at].closed = true;
                });
            }
        });
        Sink { address, connections }
    }

    /// What the last connection has got of the body.
    fn body(&self) -> Vec<u8> {
        let connections = self.connections.lock().unwrap();
        let received = connections.last().map(|last| last.received.clone()).unwrap_or_default();
        let head = received.windows(4).position(|four| four == b"\r\n\r\n");
        head.map(|head| received[head + 4..].to_vec()).unwrap_or_default()
    }

    fn connections(&self) -> usize {
        self.connections.lock().unwrap().len()
    }

    /// Whether NGINX has closed the last connection.
    fn is_closed(&self) -> bool {
        self.connections.lock().unwrap().last().is_some_and(|last| last.closed)
    }

    /// Waits until the body ends with a text.
    #[track_caller]
    fn await_end(&self, end: &[u8]) {
        await_that("the application gets it", || self.body().ends_with(end));
    }

    fn answer(&self, text: &str) {
        let connections = self.connections.lock().unwrap();
        let mut stream = &connections.last().expect("a connection").stream;
        stream.write_all(text.as_bytes()).unwrap();
    }

    fn close(&self) {
        let connections = self.connections.lock().unwrap();
        let _ = connections.last().expect("a connection").stream.shutdown(Shutdown::Both);
    }
}

#[track_caller]
fn await_that(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn head(line: &str, headers: &str) -> Vec<u8> {
    format!("{line} HTTP/1.1\r\nHost: a\r\n{headers}\r\n").into_bytes()
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";
const END: &[u8] = b"0\r\n\r\n";
const STREAM: &str = "location / { proxy_request_buffering off; {sink}; }";

#[test]
fn a_clean_body_arrives_as_it_is_sent() {
    let sink = Sink::start();
    let (nginx, _app) = start(STREAM, &sink);
    let mut client = Client::connect(nginx.port);
    client.send(&head("POST /", CHUNKED));
    for piece in ["one piece", "another piece"] {
        client.send(&chunk(piece.as_bytes()));
        sink.await_end(&chunk(piece.as_bytes()));
    }
    client.send(END);
    sink.await_end(END);
    sink.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert!(client.wait_for("HTTP/1.1 200 ", PATIENCE));
    assert!(nginx.access_log(1).contains("POST / 200 PASSED"));
}

/// The end is held back, so nobody takes what came for a request.
#[test]
fn the_application_never_gets_the_end_of_a_denied_body() {
    let sink = Sink::start();
    let (nginx, _app) = start(STREAM, &sink);
    let (first, second) = TOKEN.split_at(9);
    let sent = [TOKEN.as_bytes(), b"one byte behind it"].concat();
    let length = format!("Content-Length: {}\r\n", sent.len());
    let cases = [
        (length.as_str(), first.as_bytes().to_vec(), [second.as_bytes(), &sent[28..]].concat()),
        (CHUNKED, chunk(first.as_bytes()), [chunk(second.as_bytes()), END.to_vec()].concat()),
        (CHUNKED, chunk(TOKEN.as_bytes()), END.to_vec()),
    ];
    for (number, (headers, begin, end)) in cases.into_iter().enumerate() {
        let mut client = Client::connect(nginx.port);
        client.send(&[head("POST /", headers), begin.clone()].concat());
        await_that("a connection", || sink.connections() == number + 1);
        sink.await_end(&begin);
        client.send(&end);
        assert!(client.wait_for("HTTP/1.1 403 ", PATIENCE), "{number}: {:?}", client.answer);
        await_that("an end", || sink.is_closed());
        let got = sink.body();
        assert!(!got.ends_with(END) && got.len() < sent.len() + 20, "{number}: {got:?}");
    }
    let log = nginx.access_log(3);
    assert_eq!(log.matches("POST / 403 DENIED rule=body point=[post]").count(), 3, "{log}");
    assert!(!nginx.log().contains(TOKEN), "{}", nginx.log());
}

#[test]
fn a_body_that_comes_at_once_goes_nowhere() {
    let sink = Sink::start();
    let (nginx, _app) = start(STREAM, &sink);
    assert_eq!(status(&nginx, &plain("POST /", CLOSE, TOKEN.as_bytes())), 403);
    assert_eq!(status(&nginx, &chunked("POST /", CLOSE, TOKEN.as_bytes(), 7)), 403);
    assert_eq!(sink.connections(), 0);
}

/// The head and the body in separate packets; a body larger than memory is kept in a file.
#[test]
fn long_bodies_are_inspected_as_a_whole() {
    let (nginx, app) = app::start(
        &[],
        "location / { proxy_request_buffering off; client_body_buffer_size 8k; {app}; }",
    );
    let clean = noise(1 << 20);
    let split = [&TOKEN.as_bytes()[..5], &clean, &TOKEN.as_bytes()[5..]].concat();
    let leaked = [&clean, TOKEN.as_bytes(), &clean].concat();
    for (body, expected) in [(&clean, 200), (&split, 200), (&leaked, 403)] {
        for request in [plain("POST /", CLOSE, body), chunked("POST /", CLOSE, body, 5000)] {
            let mut client = Client::connect(nginx.port);
            let end = request.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
            client.send_slowly([&request[..end], &request[end..]]);
            assert_eq!(statuses(&client.finish()), [expected]);
        }
    }
    let lengths: Vec<String> = app.requests();
    let expected = [clean.len(), clean.len(), split.len(), split.len()];
    assert_eq!(lengths, expected.map(|length| format!("POST / HTTP/1.1 {length}")));
    let left = std::fs::read_dir(nginx.directory().join("temp-client_body")).unwrap();
    assert_eq!(left.count(), 0, "no file is left behind");
}

#[test]
fn whole_keeps_all_of_it_back() {
    let sink = Sink::start();
    let (nginx, _app) =
        start("tokenban_body whole; location / { proxy_request_buffering off; {sink}; }", &sink);
    let mut client = Client::connect(nginx.port);
    client.send(&[head("POST /", CHUNKED), chunk(b"a piece")].concat());
    thread::sleep(SILENCE);
    assert_eq!(sink.connections(), 0);
    client.send(&[chunk(TOKEN.as_bytes()), END.to_vec()].concat());
    assert!(client.wait_for("HTTP/1.1 403 ", PATIENCE));
    assert_eq!(sink.connections(), 0);
}

#[test]
fn monitor_passes_and_tells() {
    let sink = Sink::start();
    let (nginx, _app) =
        start("tokenban monitor; location / { proxy_request_buffering off; {sink}; }", &sink);
    let mut client = Client::connect(nginx.port);
    client.send(&[head("POST /", CHUNKED), chunk(b"a piece")].concat());
    sink.await_end(&chunk(b"a piece"));
    client.send(&[chunk(TOKEN.as_bytes()), END.to_vec()].concat());
    sink.await_end(END);
    sink.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert!(client.wait_for("HTTP/1.1 200 ", PATIENCE));
    assert!(nginx.access_log(1).contains("POST / 200 MONITORED rule=body point=[post]"));
}

/// Where the answer has begun, its connection ends without the rest, whatever the request says it is.
#[test]
fn an_answer_that_has_begun_is_broken_off() {
    let sink = Sink::start();
    let (nginx, _app) =
        start("location / { proxy_request_buffering off; proxy_buffering off; {sink}; }", &sink);
    for (number, kind) in ["text/plain", "application/grpc"].into_iter().enumerate() {
        let headers = format!("{CHUNKED}Content-Type: {kind}\r\n");
        let piece = chunk(b"\0\0\0\0\x01a");
        let mut client = Client::connect(nginx.port);
        client.send(&[head("POST /", &headers), piece.clone()].concat());
        await_that("a connection", || sink.connections() == number + 1);
        sink.await_end(&piece);
        sink.answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nanswer\r\n");
        assert!(client.wait_for("answer", PATIENCE));
        let message = [b"\0\0\0\0\x1c", TOKEN.as_bytes()].concat();
        client.send(&[chunk(&message), END.to_vec()].concat());
        await_that("an end", || sink.is_closed());
        assert!(!sink.body().ends_with(END));
        assert!(client.finish().ends_with(b"answer\r\n"), "{kind}: the end does not come");
    }
    assert_eq!(nginx.access_log(2).matches("POST / 200 DENIED rule=body").count(), 2);
}

#[test]
fn a_limit_ends_a_stream() {
    let sink = Sink::start();
    let (nginx, _app) = start(
        "proxy_request_buffering off;
         location /deny { tokenban_body_limit 1k; {sink}; }
         location /pass { tokenban_body_limit 1k pass; {sink}; }",
        &sink,
    );
    let piece = chunk(&noise(600));
    let mut client = Client::connect(nginx.port);
    client.send(&[head("POST /deny", CHUNKED), piece.clone()].concat());
    sink.await_end(&piece);
    client.send(&piece);
    assert!(client.wait_for("HTTP/1.1 413 ", PATIENCE), "{:?}", client.answer);
    assert_eq!(sink.body(), piece);
    assert_eq!(status(&nginx, &plain("POST /deny", CLOSE, &noise(1025))), 413);

    let mut client = Client::connect(nginx.port);
    client.send(&[head("POST /pass", CHUNKED), piece.clone(), piece.clone()].concat());
    await_that("another connection", || sink.connections() == 2);
    sink.await_end(&piece[5..]);
    client.send(&[chunk(TOKEN.as_bytes()), END.to_vec()].concat());
    sink.await_end(END);
    let body = [TOKEN.as_bytes(), &noise(2000)].concat();
    assert_eq!(status(&nginx, &chunked("POST /pass", CLOSE, &body, 100)), 403);
    let log = nginx.log();
    assert!(log.contains("body longer than 1024 bytes, the rest passed uninspected"), "{log}");
}

#[test]
fn pages_for_denials() {
    let sink = Sink::start();
    let (nginx, app) = start(
        "proxy_request_buffering off;
         location /page { error_page 403 /denied.html; {sink}; }
         location = /denied.html { }
         location /named { error_page 403 = @app; {sink}; }
         location @app { {app}; }
         location /broken { error_page 502 /denied.html; {sink}; }
         location /unauthorised { tokenban_status 401; {sink}; }",
        &sink,
    );
    std::fs::write(nginx.directory().join("html/denied.html"), "the page").unwrap();
    let deny = |line: &str, at_once: bool| {
        let before = sink.connections();
        let mut client = Client::connect(nginx.port);
        client.send(&head(line, &format!("{CHUNKED}{CLOSE}")));
        if !at_once {
            client.send(&chunk(b"a piece"));
            await_that("a connection", || sink.connections() > before);
            sink.await_end(&chunk(b"a piece"));
        }
        client.send(&[chunk(TOKEN.as_bytes()), END.to_vec()].concat());
        String::from_utf8_lossy(&client.finish()).into_owned()
    };
    for at_once in [true, false] {
        let answer = deny("POST /page", at_once);
        assert!(answer.contains("HTTP/1.1 403 ") && answer.ends_with("the page"), "{answer}");
        let answer = deny("POST /named", at_once);
        assert!(answer.contains("HTTP/1.1 403 ") && answer.contains("<html>"), "{answer}");
        let answer = deny("POST /unauthorised", at_once);
        assert!(answer.contains("HTTP/1.1 401 ") && answer.contains("invalid_token"), "{answer}");
    }
    assert_eq!(app.requests(), [""; 0], "the denied request goes nowhere else");
    // An upstream that goes away in the middle has its page, as without the module.
    let mut client = Client::connect(nginx.port);
    client.send(&[head("POST /broken", CHUNKED), chunk(b"a part")].concat());
    sink.await_end(&chunk(b"a part"));
    sink.close();
    assert!(client.wait_for("the page", PATIENCE), "{:?}", client.answer);
    assert!(client.answer.starts_with(b"HTTP/1.1 502 "), "{:?}", client.answer);
}

/// An application that fails in the middle of a body: another one answers, as without the module, and
/// what it might be handed is inspected.
#[test]
fn a_redirect_in_the_middle() {
    let sink = Sink::start();
    let (nginx, app) = start(
        "proxy_request_buffering off;
         location / { error_page 502 = /other; {sink}; }
         location /other { proxy_pass_request_body off; proxy_set_header Content-Length ''; {app}; }",
        &sink,
    );
    for (number, (begin, expected)) in [("clean", "200"), (TOKEN, "403")].into_iter().enumerate() {
        let mut client = Client::connect(nginx.port);
        let head = head("POST /", "Content-Length: 100\r\n");
        client.send(&[&head, begin.as_bytes()].concat());
        await_that("a connection", || sink.connections() == number + 1);
        sink.await_end(begin.as_bytes());
        sink.close();
        assert!(client.wait_for(&format!("HTTP/1.1 {expected} "), PATIENCE), "{begin}");
    }
    assert_eq!(app.requests(), ["GET /other HTTP/1.1 0"]);
    assert!(!nginx.log().contains("[alert]"), "{}", nginx.log());
}

/// A denied body that has come in as a whole leaves its connection as it was; of any other the rest
/// is no next request.
#[test]
fn connections_after_a_denial() {
    let (nginx, _app) = app::start(&[], "location / { proxy_request_buffering off; {app}; }");
    let pipeline = [
        plain("POST /", "", b"clean"),
        plain("POST /", "", TOKEN.as_bytes()),
        plain("POST /", "", b"clean"),
        plain("POST /", CLOSE, TOKEN.as_bytes()),
    ];
    assert_eq!(statuses(&exchange(&nginx, &pipeline.concat())), [200, 403, 200, 403]);
    // Behind a chunked body, NGINX may have read more than the body.
    let pipeline = [chunked("POST /", "", TOKEN.as_bytes(), 9), plain("POST /", CLOSE, b"clean")];
    assert_eq!(statuses(&exchange(&nginx, &pipeline.concat())), [403]);
}

#[test]
fn beside_the_modules_of_nginx() {
    let sink = Sink::start();
    let (nginx, app) = start(
        "proxy_request_buffering off;
         location /mirrored { mirror /mirror; {app}; }
         location = /mirror { internal; {app}; }
         location /authorised { auth_request /check; {app}; }
         location = /check { internal; proxy_pass_request_body off;
             proxy_set_header Content-Length ''; {app}; }
         location /any { satisfy any; allow all; {app}; }
         location /none { deny all; {app}; }
         location /if { if ($request_method = POST) { {app}; } }
         location /variable { set $where {address}; proxy_pass http://$where; }",
        &sink,
    );
    for place in ["/mirrored", "/authorised", "/any", "/if", "/variable", "/none"] {
        let line = format!("POST {place}");
        for request in [
            plain(&line, CLOSE, TOKEN.as_bytes()),
            chunked(&line, CLOSE, &[&noise(20_000), TOKEN.as_bytes()].concat(), 999),
        ] {
            assert_eq!(status(&nginx, &request), 403, "{place}");
        }
    }
    let seen = app.requests();
    assert!(seen.iter().all(|line| line.starts_with("GET /check ")), "only heads: {seen:?}");
    for place in ["/mirrored", "/authorised", "/any", "/if"] {
        let line = format!("POST {place}");
        assert_eq!(status(&nginx, &chunked(&line, CLOSE, &noise(20_000), 999)), 200, "{place}");
    }
    assert!(app.requests().contains(&"POST /mirror HTTP/1.1 20000".to_owned()));
    // Whoever is refused for another reason is not asked for a body.
    let mut client = Client::connect(nginx.port);
    client.send(&head("POST /none", "Expect: 100-continue\r\nContent-Length: 9\r\n"));
    assert!(client.wait_for("HTTP/1.1 403 ", PATIENCE));
    assert!(!client.answer.starts_with(b"HTTP/1.1 100 "));
}

#[test]
fn a_client_that_waits_to_be_asked() {
    let sink = Sink::start();
    let (nginx, _app) = start(STREAM, &sink);
    let length = format!("Expect: 100-continue\r\nContent-Length: {}\r\n", TOKEN.len());
    let mut client = Client::connect(nginx.port);
    client.send(&head("POST /", &length));
    assert!(client.wait_for("HTTP/1.1 100 ", PATIENCE));
    client.send(TOKEN.as_bytes());
    assert!(client.wait_for("HTTP/1.1 403 ", PATIENCE), "{:?}", client.answer);
}

/// In HTTP/2, the mark of the end may come behind the last byte.
#[test]
fn http_2_streams() {
    let sink = Sink::start();
    let (nginx, app) = start("location / { proxy_request_buffering off; {app}; }", &sink);
    let clean = noise(200_000);
    let leaked = [&clean, TOKEN.as_bytes()].concat();
    for options in [&[] as &[&str], &["--no-content-length"]] {
        assert!(http_2(&nginx, "/", &leaked, options).contains(":status: 403"), "{options:?}");
        assert!(http_2(&nginx, "/", TOKEN.as_bytes(), options).contains(":status: 403"));
    }
    assert_eq!(app.requests(), [""; 0]);
    for options in [&[] as &[&str], &["--no-content-length"]] {
        assert!(http_2(&nginx, "/", &clean, options).contains(":status: 200"), "{options:?}");
    }
    assert_eq!(app.requests(), ["POST / HTTP/1.1 200000"; 2]);
}
