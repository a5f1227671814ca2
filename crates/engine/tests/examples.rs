//! The shipped rules do what their examples say, each rule on its own.

use std::{fs, path::PathBuf};

use tokenban_engine::{limits::Limits, Ruleset};

#[test]
fn shipped_rules_hold_their_examples() {
    let files = rule_files();
    assert!(!files.is_empty());
    for file in files {
        let ruleset = Ruleset::load(std::slice::from_ref(&file), &Limits::default()).unwrap();
        for rule in ruleset.rules() {
            let examples = &rule.examples;
            assert!(!examples.deny.is_empty() && !examples.pass.is_empty(), "{}", rule.id);
        }
        assert_eq!(ruleset.run_examples(), [], "{}", file.display());
    }
}

fn rule_files() -> Vec<PathBuf> {
    let entries = fs::read_dir("../../rules").unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")).collect()
}
