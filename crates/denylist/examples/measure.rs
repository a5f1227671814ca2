//! Measures the store: `cargo run --release -p tokenban-denylist --example measure -- 10000000`.
//!
//! Import time and peak memory, bytes an entry, and what a look-up and a refresh cost.

use std::{fs, hint::black_box, time::Instant};

use tokenban_denylist::{verify, CreateOptions, ImportOptions, NewEntry, Reader, Store, Target};
use tokenban_engine::denylist::{Denylists, Key, Sought};

fn main() {
    let count: u64 =
        std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let mut store = Store::create(&path, &CreateOptions::default()).unwrap();

    let start = Instant::now();
    let mut batch = store.batch().unwrap();
    for token in 0..count {
        batch.add(&entry(&format!("measured-token-{token:012}"))).unwrap();
    }
    println!("digests        {:>8.2} s", start.elapsed().as_secs_f64());
    let done = store.import(batch, &ImportOptions::default()).unwrap();
    println!("import         {:>8.2} s in all, {} new", start.elapsed().as_secs_f64(), done.new);
    println!(
        "peak memory    {:>8} MB ({} MB of it anonymous at the end)",
        status("VmHWM"),
        status("RssAnon")
    );
    let bytes = fs::metadata(path.join("data.mdb")).unwrap().len();
    println!("file           {:>8.2} bytes an entry", bytes as f64 / count as f64);

    let start = Instant::now();
    let mut writer = store.write().unwrap();
    writer.ban(&entry("one more")).unwrap();
    writer.commit().unwrap();
    println!("one ban        {:>8.2} ms", start.elapsed().as_secs_f64() * 1e3);
    drop(store);

    let start = Instant::now();
    let mut reader = Reader::open(&path).unwrap();
    println!("open a reader  {:>8.2} ms", start.elapsed().as_secs_f64() * 1e3);
    let clean: Vec<String> = (0..1_000_000).map(|n| format!("clean-token-{n:015}")).collect();
    let mut passed = 0;
    time("miss", clean.len(), || {
        for token in &clean {
            let sought = Sought::Token(token.as_bytes());
            passed += u32::from(reader.may_hold(&sought, &mut || None));
        }
    });
    println!("filter passes  {:>8.2} %", f64::from(passed) / 3e4);
    let mut hits = 0;
    let banned: Vec<Key> = (0..count.min(1_000_000))
        .map(|n| Key::token(format!("measured-token-{:012}", n * 7919 % count).as_bytes()))
        .collect();
    time("hit", banned.len(), || {
        banned.iter().for_each(|key| reader.find(key, &mut |_| hits += 1).unwrap());
    });
    assert_eq!(black_box(hits), 3 * banned.len());
    time("refresh", 10_000_000, || {
        (0..10_000_000).for_each(|_| black_box(&mut reader).refresh().unwrap());
    });
    time("check", 10_000, || (0..10_000).for_each(|_| reader.check().unwrap()));
    drop(reader);

    let start = Instant::now();
    assert_eq!(verify(&path).unwrap().faults, [""; 0]);
    println!("verify         {:>8.2} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    Store::open(&path).unwrap().compact().unwrap();
    println!("compact        {:>8.2} s", start.elapsed().as_secs_f64());
}

fn entry(token: &str) -> NewEntry<'_> {
    let target = Target::Token(token.as_bytes());
    NewEntry { reason: "measured", ..NewEntry::new("leaked", target, 1) }
}

/// The best of three runs.
fn time(what: &str, count: usize, mut run: impl FnMut()) {
    let best = (0..3)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .min()
        .unwrap_or_default();
    println!("{what:<14} {:>8.1} ns", best.as_secs_f64() * 1e9 / count as f64);
}

fn status(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}
