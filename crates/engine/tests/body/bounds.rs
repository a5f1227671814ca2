//! Bombs: time grows with the body as the body does, memory is bounded, and what was cut is said.

use std::time::Instant;

use allocation_counter::measure;
use tokenban_engine::{
    decision::{Incomplete, Mode},
    denylist::{LostDenylists, NoDenylists},
    request::OwnedRequest,
    Inspection, Ruleset,
};

use super::support::{gzip, post, ruleset, TOKEN};

/// 32 MiB of one letter (Brotli's own encoder, quality 11).
const BROTLI: &[u8] = b"\xcf\xff\xff\x7f\xf8\x25\xc2\xe2\xb1\x40\x20\xf7\xfe\x9f\
                        \xff\xff\xff\xf0\x4b\x00\xc4\x61\x01\x80\xee\xfd\xff";

/// A bomb, made of about as many bytes as are asked for.
struct Bomb {
    name: &'static str,
    points: &'static [&'static str],
    content_type: &'static str,
    body: fn(usize) -> Vec<u8>,
}

fn repeat(unit: &str, size: usize) -> Vec<u8> {
    unit.repeat(size / unit.len()).into_bytes()
}

const FORM: &[&str] = &[
    "[post, form_urlencoded_all]",
    "[post, form_urlencoded, t]",
    "[post, form_urlencoded, t, array, 1]",
    "[post, form_urlencoded, t, pollution]",
    "[post, form_urlencoded_name]",
];
const JSON: &[&str] =
    &["[post, json_doc, hash_all]", "[post, json_doc, hash, a, hash, a, array_all]", "[anywhere]"];
const XML: &[&str] = &[
    "[post, xml, xml_tag, a, xml_tag, a, xml_tag_all]",
    "[anywhere]",
    "[post, xml, xml_tag, a, array, 1, xml_attr_all]",
    "[post, xml, xml_comment_all]",
];
const MULTIPART: &[&str] = &[
    "[post, multipart_all]",
    "[post, multipart, t, array, 1]",
    "[post, multipart, t, pollution]",
    "[anywhere]",
];
const GQL: &[&str] = &[
    "[post, gql, gql_query_all, hash, a, gql_arg, hash, t]",
    "[post, gql, gql_query_all, hash_all, hash, a]",
    "[anywhere]",
];

const BOMBS: &[Bomb] = &[
    Bomb { name: "fields", points: FORM, content_type: "", body: |n| repeat("t=1&", n) },
    Bomb { name: "names", points: FORM, content_type: "", body: |n| repeat("&", n) },
    Bomb {
        name: "encodings within encodings",
        points: FORM,
        content_type: "",
        body: |n| {
            [repeat("%2525u0041+", n / 2), b"=".to_vec(), repeat("%2525u0041+", n / 2)].concat()
        },
    },
    Bomb { name: "deep arrays", points: JSON, content_type: "", body: |n| repeat("[", n) },
    Bomb { name: "deep objects", points: JSON, content_type: "", body: |n| repeat("{\"a\":", n) },
    Bomb {
        name: "members",
        points: JSON,
        content_type: "",
        body: |n| [b"{".to_vec(), repeat("\"a\":1,", n)].concat(),
    },
    Bomb {
        name: "comments",
        points: JSON,
        content_type: "",
        body: |n| [b"{".to_vec(), repeat("/*", n)].concat(),
    },
    Bomb { name: "deep elements", points: XML, content_type: "", body: |n| repeat("<a>", n) },
    Bomb { name: "elements", points: XML, content_type: "", body: |n| repeat("<a b='c'/>", n) },
    Bomb { name: "ends", points: XML, content_type: "", body: |n| repeat("<a></b>", n) },
    Bomb { name: "angles", points: XML, content_type: "", body: |n| repeat("<!--", n) },
    Bomb {
        name: "parts",
        points: MULTIPART,
        content_type: "multipart/form-data; boundary=X",
        body: |n| repeat("--X\r\nContent-Disposition: x; name=t\r\n\r\n\r\n", n),
    },
    Bomb {
        name: "empty parts",
        points: MULTIPART,
        content_type: "multipart/form-data; boundary=X",
        body: |n| repeat("--X\r\n", n),
    },
    Bomb {
        name: "a long boundary",
        points: MULTIPART,
        content_type: "",
        body: |n| {
            [b"--".to_vec(), repeat("x", n / 2), b"\r\n\r\n--".to_vec(), repeat("x", n / 2)]
                .concat()
        },
    },
    Bomb { name: "deep selections", points: GQL, content_type: "", body: |n| repeat("{a", n) },
    Bomb {
        name: "fragments within fragments",
        points: GQL,
        content_type: "",
        body: |n| [b"{".to_vec(), repeat("...{", n)].concat(),
    },
    Bomb {
        name: "one variable many times",
        points: GQL,
        content_type: "",
        body: |n| {
            let query = String::from_utf8(repeat("a(t:$v) ", n / 2)).unwrap_or_default();
            let value = "x".repeat(n / 2);
            format!("{{\"query\": \"{{{query}}}\", \"variables\": {{\"v\": \"{value}\"}}}}")
                .into_bytes()
        },
    },
    Bomb {
        name: "one fragment many times",
        points: GQL,
        content_type: "",
        body: |n| {
            let uses = String::from_utf8(repeat("a {...F} ", n / 2)).unwrap_or_default();
            let fields = String::from_utf8(repeat("a ", n / 2)).unwrap_or_default();
            format!("{{{uses}}} fragment F on T {{{fields}}}").into_bytes()
        },
    },
    Bomb {
        name: "fragments of one another",
        points: GQL,
        content_type: "",
        body: |n| {
            let fragments =
                (0..n / 40).map(|i| format!("fragment F{i} on T {{...F{} ...F{i}}} ", i + 1));
            format!("{{...F0}} {}", fragments.collect::<String>()).into_bytes()
        },
    },
    Bomb {
        name: "messages",
        points: &["[post, grpc_all, protobuf_all]", "[post, grpc, 1]"],
        content_type: "",
        body: |n| repeat("\0\0\0\0\x03\x0a\x01a", n),
    },
    Bomb {
        name: "fields of messages",
        points: &["[post, protobuf_all, protobuf_all]"],
        content_type: "",
        body: |n| repeat("\x0a\x02\x0a\0", n),
    },
    Bomb {
        name: "view state",
        points: &["[post, viewstate, viewstate_pair_all, viewstate_pair_all]"],
        content_type: "",
        body: |n| [b"\xff\x01".to_vec(), repeat("\x0f", n)].concat(),
    },
    Bomb {
        name: "commas and schemes",
        points: &["[post]"],
        content_type: "",
        body: |n| repeat("Bearer a, ", n),
    },
    Bomb {
        name: "dots",
        points: &["[post, jwt, claims, sub]"],
        content_type: "",
        body: |n| repeat("eyJhIjoxfQ.", n),
    },
    Bomb {
        name: "references",
        points: &["[post, htmljs]", "[post, percent]", "[post, base64]"],
        content_type: "",
        body: |n| repeat("&#x26;%25\\u0041", n),
    },
];

