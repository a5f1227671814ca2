//! `examples`: requests that a rule must deny and must let pass.

use super::{
    fields::{self, Fields},
    matcher,
    report::Report,
    yaml::{Node, Yaml},
};
use crate::example::{Example, Examples};

const FIELDS: [&str; 6] = ["method", "uri", "header", "cookie", "query", "body"];

/// Reads both lists.
pub(super) fn read(node: &Node, report: &mut Report) -> Option<Examples> {
    let fields = Fields::read(node, "`examples`", &["deny", "pass", "banned"], report)?;
    let deny = fields.value("deny").map_or(Some(Vec::new()), |node| list(node, report));
    let pass = fields.value("pass").map_or(Some(Vec::new()), |node| list(node, report));
    let banned = match fields.value("banned") {
        Some(node) => matcher::tokens(node, "`banned`", report),
        None => Some(Vec::new()),
    };
    Some(Examples { deny: deny?, pass: pass?, banned: banned? })
}

fn list(node: &Node, report: &mut Report) -> Option<Vec<Example>> {
    let items = fields::one_or_more(node, "a list of examples", report)?;
    let all: Vec<_> = items.iter().map(|item| example(item, report)).collect();
    all.into_iter().collect()
}

fn example(node: &Node, report: &mut Report) -> Option<Example> {
    let fields = Fields::read(node, "an example", &FIELDS, report)?;
    let mut text = |name: &str, default: &str| match fields.value(name) {
        Some(value) => fields::text(value, &format!("`{name}`"), report).map(str::to_owned),
        None => Some(default.to_owned()),
    };
    let (method, uri) = (text("method", ""), text("uri", "/"));
    let body = text("body", "");
    let mut pairs = |name: &str| match fields.value(name) {
        Some(value) => all_pairs(value, name, report),
        None => Some(Vec::new()),
    };
    let (headers, cookies, query) = (pairs("header"), pairs("cookie"), pairs("query"));
    let body = fields.value("body").map(|_| body.unwrap_or_default());
    let default = if body.is_some() { "POST" } else { "GET" };
    let method = method?;
    Some(Example {
        method: if method.is_empty() { default.to_owned() } else { method },
        uri: uri?,
        headers: headers?,
        cookies: cookies?,
        query: query?,
        body,
    })
}

/// `{name: value}` or `{name: [value, value]}`.
fn all_pairs(node: &Node, what: &str, report: &mut Report) -> Option<Vec<(String, String)>> {
    let Yaml::Mapping(entries) = &node.yaml else {
        let kind = fields::kind(node);
        report.at(node, format!("`{what}` is {kind}; write `{{name: value}}`"));
        return None;
    };
    let mut pairs = Vec::new();
    for (key, value) in entries {
        let name = fields::text(key, &format!("a name of `{what}`"), report)?;
        for value in fields::one_or_more(value, "a value", report)? {
            let value = fields::text(value, "a value", report)?;
            pairs.push((name.to_owned(), value.to_owned()));
        }
    }
    Some(pairs)
}
