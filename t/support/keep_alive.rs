//! Connections that stay open from one request to the next: HTTP/1.1 and HTTP/2.

#![allow(dead_code)] // each test binary uses its part

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use crate::support::PATIENCE;

/// A connection on which one request follows another.
pub(crate) struct Connection {
    stream: TcpStream,
    /// The next stream of HTTP/2; 0 is HTTP/1.1.
    next: u32,
}

impl Connection {
    pub(crate) fn http1(port: u16) -> Connection {
        Connection { stream: connect(port), next: 0 }
    }

    pub(crate) fn http2(port: u16) -> Connection {
        let mut stream = connect(port);
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").expect("preface");
        Connection { stream, next: 1 }
    }

    /// The status of `GET /` with a token in `X-API-Key`, and the worker that answered, if it says.
    pub(crate) fn get(&mut self, token: &str) -> (u16, Option<u32>) {
        match self.next {
            0 => self.get1(token),
            _ => (self.get2(token), None),
        }
    }

    fn get1(&mut self, token: &str) -> (u16, Option<u32>) {
        let text = format!("GET / HTTP/1.1\r\nHost: a\r\nX-API-Key: {token}\r\n\r\n");
        self.stream.write_all(text.as_bytes()).expect("request");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.bytes::<1>()[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let value = |name: &str| {
            head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")?.parse().ok())
        };
        let body: u32 = value("Content-Length").unwrap_or(0);
        (0..body).for_each(|_| {
            self.bytes::<1>();
        });
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        (status, value("X-Worker"))
    }

    /// Headers without Huffman code and without the table (RFC 7541, section 6.2.2).
    fn get2(&mut self, token: &str) -> u16 {
        let mut block = vec![0x82, 0x84, 0x86]; // GET, /, http
        for (name, value) in [(":authority", "a"), ("x-api-key", token)] {
            block.push(0);
            for text in [name, value] {
                block.push(u8::try_from(text.len()).expect("shorter than 127"));
                block.extend_from_slice(text.as_bytes());
            }
        }
        let length = u8::try_from(block.len()).expect("a short block");
        let mut frame = vec![0, 0, length, 1, 5]; // HEADERS, END_STREAM | END_HEADERS
        frame.extend_from_slice(&self.next.to_be_bytes());
        frame.extend_from_slice(&block);
        self.stream.write_all(&frame).expect("request");
        let asked = self.next;
        self.next += 2;
        loop {
            let [a, b, c, kind, _, s0, s1, s2, s3] = self.bytes::<9>();
            let length = u32::from_be_bytes([0, a, b, c]);
            let payload: Vec<u8> = (0..length).map(|_| self.bytes::<1>()[0]).collect();
            if kind == 1 && u32::from_be_bytes([s0, s1, s2, s3]) == asked {
                return status2(&payload);
            }
        }
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.stream.read_exact(&mut bytes).expect("an answer");
        bytes
    }
}

/// `:status` as NGINX writes it: by its index, or with the three digits.
fn status2(block: &[u8]) -> u16 {
    match block {
        [0x88, ..] => 200,
        [0x89, ..] => 204,
        [0x8d, ..] => 404,
        [0x8e, ..] => 500,
        [0x48, 3, digits @ ..] => std::str::from_utf8(&digits[..3]).unwrap().parse().unwrap(),
        _ => panic!("no status: {block:02x?}"),
    }
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("timeout");
    stream.set_nodelay(true).expect("no delay");
    stream
}
