//! NGINX keeps a body in pieces: where they are cut changes nothing.

use std::borrow::Cow;

use proptest::prelude::*;
use tokenban_engine::{
    decision::{Mode, Outcome},
    denylist::NoDenylists,
    request::{OwnedRequest, Request},
    Inspection, Ruleset,
};

use super::support::{post, ruleset, TOKEN};

/// A request whose body is kept in pieces.
struct Pieces {
    request: OwnedRequest,
    cuts: Vec<usize>,
}

impl Request for Pieces {
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
        self.request.host()
    }
    fn target(&self) -> &[u8] {
        self.request.target()
    }
    fn path(&self) -> &[u8] {
        self.request.path()
    }
    fn args(&self) -> &[u8] {
        self.request.args()
    }
    fn headers(&self, visit: &mut dyn FnMut(&[u8], &[u8])) {
        self.request.headers(visit);
    }
    fn variable(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        self.request.variable(name)
    }
    fn body(&self, visit: &mut dyn FnMut(&[&[u8]])) {
        let (mut pieces, mut rest) = (Vec::new(), self.request.body.as_slice());
        for cut in &self.cuts {
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        visit(&pieces);
    }
    fn now(&self) -> u64 {
        self.request.now()
    }
}

fn decide(ruleset: &Ruleset, request: &dyn Request) -> Outcome {
    let inspection = Inspection { request, denylists: &NoDenylists, mode: Mode::On };
    ruleset.evaluate_whole(&inspection, &mut ruleset.scratch())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn pieces_make_no_difference(
        before in "[ -~]{0,40}",
        after in "[ -~]{0,40}",
        shape in 0..6usize,
        cuts in prop::collection::vec(0..30usize, 0..12),
    ) {
        let body = match shape {
            0 => format!("{before}{TOKEN}{after}"),
            1 => format!("a={before}&t={TOKEN}&b={after}"),
            2 => format!("{{\"a\": \"x\", \"t\": \"{TOKEN}\"}}{after}"),
            3 => format!("<t>{TOKEN}</t>{after}"),
            4 => format!("--X\r\nContent-Disposition: form-data; name=t\r\n\r\n{TOKEN}\r\n--X--"),
            _ => format!("{before}{after}"),
        };
        let whole = post("", body);
        let pieces = Pieces { request: whole.clone(), cuts };
        for point in [
            "[post]",
            "[post, form_urlencoded, t]",
            "[post, json_doc, hash, t]",
            "[post, xml, xml_tag, t]",
            "[post, multipart, t]",
            "[anywhere]",
        ] {
            for matcher in [format!("tokens: ['{TOKEN}']"), "regex: 'fake-tok[a-z]+'".to_owned()] {
                let ruleset = ruleset(point, &matcher);
                prop_assert_eq!(decide(&ruleset, &whole), decide(&ruleset, &pieces), "{}", point);
            }
        }
    }
}

#[test]
fn one_byte_a_piece() {
    let request = post("", format!("x=1&t={TOKEN}"));
    let cuts = vec![1; request.body.len()];
    let pieces = Pieces { request, cuts };
    let found = decide(&ruleset("[post]", "regex: 'fake-token\\.[0-9]+'"), &pieces);
    let fingerprint = tokenban_engine::denylist::Key::token(TOKEN.as_bytes());
    assert_eq!(found.hit.map(|hit| hit.key), Some(fingerprint));
}

#[test]
fn an_empty_body_is_none() {
    let ruleset = ruleset("[post]", "present: true");
    for cuts in [vec![], vec![0, 0]] {
        let request = Pieces { request: post("", ""), cuts };
        assert_eq!(decide(&ruleset, &request), Outcome::passed());
    }
    assert!(decide(&ruleset, &post("", "x")).hit.is_some());
}
