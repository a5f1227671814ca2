//! `tokenban man`.

mod support;

use std::{collections::BTreeSet, fs};

use support::Sandbox;

/// The subcommands that `tokenban --help` lists.
fn subcommands(help: &str) -> BTreeSet<&str> {
    let list = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next());
    let names = list.expect("a list").lines().filter(|line| !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect()
}

#[test]
fn a_page_for_every_subcommand() {
    let sandbox = Sandbox::without_store();
    let help = sandbox.run(&["-h"], "").out;
    let ran = sandbox.run(&["man", "--all", "share/man1"], "");
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    let names = subcommands(&help);
    assert!(names.contains("ban") && names.contains("man"), "{names:?}");
    for name in &names {
        let file = sandbox.path().join(format!("share/man1/tokenban-{name}.1"));
        let page = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(page.contains(&format!(".TH tokenban-{name} 1")), "{page}");
    }
    let pages = fs::read_dir(sandbox.path().join("share/man1")).unwrap().count();
    // The others are those of the command itself, and of subcommands of subcommands.
    let below: usize = names.iter().map(|name| below(&sandbox, name)).sum();
    assert_eq!(pages, names.len() + 1 + below);
}

/// How many subcommands a subcommand has.
fn below(sandbox: &Sandbox, name: &str) -> usize {
    let help = sandbox.run(&[name, "-h"], "").out;
    if help.contains("Commands:\n") {
        subcommands(&help).len()
    } else {
        0
    }
}

#[test]
fn one_page_at_a_time() {
    let sandbox = Sandbox::without_store();
    assert!(sandbox.run(&["man"], "").out.contains(".TH tokenban 1"));
    assert!(sandbox.run(&["man", "ban"], "").out.contains(".TH tokenban-ban 1"));
    assert!(sandbox.run(&["man", "canary", "new"], "").out.contains("canary-new 1"));
    let ran = sandbox.run(&["man", "bann"], "");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("no subcommand \"bann\""), "{}", ran.err);
    assert_eq!(sandbox.run(&["man", "ban", "--all", "x"], "").code, 2);
}
