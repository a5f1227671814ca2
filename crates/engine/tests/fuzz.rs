//! What the fuzz targets hold, held for their seeds and for every input that once failed:
//! `fuzz/seeds/TARGET/*` and `fuzz/regressions/TARGET/*`.

use std::fs;

#[path = "../../../fuzz/invariants.rs"]
mod invariants;

#[test]
fn seeds_and_regressions_hold() {
    for target in ["points", "request", "rules"] {
        let mut replayed = 0;
        for folder in ["seeds", "regressions"] {
            let folder = format!("../../fuzz/{folder}/{target}");
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let file = entry.unwrap().path();
                // The name of the file that fails is the last line before the panic.
                println!("{}", file.display());
                holds(target, &fs::read(&file).unwrap());
                replayed += 1;
            }
        }
        assert!(replayed > 0, "{target}: no seeds");
    }
}

fn holds(target: &str, data: &[u8]) {
    match target {
        "points" => invariants::points(data),
        "request" => invariants::request(data),
        _ => invariants::rules(data),
    }
}

/// Every single byte of every seed flipped, dropped and doubled: a fuzzer's first minute, for builds
/// without one.
#[test]
fn small_changes_of_seeds_hold() {
    for entry in fs::read_dir("../../fuzz/seeds/request").unwrap() {
        let seed = fs::read(entry.unwrap().path()).unwrap();
        for at in 0..seed.len() {
            let (head, tail) = seed.split_at(at);
            invariants::request(&[head, &[tail[0] ^ 0x20], &tail[1..]].concat());
            invariants::request(&[head, &tail[1..]].concat());
            invariants::request(&[head, &tail[..1], tail].concat());
        }
    }
}
