//! gRPC's messages and the fields of Protocol Buffers.

use super::Walk;
use crate::{
    parse::{
        grpc::messages,
        protobuf::{fields, readings},
    },
    point::Kind,
    request::Request,
    tree::Node,
};

impl<R: Request + ?Sized> Walk<'_, R> {
    /// The messages of a gRPC body.
    pub(super) fn grpc(&mut self, node: &Node, value: &[u8]) {
        let encoding = self.header("GRPC-ENCODING");
        let mut bounds = self.bounds();
        let mut buffers = self.take();
        let before = bounds.size;
        let coverage =
            messages(value, &encoding, &mut bounds, &mut buffers, &mut |index, found| {
                self.numbered(node, Kind::Grpc, index, found);
            });
        self.give(buffers);
        self.inflated(before - bounds.size);
        self.note(coverage);
    }

    /// The fields of a message, by number.
    pub(super) fn protobuf(&mut self, node: &Node, message: &[u8]) {
        let mut buffers = self.take();
        fields(message, &mut |field| {
            for (_, child) in node
                .children(Kind::Protobuf)
                .filter(|(step, _)| step.is_number(field.number as usize))
            {
                let buffer = &mut buffers.value;
                readings(field.value, buffer, &mut |value| self.value(child, value));
            }
        });
        self.give(buffers);
    }
}
