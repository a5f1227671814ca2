//! Sends one clean request after the other through the engine, for Valgrind to count what one costs:
//!
//! `valgrind --tool=callgrind target/release/examples/clean STORE POINT TRAFFIC COUNT`
//!
//! `STORE` is made where it is not there yet: `jwt-1000` holds so many JWTs, `opaque-1000` so many
//! other tokens. `POINT` is `authorization` or `anywhere`, or `regex-1000`, so many rules without a
//! store. `TRAFFIC` is `jwt-180`, `jwt-900` or `opaque`, as a bearer token, among the headers of a
//! browser. The difference of two counts is the cost of the requests.

use std::{env, path::Path};

use tokenban_denylist::{CreateOptions, ImportOptions, NewEntry, Reader, Store, Target};
use tokenban_engine::{
    decision::{Decision, Mode},
    limits::Limits,
    request::OwnedRequest,
    Inspection, Ruleset, Stage,
};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [store, point, traffic, count] = arguments.as_slice() else {
        panic!("clean STORE POINT TRAFFIC COUNT");
    };
    let store = Path::new(store);
    if !store.exists() {
        make(store);
    }
    let reader = Reader::open(store).unwrap();
    let ruleset = Ruleset::load_text(Path::new("x"), &rules(point), &Limits::default()).unwrap();
    let request = request(traffic);
    let mut scratch = ruleset.scratch();
    let inspection = Inspection { request: &request, denylists: &reader, mode: Mode::On };
    for _ in 0..count.parse().unwrap() {
        let outcome = ruleset.evaluate(&inspection, Stage::Head, &mut scratch);
        assert_eq!(outcome.decision, Decision::Passed);
        assert_eq!(outcome.incomplete, None);
    }
}

fn rules(point: &str) -> String {
    if let Some(count) = point.strip_prefix("regex-") {
        let rule = |n| {
            format!(
                "  - {{id: r{n}, points: [[header, AUTHORIZATION]], regex: \
                 'fake{n:04}_[A-Za-z0-9_-]{{36}}'}}\n"
            )
        };
        return format!("rules:\n{}", (0..count.parse().unwrap()).map(rule).collect::<String>());
    }
    let point = match point {
        "anywhere" => "anywhere",
        _ => "header, AUTHORIZATION, credentials",
    };
    format!("rules: [{{id: leaked, points: [[{point}]], denylist: [leaked]}}]")
}

fn make(path: &Path) {
    let name = path.file_name().unwrap().to_str().unwrap();
    let (kind, count) = name.split_once('-').unwrap();
    let mut store = Store::create(path, &CreateOptions::default()).unwrap();
    let mut batch = store.batch().unwrap();
    for number in 0..count.parse().unwrap() {
        let payload = format!("{{\"iss\":\"https://id.example\",\"sub\":\"fake-{number}\"}}");
        let token = format!("fake_{number:035}");
        let target = match kind {
            "jwt" => Target::Jwt { header: br#"{"alg":"RS256"}"#, payload: payload.as_bytes() },
            _ => Target::Token(token.as_bytes()),
        };
        batch.add(&entry(target)).unwrap();
    }
    store.import(batch, &ImportOptions::default()).unwrap();
}

fn entry(target: Target<'_>) -> NewEntry<'_> {
    NewEntry::new("leaked", target, 1)
}

fn request(traffic: &str) -> OwnedRequest {
    let bearer = match traffic {
        "opaque" => "fake_clean-token-of-a-clean-client-01234".to_owned(),
        traffic => jwt(traffic.strip_prefix("jwt-").unwrap().parse().unwrap()),
    };
    let mut request = OwnedRequest::new("GET", b"/v1/users/42?page=3");
    for (name, value) in [
        ("Host", "api.example.com"),
        ("Authorization", &format!("Bearer {bearer}")),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
        ("Accept", "application/json, text/plain, */*"),
        ("Accept-Language", "en-US,en;q=0.5"),
        ("Accept-Encoding", "gzip, deflate, br, zstd"),
        ("Origin", "https://app.example.com"),
        ("Referer", "https://app.example.com/orders/2026/11"),
        (
            "Cookie",
            "session=4f1c9a0b7d2e8f35a6c1; theme=dark; _ga=GA1.1.1234567890.1700000000; \
             lang=en; consent=yes",
        ),
        ("X-Request-Id", "8d7c1c1e-7a58-4f51-9d4e-0f6b2c3d4e5f"),
        ("X-Forwarded-For", "192.0.2.10"),
        ("Cache-Control", "no-cache"),
    ] {
        request.headers.push((name.into(), value.into()));
    }
    request
}

/// A JWT of exactly so many bytes: HS256 where it is short, RS256 where there is room for it.
fn jwt(length: usize) -> String {
    let signature = if length < 500 { 43 } else { 342 };
    let header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"; // {"alg":"HS256","typ":"JWT"}
    let payload = "eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJz"; // {"iss":"https://id.example","s
    let rest = length - header.len() - payload.len() - signature - 2;
    // As encoders write it, with no bits left over: the last one is an A.
    let filler = "dWIiOiJhbGljZSIsImV4cCI6MTcwMDAwMDAwMCwi".repeat(rest / 40 + 1);
    format!(
        "{header}.{payload}{}A.{}",
        &filler[..rest - 1],
        "sIgNaTuRe-".repeat(40)[..signature].to_owned()
    )
}
