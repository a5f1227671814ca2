//! Whole reports of every format: what is taken of each, and what is not.

use proptest::prelude::*;

use super::*;
use crate::import::finding::Finding;

/// The recognised format, the tokens with their reasons, and the report's text.
fn import(text: &str, options: &Options) -> (Format, Vec<String>, String) {
    let mut taken = Vec::new();
    let mut take = |tokens: &[Admitted<'_>], finding: &Finding<'_>| {
        let [Admitted { secret, .. }] = tokens else { return taken.push("several".to_owned()) };
        let shown = match secret {
            Admissible::Known { key, .. } => format!("known {key:?}"),
            Admissible::Sha1(digest) => format!("sha1 {:02x}", digest[0]),
            Admissible::Sha256(digest) => format!("sha256 {:02x}", digest[0]),
            Admissible::Token(token) => String::from_utf8_lossy(token).into_owned(),
        };
        taken.push(format!("{shown} | {}", finding.reason(secret.token())));
    };
    let mut intake = Intake::new(Wanted::default(), &mut take);
    let mut sink = |finding: Finding<'_>| intake.add(finding);
    let format = read(&mut text.as_bytes(), options, &mut sink).unwrap();
    intake.report.format = Some(format);
    let report = intake.report.text();
    (format, taken, report)
}

#[test]
fn every_format_gives_its_tokens() {
    let aws = concat!("AKIA", "2E7Q5ABCDEFGHIJ6");
    let secret_half = "abcdefghij0123456789ABCDEFGHIJ0123456789";
    let sha1 = "0f".repeat(20);
    let cases = [
        (
            r#"[{"RuleID":"r","Secret":"s3cr3t-1","Match":"k=s3cr3t-1","Fingerprint":"a:b:r:1"}]"#
                .to_owned(),
            Format::Gitleaks,
            vec!["s3cr3t-1 | r a:b:r:1".to_owned()],
        ),
        (
            "{\"ruleID\":\"r\",\"secret\":\"s3cr3t-1\",\"validation\":{\"status\":\"valid\"}}\n\
             {\"ruleID\":\"r\",\"secret\":\"s3cr3t-2\",\"validation\":{\"status\":\"revoked\"}}"
                .to_owned(),
            Format::Betterleaks,
            vec!["s3cr3t-1 | r".to_owned()],
        ),
        (
            format!(
                r#"{{"SourceMetadata":{{"Data":{{"Git":{{"commit":"c0"}}}}}},"DetectorName":"AWS","Verified":true,"Raw":"{aws}","RawV2":"{aws}:{secret_half}"}}"#
            ),
            Format::Trufflehog,
            vec![format!("{aws} | AWS c0")],
        ),
        (
            r#"[[{"number":1,"secret_type":"t","secret":"s3cr3t-1","html_url":"https://h/1"}],
                [{"number":2,"secret_type":"t","secret":"s3cr3t-2","resolution":"false_positive"}]]"#
                .to_owned(),
            Format::Github,
            vec!["s3cr3t-1 | t https://h/1".to_owned()],
        ),
        (
            r#"{"version":"15","vulnerabilities":[{"name":"n","raw_source_code_extract":"https://u:s3cr3t-1@h","location":{"file":"f","commit":{"sha":"c"}},"identifiers":[{"type":"gitleaks_rule_id","value":"r"}]}]}"#
                .to_owned(),
            Format::Gitlab,
            vec!["s3cr3t-1 | r c:f".to_owned()],
        ),
        (
            format!(
                r#"{{"version":"1.5","plugins_used":[],"results":{{"f":[{{"type":"T","filename":"f","hashed_secret":"{sha1}"}}]}}}}"#
            ),
            Format::DetectSecrets,
            vec!["sha1 0f | T f".to_owned()],
        ),
        (
            format!(
                r#"{{"id":"x","type":"commit-range","scans":[{{"entities_with_incidents":[{{"incidents":[{{"type":"AWS Keys","incident_url":"https://g/1","occurrences":[{{"type":"client_id","match":"{aws}"}},{{"type":"client_secret","match":"{secret_half}"}}]}}]}}]}}]}}"#
            ),
            Format::Ggshield,
            vec![format!("{aws} | AWS Keys https://g/1")],
        ),
        (
            r#"{"$schema":"x","runs":[{"tool":{"driver":{"name":"gitleaks"}},"results":[{"ruleId":"r","locations":[{"physicalLocation":{"artifactLocation":{"uri":"f"},"region":{"snippet":{"text":"s3cr3t-1"}}}}]}]}]}"#
                .to_owned(),
            Format::Sarif,
            vec!["s3cr3t-1 | r f".to_owned()],
        ),
        (
            "RuleID,Commit,File,Secret,Fingerprint\nr,c,f,s3cr3t-1,c:f:r:1\n".to_owned(),
            Format::GitleaksCsv,
            vec!["s3cr3t-1 | r c:f:r:1".to_owned()],
        ),
        (
            format!("# list\ns3cr3t-1\nBearer s3cr3t-1\nsha256:{}\n", "0a".repeat(32)),
            Format::Text,
            vec!["s3cr3t-1 | ".into(), "s3cr3t-1 | ".into(), "sha256 0a | ".into()],
        ),
    ];
    for (text, format, tokens) in cases {
        let (found, taken, report) = import(&text, &Options::default());
        assert_eq!((found, taken), (format, tokens), "{report}");
    }
}

