//! Multipart forms.

use super::{
    arguments::{is_argument, PARTS},
    budget::Work,
    head::is_header,
    Walk,
};
use tokenban_parse::{
    multipart::{multipart, Item},
    names::{names, split_name},
    Buffers,
};

use crate::{
    point::Kind,
    request::Request,
    tree::{Node, NodeId},
};

/// The fields of one name met so far: how many, and their values joined by commas.
#[derive(Default)]
struct Repeated {
    /// The number of the part that was counted last.
    part: Option<usize>,
    count: usize,
    joined: Vec<u8>,
}

impl<R: Request + ?Sized> Walk<'_, R> {
    /// The fields, files and headers of a form.
    pub(super) fn multipart(&mut self, node: &Node, body: &[u8]) {
        if !self.spend(Work::Multipart, body.len()) {
            return;
        }
        let content_type = self.header("CONTENT-TYPE");
        let mut form = Form { node, repeated: Vec::new(), buffers: self.take() };
        form.repeated.resize_with(node.edges.len(), Repeated::default);
        let mut buffers = self.take();
        let outer = self.variables_of_form(node, body, &content_type);
        let coverage = multipart(body, &content_type, &mut buffers, &mut |item| {
            self.item(&mut form, &item);
        });
        self.restore_variables(outer);
        self.give(buffers);
        self.note(coverage);
        self.give(form.buffers);
        for ((_, child), repeated) in node.edges.iter().zip(&form.repeated) {
            self.pollution(*child, repeated);
        }
    }

    fn item(&mut self, form: &mut Form<'_>, item: &Item<'_>) {
        let node = form.node;
        for (_, child) in node.children(Kind::MultipartAll) {
            self.part(child, item);
        }
        if node.has(&[Kind::Multipart, Kind::MultipartName]) {
            let Buffers { mut name, value, mut spare } = std::mem::take(&mut form.buffers);
            names(item.name(), &mut name, &mut spare, &mut |name| {
                self.named_item(form, name, item);
            });
            form.buffers = Buffers { name, value, spare };
        }
    }

    fn named_item(&mut self, form: &mut Form<'_>, name: &[u8], item: &Item<'_>) {
        let (base, path) = split_name(name).unwrap_or((name, b""));
        for ((step, child), repeated) in form.node.edges.iter().zip(&mut form.repeated) {
            match (step.kind(), item) {
                (Some(Kind::MultipartName), Item::Field { .. } | Item::File { .. }) => {
                    self.value(*child, name);
                }
                (Some(Kind::Multipart), _) if is_argument(name, step.name()) => {
                    self.part(*child, item);
                    let path = if step.is(name) { b"" } else { path };
                    self.repetition(*child, repeated, item, path);
                }
                (Some(Kind::Multipart), _) if step.is(base) => {
                    self.repetition(*child, repeated, item, path);
                }
                _ => {}
            }
        }
    }

    /// What a part yields by itself.
    fn part(&mut self, id: NodeId, item: &Item<'_>) {
        match item {
            Item::Field { value, .. } => self.value(id, value),
            Item::File { content, .. } => self.part_values(id, Kind::File, content),
            Item::FileName { file_name, .. } => self.part_values(id, Kind::FileName, file_name),
            Item::Header { header, value, .. } => {
                for (step, child) in &self.tree.node(id).edges {
                    match step.kind() {
                        Some(Kind::Header) if is_header(header, step.name()) => {
                            self.value(*child, value);
                        }
                        Some(Kind::HeaderAll) => self.value(*child, value),
                        _ => {}
                    }
                }
            }
        }
    }

    fn part_values(&mut self, id: NodeId, kind: Kind, value: &[u8]) {
        for (_, child) in self.tree.node(id).children(kind) {
            self.value(child, value);
        }
    }

    /// A field among those of its name: by number, by brackets, and joined to the others.
    fn repetition(&mut self, id: NodeId, repeated: &mut Repeated, item: &Item<'_>, path: &[u8]) {
        let Item::Field { part, value, .. } = item else { return };
        let node = self.tree.node(id);
        if node.has(&[Kind::Pollution]) || node.has(&PARTS) {
            let is_reading = repeated.part == Some(*part);
            if repeated.part.is_some_and(|last| last > *part) {
                // The body is read once more, cut in another way.
                self.pollution(id, repeated);
                *repeated = Repeated::default();
            }
            if !is_reading {
                repeated.add(*part, value);
            }
            let index = repeated.count.saturating_sub(1);
            self.occurrence(id, index, path, value);
        }
    }

    fn pollution(&mut self, id: NodeId, repeated: &Repeated) {
        if repeated.count > 1 {
            for (_, child) in self.tree.node(id).children(Kind::Pollution) {
                self.value(child, &repeated.joined);
            }
        }
    }
}

struct Form<'a> {
    node: &'a Node,
    /// For each edge of the node.
    repeated: Vec<Repeated>,
    buffers: Buffers,
}

impl Repeated {
    fn add(&mut self, part: usize, value: &[u8]) {
        if self.count > 0 {
            self.joined.push(b',');
        }
        self.joined.extend_from_slice(value);
        self.part = Some(part);
        self.count += 1;
    }
}
