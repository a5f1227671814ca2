//! The request body: as sent, and in every reading of its codings and charsets.

use super::{arguments::FORM, budget::Work, Walk};
use tokenban_parse::{
    charset::{self, charset},
    content_encoding::{self, content_encoding},
};

use crate::{
    point::Kind,
    request::Request,
    tree::{Node, NodeId},
};

/// Bytes of a body's start that tell codings and charsets apart.
const START: usize = 8;

impl<R: Request + ?Sized> Walk<'_, R> {
    /// Visits the body. An empty one counts as none.
    pub(super) fn body(&mut self, root: &Node) {
        let request = self.request;
        for (_, post) in root.children(Kind::Post) {
            request.body(&mut |pieces| {
                if pieces.iter().any(|piece| !piece.is_empty()) {
                    self.post(post, pieces);
                }
            });
        }
    }

    /// The body in its pieces, which are joined only if something has to be parsed.
    fn post(&mut self, id: NodeId, pieces: &[&[u8]]) {
        let node = self.tree.node(id);
        let length = pieces.iter().map(|piece| piece.len()).sum();
        self.pool.budget.receive(length);
        self.spend(Work::Value, length);
        if node.is_leaf {
            (self.visit)(id, pieces);
        }
        let coding = self.header("CONTENT-ENCODING");
        let content_type = self.header("CONTENT-TYPE");
        let (labels, coverage) = charset::labels(&content_type);
        self.note(coverage);
        let start: Vec<u8> = pieces.iter().copied().flatten().take(START).copied().collect();
        let coded = content_encoding::may_apply(&start, &coding);
        let foreign = !labels.is_empty() || charset::may_apply(&start);
        if node.edges.is_empty() && !coded && !foreign {
            return;
        }
        let mut joined = self.take();
        let body = match pieces {
            [body] => body,
            _ => join(pieces, &mut joined.value),
        };
        let is_declared = content_encoding::is_declared(&coding);
        // What it inflates to pays for reading what was sent, too.
        if coded && is_declared {
            self.decoded(id, body, &coding, &labels);
        }
        self.inside(node, body);
        self.charsets(id, body, &labels);
        if coded && !is_declared {
            self.decoded(id, body, &coding, &labels);
        }
        self.give(joined);
    }

    /// For `anywhere`: every parser that may fit. What says that it is multipart, and begins with a
    /// delimiter, is nothing else; what begins as a document and has no `=` is no form.
    pub(super) fn anywhere(&mut self, id: NodeId, body: &[u8]) {
        let node = self.tree.node(id);
        if body.starts_with(b"--") && is_multipart(&self.header("CONTENT-TYPE")) {
            return self.multipart(node, body);
        }
        if memchr::memchr(b'=', body).is_some() || !begins_as_document(body) {
            self.arguments(node, FORM, body);
        }
        self.multipart(node, body);
        for (step, child) in &node.edges {
            match step.kind() {
                Some(Kind::Gql) => self.gql(*child, body),
                Some(Kind::JsonDoc) => self.json_document(*child, body),
                Some(Kind::Xml) => self.xml(*child, body),
                _ => {}
            }
        }
    }

    /// Every layer below the codings.
    fn decoded(&mut self, id: NodeId, body: &[u8], coding: &[u8], labels: &[&[u8]]) {
        let bounds = self.bounds();
        let mut buffers = self.take();
        let cut = self.pool.cut;
        let coverage = content_encoding(body, coding, bounds, &mut buffers, &mut |layer| {
            self.inflated(layer.len());
            self.pool.budget.inflate(layer.len());
            self.value(id, layer);
            self.charsets(id, layer, labels);
        });
        self.give(buffers);
        self.note(coverage);
        // Without a declared coding inflating was a guess: an upload that happens to be an archive.
        if !content_encoding::is_declared(coding) {
            self.pool.cut = cut;
        }
    }

    fn charsets(&mut self, id: NodeId, text: &[u8], labels: &[&[u8]]) {
        let mut buffers = self.take();
        self.is_transcoded = true;
        let labels = labels.iter().copied().map(Some);
        for label in labels.chain([None]) {
            let applies = label.is_some() || charset::may_apply(text);
            if !applies || !self.spend(Work::Charset, text.len()) {
                continue;
            }
            charset(text, label, &mut buffers.value, &mut |reading| self.value(id, reading));
        }
        self.is_transcoded = false;
        self.give(buffers);
    }
}

/// Whether the one Content-Type there is says so.
fn is_multipart(content_type: &[u8]) -> bool {
    let start = content_type.trim_ascii_start().get(..10);
    start.is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/"))
        && memchr::memchr(b',', content_type).is_none()
}

fn begins_as_document(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start(), [b'"' | b'<' | b'[' | b'{', ..])
}

fn join<'b>(pieces: &[&[u8]], buffer: &'b mut Vec<u8>) -> &'b [u8] {
    buffer.clear();
    pieces.iter().for_each(|piece| buffer.extend_from_slice(piece));
    buffer
}
