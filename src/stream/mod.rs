//! A body that NGINX passes on as it comes in.
//!
//! [`any`]: it goes on piece by piece and is kept beside; its end is held back until all of it has
//! been inspected. [`messages`]: of gRPC, each message is held until it is whole and inspected.

mod any;
mod kept;
mod messages;
mod outgoing;

use nginx_sys::{ngx_chain_t, ngx_int_t};
use ngx::http::Request;

use self::{any::Any, messages::Messages};
use crate::{
    body::{self, Wait},
    conf::LocConf,
    inspection::Body,
    verdict::Denial,
};

/// What is known of a body that is passed on.
pub(crate) enum Stream {
    Any(Any),
    Messages(Box<Messages>),
}

/// What goes on to NGINX now.
pub(crate) enum Passed {
    /// What came in, as it is.
    AsItCame,
    /// These buffers in its place; null for none.
    Instead(*mut ngx_chain_t),
}

/// What everything that looks at a stream works with.
pub(crate) struct Context<'a> {
    pub(crate) request: &'a mut Request,
    pub(crate) conf: &'a LocConf,
    pub(crate) wait: &'a Wait,
}

impl Stream {
    pub(crate) fn new(request: &Request) -> Stream {
        match body::claims_grpc(request) {
            true => Stream::Messages(Box::default()),
            false => Stream::Any(Any::default()),
        }
    }

    /// Takes what comes in, which may be nothing. An error is the status of a denial.
    pub(crate) fn pass(
        &mut self,
        context: &mut Context<'_>,
        chain: *mut ngx_chain_t,
    ) -> Result<Passed, ngx_int_t> {
        if let Stream::Messages(messages) = self {
            if messages.are_framed(chain) {
                return messages.pass(context, chain).map(Passed::Instead);
            }
            *self = Stream::Any(Any::default());
        }
        match self {
            Stream::Any(any) => any.pass(context, chain).map(|()| Passed::AsItCame),
            Stream::Messages(_) => Ok(Passed::AsItCame),
        }
    }

    /// Inspects once more what can still be handed to somebody, when NGINX reads no more.
    pub(crate) fn inspect_rest(&mut self, context: &mut Context<'_>) -> Denial {
        match self {
            Stream::Any(any) => any.inspect_rest(context).err(),
            // Its messages were inspected one by one; what NGINX has not sent is at hand.
            Stream::Messages(_) => context.inspect(Body::Read).err(),
        }
    }

    /// Whether the length of the body is that of the whole.
    pub(crate) fn is_measured(&self) -> bool {
        matches!(self, Stream::Any(_))
    }
}
