//! semgrep `--json` (`semgrep_output_v1`): findings of its rules for secrets. What is not one of these
//! is a line of code.

use serde_json::Value;

use super::{
    super::{
        finding::{clear, Finding, Secret, Validity},
        json::Step,
        names,
    },
    json_shape::{at, first_text, text},
    Findings, Format, Knows, Reads, Sink,
};

pub(super) static SEMGREP: Format = Format {
    word: "semgrep",
    name: "semgrep JSON",
    help: "semgrep --json: findings of its rules for secrets",
    knows: Knows::Json(&[&["results.check_id", "results.extra"], &["results", "errors", "paths"]]),
    reads: Reads::Json {
        path: &[Step::Key("results"), Step::Each],
        keep: &[],
        findings: Findings::With(semgrep),
    },
    way_out: "run semgrep again logged in, which it wants before it shows lines",
    nothing: "",
};

fn semgrep(object: &Value, blank: Finding<'_>, sink: Sink<'_>) {
    let rule = text(object, "check_id");
    let state = first_text(object, &["extra.validation_state"]);
    let is_secret = rule.split(['.', '-', '_']).any(|word| matches!(word, "secret" | "secrets"))
        || at(object, "extra.metadata.secret_type").is_some()
        || state.starts_with("CONFIRMED");
    if !is_secret {
        return sink(Finding { secret: Secret::OtherTool, ..blank });
    }
    let validity = match state {
        "CONFIRMED_VALID" => Validity::Active,
        "CONFIRMED_INVALID" => Validity::Inactive,
        _ => Validity::Unknown,
    };
    let line = match first_text(object, &["extra.lines"]) {
        "requires login" => "",
        line => line,
    };
    let secret = clear(metavariable(object).unwrap_or(line), rule);
    sink(Finding { secret, rule, link: text(object, "path"), validity, ..blank });
}

/// What the rule bound to `$SECRET`, `$TOKEN` and the like.
fn metavariable(object: &Value) -> Option<&str> {
    let all = at(object, "extra.metavars")?.as_object()?;
    let named = all.iter().find(|(name, _)| names::is_credential(name.as_bytes()));
    let found = named.map(|(_, value)| text(value, "abstract_content"))?;
    (!found.is_empty()).then_some(found)
}
