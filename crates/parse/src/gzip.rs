//! Compressed values: gzip (RFC 1952), zlib (RFC 1950), raw deflate (RFC 1951), as SAML's redirect
//! binding and signed cookies carry them; told apart by their first bytes.

use super::{
    content_encoding::{content_encoding, Bounds},
    Buffers, Coverage,
};

/// Emits the inflated value, of a broken one as much as could be inflated.
pub fn gzip(
    value: &[u8],
    bounds: Bounds,
    buffers: &mut Buffers,
    emit: &mut dyn FnMut(&[u8]),
) -> Coverage {
    // Declared as deflate, a body is tried as zlib, then as gzip if it looks like it, then raw.
    content_encoding(value, b"deflate", bounds, buffers, emit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{write, Compression};
    use std::io::Write;

    fn readings(value: &[u8]) -> (Vec<Vec<u8>>, Coverage) {
        let mut found = Vec::new();
        let bounds = Bounds { size: 1 << 20 };
        let coverage = gzip(value, bounds, &mut Buffers::default(), &mut |inflated| {
            found.push(inflated.to_vec());
        });
        (found, coverage)
    }

    #[test]
    fn every_format_is_inflated() {
        let text = b"Token ".repeat(30);
        let mut gzip = write::GzEncoder::new(Vec::new(), Compression::best());
        let mut zlib = write::ZlibEncoder::new(Vec::new(), Compression::best());
        let mut deflate = write::DeflateEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&text).unwrap();
        zlib.write_all(&text).unwrap();
        deflate.write_all(&text).unwrap();
        for value in [gzip.finish().unwrap(), zlib.finish().unwrap(), deflate.finish().unwrap()] {
            let (found, coverage) = readings(&value);
            assert!(found.contains(&text), "{value:?}");
            assert_eq!(coverage, Coverage::Whole);
            // What is cut off still gives its beginning.
            let (found, _) = readings(&value[..value.len() - 1]);
            assert!(found.iter().any(|inflated| inflated.starts_with(b"Token")), "{value:?}");
        }
    }

    #[test]
    fn a_bomb_is_cut() {
        let mut bomb = write::GzEncoder::new(Vec::new(), Compression::best());
        bomb.write_all(&vec![0; 8 << 20]).unwrap();
        let (found, coverage) = readings(&bomb.finish().unwrap());
        assert_eq!(coverage, Coverage::Cut);
        assert!(found.iter().all(|inflated| inflated.len() <= 1 << 20));
    }
}
