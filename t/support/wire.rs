//! The text of a case to the bytes of a request, and these to what the engine reads.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::prelude::{Engine as _, BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use tokenban_engine::request::OwnedRequest;

/// `<<T>>`: what the rules of the cases deny.
pub(crate) const TOKEN: &str = "fake-leaked-token.0123456789";

/// Replaces `<<…>>` from the inside out. See `t/cases/README.md`.
pub(crate) fn expand(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some(end) = text.find(">>") {
        let start = text[..end].rfind("<<").unwrap_or_else(|| panic!("`>>` alone: {text}"));
        let value = placeholder(&text[start + 2..end]);
        text.replace_range(start..end + 2, &value);
    }
    text
}

fn placeholder(text: &str) -> String {
    let (name, argument) = text.split_once(' ').unwrap_or((text, ""));
    let bytes = unescape(argument);
    let each = |write: fn(u8) -> String| bytes.iter().map(|&byte| write(byte)).collect();
    match name {
        "T" => TOKEN.to_owned(),
        "base64" => BASE64_STANDARD.encode(bytes),
        "base64url" => BASE64_URL_SAFE_NO_PAD.encode(bytes),
        "percent" => each(|byte| format!("%{byte:02x}")),
        "octal" => each(|byte| format!("\\{byte:03o}")),
        "json" => each(|byte| format!("\\u{byte:04x}")),
        "lines" => {
            let (count, line) = argument.split_once(' ').expect("<<lines COUNT LINE>>");
            let count: u32 = count.parse().expect("a count");
            (0..count).map(|number| line.replace('#', &number.to_string()) + "\n").collect()
        }
        _ => panic!("no such placeholder: <<{text}>>"),
    }
}

/// `\xNN` is a byte.
fn unescape(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(digits.unwrap_or_else(|| panic!("not \\xNN: {text}")));
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    bytes
}

/// A request that is written as `raw`.
pub(crate) fn raw(text: &str) -> Vec<u8> {
    unescape(&expand(text))
}

/// A request that is written as `request`: what every request needs is added where it is missing.
pub(crate) fn request(text: &str) -> Vec<u8> {
    let text = expand(text);
    let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end_matches('\n'), ""));
    let mut lines: Vec<String> = head.lines().map(str::to_owned).collect();
    if !is_request_line(lines.first().map_or("", String::as_str)) {
        lines.insert(0, "/".to_owned());
    }
    lines[0] = request_line(&lines[0], !body.is_empty());
    if !lines[0].ends_with("HTTP/1.0") {
        let host = ("Host".to_owned(), "example.com".to_owned());
        add_missing(&mut lines, &[host, ("Connection".to_owned(), "close".to_owned())]);
    }
    let body = unescape(body);
    if !body.is_empty() && !has(&lines, "Transfer-Encoding") {
        add_missing(&mut lines, &[("Content-Length".to_owned(), body.len().to_string())]);
    }
    [unescape(&(lines.join("\r\n") + "\r\n\r\n")), body].concat()
}

/// Whether a line is not a header.
fn is_request_line(line: &str) -> bool {
    let name = line.split(':').next().unwrap_or_default();
    line.starts_with('/') || name.contains(' ')
}

fn request_line(line: &str, has_body: bool) -> String {
    let method = if has_body { "POST" } else { "GET" };
    let line = if line.starts_with('/') { format!("{method} {line}") } else { line.to_owned() };
    if line.contains(" HTTP/") {
        line
    } else {
        line + " HTTP/1.1"
    }
}

fn add_missing(lines: &mut Vec<String>, headers: &[(String, String)]) {
    for (name, value) in headers {
        if !has(lines, name) {
            lines.push(format!("{name}: {value}"));
        }
    }
}

fn has(lines: &[String], name: &str) -> bool {
    let names = lines.iter().skip(1).filter_map(|line| line.split(':').next());
    names.into_iter().any(|other| other.eq_ignore_ascii_case(name))
}

/// Which header names NGINX keeps.
#[derive(Clone, Copy)]
pub(crate) struct Names {
    pub(crate) underscores: bool,
    pub(crate) invalid: bool,
}

impl Names {
    /// As a configuration says.
    pub(crate) fn of(conf: &str) -> Names {
        let invalid = conf.contains("ignore_invalid_headers off");
        Names { underscores: conf.contains("underscores_in_headers on"), invalid }
    }

    fn keep(self, name: &[u8]) -> bool {
        self.invalid
            || name.iter().all(|&byte| {
                byte.is_ascii_alphanumeric() || byte == b'-' || (byte == b'_' && self.underscores)
            })
    }
}

/// The request that NGINX makes of these bytes.
pub(crate) fn parse(bytes: &[u8], names: Names) -> OwnedRequest {
    let end = find(bytes, b"\n\r\n").map_or(bytes.len(), |at| at + 1);
    let mut lines = bytes[..end].split(|&byte| byte == b'\n').map(|line| trim_end(line, b'\r'));
    let first = lines.next().unwrap_or_default();
    let mut words = first.splitn(2, |&byte| byte == b' ');
    let method = String::from_utf8_lossy(words.next().unwrap_or_default()).into_owned();
    let rest = words.next().unwrap_or_default();
    let protocol = rest.iter().rposition(|&byte| byte == b' ').unwrap_or(rest.len());
    let (authority, target) = split_absolute(&rest[..protocol]);
    let mut request = OwnedRequest::new(&method, target);
    request.protocol = rest.get(protocol + 1..).unwrap_or(b"HTTP/0.9").to_vec();
    for line in lines {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
        let value = trim_end(trim_start(&line[colon + 1..]), b' ');
        if names.keep(&line[..colon]) {
            request.headers.push((line[..colon].to_vec(), value.to_vec()));
        }
    }
    let sent = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(b"host"));
    request.host = host(authority.or(sent.map(|(_, value)| value.as_slice())).unwrap_or_default());
    request.body = bytes.get(end + 2..).unwrap_or_default().to_vec();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
    request.now = now.as_secs();
    request
}

/// The authority of `http://authority/target`, and the target.
fn split_absolute(target: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let Some(rest) = find(target, b"://").filter(|_| target[0] != b'/') else {
        return (None, target);
    };
    let rest = &target[rest + 3..];
    let end = rest.iter().position(|byte| b"/?".contains(byte)).unwrap_or(rest.len());
    (Some(&rest[..end]), &rest[end..])
}

/// Lower case, without port and trailing period.
fn host(text: &[u8]) -> Vec<u8> {
    let end = text.iter().position(|&byte| byte == b':').unwrap_or(text.len());
    trim_end(&text[..end], b'.').to_ascii_lowercase()
}

fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len()).position(|window| window == needle)
}

/// NGINX trims spaces only.
fn trim_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&byte| byte != b' ').unwrap_or(text.len());
    &text[start..]
}

fn trim_end(text: &[u8], byte: u8) -> &[u8] {
    let end = text.iter().rposition(|&other| other != byte).map_or(0, |at| at + 1);
    &text[..end]
}
