//! `tokenban explain` as a person runs it.

mod support;

use std::{fs, path::Path, process::Command};

use support::Sandbox;

const RULES: &str = "rules:
  - {id: leaked, points: [[header, AUTHORIZATION]], tokens: [fake-token-1]}
";

fn explain(folder: &Path, arguments: &[&str]) -> (i32, String) {
    fs::write(folder.join("rules.yaml"), RULES).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_tokenban"))
        .args(["explain", "--rules", "rules.yaml"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_denied_request_names_rule_and_point_but_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let request = "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer fake-token-1\r\n\r\n";
    fs::write(folder.path().join("request"), request).unwrap();
    let (code, out) = explain(folder.path(), &["--request", "request"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("leaked at [header, AUTHORIZATION, credentials]"), "{out}");
    assert!(out.ends_with("denied\n"), "{out}");
    assert!(!out.contains("fake-token-1"), "{out}");
}

#[test]
fn options_describe_a_request() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out) = explain(folder.path(), &["-H", "Authorization: other", "--reveal", "/"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("[header, AUTHORIZATION]  other  leaked"), "{out}");
    let (code, out) =
        explain(folder.path(), &["-H", "Authorization: token fake-token-1", "--json", "/"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, json["decision"].as_str()), (1, Some("denied")));
}

#[test]
fn a_denylist_is_asked_in_the_store() {
    let sandbox = Sandbox::new();
    let rules = "rules:\n  - {id: banned, points: [[anywhere]], denylist: leaked}\n";
    let rules = sandbox.file("rules.yaml", rules);
    sandbox.run(&["ban", "--reason", "INC-42"], "fake-token-01");
    let explain = ["explain", "--rules", &rules, "--request", "-"];
    let request = |token: &str| format!("GET / HTTP/1.1\r\nHost: a\r\nX-Key: {token}\r\n\r\n");
    let ran = sandbox.run(&explain, &request("fake-token-01"));
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains(", fingerprint e50d2ec3bdeb, on the denylist leaked: INC-42\n"),
        "{}",
        ran.out
    );
    assert_eq!(sandbox.run(&explain, &request("fake-token-02")).code, 0);
    let said = sandbox.json(&[&explain[..], &["--json"]].concat(), &request("fake-token-01"), 1);
    assert_eq!(said["hits"][0]["denylist"], "leaked");
    assert_eq!(said["hits"][0]["reason"], "INC-42");

    let mut command = sandbox.command(&explain);
    command.env_remove("TOKENBAN_STORE");
    let ran = support::run(command, &request("fake-token-02"));
    assert_eq!(ran.code, 2, "what was not asked is no pass");
    assert!(ran
        .err
        .contains("rule \"banned\" asks the denylist \"leaked\", but no store is named"));
}

#[test]
fn a_body_is_what_follows_the_head() {
    let sandbox = Sandbox::without_store();
    let rules = "rules:\n  - {id: banned, points: [[post, json_doc, hash, key]], tokens: [fake-token-01]}\n";
    let rules = sandbox.file("rules.yaml", rules);
    let request = |token: &str| {
        format!(
            "POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{{\"key\":\"{token}\"}}\n"
        )
    };
    let explain = ["explain", "--rules", &rules, "--request", "-"];
    let ran = sandbox.run(&explain, &request("fake-token-01"));
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert_eq!(sandbox.run(&explain, &request("fake-token-02")).code, 0);
}
