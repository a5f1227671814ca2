//! Where each JSON report keeps the secret, the rule, the link and the validity of a finding.
//!
//! Sources: gitleaks `report/finding.go`; betterleaks `report/finding.go` (v1 keeps gitleaks' names,
//! v2 has lower camel case); trufflehog `pkg/output/json.go`; GitHub REST «List secret scanning
//! alerts»; GitLab's secret-detection report schema; detect-secrets `core/baseline.py`; ggshield
//! `doc/schemas/secret.json`; SARIF 2.1.0 section 3.27 as gitleaks fills it.

use serde_json::Value;
use tokenban_denylist::{Claim, EntryKey};
use tokenban_engine::{
    denylist::{check_claim, Key, Kind, Level, Network, Networks},
    rule::{hex, TokenError},
};

use super::{
    finding::{Finding, Kept, Secret, Validity},
    format::Format,
    json::Step,
    json_shape::{at, first_text, text},
};
use crate::entries;

/// The way from the root of a report to its findings; none when the format is not JSON.
pub(crate) fn path(format: Format) -> Option<&'static [Step]> {
    use Step::{Below, Each, Key};
    Some(match format {
        Format::Betterleaks
        | Format::Github
        | Format::Gitleaks
        | Format::Tokenban
        | Format::Trufflehog => &[],
        Format::DetectSecrets => &[Key("results"), Each, Each],
        Format::Ggshield => &[Below("incidents"), Each],
        Format::Gitlab => &[Key("vulnerabilities"), Each],
        Format::Sarif => &[Key("runs"), Each, Key("results"), Each],
        Format::Csv | Format::GitleaksCsv | Format::Text => return None,
    })
}

/// Hands over what an object at the end of [`path`] says.
pub(crate) fn findings(
    format: Format,
    line: u64,
    object: &Value,
    sink: &mut dyn FnMut(Finding<'_>),
) {
    let blank = Finding::of(line, Secret::Unreadable);
    if !object.is_object() {
        return sink(blank);
    }
    match format {
        Format::DetectSecrets => detect_secrets(object, blank, sink),
        Format::Ggshield => ggshield(object, blank, sink),
        Format::Github => github(object, blank, sink),
        Format::Gitlab => gitlab(object, blank, sink),
        Format::Sarif => sarif(object, blank, sink),
        Format::Tokenban => exported(object, blank, sink),
        Format::Trufflehog => trufflehog(object, blank, sink),
        _ => gitleaks(object, blank, sink),
    }
}

type Sink<'a> = &'a mut dyn FnMut(Finding<'_>);

/// gitleaks and both spellings of betterleaks. The components of a betterleaks finding are not
/// taken: of a pair the finding itself is the half that travels (`aws-access-token` is the key id).
fn gitleaks(object: &Value, blank: Finding<'_>, sink: Sink<'_>) {
    let rule = first_text(object, &["RuleID", "ruleID"]);
    let status = at(object, &["validation", "status"]).and_then(Value::as_str);
    let validity = Validity::of(status.unwrap_or(first_text(object, &["ValidationStatus"])));
    sink(Finding {
        secret: clear(first_text(object, &["Secret", "secret"]), rule),
        rule,
        link: first_text(object, &["Link", "link", "Fingerprint", "fingerprint"]),
        validity,
        ..blank
    });
}

/// gitleaks puts the secret, not the line, into the snippet of the region; ggshield puts none.
fn sarif(object: &Value, blank: Finding<'_>, sink: Sink<'_>) {
    let rule = text(object, "ruleId");
    let physical =
        at(object, &["locations"]).and_then(|all| at(all.get(0)?, &["physicalLocation"]));
    let inside = |path: &[&str]| physical.and_then(|place| at(place, path)?.as_str()).unwrap_or("");
    let secret = match at(object, &["partialFingerprints", "secret/v1"]) {
        Some(_) => Secret::Hidden,
        None => clear(inside(&["region", "snippet", "text"]), rule),
    };
    sink(Finding { secret, rule, link: inside(&["artifactLocation", "uri"]), ..blank });
}

/// `Raw` is what was found; `RawV2` may join it with its other half, which never travels so.
fn trufflehog(object: &Value, blank: Finding<'_>, sink: Sink<'_>) {
    let rule = text(object, "DetectorName");
    if rule.is_empty() && object.get("Raw").is_none() {
        return sink(blank);
    }
    let metadata = at(object, &["SourceMetadata", "Data"]).and_then(Value::as_object);
    let link = metadata
        .and_then(|data| data.values().next())
        .map_or("", |source| first_text(source, &["link", "commit", "file"]));
    let validity = match object.get("Verified").and_then(Value::as_bool) {
        Some(true) => Validity::Active,
        _ => Validity::Unknown,
    };
    sink(Finding { secret: clear(text(object, "Raw"), rule), rule, link, validity, ..blank });
}

/// An entry of a store, as `tokenban export` writes it.
fn exported(object: &Value, blank: Finding<'_>, sink: Sink<'_>) {
    let time = |name| match object.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(value) => value.as_str().and_then(|text| crate::time::at(text).ok()).map(Some),
    };
    let networks = object.get("except").and_then(Value::as_array).into_iter().flatten();
    let except: Option<Vec<u8>> = networks
        .map(|network| Some(*network.as_str()?.parse::<Network>().ok()?.as_bytes()))
        .collect::<Option<Vec<_>>>()
        .map(|networks| networks.concat());
    let Some(except) = except else { return sink(blank) };
    let read = || {
        let kind = entries::kind_of(text(object, "kind"))?;
        let digits = text(object, "key").as_bytes();
        let key = match kind {
            Kind::Sha1 => EntryKey::Sha1(hex(digits)?),
            _ => EntryKey::Key(Key::from_bytes(hex(digits)?)),
        };
        let kept = Kept {
            list: text(object, "list"),
            source: text(object, "source"),
            added: time("added")??,
            expires: time("expires")?,
            issued_before: time("issued_before")?,
            is_named: object.get("incident").and_then(Value::as_bool).unwrap_or(false),
            level: match text(object, "level") {
                "" | "deny" => Level::Deny,
                "monitor" => Level::Monitor,
                _ => return None,
            },
            except: Networks::from_bytes(&except)?,
            claim: match kind {
                Kind::Claim => Some(claim(object)?),
                _ => None,
            },
        };
        Some((Secret::Known { kind, key }, kept))
    };
    let Some((secret, kept)) = read() else { return sink(blank) };
    sink(Finding { secret, rule: text(object, "reason"), kept: Some(kept), ..blank });
}

/// What an export tells of a claim: without its name, the entry could never be found.
fn claim(object: &Value) -> Option<Claim<'_>> {
    let optional = |name| object.get(name).and_then(Value::as_str);
    let name = optional("claim")?;
    check_claim(name).ok()?;
    Some(Claim { name, issuer: optional("issuer"), value: optional("value") })
}

