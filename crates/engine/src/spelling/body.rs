//! Readings of a whole body: its codings and charsets.

use tokenban_parse::{
    charset,
    content_encoding::{content_encoding, Bounds},
    Buffers,
};

use crate::request::Request;

use super::OTHER;

/// Which layer below the codings of the body a text is, and in which charset.
pub(super) fn describe<R: Request + ?Sized>(request: &R, to: &[u8]) -> Vec<String> {
    let mut body = Vec::new();
    request.body(&mut |pieces| body = pieces.concat());
    if body == to {
        return Vec::new();
    }
    let content_type = header(request, "content-type");
    let labels = charset::labels(&content_type).0;
    if let Some(said) = charsets(&body, &labels, to) {
        return vec![said];
    }
    layers(request, &body, &labels, to).unwrap_or_else(|| vec![OTHER.to_owned()])
}

fn layers<R: Request + ?Sized>(
    request: &R,
    body: &[u8],
    labels: &[&[u8]],
    to: &[u8],
) -> Option<Vec<String>> {
    let coding = header(request, "content-encoding");
    let (mut undone, mut outer) = (Vec::new(), body.to_vec());
    let mut said = None;
    let bounds = Bounds { size: 64 << 20 };
    let mut layer = |layer: &[u8]| {
        undone.push(coding_of(&outer));
        outer = layer.to_vec();
        if said.is_none() {
            let charset = charsets(layer, labels, to);
            if layer == to || charset.is_some() {
                let text = format!("of the {}-decoded body", undone.join("- and "));
                said = Some([Some(text), charset].into_iter().flatten().collect());
            }
        }
    };
    // What a bound cuts off was not read in the decision either, which says so.
    let _ = content_encoding(body, &coding, bounds, &mut Buffers::default(), &mut layer);
    said
}

/// What the bytes are compressed with.
fn coding_of(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x1f, 0x8b, ..] => "gzip",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "zstd",
        [0x78, ..] => "zlib",
        _ => "br- or deflate",
    }
}

fn charsets(text: &[u8], labels: &[&[u8]], to: &[u8]) -> Option<String> {
    let all = labels.iter().copied().map(Some).chain([None]);
    let mut buffer = Vec::new();
    for label in all {
        let mut found = false;
        charset::charset(text, label, &mut buffer, &mut |reading| found |= reading == to);
        if found {
            return Some(in_charset(label, text));
        }
    }
    None
}

/// A charset by the name that the client gave, or by the marks and the NULs of the text.
pub(super) fn in_charset(label: Option<&[u8]>, text: &[u8]) -> String {
    let known = match text {
        [0xff, 0xfe, 0, 0, ..] | [_, 0, 0, 0, ..] => "UTF-32LE",
        [0, 0, ..] => "UTF-32BE",
        [0xff, 0xfe, ..] | [_, 0, ..] => "UTF-16LE",
        [0xfe, 0xff, ..] | [0, ..] => "UTF-16BE",
        _ => "",
    };
    let label = label.map(String::from_utf8_lossy).filter(|_| known.is_empty());
    let name = label.map_or(known.to_owned(), |label| label.to_ascii_uppercase());
    match name.as_str() {
        "" => "without its byte order mark".to_owned(),
        name => format!("in the charset {}", name.escape_debug()),
    }
}

/// The lines of a header, joined by commas.
pub(super) fn header<R: Request + ?Sized>(request: &R, wanted: &str) -> Vec<u8> {
    let mut lines = Vec::new();
    request.headers(&mut |name, value| {
        if is_header(name, wanted) {
            lines.push(value.to_vec());
        }
    });
    lines.join(&b","[..])
}

/// Names of headers as points compare them.
pub(super) fn is_header(name: &[u8], wanted: &str) -> bool {
    let fold = |byte: u8| match byte {
        b'_' | b'.' => b'-',
        byte => byte.to_ascii_uppercase(),
    };
    name.iter().copied().map(fold).eq(wanted.bytes().map(fold))
}
