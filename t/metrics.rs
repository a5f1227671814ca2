//! `tokenban_zone` and `tokenban_metrics`: sums are exact whatever happens to workers.

#[path = "support/lists.rs"]
mod lists;
mod support;

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    process::{Command, Stdio},
    time::Instant,
};

use lists::{Lists, RULES};
use support::{check, directory, signal, Nginx, ENFORCED, LEAKED, PATIENCE};

const SERVER: &str = "tokenban on; tokenban_rules rules.yaml; tokenban_zone numbers:1m;
    server { listen 127.0.0.1:{port} reuseport; access_log off;
        location / { return 204; }
        location /pages/ { try_files /none =204; }
        location /monitor/ { tokenban monitor; try_files /none =204; }
        location = /metrics { tokenban off; tokenban_metrics; }
    }";

/// The samples of a scrape.
fn scrape(nginx: &Nginx) -> BTreeMap<String, f64> {
    let answer = nginx.get("/metrics", &[]);
    assert_eq!(answer.status, 200, "{answer:?}");
    let samples = answer.body.lines().filter(|line| !line.starts_with('#'));
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ')?;
        Some((name.to_owned(), value.parse().ok()?))
    };
    samples.map(|line| sample(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

fn requests(mode: &str, verdict: &str) -> String {
    format!("tokenban_requests_total{{mode=\"{mode}\",verdict=\"{verdict}\"}}")
}

#[test]
fn every_verdict_is_counted() {
    let nginx = Nginx::start(SERVER);
    assert_eq!(nginx.get("/pages/", &[]).status, 204);
    for (target, token, status) in [
        ("/pages/", LEAKED, 403),
        ("/pages/", LEAKED, 403),
        ("/monitor/", LEAKED, 204),
        ("/monitor/", ENFORCED, 403),
    ] {
        assert_eq!(nginx.bearer(target, token), status, "{target}");
    }
    let samples = scrape(&nginx);
    let expected = [
        (requests("on", "passed"), 1.0),
        (requests("on", "denied"), 2.0),
        (requests("on", "monitored"), 0.0),
        (requests("monitor", "monitored"), 1.0),
        (requests("monitor", "denied"), 1.0),
        ("tokenban_rule_matches_total{rule=\"leaked\",verdict=\"denied\"}".into(), 2.0),
        ("tokenban_rule_matches_total{rule=\"leaked\",verdict=\"monitored\"}".into(), 1.0),
        ("tokenban_rule_matches_total{rule=\"enforced\",verdict=\"denied\"}".into(), 1.0),
        ("tokenban_inspection_seconds_count{stage=\"head\"}".into(), 1.0),
        ("tokenban_zone_sightings".into(), 2.0),
    ];
    for (name, value) in expected {
        assert_eq!(samples.get(&name), Some(&value), "{name}: {samples:#?}");
    }
    let page = nginx.get("/metrics", &[]).body;
    assert!(!page.contains(LEAKED) && !page.contains(ENFORCED));
}

/// Waits until a sum has come to a number, which it must not pass. A request is counted when it ends,
/// and that may be after its client has the answer.
fn await_sum(nginx: &Nginx, name: &str, expected: f64) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let sum = scrape(nginx).get(name).copied().unwrap_or_default();
        if sum == expected {
            return;
        }
        assert!(sum < expected && Instant::now() < deadline, "{name}: {sum}, not {expected}");
    }
}

#[test]
fn sums_are_exact_after_reloads_and_killed_workers() {
    let nginx = Nginx::start_with("worker_processes 4;", SERVER);
    let (mut passed, mut denied) = (0.0, 0.0);
    for round in 0..100 {
        for _ in 0..5 {
            assert_eq!(nginx.get("/pages/", &[]).status, 204);
            assert_eq!(nginx.bearer("/pages/", LEAKED), 403);
            (passed, denied) = (passed + 1.0, denied + 1.0);
        }
        nginx.signal("HUP");
        if round % 2 == 0 {
            await_sum(&nginx, &requests("on", "passed"), passed);
            await_sum(&nginx, &requests("on", "denied"), denied);
            if let Some(worker) = nginx.workers().last() {
                signal(*worker, "KILL");
            }
        }
    }
    await_sum(&nginx, &requests("on", "passed"), passed);
    await_sum(&nginx, &requests("on", "denied"), denied);
    let rule = "tokenban_rule_matches_total{rule=\"leaked\",verdict=\"denied\"}";
    await_sum(&nginx, rule, denied);
}

#[test]
fn another_size_of_the_zone_keeps_the_sums() {
    let nginx = Nginx::start(SERVER);
    assert_eq!(nginx.bearer("/pages/", LEAKED), 403);
    await_sum(&nginx, &requests("on", "denied"), 1.0);
    let room = scrape(&nginx)["tokenban_zone_sightings_max"];
    let conf = nginx.directory().join("nginx.conf");
    let text = fs::read_to_string(&conf).unwrap().replace("numbers:1m", "numbers:2m");
    fs::write(&conf, text).unwrap();
    nginx.signal("HUP");
    let deadline = Instant::now() + PATIENCE;
    while scrape(&nginx)["tokenban_zone_sightings_max"] < 2.0 * room {
        assert!(Instant::now() < deadline);
    }
    assert_eq!(nginx.bearer("/pages/", LEAKED), 403);
    await_sum(&nginx, &requests("on", "denied"), 2.0);
}

