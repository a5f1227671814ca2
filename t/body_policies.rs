//! Bodies that are too long or cannot be inspected, and what happens to them on their way through
//! NGINX's own modules.

mod support;

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    process::{Command, Stdio},
    thread,
};

use support::{
    app::{self, TOKEN},
    client::{chunked, http_2, noise, plain, status, statuses, Client, CLOSE},
    Nginx, PATIENCE,
};

/// Looks into bodies and finds nothing in these tests.
const OTHER: &str = r#"
rules:
  - id: other
    points: [[post]]
    regex: 'nobody-sends-this'
  - id: watched
    points: [[header, X-WATCHED]]
    present: true
    action: monitor
"#;

fn start(locations: &str) -> (Nginx, app::App) {
    app::start(&[("other.yaml", OTHER)], locations)
}

/// A body with a token before or after so much padding.
fn padded(before: usize, after: usize) -> Vec<u8> {
    [&noise(before), TOKEN.as_bytes(), &noise(after)].concat()
}

#[test]
fn a_body_longer_than_its_limit() {
    let (nginx, app) = start(
        "location /deny { tokenban_body_limit 1k; {app}; }
         location /pass { tokenban_body_limit 1k pass; {app}; }
         location /monitor { tokenban monitor; tokenban_body_limit 1k; {app}; }
         location /default { client_max_body_size 2k; {app}; }
         location /unlimited { client_max_body_size 0; {app}; }",
    );
    let (short, exact, long) = (noise(100), noise(1024), noise(3000));
    let (early, late) = (padded(0, 3000), padded(1000, 3000));
    let cases: [(&str, &[u8], u16); 13] = [
        ("/deny", &short, 200),
        ("/deny", &exact, 200),
        ("/deny", &long, 413),
        ("/deny", &early, 413),
        ("/pass", &long, 200),
        ("/pass", &early, 403),
        ("/pass", &late, 200),
        ("/monitor", &long, 200),
        ("/monitor", &early, 200),
        ("/default", &exact, 200),
        ("/default", &long, 413),
        ("/unlimited", &long, 200),
        ("/unlimited", &late, 403),
    ];
    for (place, body, expected) in cases {
        let line = format!("POST {place}");
        assert_eq!(status(&nginx, &plain(&line, CLOSE, body)), expected, "{place}");
        assert_eq!(status(&nginx, &chunked(&line, CLOSE, body, 100)), expected, "{place}");
    }
    assert!(
        app.requests().contains(&"POST /pass HTTP/1.1 4028".to_owned()),
        "{:?}",
        app.requests()
    );
    let log = nginx.access_log(26);
    assert_eq!(log.matches("POST /deny 413 DENIED rule=- point=-").count(), 4, "{log}");
    assert_eq!(log.matches("POST /monitor 200 MONITORED rule=body").count(), 2, "{log}");
    let log = nginx.log();
    assert_eq!(log.matches("body longer than 1024 bytes, denied, client").count(), 4, "{log}");
    // `pass` and `monitor`, but for the token that was found before it came to that.
    assert_eq!(log.matches("1024 bytes, the rest passed uninspected, client").count(), 10, "{log}");
}

/// Before the body is in, however it comes.
#[test]
fn too_long_a_body_is_refused_at_once() {
    let (nginx, app) = start("location / { tokenban_body_limit 1k; {app}; }");
    for request in
        [plain("POST /", CLOSE, &noise(9000)), chunked("POST /", CLOSE, &noise(9000), 90)]
    {
        let mut client = Client::connect(nginx.port);
        client.send(&request[..2000]);
        assert!(client.wait_for("HTTP/1.1 413 ", PATIENCE), "the rest is not awaited");
    }
    for options in [&[] as &[&str], &["--no-content-length"]] {
        let frames = http_2(&nginx, "/", &noise(100_000), options);
        assert!(frames.contains(":status: 413"), "{options:?}: {frames}");
    }
    assert_eq!(app.requests(), [""; 0]);
}

