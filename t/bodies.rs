//! Bodies: what is found in them, what is not read, and what reaches the application.

mod support;

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use support::{
    app::{self, App, RULES, TOKEN},
    client::{body_of, chunked, exchange, http_2, noise, plain, status, statuses, Client, CLOSE},
    Nginx, LEAKED, PATIENCE,
};

/// Needs a body only where its conditions hold.
const PICKY: &str = r#"
rules:
  - id: picky
    conditions:
      method: [PUT]
      uri: "/picky/**"
      when: [{point: [header, X-SCAN], equal: "yes"}]
    points: [[post]]
    regex: 'leaked-body-token-[0-9]{10}'
  - id: head
    points: [[header, X-API-KEY]]
    tokens: [leaked-test-token-0123456789]
"#;

/// Long enough for NGINX to have answered if it were going to.
const SILENCE: Duration = Duration::from_millis(150);

fn start(locations: &str) -> (Nginx, App) {
    app::start(&[("picky.yaml", PICKY)], locations)
}

/// Every way in which NGINX keeps a body.
const KEPT: &str = "
    location / { {app}; }
    location /unbuffered { proxy_request_buffering off; {app}; }
    location /small { client_body_buffer_size 1k; {app}; }
    location /single { client_body_in_single_buffer on; {app}; }
    location /file { client_body_in_file_only clean; {app}; }";

const PLACES: [&str; 5] = ["/", "/unbuffered", "/small", "/single", "/file"];

#[test]
fn the_application_gets_the_body_byte_for_byte() {
    let (nginx, _app) = start(KEPT);
    for size in [1, 1023, 1024, 1025, 16_383, 16_385, 100_000, 3 << 20] {
        let body = noise(size);
        for place in PLACES {
            let line = format!("POST {place}");
            for request in [plain(&line, CLOSE, &body), chunked(&line, CLOSE, &body, 4093)] {
                let answer = exchange(&nginx, &request);
                assert_eq!(statuses(&answer[..64]), [200], "{place} {size}");
                assert!(body_of(&answer) == body, "{place} {size}: not what was sent");
            }
        }
    }
    assert_eq!(status(&nginx, &plain("POST /", CLOSE, b"")), 200);
    assert_eq!(status(&nginx, &chunked("POST /", CLOSE, b"", 1)), 200);
}

#[test]
fn a_token_is_found_wherever_it_lies() {
    let (nginx, app) = start(KEPT);
    for size in [0, 1000, 16_370, 100_000, 1 << 20] {
        let body = [&noise(size), TOKEN.as_bytes(), &noise(size / 2)].concat();
        for place in PLACES {
            let line = format!("POST {place}");
            assert_eq!(status(&nginx, &plain(&line, CLOSE, &body)), 403, "{place} {size}");
            assert_eq!(status(&nginx, &chunked(&line, CLOSE, &body, 777)), 403, "{place} {size}");
        }
    }
    assert_eq!(app.requests(), [""; 0], "the application sees none of them");
    let log = nginx.access_log(50);
    assert!(log.contains("POST / 403 DENIED rule=body point=[post] fingerprint="), "{log}");
    assert!(!nginx.log().contains(TOKEN), "{}", nginx.log());
}

#[test]
fn a_token_astride_the_edges_of_buffers() {
    let (nginx, _app) = start(KEPT);
    for at in (1024 - TOKEN.len()..=1024).step_by(3) {
        let body = [&noise(at), TOKEN.as_bytes(), b"\n"].concat();
        let head = plain("POST /small", CLOSE, &body);
        let (head, body) = head.split_at(head.len() - body.len());
        let (first, second) = body.split_at(1024);
        let mut client = Client::connect(nginx.port);
        client.send_slowly([head, first, second]);
        assert_eq!(statuses(&client.finish()), [403], "at {at}");
    }
}

#[test]
fn one_byte_at_a_time() {
    let (nginx, _app) = start(KEPT);
    for (token, expected) in [(TOKEN, 403), ("a clean body, as slow as the other", 200)] {
        for request in [
            plain("POST /small", CLOSE, token.as_bytes()),
            chunked("POST /small", CLOSE, token.as_bytes(), 1),
        ] {
            let end = request.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
            let mut client = Client::connect(nginx.port);
            client.send(&request[..end]);
            client.send_slowly(request[end..].chunks(1));
            assert_eq!(statuses(&client.finish()), [expected]);
        }
    }
}

