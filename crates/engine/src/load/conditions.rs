//! `conditions` and `except`.

use super::{
    fields::{self, Fields},
    points,
    report::Report,
    yaml::{Node, Yaml},
    Context,
};
use crate::{
    condition::{Conditions, Test, When},
    pattern::Pattern,
    search::Search,
    uri_condition::UriCondition,
};

const TESTS: [&str; 4] = ["equal", "iequal", "regex", "absent"];

/// Reads conditions that must all hold; `what` names them in messages.
pub(super) fn read(node: &Node, what: &str, context: &mut Context<'_>) -> Option<Conditions> {
    let size = context.limits.condition_size;
    let report = &mut context.report;
    let fields = Fields::read(node, what, &["uri", "method", "when"], report)?;
    let uri = fields.value("uri").map(|node| uri(node, size, report));
    let methods = fields.value("method").map(|node| methods(node, report));
    let when = fields.value("when").map(|node| all_tests(node, size, report));
    if uri.is_none() && methods.is_none() && when.is_none() {
        report.at(node, format!("{what} names no condition; write `uri`, `method` or `when`"));
        return None;
    }
    Some(Conditions {
        uri: uri.map_or(Some(None), |uri| uri.map(Some))?,
        methods: methods.unwrap_or(Some(Vec::new()))?,
        when: when.unwrap_or(Some(Vec::new()))?,
    })
}

fn uri(node: &Node, size: usize, report: &mut Report) -> Option<UriCondition> {
    let text = fields::text(node, "`uri`", report)?;
    UriCondition::parse(text, size).map_err(|error| report.at(node, error.to_string())).ok()
}

fn methods(node: &Node, report: &mut Report) -> Option<Vec<String>> {
    let items = fields::one_or_more(node, "`method`", report)?;
    let all: Vec<_> = items.iter().map(|item| method(item, report)).collect();
    all.into_iter().collect()
}

/// NGINX takes upper-case letters, `_` and `-` only, and compares the case.
fn method(node: &Node, report: &mut Report) -> Option<String> {
    let name = fields::text(node, "a method", report)?;
    let upper = name.to_ascii_uppercase();
    let right = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'-'))
    };
    if right(name) {
        return Some(name.to_owned());
    }
    let message = match right(&upper) {
        true => format!("method `{name}` is not upper-case; did you mean `{upper}`?"),
        false => format!("`{name}` is not a method; write a name such as `GET`, or a list of them"),
    };
    report.at(node, message);
    None
}

fn all_tests(node: &Node, size: usize, report: &mut Report) -> Option<Vec<When>> {
    let items = fields::one_or_more(node, "`when`", report)?;
    let all: Vec<_> = items.iter().map(|item| when(item, size, report)).collect();
    all.into_iter().collect()
}

fn when(node: &Node, size: usize, report: &mut Report) -> Option<When> {
    let known = ["point", "equal", "iequal", "regex", "absent"];
    let fields = Fields::read(node, "a test of `when`", &known, report)?;
    let point = match fields.value("point") {
        Some(node) => points::point(node, report),
        None => {
            report.at(
                node,
                "the test has no `point`; write where to look, as in `point: [header, X-ENV]`",
            );
            None
        }
    };
    let written = fields.among(&TESTS);
    let [(name, _, value), more @ ..] = written.as_slice() else {
        report.at(
            node,
            "the test compares nothing; write one of `equal`, `iequal`, `regex`, `absent`",
        );
        return None;
    };
    for (other, key, _) in more {
        report.at(
            key,
            format!("`{other}` is a second comparison beside `{name}`; make two tests of it"),
        );
    }
    let test = test(name, value, size, report)?;
    more.is_empty().then_some(When { point: point?, test })
}

fn test(name: &str, value: &Node, size: usize, report: &mut Report) -> Option<Test> {
    let bytes = |report: &mut Report| {
        fields::text(value, &format!("`{name}`"), report).map(|text| text.as_bytes().to_vec())
    };
    match name {
        "equal" => bytes(report).map(Test::Equal),
        "iequal" => bytes(report).map(Test::Iequal),
        "regex" => regex(value, size, report).map(Test::Regex),
        _ => match value.yaml {
            Yaml::Bool(true) => Some(Test::Absent),
            _ => {
                report.at(value, "`absent` takes no value but `true`; write `absent: true`");
                None
            }
        },
    }
}

fn regex(node: &Node, size: usize, report: &mut Report) -> Option<Search> {
    let pattern = match Pattern::parse(fields::text(node, "a pattern", report)?) {
        Ok(pattern) => pattern,
        Err(error) => {
            report.at(node, format!("bad pattern: {error}; the syntax is Rust's (docs.rs/regex)"));
            return None;
        }
    };
    let search = Search::new(&pattern, size);
    if search.is_none() {
        report.at(node, "the pattern is too large when compiled; make its repetitions shorter");
    }
    search
}
