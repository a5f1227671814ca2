//! Points: lists of elements.

use super::{
    fields,
    report::Report,
    yaml::{Node, Yaml},
};
use crate::point::Point;

/// Reads the points of the rule at `rule`.
pub(super) fn read(rule: &Node, points: Option<&Node>, report: &mut Report) -> Option<Vec<Point>> {
    let Some(node) = points else {
        report.at(
            rule,
            "the rule has no `points`; write where to look, as in `points: [[anywhere]]`",
        );
        return None;
    };
    let items = fields::list(node, "`points`", report)?;
    if items.is_empty() {
        report.at(node, "`points` is empty; write where to look, as in `points: [[anywhere]]`");
        return None;
    }
    if items.iter().all(|item| matches!(item.yaml, Yaml::Text(_) | Yaml::Integer(_))) {
        report.at(node, "`points` is one point where a list of points belongs; write it in a second pair of brackets: `[[…]]`");
        return None;
    }
    let all: Vec<_> = items.iter().map(|item| point(item, report)).collect();
    all.into_iter().collect()
}

/// Reads one point.
pub(super) fn point(node: &Node, report: &mut Report) -> Option<Point> {
    let items = fields::list(node, "a point", report)?;
    let words: Vec<_> = items.iter().map(|item| word(item, report)).collect();
    let words: Vec<String> = words.into_iter().collect::<Option<_>>()?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match Point::parse(&words) {
        Ok(point) => Some(point),
        Err(error) => {
            report.at(items.get(error.index()).unwrap_or(node), error.to_string());
            None
        }
    }
}

/// An element or the name or number after it.
fn word(node: &Node, report: &mut Report) -> Option<String> {
    match &node.yaml {
        Yaml::Integer(number) => Some(number.to_string()),
        _ => fields::text(node, "an element", report).map(str::to_owned),
    }
}
