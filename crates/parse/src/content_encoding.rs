//! Bodies with `Content-Encoding` (RFC 9110 section 8.4): gzip, deflate (zlib and raw), br, zstd (RFC
//! 8878) and the blocks of snappy, which Prometheus writes. A coding that nobody here knows counts as not
//! read.
//!
//! The header lists codings in the order in which they were applied, so the last is undone first.
//! Back ends differ in what they make of a header that lies, so a coding that yields nothing gives
//! way to the one the bytes look like, and every layer's result is a reading of its own. Output is
//! bounded by a size: a bomb costs at most that.

use std::io::Read;

use brotli_decompressor::Decompressor;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::StreamingDecoder;

use super::{bounds::CODINGS, Buffers, Coverage};

const CHUNK: usize = 16 * 1024;

/// How far decompression may go.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Most bytes that one layer may yield.
    pub size: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Coding {
    Brotli,
    Deflate,
    Gzip,
    Snappy,
    /// One that is not undone here.
    Unknown,
    Zlib,
    Zstd,
}

/// What is written there and changes no byte that matters: clients confuse it with a charset, the SDKs of
/// AWS with a protocol.
const NO_CODINGS: [&str; 9] =
    ["7bit", "8bit", "amz-1.0", "aws-chunked", "binary", "chunked", "identity", "none", "utf-8"];

/// Emits what every layer of `body` holds, outermost first.
///
/// `header` is the value of `Content-Encoding`, several lines joined by commas; empty when there
/// is none (a body that starts as gzip does is still read).
pub fn content_encoding(
    body: &[u8],
    header: &[u8],
    bounds: Bounds,
    buffers: &mut Buffers,
    emit: &mut dyn FnMut(&[u8]),
) -> Coverage {
    let declared = codings(header);
    let Buffers { value: inflated, spare: next, .. } = buffers;
    inflated.clear();
    let mut coverage = match declared.contains(&Coding::Unknown) {
        true => Coverage::Cut,
        false => Coverage::Whole,
    };
    for layer in 0..CODINGS {
        let input = if layer == 0 { body } else { inflated.as_slice() };
        let coding = declared.iter().rev().nth(layer).copied();
        let Some(read) = undo(input, coding, &declared, bounds, next) else {
            return coverage;
        };
        coverage = coverage.and(read);
        emit(next);
        std::mem::swap(inflated, next);
    }
    if looks_like_gzip(inflated) || declared.len() > CODINGS {
        return Coverage::Cut;
    }
    coverage
}

/// Whether a body that starts so may be coded.
pub fn may_apply(start: &[u8], header: &[u8]) -> bool {
    is_declared(header)
        || looks_like_gzip(start)
        || looks_like_zlib(start)
        || looks_like_zstd(start)
}

/// Whether the header names a coding, known or not.
pub fn is_declared(header: &[u8]) -> bool {
    !header.is_empty() && !codings(header).is_empty()
}

/// The declared codings that change anything.
fn codings(header: &[u8]) -> Vec<Coding> {
    let mut found = Vec::new();
    for name in header.split(|byte| *byte == b',') {
        let name = name.trim_ascii();
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        let names = |names: &[&str]| names.iter().any(|known| is(known));
        match name {
            _ if names(&["gzip", "x-gzip"]) => found.push(Coding::Gzip),
            _ if names(&["deflate", "x-deflate"]) => found.push(Coding::Deflate),
            _ if names(&["br", "x-br"]) => found.push(Coding::Brotli),
            _ if names(&["zstd", "x-zstd"]) => found.push(Coding::Zstd),
            _ if names(&["snappy", "x-snappy"]) => found.push(Coding::Snappy),
            b"" => {}
            _ if names(&NO_CODINGS) => {}
            _ => found.push(Coding::Unknown),
        }
        if found.len() > CODINGS {
            break;
        }
    }
    found
}

/// Undoes one layer into `output`; `None` when no coding fits.
fn undo(
    input: &[u8],
    coding: Option<Coding>,
    declared: &[Coding],
    bounds: Bounds,
    output: &mut Vec<u8>,
) -> Option<Coverage> {
    let guesses = [
        coding.filter(|coding| *coding != Coding::Deflate),
        (coding == Some(Coding::Deflate) || looks_like_zlib(input)).then_some(Coding::Zlib),
        looks_like_gzip(input).then_some(Coding::Gzip),
        looks_like_zstd(input).then_some(Coding::Zstd),
        (coding == Some(Coding::Deflate)).then_some(Coding::Deflate),
        // The header's order is wrong: what it names elsewhere may still fit here.
        (coding.is_some() && declared.contains(&Coding::Deflate)).then_some(Coding::Deflate),
        (coding.is_some() && declared.contains(&Coding::Brotli)).then_some(Coding::Brotli),
    ];
    let mut tried = [None; 7];
    for (index, guess) in guesses.into_iter().enumerate() {
        let Some(guess) = guess else { continue };
        if tried.contains(&Some(guess)) {
            continue;
        }
        tried[index] = Some(guess);
        let coverage = inflate(input, guess, bounds, output);
        if !output.is_empty() || coverage == Coverage::Cut {
            return Some(coverage);
        }
    }
    None
}

