//! The fields of a mapping, and values of the types they take.

use super::{
    report::Report,
    yaml::{Node, Yaml},
};
use crate::suggest::suggest;

/// A mapping whose keys are all known and unlike.
pub(super) struct Fields<'a> {
    entries: Vec<(&'a str, &'a Node, &'a Node)>,
}

impl<'a> Fields<'a> {
    /// Reads the keys; what is unknown or repeated is reported and left out. `what` names the thing
    /// that the mapping describes.
    pub(super) fn read(
        node: &'a Node,
        what: &str,
        known: &[&str],
        report: &mut Report,
    ) -> Option<Fields<'a>> {
        let Yaml::Mapping(mapping) = &node.yaml else {
            let message = format!(
                "{what} is {}; write fields as `name: value` ({})",
                kind(node),
                list_of(known)
            );
            report.at(node, message);
            return None;
        };
        let mut entries: Vec<(&str, &Node, &Node)> = Vec::new();
        for (key, value) in mapping {
            let Some(name) = text(key, &format!("a field of {what}"), report) else { continue };
            if !known.contains(&name) {
                report.at(key, unknown_field(name, what, known));
            } else if entries.iter().any(|(other, ..)| *other == name) {
                report.at(key, format!("field `{name}` is duplicate; keep one of them"));
            } else {
                entries.push((name, key, value));
            }
        }
        Some(Fields { entries })
    }

    /// The value of a field.
    pub(super) fn value(&self, name: &str) -> Option<&'a Node> {
        self.entries.iter().find(|(other, ..)| *other == name).map(|(.., value)| *value)
    }

    /// Those of the named fields that are there: name, key, value.
    pub(super) fn among(&self, names: &[&str]) -> Vec<(&'a str, &'a Node, &'a Node)> {
        self.entries.iter().filter(|(name, ..)| names.contains(name)).copied().collect()
    }
}

fn unknown_field(name: &str, what: &str, known: &[&str]) -> String {
    if name == "<<" {
        return "merge keys (`<<`) are not supported; write the fields out".to_owned();
    }
    let synonym = synonym(name).filter(|other| known.contains(other));
    match synonym.or_else(|| suggest(name, known.iter().copied())) {
        Some(other) => format!("unknown field `{name}` of {what}; did you mean `{other}`?"),
        None => format!("unknown field `{name}` of {what}; it has {}", list_of(known)),
    }
}

/// What people write from memory of other tools.
fn synonym(name: &str) -> Option<&'static str> {
    match name {
        "condition" | "if" => Some("conditions"),
        "description" | "name" => Some("title"),
        "exclude" | "exceptions" | "unless" => Some("except"),
        "list" | "lists" => Some("denylist"),
        "pattern" | "patterns" | "regexp" => Some("regex"),
        "path" | "url" => Some("uri"),
        "where" => Some("points"),
        _ => None,
    }
}

/// A text. Numbers and the like are refused, not converted: `0755` and `1e3` would change.
pub(super) fn text<'a>(node: &'a Node, what: &str, report: &mut Report) -> Option<&'a str> {
    match &node.yaml {
        Yaml::Text(text) => return Some(text),
        Yaml::Bool(_) | Yaml::Float | Yaml::Integer(_) => {
            report
                .at(node, format!("{what} is {}; write it in quotes to make it text", kind(node)));
        }
        _ => report.at(node, format!("{what} is {}; write a text", kind(node))),
    }
    None
}

/// A list.
pub(super) fn list<'a>(node: &'a Node, what: &str, report: &mut Report) -> Option<&'a [Node]> {
    match &node.yaml {
        Yaml::Sequence(nodes) => Some(nodes),
        _ => {
            report.at(
                node,
                format!("{what} is {}; write a list: `[…]` or lines of `- …`", kind(node)),
            );
            None
        }
    }
}

/// A list, or one value that stands for a list of one.
pub(super) fn one_or_more<'a>(
    node: &'a Node,
    what: &str,
    report: &mut Report,
) -> Option<&'a [Node]> {
    match &node.yaml {
        Yaml::Sequence(nodes) if nodes.is_empty() => {
            report
                .at(node, format!("{what} is an empty list; write at least one, or leave it out"));
            None
        }
        Yaml::Sequence(nodes) => Some(nodes),
        _ => Some(std::slice::from_ref(node)),
    }
}

/// What a node is, for «… is a number».
pub(super) fn kind(node: &Node) -> &'static str {
    match node.yaml {
        Yaml::Bool(_) => "a boolean",
        Yaml::Float | Yaml::Integer(_) => "a number",
        Yaml::Mapping(_) => "a mapping",
        Yaml::Null => "empty",
        Yaml::Sequence(_) => "a list",
        Yaml::Text(_) => "a text",
    }
}

fn list_of(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
