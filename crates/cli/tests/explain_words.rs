//! What `tokenban explain` says of readings and of near misses, golden in `golden/explain/`:
//! `BLESS=1 cargo test -p tokenban --test explain_words`, then read `git diff`.

mod support;

use std::{fs, path::Path};

use support::Sandbox;

const TOKEN: &str = "fake-token-01";

/// UTF-16LE, without a mark.
fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A stored block of deflate in the frame of gzip (RFC 1952), which does for a short text.
fn gzip(text: &[u8]) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap();
    let mut crc = u32::MAX;
    for byte in text {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    let sizes = [length.to_le_bytes(), (!length).to_le_bytes()].concat();
    let end = [(!crc).to_le_bytes(), u32::from(length).to_le_bytes()].concat();
    [&head[..], &sizes, text, &end].concat()
}

/// A request of lines, with a body behind the empty one.
fn request(head: &str, body: &[u8]) -> Vec<u8> {
    let method = if body.is_empty() { "GET" } else { "POST" };
    let (target, lines) = if head.starts_with('/') { (head, "") } else { ("/", head) };
    let head = format!("{method} {target} HTTP/1.1\nHost: a\n{lines}");
    [head.trim_end().replace('\n', "\r\n").as_bytes(), b"\r\n\r\n", body].concat()
}

/// Compares with a golden file.
fn golden(name: &str, said: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/explain").join(name);
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, said).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(said, golden, "{name}; BLESS=1 writes it anew");
}

/// Point, request head, body.
fn readings() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let none = Vec::new;
    vec![
        ("[header, X-KEY]", "X-Key: fake-token-01", none()),
        ("[header, X-KEY]", "X-Key: other\nX-Key: fake-token-01", none()),
        ("[header, X-KEY]", "X-Key: \"fake-token-01\"", none()),
        ("[header, AUTHORIZATION]", "Authorization: bEaReR  fake-token-01", none()),
        ("[header, AUTHORIZATION]", "Authorization: Basic eDpmYWtlLXRva2VuLTAx", none()),
        ("[query, key]", "/?key=%66ake-token-01", none()),
        ("[query, key]", "/?key=%2566ake-token-01", none()),
        ("[query, key]", "/?key=1&key=fake-token-01", none()),
        ("[query, key]", "/?a=1;key=fake-token-01", none()),
        ("[path, 0]", "/%66ake-token-01/x", none()),
        ("[path, 0]", "/fake-token-01;a=b/x", none()),
        ("[header, COOKIE, cookie, sid]", "Cookie: sid=1; sid=fake-token-01", none()),
        ("[header, COOKIE, cookie, sid]", "Cookie: sid=\"fake%2dtoken-01\"", none()),
        ("[anywhere]", "X-Any: fake-token-01", none()),
        ("[anywhere]", "/?a=1&b=fake-token-01", none()),
        ("[anywhere]", "Cookie: a=1; b=fake-token-01", none()),
        ("[anywhere]", "/a/fake-token-01/b", none()),
        ("[header, X-KEY, base64]", "X-Key: ZmFrZS10b2tlbi0wMQ", none()),
        ("[header, X-KEY, htmljs]", "X-Key: &#102;ake-token-01", none()),
        ("[header, X-KEY, jwt, claims, sub]", "X-Key: eyJhbGciOiJub25lIn0.eyJzdWIiOiJmYWtlLXRva2VuLTAxIn0.", none()),
        ("[post, form_urlencoded, t]", "X: 1", b"a=1&t=%66ake-token-01".to_vec()),
        ("[post, form_urlencoded, t]", "Content-Encoding: gzip", gzip(b"t=fake-token-01")),
        ("[post]", "X: 1", wide("fake-token-01")),
        ("[post]", "Content-Encoding: gzip", gzip(&wide("fake-token-01"))),
        ("[post, json_doc, hash, t]", "X: 1", br#"{"t": 1, "t": "fake\u002dtoken-01"}"#.to_vec()),
        ("[post, xml, xml_tag, t]", "X: 1", b"<t>fake&#45;token-01</t>".to_vec()),
        ("[post, multipart, t]", "Content-Type: multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=t\r\n\r\n1\r\n--x\r\nContent-Disposition: form-data; name=t\r\n\r\nfake-token-01\r\n--x--\r\n".to_vec()),
        ("[post, gql, gql_mutation_all, hash, f, gql_arg, hash, t]", "X: 1", b"mutation { f(t: \"fake-token-01\") }".to_vec()),
    ]
}

#[test]
fn a_denial_names_the_reading() {
    let sandbox = Sandbox::without_store();
    let mut said = String::new();
    for (point, head, body) in readings() {
        let rules = format!("rules:\n  - {{id: leaked, points: [{point}], tokens: [{TOKEN}]}}\n");
        let rules = sandbox.file("reading.yaml", &rules);
        fs::write(sandbox.path().join("request"), request(head, &body)).unwrap();
        let file = sandbox.path().join("request").display().to_string();
        let arguments = ["explain", "--rules", &rules, "--request", &file];
        let ran = sandbox.run(&arguments, "");
        assert_eq!(ran.code, 1, "{point} {head}: {}{}", ran.out, ran.err);
        let json = sandbox.json(&[&arguments[..], &["--json"]].concat(), "", 1);
        let reading = json["hits"][0]["reading"].as_str().unwrap();
        assert!(ran.out.contains(&format!("\n  found {reading}\n")), "{}", ran.out);
        said += &format!("{point}  {}\n    {reading}\n", head.escape_debug());
    }
    golden("readings.txt", &said);
}

