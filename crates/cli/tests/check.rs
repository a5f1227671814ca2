//! `tokenban check` and `tokenban schema` as a person runs them.

use std::{fs, path::Path, process::Command};

use tokenban_engine::{limits::Limits, Ruleset};

/// Exit code, standard output, standard error.
fn tokenban(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tokenban"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

const GOOD: &str = "rules:
  - {id: a, points: [[anywhere]], tokens: [fake-token-1]}
  - {id: longer-name, points: [[header, x-debug], [query, q]], present: true, action: monitor}
";
const BAD: &str = "rules:\n  - {id: b, points: [[heder, X]], present: true}\n";

#[test]
fn good_files_are_a_table() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("good.yaml"), GOOD).unwrap();
    let (code, out, err) = tokenban(folder.path(), &["check", "*.yaml"]);
    assert_eq!(
        out,
        "RULE         ACTION   MATCHER  POINTS\n\
         a            deny     1 token  [anywhere]\n\
         longer-name  monitor  present  [header, X-DEBUG] and 1 more\n\
         2 rules of 1 file, no mistakes, all examples hold\n"
    );
    assert_eq!((code, err.as_str()), (0, ""));
}

#[test]
fn an_example_that_does_not_hold_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let rules = "rules:
  - id: a
    points: [[query, q]]
    tokens: [fake-token-1]
    examples:
      deny: [{query: {q: fake-token-1}}, {query: {q: fake-token-2}}]
      pass: [{query: {q: fake-token-1}}]
";
    fs::write(folder.path().join("rules.yaml"), rules).unwrap();
    let (code, out, _) = tokenban(folder.path(), &["check", "rules.yaml"]);
    let failures: Vec<&str> = out.lines().filter(|line| line.contains("example ")).collect();
    assert_eq!(
        failures,
        [
            "rules.yaml:2:5: rule \"a\": example 2 of `deny` is not matched",
            "rules.yaml:2:5: rule \"a\": example 1 of `pass` is matched",
        ]
    );
    assert_eq!(code, 1);
}

#[test]
fn mistakes_have_positions_and_exit_2() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad.yaml"), BAD).unwrap();
    let (code, out, err) = tokenban(folder.path(), &["check", "bad.yaml"]);
    assert_eq!(
        err,
        "bad.yaml:2:23: rule \"b\": unknown element `heder`; did you mean `header`?\n1 mistake\n"
    );
    assert_eq!((code, out.as_str()), (2, ""));
    let (code, out, _) = tokenban(folder.path(), &["check", "--json", "bad.yaml"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 2);
    assert_eq!(json["ok"], false);
    assert_eq!(json["diagnostics"][0]["line"], 2);
    assert_eq!(json["diagnostics"][0]["column"], 23);
    assert_eq!(json["diagnostics"][0]["rule"], "b");
}

#[test]
fn a_glob_without_files_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, err) = tokenban(folder.path(), &["check", "*.yaml"]);
    assert_eq!(err, "tokenban: no file matches \"*.yaml\"; check the directory\n");
    assert_eq!(code, 2);
}

#[test]
fn json_lists_the_rules() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("good.yaml"), GOOD).unwrap();
    let (code, out, _) = tokenban(folder.path(), &["check", "--json", "good.yaml"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, json["ok"].as_bool()), (0, Some(true)));
    assert_eq!(json["rules"][1]["points"][0], "[header, X-DEBUG]");
    assert!(!out.contains("fake-token-1"));
}

#[test]
fn schema_completions_and_man_page_are_printed() {
    let folder = Path::new(".");
    let (code, out, _) = tokenban(folder, &["schema"]);
    assert_eq!(code, 0);
    assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok());
    for shell in ["bash", "zsh", "fish"] {
        let (code, out, _) = tokenban(folder, &["completions", shell]);
        assert!(code == 0 && out.contains("schema"), "{shell}");
    }
    let (code, out, _) = tokenban(folder, &["man"]);
    assert!(code == 0 && out.contains(".TH tokenban 1"), "{out}");
    assert_eq!(tokenban(folder, &["man", "check"]).0, 0);
    assert_eq!(tokenban(folder, &["man", "chekc"]).0, 2);
}

/// Every mistake of the engine's golden files has the engine's text, which is NGINX's, too
/// (`t/directives.rs`).
#[test]
fn mistakes_have_the_engine_s_text() {
    let folder = Path::new("../engine/tests/diagnostics");
    let mut asked = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let name = file.to_string_lossy();
        if !name.ends_with(".yaml") || name.contains(".second.") {
            continue;
        }
        let second = file.with_extension("second.yaml");
        let files: Vec<_> =
            [file.clone(), second].into_iter().filter(|file| file.exists()).collect();
        let Err(error) = Ruleset::load(&files, &Limits::default()) else { continue };
        let names = files.iter().map(|file| file.to_str().unwrap());
        let arguments: Vec<_> = std::iter::once("check").chain(names).collect();
        let (code, _, err) = tokenban(Path::new("."), &arguments);
        assert!(code == 2 && err.starts_with(&format!("{error}\n")), "{error}\n{code}: {err}");
        asked += 1;
    }
    assert!(asked > 50, "{asked} files");
}