#[test]
fn every_method_may_have_a_body() {
    let (nginx, app) = start(&format!("location /static/ {{ alias {{dir}}/html/; }} {KEPT}"));
    for method in ["GET", "DELETE", "PUT", "PATCH", "BREW", "HEAD"] {
        let line = format!("{method} /");
        assert_eq!(status(&nginx, &plain(&line, CLOSE, TOKEN.as_bytes())), 403, "{method}");
        assert_eq!(status(&nginx, &chunked(&line, CLOSE, TOKEN.as_bytes(), 5)), 403, "{method}");
        assert_eq!(status(&nginx, &plain(&line, CLOSE, b"clean")), 200, "{method}");
    }
    assert_eq!(app.requests()[0], "GET / HTTP/1.1 5");
    assert_eq!(status(&nginx, &plain("GET /static/file", CLOSE, TOKEN.as_bytes())), 403);
    assert_eq!(status(&nginx, &plain("GET /static/file", CLOSE, b"clean")), 200);
    assert_eq!(nginx.get("/static/file", &[]).status, 200);
    assert_eq!(status(&nginx, b"POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nclean"), 200);
}

#[test]
fn http_2_with_and_without_a_length() {
    let (nginx, app) = start(KEPT);
    let clean = "a clean body ".repeat(20_000);
    for (body, expected) in [(format!("{clean}{TOKEN}"), "403"), (clean, "200")] {
        for options in [&[] as &[&str], &["--no-content-length"]] {
            let frames = http_2(&nginx, "/small", body.as_bytes(), options);
            assert!(frames.contains(&format!(":status: {expected}")), "{options:?}: {frames}");
        }
    }
    assert_eq!(app.requests(), ["POST /small HTTP/1.1 260000"; 2]);
}

#[test]
fn a_client_gets_its_100_only_when_the_body_is_wanted() {
    let (nginx, _app) =
        start(&format!("location /short {{ tokenban_body_limit 1k; {{app}}; }} {KEPT}"));
    let expect = format!("{CLOSE}Expect: 100-continue\r\n");
    let denied = format!("{expect}X-API-Key: {LEAKED}\r\n");
    let body = noise(2000);
    let mut client = Client::connect(nginx.port);
    client.send(plain("POST /", &expect, &body).strip_suffix(body.as_slice()).unwrap());
    assert!(client.wait_for("100 Continue\r\n\r\n", PATIENCE), "the body is wanted");
    client.send(&body);
    assert_eq!(statuses(&client.finish()), [100, 200]);
    for (line, headers, status) in [("POST /", denied, 403), ("POST /short", expect, 413)] {
        let mut client = Client::connect(nginx.port);
        client.send(plain(line, &headers, &body).strip_suffix(body.as_slice()).unwrap());
        assert_eq!(statuses(&client.finish()), [status], "{line}");
    }
}

#[test]
fn no_body_is_read_where_no_rule_needs_it() {
    let (nginx, _app) = start(
        "location /picky/ { tokenban_rules picky.yaml; try_files /none =204; }
         location /off { tokenban_body off; try_files /none =204; }
         location / { try_files /none =204; }",
    );
    let scan = "X-Scan: yes\r\n";
    let cases = [
        ("PUT /picky/a", scan, false),
        ("POST /picky/a", scan, true),
        ("PUT /picky/a", "X-Scan: no\r\n", true),
        ("PUT /off", scan, true),
        ("PUT /", "", false),
    ];
    for (line, headers, at_once) in cases {
        let request = plain(line, headers, TOKEN.as_bytes());
        let (head, body) = request.split_at(request.len() - TOKEN.len());
        let mut client = Client::connect(nginx.port);
        client.send(head);
        let answered = client.wait_for("204 No Content", if at_once { PATIENCE } else { SILENCE });
        assert_eq!(answered, at_once, "{line} {headers}");
        client.send(body);
        assert!(answered || client.wait_for("403 Forbidden", PATIENCE), "{line} {headers}");
    }
}

