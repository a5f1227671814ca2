//! Asks the rules: about the head of a request, about its body, about a message of a stream.

use std::io;

use ngx::http::{HttpModuleMainConf, Request};
use tokenban_engine::{
    decision::{Mode, Outcome},
    Inspection, Stage,
};
use tokenban_metrics::{self as metrics, Cause};

use crate::{
    barrier,
    body::Wait,
    conf::LocConf,
    count, log,
    module::Module,
    pieces::Pieces,
    request::View,
    ruleset::Ruleset,
    store,
    verdict::{self, Denial},
};

/// Decides about the head, and whether the body is wanted.
pub(crate) fn head(
    request: &Request,
    ruleset: &Ruleset,
    mode: Mode,
    reads_bodies: bool,
) -> (Outcome, bool) {
    let view = View::new(request, None, ruleset);
    #[cfg(feature = "test-panic")]
    provoke_panic(&view, b"x-tokenban-panic");
    let mut scratch = ruleset.scratch();
    store::ask(Module::main_conf(request), &ruleset.rules, |denylists| {
        let inspection = Inspection { request: &view, denylists, mode };
        let outcome = count::timed(request, metrics::Stage::Head, || {
            ruleset.rules.evaluate(&inspection, Stage::Head, &mut scratch)
        });
        let wants_body = reads_bodies && ruleset.rules.needs_body(&inspection, &mut scratch);
        (outcome, wants_body)
    })
}

/// Where the body is that is inspected.
#[derive(Clone, Copy)]
pub(crate) enum Body<'a> {
    /// What a stream has kept of it.
    Kept {
        bytes: &'a [u8],
        /// Whether more has come in than was kept.
        cut: bool,
        /// The number of its first gRPC message.
        first_message: usize,
    },
    /// NGINX has read it as a whole.
    Read,
}

/// Decides about a body: the status that it is denied with, if it is.
pub(crate) fn body(request: &mut Request, conf: &LocConf, wait: &Wait, body: Body<'_>) -> Denial {
    match barrier::catch(|| evaluate(request, wait, body)) {
        Ok(Ok((_, None))) => Some(verdict::longer(request, conf, wait)),
        Ok(Ok((cut, Some(outcome)))) => {
            if cut {
                log::too_long(request, conf.log_level, wait.limit.bytes, false);
                count::not_inspected(request, Cause::Length, false);
            }
            verdict::act(request, conf, wait.mode, outcome)
        }
        Ok(Err(error)) => {
            verdict::fail(request, conf, wait.mode, Cause::Body, &format!("its body: {error}"))
        }
        Err(place) => verdict::fail(request, conf, wait.mode, Cause::Internal, &place),
    }
}

/// Whether the body is longer than the limit, and what is decided; nothing where it is refused for
/// its length.
fn evaluate(request: &Request, wait: &Wait, body: Body<'_>) -> io::Result<(bool, Option<Outcome>)> {
    let body = match body {
        Body::Kept { bytes, cut, first_message } => Pieces::kept(bytes, cut, first_message),
        Body::Read => Pieces::of(request, wait.limit.bytes)?,
    };
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
        count::timed(request, metrics::Stage::Body, || {
            rules.evaluate(&inspection, Stage::Body, &mut scratch)
        })
    });
    Ok((body.cut, Some(outcome)))
}

#[cfg(feature = "test-panic")]
fn provoke_panic(request: &impl tokenban_engine::request::Request, header: &[u8]) {
    request.headers(&mut |name, value| {
        assert!(!name.eq_ignore_ascii_case(header), "provoked: {value:?}");
    });
}
