//! `tokenban rules`: rules of scanners become rules for requests, and what does not is told.

mod support;

use support::Sandbox;

const SCANNER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rules/scanner.toml");

#[test]
fn rules_of_a_scanner() {
    let sandbox = Sandbox::without_store();
    let ran = sandbox.run(&["rules", "from-gitleaks", SCANNER], "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(
        ran.out,
        r#"# Made by `tokenban rules from-gitleaks`. None of these denies: choose, narrow, test.
rules:
  - id: acme-token
    title: 'Found an ACME token; it''s dangerous.'
    # left out: entropy, allowlists
    points: [[anywhere]]
    regex:
      - '\b(acme_[a-f0-9]{32})(?:[\x60''"\s;]|\\[nr]|$)'
    action: monitor
  - id: globex-token
    title: 'Found a Globex token.'
    # left out: filter
    points: [[anywhere]]
    regex:
      - '(?i)\b(glbx-[a-z0-9]{20})\b'
    action: monitor
"#
    );
    assert_eq!(
        ran.err,
        "2 rules made, 3 dropped\n\
         1 dropped: they know their secrets only by an assignment in source code, which no request \
         has (initech-key)\n\
         1 dropped: they have no pattern, and look for names of files (keystore)\n\
         1 dropped: they are parts of other rules, and too little alone (umbrella-client-id)\n\
         of 2 rules a comment says which conditions were left out\n"
    );
    let file = sandbox.file("shapes.yaml", &ran.out);
    assert_eq!(sandbox.run(&["check", &file], "").code, 0);
    for (header, word) in [
        ("Authorization: Bearer acme_0123456789abcdef0123456789abcdef", "monitored\n"),
        ("X-Key: GLBX-00000000000000000000", "monitored\n"),
        ("X-Key: acme_0123", "passed\n"),
    ] {
        let ran = sandbox.run(&["explain", "--rules", &file, "-H", header, "/"], "");
        assert!(ran.out.ends_with(word), "{header}: {}", ran.out);
    }
}

#[test]
fn two_files_and_what_is_none() {
    let sandbox = Sandbox::without_store();
    let twice = sandbox.json(&["rules", "from-gitleaks", "--json", SCANNER, SCANNER], "", 0);
    assert_eq!(twice["rules"][2]["id"], "acme-token-2");
    assert_eq!(twice["dropped"].as_array().unwrap().len(), 6);
    let ran = sandbox.run(&["rules", "from-gitleaks"], "title = 'x'");
    assert!(ran.code == 2 && ran.err.contains("no [[rules]]"), "{}", ran.err);
    let ran = sandbox.run(&["rules", "from-gitleaks"], "rules: [{id: x}]");
    assert!(ran.code == 2 && ran.err.contains("standard input: "), "{}", ran.err);
    let ran = sandbox.run(&["rules", "from-gitleaks"], "[[rules]]\nid='x'\npath='y'");
    assert_eq!(ran.code, 1);
}
