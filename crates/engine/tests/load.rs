//! The loader on whatever it is given: it never panics, never takes long, never shows a token.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use proptest::prelude::*;
use tokenban_engine::{
    limits::Limits,
    load::{load, load_text},
    pattern::Pattern,
    point::Point,
    uri_condition::UriCondition,
};

fn name() -> &'static Path {
    Path::new("rules.yaml")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_loads_or_says_why(text in "\\PC*") {
        let _ = load_text(name(), &text, &Limits::default());
    }

    /// Texts made of what means something in YAML and in rules get further than random ones.
    #[test]
    fn any_mixture_of_pieces_loads_or_says_why(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)
    ) {
        let text = pieces.concat();
        if let Err(error) = load_text(name(), &text, &Limits::default()) {
            for diagnostic in error.diagnostics() {
                let (line, column) = diagnostic.place.unwrap_or((1, 1));
                prop_assert!(line >= 1 && line <= text.split('\n').count() + 1, "{diagnostic}");
                prop_assert!(column >= 1, "{diagnostic}");
                prop_assert!(!diagnostic.to_string().contains('\n'));
            }
        }
    }

    #[test]
    fn a_changed_file_loads_or_says_why(at in any::<prop::sample::Index>(), piece in prop::sample::select(PIECES)) {
        let text = include_str!("rules/every-field.yaml");
        let mut at = at.index(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let changed = format!("{}{piece}{}", &text[..at], &text[at..]);
        let _ = load_text(Path::new("tests/rules/every-field.yaml"), &changed, &Limits::default());
    }

    #[test]
    fn any_uri_and_pattern_parses_or_says_why(text in "[a{}*/.?=&%#:\\[\\]()é+]{0,40}") {
        let _ = UriCondition::parse(&text, 10_000).map_err(|error| error.to_string());
        let _ = Pattern::parse(&text).map_err(|error| error.to_string());
    }

    /// What a point is printed as is that point.
    #[test]
    fn points_round_trip(words in prop::collection::vec(prop::sample::select(WORDS), 0..8)) {
        if let Ok(point) = Point::parse(&words) {
            let text = point.to_string();
            let text = text.trim_start_matches('[').trim_end_matches(']');
            let again: Vec<&str> = text.split(", ").collect();
            prop_assert_eq!(Point::parse(&again), Ok(point));
        }
    }
}

const WORDS: &[&str] = &[
    "header",
    "COOKIE",
    "cookie",
    "query",
    "get",
    "credentials",
    "basic",
    "user",
    "jwt",
    "claims",
    "json_doc",
    "hash",
    "json_obj",
    "array",
    "0",
    "x_y",
    "post",
    "xml",
    "xml_tag",
    "gql",
    "gql_arg",
    "multipart",
    "file",
    "anywhere",
    "hash_all",
    "pollution",
    "base64",
];

const PIECES: &[&str] = &[
    "rules:",
    "\n",
    "\n  ",
    "\n    ",
    "- ",
    "id: ",
    "a",
    "b",
    "points: ",
    "[[anywhere]]",
    "[",
    "]",
    "{",
    "}",
    ", ",
    ": ",
    "&x ",
    "*x",
    "\"",
    "'",
    "!t ",
    "|",
    "# c",
    "---",
    "...",
    "\t",
    "<<: ",
    "regex: ",
    "tokens: ",
    "present: true",
    "when: ",
    "point: ",
    "1",
    "1e3",
    "null",
    "é",
    "\u{feff}",
    "? ",
    "%YAML 1.2",
    "conditions: ",
    "uri: ",
    "examples: ",
    "deny: ",
];

#[test]
fn ten_thousand_rules_load_quickly() {
    let mut text = String::from("rules:\n");
    for index in 0..10_000 {
        text.push_str(&format!(
            "  - id: rule-{index}\n    title: Number {index}\n    conditions: {{uri: \"api.example.com/v{index}/**\", method: GET}}\n    points: [[header, AUTHORIZATION, credentials], [query, token]]\n    regex: '^fake-{index}-[A-Za-z0-9]{{20}}$'\n"
        ));
    }
    let begin = Instant::now();
    let loaded = load_text(name(), &text, &Limits::default()).unwrap();
    let took = begin.elapsed();
    println!("10,000 rules, {} KB: {took:?}", text.len() / 1024);
    assert_eq!(loaded.rules.len(), 10_000);
    // Ten times the time of an unoptimised build on a slow machine: catches what is not linear.
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn a_rule_knows_where_it_is_written() {
    let text = "rules:\n  - {id: a, points: [[uri]], present: true}\n\n  - id: b\n    points: [[uri]]\n    present: true\n";
    let loaded = load_text(name(), text, &Limits::default()).unwrap();
    let error = loaded.error(&loaded.rules[1], "too large; make it smaller".to_owned());
    assert_eq!(error.to_string(), "rules.yaml:4:5: rule \"b\": too large; make it smaller");
}

#[test]
fn all_files_that_were_read_are_known() {
    let files = ["tests/rules/every-field.yaml".into(), "tests/rules/every-field.yaml".into()];
    let loaded = load(&files, &Limits::default()).unwrap();
    let names: Vec<_> = loaded.files.iter().map(|file| file.path.to_string_lossy()).collect();
    assert_eq!(names, ["tests/rules/every-field.yaml", "tests/rules/tokens.txt"]);
}

#[test]
fn nothing_shows_a_token() {
    let text = "rules:\n  - {id: a, points: [[uri]], tokens: [s3cr3t-s3cr3t]}\n  - {id: b, points: [[uri]], regex: s3cr3t, conditions: {when: {point: [uri], equal: s3cr3t}}}\n";
    let loaded = load_text(name(), text, &Limits::default()).unwrap();
    assert!(!format!("{loaded:?}").contains("s3cr3t"));
}
