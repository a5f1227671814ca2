//! Which header it was that a point `[header_all …]` matched in.
//!
//! The walk tells points, not names. So a head in which something matched is searched once more, a
//! header at a time: that costs a denied request as much as it cost before, and a clean one nothing.

use std::borrow::Cow;

use super::{Inspection, Ruleset, Scratch, Stage};
use crate::{
    decision::{Hit, Outcome},
    request::Request,
};

/// How the points begin that this is about.
const ALL: &str = "[header_all";

/// Longer names are no names of headers that anybody defined.
const LONGEST: usize = 40;

impl Ruleset {
    /// Puts the header's name into the points of an outcome, where it is known.
    pub(super) fn name_headers<R: Request + ?Sized>(
        &self,
        inspection: &Inspection<'_, R>,
        scratch: &mut Scratch,
        outcome: &mut Outcome,
    ) {
        if !hits(outcome).any(|hit| hit.point.starts_with(ALL)) {
            return;
        }
        let mut names = Vec::new();
        inspection.request.headers(&mut |name, _| names.push(shown(name)));
        for (at, name) in names.into_iter().enumerate() {
            let Some(name) = name else { continue };
            let request = OneHeader { request: inspection.request, at };
            let Inspection { denylists, mode, .. } = *inspection;
            let _ = self.search(
                &Inspection { request: &request, denylists, mode },
                Stage::Head,
                scratch,
            );
            let has = |hit: &Hit| {
                scratch.found.iter().any(|found| {
                    found.key == hit.key
                        && self.rule(found.rule).is_some_and(|rule| rule.id == hit.rule)
                })
            };
            for hit in hits(outcome).filter(|hit| hit.point.starts_with(ALL)) {
                if has(hit) {
                    hit.point = hit.point.replacen(ALL, &format!("[header, {name}"), 1);
                }
            }
        }
    }
}

fn hits(outcome: &mut Outcome) -> impl Iterator<Item = &mut Hit> {
    outcome.hit.iter_mut().chain(&mut outcome.monitored)
}

/// As points are written; nothing where a client made up what is no name.
fn shown(name: &[u8]) -> Option<String> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    let is_named = (1..=LONGEST).contains(&name.len()) && name.iter().all(is_name);
    is_named.then(|| name.iter().map(|byte| char::from(byte.to_ascii_uppercase())).collect())
}

/// A request of which nothing is left but one header.
struct OneHeader<'r, R: ?Sized> {
    request: &'r R,
    at: usize,
}

impl<R: Request + ?Sized> Request for OneHeader<'_, R> {
    fn method(&self) -> &[u8] {
        self.request.method()
    }

    fn protocol(&self) -> &[u8] {
        self.request.protocol()
    }

    fn scheme(&self) -> &[u8] {
        self.request.scheme()
    }

    fn remote_addr(&self) -> &[u8] {
        self.request.remote_addr()
    }

    fn host(&self) -> &[u8] {
        b""
    }

    fn target(&self) -> &[u8] {
        b""
    }

    fn path(&self) -> &[u8] {
        b""
    }

    fn args(&self) -> &[u8] {
        b""
    }

    fn headers(&self, visit: &mut dyn FnMut(&[u8], &[u8])) {
        let mut at = 0;
        self.request.headers(&mut |name, value| {
            if at == self.at {
                visit(name, value);
            }
            at += 1;
        });
    }

    fn variable(&self, _: &str) -> Option<Cow<'_, [u8]>> {
        None
    }

    fn body(&self, _: &mut dyn FnMut(&[&[u8]])) {}

    fn now(&self) -> u64 {
        self.request.now()
    }
}
