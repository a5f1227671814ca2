//! JSON documents.

use super::{budget::Work, Walk};
use tokenban_parse::json::{self, Json};

use crate::{point::Kind, request::Request, tree::NodeId};

impl<R: Request + ?Sized> Walk<'_, R> {
    /// A value as a JSON document.
    pub(super) fn json_document(&mut self, id: NodeId, value: &[u8]) {
        let mut buffers = self.take();
        let text = json::transcode(value, &mut buffers.value);
        if self.reads(id, Work::Json, text) {
            self.json(id, text);
            self.json_leaves(id, text);
        }
        self.give(buffers);
    }

    /// Every value of a document, for `anywhere`.
    fn json_leaves(&mut self, id: NodeId, text: &[u8]) {
        let Some(any) = self.tree.node(id).any() else { return };
        if !self.spend(Work::Json, text.len()) {
            return;
        }
        let mut buffers = self.take();
        json::leaves(text, &mut buffers.value, &mut |value| self.value(any, value));
        self.give(buffers);
    }

    /// The members and elements of a JSON text.
    pub(super) fn json(&mut self, id: NodeId, text: &[u8]) {
        let node = self.tree.node(id);
        let kinds = [Kind::Array, Kind::ArrayAll, Kind::Hash, Kind::HashAll, Kind::HashName];
        if !node.has(&kinds) || !self.spend(Work::Json, text.len()) {
            return;
        }
        if node.has(&[Kind::Hash, Kind::HashAll, Kind::HashName]) {
            self.json_members(id, text);
        }
        if node.has(&[Kind::Array, Kind::ArrayAll]) {
            json::array(text, &mut |index, element| {
                self.items(node, index, &mut |walk, child| walk.json_value(child, element));
            });
        }
    }

    fn json_members(&mut self, id: NodeId, text: &[u8]) {
        let node = self.tree.node(id);
        let outer = self.variables_of_members(node, text);
        let mut buffers = self.take();
        json::object(text, &mut buffers.name, &mut |name, member| {
            for (step, child) in &node.edges {
                match step.kind() {
                    Some(Kind::Hash) if json::is_member(name, step.name()) => {
                        self.json_value(*child, member)
                    }
                    Some(Kind::HashAll) => self.json_value(*child, member),
                    Some(Kind::HashName) => self.value(*child, name),
                    _ => {}
                }
            }
        });
        self.give(buffers);
        self.restore_variables(outer);
    }

    /// A string counts unescaped; what else it may be, as it is written.
    pub(super) fn json_value(&mut self, node: NodeId, json: Json<'_>) {
        let mut buffers = self.take();
        let value = json.value(&mut buffers.value);
        self.value(node, value);
        self.give(buffers);
        if json.kind != json::Kind::String {
            self.json(node, json.raw);
        }
    }
}
