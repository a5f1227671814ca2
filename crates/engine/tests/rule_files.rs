//! Changes of rule files: each way of making one is seen, and nothing else is.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use tempfile::TempDir;
use tokenban_engine::{
    limits::Limits,
    rule_files::{expand, RuleFiles},
    Ruleset,
};

/// A rule file with one rule.
fn rule(id: &str) -> String {
    format!("rules: [{{id: {id}, points: [[header, X]], tokens: [fake-token-0123456789]}}]")
}

struct Files {
    directory: TempDir,
    files: RuleFiles,
}

impl Files {
    /// Loads what a name or glob stands for, in a directory that `make` fills.
    fn new(name: &str, make: impl FnOnce(&Path)) -> Files {
        let directory = tempfile::tempdir().unwrap();
        make(directory.path());
        let names = vec![directory.path().join(name)];
        let (files, result) = RuleFiles::load(names, &Limits::default());
        result.unwrap();
        Files { directory, files }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        pause();
        fs::write(self.path(name), text).unwrap();
    }

    fn look(&mut self) -> Option<Result<String, String>> {
        self.files.look(&Limits::default()).map(|result| result.map(ids))
    }

    /// What the second look after a change yields; the first and the third yield nothing.
    fn settled(&mut self) -> Result<String, String> {
        assert_eq!(self.look(), None);
        let result = self.look().expect("a change");
        assert_eq!(self.look(), None);
        result
    }
}

fn ids(ruleset: Ruleset) -> String {
    ruleset.rules().iter().map(|rule| rule.id.clone()).collect::<Vec<_>>().join(" ")
}

/// Longer than the clock of the file system takes to move on.
fn pause() {
    thread::sleep(Duration::from_millis(12));
}

fn one(directory: &Path) {
    fs::write(directory.join("rules.yaml"), rule("one")).unwrap();
}

#[test]
fn unchanged_files_are_not_read_again() {
    let mut files = Files::new("rules.yaml", one);
    assert_eq!([files.look(), files.look(), files.look()], [None, None, None]);
}

#[test]
fn written_in_place_with_the_same_length() {
    let mut files = Files::new("rules.yaml", one);
    files.write("rules.yaml", &rule("two"));
    assert_eq!(files.settled(), Ok("two".into()));
}

#[test]
fn replaced_by_rename() {
    let mut files = Files::new("rules.yaml", one);
    fs::write(files.path("new"), rule("two")).unwrap();
    fs::rename(files.path("new"), files.path("rules.yaml")).unwrap();
    assert_eq!(files.settled(), Ok("two".into()));
}

/// As Kubernetes does: `rules.yaml` → `..data/rules.yaml`, `..data` → a directory.
#[test]
fn replaced_by_the_swap_of_a_symlink() {
    let mut files = Files::new("rules.yaml", |directory| {
        for id in ["one", "two"] {
            fs::create_dir(directory.join(id)).unwrap();
            fs::write(directory.join(id).join("rules.yaml"), rule(id)).unwrap();
        }
        symlink("one", directory.join("..data")).unwrap();
        symlink("..data/rules.yaml", directory.join("rules.yaml")).unwrap();
    });
    symlink("two", files.path("..data_tmp")).unwrap();
    fs::rename(files.path("..data_tmp"), files.path("..data")).unwrap();
    assert_eq!(files.settled(), Ok("two".into()));
}

#[test]
fn a_token_file_counts_even_one_that_was_missing() {
    let text = "rules: [{id: one, points: [[header, X]], token_file: tokens.txt}]";
    let mut files = Files::new("rules.yaml", |directory| {
        fs::write(directory.join("rules.yaml"), text).unwrap();
        fs::write(directory.join("tokens.txt"), "fake-token-0123456789\n").unwrap();
    });
    files.write("tokens.txt", "fake-token-9876543210\n");
    assert_eq!(files.settled(), Ok("one".into()));
    fs::remove_file(files.path("tokens.txt")).unwrap();
    assert!(files.settled().unwrap_err().contains("tokens.txt: no such file"));
    files.write("tokens.txt", "fake-token-9876543210\n");
    assert_eq!(files.settled(), Ok("one".into()));
}

#[test]
fn a_glob_gains_and_loses_files() {
    let mut files = Files::new("*.yaml", one);
    files.write("two.yaml", &rule("two"));
    assert_eq!(files.settled(), Ok("one two".into()));
    fs::remove_file(files.path("rules.yaml")).unwrap();
    assert_eq!(files.settled(), Ok("two".into()));
    fs::remove_file(files.path("two.yaml")).unwrap();
    assert!(files.settled().unwrap_err().contains("no file matches"));
    files.write("three.yaml", &rule("three"));
    assert_eq!(files.settled(), Ok("three".into()));
}

/// Emacs marks a file that is being edited with a link to nowhere, vim with a binary file.
#[test]
fn what_editors_leave_behind_is_not_looked_at() {
    let mut files = Files::new("*", one);
    symlink("user@host.1:2", files.path(".#rules.yaml")).unwrap();
    files.write(".rules.yaml.swp", "\0");
    assert_eq!([files.look(), files.look(), files.look()], [None, None, None]);
}

#[test]
fn names_and_globs_stand_for_files() {
    let expand = |names: &[&str]| expand(&names.iter().map(PathBuf::from).collect::<Vec<_>>());
    let files = expand(&["src/rule_*.rs", "src/lib.rs", "src/l*b.rs", "no-such-file"]);
    assert_eq!(
        files.unwrap(),
        ["src/rule_files.rs", "src/lib.rs", "no-such-file"].map(PathBuf::from)
    );
    let error = expand(&["src/*.yaml"]).unwrap_err();
    assert_eq!(error, "no file matches \"src/*.yaml\"; check the directory");
    assert!(expand(&["src/***"]).unwrap_err().starts_with("bad glob \"src/***\": "));
}

#[test]
fn a_bad_file_is_said_once_and_can_be_mended() {
    let mut files = Files::new("rules.yaml", one);
    files.write("rules.yaml", "rules: [{id: two}]");
    assert!(files.settled().unwrap_err().contains("rules.yaml:1:9: rule \"two\":"));
    assert_eq!(files.look(), None);
    files.write("rules.yaml", &rule("two"));
    assert_eq!(files.settled(), Ok("two".into()));
}

#[test]
fn a_file_that_is_being_written_is_waited_for() {
    let mut files = Files::new("rules.yaml", one);
    files.write("rules.yaml", "rules: [{id: tw");
    assert_eq!(files.look(), None);
    files.write("rules.yaml", &rule("two"));
    assert_eq!(files.settled(), Ok("two".into()));
}

#[test]
fn a_file_that_is_written_all_the_time_is_read_at_the_third_look() {
    let mut files = Files::new("rules.yaml", one);
    files.write("rules.yaml", &rule("two"));
    assert_eq!(files.look(), None);
    files.write("rules.yaml", &rule("three"));
    assert_eq!(files.look(), None);
    files.write("rules.yaml", &rule("four"));
    assert_eq!(files.look(), Some(Ok("four".into())));
}

#[test]
fn nothing_but_a_regular_file_is_read() {
    let mut files = Files::new("rules.yaml", one);
    fs::remove_file(files.path("rules.yaml")).unwrap();
    fs::create_dir(files.path("rules.yaml")).unwrap();
    assert!(files.settled().unwrap_err().contains("not a regular file"));
}
