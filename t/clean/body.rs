//! What is done to the text of a body in `corpus/` before it is sent: `# body: hex gzip`.

use std::io::Write;

use base64::prelude::{Engine, BASE64_STANDARD};
use flate2::{
    write::{GzEncoder, ZlibEncoder},
    Compression,
};

/// Does all steps, in their order.
pub(crate) fn make(body: Vec<u8>, steps: &str) -> Vec<u8> {
    steps.split_whitespace().fold(body, |body, step| match step {
        "base64" => BASE64_STANDARD.decode(without_space(&body)).expect("base64"),
        "crlf" => text(&body).replace('\n', "\r\n").into_bytes(),
        "deflate" => deflate(&body),
        "gzip" => gzip(&body),
        "hex" => hex(&without_space(&body)),
        "snappy" => snappy(&body),
        "zstd" => zstd(&body),
        many => times(&body, many.strip_prefix('x').and_then(|count| count.parse().ok())),
    })
}

fn text(body: &[u8]) -> &str {
    std::str::from_utf8(body).expect("text")
}

fn without_space(body: &[u8]) -> Vec<u8> {
    body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect()
}

fn hex(digits: &[u8]) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(text(pair), 16).expect("two hex digits");
    digits.chunks(2).map(byte).collect()
}

/// `x300`: as often as that, with `#` as the number.
fn times(body: &[u8], count: Option<usize>) -> Vec<u8> {
    let count = count.expect("a step that corpus/README.md names");
    (0..count)
        .flat_map(|number| text(body).replace('#', &number.to_string()).into_bytes())
        .collect()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).expect("memory");
    encoder.finish().expect("memory")
}

fn deflate(body: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).expect("memory");
    encoder.finish().expect("memory")
}

/// The block format of Snappy, with literals alone, as encoders write what does not repeat
/// (google/snappy, `format_description.txt`).
fn snappy(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut length = body.len();
    while length >= 0x80 {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    for literal in body.chunks(60) {
        out.push(((literal.len() - 1) << 2) as u8);
        out.extend_from_slice(literal);
    }
    out
}

/// A Zstandard frame of raw blocks (RFC 8878, section 3.1.1).
fn zstd(body: &[u8]) -> Vec<u8> {
    // A single segment, whose size is told in four bytes.
    let mut out = vec![0x28, 0xb5, 0x2f, 0xfd, 0xa0];
    out.extend((body.len() as u32).to_le_bytes());
    let blocks = body.chunks(0x1_0000);
    let last = blocks.len().saturating_sub(1);
    for (index, block) in blocks.enumerate() {
        let header = (block.len() as u32) << 3 | u32::from(index == last);
        out.extend(&header.to_le_bytes()[..3]);
        out.extend_from_slice(block);
    }
    out
}
