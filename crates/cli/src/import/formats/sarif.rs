//! SARIF 2.1.0 (section 3.27): the runs of scanners that put the secret itself into the snippet of a
//! region. Everybody else has lines of code there.

use serde_json::Value;

use super::{
    super::{
        finding::{clear, Finding, Secret, Validity},
        json::Step,
    },
    json_shape::{at, each, first_text, text},
    Findings, Format, Knows, Reads, Sink,
};

pub(super) static SARIF: Format = Format {
    word: "sarif",
    name: "SARIF",
    help: "SARIF of gitleaks, betterleaks, kingfisher and Nosey Parker",
    knows: Knows::Json(&[&["runs", "version"], &["runs", "$schema"], &["runs.tool.driver"]]),
    reads: Reads::Json {
        path: &[Step::Key("runs"), Step::Each],
        keep: &[
            "artifactLocation",
            "driver",
            "locations",
            "name",
            "partialFingerprints",
            "physicalLocation",
            "properties",
            "region",
            "results",
            "ruleId",
            "secret/v1",
            "snippet",
            "suppressions",
            "text",
            "tool",
            "uri",
            "validation_outcome",
        ],
        findings: Findings::With(run),
    },
    way_out: "make the report again without --redact, or as the scanner's own JSON",
    nothing: "",
};

/// The drivers of such scanners, by `tool.driver.name`.
const SECRETS: [&str; 4] = ["betterleaks", "gitleaks", "kingfisher", "noseyparker"];

/// Scanners for secrets that keep them out of SARIF.
const HIDDEN: [&str; 3] = ["ggshield", "trufflehog", "vault-radar"];

fn run(run: &Value, blank: Finding<'_>, sink: Sink<'_>) {
    let name = at(run, "tool.driver.name").and_then(Value::as_str).unwrap_or("");
    let name: String =
        name.chars().filter(|char| !" _".contains(*char)).collect::<String>().to_ascii_lowercase();
    let is = |known: &[&str]| known.contains(&name.as_str());
    for result in each(run, "results") {
        match (is(&SECRETS), is(&HIDDEN)) {
            (true, _) => secret(result, blank, sink),
            (_, true) => sink(Finding { secret: Secret::Hidden, ..blank }),
            _ => sink(Finding { secret: Secret::OtherTool, ..blank }),
        }
    }
}

fn secret(result: &Value, blank: Finding<'_>, sink: Sink<'_>) {
    let rule = text(result, "ruleId");
    let Some(location) = each(result, "locations").next() else { return sink(blank) };
    let suppressed = each(result, "suppressions").next().is_some();
    let validity = match suppressed {
        true => Validity::Dismissed,
        false => Validity::of(first_text(location, &["properties.validation_outcome"])),
    };
    let secret = clear(first_text(location, &["physicalLocation.region.snippet.text"]), rule);
    let link = first_text(location, &["physicalLocation.artifactLocation.uri"]);
    sink(Finding { secret, rule, link, validity, ..blank });
}