#[test]
fn error_pages_hand_no_denied_body_to_the_application() {
    let (nginx, app) = start(
        "location /page { tokenban_body_limit 1k; error_page 413 403 /denied.html; {app}; }
         location = /denied.html { internal; }
         location /app/ { tokenban_body_limit 1k; error_page 413 403 = @app; {app}; }
         location /recursive/ { tokenban_body_limit 1k; recursive_error_pages on;
             error_page 413 403 = @app; {app}; }
         location @app { tokenban_body_limit 1k; recursive_error_pages on;
             error_page 413 403 = @app; {app}; }",
    );
    fs::write(nginx.directory().join("html/denied.html"), "our page").unwrap();
    for (body, expected) in [(noise(3000), 413), (padded(100, 100), 403)] {
        for request in [plain("POST /page", CLOSE, &body), chunked("POST /page", CLOSE, &body, 99)]
        {
            let mut client = Client::connect(nginx.port);
            client.send(&request);
            let answer = String::from_utf8(client.finish()).unwrap();
            assert!(answer.starts_with(&format!("HTTP/1.1 {expected} ")), "{answer}");
            assert!(answer.ends_with("our page"), "{answer}");
        }
        for place in ["/app/", "/recursive/"] {
            let line = format!("POST {place}");
            let mut client = Client::connect(nginx.port);
            client.send_slowly(plain(&line, CLOSE, &body).chunks(1000));
            assert_eq!(statuses(&client.finish()), [expected], "{place} slowly");
            assert_eq!(status(&nginx, &plain(&line, CLOSE, &body)), expected, "{place}");
            assert_eq!(status(&nginx, &chunked(&line, CLOSE, &body, 99)), expected, "{place}");
            let frames = http_2(&nginx, place, &body, &["--no-content-length"]);
            assert!(frames.contains(&format!(":status: {expected}")), "{place}: {frames}");
        }
    }
    assert_eq!(app.requests(), [""; 0]);
}

/// A location with a longer limit takes a body that is whole, and never the part of one that NGINX has
/// when it is refused.
#[test]
fn an_error_page_with_a_longer_limit() {
    let (nginx, app) = start(
        "location / { tokenban_body_limit 1k; error_page 413 = @longer; {app}; }
         location @longer { {app}; }",
    );
    let body = noise(5000);
    assert_eq!(status(&nginx, &plain("POST /", CLOSE, &body)), 200);
    assert_eq!(status(&nginx, &plain("POST /", CLOSE, &padded(5000, 1))), 403);
    assert_eq!(status(&nginx, &chunked("POST /", CLOSE, &body, 99)), 413);
    let frames = http_2(&nginx, "/", &body, &["--no-content-length"]);
    assert!(frames.contains(":status: 413"), "{frames}");
    assert_eq!(app.requests(), ["POST / HTTP/1.1 5000"]);
}

/// A compressed body that would inflate beyond the engine's bound.
#[test]
fn a_body_that_cannot_be_inspected_as_a_whole() {
    let (nginx, _app) = start(
        "location /deny { {app}; }
         location /status503 { tokenban_status 503; {app}; }
         location /pass { tokenban_on_error pass; {app}; }
         location /monitor { tokenban monitor; {app}; }",
    );
    let mut gzip = Command::new("gzip");
    let mut gzip =
        gzip.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("gzip, of every Debian");
    gzip.stdin.take().unwrap().write_all(&vec![b'a'; 32 << 20]).unwrap();
    let bomb = gzip.wait_with_output().unwrap().stdout;
    let headers = format!("{CLOSE}Content-Encoding: gzip\r\n");
    let cases = [("/deny", 403), ("/status503", 503), ("/pass", 200), ("/monitor", 200)];
    for (place, expected) in cases {
        let request = plain(&format!("POST {place}"), &headers, &bomb);
        assert_eq!(status(&nginx, &request), expected, "{place}");
    }
    let log = nginx.log();
    let line = "request not inspected as a whole, ";
    assert_eq!(log.matches(&format!("{line}denied: it is beyond a bound")).count(), 2, "{log}");
    assert_eq!(log.matches(&format!("{line}passed: it is beyond a bound")).count(), 2, "{log}");
    let log = nginx.access_log(4);
    assert!(log.contains("POST /deny 403 DENIED rule=- point=- fingerprint=-"), "{log}");
    assert!(log.contains("POST /pass 200 PASSED"), "{log}");
}

/// The rules of the new location look at the body that was read, and the application gets it.
#[test]
fn a_body_is_read_once_over_internal_redirects() {
    let (nginx, app) = start(
        "location /try { tokenban off; try_files /none @guarded; }
         location /lost { tokenban_rules other.yaml; error_page 405 = @guarded; try_files /file =404; }
         location /accel { tokenban_rules other.yaml; {app}; }
         location /accelerated { internal; {app}; }
         location @guarded { {app}; }",
    );
    let clean = noise(50_000);
    let leaked = padded(50_000, 100);
    for place in ["/try", "/lost", "/accel"] {
        let line = format!("POST {place}");
        let headers = format!("{CLOSE}X-Watched: a\r\n");
        assert_eq!(status(&nginx, &plain(&line, &headers, &leaked)), 403, "{place}");
        assert_eq!(status(&nginx, &chunked(&line, CLOSE, &leaked, 999)), 403, "{place}");
        assert_eq!(status(&nginx, &plain(&line, CLOSE, &clean)), 200, "{place}");
    }
    let accelerated = ["POST /accel HTTP/1.1 50000", "GET /accelerated HTTP/1.1 50000"];
    for expected in ["POST /try HTTP/1.1 50000", "POST /lost HTTP/1.1 50000"] {
        assert!(app.requests().contains(&expected.to_owned()), "{:?}", app.requests());
    }
    assert!(app.requests().ends_with(&accelerated.map(str::to_owned)), "{:?}", app.requests());
    let log = nginx.log();
    assert_eq!(log.matches("monitored by rule \"watched\"").count(), 2, "once for each: {log}");
}

