//! The requests in `corpus/`, whose format its README describes.

use std::{fs, path::Path};

use crate::{body, support};

/// A request, ready to send, and where it is written.
pub(crate) struct Written {
    pub(crate) place: String,
    pub(crate) bytes: Vec<u8>,
}

/// Every request of every file.
pub(crate) fn read() -> Vec<Written> {
    let directory = support::root().join("t/clean/corpus");
    let mut files: Vec<_> =
        fs::read_dir(directory).expect("corpus").map(|entry| entry.expect("file").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "http"));
    files.sort();
    files.iter().flat_map(|file| requests(file)).collect()
}

fn requests(file: &Path) -> Vec<Written> {
    let name = file.file_name().expect("a name").to_string_lossy();
    let text = format!("\n{}", fs::read_to_string(file).expect("text"));
    let place = |text: &str| format!("{name}: {}", text.lines().next().unwrap_or_default().trim());
    let one = |text: &str| Written { place: place(text), bytes: request(text) };
    let (first, others) = text.split_once("\n###").unwrap_or((&text, ""));
    let first = Some(first.trim_start()).filter(|text| !text.is_empty());
    let others = others.split("\n###").filter(|text| !text.is_empty());
    first.into_iter().chain(others).map(one).collect()
}

/// What stands before the request line, if anything, is its title and how its body is made.
fn request(text: &str) -> Vec<u8> {
    let (comments, text) = match text.find("HTTP/1.1\n") {
        Some(end) => text.split_at(text[..end].rfind('\n').map_or(0, |at| at + 1)),
        None => panic!("no request line: {text}"),
    };
    let steps = comments.lines().find_map(|line| line.strip_prefix("# body: ")).unwrap_or_default();
    let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
    let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
    let body = body.strip_suffix('\n').unwrap_or(body);
    let body = match headers.contains("multipart/") {
        true => body.replace('\n', "\r\n").into_bytes(),
        false => body.as_bytes().to_vec(),
    };
    complete(line, &headers.replace('\n', "\r\n"), &body::make(body, steps))
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
