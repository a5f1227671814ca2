//! gRPC's messages and the fields of Protocol Buffers.

use super::{budget::Work, Walk};
use tokenban_parse::{
    grpc::messages,
    protobuf::{fields, readings},
};

use crate::{
    point::Kind,
    request::Request,
    tree::{Node, Step},
};

impl<R: Request + ?Sized> Walk<'_, R> {
    /// The messages of a gRPC body.
    pub(super) fn grpc(&mut self, node: &Node, value: &[u8]) {
        if !self.spend(Work::Messages, value.len()) {
            return;
        }
        let encoding = self.header("GRPC-ENCODING");
        let first = self.request.first_message();
        let mut bounds = self.bounds();
        let mut buffers = self.take();
        let before = bounds.size;
        let outer = std::mem::replace(&mut self.message, self.schema.input(self.request.path()));
        let coverage =
            messages(value, &encoding, &mut bounds, &mut buffers, &mut |index, found| {
                self.numbered(node, Kind::Grpc, first.saturating_add(index), found);
            });
        self.message = outer;
        self.give(buffers);
        self.inflated(before - bounds.size);
        self.note(coverage);
    }

    /// The fields of a message, by number or name.
    pub(super) fn protobuf(&mut self, node: &Node, message: &[u8]) {
        if !self.spend(Work::Messages, message.len()) {
            return;
        }
        let mut buffers = self.take();
        let outer = self.message;
        fields(message, &mut |field| {
            let inner = outer.and_then(|outer| self.schema.inner(outer, field.number));
            for (step, child) in node.children(Kind::Protobuf) {
                if self.is_field(step, outer, field.number) {
                    self.message = inner;
                    let buffer = &mut buffers.value;
                    readings(field.value, buffer, &mut |value| self.value(child, value));
                }
            }
        });
        self.message = outer;
        self.give(buffers);
    }

    fn is_field(&self, step: &Step, message: Option<&[u8]>, number: u32) -> bool {
        step.is_number(number as usize)
            || (step.number() == usize::MAX
                && self.schema.is(message, step.name().as_bytes(), number))
    }
}
