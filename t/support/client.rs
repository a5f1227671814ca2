//! A client that sends bytes when it is told to.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    process::Command,
    thread,
    time::Duration,
};

use super::{Nginx, PATIENCE};

/// A connection to NGINX.
pub(crate) struct Client {
    stream: TcpStream,
    /// What has come back so far.
    pub(crate) answer: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(port: u16) -> Client {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("connection");
        stream.set_nodelay(true).expect("no delay");
        Client { stream, answer: Vec::new() }
    }

    /// Sends bytes. NGINX may have closed: what it has answered before counts.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Sends bytes in pieces, with time between them to arrive apart.
    pub(crate) fn send_slowly<'a>(&mut self, pieces: impl IntoIterator<Item = &'a [u8]>) {
        for piece in pieces {
            self.send(piece);
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Reads until the answer contains a text; false where NGINX closes or does not answer in time.
    pub(crate) fn wait_for(&mut self, text: &str, time: Duration) -> bool {
        self.stream.set_read_timeout(Some(time)).expect("timeout");
        let mut buffer = [0; 4096];
        while !contains(&self.answer, text.as_bytes()) {
            match self.stream.read(&mut buffer) {
                Ok(0) | Err(_) => return false,
                Ok(length) => self.answer.extend_from_slice(&buffer[..length]),
            }
        }
        true
    }

    /// Reads until NGINX closes.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.stream.set_read_timeout(Some(PATIENCE)).expect("timeout");
        if let Err(error) = self.stream.read_to_end(&mut self.answer) {
            // A reset after the answer is as good as an end.
            assert_ne!(error.kind(), ErrorKind::WouldBlock, "no end after {:?}", self.answer);
        }
        self.answer
    }
}

/// Lets NGINX close when it has answered.
pub(crate) const CLOSE: &str = "Connection: close\r\n";

/// What comes back for bytes until NGINX closes.
pub(crate) fn exchange(nginx: &Nginx, request: &[u8]) -> Vec<u8> {
    let mut client = Client::connect(nginx.port);
    client.send(request);
    client.finish()
}

/// The status of a request that closes its connection.
pub(crate) fn status(nginx: &Nginx, request: &[u8]) -> u16 {
    let answer = exchange(nginx, request);
    let statuses = statuses(&answer);
    assert_eq!(statuses.len(), 1, "{}", String::from_utf8_lossy(&answer));
    statuses[0]
}

/// A request with its length.
pub(crate) fn plain(line: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("{line} HTTP/1.1\r\nHost: a\r\n{headers}Content-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// A request in chunks of a size.
pub(crate) fn chunked(line: &str, headers: &str, body: &[u8], size: usize) -> Vec<u8> {
    let head = format!("{line} HTTP/1.1\r\nHost: a\r\n{headers}Transfer-Encoding: chunked\r\n\r\n");
    let mut request = head.into_bytes();
    for chunk in body.chunks(size) {
        request.extend_from_slice(format!("{:x};a=\"b\"\r\n", chunk.len()).as_bytes());
        request.extend_from_slice(chunk);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\nX-Trailer: trailer\r\n\r\n");
    request
}

/// The statuses of the answers on a connection, 1xx included.
pub(crate) fn statuses(answer: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(answer);
    let lines = text.match_indices("HTTP/1.1 ").map(|(at, name)| &text[at + name.len()..]);
    lines.filter_map(|rest| rest.get(..3)?.parse().ok()).collect()
}

/// What follows the head of an answer.
pub(crate) fn body_of(answer: &[u8]) -> &[u8] {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    end.map_or(&[], |end| &answer[end + 4..])
}

/// The frames of an exchange over HTTP/2 with a body, as `nghttp` prints them. By `nghttp`: curl
/// before 8 often takes a denial that comes before it has sent a body for an error.
pub(crate) fn http_2(nginx: &Nginx, path: &str, body: &[u8], options: &[&str]) -> String {
    let file = nginx.directory().join("sent");
    fs::write(&file, body).expect("body");
    let output = Command::new("nghttp")
        .args(["-nv", "--no-dep", "-d", &file.display().to_string()])
        .args(options)
        .arg(format!("http://127.0.0.1:{}{path}", nginx.port2))
        .output()
        .expect("nghttp, of the package nghttp2-client");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Bytes that look random and are the same each time.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = length as u64 + 1;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
