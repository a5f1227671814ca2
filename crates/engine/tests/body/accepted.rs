//! What applications accept, the walk sees: field notes 3.2, items 21 to 33 and 36.

use std::io::Write;

use flate2::{write::DeflateEncoder, write::ZlibEncoder, Compression};
use tokenban_engine::request::OwnedRequest;

use super::support::{denies, gzip, post, TOKEN};

/// A request whose body is the text with `TOKEN` filled in.
fn filled(content_type: &str, body: &str) -> OwnedRequest {
    post(content_type, body.replace("TOKEN", TOKEN))
}

/// Fails unless a rule on the token at the point denies, by equality and by pattern.
#[track_caller]
fn assert_denied(point: &str, request: &OwnedRequest) {
    let body = String::from_utf8_lossy(&request.body);
    for matcher in [format!("tokens: ['{TOKEN}']"), "regex: '^fake-token\\.[0-9]+$'".to_owned()] {
        assert!(denies(point, &matcher, request), "{point} {matcher} misses it in {body:?}");
    }
    assert!(!denies(point, "tokens: [another-fake-token]", request), "{point} {body:?}");
}

/// 21: the point decides which parser runs, not the type.
#[test]
fn the_type_does_not_decide() {
    for content_type in
        ["", "text/plain", "application/x-www-form-urlencoded", "\tAPPLICATION/JSON", "a/b, c/d"]
    {
        for (point, body) in [
            ("[post, form_urlencoded, access_token]", "x=1&access_token=TOKEN"),
            ("[post, json_doc, hash, access_token]", r#"{"access_token":"TOKEN"}"#),
            ("[post, xml, xml_tag, access_token]", "<access_token>TOKEN</access_token>"),
            ("[post, gql, gql_query_all, hash, f, gql_arg, hash, t]", "{f(t:\"TOKEN\")}"),
            (
                "[post, multipart, access_token]",
                "--X\r\nContent-Disposition: form-data; name=access_token\r\n\r\nTOKEN\r\n--X--",
            ),
        ] {
            assert_denied(point, &filled(content_type, body));
        }
    }
}

/// 17 and 18, in a body.
#[test]
fn forms() {
    for body in [
        "access_token=TOKEN&access_token=x",
        "access_token=x&access_token=TOKEN",
        "access%5ftoken=TOKEN",
        "%61ccess_token=%66ake-token.0123456789",
        "access_token=%2566ake-token.0123456789",
        "access_token=TOKEN;x=1",
        "x=1;access_token=TOKEN",
        "access.token=TOKEN",
        " access_token=TOKEN",
        "&&access_token=TOKEN#x",
        "access_token=%u0066ake-token.0123456789",
    ] {
        assert_denied("[post, form_urlencoded, access_token]", &filled("", body));
        assert_denied("[post, form_urlencoded_all]", &filled("", body));
    }
    for body in ["t[]=x&t[]=TOKEN", "t=x&t=TOKEN", "t[1]=TOKEN"] {
        assert_denied("[post, form_urlencoded, t, array, 1]", &filled("", body));
    }
    assert_denied("[post, form_urlencoded, a, hash, b, hash, c]", &filled("", "a[b][c]=TOKEN"));
    assert_denied("[post, form_urlencoded, a, hash, b, array, 0]", &filled("", "a[b][]=TOKEN"));
    assert_denied("[post, form_urlencoded, a, array_all, hash, b]", &filled("", "a[][b]=TOKEN"));
}

/// 23 to 25.
#[test]
fn multipart() {
    let part = "Content-Disposition: form-data; name=\"t\"\r\n\r\nTOKEN";
    for (content_type, body) in [
        ("multipart/form-data; boundary=X", "--X\r\nPART\r\n--X--\r\n"),
        ("multipart/form-data; boundary=\"X\"", "--X\r\nPART\r\n--X--\r\n"),
        ("multipart/form-data; boundary*0=X; boundary*1=Y", "--XY\r\nPART\r\n--XY--\r\n"),
        ("multipart/form-data; boundary=Y; boundary=X", "--X\r\nPART\r\n--X--\r\n"),
        ("multipart/form-data; boundary=Y", "--X\r\nPART\r\n--X--\r\n"),
        ("multipart/form-data; boundary=X", "--X\r\nPART"),
        ("multipart/form-data; boundary=X", "preamble\r\n--X\r\nPART\r\n--X--epilogue"),
        ("MULTIPART/Mixed; Boundary=X", "--X\r\nPART\r\n--X--\r\n"),
    ] {
        for ends in ["\r\n", "\n"] {
            let body = body.replace("PART", part).replace("\r\n", ends);
            assert_denied("[post, multipart, t]", &filled(content_type, &body));
            assert_denied("[post, multipart_all]", &filled(content_type, &body));
        }
    }
    for head in [
        "Content-Disposition: form-data; name*=utf-8''t",
        "Content-Disposition: form-data; name=t",
        "Content-Disposition: form-data; name='t'",
        "Content-Disposition: form-data; name=\"x\"; name=\"t\"",
        "Content-Disposition: form-data; name=\"t\"; name=\"x\"",
        "content-disposition : form-data ; name = \"t\"",
        "Content-Disposition: form-data;\r\n name=\"t\"",
        "Content-Disposition\0: form-data; name=\"t\"",
    ] {
        let body = format!("--X\r\n{head}\r\n\r\nTOKEN\r\n--X--");
        assert_denied("[post, multipart, t]", &filled("multipart/form-data; boundary=X", &body));
    }
    for (more, content) in [
        ("Content-Transfer-Encoding: base64", "ZmFrZS10b2tlbi4wMTIzNDU2Nzg5"),
        ("Content-Transfer-Encoding: quoted-printable", "fake=2Dtoken.012345=\r\n6789"),
        ("Content-Type: text/plain; charset=utf-7", "fake+AC0-token.0123456789"),
        ("Content-Type: text/plain; charset=utf-8; charset=utf-7", "fake+AC0-token.0123456789"),
    ] {
        let head = format!("Content-Disposition: form-data; name=\"t\"\r\n{more}");
        let body = format!("--X\r\n{head}\r\n\r\n{content}\r\n--X--");
        assert_denied("[post, multipart, t]", &post("multipart/form-data; boundary=X", body));
    }
    let told = "--X\r\nContent-Disposition: form-data; name=_charset_\r\n\r\nutf-7\r\n--X\r\n\
                Content-Disposition: form-data; name=t\r\n\r\nfake+AC0-token.0123456789\r\n--X--";
    assert_denied("[post, multipart, t]", &post("multipart/form-data; boundary=X", told));
    let file =
        "--X\r\nContent-Disposition: form-data; name=t; filename=TOKEN\r\n\r\nTOKEN\r\n--X--";
    for point in ["file", "file_name"] {
        assert_denied(&format!("[post, multipart, t, {point}]"), &filled("", file));
        assert_denied(&format!("[post, multipart_all, {point}]"), &filled("", file));
    }
    let header = "--X\r\nContent-Disposition: form-data; name=t\r\nx_key: TOKEN\r\n\r\nx\r\n--X--";
    assert_denied("[post, multipart, t, header, X-KEY]", &filled("", header));
}

/// 26.
#[test]
fn json() {
    for body in [
        r#"{"t":"TOKEN"}"#,
        r#"{"\u0074":"\u0066ake-token.0123456789"}"#,
        r#"{"t":"x","t":"TOKEN"}"#,
        r#"{"t":"TOKEN","t":"x"}"#,
        "\u{feff}{\"t\":\"TOKEN\"}",
        "/* x */{\"t\":\"TOKEN\"}",
        r#"{"t":"TOKEN",}"#,
        r#"{"a":NaN,"t":"TOKEN"}"#,
        r#"{"t":"TOKEN"} junk"#,
        r#"{t:'TOKEN'}"#,
        "{\"t\0x\":\"TOKEN\"}",
        r#"{"t":"TOKEN"#,
        "{\"a\":1}\n{\"t\":\"TOKEN\"}",
    ] {
        assert_denied("[post, json_doc, hash, t]", &filled("application/json", body));
        assert_denied("[post, json_doc, hash_all]", &filled("application/json", body));
    }
    let wide = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        format!("{{\"t\":\"{TOKEN}\"}}").encode_utf16().flat_map(unit).collect()
    };
    for body in [wide(u16::to_le_bytes), wide(u16::to_be_bytes)] {
        assert_denied("[post, json_doc, hash, t]", &post("application/json", body));
    }
    let long: Vec<u8> = format!("\u{feff}{{\"t\":\"{TOKEN}\"}}")
        .chars()
        .flat_map(|character| (character as u32).to_le_bytes())
        .collect();
    assert_denied("[post, json_doc, hash, t]", &post("", long));
    let seven = "{+ACI-t+ACI-:+ACI-TOKEN+ACI-}";
    assert_denied("[post, json_doc, hash, t]", &filled("application/json; charset=UTF-7", seven));
}

