//! Any body: passed on as it comes in, and its last bytes once all of it has been inspected.

use nginx_sys::{ngx_buf_t, ngx_chain_t, ngx_int_t};

use super::{kept::Kept, Context};
use tokenban_metrics::Cause;

use crate::{
    inspection::{self, Body},
    nginx::bit_fields,
    pieces, verdict,
};

/// A copy of what has been passed on.
#[derive(Default)]
pub(crate) struct Any {
    kept: Kept,
    /// Whether more has come in than is kept.
    cut: bool,
    /// Whether it has been inspected.
    inspected: bool,
}

impl Any {
    pub(super) fn pass(
        &mut self,
        context: &mut Context<'_>,
        chain: *mut ngx_chain_t,
    ) -> Result<(), ngx_int_t> {
        if self.inspected {
            return Ok(());
        }
        for buffer in pieces::chain(chain) {
            self.keep(context, pieces::bytes(buffer))?;
        }
        if !ends(context, chain) {
            return Ok(());
        }
        self.inspected = true;
        self.inspect(context)
    }

    /// Inspects what has come in so far; what was inspected before has all been kept by NGINX.
    pub(super) fn inspect_rest(&mut self, context: &mut Context<'_>) -> Result<(), ngx_int_t> {
        match self.inspected {
            true => context.inspect(Body::Read),
            false => self.inspect(context),
        }
    }

    fn keep(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Result<(), ngx_int_t> {
        match self.kept.push(context.request, bytes, context.wait.limit.bytes) {
            Ok(kept) => self.cut |= kept < bytes.len(),
            Err(error) => {
                self.inspected = true;
                context.fail(&format!("its body: {error}"))?;
            }
        }
        Ok(())
    }

    fn inspect(&mut self, context: &mut Context<'_>) -> Result<(), ngx_int_t> {
        match self.kept.take() {
            Ok(bytes) => {
                let (bytes, cut) = (bytes.as_slice(), self.cut);
                context.inspect(Body::Kept { bytes, cut, first_message: 0 })
            }
            Err(error) => context.fail(&format!("its body: {error}")),
        }
    }
}

/// Whether the body ends here. Its length may be announced, and then the last byte is the end: in
/// HTTP/2 the mark comes later.
fn ends(context: &Context<'_>, chain: *mut ngx_chain_t) -> bool {
    let head = &context.request.as_ref().headers_in;
    let announced = match bit_fields::head::chunked(head) {
        0 => u64::try_from(head.content_length_n).ok(),
        _ => None,
    };
    let is_last = |buffer: &ngx_buf_t| bit_fields::buffer::last_buf(buffer) != 0;
    announced.is_some_and(|length| context.wait.received >= length)
        || pieces::chain(chain).any(is_last)
}

impl Context<'_> {
    /// The status of a denial is an error.
    pub(super) fn inspect(&mut self, body: Body<'_>) -> Result<(), ngx_int_t> {
        match inspection::body(self.request, self.conf, self.wait, body) {
            Some(status) => Err(status),
            None => Ok(()),
        }
    }

    /// What could not be inspected is denied, or passes.
    pub(super) fn fail(&mut self, why: &str) -> Result<(), ngx_int_t> {
        match verdict::fail(self.request, self.conf, self.wait.mode, Cause::Body, why) {
            Some(status) => Err(status),
            None => Ok(()),
        }
    }
}
