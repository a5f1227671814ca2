//! A panic stays inside the barrier: the worker lives on, and the request meets `tokenban_on_error`.
//! The feature `test-panic` makes a request with the header `X-Tokenban-Panic` panic.

mod support;

use support::{
    app,
    client::{plain, status, CLOSE},
    Nginx, LEAKED,
};

#[test]
#[ignore = "asks for a module with the feature `test-panic`: `make test` has one"]
fn a_panic_follows_the_fail_policy() {
    let nginx = Nginx::start(
        "tokenban on; tokenban_rules rules.yaml;
         server { listen 127.0.0.1:{port}; root {dir}/html;
             location / { try_files /none =204; }
             location /deny { tokenban_on_error deny; tokenban_status 503; try_files /none =204; }
             location /pass { tokenban_on_error pass; try_files /none =204; }
             location /monitor { tokenban monitor; try_files /none =204; }
             location /any { satisfy any; allow all; try_files /none =204; }
             location /off { tokenban off; try_files /none =204; }
         }",
    );
    let process = nginx.worker();
    let cases = [
        ("/", 403),
        ("/deny", 503),
        ("/pass", 204),
        ("/monitor", 204),
        ("/any", 403),
        ("/off", 204),
    ];
    for (path, status) in cases {
        let response = nginx.get(path, &[&format!("X-Tokenban-Panic: {LEAKED}")]);
        assert_eq!(response.status, status, "{path}");
        assert_eq!(nginx.get(path, &[]).status, 204, "{path}: the next request");
    }
    assert_eq!(nginx.bearer("/", LEAKED), 403, "rules work after a panic");
    assert_eq!(nginx.worker(), process, "the worker survived");
    let log = nginx.log();
    assert!(log.contains("[alert]"), "{log}");
    assert!(log.contains("request not inspected, denied: src/inspection.rs:"), "{log}");
    assert!(log.contains("request not inspected, passed: src/inspection.rs:"), "{log}");
    assert!(!log.contains(LEAKED), "{log}");
    let log = nginx.access_log(13);
    assert!(log.contains("GET / 403 DENIED rule=- point=- fingerprint=-"), "{log}");
}

/// After the body has come in, at once or later, the barrier holds as well.
#[test]
#[ignore = "asks for a module with the feature `test-panic`: `make test` has one"]
fn a_panic_over_a_body_follows_the_fail_policy() {
    let (nginx, app) = app::start(
        &[],
        "location /deny { {app}; }
         location /pass { tokenban_on_error pass; {app}; }",
    );
    let process = nginx.worker();
    let headers = format!("{CLOSE}X-Tokenban-Panic-Body: {LEAKED}\r\n");
    for body in [b"short".as_slice(), &[b'a'; 100_000]] {
        assert_eq!(status(&nginx, &plain("POST /deny", &headers, body)), 403);
        assert_eq!(status(&nginx, &plain("POST /pass", &headers, body)), 200);
        assert_eq!(status(&nginx, &plain("POST /deny", CLOSE, body)), 200, "the next request");
    }
    assert_eq!(nginx.worker(), process, "the worker survived");
    assert_eq!(app.requests().len(), 4);
    assert!(!nginx.log().contains(LEAKED), "{}", nginx.log());
}
