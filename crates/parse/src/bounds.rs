//! Every bound of the parsers. What lies past one is left unread, and [`Coverage::Cut`](crate::Coverage)
//! says so: none is silent.

/// A bound, as docs/points.md tells it.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// What it bounds, and in which unit.
    pub name: &'static str,
    /// The most that is read.
    pub value: usize,
}

/// Charsets other than UTF-8 that one Content-Type names. More of them only a hostile request has.
pub(crate) const CHARSETS: usize = 4;
/// Content codings that are undone, declared or not.
pub(crate) const CODINGS: usize = 4;
/// Declarations of entities in a document. MathML's DTD has 2,200.
pub(crate) const ENTITIES: usize = 16_384;
/// Entities inside entities; libexpat and libxml2 allow about as many.
pub(crate) const ENTITY_LEVELS: usize = 32;
/// Bytes that each byte of a JWT's deflated payload (`zip: DEF`) inflates to: claims shrink to a third.
pub(crate) const JWT_INFLATED: usize = 16;
/// Bytes of decoded header and payload that one byte of a JWS in JSON serialisation may lead to. A
/// payload stands for every signature, so many of them cost their product.
pub(crate) const JWS_SIGNATURES: usize = 16;
/// Multipart inside multipart: RFC 7578 section 4.3 allows one level, mail has a few.
pub(crate) const MULTIPART_LEVELS: usize = 8;
/// How often each byte of a multipart body is looked at, all readings together. Clean forms need three;
/// nested ones with many boundaries, names and repeated headers would multiply without end.
pub(crate) const MULTIPART_READINGS: usize = 64;
/// Readings of one name, file name or boundary.
pub(crate) const PARAMETER_READINGS: usize = 12;
/// Bytes in which a body shows its boundary, where the header that says it is multipart names none.
pub(crate) const PREAMBLE: usize = 64 * 1024;
/// Levels of a view state.
pub(crate) const VIEWSTATE_LEVELS: usize = 64;
/// Nodes of a view state; a page's has hundreds.
pub(crate) const VIEWSTATE_NODES: usize = 1 << 16;

const fn bound(name: &'static str, value: usize) -> Bound {
    Bound { name, value }
}

/// All of them.
pub const BOUNDS: [Bound; 12] = [
    bound("charsets that one Content-Type names", CHARSETS),
    bound("content codings of one body", CODINGS),
    bound("declarations of XML entities", ENTITIES),
    bound("levels of XML entities in entities", ENTITY_LEVELS),
    bound("bytes inflated for each byte of a JWT's deflated payload", JWT_INFLATED),
    bound("bytes decoded for each byte of a JWS with several signatures", JWS_SIGNATURES),
    bound("levels of multipart in multipart", MULTIPART_LEVELS),
    bound("looks at each byte of a multipart body", MULTIPART_READINGS),
    bound("readings of one name or boundary in multipart", PARAMETER_READINGS),
    bound("bytes before the first boundary where the header names none", PREAMBLE),
    bound("levels of a view state", VIEWSTATE_LEVELS),
    bound("values of a view state", VIEWSTATE_NODES),
];