/// The quickest of a few tries: other work on the machine only ever adds.
fn seconds(ruleset: &Ruleset, request: &OwnedRequest) -> f64 {
    let inspection = Inspection { request, denylists: &NoDenylists, mode: Mode::On };
    let tries = (0..3).map(|_| {
        let began = Instant::now();
        ruleset.evaluate_whole(&inspection, &mut ruleset.scratch());
        began.elapsed().as_secs_f64()
    });
    tries.fold(f64::INFINITY, f64::min)
}

/// Whether a request was not inspected as a whole because of what was sent.
fn is_bound(incomplete: Option<Incomplete>) -> bool {
    matches!(incomplete, Some(Incomplete::Bound | Incomplete::Budget))
}

#[test]
fn time_and_memory_grow_as_the_body_does() {
    let matcher = format!("tokens: ['{TOKEN}']");
    for bomb in BOMBS {
        for point in bomb.points {
            let ruleset = ruleset(point, &matcher);
            let request = |size| post(bomb.content_type, (bomb.body)(size));
            let (small, large) = (request(4 << 10), request(16 << 10));
            let short = seconds(&ruleset, &small);
            let mut long = 0.0;
            let memory = measure(|| long = seconds(&ruleset, &large));
            assert!(long < 0.05 + 10.0 * short, "{} at {point}: {short} then {long}", bomb.name);
            assert!(long < 2.0, "{} at {point}: {long} seconds for 16 KiB", bomb.name);
            let most = (1 << 20) + 64 * large.body.len() as u64;
            assert!(memory.bytes_max < most, "{} at {point}: {:?}", bomb.name, memory);
        }
    }
}

