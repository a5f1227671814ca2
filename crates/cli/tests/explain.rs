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
        ran.out.contains(", fingerprint a2dbe61361b134b9, on the denylist leaked: INC-42\n"),
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

const BODY_RULES: &str = "rules:
  - {id: form, points: [[post, form_urlencoded, t]], tokens: [fake-token-1]}
  - {id: json, points: [[post, json_doc, hash, t]], tokens: [fake-token-1]}
  - {id: part, points: [[post, multipart, t], [post, multipart, t, file]], tokens: [fake-token-1]}
";

/// The exit code and what is said of a request with a body.
fn explain_body(folder: &Path, arguments: &[&str]) -> (i32, String) {
    fs::write(folder.join("body.yaml"), BODY_RULES).unwrap();
    fs::write(folder.join("token"), "fake-token-1").unwrap();
    fs::write(folder.join("form"), "x=1&t=\r\nfake-token-1\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_tokenban"))
        .args(["explain", "--rules", "body.yaml"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

#[test]
fn options_describe_bodies() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, rule) in [
        (&["-d", "x=1", "-d", "t=fake-token-1", "/"][..], "form at [post, form_urlencoded, t]"),
        (&["--data", "@form", "/"], "form at [post, form_urlencoded, t]"),
        (&["--data-binary", r#"{"t": "fake-token-1"}"#, "/"], "json at [post, json_doc, hash, t]"),
        (&["-F", "x=1", "--form", "t=fake-token-1", "/"], "part at [post, multipart, t]"),
        (&["-F", "t=@token", "/"], "part at [post, multipart, t, file]"),
    ] {
        let (code, out) = explain_body(folder.path(), arguments);
        assert!(code == 1 && out.contains(rule), "{arguments:?}: {out}");
    }
    let (code, out) = explain_body(folder.path(), &["-d", "t=another-token", "/"]);
    assert!(code == 0 && out.ends_with("passed\n"), "{out}");
    let (code, out) = explain_body(folder.path(), &["-F", "novalue", "/"]);
    assert!(code == 2 && out.contains("write `name=value`"), "{out}");
    let (code, _) = explain_body(folder.path(), &["--request", "form", "-d", "t=1"]);
    assert_eq!(code, 2, "a file and options");
    let (code, _) = explain_body(folder.path(), &[]);
    assert_eq!(code, 2, "nothing to explain");
}

#[test]
fn a_request_file_has_a_body() {
    let folder = tempfile::tempdir().unwrap();
    let request = "PUT / HTTP/1.1\r\nHost: a\r\n\r\n{\"t\": \"fake-token-1\"}\r\n";
    fs::write(folder.path().join("request"), request).unwrap();
    let (code, out) = explain_body(folder.path(), &["--request", "request"]);
    assert!(code == 1 && out.contains("json at [post, json_doc, hash, t]"), "{out}");
}

#[test]
fn each_request_of_a_har_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let entry = |path: &str, text: &str| {
        serde_json::json!({"request": {
            "method": "POST", "url": format!("https://a.example{path}"),
            "headers": [{"name": "Cookie", "value": "a=b"}],
            "postData": {"mimeType": "text/plain", "text": text},
        }})
    };
    let har = serde_json::json!({"log": {"entries": [
        entry("/one", "t=clean"), entry("/two?q=secret", "t=fake-token-1"),
    ]}});
    fs::write(folder.path().join("har"), har.to_string()).unwrap();
    let (code, out) = explain_body(folder.path(), &["--har", "har"]);
    assert_eq!(code, 1, "{out}");
    let (one, two) = (out.find("POST /one").unwrap(), out.find("POST /two").unwrap());
    assert!(out[one..two].contains("passed") && out[two..].contains("denied"), "{out}");
    assert!(!out.contains("secret"), "{out}");
    let (_, out) = explain_body(folder.path(), &["--har", "har", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json[1]["decision"], "denied");
    assert_eq!(json[1]["request"], "POST /two");
}

/// A token anywhere in a recorded request is found; a HAR without any credential says so.
#[test]
fn a_har_holds_cookies_arguments_and_coded_bodies() {
    let sandbox = Sandbox::without_store();
    let rules = "rules:\n  - {id: leaked, points: [[anywhere]], tokens: [fake-token-01]}\n";
    let rules = sandbox.file("rules.yaml", rules);
    let pair = r#"[{"name": "t", "value": "fake-token-01"}]"#;
    let body =
        r#"{"mimeType": "text/plain", "encoding": "base64", "text": "ZmFrZS10b2tlbi0wMQ=="}"#;
    for (member, code) in [
        (format!(r#""cookies": {pair}"#), 1),
        (format!(r#""queryString": {pair}"#), 1),
        (format!(r#""postData": {body}"#), 1),
        (r#""cookies": []"#.to_owned(), 0),
    ] {
        let har = format!(
            r#"{{"log": {{"entries": [{{"request": {{"method": "POST", "url": "https://a.example/x",
            "headers": [], {member}}}}}]}}}}"#
        );
        let har = sandbox.file("har", &har);
        let ran = sandbox.run(&["explain", "--rules", &rules, "--har", &har], "");
        assert_eq!(ran.code, code, "{member}: {}{}", ran.out, ran.err);
        let said = ran.err.contains("export it with sensitive data");
        assert_eq!(said, !member.contains("\"cookies\": [{"), "{member}");
    }
}
