//! `descriptors`: files that give the names of messages and fields of Protocol Buffers.

use super::{fields, read::bounded, yaml::Node, Context, Seen};
use tokenban_parse::protobuf::descriptor::Schema;

/// Reads one file or a list of them into the schema.
pub(super) fn read(node: &Node, schema: &mut Schema, context: &mut Context<'_>) {
    let files = fields::one_or_more(node, "`descriptors`", &mut context.report);
    for node in files.unwrap_or_default() {
        if let Some(message) = file(node, schema, context) {
            context.report.at(node, message);
        }
    }
}

/// Reads a file, or says what is wrong with it.
fn file(node: &Node, schema: &mut Schema, context: &mut Context<'_>) -> Option<String> {
    let name = fields::text(node, "`descriptors`", &mut context.report)?;
    let path = context.base.join(name);
    let mut seen = Seen { path: path.clone(), stamp: None };
    let way_out = "leave out the files that no rule needs";
    let read = bounded(&mut seen, context.limits.descriptor_size, way_out);
    if context.files.iter().all(|other| other.path != path) {
        context.files.push(seen);
    }
    match read {
        Ok(bytes) if schema.add(&bytes) => None,
        Ok(_) => Some(format!(
            "{} is no descriptor set; make one with `protoc --include_imports --descriptor_set_out`",
            path.display()
        )),
        Err(message) => Some(format!("descriptor set {}: {message}", path.display())),
    }
}