/// What follows a denied request on its connection is the next request, and never what is left of
/// the body.
#[test]
fn the_rest_of_a_denied_body_is_no_request() {
    let (nginx, app) =
        start(&format!("location /short {{ tokenban_body_limit 1k; {{app}}; }} {KEPT}"));
    let smuggled = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100);
    let next = plain("GET /next", CLOSE, b"");
    let key = format!("X-API-Key: {LEAKED}\r\n");
    let token = [smuggled.as_slice(), TOKEN.as_bytes()].concat();
    let cases: [(Vec<u8>, &[u16]); 6] = [
        (plain("POST /", &key, &smuggled), &[403, 200]),
        (chunked("POST /", &key, &smuggled, 99), &[403, 200]),
        (plain("POST /", "", &token), &[403, 200]),
        (chunked("POST /small", "", &token, 99), &[403, 200]),
        (plain("POST /short", "", &smuggled), &[413]),
        (chunked("POST /short", "", &smuggled, 99), &[413]),
    ];
    for (index, (request, expected)) in cases.iter().enumerate() {
        assert_eq!(statuses(&exchange(&nginx, &[request.as_slice(), &next].concat())), *expected);
        let mut client = Client::connect(nginx.port);
        client.send_slowly(request.chunks(1 + request.len() / 3));
        client.send(&next);
        assert_eq!(statuses(&client.finish()), *expected, "case {index}, slowly");
    }
    assert!(
        app.requests().iter().all(|line| line.starts_with("GET /next")),
        "{:?}",
        app.requests()
    );
}

