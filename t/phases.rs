//! What a denied request must not set off behind its client's back. Everything that an answer shows is
//! in `t/cases/phases.yaml`.

mod support;

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use support::{Nginx, LEAKED, PATIENCE};

/// The application keeps a log of what reached it.
const SERVERS: &str = r#"
    tokenban on;
    tokenban_rules rules.yaml;
    server {
        listen unix:{dir}/app.sock;
        tokenban off;
        access_log {dir}/app.log combined;
        location / { return 200 "app $request_method $request_uri\n"; }
    }
    server {
        listen 127.0.0.1:{port};
        location / { proxy_pass http://unix:{dir}/app.sock; }
        location /mirrored { mirror /mirror; proxy_pass http://unix:{dir}/app.sock; }
        location = /mirror { internal; proxy_pass http://unix:{dir}/app.sock:/copy; }
        location /followed { post_action /after; proxy_pass http://unix:{dir}/app.sock; }
        location /after { proxy_pass http://unix:{dir}/app.sock:/afterwards; }
        location /named { post_action @after; proxy_pass http://unix:{dir}/app.sock; }
        location @after { proxy_pass http://unix:{dir}/app.sock; }
        location /asked { auth_request /ask; proxy_pass http://unix:{dir}/app.sock; }
        location = /ask { internal; proxy_pass http://unix:{dir}/app.sock:/question; }
    }
"#;

/// What reached the application, once it is as many requests as expected.
fn reached(nginx: &Nginx, expected: usize) -> Vec<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text = fs::read_to_string(nginx.directory().join("app.log")).unwrap_or_default();
        let targets = text.lines().filter_map(|line| line.split(' ').nth(6).map(str::to_owned));
        let targets: Vec<_> = targets.collect();
        if targets.len() >= expected || Instant::now() > deadline {
            return targets;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// NGINX runs no access phase for subrequests, so the request that begins them must be stopped first;
/// and it runs `post_action` for denied requests, too.
#[test]
fn a_denied_request_reaches_no_application_by_a_side_door() {
    let nginx = Nginx::start(SERVERS);
    let process = nginx.worker();
    for path in ["/mirrored", "/followed", "/named", "/asked"] {
        assert_eq!(nginx.bearer(path, LEAKED), 403, "{path}");
    }
    // The log is in the order of the requests: what these set off would stand before the last one.
    for (path, side, count) in [
        ("/mirrored", Some("/copy"), 2),
        ("/followed", Some("/afterwards"), 4),
        ("/named", Some("/named"), 6),
        ("/asked", Some("/question"), 8),
    ] {
        assert_eq!(nginx.bearer(path, "clean"), 200, "{path}");
        let mut found = reached(&nginx, count).split_off(count - 2);
        found.sort();
        let mut expected = [path, side.unwrap_or(path)];
        expected.sort_unstable();
        assert_eq!(found, expected, "{path}: what reached the application");
    }
    assert_eq!(nginx.worker(), process, "the worker survived");
    assert_eq!(reached(&nginx, 8).len(), 8, "nothing of a denied request");
}

#[test]
fn the_access_log_has_the_variables() {
    let nginx = Nginx::start(SERVERS);
    assert_eq!(nginx.bearer("/", LEAKED), 403);
    assert_eq!(nginx.bearer("/", "other"), 200);
    let log = nginx.access_log(2);
    assert!(log.contains("GET / 403 DENIED rule=leaked point=[header, AUTHORIZATION"), "{log}");
    assert!(log.contains("GET / 200 PASSED rule=- point=- fingerprint=-"), "{log}");
    assert!(!log.contains(LEAKED), "{log}");
}
