//! One rule.

use jiff::Timestamp;

use super::{
    conditions, examples,
    fields::{self, Fields},
    matcher,
    name::{is_name, NAME},
    points,
    report::Report,
    yaml::Node,
    Context,
};
use crate::{
    condition::Conditions,
    decision::Action,
    example::Examples,
    rule::{MatcherSource, Origin, Rule},
    suggest::suggest,
};

const FIELDS: [&str; 13] = [
    "id",
    "title",
    "conditions",
    "except",
    "points",
    "regex",
    "tokens",
    "token_file",
    "denylist",
    "present",
    "action",
    "expires",
    "examples",
];

/// Reads one rule; every mistake in it is reported.
pub(super) fn read(node: &Node, origin: Origin, context: &mut Context<'_>) -> Option<Rule> {
    context.report.rule = id_of(node);
    let fields = Fields::read(node, "a rule", &FIELDS, &mut context.report)?;
    // Each part is read before any is missed, so that one run reports them all.
    let id = id(node, &fields, &mut context.report);
    let title = title(&fields, &mut context.report);
    let conditions = match fields.value("conditions") {
        Some(node) => conditions::read(node, "`conditions`", context),
        None => Some(Conditions::default()),
    };
    let except = match fields.value("except") {
        Some(node) => except(node, context),
        None => Some(Vec::new()),
    };
    let points = points::read(node, fields.value("points"), &mut context.report);
    let matcher = matcher::read(node, &fields, context);
    let action = match fields.value("action") {
        Some(node) => action(node, &mut context.report),
        None => Some(Action::Deny),
    };
    let expires = match fields.value("expires") {
        Some(node) => expires(node, &mut context.report).map(Some),
        None => Some(None),
    };
    let examples = match fields.value("examples") {
        Some(node) => examples::read(node, &mut context.report),
        None => Some(Examples::default()),
    };
    if let (Some(node), Some(matcher), Some(examples)) =
        (fields.value("examples"), &matcher, &examples)
    {
        if !examples.banned.is_empty() && !matches!(matcher, MatcherSource::Denylist(_)) {
            let message = "`banned` fills denylists, and the rule asks none; leave it out";
            context.report.at(node, message);
        }
    }
    Some(Rule {
        id: id?,
        title,
        conditions: conditions?,
        except: except?,
        points: points?,
        matcher: matcher?,
        action: action?,
        expires: expires?,
        examples: examples?,
        origin,
    })
}

/// The id as far as there is one, for the messages about the rule.
fn id_of(node: &Node) -> Option<String> {
    let mut silent = Report::new(0);
    let fields = Fields::read(node, "", &FIELDS, &mut silent)?;
    fields::text(fields.value("id")?, "", &mut silent).map(str::to_owned)
}

fn id(node: &Node, fields: &Fields<'_>, report: &mut Report) -> Option<String> {
    let Some(value) = fields.value("id") else {
        report.at(node, "the rule has no `id`; write `id: name`, unique in the ruleset");
        return None;
    };
    let id = fields::text(value, "`id`", report)?;
    if !is_name(id) {
        report.at(value, format!("`id` is not a name; {NAME}"));
        return None;
    }
    Some(id.to_owned())
}

fn title(fields: &Fields<'_>, report: &mut Report) -> Option<String> {
    fields::text(fields.value("title")?, "`title`", report).map(str::to_owned)
}

fn except(node: &Node, context: &mut Context<'_>) -> Option<Vec<Conditions>> {
    let items = fields::one_or_more(node, "`except`", &mut context.report)?;
    let all: Vec<_> =
        items.iter().map(|item| conditions::read(item, "an exception", context)).collect();
    all.into_iter().collect()
}

fn action(node: &Node, report: &mut Report) -> Option<Action> {
    let names = ["deny", "enforce", "monitor"];
    match fields::text(node, "`action`", report)? {
        "deny" => Some(Action::Deny),
        "enforce" => Some(Action::Enforce),
        "monitor" => Some(Action::Monitor),
        other => {
            let way_out = match suggest(other, names).or(synonym(other)) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "it is `deny`, `monitor` or `enforce`".to_owned(),
            };
            report.at(node, format!("unknown action `{other}`; {way_out}"));
            None
        }
    }
}

/// What other products call the actions.
fn synonym(action: &str) -> Option<&'static str> {
    match action {
        "block" | "drop" | "forbid" | "reject" => Some("deny"),
        "alert" | "log" | "monitoring" | "report" => Some("monitor"),
        _ => None,
    }
}

/// RFC 3339, with `Z` or an offset.
fn expires(node: &Node, report: &mut Report) -> Option<u64> {
    let text = fields::text(node, "`expires`", report)?;
    let second =
        text.parse::<Timestamp>().ok().and_then(|time| u64::try_from(time.as_second()).ok());
    if second.is_none() {
        report.at(
            node,
            "`expires` is not a time; write date, time and zone, as in `2027-01-31T00:00:00Z`",
        );
    }
    second
}
