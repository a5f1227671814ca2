//! Readings of values in JSON and XML.

use memchr::memmem;
use tokenban_parse::json;

use crate::{point::Kind, tree::Step};

use super::ordinal;

/// Which member of a name it is, and whether its text was escaped.
pub(super) fn json(from: &[u8], step: &Step, to: &[u8]) -> Vec<String> {
    let mut buffer = Vec::new();
    let text = json::transcode(from, &mut buffer).to_vec();
    let wide = (text != from).then(|| "from UTF-16 or UTF-32".to_owned());
    let verbatim = memmem::find(&text, to).is_some();
    let escaped = (!verbatim).then(|| "JSON-unescaped".to_owned());
    let repeated = member(&text, step, to);
    [wide, repeated, escaped].into_iter().flatten().collect()
}

fn member(text: &[u8], step: &Step, to: &[u8]) -> Option<String> {
    if step.kind() != Some(Kind::Hash) {
        return None;
    }
    let (mut name, mut buffer) = (Vec::new(), Vec::new());
    let (mut count, mut index) = (0, None);
    json::object(text, &mut name, &mut |found, value| {
        if json::is_member(found, step.name()) {
            if value.value(&mut buffer) == to {
                index = index.or(Some(count));
            }
            count += 1;
        }
    });
    ordinal(index?).map(|word| format!("{word} member of that name"))
}

/// Whether the text was joined and decoded.
pub(super) fn xml(from: &[u8], to: &[u8]) -> Vec<String> {
    match memmem::find(from, to) {
        Some(_) => Vec::new(),
        None => vec!["with references, CDATA and child elements resolved".to_owned()],
    }
}
