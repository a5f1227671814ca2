//! The request head: the request line, headers, metadata.

use super::{arguments::QUERY, Walk};
use tokenban_parse::{
    header::header,
    path::{behind_mark, path, split_target, Part},
    percent::percent,
    subprotocols::subprotocols,
};

use crate::{
    point::Kind,
    request::Request,
    tree::{Node, NodeId},
};

/// Whether a header line has the name of a point: without case, and with `_` and `.` equal to `-`, as
/// CGI and PHP take them.
pub(super) fn is_header(name: &[u8], canonical: &str) -> bool {
    let fold =
        |byte: u8| if matches!(byte, b'_' | b'.') { b'-' } else { byte.to_ascii_uppercase() };
    name.len() == canonical.len()
        && name.iter().zip(canonical.bytes()).all(|(byte, expected)| fold(*byte) == fold(expected))
}

impl<R: Request + ?Sized> Walk<'_, R> {
    /// Visits everything outside the body.
    pub(super) fn head(&mut self, root: &Node) {
        self.metadata(root);
        if root.has(&[Kind::Header, Kind::HeaderAll, Kind::HeaderName]) {
            self.headers(root);
        }
        if root.has(&[Kind::Path, Kind::PathAll, Kind::ActionName, Kind::ActionExt]) {
            self.paths(root);
        }
        if root.has(&[Kind::Query, Kind::QueryAll, Kind::QueryName]) {
            self.queries(root);
        }
    }

    fn metadata(&mut self, root: &Node) {
        for (step, child) in &root.edges {
            let request = self.request;
            match step.kind() {
                Some(Kind::Host) => self.value(*child, request.host()),
                Some(Kind::Method) => self.value(*child, request.method()),
                Some(Kind::Proto) => self.protocol(*child),
                Some(Kind::RemoteAddr) => self.value(*child, request.remote_addr()),
                Some(Kind::Scheme) => self.value(*child, request.scheme()),
                Some(Kind::Uri) => self.uri(*child),
                Some(Kind::Var) => {
                    if let Some(value) = request.variable(step.name()) {
                        self.value(*child, &value);
                    }
                }
                _ => {}
            }
        }
    }

    /// `HTTP/1.1`, and Wallarm's `1.1`.
    fn protocol(&mut self, node: NodeId) {
        let protocol = self.request.protocol();
        self.value(node, protocol);
        if let Some(version) = protocol.strip_prefix(b"HTTP/") {
            self.value(node, version);
        }
    }

    /// As sent, percent-decoded, and as NGINX routes on it.
    fn uri(&mut self, node: NodeId) {
        let target = self.request.target();
        self.value(node, target);
        let mut buffers = self.take();
        percent(target, &mut buffers.value, &mut |decoded| self.value(node, decoded));
        self.give(buffers);
        if self.request.path() != split_target(target).path {
            self.value(node, self.request.path());
        }
    }

    fn headers(&mut self, root: &Node) {
        let request = self.request;
        let mut buffers = self.take();
        request.headers(&mut |name, value| {
            if !root.may_take_header(name.len()) {
                return;
            }
            if self.header_line(root, name, value) {
                let again = &mut |reading: &[u8]| {
                    self.header_line(root, name, reading);
                };
                header(value, &mut buffers.value, again);
            }
            for (_, child) in root.children(Kind::HeaderName) {
                self.value(child, name);
            }
        });
        self.give(buffers);
        self.joined_cookies(root);
        for (step, child) in root.children(Kind::Header) {
            if self.tree.node(child).has(&[Kind::Array, Kind::ArrayAll, Kind::Pollution]) {
                self.repeated_header(step.name(), child);
            }
        }
    }

    /// Several lines of cookies are one to applications (RFC 9113 section 8.2.3), which may find the
    /// pieces of one cookie in them.
    fn joined_cookies(&mut self, root: &Node) {
        if !root.children(Kind::Header).any(|(step, _)| step.name() == "COOKIE") {
            return;
        }
        let mut lines = 0;
        let request = self.request;
        request.headers(&mut |name, _| lines += usize::from(is_header(name, "COOKIE")));
        if lines < 2 {
            return;
        }
        let mut joined = self.take();
        joined.value.clear();
        request.headers(&mut |name, line| {
            if is_header(name, "COOKIE") {
                joined.value.extend_from_slice(line);
                joined.value.extend_from_slice(b"; ");
            }
        });
        for (_, child) in root.children(Kind::Header).filter(|(step, _)| step.name() == "COOKIE") {
            self.value(child, &joined.value);
        }
        self.give(joined);
    }

    /// Says whether some point looks at the header.
    fn header_line(&mut self, root: &Node, name: &[u8], value: &[u8]) -> bool {
        let mut is_seen = false;
        for (step, child) in &root.edges {
            let takes = match step.kind() {
                Some(Kind::Header) => is_header(name, step.name()),
                kind => kind == Some(Kind::HeaderAll),
            };
            if takes {
                is_seen = true;
                self.value(*child, value);
                if is_header(name, "SEC-WEBSOCKET-PROTOCOL") {
                    self.protocols(*child, value);
                }
            }
        }
        is_seen
    }

    /// What follows a prefix in the name of a protocol counts as credentials.
    fn protocols(&mut self, id: NodeId, value: &[u8]) {
        let mut buffers = self.take();
        for (_, child) in self.tree.node(id).children(Kind::Credentials) {
            subprotocols(value, &mut buffers.value, &mut |found| self.value(child, found));
        }
        self.give(buffers);
    }

    /// `array N`, `array_all` and `pollution` of a header that is sent more than once.
    fn repeated_header(&mut self, name: &str, node: NodeId) {
        let node = self.tree.node(node);
        let mut joined = self.take();
        joined.value.clear();
        let mut count = 0;
        let request = self.request;
        request.headers(&mut |found, line| {
            if !is_header(found, name) {
                return;
            }
            if count > 0 {
                joined.value.push(b',');
            }
            joined.value.extend_from_slice(line);
            self.header_item(node, count, line);
            count += 1;
        });
        if count > 1 {
            node.children(Kind::Pollution).for_each(|(_, child)| self.value(child, &joined.value));
        }
        self.give(joined);
    }

    /// A line of a header; and what it joins by commas, which is the same as so many lines (RFC 9110
    /// section 5.3).
    fn header_item(&mut self, node: &Node, index: usize, line: &[u8]) {
        let mut buffers = self.take();
        let mut item = |walk: &mut Self, index, value: &[u8]| {
            walk.items(node, index, &mut |walk, child| walk.value(child, value));
            header(value, &mut buffers.value, &mut |reading| {
                walk.items(node, index, &mut |walk, child| walk.value(child, reading));
            });
        };
        item(self, index, line);
        if memchr::memchr(b',', line).is_some() {
            for (at, value) in line.split(|byte| *byte == b',').enumerate() {
                item(self, index + at, value);
            }
        }
        self.give(buffers);
    }

    /// The path as sent and as NGINX routes on it.
    fn paths(&mut self, root: &Node) {
        let sent = split_target(self.request.target()).path;
        let routed = self.request.path();
        self.path(root, sent);
        if routed != sent {
            self.path(root, routed);
        }
    }

    fn path(&mut self, root: &Node, text: &[u8]) {
        let mut buffers = self.take();
        path(text, &mut buffers.value, &mut |part, value| {
            for (step, child) in &root.edges {
                let takes = match (step.kind(), part) {
                    (Some(Kind::ActionExt), Part::ActionExt)
                    | (Some(Kind::ActionName), Part::ActionName)
                    | (Some(Kind::PathAll), Part::Last | Part::Segment(_)) => true,
                    (Some(Kind::Path), Part::Segment(index)) => step.number() == index,
                    _ => false,
                };
                if takes {
                    self.value(*child, value);
                }
            }
        });
        self.give(buffers);
    }

    /// The arguments as sent and, after a rewrite, the current ones.
    fn queries(&mut self, root: &Node) {
        let sent = split_target(self.request.target()).query;
        let current = self.request.args();
        self.arguments(root, QUERY, sent);
        if current != sent {
            self.arguments(root, QUERY, current);
        }
        if let Some(text) = behind_mark(self.request.target()) {
            self.arguments(root, QUERY, text);
        }
    }
}
