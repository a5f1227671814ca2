//! What the worst requests cost a worker: those that once cost seconds, and those that go past a bound.
//!
//! `make bench worst`. Times are the best of three; memory is what the heap held at its highest, beside
//! the request itself.

use std::time::Instant;

use allocation_counter::measure;
use tokenban_engine::{
    bounds::bounds,
    decision::Mode,
    denylist::{Ban, MemoryDenylists},
    request::OwnedRequest,
    Inspection,
};

#[path = "../tests/body/dear.rs"]
mod dear;
#[path = "../tests/body/past.rs"]
#[allow(dead_code)]
mod past;
#[path = "../tests/body/support.rs"]
#[allow(dead_code)]
mod support;

/// Targets of docs/benchmarks.md: of a request of at most 64 KiB on the wire, and of any body for each
/// MiB of what it is when all is inflated.
const SMALL: usize = 64 << 10;
const MOST_MILLISECONDS: f64 = 50.0;
const MOST_MEGABYTES: f64 = 32.0;

struct Cost {
    sent: usize,
    units: usize,
    milliseconds: f64,
    megabytes: f64,
}

fn main() {
    let rows = dear::dear().into_iter().map(|row| (row.name.to_owned(), row.point, row.request));
    let past = bounds().flat_map(|bound| {
        let requests = past::past(bound.name).into_iter();
        requests.map(move |past| (format!("past: {}", bound.name), past.point, past.request))
    });
    // `cargo bench … -- multipart`: only those whose name has the word.
    let word = std::env::args().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    println!("{:>9} {:>9} {:>8} {:>9}  request", "bytes", "ms", "MB", "units");
    let mut worst = Cost { sent: 0, units: 0, milliseconds: 0.0, megabytes: 0.0 };
    for (name, point, request) in rows.chain(past).filter(|row| row.0.contains(&word)) {
        let cost = cost(point, &request);
        let Cost { sent, units, milliseconds, megabytes } = cost;
        println!("{sent:>9} {milliseconds:>9.2} {megabytes:>8.1} {units:>9}  {name}");
        if cost.sent <= SMALL {
            worst.milliseconds = worst.milliseconds.max(cost.milliseconds);
            worst.megabytes = worst.megabytes.max(cost.megabytes);
        }
    }
    println!(
        "\nThe worst of at most 64 KiB: {:.1} ms (target {MOST_MILLISECONDS}), {:.1} MB (target {MOST_MEGABYTES}).",
        worst.milliseconds, worst.megabytes
    );
}

/// With a store that knows tokens, JWTs and claims, so that nothing is skipped.
fn cost(point: &str, request: &OwnedRequest) -> Cost {
    let mut denylists = MemoryDenylists::default();
    let ban = Ban { list: "leaked", ..Ban::default() };
    denylists.ban(b"another-fake-token.0123456789", &ban);
    denylists.ban(b"eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln", &ban);
    denylists.ban_claim("roles", None, b"another", &ban);
    let ruleset = support::ruleset(point, "denylist: [leaked]");
    let inspection = Inspection { request, denylists: &denylists, mode: Mode::On };
    let mut milliseconds = f64::INFINITY;
    let (mut bytes, mut units) = (0, 0);
    for _ in 0..3 {
        let began = Instant::now();
        let memory = measure(|| {
            let mut scratch = ruleset.scratch();
            ruleset.evaluate_whole(&inspection, &mut scratch);
            units = scratch.work();
        });
        milliseconds = milliseconds.min(began.elapsed().as_secs_f64() * 1e3);
        bytes = memory.bytes_max;
    }
    let headers: usize =
        request.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    let sent = request.args.len() + headers + request.body.len();
    Cost { sent, units, milliseconds, megabytes: bytes as f64 / 1e6 }
}
