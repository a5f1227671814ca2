//! The messages of gRPC: each is held until it is whole, inspected as a body of its own, and passed
//! on. A client and a server may take turns for as long as they like.
//!
//! While NGINX has something to send, nothing more is taken from it: so it reads no more from the
//! client, and memory is bounded by `client_body_buffer_size`.

use std::{collections::VecDeque, io};

use nginx_sys::{ngx_buf_t, ngx_chain_t, ngx_int_t, NGX_HTTP_INTERNAL_SERVER_ERROR};
use tokenban_parse::grpc_frames::{Frames, Taken};

use super::{
    kept::{Bytes, Kept},
    outgoing::Outgoing,
    Context,
};
use crate::{inspection::Body, nginx::bit_fields, pieces, verdict};

/// A flag and a length stand before a message.
const HEAD: u64 = 5;

/// There is no memory, or a message is lost.
const FAILED: ngx_int_t = NGX_HTTP_INTERNAL_SERVER_ERROR as ngx_int_t;

/// A stream of messages.
#[derive(Default)]
pub(crate) struct Messages {
    frames: Frames,
    /// The current message, as far as it has come in.
    kept: Kept,
    /// The number of the current message.
    number: usize,
    uninspected: Uninspected,
    /// What NGINX has and we have not taken.
    incoming: VecDeque<*mut ngx_buf_t>,
    outgoing: Outgoing,
    end: End,
}

/// What is passed on as it comes, by `tokenban_body_limit … pass` or `tokenban_on_error pass`.
#[derive(Default, PartialEq, Eq)]
enum Uninspected {
    #[default]
    Nothing,
    /// What follows in the current message.
    Message,
    /// All that follows.
    Stream,
}

#[derive(Default, PartialEq, Eq)]
enum End {
    #[default]
    Open,
    /// It has come in.
    Seen,
    /// It has been passed on.
    Passed,
}

impl Messages {
    /// Whether what comes in may be messages. False only for the first bytes of a body.
    pub(super) fn are_framed(&self, chain: *const ngx_chain_t) -> bool {
        if self.number > 0 || self.frames.is_within() || !self.incoming.is_empty() {
            return true;
        }
        let first = pieces::chain(chain).map(pieces::bytes).find(|bytes| !bytes.is_empty());
        first.is_none_or(|bytes| Frames::default().take(bytes) != Taken::Unframed)
    }

    pub(super) fn pass(
        &mut self,
        context: &mut Context<'_>,
        chain: *mut ngx_chain_t,
    ) -> Result<*mut ngx_chain_t, ngx_int_t> {
        self.note(chain);
        if !self.outgoing.is_sending() {
            self.take(context)?;
        }
        Ok(self.outgoing.chain())
    }

    /// Takes note of what NGINX has. A mark without bytes is not kept for us.
    fn note(&mut self, chain: *mut ngx_chain_t) {
        for buffer in pieces::chain_mut(chain) {
            // SAFETY: a buffer of a chain that NGINX hands over.
            let is = unsafe { &*buffer };
            if bit_fields::buffer::last_buf(is) != 0 {
                self.end = End::Seen;
            }
            if pieces::length(is) > 0 {
                self.incoming.push_back(buffer);
            }
        }
    }

    /// Takes everything that NGINX has, and passes on what is whole.
    fn take(&mut self, context: &mut Context<'_>) -> Result<(), ngx_int_t> {
        while let Some(buffer) = self.incoming.pop_front() {
            // SAFETY: NGINX uses a buffer again only after `pos` has come to `last`, which is here.
            let buffer = unsafe { &mut *buffer };
            self.bytes(context, pieces::bytes(buffer))?;
            buffer.pos = buffer.last;
        }
        if self.end == End::Seen {
            self.end = End::Passed;
            if self.frames.is_within() {
                // Cut short: inspected as far as it goes.
                self.whole(context)?;
            }
            self.outgoing.end(context.request).ok_or(FAILED)?;
        }
        Ok(())
    }

    fn bytes(&mut self, context: &mut Context<'_>, mut bytes: &[u8]) -> Result<(), ngx_int_t> {
        while !bytes.is_empty() && self.uninspected != Uninspected::Stream {
            let length = match self.frames.take(bytes) {
                Taken::End(length) => length,
                Taken::Part => {
                    return self.keep(context, bytes);
                }
                Taken::Unframed => {
                    self.unframed(context)?;
                    continue;
                }
            };
            let (message, rest) = bytes.split_at(length.min(bytes.len()));
            self.keep(context, message)?;
            self.whole(context)?;
            bytes = rest;
        }
        if !bytes.is_empty() {
            self.send(context, Bytes::Memory(bytes.to_vec()))?;
        }
        Ok(())
    }

    /// Holds bytes of the current message, as far as the limit allows.
    fn keep(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Result<(), ngx_int_t> {
        let limit = context.wait.limit.bytes.saturating_add(HEAD);
        let mut rest = bytes;
        if self.uninspected == Uninspected::Nothing {
            let announced = self.frames.length().is_some_and(|length| length > limit);
            if announced && context.wait.denies_longer() {
                return Err(verdict::longer(context.request, context.conf, context.wait));
            }
            let kept = self
                .kept
                .push(context.request, bytes, limit)
                .map_err(|error| lost(context, &error))?;
            rest = bytes.get(kept..).unwrap_or_default();
            if !rest.is_empty() {
                self.inspect(context, true)?;
                self.uninspected = Uninspected::Message;
            }
        }
        if !rest.is_empty() {
            self.send(context, Bytes::Memory(rest.to_vec()))?;
        }
        Ok(())
    }

    /// The current message has come in.
    fn whole(&mut self, context: &mut Context<'_>) -> Result<(), ngx_int_t> {
        if self.uninspected == Uninspected::Nothing {
            self.inspect(context, false)?;
        }
        self.uninspected = Uninspected::Nothing;
        self.number = self.number.saturating_add(1);
        Ok(())
    }

    /// Inspects what is held and passes it on.
    fn inspect(&mut self, context: &mut Context<'_>, cut: bool) -> Result<(), ngx_int_t> {
        let bytes = self.kept.take().map_err(|error| lost(context, &error))?;
        let first_message = self.number;
        context.inspect(Body::Kept { bytes: bytes.as_slice(), cut, first_message })?;
        self.send(context, bytes)
    }

    fn send(&mut self, context: &Context<'_>, bytes: Bytes) -> Result<(), ngx_int_t> {
        self.outgoing.push(context.request, bytes).ok_or(FAILED)
    }

    /// No message begins where one should.
    fn unframed(&mut self, context: &mut Context<'_>) -> Result<(), ngx_int_t> {
        self.uninspected = Uninspected::Stream;
        match verdict::unframed(context.request, context.conf, context.wait.mode) {
            Some(status) => Err(status),
            None => Ok(()),
        }
    }
}

/// A message of which some is lost cannot pass.
fn lost(context: &mut Context<'_>, error: &io::Error) -> ngx_int_t {
    match context.fail(&format!("its body: {error}")) {
        Err(status) => status,
        Ok(()) => FAILED,
    }
}
