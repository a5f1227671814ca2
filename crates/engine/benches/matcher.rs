//! One leaf: clean and denied values against 1 to 10,000 patterns, a body, and compiling.
//!
//! `cargo bench -p tokenban-engine --bench matcher`
#![allow(missing_docs)] // what `criterion_group!` makes has none

use std::{hint::black_box, time::Duration};

use criterion::{criterion_group, criterion_main, Criterion, Throughput};
use tokenban_engine::{
    limits::Limits,
    matcher::{Builder, Matcher},
    pattern::Pattern,
    rule::RuleIndex,
};

/// A clean bearer token of 50 bytes.
const CLEAN: &[u8] = b"Bearer 9f8b1c2d-Zk3LmN0pQrStUvWxYz4a5b6c7d8e9f0g1h";

/// Shapes as rules for leaked tokens have them, each with a prefix of its own.
fn regexes(count: u32) -> Matcher {
    let mut builder = Builder::new();
    for rule in 0..count {
        let text = match rule % 3 {
            0 => format!("tk{rule:04}_[0-9A-Za-z]{{36}}"),
            1 => format!(r"\b(?:A{rule:04}|B{rule:04})[A-Z2-7]{{16}}\b"),
            _ => format!(r"ey{rule:04}[\w-]{{17,}}\.ey[\w-]{{17,}}\.[\w-]*"),
        };
        builder.regex(RuleIndex(rule), &Pattern::parse(&text).expect("a pattern"));
    }
    builder.build(&Limits::default()).expect("within the limits")
}

/// A third each of tokens, literals and patterns.
fn mixed(count: u32) -> Matcher {
    let mut builder = Builder::new();
    for rule in 0..count {
        let text = match rule % 6 {
            0 | 3 => {
                builder.literal(RuleIndex(rule), format!("token-{rule:032}").as_bytes());
                continue;
            }
            1 => format!("literal-{rule:032}"),
            2 => format!("^exact-{rule:032}$"),
            4 => format!("tk{rule:05}_[0-9A-Za-z]{{36}}"),
            _ => format!(r"ey{rule:05}[\w-]{{17,}}\.ey[\w-]{{17,}}\.[\w-]*"),
        };
        builder.regex(RuleIndex(rule), &Pattern::parse(&text).expect("a pattern"));
    }
    builder.build(&Limits::default()).expect("within the limits")
}

fn values(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("value");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    let hit = [&b"Bearer tk0000_"[..], &[b'a'; 36]].concat();
    for count in [1, 100, 1_000, 10_000] {
        let matcher = regexes(count);
        let mut cache = matcher.cache();
        for (name, value) in [("miss", CLEAN), ("hit", &hit)] {
            group.bench_function(format!("{name}/{count}"), |bencher| {
                bencher.iter(|| matcher.find(&mut cache, black_box(value), &mut |_, _| ()));
            });
        }
    }
}

fn body(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("body");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    let line = br#"{"id":18,"name":"A. N. Other","text":"clean words, as in any body","n":[1,2]},"#;
    let body: Vec<u8> = line.iter().copied().cycle().take(1 << 20).collect();
    let chunks: Vec<&[u8]> = body.chunks(16 << 10).collect();
    group.throughput(Throughput::Bytes(body.len() as u64));
    for count in [1, 1_000, 10_000] {
        let matcher = regexes(count);
        let mut cache = matcher.cache();
        group.bench_function(format!("1MiB/{count}"), |bencher| {
            bencher.iter(|| matcher.find_chunks(&mut cache, black_box(&chunks), &mut |_, _| ()));
        });
    }
}

fn compile(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    group.sample_size(10);
    group.bench_function("mixed/10000", |bencher| bencher.iter(|| mixed(black_box(10_000))));
    group.bench_function("regex/1000", |bencher| bencher.iter(|| regexes(black_box(1_000))));
}

criterion_group!(benches, values, body, compile);
criterion_main!(benches);
