//! From a rule to a decision: every head point, every reading, conditions, actions, modes.

use std::path::Path;

use tokenban_engine::{
    decision::{Decision, Mode, Outcome},
    denylist::NoDenylists,
    limits::Limits,
    request::OwnedRequest,
    Inspection, Ruleset, Stage,
};

const TOKEN: &str = concat!("fake-", "token.0123456789");

fn decide(rules: &str, request: &OwnedRequest, mode: Mode) -> Outcome {
    let rules = rules.replace("TOKEN", TOKEN);
    let ruleset = Ruleset::load_text(Path::new("test.yaml"), &rules, &Limits::default()).unwrap();
    let inspection = Inspection { request, denylists: &NoDenylists, mode };
    ruleset.evaluate_whole(&inspection, &mut ruleset.scratch())
}

fn request(target: &str, headers: &[(&str, &str)]) -> OwnedRequest {
    let fill = |text: &str| text.replace("TOKEN", TOKEN);
    let mut request = OwnedRequest::new("GET", fill(target).as_bytes());
    request.host = b"api.example.com".to_vec();
    request.headers =
        headers.iter().map(|(name, value)| (fill(name).into(), fill(value).into())).collect();
    request
}

fn rule(points: &str, matcher: &str) -> String {
    format!("rules:\n- id: leaked\n  points: [{points}]\n  {matcher}\n")
}

fn denied(rules: &str, request: &OwnedRequest) -> bool {
    decide(rules, request, Mode::On).decision == Decision::Denied
}

/// Points of Wallarm's page «Parsing requests», each with the request of its example.
#[test]
fn points_of_the_request_head() {
    let cookie = ("Cookie", "a=1; sid=TOKEN");
    let json = ("X-Json", r#"{"p1":"x","p2":["a","TOKEN"],"p3":{"k":"TOKEN"}}"#);
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);
    let cases: &[Case<'_>] = &[
        ("[path, 1]", "/blogs/TOKEN/index.php", &[]),
        ("[path_all]", "/blogs/TOKEN", &[]),
        ("[path_all]", "/bot1:TOKEN/getMe", &[]),
        ("[query, q]", "/?q=TOKEN", &[]),
        ("[get, q]", "/?check=yes&q=TOKEN", &[]),
        ("[query, q]", "/?%71=%66ake-token%2E0123456789", &[]),
        ("[query_all]", "/?x=1&y=TOKEN", &[]),
        ("[query_name]", "/?TOKEN=1", &[]),
        ("[query, p1, hash, x]", "/?p1[x]=TOKEN&p1[y]=2", &[]),
        ("[query, p2, array, 1]", "/?p2[]=a&p2[]=TOKEN", &[]),
        ("[query, p3, array, 0]", "/?p3=TOKEN&p3=2", &[]),
        ("[query, p3, array_all]", "/?p3=1&p3=TOKEN", &[]),
        ("[header, X-TEST]", "/", &[("X-Test", "aaa"), ("x_test", "TOKEN")]),
        ("[header, X-TEST, array, 1]", "/", &[("X-Test", "aaa"), ("X-Test", "TOKEN")]),
        ("[header_all]", "/", &[("X-Anything", "TOKEN")]),
        ("[header, COOKIE, cookie, sid]", "/", &[cookie]),
        ("[header, COOKIE, cookie, sid]", "/", &[("Cookie", "sid=\"TOKEN\"")]),
        ("[header, COOKIE, cookie_all]", "/", &[cookie]),
        ("[header, AUTHORIZATION, credentials]", "/", &[("authorization", "bEaReR \t TOKEN")]),
        ("[header, X-JSON, json_doc, hash, p2, array, 1]", "/", &[json]),
        ("[header, X-JSON, json_doc, hash, p3, hash, k]", "/", &[json]),
        ("[header, X-HTML, htmljs]", "/", &[("X-Html", "&#102;ake-token.0123456789")]),
        ("[header, X-B64, base64]", "/", &[("X-B64", "ZmFrZS10b2tlbi4wMTIzNDU2Nzg5")]),
        ("[header, X, percent]", "/", &[("X", "fake%2dtoken.0123456789")]),
        ("[anywhere]", "/", &[("X-Api-Key", "TOKEN")]),
        ("[anywhere]", "/?any=TOKEN", &[]),
        ("[anywhere]", "/", &[cookie]),
        ("[anywhere]", "/TOKEN", &[]),
    ];
    for (point, target, headers) in cases {
        let request = request(target, headers);
        for matcher in ["tokens: ['TOKEN']", "regex: 'fake-token\\.[0-9]+'"] {
            assert!(denied(&rule(point, matcher), &request), "{point} {matcher} {target}");
        }
        let clean = rule(point, "tokens: ['another-fake-token']");
        assert!(!denied(&clean, &request), "{point} must let another token pass");
    }
}

#[test]
fn the_uri_is_searched_as_sent_and_decoded() {
    let rules = rule("[uri]", "regex: 'fake-token\\.[0-9]+'");
    for target in ["/blogs/index.php?q=TOKEN", "/?q=%66ake-token%2E0123456789"] {
        assert!(denied(&rules, &request(target, &[])), "{target}");
    }
}

