//! Changed rule and token files: taken by every worker without a reload, whatever way they change.

mod support;

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use support::{Nginx, LEAKED};

const OTHER: &str = "another-test-token-0123456789";

const SERVER: &str = "tokenban on; tokenban_rules rules.yaml; tokenban_refresh 100ms;
    server { listen 127.0.0.1:{port} reuseport; access_log off;
        location / { try_files /none =204; }
    }";

/// Rules that deny one token.
fn deny(token: &str) -> String {
    format!("rules: [{{id: live, points: [[header, AUTHORIZATION]], tokens: [{token}]}}]")
}

/// NGINX with a rule file that denies `LEAKED`.
fn start(workers: u32, server: &str) -> Nginx {
    Nginx::start_with(&format!("worker_processes {workers};"), server)
}

fn replace(file: &Path, text: &str) {
    let new = file.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, file).unwrap();
}

/// Waits until something holds, at most for a few refresh times.
fn await_that(what: &str, nginx: &Nginx, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: {}", nginx.log());
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until `token` is denied and `LEAKED` is not, or the other way round, by all workers: with
/// 4 workers and a socket for each, 40 connections in a row miss one of them once in 100,000 runs.
fn await_denied(nginx: &Nginx, denied: &str, clean: &str) {
    let all =
        || (0..40).all(|_| nginx.bearer("/", denied) == 403 && nginx.bearer("/", clean) == 204);
    await_that(&format!("{denied} denied"), nginx, all);
}

fn count(nginx: &Nginx, text: &str) -> usize {
    nginx.log().lines().filter(|line| line.contains(text)).count()
}

#[test]
fn a_changed_rule_file_is_live_on_every_worker() {
    for workers in [1, 4] {
        let nginx = start(workers, SERVER);
        let rules = nginx.directory().join("rules.yaml");
        assert_eq!(nginx.bearer("/", LEAKED), 403);
        replace(&rules, &deny(OTHER));
        await_denied(&nginx, OTHER, LEAKED);
        fs::write(&rules, deny(LEAKED)).unwrap();
        await_denied(&nginx, LEAKED, OTHER);
        await_that("two lines", &nginx, || count(&nginx, "rules updated: ") >= 2);
        thread::sleep(Duration::from_millis(150));
        assert_eq!(count(&nginx, "rules updated: "), 2, "{}", nginx.log());
    }
}
