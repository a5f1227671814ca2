//! The access-phase handler: inspects a request and denies it or lets it go on.
//!
//! Passing is `NGX_DECLINED`, never `NGX_OK`: under `satisfy any`, «OK» would let in a request that
//! no other module has authorised.

use std::{io, sync::Arc};

use arc_swap::Guard;
use nginx_sys::{ngx_http_handler_pt, ngx_int_t, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE};
use ngx::{
    core::Status,
    http::{HttpModuleLocationConf, HttpModuleMainConf, NgxHttpCoreModule, Request},
    http_request_handler,
};
use tokenban_engine::{
    decision::{Decision, Incomplete, Mode, Outcome},
    Inspection, Stage,
};

use crate::{
    barrier,
    body::{self, Call, Wait},
    conf::{LocConf, ModeSource, ON_ERROR_DENY},
    decision::{Pass, Record},
    denial, directives, log,
    module::Module,
    nginx::bit_fields,
    pieces::Pieces,
    request::View,
    ruleset::Ruleset,
    store,
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
    match barrier::catch(|| head(request, &ruleset, mode, conf.reads_bodies())) {
        Ok((outcome, wants_body)) => match act(request, conf, mode, outcome) {
            Status::NGX_DECLINED if wants_body => {
                read_body(request, conf, Guard::into_inner(ruleset), mode)
            }
            status => status,
        },
        Err(place) => fail(request, conf, mode, &place),
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

/// Decides about the head, and whether the body is wanted.
fn head(request: &Request, ruleset: &Ruleset, mode: Mode, reads_bodies: bool) -> (Outcome, bool) {
    let view = View::new(request, None, ruleset);
    #[cfg(feature = "test-panic")]
    provoke_panic(&view, b"x-tokenban-panic");
    let mut scratch = ruleset.scratch();
    store::ask(Module::main_conf(request), &ruleset.rules, |denylists| {
        let inspection = Inspection { request: &view, denylists, mode };
        let outcome = ruleset.rules.evaluate(&inspection, Stage::Head, &mut scratch);
        let wants_body = reads_bodies && ruleset.rules.needs_body(&inspection, &mut scratch);
        (outcome, wants_body)
    })
}

fn read_body(request: &mut Request, conf: &LocConf, ruleset: Arc<Ruleset>, mode: Mode) -> Status {
    let wait = Wait::new(ruleset, mode, conf.body_limit(request));
    if wait.denies_announced(request) {
        return deny_longer(request, conf, &wait);
    }
    if body::is_spent(request) {
        return fail(request, conf, mode, "its body has been passed on unbuffered before");
    }
    if !body::expected(request) {
        return inspect_body(request, conf, &wait);
    }
    body::read(request, wait)
}

fn inspect_body(request: &mut Request, conf: &LocConf, wait: &Wait) -> Status {
    match barrier::catch(|| body(request, wait)) {
        Ok(Ok((_, None))) => deny_longer(request, conf, wait),
        Ok(Ok((cut, Some(outcome)))) => {
            if cut {
                log::too_long(request, conf.log_level, wait.limit.bytes, false);
            }
            act(request, conf, wait.mode, outcome)
        }
        Ok(Err(error)) => fail(request, conf, wait.mode, &format!("its body: {error}")),
        Err(place) => fail(request, conf, wait.mode, &place),
    }
}

/// Whether the body is longer than the limit, and what is decided; nothing where it is refused for
/// its length.
fn body(request: &Request, wait: &Wait) -> io::Result<(bool, Option<Outcome>)> {
    let body = Pieces::of(request, wait.limit.bytes)?;
    if body.cut && wait.denies_longer() {
        return Ok((true, None));
    }
    let view = View::new(request, Some(&body), &wait.ruleset);
    #[cfg(feature = "test-panic")]
    provoke_panic(&view, b"x-tokenban-panic-body");
    let mut scratch = wait.ruleset.scratch();
    let rules = &wait.ruleset.rules;
    let outcome = store::ask(Module::main_conf(request), rules, |denylists| {
        let inspection = Inspection { request: &view, denylists, mode: wait.mode };
        rules.evaluate(&inspection, Stage::Body, &mut scratch)
    });
    Ok((body.cut, Some(outcome)))
}

/// Reports what was decided and carries it out.
fn act(request: &mut Request, conf: &LocConf, mode: Mode, outcome: Outcome) -> Status {
    for hit in &outcome.monitored {
        log::hit(request, conf.log_level, Decision::Monitored, hit);
    }
    if let Some(hit) = &outcome.hit {
        log::hit(request, conf.log_level, outcome.decision, hit);
    }
    let hit = outcome.hit.or_else(|| outcome.monitored.into_iter().next());
    // Without room for the record only the variables are lost.
    let _ = Record::add(request, outcome.decision, hit);
    match outcome.decision {
        Decision::Denied => denial::deny(request, conf.status),
        Decision::Monitored | Decision::Passed => match outcome.incomplete {
            Some(why) => doubt(request, conf, mode, why),
            None => Status::NGX_DECLINED,
        },
    }
}

/// `tokenban_on_error` for a request of which some could not be inspected.
fn doubt(request: &mut Request, conf: &LocConf, mode: Mode, why: Incomplete) -> Status {
    let denied = denies_on_error(conf, mode);
    log::incomplete(request, conf.log_level, why, denied);
    if !denied {
        return Status::NGX_DECLINED;
    }
    let _ = Record::add(request, Decision::Denied, None);
    denial::deny(request, conf.status)
}

/// `tokenban_body_limit`: the status that NGINX has for it.
fn deny_longer(request: &mut Request, conf: &LocConf, wait: &Wait) -> Status {
    log::too_long(request, conf.log_level, wait.limit.bytes, true);
    let _ = Record::add(request, Decision::Denied, None);
    denial::deny(request, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE as ngx_int_t)
}

/// A location that only monitors never denies.
fn denies_on_error(conf: &LocConf, mode: Mode) -> bool {
    conf.on_error == ON_ERROR_DENY && mode == Mode::On
}

/// `tokenban_on_error` for a request that could not be inspected.
fn fail(request: &mut Request, conf: &LocConf, mode: Mode, place: &str) -> Status {
    let denied = denies_on_error(conf, mode);
    log::failure(request, place, denied);
    if !denied {
        return Status::NGX_DECLINED;
    }
    let _ = Record::add(request, Decision::Denied, None);
    denial::deny(request, conf.status)
}

#[cfg(feature = "test-panic")]
fn provoke_panic(request: &impl tokenban_engine::request::Request, header: &[u8]) {
    request.headers(&mut |name, value| {
        assert!(!name.eq_ignore_ascii_case(header), "provoked: {value:?}");
    });
}