/// Inflates until the end, an error or a bound; what came before an error stays.
fn inflate(input: &[u8], coding: Coding, bounds: Bounds, output: &mut Vec<u8>) -> Coverage {
    output.clear();
    let most = bounds.size;
    match coding {
        Coding::Brotli => drain(Decompressor::new(input, CHUNK), most, output),
        Coding::Deflate => drain(DeflateDecoder::new(input), most, output),
        Coding::Gzip => drain(MultiGzDecoder::new(input), most, output),
        Coding::Snappy => snappy(input, most, output),
        Coding::Unknown => Coverage::Whole, // told where it was named
        Coding::Zlib => drain(ZlibDecoder::new(input), most, output),
        Coding::Zstd => zstd(input, most, output),
    }
}

/// One frame after the other; those to be skipped hold nothing (RFC 8878, section 3.1.2).
fn zstd(input: &[u8], most: usize, output: &mut Vec<u8>) -> Coverage {
    let mut rest = input;
    while !rest.is_empty() {
        if let Some(length) = skippable(rest) {
            rest = rest.get(8..).and_then(|frame| frame.get(length..)).unwrap_or_default();
            continue;
        }
        let Ok(reader) = StreamingDecoder::new(&mut rest) else { break };
        if drain(reader, most, output) == Coverage::Cut {
            return Coverage::Cut;
        }
    }
    Coverage::Whole
}

/// The length of a frame that is to be skipped.
fn skippable(frame: &[u8]) -> Option<usize> {
    match frame {
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, ..] => {
            usize::try_from(u32::from_le_bytes([*a, *b, *c, *d])).ok()
        }
        _ => None,
    }
}

/// A block of snappy, which says how long it is before anything is decoded.
fn snappy(input: &[u8], most: usize, output: &mut Vec<u8>) -> Coverage {
    match snap::raw::decompress_len(input) {
        Ok(length) if length > most => return Coverage::Cut,
        Ok(length) => output.resize(length, 0),
        Err(_) => return Coverage::Whole,
    }
    let length = snap::raw::Decoder::new().decompress(input, output).unwrap_or(0);
    output.truncate(length);
    Coverage::Whole
}

fn drain(mut reader: impl Read, most: usize, output: &mut Vec<u8>) -> Coverage {
    let mut chunk = [0; CHUNK];
    loop {
        let Ok(read @ 1..) = reader.read(&mut chunk) else { return Coverage::Whole };
        let room = most - output.len();
        output.extend_from_slice(&chunk[..read.min(room)]);
        if read > room {
            return Coverage::Cut;
        }
    }
}

fn looks_like_gzip(input: &[u8]) -> bool {
    input.starts_with(&[0x1f, 0x8b, 8])
}

fn looks_like_zstd(input: &[u8]) -> bool {
    input.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
}

