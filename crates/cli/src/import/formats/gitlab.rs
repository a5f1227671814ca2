//! GitLab's secret detection report (its JSON schema `secret-detection-report-format`).

use serde_json::Value;

use super::{
    super::{
        finding::{clear, Finding},
        json::Step,
    },
    json_shape::{at, each, text},
    Findings, Format, Knows, Reads, Sink,
};

pub(super) static GITLAB: Format = Format {
    word: "gitlab",
    name: "GitLab secret detection report",
    help: "GitLab's gl-secret-detection-report.json",
    knows: Knows::Json(&[
        &["vulnerabilities.raw_source_code_extract"],
        &["vulnerabilities", "version"],
        &["vulnerabilities", "scan"],
    ]),
    reads: Reads::Json {
        path: &[Step::Key("vulnerabilities"), Step::Each],
        keep: &[],
        findings: Findings::With(gitlab),
    },
    way_out: "make the report again with its secrets in clear",
    nothing: "",
};

/// The report's `cve` holds a SHA-256 too, but of what makes the finding one, not of the secret.
fn gitlab(object: &Value, blank: Finding<'_>, sink: Sink<'_>) {
    let rule = each(object, "identifiers")
        .find(|one| text(one, "type") == "gitleaks_rule_id")
        .map_or(text(object, "name"), |identifier| text(identifier, "value"));
    let part = |path| at(object, path).and_then(Value::as_str).unwrap_or("");
    let link = [part("location.commit.sha"), part("location.file")];
    let link = link.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(":");
    let secret = clear(text(object, "raw_source_code_extract"), rule);
    sink(Finding { secret, rule, link: &link, ..blank });
}