/// Of two charsets, and of a parameter that only looks like one, readers take either.
#[test]
fn a_second_charset_hides_nothing() {
    for content_type in [
        "x/y; charset=utf-8; charset=utf-7",
        "x/y; xcharset=utf-8; charset=utf-7",
        "x/y; charset=cp037; charset=utf-7",
    ] {
        let form = post(content_type, "t=fake%2BAC0-token.0123456789");
        assert_denied("[post, form_urlencoded, t]", &form);
        let json = filled(content_type, "{+ACI-t+ACI-:+ACI-TOKEN+ACI-}");
        assert_denied("[post, json_doc, hash, t]", &json);
    }
}

/// 28.
#[test]
fn xml() {
    for body in [
        "<t>TOKEN</t>",
        "<t><![CDATA[TOKEN]]></t>",
        "<t>fake-<!-- x -->token.0123456789</t>",
        "<t>&#102;ake-token.0123456789</t>",
        "<!DOCTYPE t [<!ENTITY e 'TOKEN'>]><t>&e;</t>",
        "<a:t xmlns:a='urn:a'> TOKEN </a:t>",
        "<x/><t>TOKEN</t>junk",
        "<t>TOKEN",
    ] {
        assert_denied("[post, xml, xml_tag, t]", &filled("text/xml", body));
        assert_denied("[post, xml, xml_tag_all]", &filled("text/xml", body));
    }
    let wide: Vec<u8> =
        format!("<t>{TOKEN}</t>").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_denied("[post, xml, xml_tag, t]", &post("", wide));
}