fn github(object: &Value, blank: Finding<'_>, sink: Sink<'_>) {
    let rule = text(object, "secret_type");
    if rule.is_empty() && object.get("secret").is_none() && object.get("alert").is_none() {
        return sink(blank);
    }
    let validity = match text(object, "resolution") {
        "false_positive" | "used_in_tests" => Validity::Dismissed,
        _ => Validity::of(text(object, "validity")),
    };
    let secret = clear(text(object, "secret"), rule);
    sink(Finding { secret, rule, link: text(object, "html_url"), validity, ..blank });
}

/// The report's `cve` holds a SHA-256 too, but of what makes the finding one, not of the secret.
fn gitlab(object: &Value, blank: Finding<'_>, sink: Sink<'_>) {
    let identifiers = object.get("identifiers").and_then(Value::as_array);
    let rule = identifiers
        .and_then(|all| all.iter().find(|one| text(one, "type") == "gitleaks_rule_id"))
        .map_or(text(object, "name"), |identifier| text(identifier, "value"));
    let commit = at(object, &["location", "commit", "sha"]).and_then(Value::as_str);
    let file = at(object, &["location", "file"]).and_then(Value::as_str);
    let link = [commit.unwrap_or(""), file.unwrap_or("")];
    let link = link.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(":");
    let secret = clear(text(object, "raw_source_code_extract"), rule);
    sink(Finding { secret, rule, link: &link, ..blank });
}

/// All that a baseline holds is the unsalted SHA-1 of the secret.
fn detect_secrets(object: &Value, blank: Finding<'_>, sink: Sink<'_>) {
    let secret = hex(text(object, "hashed_secret").as_bytes()).map(Secret::Sha1);
    let truth = |name| object.get(name).and_then(Value::as_bool);
    let validity = match (truth("is_secret"), truth("is_verified")) {
        (Some(false), _) => Validity::Dismissed,
        (_, Some(true)) => Validity::Active,
        _ => Validity::Unknown,
    };
    sink(Finding {
        secret: secret.unwrap_or(Secret::Damaged(TokenError::Sha1)),
        rule: text(object, "type"),
        link: text(object, "filename"),
        validity,
        ..blank
    });
}

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
    let aws = is_aws(rule);
    let occurrences = object.get("occurrences").and_then(Value::as_array);
    for occurrence in occurrences.into_iter().flatten() {
        let kind = text(occurrence, "type");
        if !BESIDE.contains(&kind) || (aws && kind == "client_id") {
            let secret = clear(text(occurrence, "match"), rule);
            sink(Finding { secret, rule, link, validity, ..blank });
        }
    }
}

fn clear<'a>(secret: &'a str, rule: &str) -> Secret<'a> {
    match secret {
        "" => Secret::Hidden,
        half if is_aws(rule) && is_aws_secret(half) => Secret::Half,
        all => Secret::Text(all.as_bytes()),
    }
}

fn is_aws(rule: &str) -> bool {
    let rule = rule.to_ascii_lowercase();
    rule.starts_with("aws") || rule.contains("amazon")
}

/// The secret access key: 40 characters of standard base64. It signs and never travels.
fn is_aws_secret(secret: &str) -> bool {
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    secret.len() == 40 && secret.bytes().all(alphabet)
}
