//! What becomes of a request after an inspection: what is logged and recorded, and the status that
//! it is denied with; `None` lets it go on.

use nginx_sys::{ngx_int_t, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE};
use ngx::http::Request;
use tokenban_engine::decision::{Decision, Incomplete, Mode, Outcome};
use tokenban_metrics::Cause;

use crate::{
    body::Wait,
    conf::{LocConf, ON_ERROR_DENY},
    count,
    decision::Record,
    log,
};

/// The status of a denial.
pub(crate) type Denial = Option<ngx_int_t>;

/// Of what was decided.
pub(crate) fn act(request: &mut Request, conf: &LocConf, mode: Mode, outcome: Outcome) -> Denial {
    for hit in &outcome.monitored {
        log::hit(request, conf.log_level, Decision::Monitored, hit);
    }
    if let Some(hit) = &outcome.hit {
        log::hit(request, conf.log_level, outcome.decision, hit);
    }
    count::matches(request, &outcome);
    let canary = outcome.hit.iter().chain(&outcome.monitored).any(|hit| hit.is_canary);
    let hit = outcome.hit.or_else(|| outcome.monitored.into_iter().next());
    // Without room for the record only the variables are lost.
    let _ = Record::add(request, outcome.decision, hit);
    Record::set_mode(request, mode);
    if canary {
        Record::add_canary(request);
    }
    match outcome.decision {
        Decision::Denied => Some(conf.status),
        Decision::Monitored | Decision::Passed => match outcome.incomplete {
            Some(why) => doubt(request, conf, mode, why),
            None => None,
        },
    }
}

/// `tokenban_on_error` for a request of which some could not be inspected.
fn doubt(request: &mut Request, conf: &LocConf, mode: Mode, why: Incomplete) -> Denial {
    let denied = denies_on_error(conf, mode);
    log::incomplete(request, conf.log_level, log::reason(why), denied);
    count::not_inspected(request, count::cause(why), denied);
    denied.then(|| deny(request, conf.status))
}

/// `tokenban_on_error` for a gRPC stream with something else behind its messages. A client can
/// cause it at will, so it is no alert.
pub(crate) fn unframed(request: &mut Request, conf: &LocConf, mode: Mode) -> Denial {
    let denied = denies_on_error(conf, mode);
    log::incomplete(request, conf.log_level, "its gRPC messages end in something else", denied);
    count::not_inspected(request, Cause::Unframed, denied);
    denied.then(|| deny(request, conf.status))
}

/// `tokenban_body_limit`: the status that NGINX has for it.
pub(crate) fn longer(request: &mut Request, conf: &LocConf, wait: &Wait) -> ngx_int_t {
    log::too_long(request, conf.log_level, wait.limit.bytes, true);
    count::not_inspected(request, Cause::Length, true);
    deny(request, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE as ngx_int_t)
}

/// `tokenban_on_error` for a request that could not be inspected.
pub(crate) fn fail(
    request: &mut Request,
    conf: &LocConf,
    mode: Mode,
    cause: Cause,
    place: &str,
) -> Denial {
    let denied = denies_on_error(conf, mode);
    log::failure(request, place, denied);
    count::not_inspected(request, cause, denied);
    denied.then(|| deny(request, conf.status))
}

/// Once more, for a request whose body was denied while it came in.
pub(crate) fn again(request: &mut Request, conf: &LocConf) -> ngx_int_t {
    deny(request, conf.status)
}

fn deny(request: &mut Request, status: ngx_int_t) -> ngx_int_t {
    let _ = Record::add(request, Decision::Denied, None);
    status
}

/// A location that only monitors never denies.
fn denies_on_error(conf: &LocConf, mode: Mode) -> bool {
    conf.on_error == ON_ERROR_DENY && mode == Mode::On
}
