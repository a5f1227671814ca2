//! The walk: from the request down to every value that some rule looks at.
//!
//! The root reads the request, parsers turn a value into nested values, and every value at a leaf is
//! handed to the visitor. Every repetition and every reading is visited. Depth is bounded by the
//! length of the longest point, time by that length times the size of the request.

use crate::{
    parse::{
        base64::{base64, encode},
        basic::{basic, is_basic},
        content_encoding::Bounds,
        cookies::{cookie_values, cookies},
        credentials::{credentials, subprotocols},
        gzip::gzip,
        htmljs::htmljs,
        json::{self, Json},
        jwt::jwt,
        names::segment,
        path::{path, split_target, Part},
        percent::percent,
        query::{self, query, query_values},
        unquote::unquote,
        Buffers,
    },
    point::Kind,
    request::Request,
    ruleset::Stage,
    tree::{Node, NodeId, Step, Tree},
};

/// Working memory of the parsers, one set for each level, kept from request to request.
pub(crate) type Pool = Vec<Buffers>;

/// What a compressed value may inflate to: a value of the request head is a few kilobytes.
const INFLATED: Bounds = Bounds { size: 1 << 20, ratio: 200 };

/// Visits every value of a tree in a request.
pub(crate) struct Walk<'a, R: ?Sized> {
    pub(crate) tree: &'a Tree,
    pub(crate) request: &'a R,
    pub(crate) pool: &'a mut Pool,
    pub(crate) visit: &'a mut dyn FnMut(NodeId, &[u8]),
}

/// Whether a header line has the name of a point: without case, and with `_` and `.` equal to `-`, as
/// CGI and PHP take them.
fn is_header(name: &[u8], canonical: &str) -> bool {
    let fold =
        |byte: u8| if matches!(byte, b'_' | b'.') { b'-' } else { byte.to_ascii_uppercase() };
    name.len() == canonical.len()
        && name.iter().zip(canonical.bytes()).all(|(byte, expected)| fold(*byte) == fold(expected))
}

/// Whether an argument is the named one, or an item of it: applications that expect `key` join, or
/// take the first of, `key[]=…` and `key[0]=…`.
fn is_argument(found: &[u8], name: &str) -> bool {
    found.strip_prefix(name.as_bytes()).is_some_and(|rest| matches!(rest, [] | [b'[', ..]))
}

