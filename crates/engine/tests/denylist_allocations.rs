//! A clean request costs no allocation once the working memory is warm, whatever is banned.

use std::path::Path;

use allocation_counter::measure;
use tokenban_engine::{
    decision::{Decision, Mode},
    denylist::{Ban, MemoryDenylists},
    limits::Limits,
    request::OwnedRequest,
    Inspection, Ruleset, Stage,
};

/// A denylist with entries of every kind: nothing is excluded by what kinds there are.
fn of_all_kinds() -> MemoryDenylists {
    let mut lists = MemoryDenylists::default();
    let ban = Ban { list: "leaked", reason: "test", ..Ban::default() };
    lists.ban(b"a-fake-leaked-token-0123", &ban);
    lists.ban(b"e30.e30.c2ln", &ban);
    lists.ban_sha1([7; 20], &ban);
    lists.ban_claim("jti", Some(b"https://idp.example"), b"1", &ban);
    lists.ban_claim("sub", None, b"mallory", &ban);
    lists.ban_claim("kid", None, b"key-1", &ban);
    lists.ban_claim("realm_access.roles", None, b"admin", &ban);
    lists
}

/// As a browser sends it, with a JWT of {"alg":"none"} and {"sub":"alice","jti":"x","iat":1}.
fn clean() -> OwnedRequest {
    let mut request = OwnedRequest::new("GET", b"/v1/users/42?page=3&q=a%20b");
    let jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSIsImp0aSI6IngiLCJpYXQiOjF9.c2ln";
    for (name, value) in [
        ("Host", "api.example.com"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0"),
        ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("Accept-Language", "en-US,en;q=0.5"),
        ("Accept-Encoding", "gzip, deflate, br"),
        ("Authorization", &format!("Bearer {jwt}")),
        ("Cookie", "sid=0123456789abcdef0123456789abcdef; theme=dark; _ga=GA1.2.3.4"),
        ("Referer", "https://example.com/a/b?c=d"),
        ("X-Api-Key", "0123456789abcdefghijklmn"),
        ("X-Request-Id", "5f1c3a0e-2b7d-4c56-9a1b-0123456789ab"),
        ("X-Forwarded-For", "192.0.2.1, 198.51.100.7"),
        ("Connection", "keep-alive"),
    ] {
        request.headers.push((name.into(), value.into()));
    }
    request
}

#[test]
fn clean_requests_allocate_nothing() {
    let lists = of_all_kinds();
    let request = clean();
    for point in ["[header, AUTHORIZATION]", "[anywhere]"] {
        let rules = format!("rules: [{{id: leaked, points: [{point}], denylist: [leaked]}}]");
        let ruleset = Ruleset::load_text(Path::new("x"), &rules, &Limits::default()).unwrap();
        let inspection = Inspection { request: &request, denylists: &lists, mode: Mode::On };
        let mut scratch = ruleset.scratch();
        let mut decide = || ruleset.evaluate(&inspection, Stage::Head, &mut scratch);
        decide();
        let mut decision = Decision::Denied;
        let counted = measure(|| decision = decide().decision);
        assert_eq!((decision, counted.count_total), (Decision::Passed, 0), "{point}");
    }
}
