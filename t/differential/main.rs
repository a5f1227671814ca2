//! Real frameworks judge: a request in which an application behind NGINX sees a banned token must be
//! denied, however the token is disguised.
//!
//! docs/differential.md says how to run it. `TOKENBAN_DIFFERENTIAL_N` and `_SEED` make it longer.

#[path = "../support/mod.rs"]
mod support;

mod backend;
mod campaign;
mod case;
mod charset;
mod draft;
mod exclusions;
mod gate;
mod multipart;
mod mutation;
mod place;
mod rng;

use campaign::Outcome;
use gate::Gate;
use place::{Place, BODY, HEAD};

/// Requests per back end in `make test`.
const NUMBER: usize = 500;
const SEED: u64 = 4;

#[test]
#[ignore = "asks for the back ends of `make backends`"]
fn what_an_application_sees_is_denied() {
    let logs = tempfile::tempdir().expect("directory");
    let only = std::env::var("TOKENBAN_DIFFERENTIAL_BACKENDS").ok();
    let backends = backend::start(only.as_deref(), logs.path());
    let places: Vec<Place> = HEAD.into_iter().chain(BODY).collect();
    let gate = Gate::start(&backends, &places);
    let (number, seed) =
        (setting("N").map_or(NUMBER, |n| n as usize), setting("SEED").unwrap_or(SEED));
    let outcome = campaign::run(&gate, &backends, &places, number, seed);
    report(&outcome, &places, seed);
    assert!(
        outcome.wrongly_denied.is_empty(),
        "denied without a token: {:?}",
        outcome.wrongly_denied
    );
    assert!(outcome.bypasses.is_empty(), "{} kinds of bypass", outcome.bypasses.len());
    for (name, count) in &outcome.counts {
        assert!(count.reached * 4 > count.tried, "{name} sees too few tokens for a test");
    }
}

fn report(outcome: &Outcome, places: &[Place], seed: u64) {
    println!("seed {seed}\n{}", outcome.table());
    for (name, count) in &outcome.counts {
        for (reason, times) in &count.excluded {
            println!("{name}: excluded {times} times: {reason}");
        }
    }
    for (place, name) in outcome.useless(places) {
        println!("no application sees through: {} {name}", place.id());
    }
    for (kind, text) in &outcome.bypasses {
        println!("--- not denied: {kind}\n{text}\n");
    }
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(format!("TOKENBAN_DIFFERENTIAL_{name}")).ok()?.parse().ok()
}