/// Of a body that is larger than it looks: which bound cuts it, and what that costs.
#[test]
fn what_inflates_is_cut_and_said() {
    let laughs = {
        let entities =
            (1..10).map(|i| format!("<!ENTITY l{i} '{}'>", format!("&l{};", i - 1).repeat(10)));
        format!("<!DOCTYPE a [<!ENTITY l0 'lol'>{}]><a>&l9;</a>", entities.collect::<String>())
    };
    let archive = gzip(&vec![b'a'; 17 << 20]);
    let fragments = format!("{{{}a", "...{".repeat(129));
    let nested = [1, 2, 3, 4, 5].iter().fold(b"x".to_vec(), |body, _| gzip(&body));
    let message = gzip(&vec![b'a'; 60 << 10]);
    let frame = [&[1][..], &(message.len() as u32).to_be_bytes(), &message].concat();
    let forms = (0..9).fold(String::from("x"), |inner, i| {
        format!("--b{}\r\nContent-Type: multipart/x; boundary=b{i}\r\n\r\n{inner}", i + 1)
    });
    for (name, point, coding, body) in [
        ("gzip", "[post, json_doc, hash, t]", "gzip", archive.clone()),
        ("gzip", "[post]", "gzip", archive.clone()),
        ("gzip", "[anywhere]", "gzip", archive.clone()),
        ("gzip", "[post, gzip]", "", archive.clone()),
        ("brotli", "[post]", "br", BROTLI.to_vec()),
        ("layers", "[post]", "gzip, gzip, gzip, gzip, gzip", nested),
        ("entities", "[post, xml, xml_tag, a]", "", laughs.clone().into_bytes()),
        ("entities", "[anywhere]", "", laughs.into_bytes()),
        ("messages", "[post, grpc_all]", "", frame.repeat(400)),
        ("multipart", "[post, multipart, t]", "", forms.into_bytes()),
        ("fragments", "[post, gql, gql_query_all, hash, a]", "", fragments.into_bytes()),
        (
            "view state",
            "[post, viewstate, viewstate_pair, 0]",
            "",
            [&b"\xff\x01"[..], &[15; 99]].concat(),
        ),
    ] {
        let ruleset = ruleset(point, &format!("tokens: ['{TOKEN}']"));
        let mut request = post("", body);
        request.headers.push((b"Content-Encoding".to_vec(), coding.into()));
        let inspection = Inspection { request: &request, denylists: &NoDenylists, mode: Mode::On };
        let scratch = &mut ruleset.scratch();
        let (mut outcome, began) = (None, Instant::now());
        let memory = measure(|| outcome = Some(ruleset.evaluate_whole(&inspection, scratch)));
        let incomplete = outcome.and_then(|outcome| outcome.incomplete);
        assert!(is_bound(incomplete), "{name} at {point}: {incomplete:?}");
        assert!(memory.bytes_max < 100 << 20, "{name} at {point}: {memory:?}");
        assert!(began.elapsed().as_secs() < 20, "{name} at {point}: {:?}", began.elapsed());
        // What only the bomb needed is given back.
        let kept = measure(|| drop(std::mem::replace(scratch, ruleset.scratch())));
        assert!(kept.bytes_current > -(16 << 20), "{name} at {point}: {kept:?}");
        let again = ruleset.evaluate_whole(&inspection, scratch).incomplete;
        assert!(is_bound(again), "{name} at {point}: {again:?}");
    }
}

/// A bound concerns the rules that it may concern.
#[test]
fn a_rule_that_does_not_apply_is_not_cut() {
    let request = OwnedRequest {
        headers: vec![(b"Content-Encoding".to_vec(), b"gzip".to_vec())],
        ..post("", gzip(&vec![b'a'; 17 << 20]))
    };
    for (more, expected) in [
        ("", true),
        ("\n  conditions: {uri: /other}", false),
        ("\n  action: monitor", false),
        ("\n  expires: 1970-01-01T00:00:00Z", false),
    ] {
        let ruleset = ruleset("[post]", &format!("regex: 'bbb'{more}"));
        let inspection = Inspection { request: &request, denylists: &NoDenylists, mode: Mode::On };
        let outcome = ruleset.evaluate_whole(&inspection, &mut ruleset.scratch());
        assert_eq!(is_bound(outcome.incomplete), expected, "{more}");
    }
}

/// An archive that is uploaded under its own name is no compressed body.
#[test]
fn an_undeclared_archive_is_no_bomb() {
    for point in ["[post]", "[post, json_doc, hash, t]", "[anywhere]"] {
        let request = post("application/gzip", gzip(&vec![b'a'; 8 << 20]));
        let ruleset = ruleset(point, "regex: 'bbb'");
        let inspection = Inspection { request: &request, denylists: &NoDenylists, mode: Mode::On };
        let outcome = ruleset.evaluate_whole(&inspection, &mut ruleset.scratch());
        assert_eq!(outcome.incomplete, None, "{point}");
    }
}

/// In the request head, too: a compressed value there may not be what hides a token.
#[test]
fn values_of_the_head_are_bounded_as_well() {
    let mut request = OwnedRequest::new("GET", b"/");
    request.headers.push((b"X-Zip".to_vec(), gzip(&vec![b'a'; 8 << 20])));
    let ruleset = ruleset("[header, X-ZIP, gzip]", "regex: 'bbb'");
    let inspection = Inspection { request: &request, denylists: &NoDenylists, mode: Mode::On };
    let outcome = ruleset.evaluate_whole(&inspection, &mut ruleset.scratch());
    assert_eq!(outcome.incomplete, Some(Incomplete::Bound));
}

/// What a JWT of a large body needed is given back.
#[test]
fn a_large_jwt_keeps_no_memory() {
    let claim = "eHh4".repeat(2 << 20);
    let request = post("", format!("eyJhbGciOiJub25lIn0.eyJzdWIiOiAi{claim}In0.x"));
    let ruleset = ruleset("[post]", "denylist: [leaked]");
    let inspection = Inspection { request: &request, denylists: &LostDenylists, mode: Mode::On };
    let mut scratch = ruleset.scratch();
    ruleset.evaluate_whole(&inspection, &mut scratch);
    let kept = measure(|| drop(std::mem::replace(&mut scratch, ruleset.scratch())));
    assert!(kept.bytes_current > -(1 << 20), "{kept:?}");
}
