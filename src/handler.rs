//! The access-phase handler: inspects a request and denies it or lets it go on.
//!
//! Passing is `NGX_DECLINED`, never `NGX_OK`: under `satisfy any`, «OK» would let in a request that
//! no other module has authorised.

use nginx_sys::ngx_http_handler_pt;
use ngx::{
    core::Status,
    http::{HttpModuleLocationConf, NgxHttpCoreModule, Request},
    http_request_handler,
};
use tokenban_engine::{
    decision::{Decision, Mode, Outcome},
    denylist::NoDenylists,
    Inspection, Stage,
};

use crate::{
    barrier,
    conf::{LocConf, ModeSource, ON_ERROR_DENY},
    decision::{Pass, Record},
    denial, directives, log,
    module::Module,
    request::View,
    ruleset::Ruleset,
};

http_request_handler!(access_handler, |request: &mut Request| handle(request));

/// What is registered in the access phase.
pub(crate) const HANDLER: ngx_http_handler_pt = Some(access_handler);

fn handle(request: &mut Request) -> Status {
    let Some(conf) = Module::location_conf(request) else { return Status::NGX_DECLINED };
    let mode = mode(request, conf);
    let Some(ruleset) = conf.ruleset().filter(|_| mode != Mode::Off) else {
        return Status::NGX_DECLINED;
    };
    let uri = request.as_ref().uri;
    let kept = in_named_location(request) || request.as_ref().post_action() != 0;
    if Record::of(request).is_some_and(|record| record.pass(uri, kept) == Pass::ErrorPage) {
        return Status::NGX_DECLINED;
    }
    match barrier::catch(|| inspect(request, &ruleset.current(), mode)) {
        Ok(outcome) => act(request, conf, outcome),
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

fn inspect(request: &Request, ruleset: &Ruleset, mode: Mode) -> Outcome {
    let view = View::new(request, ruleset);
    #[cfg(feature = "test-panic")]
    provoke_panic(&view);
    let mut scratch = ruleset.scratch();
    let inspection = Inspection { request: &view, denylists: &NoDenylists, mode };
    ruleset.rules.evaluate(&inspection, Stage::Head, &mut scratch)
}

fn act(request: &mut Request, conf: &LocConf, outcome: Outcome) -> Status {
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
        Decision::Denied => denial::deny(request, conf),
        Decision::Monitored | Decision::Passed => Status::NGX_DECLINED,
    }
}

/// `tokenban_on_error`: a location that only monitors never denies.
fn fail(request: &mut Request, conf: &LocConf, mode: Mode, place: &str) -> Status {
    let denied = conf.on_error == ON_ERROR_DENY && mode == Mode::On;
    log::failure(request, place, denied);
    if !denied {
        return Status::NGX_DECLINED;
    }
    let _ = Record::add(request, Decision::Denied, None);
    denial::deny(request, conf)
}

#[cfg(feature = "test-panic")]
fn provoke_panic(request: &impl tokenban_engine::request::Request) {
    request.headers(&mut |name, value| {
        assert!(!name.eq_ignore_ascii_case(b"x-tokenban-panic"), "provoked: {value:?}");
    });
}
