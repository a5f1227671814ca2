//! Reloads: no request is answered wrongly meanwhile, and nothing grows.

mod support;

use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use support::{Nginx, LEAKED, PATIENCE};

const SERVER: &str = "tokenban on; tokenban_rules rules.yaml;
    server { listen 127.0.0.1:{port}; access_log off;
        location / { try_files /none =204; }
        location /again { tokenban_rules rules.yaml; try_files /none =204; }
    }";

#[test]
fn reloads_under_load_answer_every_request_rightly() {
    let nginx = Nginx::start_with("worker_processes 2;", SERVER);
    let stop = AtomicBool::new(false);
    let asked = thread::scope(|scope| {
        let load = || {
            let mut asked = 0;
            while !stop.load(Ordering::Relaxed) {
                assert_eq!(nginx.bearer("/", LEAKED), 403);
                assert_eq!(nginx.bearer("/again", "clean"), 204);
                asked += 2;
            }
            asked
        };
        let clients = [scope.spawn(load), scope.spawn(load)];
        let reloads = std::panic::catch_unwind(|| (0..10).for_each(|_| reload(&nginx)));
        stop.store(true, Ordering::Relaxed);
        reloads.expect("ten reloads");
        clients.map(|client| client.join().expect("no wrong answer")).iter().sum::<u32>()
    });
    assert!(asked > 100, "{asked} requests");
}

#[test]
fn a_reload_takes_new_rules_and_keeps_the_old_on_a_mistake() {
    let nginx = Nginx::start(SERVER);
    let rules = nginx.directory().join("rules.yaml");
    let text = fs::read_to_string(&rules).unwrap();
    fs::write(&rules, text.replace(LEAKED, "another-test-token-0123456789")).unwrap();
    reload(&nginx);
    assert_eq!(nginx.bearer("/", LEAKED), 204);
    assert_eq!(nginx.bearer("/", "another-test-token-0123456789"), 403);
    fs::write(&rules, "rules: [{id: broken}]").unwrap();
    nginx.signal("HUP");
    let deadline = Instant::now() + PATIENCE;
    while !nginx.log().contains("[emerg]") {
        assert!(Instant::now() < deadline, "no error: {}", nginx.log());
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(nginx.bearer("/", "another-test-token-0123456789"), 403);
}

#[test]
fn two_hundred_reloads_do_not_grow_the_master() {
    let nginx = Nginx::start(SERVER);
    let size = || {
        let status = fs::read_to_string(format!("/proc/{}/status", nginx.master())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u32>().unwrap()
    };
    (0..20).for_each(|_| reload(&nginx));
    let before = size();
    (0..200).for_each(|_| reload(&nginx));
    let after = size();
    assert!(after < before + 1024, "from {before} kB to {after} kB");
    assert_eq!(nginx.bearer("/", LEAKED), 403);
}

/// Reloads and waits until only new workers are left.
fn reload(nginx: &Nginx) {
    let old = nginx.workers();
    nginx.signal("HUP");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let now = nginx.workers();
        if now.len() == old.len() && now.iter().all(|worker| !old.contains(worker)) {
            return;
        }
        assert!(Instant::now() < deadline, "no new workers: {}", nginx.log());
        thread::sleep(Duration::from_millis(2));
    }
}
