//! A body that has arrived, as NGINX keeps it: in buffers, or in a temporary file that is mapped.
//! Nothing is copied.

use std::{fs::File, io, mem::ManuallyDrop, os::fd::FromRawFd, slice};

use memmap2::{Advice, Mmap, MmapOptions};
use nginx_sys::{ngx_buf_t, ngx_chain_t};
use ngx::http::Request;

use crate::nginx::bit_fields::buffer as bits;

/// The pieces of a body, up to a limit.
pub(crate) struct Pieces<'a> {
    pieces: Vec<Piece<'a>>,
    /// Whether the body is longer than the limit.
    pub(crate) cut: bool,
    /// The number of the first gRPC message in it.
    pub(crate) first_message: usize,
}

enum Piece<'a> {
    File(Mmap),
    Memory(&'a [u8]),
}

impl<'a> Pieces<'a> {
    /// The first bytes of a request's body; nothing where none was read.
    pub(crate) fn of(request: &'a Request, limit: u64) -> io::Result<Pieces<'a>> {
        let mut body = Pieces { pieces: Vec::new(), cut: false, first_message: 0 };
        let mut left = limit;
        for buffer in buffers(request) {
            let length = length(buffer);
            let room = length.min(left);
            if room > 0 {
                body.pieces.push(Piece::of(buffer, room)?);
            }
            body.cut |= length > room;
            left -= room;
        }
        Ok(body)
    }

    /// What a stream has kept.
    pub(crate) fn kept(bytes: &'a [u8], cut: bool, first_message: usize) -> Pieces<'a> {
        Pieces { pieces: vec![Piece::Memory(bytes)], cut, first_message }
    }

    /// Hands over the pieces, in order.
    pub(crate) fn visit(&self, visit: &mut dyn FnMut(&[&[u8]])) {
        let pieces: Vec<&[u8]> = self.pieces.iter().map(Piece::bytes).collect();
        visit(&pieces);
    }
}

impl<'a> Piece<'a> {
    /// The first bytes of a buffer that has at least so many.
    fn of(buffer: &'a ngx_buf_t, length: u64) -> io::Result<Piece<'a>> {
        let length = usize::try_from(length).map_err(io::Error::other)?;
        if in_memory(buffer) {
            // SAFETY: a buffer in memory has its bytes from `pos` on; it is the request's and stays
            // as it is while the request is in a handler.
            return Ok(Piece::Memory(unsafe { slice::from_raw_parts(buffer.pos, length) }));
        }
        map(buffer, length).map(Piece::File)
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Piece::File(map) => map,
            Piece::Memory(bytes) => bytes,
        }
    }
}

fn map(buffer: &ngx_buf_t, length: usize) -> io::Result<Mmap> {
    let offset = u64::try_from(buffer.file_pos).map_err(io::Error::other)?;
    // SAFETY: a buffer in a file names an open one; it is not closed here.
    let file = ManuallyDrop::new(unsafe { File::from_raw_fd((*buffer.file).fd) });
    // Reading a map past the end of its file is a SIGBUS, so an error comes first.
    if file.metadata()?.len() < offset.saturating_add(length as u64) {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
    }
    // SAFETY: the file is NGINX's temporary file, with access for its user only. The body is whole,
    // so NGINX writes no more to it, and the map is gone before the handler returns. Only another
    // program with that access could change it meanwhile.
    let map = unsafe { MmapOptions::new().offset(offset).len(length).map(&*file) }?;
    // A hint: without it the map is read all the same.
    let _ = map.advise(Advice::Sequential);
    Ok(map)
}

fn buffers(request: &Request) -> impl Iterator<Item = &ngx_buf_t> {
    // SAFETY: null, or what NGINX read the body into.
    let body = unsafe { request.as_ref().request_body.as_ref() };
    chain(body.map_or(std::ptr::null_mut(), |body| body.bufs))
}

/// The buffers of a chain.
pub(crate) fn chain<'a>(first: *const ngx_chain_t) -> impl Iterator<Item = &'a ngx_buf_t> {
    // SAFETY: the links of a chain are valid and end in null; each has a buffer.
    let link = |link: *const ngx_chain_t| unsafe { link.as_ref() };
    std::iter::successors(link(first), move |this| link(this.next))
        // SAFETY: as above.
        .filter_map(|this| unsafe { this.buf.as_ref() })
}

/// The same, to be changed.
pub(crate) fn chain_mut(first: *mut ngx_chain_t) -> impl Iterator<Item = *mut ngx_buf_t> {
    // SAFETY: as above.
    let link = |link: *const ngx_chain_t| unsafe { link.as_ref() };
    std::iter::successors(link(first), move |this| link(this.next))
        .map(|this| this.buf)
        .filter(|buffer| !buffer.is_null())
}

/// The bytes of a buffer that is in memory; of any other, none.
pub(crate) fn bytes(buffer: &ngx_buf_t) -> &[u8] {
    match usize::try_from(length(buffer)) {
        // SAFETY: a buffer in memory has its bytes from `pos` on, as long as it is not sent.
        Ok(length) if length > 0 && in_memory(buffer) => unsafe {
            slice::from_raw_parts(buffer.pos, length)
        },
        _ => &[],
    }
}

/// Whether a buffer has bytes, and not in memory.
pub(crate) fn is_in_file(buffer: &ngx_buf_t) -> bool {
    length(buffer) > 0 && !in_memory(buffer)
}

/// How many bytes are in a buffer, as `ngx_buf_size`.
pub(crate) fn length(buffer: &ngx_buf_t) -> u64 {
    let length = match in_memory(buffer) {
        // SAFETY: both point into the same buffer.
        true => unsafe { buffer.last.offset_from(buffer.pos) as i64 },
        false if bits::in_file(buffer) != 0 => buffer.file_last - buffer.file_pos,
        // A mark without bytes, such as the end of a body.
        false => 0,
    };
    u64::try_from(length).unwrap_or_default()
}

/// As `ngx_buf_in_memory`.
fn in_memory(buffer: &ngx_buf_t) -> bool {
    bits::temporary(buffer) != 0 || bits::memory(buffer) != 0 || bits::mmap(buffer) != 0
}
