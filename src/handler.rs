//! The access-phase handler: inspects a request and denies it or lets it go on.
//!
//! Passing is `NGX_DECLINED`, never `NGX_OK`: under `satisfy any`, «OK» would let in a request that
//! no other module has authorised.

use std::sync::Arc;

use arc_swap::Guard;
use nginx_sys::ngx_http_handler_pt;
use ngx::{
    core::Status,
    http::{HttpModuleLocationConf, NgxHttpCoreModule, Request},
    http_request_handler,
};
use tokenban_engine::decision::Mode;
use tokenban_metrics::Cause;

use crate::{
    barrier,
    body::{self, Call, Wait},
    conf::{LocConf, ModeSource},
    decision::{Pass, Record},
    denial, directives, inspection, log,
    module::Module,
    nginx::bit_fields,
    ruleset::Ruleset,
    stream::Context,
    verdict::{self, Denial},
};

http_request_handler!(access_handler, |request: &mut Request| handle(request));

/// What is registered in the access phase.
pub(crate) const HANDLER: ngx_http_handler_pt = Some(access_handler);

fn handle(request: &mut Request) -> Status {
    let Some(conf) = Module::location_conf(request) else { return Status::NGX_DECLINED };
    match body::call(request) {
        Call::First => begin(request, conf),
        Call::Resumed(wait) => inspect_body(request, conf, &wait),
        Call::Waiting => Status::NGX_DONE,
    }
}

fn begin(request: &mut Request, conf: &LocConf) -> Status {
    let mode = mode(request, conf);
    let Some(ruleset) = conf.ruleset().filter(|_| mode != Mode::Off) else {
        return Status::NGX_DECLINED;
    };
    let uri = request.as_ref().uri;
    let kept =
        in_named_location(request) || bit_fields::request::post_action(request.as_ref()) != 0;
    if Record::of(request).is_some_and(|record| record.pass(uri, kept) == Pass::ErrorPage) {
        return Status::NGX_DECLINED;
    }
    // The same rules look at the head and at the body, however long that takes to come in.
    let ruleset = ruleset.current();
    match barrier::catch(|| inspection::head(request, &ruleset, mode, conf.reads_bodies())) {
        Ok((outcome, wants_body)) => match verdict::act(request, conf, mode, outcome) {
            None if wants_body => read_body(request, conf, Guard::into_inner(ruleset), mode),
            denial => finish(request, denial),
        },
        Err(place) => {
            let denial = verdict::fail(request, conf, mode, Cause::Internal, &place);
            finish(request, denial)
        }
    }
}

/// The mode of this request. What a variable yields beside the three words means `on`.
fn mode(request: &mut Request, conf: &LocConf) -> Mode {
    match &conf.mode {
        None => Mode::Off,
        Some((ModeSource::Fixed(mode), _)) => *mode,
        Some((ModeSource::Variable(value, source), _)) => {
            let word = request.get_complex_value(value).map(|word| word.as_bytes());
            word.and_then(directives::mode).unwrap_or_else(|| {
                log::unknown_mode(request, source);
                Mode::On
            })
        }
    }
}

/// Names of named locations begin with `@`, those of all others with `/` or a regex. The flag
/// `named` of the location would be lost inside an `if`.
fn in_named_location(request: &Request) -> bool {
    NgxHttpCoreModule::location_conf(request)
        .is_some_and(|location| location.name.as_bytes().starts_with(b"@"))
}

fn read_body(request: &mut Request, conf: &LocConf, ruleset: Arc<Ruleset>, mode: Mode) -> Status {
    let limit = conf.body_limit(request);
    let wait = Wait::new(ruleset, mode, limit, body::is_left(request, conf));
    if Record::of(request).is_some_and(|record| record.body_was_denied()) {
        let status = verdict::again(request, conf);
        return denial::deny(request, status);
    }
    if wait.denies_announced(request) {
        let status = verdict::longer(request, conf, &wait);
        return denial::deny(request, status);
    }
    if body::is_spent(request) {
        return spent(request, conf, &wait);
    }
    if !body::expected(request) {
        return inspect_body(request, conf, &wait);
    }
    body::read(request, wait)
}

/// Some of the body has gone to an application unbuffered, before an internal redirect, and NGINX
/// reads no more of it. What was kept of it is all that whoever answers now can be handed.
fn spent(request: &mut Request, conf: &LocConf, wait: &Wait) -> Status {
    let denial = match Record::take_stream(request) {
        Some(mut stream) => {
            let denial = stream.inspect_rest(&mut Context { request, conf, wait });
            Record::keep_stream(request, stream);
            denial
        }
        // A file, as the page of `error_page 502`, takes nothing.
        None if request.as_ref().content_handler.is_none() => None,
        None => {
            let why = "its body has been passed on unbuffered before";
            verdict::fail(request, conf, wait.mode, Cause::Body, why)
        }
    };
    finish(request, denial)
}

fn inspect_body(request: &mut Request, conf: &LocConf, wait: &Wait) -> Status {
    let denial = inspection::body(request, conf, wait, inspection::Body::Read);
    finish(request, denial)
}

fn finish(request: &mut Request, denial: Denial) -> Status {
    match denial {
        Some(status) => denial::deny(request, status),
        None => Status::NGX_DECLINED,
    }
}
