//! For each bound of docs/points.md requests that go past it, with the token behind.

use std::io::Write;

use flate2::{write::DeflateEncoder, Compression};
use tokenban_engine::request::OwnedRequest;
use tokenban_parse::base64::encode_url;

use super::support::{gzip, post, TOKEN};

/// What a bound is gone past with.
pub(crate) struct Past {
    pub(crate) point: &'static str,
    pub(crate) request: OwnedRequest,
}

fn body(point: &'static str, content_type: &str, body: impl AsRef<[u8]>) -> Past {
    Past { point, request: post(content_type, body) }
}

fn coded(point: &'static str, coding: &str, text: Vec<u8>) -> Past {
    Past { point, request: super::dear::coded("", coding, text) }
}

/// Many readings of every byte, the token last: four megabytes of it for a body of 1,500 bytes.
fn dear() -> Past {
    let form = format!("{}t={TOKEN}", "a=%u0041+&".repeat(1 << 20));
    let charsets = "; charset=utf-7; charset=cp037; charset=gb18030; charset=hz";
    let twice = gzip(&gzip(form.as_bytes()));
    Past { point: "[anywhere]", request: super::dear::coded(charsets, "gzip, gzip", twice) }
}

fn inflated(kibibytes: usize) -> Vec<u8> {
    gzip(&[vec![b'a'; kibibytes << 10], b"&t=".to_vec(), TOKEN.into()].concat())
}

/// Blocks of 128 KiB that are four bytes each, and the token (RFC 8878, section 3.1.1.2).
fn zstd(blocks: usize) -> Vec<u8> {
    let last = format!("&t={TOKEN}");
    let head = ((last.len() as u32) << 3 | 1).to_le_bytes();
    let frame = b"\x28\xb5\x2f\xfd\x00\x50";
    [&frame[..], &b"\x02\x00\x10a".repeat(blocks), &head[..3], last.as_bytes()].concat()
}

/// Messages of gRPC, compressed, behind one that is not and pays for the work.
fn messages() -> Vec<u8> {
    let frame = |flag: u8, message: &[u8]| {
        [&[flag][..], &(message.len() as u32).to_be_bytes(), message].concat()
    };
    [frame(0, &vec![b'a'; 4 << 20]), frame(1, &inflated(15 << 10)).repeat(5)].concat()
}

fn encode(bytes: &[u8]) -> String {
    let mut text = Vec::new();
    encode_url(bytes, &mut text);
    String::from_utf8(text).unwrap()
}

fn zipped_headers(count: usize, kibibytes: usize) -> Past {
    let mut request = OwnedRequest::new("GET", b"/");
    let header = (b"X-Zip".to_vec(), inflated(kibibytes));
    request.headers = vec![header; count];
    Past { point: "[header, X-ZIP, gzip]", request }
}

fn bearer(payload: &str) -> Past {
    let token = format!("{}.{}.c2ln", encode(b"{\"alg\":\"none\"}"), encode(payload.as_bytes()));
    let mut request = OwnedRequest::new("GET", b"/");
    request.headers.push((b"Authorization".to_vec(), format!("Bearer {token}").into()));
    Past { point: "[header, AUTHORIZATION]", request }
}

fn list(count: usize) -> String {
    let others: String = (0..count).map(|number| format!("\"{number}\",")).collect();
    format!("[{others}\"{TOKEN}\"]")
}

/// A JWT whose payload is deflated.
fn deflated() -> Past {
    let payload = format!("{{\"a\":\"{}\",\"sub\":\"{TOKEN}\"}}", "a".repeat(100_000));
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(payload.as_bytes()).unwrap();
    let payload = encode(&encoder.finish().unwrap());
    let header = encode(b"{\"alg\":\"ES256\",\"zip\":\"DEF\"}");
    body("[post, jwt, claims, sub]", "", format!("{header}.{payload}.c2ln"))
}

/// A JWS of which only the last signature is the true one.
fn signatures() -> Past {
    let payload = encode(format!("{{\"a\":\"{}\"}}", "a".repeat(5_000)).as_bytes());
    let one = |alg: &str| {
        format!("{{\"protected\":\"{}\"}}", encode(format!("{{\"alg\":\"{alg}\"}}").as_bytes()))
    };
    let others = format!("{},", one("none")).repeat(400);
    let text = format!("{{\"payload\":\"{payload}\",\"signatures\":[{others}{}]}}", one(TOKEN));
    body("[post, jwt, jwt_header, json_doc, hash, alg]", "", text)
}

pub(crate) fn entities(count: usize) -> Past {
    let declared: String = (0..count).map(|number| format!("<!ENTITY e{number} \"x\">")).collect();
    let text = format!("<!DOCTYPE a [{declared}<!ENTITY t \"{TOKEN}\">]><a>&t;</a>");
    body("[post, xml, xml_tag, a]", "", text)
}

pub(crate) fn entities_in_entities(levels: usize) -> Past {
    let declared: String =
        (1..=levels).map(|level| format!("<!ENTITY e{level} \"&e{};\">", level - 1)).collect();
    let text = format!("<!DOCTYPE a [<!ENTITY e0 \"{TOKEN}\">{declared}]><a>&e{levels};</a>");
    body("[post, xml, xml_tag, a]", "", text)
}

fn part(name: &str, more: &str, content: &str) -> String {
    format!("Content-Disposition: form-data; name={name}\r\n{more}\r\n{content}\r\n")
}

