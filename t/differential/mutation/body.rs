//! Every body: its type, its coding, its framing, the method.

use std::io::Write;

use flate2::{write::DeflateEncoder, write::GzEncoder, write::ZlibEncoder, Compression};

use super::{
    row, Mutation,
    Place::{Field, File, Form, Json, JsonDeep},
    Stage::{Coding, Head},
};
use crate::{
    draft::{Draft, Framing},
    place::Place,
};

const ALL: &[Place] = &[Field, File, Form, Json, JsonDeep];

pub(super) const TABLE: &[Mutation] = &[
    row("type: none", ALL, Head, |draft, _| draft.content_type = None),
    row("type: another", ALL, Head, |draft, rng| {
        let kinds = [
            "text/plain",
            "application/json",
            "application/x-www-form-urlencoded",
            "application/octet-stream",
            "",
            "x",
            "text/xml",
            "multipart/form-data",
            "application/grpc",
            "application/vnd.api+json",
            "*/*",
        ];
        draft.content_type = Some(rng.pick(&kinds).into());
    }),
    row("type: another case or white space", ALL, Head, |draft, rng| {
        let Some(kind) = &mut draft.content_type else { return };
        match rng.below(4) {
            0 => *kind = [b"\t", &kind[..], b" "].concat(),
            1 => kind.push(b';'),
            2 => draft.type_name = b"content-TYPE".to_vec(),
            _ => {
                let end = kind.iter().position(|byte| *byte == b';').unwrap_or(kind.len());
                kind[..end].make_ascii_uppercase();
            }
        }
    }),
    row("type: twice", ALL, Head, |draft, rng| {
        let lines = if rng.below(2) == 0 { &mut draft.before } else { &mut draft.lines };
        lines.push(b"Content-Type: text/plain".to_vec());
    }),
    row("type: with an underscore", ALL, Head, |draft, _| {
        draft.type_name = b"Content_Type".to_vec()
    }),
    row("method", ALL, Head, |draft, rng| {
        draft.method = rng.pick(&["GET", "PUT", "PATCH", "DELETE", "OPTIONS"]).into();
    }),
    row("coding: gzip", ALL, Coding, |draft, rng| {
        coded(draft, rng.pick(&["gzip", "x-gzip", "GZIP"]), gzip)
    }),
    row("coding: deflate", ALL, Coding, |draft, _| coded(draft, "deflate", zlib)),
    row("coding: raw deflate", ALL, Coding, |draft, _| coded(draft, "deflate", deflate)),
    row("coding: br", ALL, Coding, |draft, _| coded(draft, "br", brotli)),
    row("coding: gzip twice", ALL, Coding, |draft, _| {
        coded(draft, "gzip, gzip", |text| gzip(&gzip(text)));
    }),
    row("coding: gzip, not declared", ALL, Coding, |draft, _| draft.text = gzip(&draft.text)),
    row("coding: identity", ALL, Coding, |draft, rng| {
        coded(draft, rng.pick(&["identity", "", "x", "utf-8"]), <[u8]>::to_vec);
    }),
    row("framing: chunks", ALL, Head, |draft, rng| {
        draft.framing = Framing::Chunked {
            size: rng.pick(&[1, 7, 1000]),
            extension: rng.pick(&["", ";a=b", "; x", ";q=\"v\""]),
            trailer: rng.pick(&["", "X-Trailer: 1\r\n"]),
        };
        if draft.text.len() > 20_000 {
            draft.framing = Framing::Chunked { size: 5000, extension: "", trailer: "" };
        }
    }),
    row("framing: Expect", ALL, Head, |draft, _| {
        draft.lines.push(b"Expect: 100-continue".to_vec())
    }),
];

fn coded(draft: &mut Draft, name: &str, encode: impl Fn(&[u8]) -> Vec<u8>) {
    draft.text = encode(&draft.text);
    draft.lines.push(format!("Content-Encoding: {name}").into_bytes());
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).expect("memory");
    encoder.finish().expect("memory")
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).expect("memory");
    encoder.finish().expect("memory")
}

fn deflate(text: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).expect("memory");
    encoder.finish().expect("memory")
}

/// Brotli (RFC 7932) of meta-blocks that are stored as they are.
fn brotli(text: &[u8]) -> Vec<u8> {
    // WBITS 16 is a single zero bit; each stored block is: ISLAST 0, MNIBBLES 0 (4), MLEN - 1, ISUNCOMPRESSED 1.
    let mut out = Vec::new();
    let mut carried = (0u32, 1);
    for block in text.chunks(1 << 16) {
        let header = (block.len() as u32 - 1) << 3 | 1 << 19;
        let bits = carried.0 | header << carried.1;
        out.extend_from_slice(&bits.to_le_bytes()[..3]);
        out.extend_from_slice(block);
        carried = (0, 0);
    }
    // ISLAST 1, ISLASTEMPTY 1.
    out.push((0b11 << carried.1) as u8);
    out
}
