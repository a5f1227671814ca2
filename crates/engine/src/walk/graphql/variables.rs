//! The variables that stand beside a document: in an object, among arguments, in a form.

use super::super::Walk;
use tokenban_parse::{
    json,
    multipart::{multipart, Item},
    query::query,
};

use crate::{point::Kind, request::Request, tree::Node};

impl<R: Request + ?Sized> Walk<'_, R> {
    /// Sets the variables that stand beside a document in an object; gives those of before.
    pub(in crate::walk) fn variables_of_members(
        &mut self,
        node: &Node,
        text: &[u8],
    ) -> Option<Vec<u8>> {
        let kinds = [Kind::Hash, Kind::HashAll];
        self.reads_documents(node, &kinds).then(|| {
            let [variables] = members(text, ["variables"]);
            std::mem::replace(&mut self.variables, variables)
        })
    }

    /// The same of arguments.
    pub(in crate::walk) fn variables_of_arguments(
        &mut self,
        node: &Node,
        kind: Kind,
        text: &[u8],
    ) -> Option<Vec<u8>> {
        if !self.reads_documents(node, &[kind]) {
            return None;
        }
        let (mut found, mut buffers) = (Vec::new(), self.take());
        query(text, &mut buffers, &|name| name == b"variables", &mut |_, value| {
            found.extend_from_slice(value);
        });
        self.give(buffers);
        Some(std::mem::replace(&mut self.variables, found))
    }

    /// The same of a multipart form.
    pub(in crate::walk) fn variables_of_form(
        &mut self,
        node: &Node,
        body: &[u8],
        content_type: &[u8],
    ) -> Option<Vec<u8>> {
        if !self.reads_documents(node, &[Kind::Multipart]) {
            return None;
        }
        let (mut found, mut buffers) = (Vec::new(), self.take());
        let coverage = multipart(body, content_type, &mut buffers, &mut |item| {
            if let Item::Field { name: b"variables", value, .. } = item {
                found.extend_from_slice(value);
            }
        });
        self.give(buffers);
        self.note(coverage);
        Some(std::mem::replace(&mut self.variables, found))
    }

    pub(in crate::walk) fn restore_variables(&mut self, outer: Option<Vec<u8>>) {
        if let Some(outer) = outer {
            self.variables = outer;
        }
    }

    fn reads_documents(&self, node: &Node, kinds: &[Kind]) -> bool {
        let mut children = node
            .edges
            .iter()
            .filter(|(step, _)| step.kind().is_some_and(|kind| kinds.contains(&kind)));
        children.any(|(_, child)| self.tree.node(*child).has(&[Kind::Gql]))
    }
}

/// The values of all members of some names, one after the other; an object may itself be in a string.
pub(super) fn members<const N: usize>(text: &[u8], wanted: [&str; N]) -> [Vec<u8>; N] {
    let (mut found, mut name, mut value) = ([const { Vec::new() }; N], Vec::new(), Vec::new());
    json::object(text, &mut name, &mut |name, member| {
        for (found, wanted) in found.iter_mut().zip(wanted) {
            if json::is_member(name, wanted) {
                found.extend_from_slice(member.value(&mut value));
                found.push(b'\n');
            }
        }
    });
    found
}