#[test]
fn what_a_report_hides_is_refused_with_the_way_out() {
    let cases = [
        (r#"[{"RuleID":"r","Secret":"REDACTED"}]"#, "--redact"),
        (r#"[{"secret_type":"t","number":1}]"#, "hide_secret"),
        (
            r#"{"total_incidents":1,"entities_with_incidents":[{"incidents":[{"type":"T","occurrences":[{"type":"apikey","match":"DDA****C39"}]}]}]}"#,
            "--show-secrets",
        ),
    ];
    for (text, way_out) in cases {
        let (_, taken, report) = import(text, &Options::default());
        assert!(taken.is_empty() && report.contains(way_out), "{report}");
    }
}

#[test]
fn an_error_in_json_shows_no_secret() {
    let text = "[{\"RuleID\":\"r\",\"Secret\":\"s3cr3t-1\"}, s3cr3t-2]";
    let error = read(&mut text.as_bytes(), &Options::default(), &mut |_| ()).unwrap_err();
    let message = error.to_string();
    assert!(
        message.starts_with("damaged gitleaks JSON") && !message.contains("s3cr3t"),
        "{message}"
    );
}

/// Reports as the tests of the command import them, with the formats that they have.
const REPORTS: [&str; 11] = [
    include_str!("../../tests/reports/betterleaks.jsonl"),
    include_str!("../../tests/reports/detect-secrets.baseline"),
    include_str!("../../tests/reports/ggshield.json"),
    include_str!("../../tests/reports/github-alerts.json"),
    include_str!("../../tests/reports/gitleaks.csv"),
    include_str!("../../tests/reports/gitleaks.json"),
    include_str!("../../tests/reports/gitleaks.sarif"),
    include_str!("../../tests/reports/gl-secret-detection-report.json"),
    include_str!("../../tests/reports/table.csv"),
    include_str!("../../tests/reports/tokens.txt"),
    include_str!("../../tests/reports/trufflehog.jsonl"),
];

proptest! {
    /// Whatever happens to a report on its way: no panic, and no token in what is said of it.
    #[test]
    fn damaged_reports_show_nothing(
        which in 0..REPORTS.len(),
        at: proptest::sample::Index,
        bytes in proptest::collection::vec(any::<u8>(), 0..4),
        cut in 0..3_usize,
        column in proptest::option::of("[a-z1-3]{1,6}"),
    ) {
        let mut text = REPORTS[which].as_bytes().to_vec();
        let at = at.index(text.len());
        text.splice(at..(at + cut).min(text.len()), bytes);
        let mut take = |_: &[Admitted<'_>], _: &Finding<'_>| ();
        let mut intake = Intake::new(Wanted::default(), &mut take);
        let options = Options { column, format: None };
        let read = read(&mut &text[..], &options, &mut |finding| intake.add(finding));
        let said = read.map_or_else(|error| error.to_string(), |_| intake.report.text());
        prop_assert!(!said.contains("-token-0"), "{}", said);
    }
}