#[test]
fn a_token_is_found_inside_credentials() {
    let rules = rule("[header, AUTHORIZATION]", "tokens: ['TOKEN']");
    let basic = "Basic dXNlcjpmYWtlLXRva2VuLjAxMjM0NTY3ODk";
    for value in
        ["TOKEN", "Bearer TOKEN", "token  TOKEN", "Bearer \"TOKEN\"", "Bearer TOKEN,", basic]
    {
        assert!(denied(&rules, &request("/", &[("Authorization", value)])), "{value}");
    }
    for value in ["Bearer TOKENx", "Bearer xTOKEN", "Bearer"] {
        assert!(!denied(&rules, &request("/", &[("Authorization", value)])), "{value}");
    }
}

#[test]
fn basic_is_read_with_its_scheme_and_below_credentials() {
    // user:fake-token.0123456789
    let request = request("/", &[("Authorization", "basic dXNlcjpmYWtlLXRva2VuLjAxMjM0NTY3ODk=")]);
    for point in ["basic, password", "credentials, basic, password"] {
        let rules = rule(&format!("[header, AUTHORIZATION, {point}]"), "tokens: ['TOKEN']");
        assert!(denied(&rules, &request), "{point}");
    }
}

#[test]
fn claims_of_a_jwt() {
    // {"alg":"none"} . {"sub":"mallory"}
    let jwt = "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJtYWxsb3J5In0.";
    let rules = rule("[header, AUTHORIZATION, jwt, claims, sub]", "regex: '^mallory$'");
    assert!(denied(&rules, &request("/", &[("Authorization", jwt)])));
    let other = rule("[header, AUTHORIZATION, jwt, claims, sub]", "regex: '^alice$'");
    assert!(!denied(&other, &request("/", &[("Authorization", jwt)])));
}

#[test]
fn actions_follow_the_mode() {
    let request = request("/?q=TOKEN", &[]);
    let cases = [
        ("deny", Mode::On, Decision::Denied),
        ("deny", Mode::Monitor, Decision::Monitored),
        ("deny", Mode::Off, Decision::Passed),
        ("monitor", Mode::On, Decision::Monitored),
        ("enforce", Mode::Monitor, Decision::Denied),
        ("enforce", Mode::Off, Decision::Passed),
    ];
    for (action, mode, decision) in cases {
        let rules = rule("[query, q]", &format!("tokens: ['TOKEN']\n  action: {action}"));
        assert_eq!(decide(&rules, &request, mode).decision, decision, "{action} {mode:?}");
    }
}

#[test]
fn conditions_decide_whether_a_rule_applies() {
    let with = |more: &str| rule("[query, q]", &format!("present: true\n  {more}"));
    let request = request("/v1/users?q=1", &[("X-Env", "prod")]);
    let cases = [
        ("conditions: {uri: 'api.example.com/v1/**'}", true),
        ("conditions: {uri: 'api.example.com/v2/**'}", false),
        ("conditions: {method: [POST]}", false),
        ("conditions: {when: [{point: [header, X-ENV], equal: prod}]}", true),
        ("conditions: {when: [{point: [header, X-ENV], absent: true}]}", false),
        ("except: [{uri: 'api.example.com/v1/users'}]", false),
        ("expires: 1970-01-01T00:00:01Z", true),
    ];
    for (more, expected) in cases {
        assert_eq!(denied(&with(more), &request), expected, "{more}");
    }
    let late = OwnedRequest { now: 1, ..request };
    assert!(!denied(&with("expires: 1970-01-01T00:00:01Z"), &late));
}

#[test]
fn the_report_names_rule_point_and_fingerprint() {
    let rules = rule("[header, AUTHORIZATION]", "regex: 'fake-token\\.[0-9]+'");
    let outcome = decide(&rules, &request("/", &[("Authorization", "Bearer TOKEN")]), Mode::On);
    let hit = outcome.hit.unwrap();
    assert_eq!(hit.rule, "leaked");
    assert_eq!(hit.point, "[header, AUTHORIZATION]");
    let fingerprint = tokenban_engine::denylist::Key::token(TOKEN.as_bytes());
    assert_eq!(hit.key, fingerprint);
}

#[test]
fn what_needs_no_body_is_decided_before_it() {
    let text = "rules: [{id: a, points: [[header, A]], tokens: [fake-token-0123]}]";
    let ruleset = Ruleset::load_text(Path::new("x"), text, &Limits::default()).unwrap();
    let request = request("/", &[("A", "fake-token-0123")]);
    let inspection = Inspection { request: &request, denylists: &NoDenylists, mode: Mode::On };
    let scratch = &mut ruleset.scratch();
    assert!(!ruleset.needs_body(&inspection, scratch));
    let outcome = ruleset.evaluate(&inspection, Stage::Head, scratch);
    assert_eq!(outcome.decision, Decision::Denied);
    assert_eq!(ruleset.evaluate(&inspection, Stage::Body, scratch), Outcome::passed());
}
