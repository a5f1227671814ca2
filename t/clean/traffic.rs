//! A generator of clean requests: APIs, forms, uploads, cookies, binaries.

use base64::{engine::general_purpose::STANDARD, Engine};

use crate::{corpus::complete, rng::Rng, tokens};

const WORDS: &[&str] = &[
    "token",
    "Bestellung",
    "überprüft",
    "été",
    "mañana",
    "привет",
    "こんにちは",
    "你好",
    "שלום",
    "مرحبا",
    "100%",
    "a&b=c",
    "O'Brien",
    "\"quoted\"",
    "C:\\temp\\new",
    "line\nbreak",
    "password",
    "null",
    "true",
    "<b>",
    "€ 5,00",
    "😀",
    "Bearer",
    "session",
    "",
    " ",
    "\\u0041",
    "{}",
    "+49 30 1234",
    "x@example.com",
    "https://example.com/?a=1#b",
    "--",
    "%41",
    "j:{}",
    "s:x.y",
];
const NAMES: &[&str] = &[
    "token",
    "access_token",
    "q",
    "id",
    "items[]",
    "user[name]",
    "csrf",
    "session",
    "größe",
    "a.b",
    "key",
    "x",
];

/// Requests in turn of every kind.
pub(crate) fn generate(rng: &mut Rng, count: usize, banned: &[String]) -> Vec<Vec<u8>> {
    const KINDS: [fn(&mut Rng, &str) -> Vec<u8>; 10] =
        [binary, cookies, form, graphql, grpc, headers, json, multipart, query, xml];
    (0..count)
        .map(|number| {
            // What a value may look like: a token of a banned shape, or nearly a banned token.
            let value = match rng.below(4) {
                0 => near_miss(rng, banned),
                1 => rng.pick(WORDS).to_owned(),
                _ => tokens::one(rng),
            };
            KINDS[number % KINDS.len()](rng, &value)
        })
        .collect()
}

/// A banned token with a letter more or less: another value.
fn near_miss(rng: &mut Rng, banned: &[String]) -> String {
    let token = &banned[rng.below(banned.len())];
    if tokens::is_pair(token) {
        return near_miss(rng, banned);
    }
    match rng.below(3) {
        0 => format!("x{token}"),
        1 => format!("{token}0"),
        _ => token[1..].to_owned(),
    }
}

fn binary(rng: &mut Rng, _: &str) -> Vec<u8> {
    let starts: [(&str, &[u8]); 6] = [
        ("image/png", b"\x89PNG\r\n\x1a\n"),
        ("application/zip", b"PK\x03\x04"),
        ("application/pdf", b"%PDF-1.7\n"),
        ("application/gzip", b"\x1f\x8b\x08\0"),
        ("application/octet-stream", b"\xff\xfe"),
        ("video/mp4", b"\0\0\0\x20ftypisom"),
    ];
    let (kind, start) = rng.pick(&starts);
    let body = [start, &noise(rng, 20_000)].concat();
    complete("PUT /files/upload.bin HTTP/1.1", &format!("Content-Type: {kind}"), &body)
}

fn cookies(rng: &mut Rng, value: &str) -> Vec<u8> {
    let value = escaped(value);
    let line = format!(
        "Cookie: _ga=GA1.2.{}.1700000000; sid={value}; s=s%3A{}.sig; id={}; j={{\"a\":[1]}}; q=\"x y\"",
        rng.next(),
        tokens::one(rng),
        tokens::uuid(rng)
    );
    complete("GET /account HTTP/1.1", &line, b"")
}

fn form(rng: &mut Rng, value: &str) -> Vec<u8> {
    let charset = rng.pick(&["", "; charset=UTF-8", "; charset=iso-8859-1", "; charset=utf-16"]);
    let kind = format!("Content-Type: application/x-www-form-urlencoded{charset}");
    complete("POST /submit HTTP/1.1", &kind, arguments(rng, value).as_bytes())
}

fn query(rng: &mut Rng, value: &str) -> Vec<u8> {
    let (arguments, segment) = (arguments(rng, value), escaped(rng.pick(WORDS)));
    let line = format!("GET /search/{segment}/{}?{arguments} HTTP/1.1", tokens::uuid(rng));
    complete(&line, "Accept: */*", b"")
}

