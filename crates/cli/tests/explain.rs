//! `tokenban explain` as a person runs it.

use std::{fs, path::Path, process::Command};

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