/// 29: by any name of the operation, through fragments, in variables.
#[test]
fn gql() {
    let point = "[post, gql, gql_mutation_all, hash, login, gql_arg, hash, token]";
    for document in [
        "mutation {login(token: \"TOKEN\") {id}}",
        "mutation M {x: login(token: \"\\u0066ake-token.0123456789\")}",
        "mutation M {login(token: \"\"\"\n  TOKEN\n\"\"\")}",
        "mutation M {... {login(token: \"TOKEN\")}}",
        "mutation M {... on Mutation {... {login(token: \"TOKEN\")}}}",
        "mutation M {...F} fragment F on Mutation {login(token: \"TOKEN\")}",
        "mutation M {...F} fragment F on M {...G} fragment G on M {login(token: \"TOKEN\") ...F}",
        "mutation M($t: String = \"TOKEN\") {login(token: $t)}",
        "\"A description\" mutation {login(token: \"TOKEN\")}",
        "query Q {a} #comment\nmutation,,M{login(token:\"TOKEN\")}",
    ] {
        assert_denied(point, &filled("application/graphql", document));
        let escaped = document.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let envelope = format!("{{\"query\": \"{escaped}\"}}");
        assert_denied(point, &filled("application/json", &envelope));
        let inner = point.replace("gql,", "json_doc, hash, query, gql,");
        assert_denied(&inner, &filled("application/json", &envelope));
    }
    let envelope = |variables: &str| {
        format!(
            "{{\"query\": \"mutation M($t: T) {{login(token: $t)}}\", \"variables\": {variables}}}"
        )
    };
    for body in [
        envelope("{\"t\": \"TOKEN\"}"),
        envelope("\"{\\\"t\\\": \\\"TOKEN\\\"}\""),
        format!("[{{\"query\": \"{{a}}\"}}, {}]", envelope("{\"t\": \"TOKEN\"}")),
        "{\"query\": \"x\", \"query\": \"mutation {login(token: $t)}\", \"variables\": {\"t\": \"TOKEN\"}}"
            .to_owned(),
        "{\"variables\": {\"t\": \"x\"}, \"variables\": {\"t\": \"TOKEN\"}, \
         \"query\": \"mutation {login(token: $t)}\"}"
            .to_owned(),
    ] {
        assert_denied(point, &filled("application/json", &body));
    }
    let deep = "[post, gql, gql_mutation_all, hash, f, gql_arg, hash, in, hash, l, array, 0]";
    for body in [
        "mutation {f(in: {l: [\"TOKEN\", 1]})}",
        "mutation {f(in: {l: \"TOKEN\"})}",
        "mutation ($v: V = \"TOKEN\") {f(in: {l: [$v]})}",
        "{\"query\": \"mutation {f(in: $v)}\", \"variables\": {\"v\": {\"l\": [\"TOKEN\"]}}}",
        "{\"query\": \"mutation {f(in: {l: $v})}\", \"variables\": {\"v\": \"TOKEN\"}}",
    ] {
        assert_denied(deep, &filled("", body));
    }
}

