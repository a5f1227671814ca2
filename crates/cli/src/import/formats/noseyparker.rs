//! Nosey Parker `report -f json` and `-f jsonl` (`cmd_report/`): a finding has the groups of its match
//! in base64, and where it was found.

use base64::{engine::general_purpose::STANDARD, Engine};
use serde_json::Value;

use super::{
    super::{
        finding::{clear, is_aws, Finding, Secret, Validity},
        notes::Note,
    },
    json_shape::{each, first_text, text},
    Findings, Format, Knows, Reads, Sink,
};

pub(super) static NOSEYPARKER: Format = Format {
    word: "noseyparker",
    name: "Nosey Parker JSON",
    help: "Nosey Parker JSON and JSON Lines",
    knows: Knows::Json(&[
        &["rule_name", "groups", "matches"],
        &["rule_name", "match_content", "matches"],
    ]),
    reads: Reads::Json { path: &[], keep: &[], findings: Findings::With(noseyparker) },
    way_out: "",
    nothing: "",
};

/// Rules that find identifiers, and nothing secret (its rules' category `identifier`).
const IDENTIFIERS: [&str; 11] = [
    "np.age.1",
    "np.arn.",
    "np.aws.3",
    "np.gcs.",
    "np.github.5",
    "np.google.1",
    "np.linkedin.1",
    "np.reactapp.1",
    "np.s3.",
    "np.shopify.1",
    "np.twitter.1",
];

fn noseyparker(object: &Value, blank: Finding<'_>, sink: Sink<'_>) {
    let rule = text(object, "rule_name");
    let id = text(object, "rule_text_id");
    if is_identifier(id) {
        return sink(Finding { secret: Secret::Unnamed, ..blank });
    }
    let validity = match each(object, "statuses").any(|status| status == "reject") {
        true => Validity::Dismissed,
        false => Validity::Unknown,
    };
    let place = each(object, "matches").next().and_then(|one| each(one, "provenance").next());
    let link = place.map_or("", |place| {
        first_text(place, &["first_commit.commit_metadata.commit_id", "path", "repo_path"])
    });
    let groups: Vec<String> = each(object, "groups").filter_map(decoded).collect();
    let content = text(object, "match_content");
    let groups: Vec<&str> = match groups.is_empty() {
        true => vec![content],
        false => groups.iter().map(String::as_str).collect(),
    };
    let (secret, note) = match groups.as_slice() {
        [one] => (*one, None),
        [id, ..] if is_aws(rule) => (*id, Some(Note::Identifier)),
        // Of a pair the secret comes last: user and password, id and secret.
        [.., secret] => (*secret, Some(Note::Secret)),
        [] => ("", None),
    };
    let notes = note.map_or(blank.notes, |note| blank.notes.with(note));
    sink(Finding { secret: clear(secret, rule), rule, link, validity, notes, ..blank });
}

/// `np.s3.` is a family, `np.aws.3` one rule.
fn is_identifier(id: &str) -> bool {
    IDENTIFIERS.iter().any(|known| id == *known || known.ends_with('.') && id.starts_with(known))
}

fn decoded(group: &Value) -> Option<String> {
    String::from_utf8(STANDARD.decode(group.as_str()?).ok()?).ok()
}
