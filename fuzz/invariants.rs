//! What must hold for any bytes. The fuzz targets call these with what a fuzzer makes up;
//! `crates/engine/tests/fuzz.rs` calls them with the seeds and with every input that once failed.

use std::{path::Path, sync::OnceLock};

use tokenban_engine::{
    budget::{FREE, INFLATED, PER_BYTE},
    decision::{Decision, Mode},
    denylist::NoDenylists,
    limits::Limits,
    request::OwnedRequest,
    Inspection, Ruleset,
};

/// The token that the rules below deny.
pub(crate) const TOKEN: &[u8] = b"fake-T01";

const HEAD: &str = "rules:
- {id: header, points: [[header, X-API-KEY], [header, AUTHORIZATION]], tokens: [fake-T01]}
- {id: cookie, points: [[header, COOKIE, cookie, sid]], tokens: [fake-T01]}
- {id: query, points: [[query, key]], tokens: [fake-T01]}
- {id: anywhere, points: [[anywhere]], tokens: [fake-T01]}
";

/// A chain of parsers for each first byte of an input of [`points`].
const POINTS: [&str; 46] = [
    "[header, X, credentials]",
    "[header, X, basic, user]",
    "[header, X, credentials, basic, password]",
    "[header, X, base64]",
    "[header, X, percent]",
    "[header, X, htmljs]",
    "[header, X, gzip]",
    "[header, X, base64, gzip]",
    "[header, X, json_doc, hash, key]",
    "[header, X, json_doc, hash_all]",
    "[header, X, json_doc, hash_name]",
    "[header, X, json_doc, array_all]",
    "[header, X, json_doc, array, 1, hash, key]",
    "[header, X, jwt, claims, sub]",
    "[header, X, jwt, jwt_header, base64, json_doc, hash, alg]",
    "[header, X, jwt, jwt_payload]",
    "[header, COOKIE, cookie, sid]",
    "[header, COOKIE, cookie_all]",
    "[header, COOKIE, cookie_name]",
    "[query, key]",
    "[query_all]",
    "[query_name]",
    "[query, key, array_all]",
    "[query, key, hash, x]",
    "[query, key, pollution]",
    "[path_all]",
    "[path, 1]",
    "[action_ext]",
    "[uri]",
    "[anywhere]",
    "[post]",
    "[post, form_urlencoded, key]",
    "[post, form_urlencoded_all]",
    "[post, multipart, key]",
    "[post, multipart, key, file]",
    "[post, multipart_all]",
    "[post, json_doc, hash, key]",
    "[post, json_doc, array_all, hash_all]",
    "[post, xml, xml_tag, a]",
    "[post, xml, xml_tag_all, xml_attr_all]",
    "[post, xml, xml_dtd_entity, 0]",
    "[post, xml, xml_comment_all]",
    "[post, gql, gql_query_all, hash, a, gql_arg, hash, key]",
    "[post, grpc_all, protobuf, 3]",
    "[post, protobuf, 1, protobuf, 2]",
    "[post, base64, viewstate, viewstate_pair, 0]",
];

/// A rule file is read or refused: never a panic, and every mistake has its place.
pub(crate) fn rules(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut limits = Limits::default();
    limits.yaml_nodes = 10_000;
    limits.condition_size = 64 << 10;
    limits.pattern_size = 64 << 10;
    limits.matcher_size = 1 << 20;
    match Ruleset::load_text(Path::new("rules.yaml"), text, &limits) {
        Err(error) => {
            assert!(!error.diagnostics().is_empty());
            for diagnostic in error.diagnostics() {
                let line = diagnostic.to_string();
                assert!(!line.contains('\n'), "one line: {line:?}");
                // The count of mistakes that are not shown stands for itself.
                let counted = diagnostic.message.ends_with("more mistakes; mend those above first");
                assert!(diagnostic.place.is_some() || counted, "no place: {line}");
            }
        }
        Ok(ruleset) => {
            decide(&ruleset, &parse(b"GET /a?key=b HTTP/1.1\nCookie: sid=a\nAuthorization: B c\n"));
        }
    }
}

