//! What clean requests allocate: nothing for the head, little for a body, and no more for a long one.

use std::path::Path;

use allocation_counter::measure;
use tokenban_engine::{
    decision::{Mode, Outcome},
    denylist::NoDenylists,
    limits::Limits,
    request::OwnedRequest,
    Inspection, Ruleset, Stage,
};

const RULES: &str = "rules:
- id: anywhere
  points: [[anywhere]]
  tokens: [some-fake-token-1]
- id: body
  points: [[post], [post, form_urlencoded, t], [post, json_doc, hash, t], [post, multipart, t], [post, xml, xml_tag, t]]
  regex: 'ghp_[0-9A-Za-z]{36}'
";

/// Allocations of deciding once more about a request.
fn allocations(ruleset: &Ruleset, request: &OwnedRequest, stage: Stage) -> u64 {
    let inspection = Inspection { request, denylists: &NoDenylists, mode: Mode::On };
    let scratch = &mut ruleset.scratch();
    assert_eq!(ruleset.evaluate(&inspection, stage, scratch), Outcome::passed());
    measure(|| drop(ruleset.evaluate(&inspection, stage, scratch))).count_total
}

#[test]
fn clean_requests_allocate_little() {
    let ruleset = Ruleset::load_text(Path::new("a.yaml"), RULES, &Limits::default()).unwrap();
    let mut request = OwnedRequest::new("POST", b"/a/b?c=d&e=f");
    request.headers.push((b"Authorization".to_vec(), b"Bearer another-token".to_vec()));
    request.headers.push((b"Cookie".to_vec(), b"a=1; sid=abcdef".to_vec()));
    assert_eq!(allocations(&ruleset, &request, Stage::Head), 0, "the head");
    // The names of a part have several readings, which are kept until its content is read.
    let part = "--X\r\nContent-Disposition: x; name=a\r\n\r\nv\r\n";
    for (content_type, unit, for_each) in [
        ("application/x-www-form-urlencoded", "field=value&", 0),
        ("application/json", "{\"k\": [\"value\", 1]}\n", 0),
        ("multipart/form-data; boundary=X", part, 4),
        ("text/xml", "<a><b c='d'>e</b></a>", 0),
        ("application/octet-stream", "\u{1}\u{2}binary", 0),
    ] {
        let request = |count| {
            let mut request = OwnedRequest::new("POST", b"/");
            request.headers.push((b"Content-Type".to_vec(), content_type.into()));
            request.body = unit.repeat(count).into_bytes();
            request
        };
        let (short, long) = (request(4), request(400));
        let short = allocations(&ruleset, &short, Stage::Body);
        let long = allocations(&ruleset, &long, Stage::Body);
        assert!(short < 50, "{content_type}: {short}");
        assert_eq!(long, short + for_each * 396, "{content_type}");
    }
}