#[test]
fn clients_that_go_away_leave_nothing_behind() {
    let (nginx, _app) = start(KEPT);
    let worker = nginx.worker();
    for round in 0..60 {
        let place = PLACES[round % PLACES.len()];
        let body = noise(40_000);
        let request = match round % 2 {
            0 => plain(&format!("POST {place}"), "", &body),
            _ => chunked(&format!("POST {place}"), "", &body, 999),
        };
        let mut client = Client::connect(nginx.port);
        client.send(&request[..request.len() / 2]);
        if round % 3 == 0 {
            thread::sleep(Duration::from_millis(5));
        }
    }
    let deadline = Instant::now() + PATIENCE;
    while !nginx.get("/status", &[]).body.starts_with("Active connections: 1 ") {
        assert!(Instant::now() < deadline, "{}", nginx.get("/status", &[]).body);
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(nginx.worker(), worker);
    let log = nginx.log();
    assert!(!log.contains("[alert]") && !log.contains("[crit]"), "{log}");
    assert_eq!(status(&nginx, &plain("POST /", CLOSE, TOKEN.as_bytes())), 403);
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let (nginx, app) = start("location / { client_body_timeout 500ms; {app}; }");
    for request in
        [plain("POST /", "", TOKEN.as_bytes()), chunked("POST /", "", TOKEN.as_bytes(), 9)]
    {
        let mut client = Client::connect(nginx.port);
        client.send(&request[..request.len() - 9]);
        assert_eq!(statuses(&client.finish()), [0; 0], "NGINX closes, as it does without us");
    }
    let log = nginx.access_log(2);
    assert_eq!(log.matches("POST / 408 PASSED").count(), 2, "{log}");
    assert_eq!(app.requests(), [""; 0]);
}

/// The rules that looked at the head look at the body, and an old worker ends when its clients have.
#[test]
fn a_reload_while_bodies_come_in() {
    let (nginx, _app) = start(KEPT);
    let old = nginx.worker();
    let body = [&noise(20_000), TOKEN.as_bytes()].concat();
    let request = plain("POST /small", CLOSE, &body);
    let (first, rest) = request.split_at(10_000);
    let mut clients: Vec<Client> = (0..20).map(|_| Client::connect(nginx.port)).collect();
    clients.iter_mut().for_each(|client| client.send(first));
    let deadline = Instant::now() + PATIENCE;
    // Themselves and who asks: NGINX has all heads.
    while !nginx.get("/status", &[]).body.contains("Writing: 21 ") {
        assert!(Instant::now() < deadline, "{}", nginx.get("/status", &[]).body);
        thread::sleep(Duration::from_millis(10));
    }
    let rules = RULES.replace("leaked-body", "another");
    fs::write(nginx.directory().join("body.yaml"), rules).unwrap();
    nginx.signal("HUP");
    while status(&nginx, &plain("POST /", CLOSE, TOKEN.as_bytes())) != 200 {
        assert!(Instant::now() < deadline, "the new rules: {}", nginx.log());
    }
    for mut client in clients {
        client.send(rest);
        assert_eq!(statuses(&client.finish()), [403], "the old rules");
    }
    while nginx.workers().contains(&old) {
        assert!(Instant::now() < deadline, "the old worker stays: {}", nginx.log());
        thread::sleep(Duration::from_millis(10));
    }
    assert!(!nginx.log().contains("[alert]"), "{}", nginx.log());
}

/// However long a body takes: a request has one ruleset from its head to its end.
#[test]
fn rules_that_change_while_a_body_comes_in() {
    let (nginx, _app) = start(KEPT);
    let request = plain("POST /", CLOSE, TOKEN.as_bytes());
    let (first, rest) = request.split_at(request.len() - 9);
    let mut client = Client::connect(nginx.port);
    client.send(first);
    assert!(!client.wait_for("HTTP", SILENCE), "the body is waited for");
    let rules = RULES.replace("leaked-body", "another");
    fs::write(nginx.directory().join("body.yaml"), rules).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while status(&nginx, &request) != 200 {
        assert!(Instant::now() < deadline, "the new rules: {}", nginx.log());
        thread::sleep(Duration::from_millis(10));
    }
    client.send(rest);
    assert_eq!(statuses(&client.finish()), [403], "the old rules");
}

/// Only in an NGINX with ngx_http_dav, such as Debian's.
#[test]
fn webdav_stores_a_body_that_was_read() {
    let output = support::nginx().arg("-V").output().unwrap();
    if !String::from_utf8_lossy(&output.stderr).contains("http_dav_module") {
        return;
    }
    let (nginx, _app) = start("location / { dav_methods PUT; }");
    for size in [1, 300, 30_000] {
        let body = noise(size);
        assert_eq!(status(&nginx, &plain(&format!("PUT /{size}"), CLOSE, &body)), 201, "{size}");
        let stored = fs::read(nginx.directory().join(format!("html/{size}"))).unwrap();
        assert!(stored == body, "{size}");
    }
    assert_eq!(status(&nginx, &plain("PUT /token", CLOSE, TOKEN.as_bytes())), 403);
    assert!(!nginx.directory().join("html/token").exists());
}

/// A body of 64 MB: NGINX writes it to a file, which is mapped and not read into memory.
#[test]
fn a_large_body_takes_no_memory() {
    let (nginx, _app) = start(
        "client_max_body_size 0;
         location / { try_files /none =204; }
         location /long { tokenban_body_limit 1g; try_files /none =204; }",
    );
    let file = format!("/proc/{}/status", nginx.worker());
    let private = || {
        let status = fs::read_to_string(&file).unwrap();
        let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let before = private();
    let body = noise(64 << 20);
    let cases = [("/", "", 204), ("/long", TOKEN, 403), ("/", "longer", 413)];
    let ask = || {
        cases.map(|(place, token, _)| {
            let line = format!("POST {place}");
            status(&nginx, &plain(&line, CLOSE, &[&body, token.as_bytes()].concat()))
        })
    };
    let (statuses, most) = thread::scope(|scope| {
        let (client, mut most) = (scope.spawn(ask), 0);
        while !client.is_finished() {
            most = most.max(private());
            thread::sleep(Duration::from_millis(1));
        }
        (client.join().expect("three answers"), most)
    });
    assert_eq!(statuses, cases.map(|(_, _, expected)| expected));
    assert!(most < before + 4096, "from {before} kB to {most} kB");
}

/// NGINX 1.31 can read a body before it chooses a location, with the settings of the server.
#[test]
fn a_body_that_is_read_early() {
    let early = "client_body_early_read 1;";
    let output = support::check(&format!("server {{ listen 127.0.0.1:{{port}}; {early} }}"));
    if String::from_utf8_lossy(&output.stderr).contains("unknown directive") {
        return;
    }
    let short = "location /short { tokenban_body_limit 1k; {app}; }";
    let file = "location /static/ { alias {dir}/html/; }";
    let (nginx, app) = start(&format!("{early} {short} {file} {KEPT}"));
    for size in [0, 1000, 100_000] {
        let leaked = [&noise(size), TOKEN.as_bytes()].concat();
        for place in PLACES.iter().chain(&["/static/file"]) {
            let line = format!("GET {place}");
            for (body, expected) in [(&leaked, 403), (&noise(size), 200)] {
                assert_eq!(status(&nginx, &plain(&line, CLOSE, body)), expected, "{place} {size}");
                assert_eq!(status(&nginx, &chunked(&line, CLOSE, body, 777)), expected, "{place}");
                let frames = http_2(&nginx, place, body, &["-H", ":method: GET"]);
                assert!(frames.contains(&format!(":status: {expected}")), "{place}: {frames}");
            }
        }
    }
    assert_eq!(app.requests().len(), PLACES.len() * 3 * 3, "the clean ones");
    assert_eq!(status(&nginx, &plain("POST /short", CLOSE, &noise(1025))), 413);
    assert_eq!(status(&nginx, &chunked("POST /short", CLOSE, &noise(1025), 100)), 413);
}
