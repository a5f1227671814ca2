//! Parsers: pure functions from the bytes of a value to the values nested in it.
//!
//! A parser emits every *reading* that some real application accepts: the plain one first, then
//! each lenient decode that differs. It never fails: a value that does not fit emits nothing, a
//! broken one emits what could be decoded. Every parser is linear in its input, keeps at most a
//! small multiple of it, and leaves a short clean value without having allocated.
//!
//! One file a format. Buffers belong to the caller and are cleared by the parser.

// One line a parser, in alphabetical order.
pub(crate) mod base64;
pub(crate) mod basic;
pub(crate) mod charset;
pub(crate) mod content_encoding;
pub(crate) mod cookies;
pub(crate) mod credentials;
pub(crate) mod graphql;
pub(crate) mod grpc;
pub(crate) mod gzip;
pub(crate) mod htmljs;
pub(crate) mod json;
pub(crate) mod jwt;
pub(crate) mod multipart;
pub(crate) mod names;
pub(crate) mod path;
pub(crate) mod percent;
pub(crate) mod protobuf;
pub(crate) mod query;
pub(crate) mod unquote;
pub(crate) mod viewstate;
pub(crate) mod xml;

/// Working memory of a parser, pooled by the caller so that clean requests allocate nothing.
///
/// A parser clears what it uses, and never relies on what it finds there.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    /// A decoded name.
    pub(crate) name: Vec<u8>,
    /// A decoded value.
    pub(crate) value: Vec<u8>,
    /// A second decoding of the same value, or whatever else a parser has to keep.
    pub(crate) spare: Vec<u8>,
}

/// Whether a parser saw all of its input.
///
/// `Cut` means that a bound (size, ratio, depth, count) ended the reading early: everything up to
/// there was emitted, and the caller applies its policy for what could not be inspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Coverage {
    /// A bound was met; something was left unread.
    Cut,
    /// All of it was read.
    Whole,
}

/// What is kept of a buffer from request to request.
const KEPT: usize = 1 << 20;

impl Buffers {
    /// Gives back what only a large body needed.
    pub(crate) fn shrink(&mut self) {
        [&mut self.name, &mut self.value, &mut self.spare].into_iter().for_each(shrink);
    }
}

/// Gives a buffer back that only a large body needed.
pub(crate) fn shrink<T>(buffer: &mut Vec<T>) {
    if buffer.capacity() * size_of::<T>() > KEPT {
        *buffer = Vec::new();
    }
}

impl Coverage {
    /// `Cut` when either was.
    pub(crate) fn and(self, other: Coverage) -> Coverage {
        if self == Coverage::Cut {
            self
        } else {
            other
        }
    }
}
