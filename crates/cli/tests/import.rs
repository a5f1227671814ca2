//! `tokenban import` and `export`, with a report of every format.

mod support;

use std::path::{Path, PathBuf};

use serde_json::json;
use support::{run, Sandbox, MARK};

fn report(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "reports", name].iter().collect();
    path.display().to_string()
}

/// Report, options, format, tokens that are denied afterwards, tokens that are not, and the reason.
type Case = (
    &'static str,
    &'static [&'static str],
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static str,
);

const CASES: [Case; 11] = [
    (
        "betterleaks.jsonl",
        &[],
        "betterleaks JSON",
        &["fake-betterleaks-token-01", "fake-betterleaks-token-03"],
        &["fake-betterleaks-token-02"],
        "generic-api-key config.yml:1 (betterleaks.jsonl)",
    ),
    (
        "detect-secrets.baseline",
        &[],
        "detect-secrets baseline",
        &["fake-baseline-token-01"],
        &["fake-baseline-token-02"],
        "Secret Keyword config.yml (detect-secrets.baseline)",
    ),
    (
        "ggshield.json",
        &[],
        "ggshield JSON",
        &["fake-ggshield-token-01", "fake-ggshield-token-02"],
        &["db.example.com", "someone"],
        "Generic High Entropy Secret https://dashboard.example/1 (ggshield.json)",
    ),
    (
        "github-alerts.json",
        &[],
        "GitHub secret scanning alerts",
        &["fake-github-token-01"],
        &["fake-github-token-02", "fake-github-token-03"],
        "fake_token https://github.example/alerts/1 (github-alerts.json)",
    ),
    (
        "gitleaks.csv",
        &[],
        "gitleaks CSV",
        &["fake-csv-token-01", "fake-csv-token-02"],
        &[],
        "generic-api-key 0000000000000000000000000000000000000000:config.yml:generic-api-key:1 \
         (gitleaks.csv)",
    ),
    (
        "gitleaks.json",
        &[],
        "gitleaks JSON",
        &["fake-gitleaks-token-01", "fake-gitleaks-token-02"],
        &["REDACTED", "password"],
        "generic-api-key 0000000000000000000000000000000000000000:config.yml:generic-api-key:1 \
         (gitleaks.json)",
    ),
    (
        "gitleaks.sarif",
        &[],
        "gitleaks SARIF",
        &["fake-sarif-token-01", "fake-sarif-token-02"],
        &[],
        "generic-api-key config.yml (gitleaks.sarif)",
    ),
    (
        "gl-secret-detection-report.json",
        &[],
        "GitLab secret detection report",
        &["fake-gitlab-token-01", "fake-gitlab-token-02"],
        &[],
        "fake-token 0000000:config.yml (gl-secret-detection-report.json)",
    ),
    (
        "table.csv",
        &["--column", "token", "--reason", "INC-42"],
        "CSV",
        &["fake-table-token-01", "fake-table-token-02"],
        &[],
        "INC-42 (table.csv)",
    ),
    (
        "tokens.txt",
        &["--source", "paste"],
        "text",
        &["fake-text-token-01", "fake-text-token-02", "fake-text-token-03"],
        &["abc***"],
        "(paste)",
    ),
    (
        "trufflehog.jsonl",
        &[],
        "trufflehog JSON Lines",
        &["AKIAFAKEFAKEFAKE2345", "fake-trufflehog-token-02"],
        &["abcdefghij0123456789ABCDEFGHIJ0123456789"],
        "AWS c0ffee (trufflehog.jsonl)",
    ),
];

#[test]
fn every_format_is_recognised_and_its_tokens_are_denied() {
    for (name, options, format, denied, others, reason) in CASES {
        let sandbox = Sandbox::new();
        let ran = sandbox.run(&[&["import", &report(name)], options].concat(), "");
        assert_eq!(ran.code, 0, "{name} {}", ran.err);
        let first = ran.out.lines().next().unwrap();
        assert_eq!(first, format!("{}: {format}", report(name)));
        for token in denied {
            assert_eq!(sandbox.run(&["show"], token).code, 1, "{name} {token}\n{}", ran.out);
        }
        for token in others {
            assert_eq!(sandbox.run(&["show"], token).code, 0, "{name} {token}\n{}", ran.out);
        }
        let shown = sandbox.run(&["show"], denied[0]).out;
        assert!(shown.trim_end().ends_with(&format!("  {reason}")), "{name}\n{shown}");
    }
}

