//! The request head: the request line, headers, metadata.

use super::{arguments::QUERY, Walk};
use tokenban_parse::{
    path::{path, split_target, Part},
    percent::percent,
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
        request.headers(&mut |name, value| {
            for (step, child) in &root.edges {
                match step.kind() {
                    Some(Kind::Header) if is_header(name, step.name()) => self.value(*child, value),
                    Some(Kind::HeaderAll) => self.value(*child, value),
                    Some(Kind::HeaderName) => self.value(*child, name),
                    _ => {}
                }
            }
        });
        for (step, child) in root.children(Kind::Header) {
            if self.tree.node(child).has(&[Kind::Array, Kind::ArrayAll, Kind::Pollution]) {
                self.repeated_header(step.name(), child);
            }
        }
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
            self.items(node, count, &mut |walk, child| walk.value(child, line));
            if count > 0 {
                joined.value.push(b',');
            }
            joined.value.extend_from_slice(line);
            count += 1;
        });
        if count > 1 {
            node.children(Kind::Pollution).for_each(|(_, child)| self.value(child, &joined.value));
        }
        self.give(joined);
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
    }
}
