//! `anywhere`: every place in a body where a credential usually travels, and nothing else.

use tokenban_engine::request::OwnedRequest;

use super::support::{decide, denies, post, values, TOKEN};

fn filled(content_type: &str, body: &str) -> OwnedRequest {
    post(content_type, body.replace("TOKEN", TOKEN))
}

#[test]
fn tokens_are_found() {
    let operations = "--X\r\nContent-Disposition: form-data; name=operations\r\n\r\n\
                      {\"query\": \"{a(t: \\\"TOKEN\\\")}\"}\r\n--X--";
    for body in [
        "TOKEN",
        "access_token=TOKEN&x=1",
        "x=1&any=Bearer+TOKEN",
        "{=1&access_token=TOKEN",
        r#"{"a": [1, {"b": "TOKEN"}]}"#,
        r#"{"a": "Bearer TOKEN"}"#,
        r#""TOKEN""#,
        "variables={\"t\": \"TOKEN\"}&query={a}",
        "query={a(t: \"TOKEN\")}",
        "--X\r\nContent-Disposition: form-data; name=t\r\n\r\nTOKEN\r\n--X--",
        "--X\r\nContent-Disposition: form-data; name=t; filename=TOKEN\r\n\r\nx\r\n--X--",
        operations,
        "<a><b c='TOKEN'/></a>",
        "<a><b>TOKEN</b></a>",
        "<!DOCTYPE a [<!ENTITY e 'TOKEN'>]><a>&e;</a>",
        "{a(t: \"TOKEN\")}",
        "mutation M($t: String = \"TOKEN\") {a(t: $t)}",
        r#"{"query": "{a(t: \"TOKEN\")}"}"#,
        r#"[{"query": "{a}"}, {"query": "{a(t: \"TOKEN\")}"}]"#,
        r#"{"query": "{a(t: $t)}", "variables": {"t": "TOKEN"}}"#,
    ] {
        assert!(denies("[anywhere]", &format!("tokens: ['{TOKEN}']"), &filled("", body)), "{body}");
    }
}

/// Back ends that take any type are many: `get_json(force=True)`, `parse_str(file_get_contents(…))`.
#[test]
fn a_type_hides_nothing() {
    let matcher = format!("tokens: ['{TOKEN}']");
    for content_type in ["multipart/form-data; boundary=X", "text/plain", "image/png", "x/y, z"] {
        for body in [r#" {"a": "TOKEN"}"#, "a=1&b=TOKEN", "<a>TOKEN</a>"] {
            let request = filled(content_type, body);
            assert!(denies("[anywhere]", &matcher, &request), "{content_type}: {body}");
        }
    }
}

#[test]
fn raw_uploads_and_parts_of_values_are_not_searched() {
    let file = "--X\r\nContent-Disposition: form-data; name=t; filename=f\r\n\r\nTOKEN\r\n--X--";
    for (content_type, body) in
        [("multipart/form-data; boundary=X", file), ("", r#"{"a": "xTOKEN"}"#), ("", "a=TOKENx")]
    {
        let matcher = format!("tokens: ['{TOKEN}']");
        assert!(!denies("[anywhere]", &matcher, &filled(content_type, body)), "{body}");
    }
}

/// Each reading of a value once, whatever else the body might be.
#[test]
fn a_document_is_read_once() {
    let request = filled("application/json", r#"{"a": "x", "b": ["y"]}"#);
    let found = values("[anywhere]", &request);
    for value in ["x", "y"] {
        assert_eq!(found.iter().filter(|found| *found == value).count(), 1, "{found:?}");
    }
}

/// Bytes without a pattern, the same on every run.
fn noise(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    };
    (0..length).map(step).collect()
}

/// What clean clients send is inspected as a whole, and nothing is found in it.
#[test]
fn clean_uploads_are_inspected_as_a_whole() {
    let dump = "-- a dump\n--\nINSERT INTO t VALUES ('a', 1);\n-- end\n".repeat(200);
    let starts: [&[u8]; 10] = [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"\x1f\x8b\x08\0",
        b"PK\x03\x04",
        b"%PDF-1.7\n",
        b"\xff\xd8\xff",
        b"\x78\x9c",
        b"--X\r\n",
        b"\0\0\x01\0",
        b"<svg",
    ];
    let uploads =
        starts.iter().zip(1..).map(|(start, seed)| [start, &*noise(seed, 60_000)].concat());
    let mut bodies: Vec<Vec<u8>> = uploads.collect();
    bodies.push(dump.into_bytes());
    bodies.push("# Title\n\n---\n\ntext & more = less; <b>\n".repeat(500).into_bytes());
    for body in bodies {
        for content_type in ["application/octet-stream", "image/png", ""] {
            let matcher = format!("tokens: ['{TOKEN}', another-fake-token-1]");
            let outcome = decide("[anywhere]", &matcher, &post(content_type, &body));
            assert_eq!((outcome.hit, outcome.incomplete), (None, None), "{:?}", body.get(..8));
            let part = "--XYZ\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n";
            let form = [part.as_bytes(), &body, b"\r\n--XYZ--\r\n"].concat();
            let form = post("multipart/form-data; boundary=XYZ", form);
            let outcome = decide("[anywhere]", &matcher, &form);
            assert_eq!((outcome.hit, outcome.incomplete), (None, None), "{:?}", body.get(..8));
        }
    }
}