impl<R: Request + ?Sized> Walk<'_, R> {
    /// Visits what the tree names of one stage. A tree of the body may name points of the head, too.
    pub(crate) fn stage(&mut self, stage: Stage) {
        match stage {
            // Points in the body are refused at load until they are read here.
            Stage::Body | Stage::Head => self.head(),
        }
    }

    /// Visits everything outside the body.
    fn head(&mut self) {
        let root = self.tree.node(NodeId::ROOT);
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

    /// The children that take the item at an index.
    fn items(&mut self, node: &Node, index: usize, go: &mut dyn FnMut(&mut Self, NodeId)) {
        for (step, child) in &node.edges {
            match step.kind() {
                Some(Kind::Array) if step.number() == index => go(self, *child),
                Some(Kind::ArrayAll) => go(self, *child),
                _ => {}
            }
        }
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
        self.query(root, sent);
        if current != sent {
            self.query(root, current);
        }
    }

    fn query(&mut self, root: &Node, text: &[u8]) {
        let mut buffers = self.take();
        if root.has(&[Kind::QueryAll]) {
            query_values(text, &mut buffers, &mut |value| {
                root.children(Kind::QueryAll).for_each(|(_, child)| self.value(child, value));
            });
        }
        if root.has(&[Kind::Query, Kind::QueryName]) {
            query(text, &mut buffers, &mut |name, value| {
                self.named(root, Kind::Query, Kind::QueryName, name, value);
            });
        }
        for (step, child) in root.children(Kind::Query) {
            self.argument_parts(text, step.name(), child, &mut buffers);
        }
        self.give(buffers);
    }

    /// What lies below `query NAME`: repetitions by number, brackets by name.
    fn argument_parts(&mut self, text: &[u8], name: &str, id: NodeId, buffers: &mut Buffers) {
        let node = self.tree.node(id);
        let parts = [Kind::Array, Kind::ArrayAll, Kind::Hash, Kind::HashAll, Kind::HashName];
        if node.has(&parts) {
            query::occurrences(text, name.as_bytes(), buffers, &mut |place, value| {
                self.items(node, place.index, &mut |walk, child| walk.value(child, value));
                self.brackets(id, place.path, value);
            });
        }
        if node.has(&[Kind::Pollution]) {
            query::pollution(text, name.as_bytes(), buffers, &mut |joined| {
                node.children(Kind::Pollution).for_each(|(_, child)| self.value(child, joined));
            });
        }
    }

    fn brackets(&mut self, id: NodeId, path: &[u8], value: &[u8]) {
        let Some((name, rest)) = segment(path) else { return };
        for (step, child) in &self.tree.node(id).edges {
            match step.kind() {
                Some(Kind::HashName) => self.value(*child, name),
                Some(Kind::Hash) if step.name().as_bytes() == name => {
                    self.bracket_value(*child, rest, value);
                }
                Some(Kind::HashAll) => self.bracket_value(*child, rest, value),
                _ => {}
            }
        }
    }

    fn bracket_value(&mut self, node: NodeId, rest: &[u8], value: &[u8]) {
        self.value(node, value);
        self.brackets(node, rest, value);
    }

    /// A value: matched at a leaf, and handed to every parser below.
    fn value(&mut self, id: NodeId, value: &[u8]) {
        let node = self.tree.node(id);
        if node.is_leaf {
            (self.visit)(id, value);
        }
        if node.edges.is_empty() {
            return;
        }
        let mut buffers = self.take();
        self.parsers(node, value, &mut buffers);
        self.give(buffers);
    }

    fn parsers(&mut self, node: &Node, value: &[u8], buffers: &mut Buffers) {
        if node.has(&[Kind::Cookie, Kind::CookieAll, Kind::CookieName]) {
            self.cookies(node, value, buffers);
        }
        for (step, child) in &node.edges {
            let child = *child;
            if *step == Step::Unquote {
                unquote(value, &mut buffers.value, &mut |inner| self.value(child, inner));
            }
            let Some(kind) = step.kind() else { continue };
            match kind {
                Kind::Base64 => {
                    base64(value, &mut buffers.value, &mut |decoded| self.value(child, decoded));
                }
                Kind::Basic if node.is_below_scheme || is_basic(value) => {
                    self.basic(child, value, buffers)
                }
                Kind::Credentials => {
                    credentials(value, &mut |found| self.value(child, found));
                    subprotocols(value, &mut buffers.value, &mut |found| self.value(child, found));
                }
                Kind::Gzip => {
                    // What lies past the bound is unread: tokens are far shorter than the bound.
                    let _ = gzip(value, INFLATED, buffers, &mut |inflated| {
                        self.value(child, inflated);
                    });
                }
                Kind::Htmljs => {
                    let Buffers { value: buffer, spare, .. } = buffers;
                    htmljs(value, buffer, spare, &mut |decoded| self.value(child, decoded));
                }
                Kind::JsonDoc => {
                    let text = json::transcode(value, &mut buffers.value);
                    self.json(child, text);
                }
                Kind::Jwt => self.jwt(child, value, buffers),
                Kind::Percent => {
                    percent(value, &mut buffers.value, &mut |decoded| self.value(child, decoded));
                }
                _ => {}
            }
        }
    }

    fn cookies(&mut self, node: &Node, value: &[u8], buffers: &mut Buffers) {
        if node.has(&[Kind::CookieAll]) {
            cookie_values(value, buffers, &mut |value| {
                node.children(Kind::CookieAll).for_each(|(_, child)| self.value(child, value));
            });
        }
        if node.has(&[Kind::Cookie, Kind::CookieName]) {
            cookies(value, buffers, &mut |name, value| {
                self.named(node, Kind::Cookie, Kind::CookieName, name, value);
            });
        }
    }

    /// A name and its value, for the children that ask for this name or for all names.
    fn named(&mut self, node: &Node, by_name: Kind, names: Kind, name: &[u8], value: &[u8]) {
        for (step, child) in &node.edges {
            match step.kind() {
                Some(Kind::Query) if by_name == Kind::Query && is_argument(name, step.name()) => {
                    self.value(*child, value);
                }
                Some(kind) if kind == by_name && step.name().as_bytes() == name => {
                    self.value(*child, value);
                }
                Some(kind) if kind == names => self.value(*child, name),
                _ => {}
            }
        }
    }

    fn basic(&mut self, id: NodeId, value: &[u8], buffers: &mut Buffers) {
        let node = self.tree.node(id);
        basic(value, buffers, &mut |user, password| {
            node.children(Kind::User).for_each(|(_, child)| self.value(child, user));
            node.children(Kind::Password).for_each(|(_, child)| self.value(child, password));
            for (_, child) in node.edges.iter().filter(|(step, _)| *step == Step::Pair) {
                self.pair(*child, user, password);
            }
        });
    }

    /// `user:password`, and its base64 with and without padding.
    fn pair(&mut self, node: NodeId, user: &[u8], password: &[u8]) {
        let mut buffers = self.take();
        let Buffers { name: pair, value: text, .. } = &mut buffers;
        pair.clear();
        pair.extend_from_slice(user);
        pair.push(b':');
        pair.extend_from_slice(password);
        self.value(node, pair);
        text.clear();
        encode(pair, text);
        self.value(node, text);
        let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
        if padding > 0 {
            self.value(node, text.get(..text.len() - padding).unwrap_or_default());
        }
        self.give(buffers);
    }

    fn jwt(&mut self, id: NodeId, value: &[u8], buffers: &mut Buffers) {
        let node = self.tree.node(id);
        jwt(value, buffers, &mut |jwt| {
            for (step, child) in &node.edges {
                match step.kind() {
                    Some(Kind::Claims) => {
                        jwt.claim(step.name(), &mut |claim| self.value(*child, claim));
                    }
                    Some(Kind::JwtHeader) => {
                        self.value(*child, jwt.header_text());
                        self.value(*child, jwt.header());
                    }
                    Some(Kind::JwtPayload) => {
                        self.value(*child, jwt.payload_text());
                        self.value(*child, jwt.payload());
                    }
                    Some(Kind::JwtPrefix) => self.value(*child, jwt.prefix()),
                    _ => {}
                }
            }
        });
    }

    /// The members and elements of a JSON text.
    fn json(&mut self, id: NodeId, text: &[u8]) {
        let node = self.tree.node(id);
        let mut buffers = self.take();
        if node.has(&[Kind::Hash, Kind::HashAll, Kind::HashName]) {
            json::object(text, &mut buffers.name, &mut |name, member| {
                for (step, child) in &node.edges {
                    match step.kind() {
                        Some(Kind::Hash) if json::is_member(name, step.name()) => {
                            self.json_value(*child, member);
                        }
                        Some(Kind::HashAll) => self.json_value(*child, member),
                        Some(Kind::HashName) => self.value(*child, name),
                        _ => {}
                    }
                }
            });
        }
        if node.has(&[Kind::Array, Kind::ArrayAll]) {
            json::array(text, &mut |index, element| {
                self.items(node, index, &mut |walk, child| walk.json_value(child, element));
            });
        }
        self.give(buffers);
    }

    /// A string counts unescaped; what else it may be, as it is written.
    fn json_value(&mut self, node: NodeId, json: Json<'_>) {
        let mut buffers = self.take();
        let value = json.value(&mut buffers.value);
        self.value(node, value);
        self.give(buffers);
        if json.kind != json::Kind::String {
            self.json(node, json.raw);
        }
    }

    fn take(&mut self) -> Buffers {
        self.pool.pop().unwrap_or_default()
    }

    fn give(&mut self, buffers: Buffers) {
        self.pool.push(buffers);
    }
}