/// A request is decided, never with a panic; and as a simple reader of requests would decide it.
pub(crate) fn request(data: &[u8]) {
    static RULES: OnceLock<Ruleset> = OnceLock::new();
    let ruleset = RULES.get_or_init(|| load(HEAD));
    let request = parse(data);
    let denied = decide(ruleset, &request);
    let mut looked = false;
    ruleset.explain(&request, &NoDenylists, &mut |look| looked |= look.value == TOKEN);
    assert_eq!(denied, looked, "denied, if and only if a value that is looked at is the token");
    if plainly_has_token(&request) {
        assert!(denied, "a plain reader sees the token");
    }
    if denied {
        let mut longer = request;
        longer.headers.insert(0, (b"X-Filler".to_vec(), b"x".to_vec()));
        assert!(decide(ruleset, &longer), "another header hides nothing");
    }
}

/// One chain of parsers over any value: no panic, and readings in proportion to the value.
pub(crate) fn points(data: &[u8]) {
    static RULES: OnceLock<Vec<Ruleset>> = OnceLock::new();
    let rulesets = RULES.get_or_init(|| {
        let rule = |point| format!("rules: [{{id: a, points: [{point}], tokens: [fake-T01]}}]");
        POINTS.iter().map(|point| load(&rule(point))).collect()
    });
    let Some((first, value)) = data.split_first() else { return };
    let index = usize::from(*first) % POINTS.len();
    let target = [b"/a?", value].concat();
    let mut request = OwnedRequest::new("GET", if index < 25 { &target } else { value });
    for name in ["X", "Cookie", "Content-Type"] {
        request.headers.push((name.into(), value.to_vec()));
    }
    request.body = value.to_vec();
    let mut total = 0;
    rulesets[index].explain(&request, &NoDenylists, &mut |look| total += look.value.len());
    // A gzip value of a few bytes may inflate to 64 KiB before its ratio counts.
    let most = (1 << 20) + 8192 * value.len();
    assert!(total <= most, "{}: {total} of {}", POINTS[index], value.len());
    decide(&rulesets[index], &request);
}

fn load(text: &str) -> Ruleset {
    Ruleset::load_text(Path::new("rules.yaml"), text, &Limits::default()).expect("rules")
}

fn decide(ruleset: &Ruleset, request: &OwnedRequest) -> bool {
    let inspection = Inspection { request, denylists: &NoDenylists, mode: Mode::On };
    let mut scratch = ruleset.scratch();
    let outcome = ruleset.evaluate_whole(&inspection, &mut scratch);
    let most = FREE + PER_BYTE * INFLATED * request.body.len();
    assert!(scratch.work() <= most, "{} units of work, more than {most}", scratch.work());
    outcome.decision == Decision::Denied
}

/// A request line, header lines, an empty line, a body; whatever is missing is empty.
fn parse(data: &[u8]) -> OwnedRequest {
    let mut lines = data.split(|byte| *byte == b'\n');
    let line = lines.next().unwrap_or_default();
    let mut words = line.split(|byte| *byte == b' ');
    let method = String::from_utf8_lossy(words.next().unwrap_or_default()).into_owned();
    let mut request = OwnedRequest::new(&method, words.next().unwrap_or_default());
    for line in lines.by_ref().take_while(|line| !line.is_empty()) {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        request.headers.push((line[..colon].to_vec(), value.to_vec()));
    }
    request.body = lines.collect::<Vec<_>>().join(&b'\n');
    request
}

/// The token, where the simplest reader finds it.
fn plainly_has_token(request: &OwnedRequest) -> bool {
    let pair = |pairs: &[u8], separator: u8, name: &[u8]| {
        let mut pairs = pairs.split(|byte| *byte == separator);
        pairs.any(|pair| pair.strip_prefix(name).is_some_and(|value| value == TOKEN))
    };
    let in_header = |name: &[u8], value: &[u8]| match name.to_ascii_lowercase().as_slice() {
        b"x-api-key" => value == TOKEN,
        b"authorization" => value.strip_prefix(b"Bearer ") == Some(TOKEN),
        b"cookie" => pair(value, b';', b"sid=") || pair(value, b';', b" sid="),
        _ => false,
    };
    pair(&request.args, b'&', b"key=")
        || request.headers.iter().any(|(name, value)| in_header(name, value))
}
