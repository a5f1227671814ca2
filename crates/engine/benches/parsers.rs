//! Throughput of each body parser through the walk: bytes of a clean body in a second.
//!
//! `cargo bench -p tokenban-engine --bench parsers`

#![allow(missing_docs)] // criterion's macro writes a function without any

use std::{io::Write, path::Path, time::Duration};

use criterion::{criterion_group, criterion_main, Criterion, Throughput};
use tokenban_engine::{
    decision::{Mode, Outcome},
    denylist::NoDenylists,
    limits::Limits,
    request::OwnedRequest,
    Inspection, Ruleset, Stage,
};

const SIZE: usize = 1 << 20;

fn body(parser: &str) -> Vec<u8> {
    let repeated = |unit: &str| unit.repeat(SIZE / unit.len());
    let words = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod. ";
    match parser {
        "charset" => {
            repeated(words).encode_utf16().take(SIZE / 2).flat_map(u16::to_le_bytes).collect()
        }
        "content_encoding" => gzip(repeated(words).as_bytes()),
        "graphql" => {
            let field =
                "  user(id: \"4f1d\", first: 10) { id name ...Fields @include(if: true) }\n";
            format!("query Q {{\n{}}}", repeated(field)).into_bytes()
        }
        "grpc" => frame(&messages()[..250]).repeat(SIZE / 255),
        "multipart" => {
            let part = format!(
                "--XX\r\nContent-Disposition: form-data; name=\"field\"\r\n\r\n{}\r\n",
                words.repeat(8)
            );
            repeated(&part).into_bytes()
        }
        "raw" => repeated(words).into_bytes(),
        "form_urlencoded" => {
            repeated("first=Lorem+ipsum&second=dolor%20sit&third=4f1d&").into_bytes()
        }
        "json" | "json anywhere" => {
            let item =
                "{\"id\": 17, \"name\": \"A \\u0026 B\", \"text\": \"Lorem ipsum dolor\"},\n";
            format!("{{\"items\": [{}0]}}", repeated(item)).into_bytes()
        }
        "viewstate" => {
            let pairs = "\x0f\x05\x04name\x05\x08a string".repeat(16_000);
            let mut state = b"\xff\x01\x16\x80\x7d".to_vec(); // an array list of 16,000
            state.extend_from_slice(pairs.as_bytes());
            state
        }
        _ => {
            let item =
                "<item id=\"17\"><name>A &amp; B</name><text>Lorem ipsum dolor</text></item>\n";
            format!("<?xml version=\"1.0\"?><items>{}</items>", repeated(item)).into_bytes()
        }
    }
}

fn messages() -> Vec<u8> {
    b"\x0a\x17\x08\x96\x01\x12\x10a string of text\x08\x01".repeat(SIZE / 25)
}

fn frame(message: &[u8]) -> Vec<u8> {
    [&[0], &(message.len() as u32).to_be_bytes()[..], message].concat()
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).and_then(|()| encoder.finish()).unwrap_or_default()
}

/// What walks each kind of body, and its type.
const POINTS: [(&str, &str, &str); 11] = [
    ("raw", "[post]", ""),
    ("form_urlencoded", "[post, form_urlencoded, access_token]", ""),
    ("json", "[post, json_doc, hash, access_token]", ""),
    ("json anywhere", "[anywhere]", "application/json"),
    ("multipart", "[post, multipart, access_token]", "multipart/form-data; boundary=XX"),
    ("xml", "[post, xml, xml_tag, items, xml_tag, item, xml_tag, token]", ""),
    ("graphql", "[post, gql, gql_query_all, hash, user, gql_arg, hash, token]", ""),
    ("grpc", "[post, grpc_all, protobuf, 3]", ""),
    ("content_encoding", "[post]", ""),
    ("charset", "[post]", ""),
    ("viewstate", "[post, viewstate, viewstate_array_all, viewstate_pair, 0]", ""),
];

/// Decides about a clean body again and again.
fn parsers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bodies");
    group.sample_size(10).measurement_time(Duration::from_secs(2));
    for (parser, point, content_type) in POINTS {
        let text = format!(
            "rules: [{{id: a, points: [{point}], regex: ['^fake-[0-9]{{8}}$', 'ghp_[0-9A-Za-z]{{36}}']}}]"
        );
        let ruleset = Ruleset::load_text(Path::new("bench.yaml"), &text, &Limits::default())
            .unwrap_or_else(|error| panic!("{error}"));
        let mut request = OwnedRequest::new("POST", b"/");
        request.headers.push((b"Content-Type".to_vec(), content_type.into()));
        request.body = body(parser);
        // What an inflater reads is small; what it writes is what costs.
        let size = if parser == "content_encoding" { SIZE } else { request.body.len() };
        group.throughput(Throughput::Bytes(size as u64));
        let inspection = Inspection { request: &request, denylists: &NoDenylists, mode: Mode::On };
        let mut scratch = ruleset.scratch();
        let outcome = ruleset.evaluate_whole(&inspection, &mut scratch);
        assert_eq!(outcome, Outcome::passed(), "{parser}");
        group.bench_function(parser, |bencher| {
            bencher.iter(|| ruleset.evaluate(&inspection, Stage::Body, &mut scratch));
        });
    }
    group.finish();
}

criterion_group!(benches, parsers);
criterion_main!(benches);