fn headers(rng: &mut Rng, value: &str) -> Vec<u8> {
    let value = value.replace(['\n', '\r'], " ");
    let basic = STANDARD.encode(format!("user:{value}"));
    let authorization = match rng.below(3) {
        0 => format!("Basic {basic}"),
        1 => format!("Bearer {}", tokens::jwt(rng)),
        _ => format!("Token {value}"),
    };
    let lines = format!(
        "Authorization: {authorization}\r\nX-Api-Key: {value}\r\nX-Request-Id: {}\r\nTraceparent: 00-{}-01",
        tokens::uuid(rng),
        tokens::random(rng, b"0123456789abcdef", 32)
    );
    complete("GET /api/items HTTP/1.1", &lines, b"")
}

fn json(rng: &mut Rng, value: &str) -> Vec<u8> {
    let mut members = vec![format!("\"token\":{}", quoted(value))];
    for _ in 0..rng.below(12) {
        let text = quoted(rng.pick(WORDS));
        let nested =
            [format!("[{text},1]"), format!("{{\"x\":{text}}}"), text, rng.next().to_string()];
        members.push(format!("{}:{}", quoted(rng.pick(NAMES)), nested[rng.below(4)]));
    }
    let text = format!("{{{}}}", members.join(", "));
    complete("POST /api/items HTTP/1.1", "Content-Type: application/json", text.as_bytes())
}

fn graphql(rng: &mut Rng, value: &str) -> Vec<u8> {
    let document =
        format!("mutation {{ set(a: {}, n: {}) {{ id }} }}", quoted(value), rng.below(99));
    let text =
        format!("{{\"query\":{},\"variables\":{{\"v\":{}}}}}", quoted(&document), quoted(value));
    complete("POST /graphql HTTP/1.1", "Content-Type: application/json", text.as_bytes())
}

fn grpc(rng: &mut Rng, value: &str) -> Vec<u8> {
    let length = u8::try_from(value.len().min(100)).unwrap_or(0);
    let text = &value.as_bytes()[..usize::from(length)];
    let message =
        [&[0x08, 0x96, 0x01, 0x12, length][..], text, &[0x1a, 4], &rng.next().to_le_bytes()[..4]]
            .concat();
    let size = u32::try_from(message.len()).unwrap_or(0).to_be_bytes();
    let body = [&[0][..], &size, &message].concat();
    complete(
        "POST /shop.Orders/Create HTTP/1.1",
        "Content-Type: application/grpc\r\nTE: trailers",
        &body,
    )
}

fn multipart(rng: &mut Rng, value: &str) -> Vec<u8> {
    let boundary = format!("----WebKitFormBoundary{}", tokens::random(rng, b"abcXYZ012", 16));
    let field = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{value}\r\n"
    );
    let file = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}.bin\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n",
        rng.pick(&["a", "été", "x y", "a;b"])
    );
    let end = format!("\r\n--{boundary}--\r\n");
    let body = [field.as_bytes(), file.as_bytes(), &noise(rng, 5000), end.as_bytes()].concat();
    complete(
        "POST /upload HTTP/1.1",
        &format!("Content-Type: multipart/form-data; boundary={boundary}"),
        &body,
    )
}

fn xml(rng: &mut Rng, value: &str) -> Vec<u8> {
    let plain = value.replace('&', "&amp;").replace('<', "&lt;");
    let text = format!(
        "<?xml version=\"1.0\"?>\n<order id=\"{}\"><!-- note --><token>{plain}</token><n><![CDATA[{}]]></n></order>",
        tokens::uuid(rng),
        rng.pick(WORDS)
    );
    complete("POST /orders HTTP/1.1", "Content-Type: application/xml", text.as_bytes())
}

fn arguments(rng: &mut Rng, value: &str) -> String {
    let mut pairs = vec![format!("token={}", escaped(value))];
    for _ in 0..rng.below(8) {
        pairs.push(format!("{}={}", escaped(rng.pick(NAMES)), escaped(rng.pick(WORDS))));
    }
    pairs.join("&")
}

fn noise(rng: &mut Rng, most: usize) -> Vec<u8> {
    let length = rng.below(most);
    (0..length).map(|_| rng.next() as u8).collect()
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text")
}

fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b' ' => "+".to_owned(),
        byte if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}
