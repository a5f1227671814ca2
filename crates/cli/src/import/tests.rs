//! Whole reports of every format: what is taken of each, and what is not.

use proptest::prelude::*;

use super::*;
use crate::import::finding::Finding;

/// The recognised format, the tokens with their reasons, and the report's text.
fn import(text: &str, options: &Options) -> (&'static str, Vec<String>, String) {
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
    (format.word, taken, report)
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
            "gitleaks",
            vec!["s3cr3t-1 | r a:b:r:1".to_owned()],
        ),
        (
            "{\"ruleID\":\"r\",\"secret\":\"s3cr3t-1\",\"validation\":{\"status\":\"valid\"}}\n\
             {\"ruleID\":\"r\",\"secret\":\"s3cr3t-2\",\"validation\":{\"status\":\"revoked\"}}"
                .to_owned(),
            "betterleaks",
            vec!["s3cr3t-1 | r".to_owned()],
        ),
        (
            format!(
                r#"{{"SourceMetadata":{{"Data":{{"Git":{{"commit":"c0"}}}}}},"DetectorName":"AWS","Verified":true,"Raw":"{aws}","RawV2":"{aws}:{secret_half}"}}"#
            ),
            "trufflehog",
            vec![format!("{aws} | AWS c0")],
        ),
        (
            r#"[[{"number":1,"secret_type":"t","secret":"s3cr3t-1","html_url":"https://h/1"}],
                [{"number":2,"secret_type":"t","secret":"s3cr3t-2","resolution":"false_positive"}]]"#
                .to_owned(),
            "github",
            vec!["s3cr3t-1 | t https://h/1".to_owned()],
        ),
        (
            r#"{"version":"15","vulnerabilities":[{"name":"n","raw_source_code_extract":"https://u:s3cr3t-1@h","location":{"file":"f","commit":{"sha":"c"}},"identifiers":[{"type":"gitleaks_rule_id","value":"r"}]}]}"#
                .to_owned(),
            "gitlab",
            vec!["s3cr3t-1 | r c:f".to_owned()],
        ),
        (
            format!(
                r#"{{"version":"1.5","plugins_used":[],"results":{{"f":[{{"type":"T","filename":"f","hashed_secret":"{sha1}"}}]}}}}"#
            ),
            "detect-secrets",
            vec!["sha1 0f | T f".to_owned()],
        ),
        (
            format!(
                r#"{{"id":"x","type":"commit-range","scans":[{{"entities_with_incidents":[{{"incidents":[{{"type":"AWS Keys","incident_url":"https://g/1","occurrences":[{{"type":"client_id","match":"{aws}"}},{{"type":"client_secret","match":"{secret_half}"}}]}}]}}]}}]}}"#
            ),
            "ggshield",
            vec![format!("{aws} | AWS Keys https://g/1")],
        ),
        (
            r#"{"$schema":"x","runs":[{"tool":{"driver":{"name":"gitleaks"}},"results":[{"ruleId":"r","locations":[{"physicalLocation":{"artifactLocation":{"uri":"f"},"region":{"snippet":{"text":"s3cr3t-1"}}}}]}]}]}"#
                .to_owned(),
            "sarif",
            vec!["s3cr3t-1 | r f".to_owned()],
        ),
        (
            "RuleID,Commit,File,Secret,Fingerprint\nr,c,f,s3cr3t-1,c:f:r:1\n".to_owned(),
            "gitleaks-csv",
            vec!["s3cr3t-1 | r c:f:r:1".to_owned()],
        ),
        (
            format!("# list\ns3cr3t-1\nBearer s3cr3t-1\nsha256:{}\n", "0a".repeat(32)),
            "text",
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
            r#"{"type":"path_scan","total_incidents":1,"entities_with_incidents":[{"incidents":[{"type":"T","occurrences":[{"type":"apikey","match":"DDA****C39"}]}]}]}"#,
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

/// The reports that the tests of the command import.
fn reports() -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reports");
    let paths = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    paths.map(|path| std::fs::read(path).unwrap()).collect()
}

proptest! {
    /// Whatever happens to a report on its way: no panic, and no token in what is said of it.
    #[test]
    fn damaged_reports_show_nothing(
        which: proptest::sample::Index,
        at: proptest::sample::Index,
        bytes in proptest::collection::vec(any::<u8>(), 0..4),
        cut in 0..3_usize,
        column in proptest::option::of("[a-z1-3]{1,6}"),
    ) {
        let reports = reports();
        let mut text = reports[which.index(reports.len())].clone();
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