#[test]
fn what_an_import_says() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["import", &report("gitleaks.json")], "");
    let text = ran.out.split_once('\n').unwrap().1;
    assert_eq!(
        text,
        "admitted   3\n\
         refused    4\n  \
           1        the token is a word that clean requests carry too (line 82)\n  \
           1        a line of a PEM block never travels in a request (line 122)\n  \
           1        the token is masked; make the report again without --redact (line 62)\n  \
           1        the token is shorter than 8 bytes and would deny clean requests (line 102)\n\
         2 new entries, 1 there before or repeated\n"
    );
    let again = sandbox.run(&["import", &report("gitleaks.json")], "");
    assert!(again.out.ends_with("0 new entries, 3 there before or repeated\n"));
}

#[test]
fn json_shape() {
    let sandbox = Sandbox::new();
    let name = report("tokens.txt");
    let said = sandbox.json(&["import", "--json", "--list", "incident-42", &name], "", 0);
    assert_eq!(
        said,
        json!({
            "dry_run": false,
            "files": [{
                "name": name,
                "format": "text",
                "admitted": 4,
                "jwts": 0,
                "damaged": { "count": 0, "lines": [] },
                "refused": {
                    "masked": { "count": 1, "lines": [8] },
                    "sha256": { "count": 1, "lines": [7] },
                },
                "skipped": {},
                "taken_off": { "scheme": { "count": 1, "lines": [6] } },
            }],
            "new": 3,
            "changed": 0,
            "before": 1,
            "removed": 0,
        })
    );
}

#[test]
fn standard_input_and_several_files() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["import"], "fake-text-token-01\nfake-text-token-09\n");
    assert!(ran.out.starts_with("standard input: text\nadmitted   2\n"), "{}", ran.out);
    let files = [report("gitleaks.json"), report("gitleaks.sarif"), report("tokens.txt")];
    let ran = sandbox.run(&["import", &files[0], &files[1], &files[2]], "");
    assert!(ran.out.ends_with("6 new entries, 3 there before or repeated\n"), "{}", ran.out);
}

#[test]
fn wanted_findings() {
    let token = "fake-github-token-02";
    for (options, code) in [(&[][..], 0), (&["--include-inactive"], 1), (&["--only-verified"], 0)] {
        let sandbox = Sandbox::new();
        let ran = sandbox.run(&[&["import", &report("github-alerts.json")], options].concat(), "");
        assert_eq!(sandbox.run(&["show"], token).code, code, "{options:?} {}", ran.out);
        assert_eq!(sandbox.run(&["show"], "fake-github-token-01").code, 1, "{options:?}");
    }
    let sandbox = Sandbox::new();
    sandbox.run(&["import", "--only-verified", &report("trufflehog.jsonl")], "");
    assert_eq!(sandbox.run(&["show"], "fake-trufflehog-token-02").code, 0);
    assert_eq!(sandbox.run(&["show"], "AKIAFAKEFAKEFAKE2345").code, 1);
}

#[test]
fn a_dry_run_changes_nothing() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["import", "--dry-run", &report("gitleaks.json")], "");
    assert_eq!(ran.code, 0);
    assert!(
        ran.out
            .ends_with("2 new entries, 1 there before or repeated; dry run: nothing was changed\n"),
        "{}",
        ran.out
    );
    assert_eq!(sandbox.run(&["list"], "").out, "no entries\n");

    let mut command = sandbox.command(&["import", "--dry-run", &report("gitleaks.json")]);
    command.env_remove("TOKENBAN_STORE");
    let ran = run(command, "");
    assert!(ran.code == 0 && ran.out.ends_with("dry run: nothing was changed\n"), "{}", ran.out);
    let mut command = sandbox.command(&["import", &report("gitleaks.json")]);
    command.env_remove("TOKENBAN_STORE");
    assert_eq!(run(command, "").code, 2);
}

#[test]
fn replacing_takes_off_what_the_report_lacks_but_not_most_of_a_list() {
    let sandbox = Sandbox::new();
    let lines = |from: usize, to: usize| -> String {
        (from..to).map(|number| format!("fake-{number}-token-01\n")).collect()
    };
    sandbox.run(&["import"], &lines(0, 10));
    sandbox.run(&["import", "--list", "other"], &lines(0, 1));
    let ran = sandbox.run(&["import", "--list", "leaked", "--replace"], &lines(4, 12));
    assert!(
        ran.out.ends_with("2 new entries, 6 there before or repeated, 4 taken off\n"),
        "{}{}",
        ran.out,
        ran.err
    );
    assert_eq!(sandbox.run(&["show"], &lines(1, 2)).code, 0);
    assert_eq!(sandbox.run(&["show"], &lines(0, 1)).code, 1, "the other list has it");

    let ran = sandbox.run(&["import", "--list", "leaked", "--replace"], &lines(4, 6));
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("use --force if that is meant"), "{}", ran.err);
    assert_eq!(sandbox.run(&["show"], &lines(11, 12)).code, 1, "nothing was changed");
    let ran = sandbox.run(&["import", "--list", "leaked", "--replace", "--force"], &lines(4, 6));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(sandbox.run(&["show"], &lines(11, 12)).code, 0);
    assert_eq!(sandbox.run(&["import", "--force"], &lines(4, 6)).code, 2, "force what?");
    assert_eq!(sandbox.run(&["import", "--replace"], &lines(4, 6)).code, 2, "replace what?");
}

