//! What the engine reads of a request. Bytes everywhere: nothing in a request is sure to be UTF-8.

use std::borrow::Cow;

/// A request, as NGINX sees it in the access phase.
pub trait Request {
    /// The method, `GET`.
    fn method(&self) -> &[u8];
    /// The protocol, `HTTP/1.1`.
    fn protocol(&self) -> &[u8];
    /// `http` or `https`.
    fn scheme(&self) -> &[u8];
    /// The client's address as text.
    fn remote_addr(&self) -> &[u8];
    /// The host NGINX routes on: lower case, without port.
    fn host(&self) -> &[u8];
    /// The request target as sent (`$request_uri`).
    fn target(&self) -> &[u8];
    /// The decoded, normalised path NGINX routes on (`$uri`).
    fn path(&self) -> &[u8];
    /// The current arguments (`$args`).
    fn args(&self) -> &[u8];
    /// Hands over every header line as name and value, in order.
    fn headers(&self, visit: &mut dyn FnMut(&[u8], &[u8]));
    /// The value of an NGINX variable.
    fn variable(&self, name: &str) -> Option<Cow<'_, [u8]>>;
    /// Hands over the body, as the client sent it, in the pieces that it is kept in; called only in
    /// [`Stage::Body`](crate::Stage).
    fn body(&self, visit: &mut dyn FnMut(&[&[u8]]));
    /// The number of the body's first gRPC message, by which `grpc, N` counts: 0, but in a stream
    /// whose messages are inspected one by one, each as a body of its own.
    fn first_message(&self) -> usize {
        0
    }
    /// Unix seconds.
    fn now(&self) -> u64;
}

/// A request that owns its parts: for tests, examples and `tokenban explain`.
#[derive(Clone, Debug, Default)]
pub struct OwnedRequest {
    /// See [`Request::method`].
    pub method: Vec<u8>,
    /// See [`Request::protocol`].
    pub protocol: Vec<u8>,
    /// See [`Request::scheme`].
    pub scheme: Vec<u8>,
    /// See [`Request::remote_addr`].
    pub remote_addr: Vec<u8>,
    /// See [`Request::host`].
    pub host: Vec<u8>,
    /// See [`Request::target`].
    pub target: Vec<u8>,
    /// See [`Request::path`].
    pub path: Vec<u8>,
    /// See [`Request::args`].
    pub args: Vec<u8>,
    /// See [`Request::headers`].
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// See [`Request::variable`].
    pub variables: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
    /// See [`Request::first_message`].
    pub first_message: usize,
    /// See [`Request::now`].
    pub now: u64,
}

impl OwnedRequest {
    /// A request for a target, whose path is decoded and normalised as NGINX does it.
    pub fn new(method: &str, target: &[u8]) -> OwnedRequest {
        let question = target.iter().position(|&byte| byte == b'?').unwrap_or(target.len());
        let (path, args) = target.split_at(question);
        OwnedRequest {
            method: method.into(),
            protocol: b"HTTP/1.1".to_vec(),
            scheme: b"http".to_vec(),
            remote_addr: b"127.0.0.1".to_vec(),
            target: target.to_vec(),
            path: normalise(path),
            args: args.get(1..).unwrap_or_default().to_vec(),
            ..OwnedRequest::default()
        }
    }
}

impl Request for OwnedRequest {
    fn method(&self) -> &[u8] {
        &self.method
    }
    fn protocol(&self) -> &[u8] {
        &self.protocol
    }
    fn scheme(&self) -> &[u8] {
        &self.scheme
    }
    fn remote_addr(&self) -> &[u8] {
        &self.remote_addr
    }
    fn host(&self) -> &[u8] {
        &self.host
    }
    fn target(&self) -> &[u8] {
        &self.target
    }
    fn path(&self) -> &[u8] {
        &self.path
    }
    fn args(&self) -> &[u8] {
        &self.args
    }
    fn headers(&self, visit: &mut dyn FnMut(&[u8], &[u8])) {
        for (name, value) in &self.headers {
            visit(name, value);
        }
    }
    fn variable(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        let found = self.variables.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| Cow::Borrowed(value.as_slice()))
    }
    fn body(&self, visit: &mut dyn FnMut(&[&[u8]])) {
        visit(&[&self.body]);
    }
    fn first_message(&self) -> usize {
        self.first_message
    }
    fn now(&self) -> u64 {
        self.now
    }
}

/// Percent-decoded, then `//`, `/./` and `/../` resolved, as `ngx_http_parse_complex_uri` does with
/// `merge_slashes on`.
fn normalise(path: &[u8]) -> Vec<u8> {
    let decoded = decode(path);
    let mut segments: Vec<&[u8]> = Vec::new();
    let mut slash_at_end = true;
    for segment in decoded.split(|&byte| byte == b'/') {
        slash_at_end = matches!(segment, b"" | b"." | b"..");
        match segment {
            b"" | b"." => {}
            b".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    let mut normal = Vec::with_capacity(decoded.len() + 1);
    for segment in &segments {
        normal.push(b'/');
        normal.extend_from_slice(segment);
    }
    if slash_at_end || normal.is_empty() {
        normal.push(b'/');
    }
    normal
}

fn decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
        if let (b'%', [high, low, after @ ..]) = (first, tail) {
            if let (Some(high), Some(low)) = (digit(high), digit(low)) {
                decoded.push(high << 4 | low);
                rest = after;
                continue;
            }
        }
        decoded.push(*first);
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_nginx_routes_on() {
        let cases: [(&str, &str); 8] = [
            ("/", "/"),
            ("/a//b", "/a/b"),
            ("/a/./b/../c/", "/a/c/"),
            ("/%61%2Fb", "/a/b"),
            ("/a/%2e%2e/b", "/b"),
            ("/../x", "/x"),
            ("/a/..", "/"),
            ("/a?b=/../c", "/a"),
        ];
        for (target, path) in cases {
            let request = OwnedRequest::new("GET", target.as_bytes());
            assert_eq!(request.path.escape_ascii().to_string(), path, "{target}");
        }
    }
}
