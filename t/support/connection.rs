//! A connection that stays open for one request after another.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
};

use crate::support::PATIENCE;

/// A client of HTTP/1.1.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) fn open(port: u16) -> Connection {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("timeout");
        Connection(BufReader::new(stream))
    }

    /// The status of a request with a token in `Authorization: Bearer`.
    pub(crate) fn bearer(&mut self, token: &str) -> u16 {
        self.get(&format!("Authorization: Bearer {token}"))
    }

    /// The status of a request with one more header line.
    pub(crate) fn get(&mut self, header: &str) -> u16 {
        let request = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\n");
        self.0.get_mut().write_all(request.as_bytes()).expect("request");
        let head = self.head();
        let length = head.iter().find_map(|line| line.strip_prefix("Content-Length: "));
        let length: u64 = length.map_or(0, |text| text.parse().expect("length"));
        let mut body = Vec::new();
        self.0.by_ref().take(length).read_to_end(&mut body).expect("body");
        let status = head.first().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        status.unwrap_or_else(|| panic!("no answer: {head:?}"))
    }

    fn head(&mut self) -> Vec<String> {
        let lines = self.0.by_ref().lines().map(|line| line.expect("answer"));
        lines.take_while(|line| !line.is_empty()).collect()
    }
}
