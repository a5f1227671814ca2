//! Clean traffic passes: a corpus and a generator of what real clients send, through every shipped rule
//! file, a rule that looks anywhere for thousands of tokens, and a denylist of as many. No request
//! may be denied.

#[path = "../differential/rng.rs"]
mod rng;
#[path = "../support/mod.rs"]
mod support;

mod corpus;
mod tokens;
mod traffic;

use std::{fs, path::Path};

use rng::Rng;
use support::{directory, Nginx, Response};
use tokenban_denylist::{CreateOptions, NewEntry, Store, Target};

const BANNED: usize = 4000;
const GENERATED: usize = 1500;
const SEED: u64 = 40;

const HTTP: &str = r#"
    tokenban_store store;
    client_max_body_size 16m;
    server {
        listen unix:{dir}/app.sock;
        access_log off;
        location / { return 200 "seen\n"; }
    }
    server {
        listen 127.0.0.1:{port};
        tokenban on;
        tokenban_rules {rules}/*.yaml banned.yaml;
        add_header X-Decision $tokenban_status always;
        add_header X-Rule $tokenban_rule always;
        location / { proxy_pass http://unix:{dir}/app.sock; }
    }
"#;

const RULES: &str = "
rules:
  - {id: banned, points: [[anywhere], [post]], token_file: banned.txt}
  - {id: listed, points: [[anywhere], [post]], denylist: leaked}
";

#[test]
fn clean_traffic_passes() {
    let banned = tokens::many(&mut Rng::new(SEED), BANNED);
    let nginx = start(&banned);
    let mut requests = corpus::read();
    requests.extend(traffic::generate(&mut Rng::new(SEED + 1), GENERATED, &banned));
    let denied: Vec<String> =
        requests.iter().filter_map(|request| failure(&nginx.raw(request), request)).collect();
    println!("{} clean requests, {} denied", requests.len(), denied.len());
    assert!(denied.is_empty(), "{} denied:\n{}", denied.len(), denied.join("\n\n"));
}

/// The test above can fail: the same requests with a token that is banned are denied.
#[test]
fn the_same_requests_with_a_banned_token_do_not() {
    let banned = tokens::many(&mut Rng::new(SEED), BANNED);
    let nginx = start(&banned);
    let mut rng = Rng::new(SEED + 2);
    for request in corpus::read() {
        let token = &banned[rng.below(banned.len())];
        let end = request.windows(2).position(|window| window == b"\r\n").expect("a line");
        let line = format!("\r\nX-Extra-Key: {token}");
        let request = [&request[..end], line.as_bytes(), &request[end..]].concat();
        assert_eq!(nginx.raw(&request).status, 403, "{}", request.escape_ascii());
    }
}

fn start(banned: &[String]) -> Nginx {
    let directory = directory();
    let rules = support::root().join("rules");
    fs::write(directory.path().join("banned.txt"), banned.join("\n")).expect("tokens");
    fs::write(directory.path().join("banned.yaml"), RULES).expect("rules");
    fill_store(&directory.path().join("store"), banned);
    let http = HTTP.replace("{rules}", &rules.display().to_string());
    Nginx::start_in(directory, "worker_processes 1;", &http)
}

fn fill_store(path: &Path, banned: &[String]) {
    let mut store = Store::create(path, &CreateOptions::default()).expect("a store");
    let mut writer = store.write().expect("a writer");
    for token in banned {
        let entry = NewEntry {
            reason: "a test",
            source: "test",
            ..NewEntry::new("leaked", Target::Token(token.as_bytes()), 1_790_000_000)
        };
        writer.ban(&entry).expect("an entry");
    }
    writer.commit().expect("a commit");
}

fn failure(response: &Response, request: &[u8]) -> Option<String> {
    let passed = response.status == 200 && response.head.contains("X-Decision: PASSED");
    let shown = &request[..request.len().min(1500)];
    (!passed).then(|| format!("{}\n{}", response.head, shown.escape_ascii()))
}
