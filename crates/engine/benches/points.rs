//! Whole decisions about a request, for each kind of point: clean requests, and one that is denied.
//!
//! `cargo bench -p tokenban-engine --bench points`
#![allow(missing_docs)] // what `criterion_group!` makes has none

use std::{hint::black_box, path::Path, time::Duration};

use criterion::{criterion_group, criterion_main, Criterion};
use tokenban_engine::{
    decision::Mode, denylist::NoDenylists, limits::Limits, request::OwnedRequest, Inspection,
    Ruleset, Stage,
};

/// A point for each way through the head of a request.
const POINTS: [(&str, &str); 14] = [
    ("anywhere", "anywhere"),
    ("base64", "header, X-DATA, base64"),
    ("basic", "header, AUTHORIZATION, credentials, basic, password"),
    ("claims", "header, AUTHORIZATION, credentials, jwt, claims, sub"),
    ("cookie", "header, COOKIE, cookie, session"),
    ("credentials", "header, AUTHORIZATION, credentials"),
    ("gzip", "header, X-DATA, base64, gzip"),
    ("header", "header, AUTHORIZATION"),
    ("header_all", "header_all"),
    ("json_doc", "header, X-JSON, json_doc, hash, token"),
    ("path_all", "path_all"),
    ("percent", "query, token, percent"),
    ("query", "query, token"),
    ("uri", "uri"),
];

/// A JWT that is no secret: header `{"alg":"none"}`, payload `{"sub":"someone"}`.
const JWT: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzb21lb25lIn0.c2lnbmF0dXJl";

fn request(token: &str) -> OwnedRequest {
    let mut request = OwnedRequest::new("GET", b"/v1/orders/4711?token=clean-4f1c9a0b7d2e&page=2");
    let lines = [
        ("Host", "api.example.com"),
        ("Authorization", &format!("Bearer {token}")),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
        ("Accept", "application/json, text/plain, */*"),
        ("Accept-Language", "en-US,en;q=0.5"),
        ("Accept-Encoding", "gzip, deflate, br, zstd"),
        ("Referer", "https://app.example.com/orders/2026/11"),
        ("Cookie", "session=4f1c9a0b7d2e8f35a6c1; theme=dark; _ga=GA1.1.1234567890.170"),
        ("X-Request-Id", "8d7c1c1e-7a58-4f51-9d4e-0f6b2c3d4e5f"),
        ("X-Data", "Y2xlYW4gZGF0YSBvZiBhIGNsZWFuIGNsaWVudA=="),
        ("X-Json", r#"{"id": 4711, "token": "clean-4f1c9a0b7d2e", "list": [1, 2, 3]}"#),
        ("Cache-Control", "no-cache"),
    ];
    request.headers = lines.map(|(name, value)| (name.into(), value.into())).into();
    request
}

fn points(criterion: &mut Criterion) {
    let clean = request(JWT);
    let mut group = criterion.benchmark_group("clean");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for (name, point) in POINTS {
        for (matcher, text) in [
            ("regex", r"regex: 'leaked_[0-9A-Za-z]{36}'"),
            ("tokens", "tokens: [fake_leaked_token_0123456789]"),
        ] {
            let ruleset = ruleset(point, text);
            let mut scratch = ruleset.scratch();
            group.bench_function(format!("{name}/{matcher}"), |bencher| {
                bencher.iter(|| decide(&ruleset, black_box(&clean), &mut scratch));
            });
        }
    }
}

fn denied(criterion: &mut Criterion) {
    let ruleset = ruleset("header, AUTHORIZATION", "tokens: [fake_leaked_token_0123456789]");
    let (denied, mut scratch) = (request("fake_leaked_token_0123456789"), ruleset.scratch());
    assert!(decide(&ruleset, &denied, &mut scratch));
    criterion.bench_function("denied", |bencher| {
        bencher.iter(|| decide(&ruleset, black_box(&denied), &mut scratch));
    });
}

fn ruleset(point: &str, matcher: &str) -> Ruleset {
    let text = format!("rules: [{{id: leaked, points: [[{point}]], {matcher}}}]");
    Ruleset::load_text(Path::new("bench"), &text, &Limits::default()).expect("rules")
}

/// Whether the request is denied.
fn decide(
    ruleset: &Ruleset,
    request: &OwnedRequest,
    scratch: &mut tokenban_engine::Scratch,
) -> bool {
    let inspection = Inspection { request, denylists: &NoDenylists, mode: Mode::On };
    ruleset.evaluate(&inspection, Stage::Head, scratch).hit.is_some()
}

criterion_group!(benches, points, denied);
criterion_main!(benches);
