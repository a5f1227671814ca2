//! Requests that once cost a worker seconds: each was a kilobyte to a megabyte on the wire.

use tokenban_engine::request::OwnedRequest;

use super::support::{gzip, post};

const CHARSETS: &str = "text/plain; charset=utf-7; charset=cp037; charset=gb18030; charset=hz";

/// A body with its coding declared.
pub(crate) fn coded(content_type: &str, coding: &str, body: Vec<u8>) -> OwnedRequest {
    let mut request = post(content_type, body);
    request.headers.push((b"Content-Encoding".to_vec(), coding.into()));
    request
}

/// A text of about a size.
pub(crate) fn repeated(unit: &str, size: usize) -> Vec<u8> {
    unit.repeat(size / unit.len()).into_bytes()
}

/// One of them.
pub(crate) struct Dear {
    pub(crate) name: &'static str,
    pub(crate) point: &'static str,
    pub(crate) request: OwnedRequest,
}

/// All of them; with parameter entities packed and as they are.
pub(crate) fn dear() -> Vec<Dear> {
    let many = 14 << 20;
    let form = repeated("a=%u0041%2541+b;c#d&", many);
    let xml = repeated("<a b=\"%41+&amp;\">%u0041+&amp;</a>", many);
    let part = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n%u0041%2541+b\r\n";
    let multipart = repeated(part, many);
    let multipart_type =
        format!("multipart/form-data; boundary=b{}", CHARSETS.trim_start_matches("text/plain"));
    let json = [b"[".to_vec(), repeated("\"%u0041%2541+\\u0041\",", many), b"1]".to_vec()].concat();
    let twice = gzip(&gzip(&repeated("a=%u0041+&", many)));
    let references =
        format!("<!DOCTYPE a [<!ENTITY % p \"{}\">{}]><a/>", "x".repeat(800), "%p;".repeat(16_000));
    let rows = [
        ("two codings, four charsets", "[anywhere]", coded(CHARSETS, "gzip, gzip", twice)),
        ("form", "[anywhere]", coded("", "gzip", gzip(&form))),
        ("form, four charsets", "[anywhere]", coded(CHARSETS, "gzip", gzip(&form))),
        ("named form", "[post, form_urlencoded, a]", coded(CHARSETS, "gzip", gzip(&form))),
        ("XML", "[anywhere]", coded("", "gzip", gzip(&xml))),
        ("XML, four charsets", "[anywhere]", coded(CHARSETS, "gzip", gzip(&xml))),
        ("multipart", "[anywhere]", coded(&multipart_type, "gzip", gzip(&multipart))),
        ("JSON", "[anywhere]", coded("", "gzip", gzip(&json))),
        ("JSON, four charsets", "[anywhere]", coded(CHARSETS, "gzip", gzip(&json))),
        ("plain form", "[anywhere]", post("", repeated("a=%u0041%2541+b;c#d&", 1 << 20))),
        (
            "plain form, charsets",
            "[anywhere]",
            post(CHARSETS, repeated("a=%u0041%2541+b;c#d&", 1 << 20)),
        ),
        (
            "parameter entities, gzip",
            "[post, xml, xml_dtd_entity_all]",
            coded("", "gzip", gzip(references.as_bytes())),
        ),
        ("parameter entities", "[post, xml, xml_dtd_entity_all]", post("", references)),
    ];
    rows.into_iter().map(|(name, point, request)| Dear { name, point, request }).collect()
}
