//! How fast clean bodies are read: MB/s of `anywhere`, and of JSON by path, with a store that knows its
//! tokens.
//!
//! `cargo run --release -p tokenban-engine --example bodies`

use std::{path::Path, time::Instant};

use tokenban_engine::{
    decision::{Decision, Mode},
    denylist::{Ban, MemoryDenylists},
    limits::Limits,
    request::OwnedRequest,
    Inspection, Ruleset, Stage,
};

const JSON: &str = "application/json";

fn main() {
    let rows = [
        ("JSON, records", "anywhere", JSON, json()),
        ("JSON, prose", "anywhere", JSON, prose()),
        ("JSON by path", "post, json_doc, hash, records, array, 7, hash, token", JSON, json()),
        ("form", "anywhere", "application/x-www-form-urlencoded", form()),
        ("upload", "anywhere", "multipart/form-data; boundary=b", upload()),
        ("binary", "anywhere", "application/octet-stream", binary()),
    ];
    for (name, point, content_type, body) in rows {
        println!("{:>7.0} MB/s  {name}", speed(point, content_type, body));
    }
}

/// The best of a few rounds: other work on the machine only ever adds.
fn speed(point: &str, content_type: &str, body: Vec<u8>) -> f64 {
    let rules = format!("rules: [{{id: a, points: [[{point}]], denylist: [leaked]}}]");
    let ruleset = Ruleset::load_text(Path::new("x"), &rules, &Limits::default()).unwrap();
    let mut denylists = MemoryDenylists::default();
    for token in [
        "fake_0123456789abcdefghijklmnopqrstuvwxyz",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJmYWtlLTAxMjM0NTY3ODkifQ.c2ln",
    ] {
        denylists.ban(token.as_bytes(), &Ban { list: "leaked", ..Ban::default() });
    }
    let mut request = OwnedRequest::new("POST", b"/");
    request.headers.push((b"Content-Type".to_vec(), content_type.into()));
    request.body = body;
    let inspection = Inspection { request: &request, denylists: &denylists, mode: Mode::On };
    let mut scratch = ruleset.scratch();
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let began = Instant::now();
        let outcome = ruleset.evaluate(&inspection, Stage::Body, &mut scratch);
        assert_eq!(outcome.decision, Decision::Passed);
        assert_eq!(outcome.incomplete, None);
        best = best.min(began.elapsed().as_secs_f64());
    }
    request.body.len() as f64 / best / 1e6
}

fn json() -> Vec<u8> {
    let record = |n: usize| {
        format!(
            "{{\"id\":{n},\"name\":\"item {}\",\"price\":{}.99,\"tags\":[\"new\",\"sale\"],\"url\":\"https://shop.example/items/{}\",\"at\":\"2026-11-27T09:00:00Z\"}}",
            n * 7919 % 100_003, n % 97, n
        )
    };
    let records: Vec<String> = (0..8000).map(record).collect();
    format!("{{\"records\":[{}]}}", records.join(",")).into_bytes()
}

fn prose() -> Vec<u8> {
    let text = "A clean sentence, as people write them; with \\\"quotes\\\" and a https://link.example/to/some/longer/path/of/a/page. ";
    format!("{{\"text\":\"{}\"}}", text.repeat(8000)).into_bytes()
}

fn form() -> Vec<u8> {
    "name=Some+Body&mail=somebody%40mail.example&comment=A+clean+sentence%2C+with+escapes&n=17&"
        .repeat(8000)
        .into_bytes()
}

fn upload() -> Vec<u8> {
    let head = "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n";
    [head.as_bytes(), &binary(), b"\r\n--b--\r\n"].concat()
}

/// Noise, as of what is compressed.
fn binary() -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..200_000).flat_map(|_| next()).collect()
}
