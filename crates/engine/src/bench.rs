//! A door to the parsers for `benches/parsers.rs`: each reads an input as a point would have it.

use crate::parse::content_encoding::{self, Bounds};
use crate::parse::{charset, graphql, grpc, multipart, protobuf, viewstate, xml, Buffers};

const BOUNDS: Bounds = Bounds { size: 64 << 20, ratio: 1000 };

/// The parsers that [`leaves`] knows.
pub const PARSERS: [&str; 8] =
    ["charset", "content_encoding", "graphql", "grpc", "multipart", "protobuf", "viewstate", "xml"];

/// Runs a parser over `input` and tells how many bytes of values it emitted.
pub fn leaves(parser: &str, input: &[u8]) -> usize {
    let buffers = &mut Buffers::default();
    let mut total = 0;
    let mut count = |value: &[u8]| total += value.len();
    match parser {
        "charset" => charset::charset(input, None, &mut buffers.value, &mut count),
        "content_encoding" => {
            let _ = content_encoding::content_encoding(input, b"gzip", BOUNDS, buffers, &mut count);
        }
        "graphql" => graphql::leaves(input, buffers, &mut |_, value| count(value)),
        "grpc" => {
            let _ = grpc::messages(input, b"", BOUNDS, buffers, &mut |_, value| count(value));
        }
        "multipart" => {
            let _ = multipart::multipart(input, b"", buffers, &mut |item| match item {
                multipart::Item::Field { value, .. } => count(value),
                multipart::Item::File { content, .. } => count(content),
                _ => {}
            });
        }
        "protobuf" => {
            let _ = protobuf::leaves(input, buffers, &mut |_, value| count(value));
        }
        "viewstate" => {
            if let Some(state) = viewstate::viewstate(input) {
                state.leaves(&mut buffers.value, &mut count);
            }
        }
        "xml" => {
            let mut documents = Buffers::default();
            let _ = xml::documents(input, BOUNDS.size, &mut documents, &mut |document| {
                xml::leaves(document, buffers, &mut |_, value| count(value));
            });
        }
        _ => {}
    }
    total
}
