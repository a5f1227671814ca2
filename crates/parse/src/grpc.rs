//! gRPC bodies: length-prefixed messages (grpc.io, «gRPC over HTTP2»), and grpc-web's two forms.
//!
//! A frame is a flag byte, a length of four bytes, and a message that the flag's lowest bit calls
//! compressed (by `grpc-encoding`). grpc-web marks trailers with the flag's highest bit, and its
//! text form is base64, padded at any point.

use super::content_encoding::{content_encoding, Bounds};
use super::{base64, Buffers, Coverage};

/// Emits index and bytes of each message; a compressed one as sent, then inflated.
///
/// `encoding` is the value of `grpc-encoding`, or empty. The size of `bounds` is for all messages
/// together; what was inflated is taken off it.
pub fn messages(
    body: &[u8],
    encoding: &[u8],
    bounds: &mut Bounds,
    buffers: &mut Buffers,
    emit: &mut dyn FnMut(usize, &[u8]),
) -> Coverage {
    if !is_text(body) {
        return frames(body, encoding, bounds, buffers, emit);
    }
    let mut decoded = std::mem::take(&mut buffers.name);
    decoded.clear();
    for chunk in body.split(|byte| *byte == b'=') {
        base64::decode(chunk, false, &mut decoded);
    }
    let coverage = frames(&decoded, encoding, bounds, buffers, emit);
    buffers.name = decoded;
    coverage
}

fn frames(
    body: &[u8],
    encoding: &[u8],
    bounds: &mut Bounds,
    buffers: &mut Buffers,
    emit: &mut dyn FnMut(usize, &[u8]),
) -> Coverage {
    // Without a name, whatever the bytes look like.
    let encoding = if encoding.is_empty() { b"deflate" } else { encoding };
    let (mut rest, mut coverage) = (body, Coverage::Whole);
    for index in 0.. {
        let [flag, a, b, c, d, after @ ..] = rest else { break };
        if flag & 0x7e != 0 {
            break;
        }
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        // One that is cut short is read as far as it goes.
        let (message, next) = after.split_at(length.min(after.len()));
        emit(index, message);
        if flag & 1 == 1 {
            let mut size = 0;
            let emit = &mut |reading: &[u8]| {
                size += reading.len();
                emit(index, reading);
            };
            coverage = coverage.and(content_encoding(message, encoding, *bounds, buffers, emit));
            bounds.size = bounds.size.saturating_sub(size);
        }
        rest = next;
    }
    coverage
}

/// A frame begins with a control byte, base64 never does.
fn is_text(body: &[u8]) -> bool {
    body.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+/\r\n ".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::write::{GzEncoder, ZlibEncoder};
    use proptest::prelude::*;
    use std::io::Write;

    const BOUNDS: Bounds = Bounds { size: 1 << 20 };

    fn found(body: &[u8], encoding: &str) -> Vec<(usize, Vec<u8>)> {
        let mut found = Vec::new();
        let buffers = &mut Buffers::default();
        let _ = messages(
            body,
            encoding.as_bytes(),
            &mut BOUNDS.clone(),
            buffers,
            &mut |index, message| {
                found.push((index, message.to_vec()));
            },
        );
        found
    }

    fn frame(flag: u8, message: &[u8]) -> Vec<u8> {
        [&[flag], &(message.len() as u32).to_be_bytes()[..], message].concat()
    }

    #[test]
    fn messages_come_in_order() {
        let body = [frame(0, b"one"), frame(0, b""), frame(0, b"three")].concat();
        let wanted = [(0, b"one".to_vec()), (1, vec![]), (2, b"three".to_vec())];
        assert_eq!(found(&body, ""), wanted);
    }

    #[test]
    fn compressed_messages_are_inflated() {
        let mut gzip = GzEncoder::new(Vec::new(), Default::default());
        gzip.write_all(b"token").unwrap();
        let mut zlib = ZlibEncoder::new(Vec::new(), Default::default());
        zlib.write_all(b"token").unwrap();
        let (gzip, zlib) = (gzip.finish().unwrap(), zlib.finish().unwrap());
        for (encoding, data) in [("gzip", &gzip), ("deflate", &zlib), ("", &gzip), ("", &zlib)] {
            let body = [frame(1, data), frame(0, b"plain")].concat();
            let found = found(&body, encoding);
            assert!(found.contains(&(0, b"token".to_vec())), "{encoding}");
            assert!(found.contains(&(1, b"plain".to_vec())), "{encoding}");
        }
    }

    #[test]
    fn grpc_web_and_its_text_form_read() {
        let body = [frame(0, b"token"), frame(0x80, b"grpc-status:0\r\n")].concat();
        assert_eq!(found(&body, "")[0], (0, b"token".to_vec()));
        assert_eq!(found(b"AAAAAAV0b2tlbg==", "")[0], (0, b"token".to_vec()));
        assert_eq!(found(b"AAAAAAV0\r\nb2tlbg", "")[0], (0, b"token".to_vec()));
        // Two messages, each with a padding of its own.
        let two = found(b"AAAAAAV0b2tlbg==AAAAAAFU", "");
        assert_eq!(two, [(0, b"token".to_vec()), (1, b"T".to_vec())]);
    }

    #[test]
    fn what_is_no_grpc_yields_nothing() {
        for body in [&b""[..], b"{\"a\":1}", b"\0\0\0", b"\x02\0\0\0\x01a"] {
            assert!(found(body, "").is_empty());
        }
        assert_eq!(found(b"\0\0\0\0\x09cut", ""), [(0, b"cut".to_vec())]);
    }

    proptest! {
        #[test]
        fn never_panics(body in prop::collection::vec(any::<u8>(), 0..80)) {
            found(&body, "gzip");
            found(&[&[1, 0, 0, 0, 40], body.as_slice()].concat(), "");
        }
    }
}
