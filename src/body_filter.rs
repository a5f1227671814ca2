//! The filter of request bodies, which sees every piece of a body that anybody reads.
//!
//! It counts the body that the access handler waits for, so that one without a length is refused as
//! soon as it is longer than the limit. A body for which nobody waits is inspected here: a
//! [`Stream`] while it is passed on, any other before whoever reads it gets it.

use std::mem;

use nginx_sys::{
    ngx_chain_t, ngx_http_request_body_filter_pt, ngx_http_request_t,
    ngx_http_top_request_body_filter, ngx_int_t, NGX_HTTP_INTERNAL_SERVER_ERROR,
};
use ngx::{
    core::Status,
    http::{HttpModuleLocationConf, Request},
};

use tokenban_metrics::Cause;

use crate::{
    barrier,
    body::{self, Progress, Wait},
    conf::LocConf,
    decision::Record,
    denial,
    inspection::{self, Body},
    log,
    module::Module,
    nginx::bit_fields,
    pieces,
    stream::{Context, Passed, Stream},
    verdict,
};

/// The filter that comes after ours.
static mut NEXT: ngx_http_request_body_filter_pt = None;

/// Puts our filter before those of the request body that are there already.
pub(crate) fn register() {
    // SAFETY: called while a configuration is read, before any request; NGINX sets the first filter
    // anew each time.
    unsafe {
        NEXT = ngx_http_top_request_body_filter;
        ngx_http_top_request_body_filter = Some(filter);
    }
}

unsafe extern "C" fn filter(raw: *mut ngx_http_request_t, chain: *mut ngx_chain_t) -> ngx_int_t {
    // SAFETY: NGINX calls with a live request.
    let request = unsafe { Request::from_ngx_http_request(raw) };
    let Some(mut wait) = Record::wait(request).and_then(Option::take) else {
        return next(request, chain);
    };
    let status = barrier::catch(|| pass(request, &mut wait, chain)).unwrap_or_else(|place| {
        log::failure(request, &place, true);
        NGX_HTTP_INTERNAL_SERVER_ERROR as ngx_int_t
    });
    if let Some(place) = Record::wait(request) {
        *place = Some(wait);
    }
    status
}

fn next(request: &mut Request, chain: *mut ngx_chain_t) -> ngx_int_t {
    // SAFETY: written by `register` before any request.
    match unsafe { NEXT } {
        // SAFETY: the request that we were called with, and the chain or one in its place.
        Some(next) => unsafe { next(request.into(), chain) },
        None => Status::NGX_ERROR.into(),
    }
}

/// Counts, inspects and passes on. The status of a denial goes back to whoever reads the body, who
/// ends the request with it, as with NGINX's own 413.
fn pass(request: &mut Request, wait: &mut Wait, chain: *mut ngx_chain_t) -> ngx_int_t {
    let Some(conf) = Module::location_conf(request) else { return next(request, chain) };
    wait.received += pieces::chain(chain).map(pieces::length).sum::<u64>();
    if is_too_long(request, wait) {
        let status = verdict::longer(request, conf, wait);
        // NGINX has only a part of the body from now on: no location's limit is long enough for it.
        Record::body_length(request, u64::MAX);
        return refuse(request, wait, status);
    }
    match mem::replace(&mut wait.progress, Progress::Done) {
        // NGINX may still change its mind about how it reads.
        Progress::Passing(None) if chain.is_null() => {
            wait.progress = Progress::Passing(None);
            next(request, chain)
        }
        Progress::Passing(None) if !is_unbuffered(request) => whole(request, conf, wait, chain),
        Progress::Passing(stream) => {
            let stream = stream.unwrap_or_else(|| Stream::new(request));
            streamed(request, conf, wait, stream, chain)
        }
        progress => {
            wait.progress = progress;
            next(request, chain)
        }
    }
}

/// Whether the body is longer than the limit. Of gRPC's messages, each is measured.
fn is_too_long(request: &Request, wait: &Wait) -> bool {
    let measured = match &wait.progress {
        Progress::Passing(Some(stream)) => stream.is_measured(),
        Progress::Passing(None) => !is_unbuffered(request) || !body::claims_grpc(request),
        Progress::Arrived | Progress::Awaited | Progress::Done => true,
    };
    measured && wait.denies_longer() && wait.received > wait.limit.bytes
}

fn is_unbuffered(request: &Request) -> bool {
    bit_fields::request::request_body_no_buffering(request.as_ref()) != 0
}

/// A body that NGINX passes on as it comes.
fn streamed(
    request: &mut Request,
    conf: &LocConf,
    wait: &mut Wait,
    mut stream: Stream,
    chain: *mut ngx_chain_t,
) -> ngx_int_t {
    let passed = match pieces::chain(chain).any(pieces::is_in_file) {
        // NGINX never does this; another module's filter might.
        true => {
            Err(verdict::fail(request, conf, wait.mode, Cause::Body, "its body comes in a file"))
        }
        false => stream.pass(&mut Context { request, conf, wait }, chain).map_err(Some),
    };
    match passed {
        Ok(passed) => {
            wait.progress = Progress::Passing(Some(stream));
            let Passed::Instead(chain) = passed else { return next(request, chain) };
            next(request, chain)
        }
        Err(None) => next(request, chain),
        Err(Some(status)) => {
            // NGINX may have buffers of it until the end of the request.
            wait.progress = Progress::Passing(Some(stream));
            Record::deny_body(request);
            refuse(request, wait, status)
        }
    }
}

/// A body that somebody reads as a whole: it is inspected when it is there.
fn whole(
    request: &mut Request,
    conf: &LocConf,
    wait: &mut Wait,
    chain: *mut ngx_chain_t,
) -> ngx_int_t {
    let status = next(request, chain);
    // SAFETY: null, or what NGINX reads the body into.
    let body = unsafe { request.as_ref().request_body.as_ref() };
    if body.is_none_or(|body| bit_fields::body::last_saved(body) == 0) {
        wait.progress = Progress::Passing(None);
        return status;
    }
    // A later location may inspect the body, too: it is not given up when it has been sent on.
    bit_fields::request::set_preserve_body(request.as_mut(), 1);
    match inspection::body(request, conf, wait, Body::Read) {
        Some(denied) if status == ngx_int_t::from(Status::NGX_OK) => refuse(request, wait, denied),
        _ => status,
    }
}

/// Has the request ended with a status.
fn refuse(request: &mut Request, wait: &Wait, status: ngx_int_t) -> ngx_int_t {
    let head = &request.as_ref().headers_in;
    let length = u64::try_from(head.content_length_n).unwrap_or(u64::MAX);
    if bit_fields::head::chunked(head) != 0 || wait.received < length {
        // What has come in is not read on, and is no next request; as with NGINX's own 413, the
        // answer is sent before the rest of the body makes a reset of it.
        bit_fields::request::set_keepalive(request.as_mut(), 0);
        bit_fields::request::set_lingering_close(request.as_mut(), 1);
    }
    denial::prepare(request, status);
    if body::claims_grpc(request) {
        denial::end_grpc(request);
    }
    status
}
