//! Requests with bodies, and what a point yields of them.

use std::{io::Write, path::Path};

use flate2::{write::GzEncoder, Compression};
use tokenban_engine::{
    decision::{Decision, Mode, Outcome},
    denylist::NoDenylists,
    limits::Limits,
    request::OwnedRequest,
    Inspection, Ruleset,
};

/// A token that is obviously none.
pub(crate) const TOKEN: &str = concat!("fake-", "token.0123456789");

/// A request with this body, `TOKEN` filled in.
pub(crate) fn post(content_type: &str, body: impl AsRef<[u8]>) -> OwnedRequest {
    let mut request = OwnedRequest::new("POST", b"/");
    if !content_type.is_empty() {
        request.headers.push((b"Content-Type".to_vec(), content_type.into()));
    }
    request.body = body.as_ref().to_vec();
    request
}

/// The ruleset of one rule that looks at a point.
pub(crate) fn ruleset(point: &str, matcher: &str) -> Ruleset {
    let text = format!("rules:\n- id: a\n  points: [{point}]\n  {matcher}\n");
    let ruleset = Ruleset::load_text(Path::new("test.yaml"), &text, &Limits::default());
    ruleset.unwrap_or_else(|error| panic!("{point}: {error}"))
}

/// Every value at a point.
pub(crate) fn values(point: &str, request: &OwnedRequest) -> Vec<String> {
    let mut found = Vec::new();
    ruleset(point, "present: true").explain(request, &NoDenylists, &mut |look| {
        found.push(String::from_utf8_lossy(look.value).into_owned());
    });
    found
}

/// Fails unless the point yields the value.
#[track_caller]
pub(crate) fn assert_yields(point: &str, request: &OwnedRequest, value: &str) {
    let found = values(point, request);
    assert!(
        found.iter().any(|it| it == value),
        "{point} yields {found:?}, not {value:?}, of {:?}",
        String::from_utf8_lossy(&request.body)
    );
}

/// What a rule on a point decides.
pub(crate) fn decide(point: &str, matcher: &str, request: &OwnedRequest) -> Outcome {
    let ruleset = ruleset(point, matcher);
    let inspection = Inspection { request, denylists: &NoDenylists, mode: Mode::On };
    ruleset.evaluate_whole(&inspection, &mut ruleset.scratch())
}

/// Whether a rule on a point denies; nothing may be left out of the inspection.
pub(crate) fn denies(point: &str, matcher: &str, request: &OwnedRequest) -> bool {
    let outcome = decide(point, matcher, request);
    assert_eq!(outcome.incomplete, None, "{point}");
    outcome.decision == Decision::Denied
}

/// Compressed.
pub(crate) fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}
