//! The schema that editors use and the loader agree: what loads validates, and a mistake that is one
//! of form does neither.

use std::{fs, path::Path};

use tokenban_engine::{limits::Limits, load::load, point::Point};

fn schema() -> jsonschema::Validator {
    let text = fs::read_to_string("../../rules/schema.json").unwrap();
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

fn yaml_files(folder: &str) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")).collect()
}

fn document(file: &Path) -> Option<serde_json::Value> {
    serde_yaml::from_str(&fs::read_to_string(file).ok()?).ok()
}

#[test]
fn what_loads_validates() {
    let schema = schema();
    for file in [yaml_files("tests/rules"), yaml_files("../../rules")].concat() {
        if let Err(error) = load(std::slice::from_ref(&file), &Limits::default()) {
            panic!("{error}");
        }
        let document = document(&file).unwrap();
        if let Err(error) = schema.validate(&document) {
            panic!("{}: {error} at {}", file.display(), error.instance_path);
        }
    }
}

#[test]
fn points_begin_alike() {
    let text = fs::read_to_string("../../rules/schema.json").unwrap();
    let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
    let first = &schema["definitions"]["point"]["items"][0]["enum"];
    let words: Vec<&str> =
        first.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert!(words.len() > 20);
    for word in words {
        let begins = Point::parse(&[word]).is_ok() || Point::parse(&[word, "0"]).is_ok();
        assert!(begins, "{word}");
    }
}

#[test]
fn shipped_files_name_the_schema() {
    for file in yaml_files("../../rules") {
        let text = fs::read_to_string(&file).unwrap();
        let first = text.lines().next();
        assert_eq!(
            first,
            Some("# yaml-language-server: $schema=schema.json"),
            "{}",
            file.display()
        );
    }
}

#[test]
fn mistakes_of_form_do_not_validate() {
    let schema = schema();
    for name in [
        "bad-examples",
        "bad-id",
        "bad-method",
        "bad-when",
        "conditions-empty",
        "conditions-unknown",
        "element-is-a-boolean",
        "empty-points",
        "expires-number",
        "list-at-root",
        "no-id",
        "no-matcher",
        "no-patterns",
        "no-points",
        "no-rules",
        "one-point-for-a-list",
        "pattern-is-a-number",
        "point-is-a-mapping",
        "point-is-empty",
        "present-false",
        "rule-not-a-mapping",
        "title-is-a-number",
        "two-matchers",
        "unknown-action",
        "unknown-field",
    ] {
        let file = format!("tests/diagnostics/{name}.yaml");
        let document = document(Path::new(&file)).unwrap_or_else(|| panic!("{file}"));
        assert!(!schema.is_valid(&document), "{file} validates");
    }
}