#[test]
fn gql_outside_of_json() {
    let point = "gql, gql_query_all, hash, me, gql_arg, hash, token]";
    let document = "query ($t: String) { me(token: $t) }";
    let encoded = document.replace(' ', "+").replace('$', "%24");
    let arguments = format!("variables=%7B%22t%22:%22{TOKEN}%22%7D&query={encoded}");
    let mut get = OwnedRequest::new("GET", format!("/graphql?{arguments}").as_bytes());
    get.host = b"localhost".to_vec();
    assert_denied(&format!("[query, query, {point}"), &get);
    assert_denied(&format!("[post, form_urlencoded, query, {point}"), &filled("", &arguments));
    let part = |name: &str, value: &str| {
        format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let fields = [part("query", document), part("variables", "{\"t\": \"TOKEN\"}")].concat();
    assert_denied(&format!("[post, multipart, query, {point}"), &filled("", &fields));
    let operations = format!("{{\"query\": \"{document}\", \"variables\": {{\"t\": \"TOKEN\"}}}}");
    let upload = part("operations", &operations);
    assert_denied(&format!("[post, multipart, operations, {point}"), &filled("", &upload));
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// One uncompressed meta-block and the empty last one (RFC 7932 section 9.2).
fn brotli(data: &[u8]) -> Vec<u8> {
    let head = ((data.len() as u32 - 1) << 4) | 1 << 20;
    [&head.to_le_bytes()[..3], data, &[3]].concat()
}

/// 30: the header may lie.
#[test]
fn content_encoding() {
    let form = format!("x=1&access_token={TOKEN}");
    let form = form.as_bytes();
    for (coding, body) in [
        ("gzip", gzip(form)),
        ("x-gzip", gzip(form)),
        ("GZIP", gzip(form)),
        ("deflate", zlib(form)),
        ("deflate", deflate(form)),
        ("br", brotli(form)),
        ("gzip, gzip", gzip(&gzip(form))),
        ("gzip, br", brotli(&gzip(form))),
        ("gzip", gzip(&gzip(form))),
        ("", gzip(form)),
        ("identity", gzip(form)),
        ("br", gzip(form)),
        ("gzip", form.to_vec()),
    ] {
        let mut request = post("", body);
        request.headers.push((b"Content-Encoding".to_vec(), coding.into()));
        assert_denied("[post, form_urlencoded, access_token]", &request);
        let pattern = "regex: 'fake-token\\.[0-9]+'";
        assert!(denies("[post]", pattern, &request), "{coding}");
    }
    let chained = post("", gzip(form));
    assert_denied("[post, gzip, form_urlencoded, access_token]", &chained);
}

/// 36.
#[test]
fn saml() {
    let assertion = "<samlp:Response xmlns:samlp=\"urn:p\"><Assertion><NameID>TOKEN</NameID>\
                     </Assertion></samlp:Response>";
    let xml = "xml, xml_tag, Response, xml_tag, Assertion, xml_tag, NameID]";
    let text = base64(assertion.replace("TOKEN", TOKEN).as_bytes());
    let wrapped: String = text.as_bytes().chunks(60).map(|line| text_of(line) + "\r\n").collect();
    for encoded in [&text, &wrapped] {
        let form = format!("RelayState=x&SAMLResponse={}", percent(encoded));
        let point = format!("[post, form_urlencoded, SAMLResponse, base64, {xml}");
        assert_denied(&point, &post("", form));
    }
    let redirect = base64(&deflate(assertion.replace("TOKEN", TOKEN).as_bytes()));
    let target = format!("/sso?SAMLResponse={}", percent(&redirect));
    let request = OwnedRequest::new("GET", target.as_bytes());
    assert_denied(&format!("[query, SAMLResponse, base64, gzip, {xml}"), &request);
    let form = post("", format!("SAMLResponse={}", percent(&redirect)));
    assert_denied(&format!("[post, form_urlencoded, SAMLResponse, base64, gzip, {xml}"), &form);
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn base64(data: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in data.chunks(3) {
        let bits = three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - three.len()));
        for place in 0..=three.len() {
            let sextet = bits >> (18 - 6 * place) & 63;
            text.push(char::from(ALPHABET[sextet as usize]));
        }
    }
    text
}

/// Credentials are looked for below every value of a body, too.
#[test]
fn credentials_in_bodies() {
    for (point, body) in [
        ("[post, form_urlencoded, auth]", "auth=Bearer+TOKEN"),
        ("[post, json_doc, hash, auth]", r#"{"auth": "bearer  TOKEN"}"#),
        ("[post, json_doc, hash, auth]", r#"{"auth": "Basic eDpmYWtlLXRva2VuLjAxMjM0NTY3ODk="}"#),
        ("[post, json_doc, hash, auth]", r#"{"auth": "fake%2Dtoken.0123456789"}"#),
        ("[post, xml, xml_tag, a, xml_attr, b]", "<a b='\"TOKEN\"'/>"),
        ("[post, multipart, a]", "--X\nContent-Disposition: x; name=a\n\ntoken TOKEN\n--X--"),
        ("[post]", "TOKEN"),
        ("[post]", "Bearer TOKEN"),
    ] {
        assert!(denies(point, &format!("tokens: ['{TOKEN}']"), &filled("", body)), "{body}");
    }
}

#[test]
fn chained_parsers() {
    // {"alg":"none"} . {"sub":"mallory"}
    let jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtYWxsb3J5In0.";
    let request = post("", format!("{{\"id_token\": \"{jwt}\"}}"));
    let point = "[post, json_doc, hash, id_token, jwt, claims, sub]";
    assert!(denies(point, "regex: '^mallory$'", &request));
    for (point, body) in [
        ("[post, json_doc, hash, a, base64]", r#"{"a": "ZmFrZS10b2tlbi4wMTIzNDU2Nzg5"}"#),
        ("[post, json_doc, hash, a, json_doc, hash, b]", r#"{"a": "{\"b\": \"TOKEN\"}"}"#),
        ("[post, json_doc, hash, a, form_urlencoded, b]", r#"{"a": "b=TOKEN"}"#),
        ("[post, form_urlencoded, a, json_doc, hash, b]", "a={\"b\":\"TOKEN\"}"),
        ("[post, form_urlencoded, a, htmljs]", "a=%26%23102;ake-token.0123456789"),
        ("[post, xml, xml_tag, a, json_doc, hash, b]", "<a>{\"b\": \"TOKEN\"}</a>"),
        ("[post, json_doc, array, 1]", r#"["x", "TOKEN"]"#),
    ] {
        assert_denied(point, &filled("", body));
    }
}
