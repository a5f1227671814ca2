//! The one matcher of a rule.

use super::{
    fields::{self, Fields},
    name::{is_name, NAME},
    read::bounded,
    report::Report,
    yaml::{Node, Yaml},
    Context, Seen,
};
use crate::{
    pattern::Pattern,
    rule::MatcherSource,
    token::{TokenEntry, TokenFile},
};

const MATCHERS: [&str; 5] = ["regex", "tokens", "token_file", "denylist", "present"];

/// Reads the matcher of the rule at `node`.
pub(super) fn read(
    node: &Node,
    fields: &Fields<'_>,
    context: &mut Context<'_>,
) -> Option<MatcherSource> {
    let written = fields.among(&MATCHERS);
    let [(name, _, value), more @ ..] = written.as_slice() else {
        context.report.at(
            node,
            "the rule has no matcher; write one of `regex`, `tokens`, `token_file`, `denylist`, \
             `present`",
        );
        return None;
    };
    for (other, key, _) in more {
        let message =
            format!("`{other}` is a second matcher beside `{name}`; make two rules of it");
        context.report.at(key, message);
    }
    let report = &mut context.report;
    let matcher = match *name {
        "regex" => patterns(value, report).map(MatcherSource::Regex),
        "tokens" => tokens(value, "`tokens`", report).map(MatcherSource::Tokens),
        "token_file" => token_file(value, context).map(MatcherSource::TokenFile),
        "denylist" => denylists(value, report).map(MatcherSource::Denylist),
        _ => present(value, report),
    };
    matcher.filter(|_| more.is_empty())
}

fn patterns(node: &Node, report: &mut Report) -> Option<Vec<Pattern>> {
    let items = fields::one_or_more(node, "`regex`", report)?;
    let all: Vec<_> = items.iter().map(|item| pattern(item, report)).collect();
    all.into_iter().collect()
}

fn pattern(node: &Node, report: &mut Report) -> Option<Pattern> {
    let text = fields::text(node, "a pattern", report)?;
    match Pattern::parse(text) {
        Err(error) => report.at(node, format!("bad pattern: {error}; {}", way_out(text))),
        Ok(pattern) if pattern.matches_all() => report.at(
            node,
            "the pattern is found in every value; write `present: true` if that is meant",
        ),
        Ok(pattern) => return Some(pattern),
    }
    None
}

/// A pattern copied with its slashes is the likeliest mistake.
fn way_out(text: &str) -> &'static str {
    match text.len() > 2 && text.starts_with('/') && text.ends_with('/') {
        true => "write it without slashes around it",
        false => "the syntax is Rust's (docs.rs/regex)",
    }
}

/// One token or a list of them, plain or as digests.
pub(super) fn tokens(node: &Node, what: &str, report: &mut Report) -> Option<Vec<TokenEntry>> {
    let items = fields::one_or_more(node, what, report)?;
    let all: Vec<_> = items
        .iter()
        .map(|item| {
            let text = fields::text(item, "a token", report)?;
            TokenEntry::parse(text.as_bytes())
                .map_err(|error| report.at(item, error.to_string()))
                .ok()
        })
        .collect();
    all.into_iter().collect()
}

fn token_file(node: &Node, context: &mut Context<'_>) -> Option<TokenFile> {
    let name = fields::text(node, "`token_file`", &mut context.report)?;
    let path = context.base.join(name);
    let way_out = "put its tokens on a denylist, which takes lists of any size";
    let mut seen = Seen { path: path.clone(), stamp: None };
    let read = bounded(&mut seen, context.limits.token_file_size, way_out);
    // Of a file that several rules read, the first state counts: another one later is a change.
    if context.files.iter().all(|other| other.path != path) {
        context.files.push(seen);
    }
    let bytes = match read {
        Ok(bytes) => bytes,
        Err(message) => {
            context.report.at(node, format!("token file {}: {message}", path.display()));
            return None;
        }
    };
    let mut refused = 0;
    let report = &mut context.report;
    let file = TokenFile::parse(path.clone(), &bytes, &mut |line, error| {
        refused += 1;
        report.at_line(&path, line, error.to_string());
    });
    if refused == 0 && file.entries.is_empty() {
        report.at(
            node,
            format!("token file {} holds no token; write a token a line", path.display()),
        );
        return None;
    }
    (refused == 0).then_some(file)
}

fn denylists(node: &Node, report: &mut Report) -> Option<Vec<String>> {
    let items = fields::one_or_more(node, "`denylist`", report)?;
    let all: Vec<_> = items
        .iter()
        .map(|item| {
            let name = fields::text(item, "the name of a denylist", report)?;
            if !is_name(name) {
                report.at(item, format!("not the name of a denylist; {NAME}"));
                return None;
            }
            Some(name.to_owned())
        })
        .collect();
    all.into_iter().collect()
}

fn present(node: &Node, report: &mut Report) -> Option<MatcherSource> {
    if let Yaml::Bool(true) = node.yaml {
        return Some(MatcherSource::Present);
    }
    let message = format!(
        "`present` is {}; write `present: true`",
        match node.yaml {
            Yaml::Bool(_) => "false",
            _ => fields::kind(node),
        }
    );
    report.at(node, message);
    None
}
