//! The shipped rules do what their examples say, each rule on its own.

use std::{fs, path::PathBuf};

use tokenban_engine::{
    decision::{Decision, Mode},
    example::Example,
    limits::Limits,
    load::{load, Loaded},
    Ruleset,
};

#[test]
fn shipped_rules_hold_their_examples() {
    let mut wrong = Vec::new();
    for file in rule_files() {
        let rules = loaded(&file).rules.len();
        for index in 0..rules {
            let mut loaded = loaded(&file);
            let rule = loaded.rules.remove(index);
            let (id, examples) = (rule.id.clone(), rule.examples.clone());
            loaded.rules = vec![rule];
            let ruleset = Ruleset::compile(loaded, &Limits::default()).unwrap();
            assert!(!examples.deny.is_empty() && !examples.pass.is_empty(), "{id}");
            for (list, expected) in [(examples.deny, true), (examples.pass, false)] {
                for (number, example) in list.iter().enumerate() {
                    if denies(&ruleset, example) != expected {
                        wrong.push(format!("{id}: example {number}, denied: {}", !expected));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn rule_files() -> Vec<PathBuf> {
    let entries = fs::read_dir("../../rules").unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")).collect()
}

fn loaded(file: &PathBuf) -> Loaded {
    load(std::slice::from_ref(file), &Limits::default()).unwrap()
}

fn denies(ruleset: &Ruleset, example: &Example) -> bool {
    let outcome = ruleset.evaluate(&example.request(), Mode::On, &mut ruleset.scratch());
    outcome.decision == Decision::Denied
}