#[test]
fn promtool_finds_nothing_to_mend() {
    let nginx = Nginx::start(SERVER);
    assert_eq!(nginx.bearer("/pages/", LEAKED), 403);
    let page = nginx.get("/metrics", &[]).body;
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = promtool.stderr(Stdio::piped()).spawn().expect("promtool of `prometheus`");
    child.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn lists_and_look_ups_are_counted() {
    let directory = directory();
    let mut lists = Lists::create(&directory.path().join("store"));
    fs::write(directory.path().join("rules.yaml"), RULES).unwrap();
    let server = format!("tokenban_store store; {SERVER}");
    let nginx = Nginx::start_in(directory, "worker_processes 1;", &server);
    lists.ban(LEAKED);
    assert_eq!(nginx.bearer("/pages/", LEAKED), 403);
    assert_eq!(nginx.bearer("/monitor/", LEAKED), 204);
    assert_eq!(nginx.bearer("/pages/", "leaked-test-token-9876543210"), 204);
    let samples = scrape(&nginx);
    let matches = "tokenban_denylist_matches_total{list=\"leaked\",kind=\"token\"}";
    assert_eq!(samples.get(matches), Some(&2.0), "{samples:#?}");
    assert!(samples["tokenban_lookups_total{result=\"found\"}"] >= 2.0);
    assert!(samples["tokenban_lookups_total{result=\"filtered\"}"] >= 1.0);
    assert_eq!(samples["tokenban_store_usable"], 1.0);
    assert_eq!(samples["tokenban_store_entries"], 1.0);
    assert!(samples["tokenban_store_commit"] >= 2.0);
}

/// A scrape has a bound, whatever the number of rules.
#[test]
fn ten_thousand_rules_are_counted_in_64_kilobytes() {
    let directory = directory();
    let rule =
        |n| format!("  - {{id: {n:0>63}, points: [[header, X]], tokens: [fake-token-{n:05}]}}\n");
    let rules: String = (0..10_000).map(rule).collect();
    fs::write(directory.path().join("rules.yaml"), format!("rules:\n{rules}")).unwrap();
    let nginx = Nginx::start_in(directory, "worker_processes 1;", SERVER);
    for number in 0..300 {
        assert_eq!(nginx.get("/pages/", &[&format!("X: fake-token-{number:05}")]).status, 403);
    }
    let page = nginx.get("/metrics", &[]).body;
    assert!(page.len() <= 64 << 10, "{}", page.len());
    let samples = scrape(&nginx);
    assert_eq!(samples["tokenban_rule_matches_total{rule=\"_other\",verdict=\"denied\"}"], 44.0);
    assert_eq!(samples["tokenban_labels_missing_total"], 44.0);
}

#[test]
fn openmetrics_is_given_to_who_asks_for_it() {
    let nginx = Nginx::start(SERVER);
    let prometheus = nginx.get("/metrics", &[]);
    assert!(prometheus.head.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8"));
    assert!(prometheus.head.contains("Cache-Control: no-store"), "{prometheus:?}");
    let accept = "Accept: application/openmetrics-text; version=1.0.0, text/plain;q=0.5";
    let open = nginx.get("/metrics", &[accept]);
    assert!(open.head.contains("Content-Type: application/openmetrics-text; version=1.0.0"));
    assert!(open.body.ends_with("# EOF\n"), "{open:?}");
    assert_eq!(nginx.request("HEAD", "/metrics", &[]).body, "");
    assert_eq!(nginx.request("POST", "/metrics", &["Content-Length: 0"]).status, 405);
}

#[test]
fn each_mistake_has_its_message() {
    for (directives, message) in [
        (
            "tokenban_zone numbers;",
            "invalid value \"numbers\" in \"tokenban_zone\" directive, it must be a n",
        ),
        ("tokenban_zone :1m;", "invalid value \":1m\" in \"tokenban_zone\" directive"),
        (
            "tokenban_zone a:big;",
            "invalid value \"a:big\" in \"tokenban_zone\" directive, its size must be like",
        ),
        ("tokenban_zone a:8k;", "zone \"a\" of \"tokenban_zone\" is too small"),
        ("tokenban_zone a:1m; tokenban_zone b:1m;", "\"tokenban_zone\" directive is duplicate"),
        (
            "server { location / { tokenban_metrics; } }",
            "\"tokenban_metrics\" shows what is counted in a zone; add \"tokenban_zone\"",
        ),
        ("tokenban_metrics;", "\"tokenban_metrics\" directive is not allowed here"),
    ] {
        let output = check(directives);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && text.contains(message), "{directives}: {text}");
    }
}
