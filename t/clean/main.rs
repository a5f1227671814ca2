//! Clean traffic passes: a corpus and a generator of what real clients send, through every shipped rule
//! file, a rule that looks anywhere for thousands of tokens, and a denylist of as many, or of a
//! million. No request may be denied.

#[path = "../differential/rng.rs"]
mod rng;
#[path = "../support/mod.rs"]
mod support;

mod body;
mod corpus;
mod tokens;
mod traffic;

use std::{fs, path::Path};

use corpus::Written;
use rng::Rng;
use support::{directory, Nginx, Response};
use tokenban_denylist::{CreateOptions, NewEntry, Store, Target};

const BANNED: usize = 4000;
/// What the store holds beside them where it is asked for.
const MILLION: usize = 1_000_000;
const GENERATED: usize = 1500;
const SEED: u64 = 40;

const HTTP: &str = r#"
    tokenban_store store;
    tokenban on;
    tokenban_rules {rules}/*.yaml banned.yaml;
    add_header X-Decision $tokenban_status always;
    add_header X-Rule $tokenban_rule always;
    server {
        listen unix:{dir}/app.sock;
        tokenban off;
        access_log off;
        location / { return 200 "seen\n"; }
    }
    # What may be sent is all inspected, and more is inspected than may be sent.
    server {
        listen 127.0.0.1:{port};
        client_max_body_size 16m;
        location / { proxy_pass http://unix:{dir}/app.sock; }
    }
    server {
        listen 127.0.0.1:{port2};
        client_max_body_size 1m;
        tokenban_body_limit 16m;
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
    passes(&banned, &start(&banned, 0), GENERATED);
}

/// With a store of the size that a large incident has; takes a minute.
#[test]
#[ignore = "fills a store with a million entries"]
fn clean_traffic_passes_a_million_entries() {
    let banned = tokens::many(&mut Rng::new(SEED), BANNED);
    passes(&banned, &start(&banned, MILLION), GENERATED);
}

fn passes(banned: &[String], nginx: &Nginx, generated: usize) {
    let mut requests = corpus::read();
    let generated = traffic::generate(&mut Rng::new(SEED + 1), generated, banned);
    let place = || "generated".to_owned();
    requests.extend(generated.into_iter().map(|bytes| Written { place: place(), bytes }));
    let asked = [nginx.port, nginx.port2].into_iter();
    let denied: Vec<Denial> = asked
        .flat_map(|port| requests.iter().map(move |request| (port, request)))
        .filter_map(|(port, request)| denial(&nginx.raw_to(port, &request.bytes), request))
        .collect();
    let by_bound = denied.iter().filter(|denial| denial.only_a_bound).count();
    let (sent, count) = (requests.len() * 2, denied.len());
    println!("{sent} clean requests, {count} denied, {by_bound} of them by a bound alone");
    let shown: Vec<_> = denied.iter().map(|denial| denial.text.as_str()).collect();
    assert!(denied.is_empty(), "{count} denied, {by_bound} by a bound:\n{}", shown.join("\n\n"));
}

/// The test above can fail: the same requests with a token that is banned are denied.
#[test]
fn the_same_requests_with_a_banned_token_do_not() {
    let banned = tokens::many(&mut Rng::new(SEED), BANNED);
    let nginx = start(&banned, 0);
    let mut rng = Rng::new(SEED + 2);
    for Written { place, bytes } in corpus::read() {
        let token = &banned[rng.below(banned.len())];
        let end = bytes.windows(2).position(|window| window == b"\r\n").expect("a line");
        let line = format!("\r\nX-Extra-Key: {token}");
        let request = [&bytes[..end], line.as_bytes(), &bytes[end..]].concat();
        assert_eq!(nginx.raw(&request).status, 403, "{place}: {}", request.escape_ascii());
    }
}

fn start(banned: &[String], more: usize) -> Nginx {
    let directory = directory();
    let rules = support::root().join("rules");
    fs::write(directory.path().join("banned.txt"), banned.join("\n")).expect("tokens");
    fs::write(directory.path().join("banned.yaml"), RULES).expect("rules");
    fill_store(&directory.path().join("store"), banned, more);
    let http = HTTP.replace("{rules}", &rules.display().to_string());
    Nginx::start_in(directory, "worker_processes 1;", &http)
}

/// The banned tokens, and more of the same shapes.
fn fill_store(path: &Path, banned: &[String], more: usize) {
    let mut store = Store::create(path, &CreateOptions::default()).expect("a store");
    let mut writer = store.write().expect("a writer");
    let mut rng = Rng::new(SEED + 3);
    let more = (0..more).map(|_| tokens::one(&mut rng));
    for token in banned.iter().cloned().chain(more) {
        let entry = NewEntry {
            reason: "a test",
            source: "test",
            ..NewEntry::new("leaked", Target::Token(token.as_bytes()), 1_790_000_000)
        };
        writer.ban(&entry).expect("an entry");
    }
    writer.commit().expect("a commit");
}

/// A clean request that was refused.
struct Denial {
    /// No rule matched: something was not inspected, or too long.
    only_a_bound: bool,
    text: String,
}

fn denial(response: &Response, request: &Written) -> Option<Denial> {
    let head = &response.head;
    let passed = response.status == 200 && head.contains("X-Decision: PASSED");
    let shown = &request.bytes[..request.bytes.len().min(1500)];
    let text = format!("{}\n{head}\n{}", request.place, shown.escape_ascii());
    let only_a_bound = head.contains("X-Decision: DENIED") && !head.contains("X-Rule:");
    (!passed).then_some(Denial { only_a_bound, text })
}
