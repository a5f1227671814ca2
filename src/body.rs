//! Reading a body: the access handler asks NGINX for it, waits, and is called again. Where NGINX
//! passes the body on as it comes in, nobody waits: the filter inspects it ([`body_filter`]).
//!
//! [`body_filter`]: crate::body_filter

use std::sync::Arc;

use nginx_sys::{
    ngx_http_core_run_phases, ngx_http_finalize_request, ngx_http_read_client_request_body,
    ngx_http_request_t, ngx_int_t, ngx_uint_t, NGX_HTTP_GET, NGX_HTTP_HEAD,
    NGX_HTTP_INTERNAL_SERVER_ERROR, NGX_HTTP_PUT, NGX_HTTP_SPECIAL_RESPONSE, NGX_HTTP_VERSION_20,
};
use ngx::{
    core::Status,
    http::{HttpModuleMainConf, Request},
};
use tokenban_engine::decision::Mode;

use crate::{
    barrier,
    body_conf::{BodyLimit, Over, Reading},
    conf::LocConf,
    decision::Record,
    module::Module,
    nginx::bit_fields,
    pieces,
    ruleset::Ruleset,
    stream::Stream,
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
    pub(crate) received: u64,
    /// How far it is.
    pub(crate) progress: Progress,
}

/// How far the inspection of a body is.
pub(crate) enum Progress {
    /// It has come in as a whole, and the access handler is called again.
    Arrived,
    /// The access handler waits for it.
    Awaited,
    /// It needs no more inspection.
    Done,
    /// It is inspected while whoever answers the request reads it.
    Passing(Option<Stream>),
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
    pub(crate) fn new(ruleset: Arc<Ruleset>, mode: Mode, limit: BodyLimit, passing: bool) -> Wait {
        let progress = if passing { Progress::Passing(None) } else { Progress::Awaited };
        Wait { ruleset, mode, limit, received: 0, progress }
    }

    /// Whether a body longer than the limit is refused. A location that only monitors never denies.
    pub(crate) fn denies_longer(&self) -> bool {
        self.limit.over == Over::Deny && self.mode == Mode::On
    }

    /// Whether the body is refused for its length, as far as that is known before it is read. Of a
    /// gRPC stream, each message is measured.
    pub(crate) fn denies_announced(&self, request: &mut Request) -> bool {
        let announced = u64::try_from(request.as_ref().headers_in.content_length_n);
        let length = Record::body_length(request, announced.unwrap_or_default());
        let messages = self.is_passing() && claims_grpc(request);
        self.denies_longer() && length > self.limit.bytes && !messages
    }

    /// The stream that is passed on.
    pub(crate) fn into_stream(self) -> Option<Stream> {
        match self.progress {
            Progress::Passing(stream) => stream,
            Progress::Arrived | Progress::Awaited | Progress::Done => None,
        }
    }

    fn is_awaited(&self) -> bool {
        matches!(self.progress, Progress::Awaited)
    }

    fn is_passing(&self) -> bool {
        matches!(self.progress, Progress::Passing(_))
    }
}

/// Why the handler is called for a request.
pub(crate) fn call(request: &mut Request) -> Call {
    let Some(wait) = Record::wait(request) else { return Call::First };
    match wait.take_if(|wait| matches!(wait.progress, Progress::Arrived)) {
        Some(wait) => Call::Resumed(wait),
        None if wait.as_ref().is_some_and(Wait::is_awaited) => Call::Waiting,
        None => Call::First,
    }
}

/// Whether the body is left to whoever reads it: where NGINX passes it on as it comes, and where
/// nobody may, as it is with a `GET` that is answered by a file. That one waits for no body, and one
/// that has come with the head is inspected all the same.
pub(crate) fn is_left(request: &Request, conf: &LocConf) -> bool {
    conf.reading() == Reading::On
        && request.as_ref().request_body.is_null()
        && match request.as_ref().content_handler {
            Some(_) => {
                Module::main_conf(request).is_some_and(|main| main.upstreams.stream(request))
            }
            None => request.as_ref().method & SAFE != 0 && !is_there(request),
        }
}

/// The methods that are answered by files, which take no bodies.
const SAFE: ngx_uint_t = (NGX_HTTP_GET | NGX_HTTP_HEAD) as ngx_uint_t;

/// Whether the whole body has come in with the head.
fn is_there(request: &Request) -> bool {
    let raw = request.as_ref();
    if raw.http_version >= NGX_HTTP_VERSION_20 as ngx_uint_t {
        return bit_fields::stream_ended(raw);
    }
    // SAFETY: the buffer of the head, in which what came behind it is from `pos` to `last`.
    let behind = unsafe { raw.header_in.as_ref() }.map_or(0, pieces::length);
    u64::try_from(raw.headers_in.content_length_n).is_ok_and(|announced| announced <= behind)
}

/// Whether the Content-Type is one of gRPC's. The first one counts, as it does for NGINX.
pub(crate) fn claims_grpc(request: &Request) -> bool {
    // SAFETY: null, or a header of the request.
    let header = unsafe { request.as_ref().headers_in.content_type.as_ref() };
    let start = header.and_then(|header| header.value.as_bytes().get(..GRPC.len()));
    start.is_some_and(|start| start.eq_ignore_ascii_case(GRPC))
}

/// And `application/grpc+proto`, `application/grpc-web` and the like.
const GRPC: &[u8] = b"application/grpc";

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
/// request may be over after that. A body that is to be passed on is left to whoever reads it.
pub(crate) fn read(request: &mut Request, wait: Wait) -> Status {
    let passing = wait.is_passing();
    if Record::set_wait(request, wait).is_none() {
        return Status(NGX_HTTP_INTERNAL_SERVER_ERROR as ngx_int_t);
    }
    if passing {
        return Status::NGX_DECLINED;
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
    Record::wait(request)?.as_mut()?.progress = Progress::Arrived;
    // A later location may inspect the body, too: it is not given up when it has been sent on.
    bit_fields::request::set_preserve_body(request.as_mut(), 1);
    request.as_mut().write_event_handler = Some(ngx_http_core_run_phases);
    Some(())
}