/// RFC 1950: method 8, a window of at most 32 KiB, a header divisible by 31, no dictionary.
fn looks_like_zlib(input: &[u8]) -> bool {
    let [method, flags, ..] = *input else { return false };
    method & 0x0f == 8
        && method >> 4 <= 7
        && flags & 0x20 == 0
        && u16::from_be_bytes([method, flags]) % 31 == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use flate2::Compression;
    use proptest::prelude::*;
    use std::io::Write;

    const BOUNDS: Bounds = Bounds { size: 1 << 20 };

    fn readings(body: &[u8], header: &str) -> (Vec<Vec<u8>>, Coverage) {
        let mut found = Vec::new();
        let mut emit = |reading: &[u8]| found.push(reading.to_vec());
        let buffers = &mut Buffers::default();
        let coverage = content_encoding(body, header.as_bytes(), BOUNDS, buffers, &mut emit);
        (found, coverage)
    }

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(data: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(data: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    /// One frame of one raw block (RFC 8878, section 3.1.1).
    fn zstd(data: &[u8]) -> Vec<u8> {
        let length = u8::try_from(data.len()).unwrap();
        let block = (u32::from(length) << 3 | 1).to_le_bytes();
        [&[0x28, 0xb5, 0x2f, 0xfd, 0x20, length][..], &block[..3], data].concat()
    }

    /// One literal (snappy's format_description.txt).
    fn snappy(data: &[u8]) -> Vec<u8> {
        let length = u8::try_from(data.len()).unwrap();
        [&[length, (length - 1) << 2][..], data].concat()
    }

    #[test]
    fn zstd_and_snappy_are_undone() {
        let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        let two = [zstd(b"To"), skipped, zstd(b"ken")].concat();
        for (body, header) in [
            (zstd(b"Token"), "zstd"),
            (two, "zstd"),
            (zstd(b"Token"), ""),
            (zstd(b"Token"), "br"),
            (gzip(&zstd(b"Token")), "zstd, gzip"),
            (snappy(b"Token"), "snappy"),
            (zstd(&snappy(b"Token")), "snappy, x-zstd"),
        ] {
            let (found, coverage) = readings(&body, header);
            assert!(found.iter().any(|reading| reading == b"Token"), "{header}: {found:?}");
            assert_eq!(coverage, Coverage::Whole, "{header}");
        }
        let bomb = [&[0xff, 0xff, 0xff, 0x7f][..], &[0; 9]].concat();
        assert_eq!(readings(&bomb, "snappy").1, Coverage::Cut);
    }

    #[test]
    fn an_unknown_coding_is_not_read() {
        for header in ["compress", "exi", "gzip, lz4", "dcz"] {
            assert_eq!(readings(b"Token", header).1, Coverage::Cut, "{header}");
        }
        for header in ["", "identity", "UTF-8", "aws-chunked", "amz-1.0", ", identity"] {
            assert_eq!(readings(b"Token", header), (vec![], Coverage::Whole), "{header}");
        }
    }

    /// One uncompressed meta-block and the empty last one (RFC 7932 section 9.2), window 2^16.
    fn brotli(data: &[u8]) -> Vec<u8> {
        assert!(!data.is_empty() && data.len() <= 0x1_0000);
        // Bits: window 0 · not last 0 · nibbles 00 · length-1 in 16 bits · uncompressed 1.
        let head = ((data.len() as u32 - 1) << 4) | 1 << 20;
        let mut out = head.to_le_bytes()[..3].to_vec();
        out.extend_from_slice(data);
        out.push(3);
        out
    }

    #[test]
    fn every_coding_is_undone() {
        let body = b"grant_type=refresh_token&refresh_token=T";
        for (header, encoded) in [
            ("gzip", gzip(body)),
            ("X-GZIP", gzip(body)),
            (" gzip , identity", gzip(body)),
            ("deflate", zlib(body)),
            ("deflate", deflate(body)),
            ("br", brotli(body)),
        ] {
            assert_eq!(
                readings(&encoded, header),
                (vec![body.to_vec()], Coverage::Whole),
                "{header}"
            );
        }
    }

    #[test]
    fn plain_bodies_have_no_other_reading() {
        for header in ["", "identity", "gzip", "deflate", "no-such-coding"] {
            assert!(readings(b"token=T&x=1", header).0.is_empty(), "{header}");
        }
    }

    #[test]
    fn layers_are_undone_in_order_and_each_is_a_reading() {
        let twice = gzip(&gzip(b"T"));
        assert_eq!(readings(&twice, "gzip, gzip").0, [gzip(b"T"), b"T".to_vec()]);
        assert_eq!(readings(&twice, "gzip").0, [gzip(b"T"), b"T".to_vec()], "one undeclared");
        let mixed = brotli(&gzip(b"T"));
        assert_eq!(readings(&mixed, "gzip, br").0, [gzip(b"T"), b"T".to_vec()]);
        assert_eq!(readings(&mixed, "br, gzip").0, [gzip(b"T"), b"T".to_vec()], "wrong order");
    }

    #[test]
    fn a_lying_header_does_not_help() {
        assert_eq!(readings(&gzip(b"T"), "").0, [b"T".to_vec()]);
        assert_eq!(readings(&gzip(b"T"), "br").0, [b"T".to_vec()]);
        assert_eq!(readings(&gzip(b"T"), "deflate").0, [b"T".to_vec()]);
        assert_eq!(readings(&zlib(b"token=T"), "gzip").0, [b"token=T".to_vec()]);
    }

    #[test]
    fn what_came_before_an_error_is_read() {
        let mut cut = gzip(b"token=T");
        cut.truncate(cut.len() - 6); // checksum and length gone
        assert_eq!(readings(&cut, "gzip").0, [b"token=T".to_vec()]);
        let joined = [gzip(b"a"), gzip(b"b"), b"junk".to_vec()].concat();
        assert_eq!(readings(&joined, "gzip").0, [b"ab".to_vec()]);
    }

    #[test]
    fn bombs_are_cut() {
        let bomb = gzip(&vec![b'a'; 8 << 20]);
        assert!(bomb.len() < 10_000);
        let began = std::time::Instant::now();
        let (found, coverage) = readings(&bomb, "gzip");
        assert_eq!(coverage, Coverage::Cut);
        assert_eq!(found[0].len(), BOUNDS.size);
        assert!(began.elapsed().as_millis() < 1000);
        let nested = gzip(&gzip(&gzip(&gzip(&gzip(b"T")))));
        assert_eq!(readings(&nested, "").1, Coverage::Cut, "too many layers");
    }

    proptest! {
        #[test]
        fn never_panics_and_stays_bounded(
            body in prop::collection::vec(any::<u8>(), 0..300),
            header in "(gzip|deflate|br|,| ){0,6}",
        ) {
            for reading in readings(&body, &header).0 {
                prop_assert!(reading.len() <= BOUNDS.size);
            }
        }

        #[test]
        fn round_trips(body in prop::collection::vec(any::<u8>(), 1..300)) {
            let (found, _) = readings(&gzip(&body), "gzip");
            prop_assert_eq!(found.first(), Some(&body));
        }
    }
}
