//! What an entry does while NGINX runs: by claims and keys of any issuer, only reporting, and sparing
//! clients of some networks.

#[path = "support/lists.rs"]
mod lists;
mod support;

use std::fs;

use lists::{entry, Lists, RULES};
use support::{directory, Nginx};
use tokenban_denylist::{NewEntry, Target};
use tokenban_engine::denylist::{Level, Network, Networks};

const TOKEN: &str = "fake-leaked-token-0123456789";

/// {"alg":"ES256","kid":"key-1"} and {"iss":"https://id.example/","sub":"alice","azp":"app",
/// "cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"},"iat":1700000000,"roles":["admin"]}
const JWT: &str = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImtleS0xIn0.\
                   eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUvIiwic3ViIjoiYWxpY2UiLCJhenAiOiJhcHAiLCJj\
                   bmYiOnsiamt0IjoiMFpjT0NPUlpOWXktRFdwcXEzMGpaeUpHSFROMGQySGdsQlYzdWlndUE0SSJ9\
                   LCJpYXQiOjE3MDAwMDAwMDAsInJvbGVzIjpbImFkbWluIl19.c2ln";

/// The proof of RFC 9449, section 4.1, for the same key.
const PROOF: &str = "DPoP: eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6Ik\
                     VDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCR\
                     nMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JE\
                     QSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIj\
                     oiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwia\
                     WF0IjoxNTYyMjYyNjE2fQ.c2ln";

const HTTP: &str = r#"
    tokenban_store store;
    tokenban       on;
    tokenban_rules rules.yaml;
    log_format     outcome "$tokenban_canary $tokenban_status";
    set_real_ip_from 127.0.0.1;
    real_ip_header X-From;
    tokenban_zone  numbers:1m;
    server {
        listen 127.0.0.1:{port};
        location = /metrics { tokenban off; access_log off; tokenban_metrics; }
        access_log {dir}/access.log outcome;
        location / { try_files /none =204; }
        location /quiet { tokenban monitor; tokenban_log_level info; try_files /none =204; }
    }
"#;

fn start() -> (Nginx, Lists) {
    let directory = directory();
    let lists = Lists::create(&directory.path().join("store"));
    fs::write(directory.path().join("rules.yaml"), RULES).unwrap();
    (Nginx::start_in(directory, "", HTTP), lists)
}

#[test]
fn claims_and_keys() {
    let key = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    let cases = [
        ("sub", None, "alice", 403),
        ("sub", Some("https://id.example"), "alice", 403),
        ("sub", Some("https://other.example"), "alice", 204),
        ("kid", None, "key-1", 403),
        ("azp", None, "app", 403),
        ("jkt", None, key, 403),
        ("roles", None, "admin", 403),
        ("tenant", None, "app", 204),
    ];
    for (name, issuer, value, status) in cases {
        let (nginx, mut lists) = start();
        assert_eq!(nginx.bearer("/", JWT), 204);
        lists.put(&entry(Target::Claim { name, issuer, value: value.as_bytes() }));
        assert_eq!(nginx.bearer("/", JWT), status, "{name} {issuer:?} {value}");
        let opaque = nginx.get("/", &["Authorization: DPoP fake-opaque-token", PROOF]);
        assert_eq!(opaque.status, if name == "jkt" { 403 } else { 204 }, "{name}");
    }
}

#[test]
fn an_entry_may_only_report() {
    let (nginx, mut lists) = start();
    let target = Target::Token(TOKEN.as_bytes());
    lists.put(&NewEntry { level: Level::Monitor, ..entry(target) });
    assert_eq!(nginx.bearer("/", TOKEN), 204);
    assert!(nginx.access_log(1).ends_with("MONITORED\n"));
    lists.put(&NewEntry { list: "other", ..entry(target) });
    assert_eq!(nginx.bearer("/", TOKEN), 403, "another entry denies it");
}

/// Whatever the level of other matches, and also where it is only reported.
#[test]
fn the_use_of_a_canary_is_an_alert() {
    let (nginx, mut lists) = start();
    let target = Target::Token(TOKEN.as_bytes());
    lists.put(&NewEntry { level: Level::Canary, reason: "planted in the wiki", ..entry(target) });
    assert_eq!(nginx.bearer("/", TOKEN), 403);
    assert_eq!(nginx.bearer("/quiet", TOKEN), 204);
    assert_eq!(nginx.bearer("/", "fake-other-token-0123456789"), 204);
    let metrics = nginx.get("/metrics", &[]).body;
    assert!(metrics.contains("\ntokenban_canary_uses_total 2\n"), "{metrics}");
    assert_eq!(nginx.access_log(3), "1 DENIED\n1 MONITORED\n- PASSED\n");
    let log = nginx.log();
    for verb in ["denied", "monitored"] {
        let line = format!("tokenban: a canary was used, {verb} by rule \"listed\", point ");
        let line = log.lines().find(|have| have.contains(&line)).expect("an alert");
        assert!(line.contains("[alert]") && line.contains("planted in the wiki"), "{line}");
    }
    assert!(!log.contains(TOKEN));
}

/// The client's address is what NGINX has: that of a proxy which it trusts to tell it.
#[test]
fn an_entry_may_spare_a_network() {
    let (nginx, mut lists) = start();
    let network = "192.0.2.0/24".parse::<Network>().unwrap();
    let except = Networks::from_bytes(network.as_bytes()).unwrap();
    lists.put(&NewEntry { except, ..entry(Target::Token(TOKEN.as_bytes())) });
    let from = |address: &str| {
        let headers = [format!("Authorization: Bearer {TOKEN}"), format!("X-From: {address}")];
        nginx.get("/", &[&headers[0], &headers[1]]).status
    };
    assert_eq!(from("203.0.113.9"), 403);
    assert_eq!(from("192.0.2.9"), 204);
    assert!(nginx.access_log(2).ends_with("MONITORED\n"));
    assert_eq!(from("2001:db8::9"), 403);
}
