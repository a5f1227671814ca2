//! Reports that hold nothing but the unsalted SHA-1 of each secret: detect-secrets' baselines
//! (`core/baseline.py`) and checkov's secrets (`secrets/runner.py`, which runs detect-secrets).

use serde_json::Value;
use tokenban_engine::token::{hex, TokenError};

use super::{
    super::{
        finding::{Finding, Secret, Validity},
        json::Step,
    },
    json_shape::{first_text, text},
    Findings, Format, Knows, Reads, Sink,
};

pub(super) static DETECT_SECRETS: Format = Format {
    word: "detect-secrets",
    name: "detect-secrets baseline",
    help: "A detect-secrets baseline (SHA-1 of each secret)",
    knows: Knows::Json(&[&["plugins_used", "version"], &["plugins_used", "results"]]),
    reads: Reads::Json {
        path: &[Step::Key("results"), Step::Each, Step::Each],
        keep: &[],
        findings: Findings::With(detect_secrets),
    },
    way_out: "",
    nothing: "",
};

pub(super) static CHECKOV: Format = Format {
    word: "checkov",
    name: "checkov JSON",
    help: "checkov --framework secrets -o json (SHA-1 of each secret)",
    knows: Knows::Json(&[
        &["check_type", "results.failed_checks"],
        &["checkov_version", "failed", "passed"],
    ]),
    reads: Reads::Json {
        path: &[Step::Key("results"), Step::Key("failed_checks"), Step::Each],
        keep: &[],
        findings: Findings::With(checkov),
    },
    way_out: "",
    nothing: "",
};

fn detect_secrets(object: &Value, blank: Finding<'_>, sink: Sink<'_>) {
    let truth = |name| object.get(name).and_then(Value::as_bool);
    let validity = match (truth("is_secret"), truth("is_verified")) {
        (Some(false), _) => Validity::Dismissed,
        (_, Some(true)) => Validity::Active,
        _ => Validity::Unknown,
    };
    let (rule, link) = (text(object, "type"), text(object, "filename"));
    let secret = sha1(text(object, "hashed_secret"));
    sink(Finding { secret, rule, link, validity, ..blank });
}

/// A failed check of secrets has the digest as its resource; those of infrastructure have a name.
fn checkov(object: &Value, blank: Finding<'_>, sink: Sink<'_>) {
    let rule = text(object, "check_id");
    if !rule.starts_with("CKV_SECRET") {
        return sink(Finding { secret: Secret::OtherTool, ..blank });
    }
    let validity = Validity::of(text(object, "validation_status"));
    let link = first_text(object, &["repo_file_path", "file_path"]);
    let secret = sha1(text(object, "resource").rsplit(':').next().unwrap_or(""));
    sink(Finding { secret, rule, link, validity, ..blank });
}

fn sha1(digits: &str) -> Secret<'static> {
    hex(digits.as_bytes()).map_or(Secret::Damaged(TokenError::Sha1), Secret::Sha1)
}