/// A body that an application has had some of, unbuffered, cannot be inspected as a whole.
#[test]
fn a_spent_body_is_not_inspected() {
    let broken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = broken.local_addr().unwrap();
    thread::spawn(move || {
        // Reads some and closes: a bad gateway.
        broken.incoming().flatten().for_each(|mut stream| {
            let _ = stream.read(&mut [0; 4096]);
        });
    });
    let (nginx, app) = start(&format!(
        "location / {{ tokenban off; proxy_request_buffering off; proxy_pass http://{address};
             error_page 502 = @guarded; }}
         location @guarded {{ {{app}}; }}"
    ));
    let request = plain("POST /", CLOSE, &noise(100_000));
    let mut client = Client::connect(nginx.port);
    client.send(&request[..20_000]);
    assert!(client.wait_for("HTTP/1.1 403 ", PATIENCE), "{:?}", client.answer);
    let log = nginx.log();
    assert!(log.contains("not inspected, denied: its body has been passed on unbuffered"), "{log}");
    assert_eq!(app.requests(), [""; 0]);
}

#[test]
fn beside_the_modules_of_nginx() {
    let (nginx, app) = start(
        "location /mirrored { mirror /mirror; {app}; }
         location = /mirror { internal; {app}; }
         location /authorised { auth_request /check; {app}; }
         location = /check { internal; proxy_pass_request_body off;
             proxy_set_header Content-Length ''; {app}; }
         location /any { satisfy any; allow all; {app}; }
         location /if { if ($request_method = POST) { {app}; } }
         location /ws { {app}; proxy_set_header Upgrade $http_upgrade;
             proxy_set_header Connection upgrade; }",
    );
    for place in ["/mirrored", "/authorised", "/any", "/if"] {
        let line = format!("POST {place}");
        assert_eq!(status(&nginx, &plain(&line, CLOSE, &padded(20_000, 1))), 403, "{place}");
    }
    assert_eq!(app.requests(), [""; 0], "no denied body goes anywhere");
    for place in ["/mirrored", "/authorised", "/any", "/if"] {
        let line = format!("POST {place}");
        assert_eq!(status(&nginx, &chunked(&line, CLOSE, &noise(20_000), 999)), 200, "{place}");
    }
    let seen = app.requests();
    for line in [
        "POST /mirrored HTTP/1.1 20000",
        "POST /mirror HTTP/1.1 20000",
        "GET /check HTTP/1.1 0",
        "POST /authorised HTTP/1.1 20000",
        "POST /any HTTP/1.1 20000",
    ] {
        assert!(seen.iter().any(|other| other == line), "{line}: {seen:?}");
    }
    let handshake =
        "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    assert_eq!(status(&nginx, handshake.as_bytes()), 200, "an upgrade waits for no body");
}

/// Which passes a request on before its body is there, unless we have read it.
#[test]
fn grpc_pass() {
    let (nginx, app) = start(
        "location /grpc { grpc_pass grpc://127.0.0.1:{port2}; grpc_set_header Host backend; }
         }
         server { listen 127.0.0.1:{port2} http2; server_name backend; tokenban off;
             location / { {app}; }",
    );
    for options in [&[] as &[&str], &["--no-content-length"]] {
        let frames = http_2(&nginx, "/grpc", &padded(30_000, 30_000), options);
        assert!(frames.contains(":status: 403"), "{options:?}: {frames}");
        assert_eq!(app.requests(), [""; 0], "nothing was passed on before");
    }
    let frames = http_2(&nginx, "/grpc", &noise(60_000), &["--no-content-length"]);
    assert!(frames.contains(":status: 200"), "{frames}");
    assert_eq!(app.requests(), ["POST /grpc HTTP/1.1 60000"]);
}

/// A pipeline of denied and clean bodies is answered in order.
#[test]
fn one_connection_many_bodies() {
    let (nginx, _app) = start("location / { {app}; }");
    let one = |body: &[u8]| plain("POST /", "", body);
    let last = chunked("POST /", CLOSE, b"last", 1);
    let pipeline =
        [one(b"clean"), one(&padded(9, 9)), one(&noise(5000)), one(&padded(3000, 3000)), last];
    for size in [7, 1000, 100_000] {
        let mut client = Client::connect(nginx.port);
        client.send_slowly(pipeline.concat().chunks(size).take(3));
        let sent = (3 * size).min(pipeline.concat().len());
        client.send(&pipeline.concat()[sent..]);
        assert_eq!(statuses(&client.finish()), [200, 403, 200, 403, 200], "in pieces of {size}");
    }
}
