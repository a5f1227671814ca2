//! The walk: from the request down to every value that some rule looks at.
//!
//! The root reads the request, parsers turn a value into nested values, and every value at a leaf is
//! handed to the visitor. Every repetition and every reading is visited. Depth is bounded by the
//! length of the longest point, time by the budget of the request.

mod arguments;
mod body;
pub mod budget;
pub(crate) mod gate;
mod graphql;
mod grpc;
mod head;
mod json;
mod multipart;
mod values;
mod viewstate;
mod xml;

use self::{
    budget::{Budget, Work},
    gate::Gate,
};
use tokenban_parse::{content_encoding::Bounds, protobuf::descriptor::Schema, Buffers, Coverage};

use crate::{
    decision::Incomplete,
    limits::{Inflation, BODY, HEAD},
    point::Kind,
    request::Request,
    ruleset::Stage,
    tree::{Node, NodeId, Tree},
};

/// Working memory of the parsers, one set for each level, kept from request to request; and whether
/// one of them met a bound; what the request may still cost.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    buffers: Vec<Buffers>,
    cut: Option<Incomplete>,
    budget: Budget,
}

/// What is called with every value: the node, and the value in the pieces that it is kept in.
pub(crate) type Visit<'a> = dyn FnMut(NodeId, &[&[u8]]) + 'a;

/// Visits every value of a tree in a request.
pub(crate) struct Walk<'a, R: ?Sized> {
    tree: &'a Tree,
    schema: &'a Schema,
    request: &'a R,
    pool: &'a mut Pool,
    visit: &'a mut Visit<'a>,
    /// The type of the Protocol Buffers message that is read, where it is known.
    message: Option<&'a [u8]>,
    inflation: Inflation,
    /// What values are held against at nodes that are gated.
    gate: Gate,
    /// Whether what is read was decoded with a charset.
    is_transcoded: bool,
    /// Whether the header that is read, if one is, names the scheme Basic.
    names_basic: bool,
    /// The JSON text of GraphQL's variables, where a document is read.
    variables: Vec<u8>,
}

impl Pool {
    /// Begins with a stage of a request.
    pub(crate) fn begin(&mut self) {
        self.cut = None;
        self.budget = Budget::default();
    }

    /// Grants conditions a budget of their own: what hides a token must not hide that a rule applies.
    pub(crate) fn renew(&mut self) {
        self.budget.renew();
    }

    /// The bound that a parser met since this was last asked, if one did.
    pub(crate) fn was_cut(&mut self) -> Option<Incomplete> {
        self.cut.take()
    }

    /// The units of work done since the stage began.
    pub(crate) fn work(&self) -> usize {
        self.budget.spent()
    }
}

impl<'a, R: Request + ?Sized> Walk<'a, R> {
    pub(crate) fn new(
        tree: &'a Tree,
        schema: &'a Schema,
        request: &'a R,
        pool: &'a mut Pool,
        visit: &'a mut Visit<'a>,
    ) -> Walk<'a, R> {
        Walk {
            tree,
            schema,
            request,
            pool,
            visit,
            message: None,
            inflation: HEAD,
            gate: Gate::OPEN,
            is_transcoded: false,
            names_basic: false,
            variables: Vec::new(),
        }
    }

    /// Has it skip values that can hold no entry of the denylists.
    pub(crate) fn gated(mut self, gate: Gate) -> Self {
        self.gate = gate;
        self
    }

    /// Visits what the tree names of one stage. A tree of the body may name points of the head, too.
    pub(crate) fn stage(mut self, stage: Stage) {
        let root = self.tree.node(NodeId::ROOT);
        self.head(root);
        if stage == Stage::Body {
            self.inflation = BODY;
            self.body(root);
        }
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

    /// A value among others of its kind, for the children that ask for its number or for all.
    fn numbered(&mut self, node: &Node, kind: Kind, index: usize, value: &[u8]) {
        for (_, child) in node.children(kind).filter(|(step, _)| step.is_number(index)) {
            self.value(child, value);
        }
    }

    /// The lines of a header, joined by commas.
    fn header(&self, wanted: &str) -> Vec<u8> {
        let mut lines = Vec::new();
        self.request.headers(&mut |name, value| {
            if head::is_header(name, wanted) {
                if !lines.is_empty() {
                    lines.push(b',');
                }
                lines.extend_from_slice(value);
            }
        });
        lines
    }

    /// What one value may inflate to.
    fn bounds(&self) -> Bounds {
        let Inflation { size, total } = self.inflation;
        Bounds { size: size.min(total).min(self.pool.budget.affords(Work::Inflate)) }
    }

    /// Accounts for what was inflated.
    fn inflated(&mut self, size: usize) {
        self.inflation.total = self.inflation.total.saturating_sub(size);
        self.spend(Work::Inflate, size);
    }

    /// Pays for work; past the budget there is none, and the request is not inspected as a whole.
    fn spend(&mut self, work: Work, bytes: usize) -> bool {
        let paid = self.pool.budget.spend(work, bytes);
        if !paid {
            self.pool.cut = Some(Incomplete::Budget);
        }
        paid
    }

    /// Pays for parsing a text; whether there may be something in it, and it can be paid for.
    fn reads(&mut self, id: NodeId, work: Work, text: &[u8]) -> bool {
        match self.tree.node(id).is_gated && !self.gate.lets_text_through(text) {
            true => {
                self.spend(Work::Skip, text.len());
                false
            }
            false => self.spend(work, text.len()),
        }
    }

    /// Takes note of what a bound cut off.
    fn note(&mut self, coverage: Coverage) {
        if coverage == Coverage::Cut {
            self.pool.cut.get_or_insert(Incomplete::Bound);
        }
    }

    fn take(&mut self) -> Buffers {
        self.pool.buffers.pop().unwrap_or_default()
    }

    fn give(&mut self, mut buffers: Buffers) {
        buffers.shrink();
        self.pool.buffers.push(buffers);
    }
}
