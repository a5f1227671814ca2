//! Reading a body: the access handler asks NGINX for it, waits, and is called again.
//!
//! While the body comes in, a filter of request bodies counts it, so that one without a length is
//! refused as soon as it is longer than the limit.

use std::sync::Arc;

use nginx_sys::{
    ngx_chain_t, ngx_http_core_run_phases, ngx_http_finalize_request,
    ngx_http_read_client_request_body, ngx_http_request_body_filter_pt, ngx_http_request_t,
    ngx_http_top_request_body_filter, ngx_int_t, ngx_uint_t, NGX_HTTP_INTERNAL_SERVER_ERROR,
    NGX_HTTP_PUT, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE, NGX_HTTP_SPECIAL_RESPONSE,
};
use ngx::{
    core::Status,
    http::{HttpModuleLocationConf, Request},
};
use tokenban_engine::decision::{Decision, Mode};

use crate::{
    barrier,
    body_conf::{BodyLimit, Over},
    decision::Record,
    denial, log,
    module::Module,
    nginx::bit_fields,
    pieces,
    ruleset::Ruleset,
};

/// A request whose head has passed and whose body is wanted.
pub(crate) struct Wait {
    /// The rules that looked at the head. A live update puts others in their place meanwhile.
    pub(crate) ruleset: Arc<Ruleset>,
    /// The mode, which a variable may give.
    pub(crate) mode: Mode,
    /// How much of the body is inspected.
    pub(crate) limit: BodyLimit,
    /// How much has come in.
    received: u64,
    /// Whether it has come in as a whole.
    arrived: bool,
}

/// Why the access handler is called.
pub(crate) enum Call {
    /// The request is new, or new in this location.
    First,
    /// The body that was waited for is there.
    Resumed(Wait),
    /// The body is still on its way.
    Waiting,
}

impl Wait {
    pub(crate) fn new(ruleset: Arc<Ruleset>, mode: Mode, limit: BodyLimit) -> Wait {
        Wait { ruleset, mode, limit, received: 0, arrived: false }
    }

    /// Whether a body longer than the limit is refused. A location that only monitors never denies.
    pub(crate) fn denies_longer(&self) -> bool {
        self.limit.over == Over::Deny && self.mode == Mode::On
    }

    /// Whether the body is refused for its length, as far as that is known before it is read.
    pub(crate) fn denies_announced(&self, request: &mut Request) -> bool {
        let announced = u64::try_from(request.as_ref().headers_in.content_length_n);
        let length = Record::body_length(request, announced.unwrap_or_default());
        self.denies_longer() && length > self.limit.bytes
    }
}

/// Why the handler is called for a request.
pub(crate) fn call(request: &mut Request) -> Call {
    let Some(wait) = Record::wait(request) else { return Call::First };
    match wait.take_if(|wait| wait.arrived) {
        Some(wait) => Call::Resumed(wait),
        None if wait.is_some() => Call::Waiting,
        None => Call::First,
    }
}

/// Whether there may be a body; where there is none, nothing has to be read.
pub(crate) fn expected(request: &Request) -> bool {
    let head = &request.as_ref().headers_in;
    head.content_length_n > 0
        || bit_fields::head::chunked(head) != 0
        || !request.as_ref().request_body.is_null()
}

/// Whether some of the body has gone to an application unbuffered, before an internal redirect.
pub(crate) fn is_spent(request: &Request) -> bool {
    bit_fields::request::reading_body(request.as_ref()) != 0
}

/// Asks NGINX for the body and has the handler called again when it is there, perhaps at once. The
/// request may be over after that.
pub(crate) fn read(request: &mut Request, wait: Wait) -> Status {
    if Record::set_wait(request, wait).is_none() {
        return Status(NGX_HTTP_INTERNAL_SERVER_ERROR as ngx_int_t);
    }
    if request.as_ref().method == NGX_HTTP_PUT as ngx_uint_t
        && request.as_ref().content_handler.is_none()
    {
        keep_for_webdav(request);
    }
    let raw: *mut ngx_http_request_t = request.into();
    // SAFETY: a main request in a phase. NGINX counts one more use of it, so that it lives until the
    // call below, whatever `arrived` leads to.
    let status = unsafe { ngx_http_read_client_request_body(raw, Some(arrived)) };
    if status >= NGX_HTTP_SPECIAL_RESPONSE as ngx_int_t {
        // NGINX has taken its count back. None of these is a 401 or 403, so `satisfy any` does not
        // take it for a question to the next module.
        return Status(status);
    }
    // SAFETY: gives the count back; the phases end here and go on in `arrived`, or have.
    unsafe { ngx_http_finalize_request(raw, Status::NGX_DONE.into()) };
    Status::NGX_DONE
}

