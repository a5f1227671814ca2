//! XML documents.

use super::{budget::Work, Walk};
use tokenban_parse::xml::{self, attribute_value, Element};

use crate::{
    point::Kind,
    request::Request,
    tree::{Node, NodeId},
};

/// The elements below an element that take it apart; all others take its text.
const STEPS: [Kind; 8] = [
    Kind::Array,
    Kind::ArrayAll,
    Kind::Hash,
    Kind::HashAll,
    Kind::HashName,
    Kind::XmlAttr,
    Kind::XmlTag,
    Kind::XmlTagArray,
];

impl<R: Request + ?Sized> Walk<'_, R> {
    /// A value as an XML document, in every reading.
    pub(super) fn xml(&mut self, id: NodeId, value: &[u8]) {
        let node = self.tree.node(id);
        let mut buffers = self.take();
        let limit = self.inflation.size.min(self.pool.budget.affords(Work::Xml));
        let coverage = xml::documents(value, limit, &mut buffers, &mut |document| {
            if !self.spend(Work::Xml, document.len()) {
                return;
            }
            self.xml_leaves(node, document);
            self.xml_declarations(node, document);
            self.xml_elements(node, document);
        });
        self.give(buffers);
        self.note(coverage);
    }

    /// Every text and attribute, for `anywhere`.
    fn xml_leaves(&mut self, node: &Node, document: &[u8]) {
        let Some(any) = node.any().filter(|_| xml::is_document(document)) else { return };
        let mut buffers = self.take();
        xml::leaves(document, &mut buffers, &mut |value| self.value(any, value));
        self.give(buffers);
    }

    /// What a document holds beside its elements.
    fn xml_declarations(&mut self, node: &Node, document: &[u8]) {
        if node.has(&[Kind::XmlComment]) {
            let mut index = 0;
            xml::comments(document, &mut |comment| {
                self.numbered(node, Kind::XmlComment, index, comment);
                index += 1;
            });
        }
        if node.has(&[Kind::XmlPi]) {
            let mut index = 0;
            xml::instructions(document, &mut |_, text| {
                self.numbered(node, Kind::XmlPi, index, text);
                index += 1;
            });
        }
        for (_, child) in node.children(Kind::XmlDtd) {
            xml::dtd::external(document, &mut |address| self.value(child, address));
        }
        if node.has(&[Kind::XmlDtdEntity]) {
            let limit = self.pool.budget.affords(Work::Xml);
            let (entities, coverage) = xml::dtd::entities(document, limit);
            self.note(coverage);
            for (index, entity) in entities.iter().enumerate() {
                self.numbered(node, Kind::XmlDtdEntity, index, &entity.value);
            }
        }
    }

    /// The elements of a span, each with its number among those of its name.
    fn xml_elements(&mut self, node: &Node, span: &[u8]) {
        if !node.has(&[Kind::Hash, Kind::HashAll, Kind::HashName, Kind::XmlTag]) {
            return;
        }
        if !self.spend(Work::Xml, span.len()) {
            return;
        }
        let mut counts = vec![0; node.edges.len()];
        xml::children(span, &mut |element| {
            for ((step, child), count) in node.edges.iter().zip(&mut counts) {
                match step.kind() {
                    Some(Kind::Hash | Kind::XmlTag) if !step.takes(|name| element.is(name)) => {}
                    Some(Kind::Hash | Kind::HashAll | Kind::XmlTag) => {
                        self.xml_element(*child, &element, *count);
                        *count += 1;
                    }
                    Some(Kind::HashName) => self.value(*child, element.name),
                    _ => {}
                }
            }
        });
    }

    fn xml_element(&mut self, id: NodeId, element: &Element<'_>, index: usize) {
        self.xml_inside(id, element);
        for (step, child) in &self.tree.node(id).edges {
            match step.kind() {
                Some(Kind::Array | Kind::ArrayAll | Kind::XmlTagArray) if step.is_number(index) => {
                    self.xml_inside(*child, element);
                }
                _ => {}
            }
        }
    }

    fn xml_inside(&mut self, id: NodeId, element: &Element<'_>) {
        let node = self.tree.node(id);
        let takes_text = |kind: Option<Kind>| kind.is_none_or(|kind| !STEPS.contains(&kind));
        let mut buffers = self.take();
        if node.is_leaf || node.edges.iter().any(|(step, _)| takes_text(step.kind())) {
            self.spend(Work::Xml, element.inner.len());
            xml::text(element.inner, &mut buffers, &mut |text| self.value(id, text));
        }
        if node.has(&[Kind::XmlAttr]) {
            xml::attributes(element.attributes, &mut |name, raw| {
                let wanted = node
                    .children(Kind::XmlAttr)
                    .filter(|(step, _)| step.takes(|wanted| xml::is_named(name, wanted)));
                for (_, child) in wanted {
                    let buffer = &mut buffers.value;
                    attribute_value(raw, buffer, &mut |value| self.value(child, value));
                }
            });
        }
        self.give(buffers);
        self.xml_elements(node, element.inner);
    }
}
