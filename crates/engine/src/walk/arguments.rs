//! Arguments: of the query string and of urlencoded forms.

use super::{budget::Work, head::is_header, Walk};
use tokenban_parse::{
    charset,
    names::segment,
    query::{self, query, query_names, query_values},
    Buffers,
};

use crate::{
    point::Kind,
    request::Request,
    tree::{Node, NodeId},
};

/// The elements that lead into arguments.
#[derive(Clone, Copy)]
pub(super) struct Arguments {
    one: Kind,
    all: Kind,
    names: Kind,
}

impl Arguments {
    pub(super) fn kinds(self) -> [Kind; 3] {
        [self.one, self.all, self.names]
    }
}

pub(super) const QUERY: Arguments =
    Arguments { one: Kind::Query, all: Kind::QueryAll, names: Kind::QueryName };

pub(super) const FORM: Arguments = Arguments {
    one: Kind::FormUrlencoded,
    all: Kind::FormUrlencodedAll,
    names: Kind::FormUrlencodedName,
};

/// What lies below an argument or a field that may be there more than once.
pub(super) const PARTS: [Kind; 5] =
    [Kind::Array, Kind::ArrayAll, Kind::Hash, Kind::HashAll, Kind::HashName];

/// Whether an argument, a field or a cookie is the named one, or an item of it: applications that
/// expect `key` join, or take the first of, `key[]=…` and `key[0]=…`.
pub(super) fn is_argument(found: &[u8], name: &str) -> bool {
    found.strip_prefix(name.as_bytes()).is_some_and(|rest| matches!(rest, [] | [b'[', ..]))
}

impl<R: Request + ?Sized> Walk<'_, R> {
    /// Visits the arguments in a text, in the charsets of the Content-Type, too.
    pub(super) fn arguments(&mut self, node: &Node, kinds: Arguments, text: &[u8]) {
        self.plain_arguments(node, kinds, text);
        // What is in a charset is not in another.
        if self.is_transcoded {
            return;
        }
        for label in self.foreign_charsets() {
            self.arguments_in(node, kinds, text, &label);
        }
    }

    /// Escapes and separators may be in the charset, too; Django decodes before and after.
    fn arguments_in(&mut self, node: &Node, kinds: Arguments, text: &[u8], label: &[u8]) {
        self.foreign_arguments(node, kinds, text, label);
        if !self.spend(Work::Charset, text.len()) {
            return;
        }
        let mut buffers = self.take();
        charset::charset(text, Some(label), &mut buffers.value, &mut |reading| {
            self.plain_arguments(node, kinds, reading);
            self.foreign_arguments(node, kinds, reading, label);
        });
        self.give(buffers);
    }

    fn foreign_arguments(&mut self, node: &Node, kinds: Arguments, text: &[u8], label: &[u8]) {
        if !self.spend(Work::Charset, text.len()) {
            return;
        }
        let mut buffers = self.take();
        query::transcoded(text, label, &mut buffers.value);
        self.plain_arguments(node, kinds, &buffers.value);
        self.give(buffers);
    }

    /// What the request says its text is in, where that is not UTF-8.
    fn foreign_charsets(&mut self) -> Vec<Vec<u8>> {
        let mut some = false;
        self.request.headers(&mut |name, value| {
            some |= is_header(name, "CONTENT-TYPE") && !charset::labels(value).0.is_empty();
        });
        if !some {
            return Vec::new();
        }
        let content_type = self.header("CONTENT-TYPE");
        let (labels, coverage) = charset::labels(&content_type);
        self.note(coverage);
        labels.into_iter().map(<[u8]>::to_vec).collect()
    }

    fn plain_arguments(&mut self, node: &Node, kinds: Arguments, text: &[u8]) {
        let gated = |(_, child): (&_, NodeId)| self.tree.node(child).is_gated;
        let is_gated = kinds.kinds().into_iter().all(|kind| node.children(kind).all(gated));
        if is_gated && !self.gate.lets_text_through(text) {
            self.spend(Work::Skip, text.len());
            return;
        }
        if !self.spend(Work::Arguments, text.len()) {
            return;
        }
        let mut buffers = self.take();
        if node.has(&[kinds.all]) {
            query_values(text, &mut buffers, &mut |value| {
                node.children(kinds.all).for_each(|(_, child)| self.value(child, value));
            });
        }
        if node.has(&[kinds.names]) {
            query_names(text, &mut buffers, &mut |name| {
                node.children(kinds.names).for_each(|(_, child)| self.value(child, name));
            });
        }
        if node.has(&[kinds.one]) {
            self.named_arguments(node, kinds.one, text, &mut buffers);
        }
        self.give(buffers);
    }

    fn named_arguments(&mut self, node: &Node, one: Kind, text: &[u8], buffers: &mut Buffers) {
        let outer = self.variables_of_arguments(node, one, text);
        let wants =
            |name: &[u8]| node.children(one).any(|(step, _)| is_argument(name, step.name()));
        query(text, buffers, &wants, &mut |name, value| {
            for (_, child) in node.children(one).filter(|(step, _)| is_argument(name, step.name()))
            {
                self.value(child, value);
            }
        });
        for (step, child) in node.children(one) {
            self.argument_parts(text, step.name(), child, buffers);
        }
        self.restore_variables(outer);
    }

    /// What lies below `query NAME`: repetitions by number, brackets by name.
    fn argument_parts(&mut self, text: &[u8], name: &str, id: NodeId, buffers: &mut Buffers) {
        let node = self.tree.node(id);
        if node.has(&PARTS) && self.spend(Work::Arguments, text.len()) {
            query::occurrences(text, name.as_bytes(), buffers, &mut |place, value| {
                self.occurrence(id, place.index, place.path, value);
            });
        }
        if node.has(&[Kind::Pollution]) && self.spend(Work::Arguments, text.len()) {
            query::pollution(text, name.as_bytes(), buffers, &mut |joined| {
                node.children(Kind::Pollution).for_each(|(_, child)| self.value(child, joined));
            });
        }
    }

    /// One of the values of a name: by its number, and by what its brackets say.
    pub(super) fn occurrence(&mut self, id: NodeId, index: usize, path: &[u8], value: &[u8]) {
        let appended = segment(path).filter(|(name, _)| name.is_empty());
        let rest = appended.map_or(&[][..], |(_, rest)| rest);
        self.items(self.tree.node(id), index, &mut |walk, child| {
            walk.value(child, value);
            walk.brackets(child, rest, value);
        });
        if appended.is_none() {
            self.brackets(id, path, value);
        }
    }

    /// What a path of brackets leads to; `[]` is every place of an array.
    fn brackets(&mut self, id: NodeId, path: &[u8], value: &[u8]) {
        let Some((name, rest)) = segment(path) else { return };
        for (step, child) in &self.tree.node(id).edges {
            let goes = match step.kind() {
                Some(Kind::HashName) => {
                    self.value(*child, name);
                    false
                }
                Some(Kind::Hash) => step.is(name),
                Some(Kind::HashAll) => true,
                Some(Kind::Array | Kind::ArrayAll) => name.is_empty() || step.is(name),
                _ => false,
            };
            if goes {
                self.value(*child, value);
                self.brackets(*child, rest, value);
            }
        }
    }
}
