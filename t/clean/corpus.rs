//! The requests in `corpus/`: text with LF, without Host and lengths, which are added here.

use std::fs;

use crate::support;

/// Every request, ready to send.
pub(crate) fn read() -> Vec<Vec<u8>> {
    let directory = support::root().join("t/clean/corpus");
    let mut files: Vec<_> =
        fs::read_dir(directory).expect("corpus").map(|entry| entry.expect("file").path()).collect();
    files.sort();
    files.iter().map(|file| request(&fs::read_to_string(file).expect("text"))).collect()
}

fn request(text: &str) -> Vec<u8> {
    let (head, body) = text.split_once("\n\n").expect("an empty line");
    let (line, headers) = head.split_once('\n').expect("a request line");
    let is_multipart = headers.contains("multipart/");
    let body = body.strip_suffix('\n').unwrap_or(body);
    let body = if is_multipart { body.replace('\n', "\r\n") } else { body.to_owned() };
    complete(line, &headers.replace('\n', "\r\n"), body.as_bytes())
}

/// A request with what every client adds.
pub(crate) fn complete(line: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut head = format!("{line}\r\nHost: www.example.com\r\nConnection: close\r\n");
    if !headers.is_empty() {
        head += &format!("{headers}\r\n");
    }
    if !body.is_empty() {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    [head.as_bytes(), b"\r\n", body].concat()
}
