//! Buffers that go on in the place of those that came in.
//!
//! Whoever sends them moves their `pos`, and they are over when it has come to `last`: then their
//! bytes are given back and the buffers used again, as NGINX's own filter of bodies does it.

use std::{collections::VecDeque, ptr};

use nginx_sys::{ngx_buf_t, ngx_chain_t};
use ngx::{core::Pool, http::Request};

use super::kept::Bytes;
use crate::{nginx::bit_fields::buffer as bits, pieces};

/// Buffers of a stream.
#[derive(Default)]
pub(crate) struct Outgoing {
    /// Those that may not have been sent, in order.
    waiting: VecDeque<Sent>,
    /// Those that can be used again; they are in the request's pool.
    spare: Vec<*mut ngx_buf_t>,
    /// Links to the buffers of one call. Filters do not keep links.
    links: Vec<ngx_chain_t>,
}

struct Sent {
    buffer: *mut ngx_buf_t,
    /// What the buffer points to.
    _bytes: Bytes,
}

impl Outgoing {
    /// Gives back what has been sent. Returns whether there is more to send.
    pub(super) fn is_sending(&mut self) -> bool {
        self.links.clear();
        while let Some(sent) = self.waiting.pop_front() {
            // SAFETY: buffers live in the request's pool, and the request is live.
            if pieces::length(unsafe { &*sent.buffer }) > 0 {
                self.waiting.push_front(sent);
                break;
            }
            self.spare.push(sent.buffer);
        }
        !self.waiting.is_empty()
    }

    /// Adds bytes. Nothing where there is no memory for a buffer.
    pub(super) fn push(&mut self, request: &Request, bytes: Bytes) -> Option<()> {
        // SAFETY: a fresh buffer.
        let buffer = unsafe { &mut *self.buffer(request)? };
        let range = bytes.as_slice().as_ptr_range();
        (buffer.pos, buffer.last) = (range.start.cast_mut(), range.end.cast_mut());
        (buffer.start, buffer.end) = (buffer.pos, buffer.last);
        bits::set_memory(buffer, 1);
        self.link(buffer, bytes);
        Some(())
    }

    /// Adds the end of the body.
    pub(super) fn end(&mut self, request: &Request) -> Option<()> {
        // SAFETY: a fresh buffer.
        let buffer = unsafe { &mut *self.buffer(request)? };
        bits::set_last_buf(buffer, 1);
        self.link(buffer, Bytes::Memory(Vec::new()));
        Some(())
    }

    /// The chain of what was added since [`is_sending`](Outgoing::is_sending); null for nothing.
    pub(super) fn chain(&mut self) -> *mut ngx_chain_t {
        let mut next = ptr::null_mut();
        for link in self.links.iter_mut().rev() {
            link.next = next;
            next = link;
        }
        next
    }

    fn link(&mut self, buffer: *mut ngx_buf_t, bytes: Bytes) {
        self.links.push(ngx_chain_t { buf: buffer, next: ptr::null_mut() });
        self.waiting.push_back(Sent { buffer, _bytes: bytes });
    }

    /// A zeroed buffer, which NGINX may have sent before.
    fn buffer(&mut self, request: &Request) -> Option<*mut ngx_buf_t> {
        let pool: Pool = request.pool();
        let fresh = || pool.calloc_type::<ngx_buf_t>();
        let buffer = self.spare.pop().unwrap_or_else(fresh);
        if buffer.is_null() {
            return None;
        }
        // SAFETY: room for a buffer in the pool. A buffer is plain C, and zero is how NGINX begins
        // one, new or used again.
        let zeroed = unsafe {
            buffer.write_bytes(0, 1);
            &mut *buffer
        };
        // No filter takes it for its own.
        zeroed.tag = TAG.as_ptr().cast_mut().cast();
        bits::set_flush(zeroed, 1);
        Some(buffer)
    }
}

/// Its address tells whose a buffer is.
static TAG: [u8; 1] = [0];
