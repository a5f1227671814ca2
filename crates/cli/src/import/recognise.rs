//! Which format it is, from the first bytes alone.

use super::{format::Format, read::ReadError};

/// How much of an input is looked at. GitLab's and SARIF's keys come well before.
pub(crate) const PEEK: usize = 64 * 1024;

/// The format of an input that begins so.
pub(crate) fn recognise(start: &[u8]) -> Result<Format, ReadError> {
    const PACKED: [&[u8]; 5] =
        [b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ"];
    if PACKED.iter().any(|magic| start.starts_with(magic)) {
        return Err(ReadError::Packed);
    }
    let text = start.trim_ascii_start();
    match text.first() {
        Some(b'{') => object(text),
        Some(b'[') if is_json_array(text) => object(text),
        _ => table(text),
    }
}

/// `[` may also begin a line of text.
fn is_json_array(text: &[u8]) -> bool {
    let next = text.iter().skip(1).find(|byte| !byte.is_ascii_whitespace());
    matches!(next, Some(b'{' | b'[' | b']') | None)
}

fn object(text: &[u8]) -> Result<Format, ReadError> {
    let names = member_names(text);
    let has = |name: &str| names.contains(&name);
    if has("runs") || has("$schema") && text_has(text, b"sarif") {
        return sarif(text);
    }
    let known = [
        ("issued_before", Format::Tokenban),
        ("SourceMetadata", Format::Trufflehog),
        ("DetectorName", Format::Trufflehog),
        ("RequiredSets", Format::Betterleaks),
        ("ValidationStatus", Format::Betterleaks),
        ("RuleID", Format::Gitleaks),
        ("ruleID", Format::Betterleaks),
        ("secret_type", Format::Github),
        ("alert", Format::Github),
        ("vulnerabilities", Format::Gitlab),
        ("plugins_used", Format::DetectSecrets),
        ("entities_with_incidents", Format::Ggshield),
        ("secrets_engine_version", Format::Ggshield),
        ("total_incidents", Format::Ggshield),
        ("scans", Format::Ggshield),
        ("results", Format::DetectSecrets),
        // trufflehog logs to the same place when both of its outputs are sent to one file.
        ("level", Format::Trufflehog),
    ];
    if let Some((_, format)) = known.iter().find(|(name, _)| has(name)) {
        return Ok(*format);
    }
    match names.is_empty() && matches!(rest_of_empty(text), b"" | b"]" | b"}") {
        true => Ok(Format::Gitleaks),
        false => Err(ReadError::Unrecognised),
    }
}

/// What follows the opening brackets.
fn rest_of_empty(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !b"[{ \t\r\n".contains(byte)).unwrap_or(text.len());
    text[start..].trim_ascii()
}

/// Only gitleaks and betterleaks put the secret itself into SARIF.
fn sarif(text: &[u8]) -> Result<Format, ReadError> {
    if text_has(text, b"\"ggshield\"") {
        return Err(ReadError::GgshieldSarif);
    }
    match text_has(text, b"gitleaks") || text_has(text, b"betterleaks") {
        true => Ok(Format::Sarif),
        false => Err(ReadError::OtherSarif),
    }
}

fn text_has(text: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(text, needle).is_some()
}

/// Text, gitleaks' CSV, or a table of which a column must be chosen.
fn table(text: &[u8]) -> Result<Format, ReadError> {
    let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let cells: Vec<String> = line
        .split(|byte| matches!(byte, b',' | b';' | b'\t'))
        .map(|cell| String::from_utf8_lossy(cell).trim().trim_matches('"').to_ascii_lowercase())
        .collect();
    let has = |name: &str| cells.iter().any(|cell| cell == name);
    if has("ruleid") && has("secret") && has("fingerprint") {
        return Ok(Format::GitleaksCsv);
    }
    const NAMES: [&str; 8] =
        ["api_key", "credential", "key", "password", "secret", "token", "value", "secret_value"];
    match NAMES.iter().find(|name| cells.len() > 1 && has(name)) {
        Some(name) => Err(ReadError::Table(name)),
        None => super::plain::check(text).map(|()| Format::Text),
    }
}

/// The member names of the first object, as far as they are in `text`; only its own, none of what is
/// inside its values.
fn member_names(text: &[u8]) -> Vec<&str> {
    let mut names = Vec::new();
    let mut depth = 0;
    let mut object_depth = None;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => {
                depth += 1;
                if byte == b'{' && object_depth.is_none() {
                    object_depth = Some(depth);
                }
            }
            b'}' | b']' if object_depth == Some(depth) => break,
            b'}' | b']' => depth -= 1,
            b'"' => {
                let Some(length) = string_length(&text[at..]) else { break };
                let is_name = text[at + length + 1..].trim_ascii_start().starts_with(b":");
                if object_depth == Some(depth) && is_name {
                    names.extend(std::str::from_utf8(&text[at..at + length]));
                }
                at += length + 1;
            }
            _ => {}
        }
    }
    names
}

/// The length of a string up to its closing quote.
fn string_length(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    text.iter().position(|&byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_by_content() {
        let cases = [
            (r#"[{"Description": "RuleID", "RuleID": "x"}]"#, Format::Gitleaks),
            ("[]", Format::Gitleaks),
            (r#"[{"RuleID":"x","ValidationStatus":"valid"}]"#, Format::Betterleaks),
            (r#"{"ruleID":"x"}"#, Format::Betterleaks),
            (r#"{"SourceMetadata":{"Data":{}}}"#, Format::Trufflehog),
            (r#"{"key":"00","issued_before":null}"#, Format::Tokenban),
            (r#"[[{"number":1,"secret_type":"x"}]]"#, Format::Github),
            (r#"{"version":"15","vulnerabilities":[]}"#, Format::Gitlab),
            (r#"{"version":"1.5","plugins_used":[{"results":1}]}"#, Format::DetectSecrets),
            (r#"{"id":"a","type":"path_scan","total_incidents":0}"#, Format::Ggshield),
            (r#"{"$schema":"…sarif…","runs":[{"tool":{"driver":{"name":"gitleaks"#, Format::Sarif),
            ("RuleID,Commit,File,Secret,Fingerprint\n", Format::GitleaksCsv),
            ("s3cr3t-token\nother", Format::Text),
            ("[not-json]\n", Format::Text),
            ("sha256:00\n", Format::Text),
        ];
        for (text, format) in cases {
            assert_eq!(recognise(text.as_bytes()).ok(), Some(format), "{text}");
        }
    }

    #[test]
    fn a_cut_start_is_enough() {
        let text = format!(r#"[{{"RuleID":"x","Match":"{}"#, "y".repeat(PEEK));
        assert_eq!(recognise(&text.as_bytes()[..PEEK]).ok(), Some(Format::Gitleaks));
    }

    #[test]
    fn what_cannot_be_read_has_a_way_out() {
        let cases: [(&[u8], &str); 8] = [
            (b"", "empty"),
            (b"a,b\nc,d", "--column"),
            (b"\x1f\x8b\x08", "unpack"),
            (br#"{"runs":[{"tool":{"driver":{"name":"ggshield"}}}]}"#, "--show-secrets"),
            (br#"{"runs":[{"tool":{"driver":{"name":"CodeQL"#, "gitleaks"),
            (br#"{"what":1}"#, "--format"),
            (b"id,token\n", "--column"),
            (b"\"id\";\"Secret\"\n", "--column"),
        ];
        for (text, way_out) in cases {
            let message = recognise(text).unwrap_err().to_string();
            assert!(message.contains(way_out), "{message}");
        }
    }
}