/// Has the body put where ngx_http_dav wants one that it stores, and asks for too late when we have
/// read it: nobody else serves a `PUT` in a location without a handler.
fn keep_for_webdav(request: &mut Request) {
    use bit_fields::request as bits;
    let request = request.as_mut();
    bits::set_request_body_in_file_only(request, 1);
    bits::set_request_body_in_persistent_file(request, 1);
    bits::set_request_body_in_clean_file(request, 1);
    bits::set_request_body_file_group_access(request, 1);
    bits::set_request_body_file_log_level(request, 0);
}

/// The whole body is there: runs the phases on from the access handler.
unsafe extern "C" fn arrived(raw: *mut ngx_http_request_t) {
    // SAFETY: NGINX calls with the live request that `read` was called for.
    let request = unsafe { Request::from_ngx_http_request(raw) };
    match barrier::catch(|| mark_arrived(request)) {
        // SAFETY: the phases stopped at the access handler, which is called first. The request may
        // be over after that.
        Ok(Some(())) => unsafe { ngx_http_core_run_phases(raw) },
        // SAFETY: the request is live. Running the phases would ask for the body again.
        _ => unsafe {
            ngx_http_finalize_request(raw, NGX_HTTP_INTERNAL_SERVER_ERROR as ngx_int_t);
        },
    }
}

fn mark_arrived(request: &mut Request) -> Option<()> {
    Record::wait(request)?.as_mut()?.arrived = true;
    // A later location may inspect the body, too: it is not given up when it has been sent on.
    bit_fields::request::set_preserve_body(request.as_mut(), 1);
    request.as_mut().write_event_handler = Some(ngx_http_core_run_phases);
    Some(())
}

/// The filter that comes after ours.
static mut NEXT_FILTER: ngx_http_request_body_filter_pt = None;

/// Puts our filter before those of the request body that are there already.
pub(crate) fn register_filter() {
    // SAFETY: called while a configuration is read, before any request; NGINX sets the first filter
    // anew each time.
    unsafe {
        NEXT_FILTER = ngx_http_top_request_body_filter;
        ngx_http_top_request_body_filter = Some(filter);
    }
}

unsafe extern "C" fn filter(raw: *mut ngx_http_request_t, chain: *mut ngx_chain_t) -> ngx_int_t {
    // SAFETY: NGINX calls with a live request.
    let request = unsafe { Request::from_ngx_http_request(raw) };
    // After a panic the body is read on, and measured as a whole in the end.
    if barrier::catch(|| is_too_long(request, chain)).unwrap_or(false) {
        refuse(request);
        return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE as ngx_int_t;
    }
    // SAFETY: written by `register_filter` before any request.
    match unsafe { NEXT_FILTER } {
        // SAFETY: what we were called with.
        Some(next) => unsafe { next(raw, chain) },
        None => Status::NGX_ERROR.into(),
    }
}

fn is_too_long(request: &mut Request, chain: *const ngx_chain_t) -> bool {
    let Some(Some(wait)) = Record::wait(request) else { return false };
    wait.received += pieces::chain(chain).map(pieces::length).sum::<u64>();
    wait.denies_longer() && wait.received > wait.limit.bytes
}

/// Notes the denial of a body that NGINX is about to refuse.
fn refuse(request: &mut Request) {
    // What has come in is not read on; as NGINX's own 413, the answer is sent before the rest of the
    // body makes a reset of it.
    bit_fields::request::set_lingering_close(request.as_mut(), 1);
    let _ = Record::add(request, Decision::Denied, None);
    // NGINX has only a part of the body from now on: no location's limit is long enough for it.
    Record::body_length(request, u64::MAX);
    let limit = Record::wait(request).and_then(|wait| Some(wait.as_ref()?.limit.bytes));
    if let (Some(conf), Some(limit)) = (Module::location_conf(request), limit) {
        log::too_long(request, conf.log_level, limit, true);
    }
    denial::prepare(request, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE as ngx_int_t);
}
