//! Alerts of GitHub's secret scanning: REST API «List secret scanning alerts».

use serde_json::Value;
use tokenban_parse::base64::base64;

use super::{
    super::{
        finding::{clear, Finding, Secret, Validity},
        notes::Note,
    },
    json_shape::text,
    Findings, Format, Knows, Reads, Sink,
};

pub(super) static GITHUB: Format = Format {
    word: "github",
    name: "GitHub secret scanning alerts",
    help: "Alerts of GitHub's secret scanning API",
    knows: Knows::Json(&[
        &["secret_type", "secret"],
        &["secret_type", "number"],
        &["alert.secret_type", "action"],
    ]),
    reads: Reads::Json { path: &[], keep: &[], findings: Findings::With(github) },
    way_out: "ask the API again without hide_secret=true; webhooks never hold it",
    nothing: "",
};

fn github(object: &Value, blank: Finding<'_>, sink: Sink<'_>) {
    let rule = text(object, "secret_type");
    if rule.is_empty() && object.get("secret").is_none() && object.get("alert").is_none() {
        return sink(blank);
    }
    let validity = match text(object, "resolution") {
        "false_positive" | "used_in_tests" => Validity::Dismissed,
        _ => Validity::of(text(object, "validity")),
    };
    let link = text(object, "html_url");
    let secret = clear(text(object, "secret"), rule);
    if let Some(decoded) = decoded(object) {
        let notes = blank.notes.with(Note::Base64);
        let secret = Secret::Text(&decoded);
        sink(Finding { secret, rule, link, validity, notes, ..blank });
    }
    sink(Finding { secret, rule, link, validity, ..blank });
}

/// `is_base64_encoded`: the place had the token in base64, of whichever alphabet; a request may have
/// it plain.
fn decoded(object: &Value) -> Option<Vec<u8>> {
    object.get("is_base64_encoded").and_then(Value::as_bool).filter(|is| *is)?;
    let mut found = None;
    base64(text(object, "secret").trim().as_bytes(), &mut Vec::new(), &mut |decoded| {
        found.get_or_insert_with(|| decoded.to_vec());
    });
    found
}
