//! Lines in the error log. They name rule, point and fingerprint, never a token.
//!
//! NGINX itself adds the request line and the referrer to every message about a request, and a token
//! may be in either; so while a message of ours is written, and for a denied request from then on,
//! the request adds only the client and the server.

use nginx_sys::{
    ngx_http_core_srv_conf_t, ngx_http_request_t, ngx_log_t, ngx_str_t, ngx_uint_t, u_char,
    NGX_LOG_ALERT, NGX_LOG_WARN,
};
use ngx::{
    http::{HttpModuleMainConf, HttpModuleServerConf, NgxHttpCoreModule, Request},
    ngx_log_error,
};
use tokenban_engine::decision::{Decision, Hit, Incomplete};

use crate::{fingerprint, module::Module};

/// A match, at the level of `tokenban_log_level`; the use of a decoy is an alert whatever that is.
pub(crate) fn hit(request: &mut Request, level: ngx_uint_t, decision: Decision, hit: &Hit) {
    let verb = match decision {
        Decision::Denied => "denied",
        Decision::Monitored | Decision::Passed => "monitored",
    };
    let (level, canary) = match hit.is_canary {
        true => (NGX_LOG_ALERT as ngx_uint_t, "a canary was used, "),
        false => (level, ""),
    };
    let fingerprint = fingerprint::of(Module::main_conf(request), &hit.key);
    quietly(request, |log| {
        ngx_log_error!(
            level,
            log,
            "tokenban: {canary}{verb} by rule \"{}\", point {}, fingerprint {}{}",
            hit.rule,
            hit.point,
            fingerprint,
            ban(hit)
        );
    });
    if decision == Decision::Denied {
        request.as_mut().log_handler = Some(client_and_server);
    }
}

/// List and reason of a ban. A reason may come from somebody's report: its quotes, backslashes and
/// control characters are escaped.
fn ban(hit: &Hit) -> String {
    let Some(list) = &hit.denylist else { return String::new() };
    let reason = hit.reason.as_deref().unwrap_or_default();
    format!(", denylist \"{list}\", reason \"{}\"", reason.escape_debug())
}

/// A request that could not be inspected.
pub(crate) fn failure(request: &mut Request, place: &str, denied: bool) {
    let policy = if denied { "denied" } else { "passed" };
    quietly(request, |log| {
        ngx_log_error!(NGX_LOG_ALERT, log, "tokenban: request not inspected, {policy}: {place}");
    });
}

/// A request of which some was not inspected because of what the client sent.
pub(crate) fn incomplete(request: &mut Request, level: ngx_uint_t, why: &str, denied: bool) {
    let policy = if denied { "denied" } else { "passed" };
    quietly(request, |log| {
        ngx_log_error!(level, log, "tokenban: request not inspected as a whole, {policy}: {why}");
    });
}

/// Why some was not inspected, for [`incomplete`].
pub(crate) fn reason(why: Incomplete) -> &'static str {
    match why {
        Incomplete::Bound => {
            "it is beyond a bound of a parser, or in a coding or charset that is not known"
        }
        Incomplete::Budget => "it costs more than a request of its size may",
        Incomplete::Store => "the store of denylists cannot be asked",
    }
}

/// A body longer than `tokenban_body_limit`.
pub(crate) fn too_long(request: &mut Request, level: ngx_uint_t, limit: u64, denied: bool) {
    let policy = if denied { "denied" } else { "the rest passed uninspected" };
    quietly(request, |log| {
        ngx_log_error!(level, log, "tokenban: body longer than {limit} bytes, {policy}");
    });
    if denied {
        request.as_mut().log_handler = Some(client_and_server);
    }
}

/// A mode variable with a value that is no mode. The value may come from the client: not shown.
pub(crate) fn unknown_mode(request: &mut Request, source: &str) {
    quietly(request, |log| {
        ngx_log_error!(
            NGX_LOG_WARN,
            log,
            "tokenban: the value of \"{source}\" is not \"on\", \"monitor\" or \"off\"; \
             taken as \"on\""
        );
    });
}

fn quietly(request: &mut Request, write: impl FnOnce(*mut ngx_log_t)) {
    let theirs = request.as_mut().log_handler.replace(client_and_server);
    write(request.log());
    request.as_mut().log_handler = theirs;
}

/// As `ngx_http_log_error_handler`, without what the client wrote. NGINX has put the client's
/// address before it.
unsafe extern "C" fn client_and_server(
    request: *mut ngx_http_request_t,
    _subrequest: *mut ngx_http_request_t,
    buffer: *mut u_char,
    length: usize,
) -> *mut u_char {
    // SAFETY: NGINX calls with the live request whose handler this is.
    let Some(server) = NgxHttpCoreModule::server_conf(unsafe { &*request }) else {
        return buffer;
    };
    // SAFETY: `length` bytes from `buffer` on are free.
    let room = unsafe { std::slice::from_raw_parts_mut(buffer, length) };
    let written = append(room, &[b", server: ", server_name(server).as_bytes()]);
    // SAFETY: `written` is at most `length`.
    unsafe { buffer.add(written) }
}

fn server_name(server: &ngx_http_core_srv_conf_t) -> ngx_str_t {
    server.server_name
}

fn append(room: &mut [u8], parts: &[&[u8]]) -> usize {
    let bytes = parts.iter().copied().flatten();
    room.iter_mut().zip(bytes).map(|(slot, byte)| *slot = *byte).count()
}