/// Rules, request head, body.
const MISSES: [(&str, &str, &str); 21] = [
    ("{id: r, points: [[query, t]], tokens: [fake-token-01]}", "X: 1", r#"{"a": {"b": {"c": {"d": {"e": {"f": {"g": "fake-token-01"}}}}}}}"#),
    ("{id: r, points: [[header, AUTHORIZATION]], tokens: [fake-token-01]}", "X-Foo: fake-token-01", ""),
    ("{id: r, points: [[query, t]], tokens: [fake-token-01]}", "X: 1", r#"{"a": {"b": ["fake-token-01"]}}"#),
    ("{id: r, points: [[query, t]], tokens: [fake-token-01]}", "/?u=%66ake-token-01", ""),
    ("{id: r, points: [[query, t], [header, A]], tokens: [fake-token-01]}", "Cookie: sid=fake-token-01", ""),
    ("{id: r, points: [[anywhere]], tokens: [fake-token-01], conditions: {uri: /v1/**}}", "/v2?t=fake-token-01", ""),
    ("{id: r, points: [[anywhere]], tokens: [fake-token-01], conditions: {method: [POST]}}", "/?t=fake-token-01", ""),
    ("{id: r, points: [[anywhere]], tokens: [fake-token-01], conditions: {when: [{point: [header, X-ENV], equal: prod}]}}", "X-Env: test\nA: fake-token-01", ""),
    ("{id: r, points: [[anywhere]], tokens: [fake-token-01], except: [{uri: /health}]}", "/health?t=fake-token-01", ""),
    ("{id: r, points: [[anywhere]], tokens: [fake-token-01], expires: 2020-01-01T00:00:00Z}", "A: fake-token-01", ""),
    ("{id: r, points: [[header, B]], tokens: [fake-token-01], expires: 2020-01-01T00:00:00Z}", "A: fake-token-01", ""),
    ("{id: r, points: [[anywhere]], denylist: other}", "A: fake-token-01", ""),
    ("{id: r, points: [[header, B]], denylist: leaked}", "Authorization: Bearer fake-token-01", ""),
    ("{id: r, points: [[header, B]], regex: '^fake-token-[0-9]+$'}", "Authorization: Bearer fake-token-01", ""),
    ("{id: r, points: [[query, a]], tokens: [another-value-00]}", "A: fake-token-01", ""),
    ("{id: r, points: [[query, a]], tokens: [fake-token-01]}", "A: another", ""),
    ("{id: r, points: [[query, a]], tokens: [fake-token-01]}", "A: ZmFrZS10b2tlbi0wMQ", ""),
    ("{id: r, points: [[query, a]], tokens: [fake-token-01]}", "A: xfake-token-01x", ""),
    ("{id: r, points: [[post, form_urlencoded, a]], tokens: [fake-token-01]}", "X: 1", "b=fake-token-01"),
    ("{id: r, points: [[query, a]], tokens: [fake-token-01]}", "X: 1", "<a><b c='fake-token-01'/></a>"),
    ("{id: r, points: [[header, A, jwt, claims, sub]], regex: '^mallory$'}", "/?t=eyJhbGciOiJub25lIn0.eyJzdWIiOiJtYWxsb3J5In0.", ""),
];

#[test]
fn a_pass_names_the_nearest_miss() {
    let sandbox = Sandbox::new();
    sandbox.run(&["ban"], TOKEN);
    let mut said = String::new();
    for (rule, head, body) in MISSES {
        let rules = sandbox.file("miss.yaml", &format!("rules:\n  - {rule}\n"));
        fs::write(sandbox.path().join("request"), request(head, body.as_bytes())).unwrap();
        let file = sandbox.path().join("request").display().to_string();
        let arguments = ["explain", "--rules", &rules, "--request", &file, "--token-stdin"];
        let token =
            head.rsplit_once("t=").filter(|(_, it)| it.starts_with("eyJ")).map_or(TOKEN, |it| it.1);
        let ran = sandbox.run(&arguments, token);
        assert_eq!(ran.code, 0, "{rule} {head}: {}{}", ran.out, ran.err);
        let (_, miss) = ran.out.rsplit_once("passed\n").unwrap();
        said += &format!("{rule}\n{} {body}\n{miss}\n", head.escape_debug());
    }
    golden("misses.txt", &said);
}

#[test]
fn standard_input_is_taken_once() {
    let sandbox = Sandbox::without_store();
    let rules = sandbox.file("r.yaml", "rules:\n  - {id: r, points: [[uri]], present: true}\n");
    for more in [&["--request", "-"][..], &["--data-binary", "@-", "/"], &["-F", "a=@-", "/"]] {
        let arguments = [&["explain", "--rules", &rules, "--token-stdin"], more].concat();
        let ran = sandbox.run(&arguments, TOKEN);
        assert!(ran.code == 2 && ran.err.contains("takes standard input"), "{}", ran.err);
    }
    let ran = sandbox.run(&["explain", "--rules", &rules, "--token-stdin", "/"], "\n");
    assert!(ran.code == 2 && ran.err.contains("no token on standard input"), "{}", ran.err);
}
