//! `tokenban import` and `export`, with a report of every format.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;
use support::{run, steady, Sandbox, MARK};

fn report(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "reports", name].iter().collect();
    path.display().to_string()
}

/// The reports: named after the word of their format.
fn reports() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths
}

/// What is asked beside the report itself.
fn options(path: &Path) -> &'static [&'static str] {
    match path.file_name().unwrap().to_str().unwrap() {
        "csv.csv" => &["--column", "token"],
        _ => &[],
    }
}

/// The text of a report, whatever its charset.
fn text(path: &Path) -> String {
    let bytes = fs::read(path).unwrap();
    match bytes.strip_prefix(&[0xff, 0xfe]) {
        Some(rest) => {
            let units = rest.chunks(2).map(|pair| u16::from_le_bytes(pair.try_into().unwrap()));
            String::from_utf16(&units.collect::<Vec<_>>()).unwrap()
        }
        None => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// `fake-NAME-token-01` has to be denied after the import of a report, `keep-NAME-token-01` not.
fn tokens(text: &str, prefix: &str) -> Vec<String> {
    let is_part = |char: char| char.is_ascii_alphanumeric() || char == '-';
    let words = text.split(|char| !is_part(char));
    let cut = |word: &str| {
        let found = word.split_inclusive("-token-").collect::<Vec<_>>();
        let [start, rest] = found[..] else { return None };
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        (start.starts_with(prefix) && !digits.is_empty()).then(|| format!("{start}{digits}"))
    };
    words.filter_map(cut).collect()
}

/// Every report is recognised, its tokens are denied, and nothing else; what is said of it is golden.
#[test]
fn every_report_bans_its_tokens_and_nothing_else() {
    for path in reports() {
        let sandbox = Sandbox::new();
        let name = path.display().to_string();
        let ran = sandbox.run(&[&["import", &name], options(&path)].concat(), "");
        for token in tokens(&text(&path), "fake-") {
            let shown = sandbox.run(&["show"], &token);
            assert_eq!(shown.code, 1, "{name}: {token}\n{}{}", ran.out, ran.err);
        }
        for token in tokens(&text(&path), "keep-") {
            assert_eq!(sandbox.run(&["show"], &token).code, 0, "{name}: {token}\n{}", ran.out);
        }
        let list = sandbox.run(&["list", "leaked"], "").out;
        let said = format!("{}{}exit {}\n\n{}", ran.out, ran.err, ran.code, steady(&list));
        let file = path.file_name().unwrap().to_str().unwrap();
        golden(&format!("{file}.txt"), &said.replace(&name, file));
    }
}

/// Compares with a golden file; `BLESS=1 cargo test` writes it.
fn golden(name: &str, said: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/import").join(name);
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, said).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(said, golden, "{name}; BLESS=1 writes it anew");
}

/// The word of a format reads what recognition reads.
#[test]
fn a_format_may_be_named() {
    for path in reports() {
        let name = path.display().to_string();
        let word = path.file_name().unwrap().to_str().unwrap().split('.').next().unwrap();
        let ask = |more: &[&str]| {
            let arguments = [&["import", "--dry-run", &name], options(&path), more].concat();
            Sandbox::new().run(&arguments, "").out
        };
        assert_eq!(ask(&["--format", word]), ask(&[]), "{name}");
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
         2 new entries, 1 there before or repeated\n\
         on the list \"leaked\" for good\n\
         rule \"everywhere\" asks it at [anywhere]\n"
    );
    let again = sandbox.run(&["import", &report("gitleaks.json")], "");
    assert!(again.out.contains("0 new entries, 3 there before or repeated\n"));
}

#[test]
fn json_shape() {
    let sandbox = Sandbox::new();
    let name = report("text.txt");
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
            "logs": [],
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
    let files = [report("gitleaks.json"), report("sarif.gitleaks.sarif"), report("text.txt")];
    let ran = sandbox.run(&["import", &files[0], &files[1], &files[2]], "");
    assert!(ran.out.contains("6 new entries, 3 there before or repeated\n"), "{}", ran.out);
}

#[test]
fn wanted_findings() {
    let token = "keep-github-token-02";
    for (options, code) in [(&[][..], 0), (&["--include-inactive"], 1), (&["--only-verified"], 0)] {
        let sandbox = Sandbox::new();
        let ran = sandbox.run(&[&["import", &report("github.json")], options].concat(), "");
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
            .contains("2 new entries, 1 there before or repeated; dry run: nothing was changed\n"),
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
        ran.out.contains("2 new entries, 6 there before or repeated, 4 taken off\n"),
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
    let sarif = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"X"}},"results":[{}]}]}"#;
    assert_eq!(sandbox.run(&["import"], sarif).code, 1, "of a tool that is not known");
    let ran = sandbox.run(&["import", &report("csv.csv")], "");
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
    sandbox.run(&["import", "--expires", "2100-01-01", &report("text.txt")], "");
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
    for path in reports() {
        assert!(text(&path).contains(MARK), "{path:?}");
    }
}

/// Inputs that are refused, and what is said of each.
#[test]
fn what_is_refused_has_a_way_out() {
    let cases: [(&str, &[u8]); 17] = [
        ("binary", b"fake-binary-token-01\0\x01\n"),
        ("bytes", b"\xe4\xf6\xfc\x9a\x8b\xd0 fake-bytes-token-01\n\xff\xfe\xfd\xfc\n"),
        ("comments", b"# nothing yet\n\n"),
        ("csv-row", b"alice,fake-csv-token-000001\n"),
        ("csv-unknown", b"who,what,when\nalice,fake-csv-token-01,2026\nbob,fake-csv-token-02,2026\n"),
        ("csv-known", b"id,token\n1,fake-csv-token-01\n"),
        ("digests", b"sha1:e7cd54c2bbcd4f4d4e5bb2a9c1b2b1b2d9f9d9d9\nsha1:5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8\n"),
        ("document", b"<!DOCTYPE html><html><p>fake-html-token-01</p></html>\n"),
        ("empty", b""),
        ("gitguardian-hidden", b"incident_id,detector,status\n1,x,triggered\n"),
        ("json-cut", b"[{\"RuleID\":\"r\",\"Secret\":\"fake-cut-token-01\"},{\"RuleID\":\"r\",\"Sec"),
        ("json-unknown", b"{\"what\":\"fake-json-token-01\"}"),
        ("prose", b"Dear all,\n\nthe token that leaked is below.\n\nfake-prose-token-01\n\nKind regards\nA. B.\n"),
        ("packed", b"\x1f\x8b\x08\0"),
        ("pem", b"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n-----END PRIVATE KEY-----\n"),
        ("setting", b"NODE_ENV=production\n"),
        ("words", b"password\nno-cache\n12345678\nxxxxxxxxxxxx\nshort\n"),
    ];
    for (name, input) in cases {
        let sandbox = Sandbox::new();
        let path = sandbox.path().join("input");
        fs::write(&path, input).unwrap();
        let path = path.display().to_string();
        let mut said = String::new();
        for command in ["import", "ban", "unban"] {
            let ran = sandbox.run(&[command, &path], "");
            said +=
                &format!("$ tokenban {command} input\n{}{}exit {}\n\n", ran.out, ran.err, ran.code);
        }
        golden(&format!("refused-{name}.txt"), &said.replace(&path, "input"));
    }
}
