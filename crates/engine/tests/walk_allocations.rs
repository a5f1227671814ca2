//! A clean request costs no allocation once the working memory is warm: the whole decision over
//! headers, cookies, arguments and the path, `anywhere` included.

use std::{borrow::Cow, path::Path};

use allocation_counter::measure;
use tokenban_engine::{
    decision::{Mode, Outcome},
    denylist::NoDenylists,
    limits::Limits,
    request::Request,
    Inspection, Ruleset, Stage,
};

const RULES: &str = r#"
rules:
  - id: body
    conditions: {uri: "example.com/**", method: [POST, PUT]}
    points: [[post, json_doc, hash, token]]
    present: true
  - id: body-of-api
    conditions: {uri: "api.example.com/v1/**", method: [POST, PUT]}
    points: [[post, json_doc, hash, token]]
    present: true
  - id: everywhere
    points: [[anywhere]]
    tokens: [fake-leaked-token-0123456789]
  - id: shapes
    points: [[anywhere]]
    regex: ['ghp_[0-9A-Za-z]{36}', '\b(?:AKIA|ASIA)[A-Z2-7]{16}\b', 'glpat-[\w-]{20}']
  - id: usual
    points:
      - [header, AUTHORIZATION]
      - [header, COOKIE, cookie, session]
      - [query, access_token]
    tokens: [fake-leaked-token-0123456789, 'sha256:9b74c9897bac770ffc029102a200c5de11d3b2e8e0c6b5f0d1f5c2a39f0f6a1b']
  - id: parts
    points:
      - [header, X-API-KEY, array, 1]
      - [header, X-API-KEY, pollution]
      - [header, X-API-KEY, array_all]
      - [query, list, array_all]
      - [header, COOKIE, cookie_all]
      - [header, COOKIE, cookie_name]
      - [query_name]
      - [path_all]
      - [uri]
      - [host]
      - [method]
      - [header_name]
    regex: '^fake-leaked'
  - id: subject
    points: [[header, AUTHORIZATION, jwt, claims, sub], [header, X-JSON, json_doc, hash, token]]
    regex: '^mallory$'
  - id: conditional
    conditions: {uri: "example.com/v1/**", method: POST}
    points: [[header, X-TOKEN]]
    present: true
"#;

/// A request that owns nothing, as the module's.
struct Clean {
    target: &'static str,
    path: &'static str,
    headers: &'static [(&'static str, &'static str)],
}

/// What a browser sends.
const BROWSER: Clean = Clean {
    target: "/v1/orders/42/items.json?access_token=other-token-123456&list[]=a&list[]=b&page=2",
    path: "/v1/orders/42/items.json",
    headers: &[
        ("Host", "api.example.com"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0"),
        ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("Accept-Language", "en-US,en;q=0.5"),
        ("Accept-Encoding", "gzip, deflate, br"),
        ("Authorization", "Bearer other-token-0123456789"),
        ("Cookie", "session=another-0123456789; theme=dark; _ga=GA1.2.123.456"),
        ("X-Api-Key", "first"),
        ("X-Api-Key", "second"),
        ("Content-Length", "0"),
    ],
};

/// `{"alg":"ES256"}`, `{"sub":"alice"}`; and JSON.
const STRUCTURED: Clean = Clean {
    target: "/",
    path: "/",
    headers: &[
        ("Authorization", "Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"),
        (
            "X-Json",
            "{\"token\":\"other\",\"list\":[1,{\"token\":2}],\"t\\u006fken\":\"\\u006fther\"}",
        ),
    ],
};

/// What makes parsers decode.
const ENCODED: Clean = Clean {
    target: "/v1/%6frders//x;a=b/?access_token=other%2Dtoken+x&q=%2541&list=a&list=b",
    path: "/v1/orders/x;a=b/",
    headers: &[
        ("host", "api.example.com"),
        ("authorization", "Basic dXNlcjpvdGhlci10b2tlbi0wMTIzNDU2Nzg5"),
        ("cookie", "session=\"an\\157ther\"; theme=%64ark; $Version=1"),
        ("x-forwarded-for", "192.0.2.1, 192.0.2.2"),
    ],
};

impl Request for Clean {
    fn method(&self) -> &[u8] {
        b"GET"
    }
    fn protocol(&self) -> &[u8] {
        b"HTTP/1.1"
    }
    fn scheme(&self) -> &[u8] {
        b"https"
    }
    fn remote_addr(&self) -> &[u8] {
        b"192.0.2.1"
    }
    fn host(&self) -> &[u8] {
        b"api.example.com"
    }
    fn target(&self) -> &[u8] {
        self.target.as_bytes()
    }
    fn path(&self) -> &[u8] {
        self.path.as_bytes()
    }
    fn args(&self) -> &[u8] {
        self.target.split_once('?').map_or(b"", |(_, args)| args.as_bytes())
    }
    fn headers(&self, visit: &mut dyn FnMut(&[u8], &[u8])) {
        self.headers.iter().for_each(|(name, value)| visit(name.as_bytes(), value.as_bytes()));
    }
    fn variable(&self, _: &str) -> Option<Cow<'_, [u8]>> {
        None
    }
    fn now(&self) -> u64 {
        0
    }
    fn body(&self, visit: &mut dyn FnMut(&[&[u8]])) {
        visit(&[]);
    }
}

#[test]
fn clean_requests_allocate_nothing() {
    let ruleset = Ruleset::load_text(Path::new("rules.yaml"), RULES, &Limits::default()).unwrap();
    let mut scratch = ruleset.scratch();
    for (name, request) in [("browser", BROWSER), ("structured", STRUCTURED), ("encoded", ENCODED)]
    {
        let inspection = Inspection { request: &request, denylists: &NoDenylists, mode: Mode::On };
        let mut passes = || {
            let passed = ruleset.evaluate(&inspection, Stage::Head, &mut scratch);
            // `anywhere` looks into bodies; this tests the conditions of the rules that do, too.
            ruleset.needs_body(&inspection, &mut scratch);
            passed == Outcome::passed()
        };
        assert!(passes(), "{name} is clean");
        let counted = measure(|| assert!(passes()));
        assert_eq!(counted.count_total, 0, "{name}: allocations");
    }
}