pub(crate) fn multipart_in_multipart(levels: usize) -> Past {
    let inner = format!("--b0\r\n{}--b0--\r\n", part("t", "", TOKEN));
    let text = (1..=levels).fold(inner, |inner, level| {
        let kind = format!("Content-Type: multipart/mixed; boundary=b{}\r\n", level - 1);
        format!("--b{level}\r\n{}--b{level}--\r\n", part("t", &kind, &inner))
    });
    let kind = format!("multipart/form-data; boundary=b{levels}");
    body("[post, multipart, t]", &kind, text)
}

/// Levels of which each has many boundaries.
fn many_looks() -> Past {
    let boundaries: String = (0..10).map(|number| format!("; boundary=b{number}")).collect();
    let kind = format!("Content-Type: multipart/mixed{boundaries}\r\n");
    let inner =
        format!("--b9\r\n{}--b9--\r\n", part("t", "", &format!("{}{TOKEN}", "x".repeat(4096))));
    let text = (0..7).fold(inner, |inner, level| {
        let lines: String =
            (0..9).map(|number| format!("--b{number}\r\n{}", part("t", &kind, ""))).collect();
        format!("{lines}--b{level}\r\n{}", part("t", &kind, &inner))
    });
    body("[post, multipart, t]", &kind["Content-Type: ".len()..], text)
}

pub(crate) fn boundaries(count: usize) -> Past {
    let others: String = (0..count).map(|number| format!("; boundary=b{number}")).collect();
    let text = format!("--other\r\n\r\n--last\r\n{}--last--\r\n", part("t", "", TOKEN));
    body("[post, multipart, t]", &format!("multipart/form-data{others}; boundary=last"), text)
}

pub(crate) fn names(count: usize) -> Past {
    let others: String = (0..count).map(|number| format!("; name=n{number}")).collect();
    let head = format!("Content-Disposition: form-data{others}; name=t\r\n\r\n");
    body(
        "[post, multipart, t]",
        "multipart/form-data; boundary=b",
        format!("--b\r\n{head}{TOKEN}\r\n--b--\r\n"),
    )
}

pub(crate) fn preamble(bytes: usize) -> Past {
    let lines = "a line of a preamble\r\n".repeat(bytes / 22);
    let text = format!("{lines}--b\r\n{}--b--\r\n", part("t", "", TOKEN));
    body("[post, multipart, t]", "multipart/form-data", text)
}

fn view_state(nodes: &[u8]) -> Past {
    let length = u8::try_from(TOKEN.len()).unwrap();
    let state = [&b"\xff\x01"[..], nodes, &[5, length], TOKEN.as_bytes()].concat();
    body("[post, viewstate]", "", state)
}

/// Each bound by its name, and what goes past it.
pub(crate) fn past(name: &str) -> Vec<Past> {
    let labels = "; charset=utf-7; charset=cp037; charset=gb18030; charset=hz; charset=utf-16";
    let fragments = |levels: usize| {
        let chain: String = (0..levels)
            .map(|level| format!("fragment F{level} on T {{...F{}}} ", level + 1))
            .collect();
        format!("{{...F0}} {chain} fragment F{levels} on T {{a(t: \"{TOKEN}\")}}")
    };
    match name {
        "units of work that a request of any size may cost"
        | "further units for each byte of its body"
        | "inflated bytes that count as received for each compressed one" => vec![dear()],
        "bytes of one inflated value of the body" => vec![
            coded("[post]", "gzip", inflated(17 << 10)),
            coded("[post, form_urlencoded, t]", "gzip", inflated(17 << 10)),
            body("[post, gzip]", "", inflated(17 << 10)),
            coded("[post, form_urlencoded, t]", "zstd", zstd(140)),
        ],
        "bytes of all inflated values of the body" => {
            vec![body("[post, grpc_all]", "", messages())]
        }
        "bytes of one inflated value of the head" => vec![zipped_headers(1, 2048)],
        "bytes of all inflated values of the head" => vec![zipped_headers(5, 1000)],
        "keys that one JWT gives by its claims" => {
            vec![bearer(&format!("{{\"roles\":{}}}", list(600)))]
        }
        "values of claims in one JWT" => vec![bearer(&format!("{{\"roles\":{}}}", list(4_200)))],
        "levels of GraphQL fragments in fragments" => {
            vec![body("[post, gql, gql_query_all, hash, a, gql_arg, hash, t]", "", fragments(140))]
        }
        "charsets that one Content-Type names" => {
            let utf_16: Vec<u8> = TOKEN.encode_utf16().flat_map(u16::to_le_bytes).collect();
            vec![body("[post]", &format!("text/plain{labels}"), utf_16)]
        }
        "content codings of one body" => {
            let nested = (0..5).fold(TOKEN.as_bytes().to_vec(), |body, _| gzip(&body));
            vec![coded("[post]", "gzip, gzip, gzip, gzip, gzip", nested)]
        }
        "declarations of XML entities" => vec![entities(16_384)],
        "levels of XML entities in entities" => vec![entities_in_entities(33)],
        "bytes inflated for each byte of a JWT's deflated payload" => vec![deflated()],
        "bytes decoded for each byte of a JWS with several signatures" => vec![signatures()],
        "levels of multipart in multipart" => vec![multipart_in_multipart(9)],
        "looks at each byte of a multipart body" => vec![many_looks()],
        "readings of one name or boundary in multipart" => vec![boundaries(12), names(12)],
        "bytes before the first boundary where the header names none" => vec![preamble(70 << 10)],
        "levels of a view state" => vec![view_state(&[0x0f; 65])],
        "values of a view state" => {
            vec![view_state(&[&b"\x16\xff\xff\xff\x07"[..], &[0x64; 70_000]].concat())]
        }
        _ => Vec::new(),
    }
}
