//! Decoders: bytes in, readings out. Knows no rules and no NGINX.
//!
//! Parsers: pure functions from the bytes of a value to the values nested in it.
//!
//! A parser emits every *reading* that some real application accepts: the plain one first, then
//! each lenient decode that differs. It never fails: a value that does not fit emits nothing, a
//! broken one emits what could be decoded. Every parser is linear in its input, keeps at most a
//! small multiple of it, and leaves a short clean value without having allocated.
//!
//! One file a format. Buffers belong to the caller and are cleared by the parser.
#![forbid(unsafe_code)]

// One line a parser, in alphabetical order.
pub mod base64;
pub mod basic;
pub mod bounds;
pub mod charset;
pub mod content_encoding;
pub mod cookies;
pub mod credentials;
pub mod graphql;
pub mod grpc;
pub mod grpc_frames;
pub mod gzip;
pub mod header;
pub mod htmljs;
pub mod json;
pub mod jwt;
pub mod multipart;
pub mod names;
pub mod path;
pub mod percent;
pub mod protobuf;
pub mod query;
pub mod runs;
pub mod subprotocols;
pub mod unquote;
pub mod viewstate;
pub mod xml;

/// Working memory of a parser, pooled by the caller so that clean requests allocate nothing.
///
/// A parser clears what it uses, and never relies on what it finds there.
#[derive(Debug, Default)]
pub struct Buffers {
    /// A decoded name.
    pub name: Vec<u8>,
    /// A decoded value.
    pub value: Vec<u8>,
    /// A second decoding of the same value, or whatever else a parser has to keep.
    pub spare: Vec<u8>,
}

/// Whether a parser saw all of its input.
///
/// `Cut` means that a bound (size, depth, count) ended the reading early: everything up to
/// there was emitted, and the caller applies its policy for what could not be inspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Coverage {
    /// A bound was met; something was left unread.
    Cut,
    /// All of it was read.
    Whole,
}

/// What is kept of a buffer from request to request.
const KEPT: usize = 1 << 20;

impl Buffers {
    /// Gives back what only a large body needed.
    pub fn shrink(&mut self) {
        [&mut self.name, &mut self.value, &mut self.spare].into_iter().for_each(shrink);
    }
}

/// Gives a buffer back that only a large body needed.
pub fn shrink<T>(buffer: &mut Vec<T>) {
    if buffer.capacity() * size_of::<T>() > KEPT {
        *buffer = Vec::new();
    }
}

impl Coverage {
    /// `Cut` when either was.
    pub fn and(self, other: Coverage) -> Coverage {
        if self == Coverage::Cut {
            self
        } else {
            other
        }
    }
}
