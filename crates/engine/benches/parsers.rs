//! Throughput of each body parser: bytes of body read in a second, every value emitted.

#![allow(missing_docs)] // criterion's macro writes a function without any

use std::io::Write;

use criterion::{criterion_group, criterion_main, Criterion, Throughput};
use tokenban_engine::bench::{leaves, PARSERS};

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
        "protobuf" => messages(),
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

fn parsers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parsers");
    group.sample_size(10);
    for parser in PARSERS {
        let body = body(parser);
        assert!(leaves(parser, &body) > 0, "{parser} reads nothing");
        // What an inflater reads is small; what it writes is what costs.
        let size = if parser == "content_encoding" { SIZE } else { body.len() };
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(parser, |bencher| bencher.iter(|| leaves(parser, &body)));
    }
    group.finish();
}

criterion_group!(benches, parsers);
criterion_main!(benches);
