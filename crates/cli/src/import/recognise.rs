//! Which format it is, from the first bytes alone.

use super::{
    error::ReadError,
    formats::{self, Format},
    plain::{self, PEEK},
    structure::paths,
};

/// The format of an input that begins so.
pub(crate) fn recognise(start: &[u8]) -> Result<&'static Format, ReadError> {
    const PACKED: [&[u8]; 5] =
        [b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ"];
    if PACKED.iter().any(|magic| start.starts_with(magic)) {
        return Err(ReadError::Packed);
    }
    let text = start.trim_ascii_start();
    match text.first() {
        Some(b'{') => object(text),
        Some(b'[') if is_json_array(text) => object(text),
        Some(b'[') if is_string_array(text) => Ok(&formats::STRINGS),
        _ => match formats::of_start(text) {
            Some(format) => Ok(format),
            None => below_other_lines(text).map_or_else(|| table(text), Ok),
        },
    }
}

/// JSON Lines with something else before them: a scanner's banner, its log.
fn below_other_lines(text: &[u8]) -> Option<&'static Format> {
    let start = memchr::memmem::find(text, b"\n{\"")?;
    formats::of_json(&paths(&text[start..]))
}

/// `[` may also begin a line of text.
fn is_json_array(text: &[u8]) -> bool {
    let next = text.iter().skip(1).find(|byte| !byte.is_ascii_whitespace());
    matches!(next, Some(b'{' | b'[' | b']') | None)
}

/// `["…", "…"]`; text begins with `["` only where somebody copied such an array.
fn is_string_array(text: &[u8]) -> bool {
    let inside = text[1..].trim_ascii_start();
    let close = text.len() >= PEEK || text.trim_ascii_end().ends_with(b"]");
    inside.starts_with(b"\"") && close
}

fn object(text: &[u8]) -> Result<&'static Format, ReadError> {
    let paths = paths(text);
    if let Some(format) = formats::of_json(&paths) {
        return Ok(format);
    }
    // `[]` is what gitleaks and others write when they found nothing.
    match paths.is_empty() && text.trim_ascii().iter().all(|byte| b"[]{} \t\r\n".contains(byte)) {
        true => Ok(&formats::NOTHING),
        false => Err(ReadError::Unrecognised),
    }
}

/// A table with known columns, one of which a column must be chosen, or text.
fn table(text: &[u8]) -> Result<&'static Format, ReadError> {
    let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let cells: Vec<String> = line
        .split(|byte| matches!(byte, b',' | b';' | b'\t'))
        .map(|cell| String::from_utf8_lossy(cell).trim().trim_matches('"').to_ascii_lowercase())
        .collect();
    if let Some(format) = formats::of_table(&cells) {
        return Ok(format);
    }
    const NAMES: [&str; 8] =
        ["api_key", "credential", "key", "password", "secret", "token", "value", "secret_value"];
    let has = |name: &str| cells.iter().any(|cell| cell == name);
    match NAMES.iter().find(|name| cells.len() > 1 && has(name)) {
        Some(name) => Err(ReadError::Table(name)),
        None => plain::check(text).map(|()| &formats::TEXT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_by_content() {
        let cases = [
            (r#"[{"Description": "RuleID", "RuleID": "x", "Secret": "y"}]"#, "gitleaks"),
            ("[]", "nothing"),
            (r#"[{"RuleID":"x","Secret":"y","ValidationStatus":"valid"}]"#, "betterleaks"),
            (r#"{"ruleID":"x","secret":"y"}"#, "betterleaks"),
            (r#"{"SourceMetadata":{"Data":{}},"DetectorName":"x"}"#, "trufflehog"),
            ("{\"level\":\"info\",\"msg\":\"x\"}\n{\"DetectorName\":\"x\"", "trufflehog"),
            (r#"{"key":"00","kind":"token","issued_before":null}"#, "tokenban"),
            (r#"[[{"number":1,"secret_type":"x"}]]"#, "github"),
            (r#"{"version":"15","vulnerabilities":[]}"#, "gitlab"),
            (r#"{"version":"1.5","plugins_used":[{"results":1}]}"#, "detect-secrets"),
            (r#"{"id":"a","type":"path_scan","total_incidents":0}"#, "ggshield"),
            (r#"{"version":"2","runs":[{"tool":{"driver":{"name":"gitleaks"#, "sarif"),
            (r#"{"results":[{"check_id":"x","extra":{"lines":"y"}}]}"#, "semgrep"),
            (r#"{"check_type":"secrets","results":{"failed_checks":[]}}"#, "checkov"),
            ("RuleID,Commit,File,Secret,Fingerprint\n", "gitleaks-csv"),
            ("s3cr3t-token\nother", "text"),
            ("[not-json]\n", "text"),
            ("[\"a\", \"b\"]\n", "json"),
            ("[\n  \"a\"\n]", "json"),
            (
                "a banner\n\n{\"SourceMetadata\":{},\"DetectorName\":\"x\",\"Raw\":\"y\"}\n",
                "trufflehog",
            ),
            ("sha256:00\n", "text"),
            ("A_TOKEN=x\nPORT=80\n", "env"),
            ("# Netscape HTTP Cookie File\n", "cookies"),
        ];
        for (text, word) in cases {
            let found = recognise(text.as_bytes()).map(|format| format.word);
            assert_eq!(found.ok(), Some(word), "{text}");
        }
    }

    /// No word alone is enough, wherever it stands.
    #[test]
    fn a_word_is_no_format() {
        for text in [
            r#"{"results":[{"x":1}]}"#,
            r#"{"level":3,"score":7}"#,
            r#"{"message":"gitleaks","runs":3}"#,
            r#"{"alert":"x"}"#,
            r#"{"log":{"entries":[]}}"#,
            r#"{"secret":"x"}"#,
        ] {
            assert!(matches!(recognise(text.as_bytes()), Err(ReadError::Unrecognised)), "{text}");
        }
    }

    #[test]
    fn a_cut_start_is_enough() {
        let text = format!(r#"[{{"RuleID":"x","Secret":"z","Match":"{}"#, "y".repeat(PEEK));
        let found = recognise(&text.as_bytes()[..PEEK]).map(|format| format.word);
        assert_eq!(found.ok(), Some("gitleaks"));
    }

    #[test]
    fn what_cannot_be_read_has_a_way_out() {
        let cases: [(&[u8], &str); 6] = [
            (b"", "empty"),
            (b"a,b\nc,d", "--column"),
            (b"\x1f\x8b\x08", "unpack"),
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
