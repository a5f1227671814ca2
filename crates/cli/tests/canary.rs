//! Decoys: what is printed, what the store then has, and what takes it off again.

mod support;

use serde_json::json;
use support::Sandbox;

#[test]
fn a_decoy_is_all_of_standard_output_and_is_banned() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["canary", "new", "--like", "github", "--note", "in the wiki"], "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let token = ran.out.strip_suffix('\n').unwrap();
    assert!(token.starts_with("ghp_") && token.len() == 40, "{token}");
    let fingerprint = support::fingerprint(token);
    assert_eq!(
        ran.err,
        format!(
            "tokenban: canary {fingerprint} on the list \"leaked\" for good: in the wiki\n\
             tokenban: rule \"everywhere\" asks it at [anywhere]\n"
        )
    );
    assert_eq!(sandbox.run(&["show"], token).code, 1);
    let entry = sandbox.json(&["list", "leaked", "--json"], "", 0)["entries"][0].clone();
    assert_eq!(entry["level"], json!("canary"));
    assert_eq!(entry["reason"], json!("in the wiki"));
    let listed = sandbox.run(&["list", "leaked"], "").out;
    assert!(listed.contains("in the wiki canary (tokenban canary)\n"), "{listed}");

    let exported = sandbox.run(&["export"], "").out;
    let other = Sandbox::new();
    assert_eq!(other.run(&["import"], &exported).code, 0);
    assert_eq!(other.json(&["list", "leaked", "--json"], "", 0)["entries"][0]["level"], "canary");

    assert_eq!(sandbox.run(&["undo", "in the wiki"], "").code, 0);
    assert_eq!(sandbox.run(&["show"], token).code, 0);
}

#[test]
fn of_an_access_key_the_id_is_banned() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["canary", "new", "--like", "aws", "--note", "in a build log"], "");
    let lines: Vec<&str> = ran.out.lines().collect();
    let id = lines[0].strip_prefix("aws_access_key_id = ").unwrap();
    let secret = lines[1].strip_prefix("aws_secret_access_key = ").unwrap();
    assert_eq!((id.len(), secret.len(), lines.len()), (20, 40, 2));
    assert_eq!(sandbox.run(&["show"], id).code, 1);
}

#[test]
fn a_canary_wants_a_note_and_a_list_that_is_asked() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["canary", "new"], "").code, 2);
    let unasked = ["canary", "new", "--note", "x", "--list", "unasked"];
    let ran = sandbox.run(&unasked, "");
    assert!(ran.code == 1 && ran.err.contains("no rule asks the list"), "{}", ran.err);
    let json = sandbox.json(&["canary", "new", "--like", "jwt", "--note", "x", "--json"], "", 0);
    assert_eq!(json["rules"][0]["rule"], "everywhere");
    assert_eq!(sandbox.run(&["show"], json["canary"].as_str().unwrap()).code, 1);
}
