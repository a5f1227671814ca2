//! Parsers of values: credentials, cookies, tokens, encodings.

use super::{
    arguments::{is_argument, FORM},
    budget::Work,
    Walk,
};
use tokenban_parse::{
    base64::{base64, encode, is_whole},
    basic::{basic, is_basic, names_basic, unnamed},
    cookies::{cookie_values, cookies},
    credentials::credentials,
    gzip::gzip,
    htmljs::htmljs,
    jwt::jwt,
    percent::percent,
    unquote::unquote,
    Buffers,
};

use crate::{
    point::Kind,
    request::Request,
    tree::{Node, NodeId, Step},
};

impl<R: Request + ?Sized> Walk<'_, R> {
    /// A value: matched at a leaf, and handed to every parser below.
    pub(super) fn value(&mut self, id: NodeId, value: &[u8]) {
        let node = self.tree.node(id);
        if node.is_gated && !self.gate.lets_through(value, node.is_below_gate) {
            self.spend(Work::Skip, value.len());
            return;
        }
        if !self.spend(Work::Value, value.len()) {
            return;
        }
        if node.is_leaf {
            (self.visit)(id, &[value]);
        }
        self.inside(node, value);
    }

    /// One of the readings of escapes, of which a value may have a dozen.
    fn reading(&mut self, id: NodeId, value: &[u8]) {
        if self.spend(Work::Decode, value.len()) {
            self.value(id, value);
        }
    }

    /// Hands a value to every parser below a node.
    pub(super) fn inside(&mut self, node: &Node, value: &[u8]) {
        if node.edges.is_empty() {
            return;
        }
        let mut buffers = self.take();
        if node.has(&[Kind::Cookie, Kind::CookieAll, Kind::CookieName]) {
            self.cookies(node, value, &mut buffers);
        }
        for (step, child) in &node.edges {
            match step {
                Step::Any => self.anywhere(*child, value),
                Step::Pair => {}
                Step::Element(element) => {
                    self.parser(node, element.kind, *child, value, &mut buffers);
                }
                Step::Unquote => {
                    unquote(value, &mut buffers.value, &mut |inner| self.value(*child, inner));
                }
            }
        }
        self.give(buffers);
        self.forms(node, value);
    }

    /// Hands a value to one parser.
    fn parser(
        &mut self,
        node: &Node,
        kind: Kind,
        child: NodeId,
        value: &[u8],
        buffers: &mut Buffers,
    ) {
        match kind {
            Kind::Base64 => {
                base64(value, &mut buffers.value, &mut |decoded| self.value(child, decoded));
            }
            Kind::Basic if self.is_basic(node, value) => self.basic(child, value, buffers),
            Kind::Basic if node.is_below_scheme && is_whole(value) => {
                unnamed(value, buffers, &mut |user, password| {
                    self.user_and_password(child, user, password);
                });
            }
            Kind::Credentials => {
                let outer = std::mem::replace(&mut self.names_basic, names_basic(value));
                credentials(value, &mut |found| self.value(child, found));
                self.names_basic = outer;
            }
            Kind::Gql => self.gql(child, value),
            Kind::Gzip => self.gzip(child, value, buffers),
            Kind::Htmljs => {
                let Buffers { value: buffer, spare, .. } = buffers;
                htmljs(value, buffer, spare, &mut |decoded| self.value(child, decoded));
            }
            Kind::JsonDoc => self.json_document(child, value),
            Kind::Jwt => self.jwt(child, value, buffers),
            Kind::Percent => {
                percent(value, &mut buffers.value, &mut |decoded| self.reading(child, decoded));
            }
            Kind::Viewstate => self.viewstate(child, value),
            Kind::Xml => self.xml(child, value),
            _ => {}
        }
    }

    /// Whether a value is Basic by its scheme, which may be taken off already. Behind another scheme it is
    /// base64 as a whole; decoders that skip what is in no alphabet are asked by the scheme, and not for
    /// the sake of every other credential.
    fn is_basic(&self, node: &Node, value: &[u8]) -> bool {
        (node.is_below_scheme && self.names_basic) || is_basic(value)
    }

    /// The parsers whose elements are siblings: one pass serves all of them.
    fn forms(&mut self, node: &Node, value: &[u8]) {
        if node.has(&FORM.kinds()) {
            self.arguments(node, FORM, value);
        }
        if node.has(&[Kind::Grpc]) {
            self.grpc(node, value);
        }
        if node.has(&[Kind::Multipart, Kind::MultipartAll, Kind::MultipartName]) {
            self.multipart(node, value);
        }
        if node.has(&[Kind::Protobuf]) {
            self.protobuf(node, value);
        }
    }

    fn gzip(&mut self, child: NodeId, value: &[u8], buffers: &mut Buffers) {
        let bounds = self.bounds();
        let mut size = 0;
        let coverage = gzip(value, bounds, buffers, &mut |inflated| {
            size += inflated.len();
            self.value(child, inflated);
        });
        self.inflated(size);
        self.note(coverage);
    }

    fn cookies(&mut self, node: &Node, value: &[u8], buffers: &mut Buffers) {
        if node.has(&[Kind::CookieAll]) {
            cookie_values(value, buffers, &mut |value| {
                node.children(Kind::CookieAll).for_each(|(_, child)| self.value(child, value));
            });
        }
        if node.has(&[Kind::Cookie, Kind::CookieName]) {
            cookies(value, buffers, &mut |name, value| self.cookie(node, name, value));
        }
    }

    /// A cookie, for the children that ask for its name or for all names.
    fn cookie(&mut self, node: &Node, name: &[u8], value: &[u8]) {
        for (step, child) in &node.edges {
            match step.kind() {
                Some(Kind::Cookie) if is_argument(name, step.name()) => self.value(*child, value),
                Some(Kind::CookieName) => self.value(*child, name),
                _ => {}
            }
        }
    }

    fn basic(&mut self, id: NodeId, value: &[u8], buffers: &mut Buffers) {
        basic(value, buffers, &mut |user, password| self.user_and_password(id, user, password));
    }

    fn user_and_password(&mut self, id: NodeId, user: &[u8], password: &[u8]) {
        let node = self.tree.node(id);
        node.children(Kind::User).for_each(|(_, child)| self.value(child, user));
        node.children(Kind::Password).for_each(|(_, child)| self.value(child, password));
        for (_, child) in node.edges.iter().filter(|(step, _)| *step == Step::Pair) {
            self.pair(*child, user, password);
        }
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
        let coverage = jwt(value, buffers, &mut |jwt| {
            for (step, child) in &node.edges {
                match step.kind() {
                    Some(Kind::Claims) => {
                        jwt.claim(step.name(), &mut |claim| {
                            self.value(*child, claim);
                            self.json(*child, claim);
                        });
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
        self.note(coverage);
    }
}