#[test]
fn an_import_of_nothing_useful_is_told_apart() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["import"], "password\nREDACTED\n");
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert_eq!(sandbox.run(&["import"], "[]\n").code, 0, "a report without findings");
    let ran = sandbox.run(&["import", &report("table.csv")], "");
    assert!(ran.code == 2 && ran.err.contains("--column"), "{}", ran.err);
    let ran = sandbox.run(&["import", "--column", "token"], "1;fake-table-token-01\n");
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (
            2,
            "tokenban: standard input: no column \"token\" among the 2 of the first line; where that \
             has no names, give its number\n"
        )
    );
    let ran = sandbox
        .run(&["import"], "[{\"RuleID\":\"r\",\"Secret\":\"fake-token-01\"}, oops-token-01]");
    assert!(ran.code == 2 && ran.err.contains("damaged gitleaks JSON"), "{}", ran.err);
    assert_eq!(sandbox.run(&["list"], "").out, "no entries\n");
}

#[test]
fn an_expiry_is_that_of_every_entry() {
    let sandbox = Sandbox::new();
    sandbox.run(&["import", "--expires", "2100-01-01", &report("tokens.txt")], "");
    let list = sandbox.run(&["list", "leaked"], "").out;
    assert_eq!(list.matches("2100-01-01T00:00:00Z").count(), 3, "{list}");
}

/// What one store holds, another denies: every kind, without a token in between.
#[test]
fn an_export_is_imported_as_it_is() {
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSIsImp0aSI6IngxIn0.c2ln";
    let from = Sandbox::new();
    let to = Sandbox::new();
    let sha1 = "sha1:3e429ebcd3de608e37fd462282bb0dad4859ab3b";
    from.run(&["ban", "--expires", "2100-01-01", "--reason", "INC-1"], "fake-token-02");
    from.run(&["ban", "--list", "other", "--as", "jwt", "--source", "paste"], jwt);
    from.run(&["ban", "--list", "other"], sha1);
    from.run(&["ban", "--jti", "x1"], "");
    from.run(&["ban", "--sub", "alice", "--issued-before", "2026-01-01"], "");
    let exported = from.run(&["export"], "").out;
    let ran = to.run(&["import"], &exported);
    assert!(ran.out.starts_with("standard input: tokenban export\nadmitted   5\n"), "{}", ran.out);
    assert_eq!(to.run(&["export"], "").out, exported);
    for token in ["fake-token-01", "fake-token-02", jwt] {
        let shown = from.run(&["show"], token);
        assert_eq!((shown.code, to.run(&["show"], token).out), (1, shown.out), "{token}");
    }
    let moved = Sandbox::new();
    moved.run(&["import", "--list", "all"], &exported);
    assert_eq!(moved.run(&["list"], "").out.lines().last(), Some("all   5        0"));
    let damaged = exported.replace("\"kind\":\"token\"", "\"kind\":\"tokn\"");
    let ran = Sandbox::new().run(&["import"], &damaged);
    assert!(ran.out.contains("refused    1\n"), "{}", ran.out);
}

#[test]
fn github_revocation_is_made_from_reports() {
    let sandbox = Sandbox::without_store();
    let classic = format!("{}_fakefakefakefakefakefakefakefakefa01", "ghp");
    let lines = format!("{classic}\nfake-text-token-01\n{}_fake01\n", "ghs");
    let file = sandbox.file("report.txt", &lines);
    let ran = sandbox.run(&["export", "--format", "github-revocation", &file], "");
    assert_eq!(ran.out, format!("{{\"credentials\":[\"{classic}\"]}}\n"));
    assert_eq!(ran.err, "1 token in 1 request; 2 of kinds that GitHub does not revoke here\n");
    assert_eq!(ran.code, 0);
    let ran = sandbox.run(&["export", "--format", "github-revocation"], "fake-text-token-01\n");
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
}

#[test]
fn fixtures_hold_marked_tokens() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports");
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(MARK) || path.ends_with("detect-secrets.baseline"), "{path:?}");
    }
}
