//! A clean request against a denylist of many lengths: `Authorization` alone, and `anywhere` with
//! twelve headers. The store is in memory, so what is measured is the engine and the digests.
//!
//! `cargo bench -p tokenban-engine --bench denylist`
#![allow(missing_docs)] // what `criterion_group!` makes has none

use std::{hint::black_box, path::Path, time::Duration};

use criterion::{criterion_group, criterion_main, Criterion};
use tokenban_engine::{
    decision::Mode,
    denylist::{Ban, Denylists, Key, Kind, MemoryDenylists, Profile, StoreLost},
    limits::Limits,
    request::OwnedRequest,
    Inspection, Ruleset, Stage,
};

/// Answers like a filter that has nothing: no look-up, however many entries there are.
struct Clean(Profile);

impl Denylists for Clean {
    fn profile(&self) -> &Profile {
        &self.0
    }

    fn find(&self, key: &Key, _: &mut dyn FnMut(&Ban<'_>)) -> Result<(), StoreLost> {
        black_box(key);
        Ok(())
    }

    fn find_sha1(&self, digest: &[u8; 20], _: &mut dyn FnMut(&Ban<'_>)) -> Result<(), StoreLost> {
        black_box(digest);
        Ok(())
    }
}

/// What a report of secrets holds: tokens of 20 to 100 bytes.
fn tokens() -> Profile {
    let mut lists = MemoryDenylists::default();
    let ban = Ban { list: "leaked", ..Ban::default() };
    (20..=100).for_each(|length| lists.ban(&vec![b'x'; length], &ban));
    lists.profile().clone()
}

fn with(kinds: &[Kind]) -> Profile {
    let mut profile = tokens();
    kinds.iter().for_each(|kind| profile.add(*kind));
    profile
}

fn with_claim(name: &str) -> Profile {
    let mut profile = tokens();
    assert!(profile.add_claim(name, true));
    profile
}

fn request(bearer: &str) -> OwnedRequest {
    let mut request = OwnedRequest::new("GET", b"/v1/users/42?page=3");
    for (name, value) in [
        ("Host", "api.example.com"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0"),
        ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("Accept-Language", "en-US,en;q=0.5"),
        ("Accept-Encoding", "gzip, deflate, br"),
        ("Authorization", &format!("Bearer {bearer}")),
        ("Cookie", "sid=0123456789abcdef0123456789abcdef; theme=dark; _ga=GA1.2.3.4"),
        ("Referer", "https://example.com/a/b?c=d"),
        ("X-Api-Key", "0123456789abcdefghijklmn"),
        ("X-Request-Id", "5f1c3a0e-2b7d-4c56-9a1b-0123456789ab"),
        ("X-Forwarded-For", "192.0.2.1, 198.51.100.7"),
        ("Connection", "keep-alive"),
    ] {
        request.headers.push((name.into(), value.into()));
    }
    request
}

fn clean(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("clean");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    let jwt = format!("eyJhbGciOiJSUzI1NiJ9.{}.{}", "eyJh".repeat(60), "x".repeat(342));
    let stores = [
        ("nothing", Profile::EMPTY),
        ("tokens", tokens()),
        ("tokens+jwt", with(&[Kind::Jwt])),
        ("tokens+claims", with_claim("jti")),
        ("sha256", with(&[Kind::Sha256])),
    ];
    for (point, name) in [("header, AUTHORIZATION", "authorization"), ("anywhere", "anywhere")] {
        let rules = format!("rules: [{{id: leaked, points: [[{point}]], denylist: [leaked]}}]");
        let ruleset = Ruleset::load_text(Path::new("x"), &rules, &Limits::default()).unwrap();
        let mut scratch = ruleset.scratch();
        let opaque = "9f8b1c2d-Zk3LmN0pQrStUvWxYz4a5b6c7d8e9f0g1h";
        for (kind, bearer) in [("opaque", opaque), ("jwt", &jwt)] {
            let request = request(bearer);
            for (store, profile) in &stores {
                let lists = Clean(profile.clone());
                let inspection =
                    Inspection { request: &request, denylists: &lists, mode: Mode::On };
                group.bench_function(format!("{name}/{kind}/{store}"), |bencher| {
                    bencher.iter(|| ruleset.evaluate(&inspection, Stage::Head, &mut scratch));
                });
            }
        }
    }
}

criterion_group!(benches, clean);
criterion_main!(benches);
