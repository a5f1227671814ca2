//! ggshield `--json --show-secrets` (`doc/schemas/secret.json`), and the incidents of GitGuardian's
//! API, which hold no secret.

use serde_json::Value;

use super::{
    super::{
        finding::{clear, is_aws, Finding, Validity},
        json::Step,
        notes::Note,
    },
    json_shape::{each, text},
    Findings, Format, Knows, Reads, Sink,
};

pub(super) static GGSHIELD: Format = Format {
    word: "ggshield",
    name: "ggshield JSON",
    help: "ggshield --json --show-secrets",
    knows: Knows::Json(&[
        &["entities_with_incidents", "type"],
        &["scans", "type"],
        &["total_incidents", "type"],
        &["secrets_engine_version", "total_incidents"],
    ]),
    reads: Reads::Json {
        path: &[Step::Below("incidents"), Step::Each],
        keep: &[],
        findings: Findings::With(ggshield),
    },
    way_out: "make the report again with --show-secrets",
    nothing: "",
};

/// What an incident may name beside the secret; none of it is one.
const BESIDE: [&str; 12] = [
    "account",
    "client_id",
    "database",
    "domain",
    "email",
    "host",
    "login",
    "port",
    "scheme",
    "subdomain",
    "tenant",
    "username",
];

/// An incident has one occurrence for each part at each place. Of an AWS pair the id travels.
fn ggshield(object: &Value, blank: Finding<'_>, sink: Sink<'_>) {
    let rule = text(object, "type");
    let validity = match object.get("ignore_reason") {
        Some(reason) if text(reason, "kind") == "not_a_secret" => Validity::Dismissed,
        _ => Validity::of(text(object, "validity")),
    };
    let link = text(object, "incident_url");
    let is_pair = each(object, "occurrences").any(|one| BESIDE.contains(&text(one, "type")));
    for occurrence in each(object, "occurrences") {
        let kind = text(occurrence, "type");
        let is_key_id = is_aws(rule) && kind == "client_id";
        if BESIDE.contains(&kind) && !is_key_id {
            continue;
        }
        let notes = match (is_key_id, is_pair) {
            (true, _) => blank.notes.with(Note::Identifier),
            (_, true) => blank.notes.with(Note::Secret),
            _ => blank.notes,
        };
        let secret = clear(text(occurrence, "match"), rule);
        sink(Finding { secret, rule, link, validity, notes, ..blank });
    }
}
