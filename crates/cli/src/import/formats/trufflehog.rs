//! trufflehog `--json` (`pkg/output/json.go`): JSON Lines, with its log between them where both of its
//! outputs went to one file.

use serde_json::{Map, Value};

use super::{
    super::{
        finding::{clear, is_aws, Finding, Validity},
        names,
        notes::Note,
    },
    json_shape::{at, first_text, text},
    Findings, Format, Knows, Reads, Sink,
};

pub(super) static TRUFFLEHOG: Format = Format {
    word: "trufflehog",
    name: "trufflehog JSON Lines",
    help: "trufflehog --json",
    knows: Knows::Json(&[
        &["SourceMetadata", "DetectorName"],
        &["DetectorName", "Raw"],
        &["level", "msg"],
    ]),
    reads: Reads::Json { path: &[], keep: &[], findings: Findings::With(trufflehog) },
    way_out: "make the report again with its secrets in clear",
    nothing: "",
};

/// Detectors whose `Raw` is the identifier, in lower case (their sources, August 2026).
const IDENTIFIERS: [&str; 21] = [
    "boxoauth",
    "docusign",
    "dotdigital",
    "dwolla",
    "hive",
    "instamojo",
    "kontent",
    "mrticktock",
    "onedesk",
    "plivo",
    "rev",
    "satismeterprojectkey",
    "satismeterwritekey",
    "saucelabs",
    "squareapp",
    "strava",
    "tencentcloud",
    "twilio",
    "twitch",
    "wiz",
    "zipbooks",
];

fn trufflehog(object: &Value, blank: Finding<'_>, sink: Sink<'_>) {
    let rule = text(object, "DetectorName");
    if rule.is_empty() && object.get("Raw").is_none() {
        return sink(blank);
    }
    let metadata = at(object, "SourceMetadata.Data").and_then(Value::as_object);
    let link = metadata
        .and_then(|data| data.values().next())
        .map_or("", |source| first_text(source, &["link", "commit", "file"]));
    let validity = match object.get("Verified").and_then(Value::as_bool) {
        Some(true) => Validity::Active,
        _ => Validity::Unknown,
    };
    let mut each = |secret, note: Option<Note>| {
        let notes = note.map_or(blank.notes, |note| blank.notes.with(note));
        sink(Finding { secret: clear(secret, rule), rule, link, validity, notes, ..blank });
    };
    if is_aws(rule) && is_key_id(text(object, "Raw")) {
        each(text(object, "Raw"), Some(Note::Identifier));
        // Temporary keys have a third part, and that travels, too.
        return match first_text(object, &["SecretParts.session_token"]) {
            "" => {}
            session => each(session, Some(Note::Secret)),
        };
    }
    match object.get("SecretParts").and_then(Value::as_object).map(secrets) {
        Some(secrets) if !secrets.is_empty() => {
            let note = (secrets.len() > 1 || parts(object) > 1).then_some(Note::Secret);
            secrets.into_iter().for_each(|secret| each(secret, note));
        }
        _ => match other_half(object, rule) {
            Some(secret) => each(secret, Some(Note::Secret)),
            None => each(text(object, "Raw"), is_compound(object).then_some(Note::Unsure)),
        },
    }
}

/// Whether the credential has more parts than `Raw`, which most detectors give the secret.
fn is_compound(object: &Value) -> bool {
    let both = text(object, "RawV2");
    !both.is_empty() && both != text(object, "Raw")
}

fn parts(object: &Value) -> usize {
    object.get("SecretParts").and_then(Value::as_object).map_or(0, Map::len)
}

/// Of the parts of a credential the secrets; a key where nothing is called a secret. Names are those
/// of its detectors (August 2026).
fn secrets(parts: &Map<String, Value>) -> Vec<&str> {
    let named = |is: &dyn Fn(&str) -> bool| {
        let found = parts.iter().filter(|(name, _)| is(&name.to_ascii_lowercase()));
        found.filter_map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    let credential = |name: &str| names::is_credential(name.as_bytes());
    let secret = |name: &str| {
        let says_so = ["pass", "pwd", "secret", "token"].iter().any(|word| name.contains(word));
        name == "skey" || says_so && credential(name)
    };
    let ways: [&dyn Fn(&str) -> bool; 3] = [&secret, &credential, &|name| name == "secret_id"];
    let found = ways.iter().map(|way| named(way)).find(|found| !found.is_empty());
    let mut found = match (found, parts.len()) {
        (None, 1) => named(&|_| true),
        (found, _) => found.unwrap_or_default(),
    };
    if !found.iter().all(|value| is_twilio_sid(value)) {
        found.retain(|value| !is_twilio_sid(value));
    }
    found
}

/// `AKIA…`, `ASIA…`: the id of an access key.
fn is_key_id(text: &str) -> bool {
    text.len() == 20 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// The names of Twilio's accounts and keys. Its two detectors call the secret beside them `key` and
/// `sid`.
fn is_twilio_sid(text: &str) -> bool {
    let digits = text.strip_prefix("AC").or_else(|| text.strip_prefix("SK"));
    digits.is_some_and(|digits| {
        digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// What `RawV2` has beside `Raw` where that is the identifier; empty if it cannot be told apart.
fn other_half<'a>(object: &'a Value, rule: &str) -> Option<&'a str> {
    let is_identifier = IDENTIFIERS.contains(&rule.to_ascii_lowercase().as_str());
    let (raw, both) = (text(object, "Raw"), text(object, "RawV2"));
    if !is_identifier {
        return None;
    }
    let rest = both.strip_prefix(raw).or_else(|| both.strip_suffix(raw)).unwrap_or("");
    Some(rest.trim_matches(|char| char == ':' || char == '|'))
}
