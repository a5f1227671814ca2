//! Golden files: the exact text a person sees for each mistake in a rule file.
//!
//! `diagnostics/NAME.yaml` is loaded (with `NAME.second.yaml` after it, if there is one), and what the
//! loader says must be `NAME.txt`. To accept new texts after looking at them:
//! `BLESS=1 cargo test -p tokenban-engine --test diagnostics`, then read `git diff`.

use std::{fs, path::PathBuf};

use tokenban_engine::{limits::Limits, load::load};

const FOLDER: &str = "tests/diagnostics";

#[test]
fn every_mistake_has_its_text() {
    let mut differing = Vec::new();
    let cases = cases();
    assert!(cases.len() > 40, "only {} cases found", cases.len());
    for case in cases {
        let found = diagnose(&case);
        let golden = case.with_extension("txt");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&golden, &found).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if found != expected {
            differing.push(format!("{}\nexpected:\n{expected}found:\n{found}", case.display()));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn every_text_is_of_the_form() {
    for case in cases() {
        let files = files(&case);
        let Err(error) = load(&files, &limits()) else { panic!("{} loads", case.display()) };
        for diagnostic in error.diagnostics() {
            let text = diagnostic.to_string();
            assert!(!text.contains('\n'), "{text}");
            assert!(text.contains("; ") || text.ends_with('?'), "no way out: {text}");
            assert!(!text.contains("s3cr3t"), "a token shows: {text}");
        }
    }
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.yaml");
    let cases = [
        (missing, "no such file; check the name and the directory"),
        (folder.path().to_owned(), "cannot be read: not a regular file; name a readable file"),
    ];
    for (file, message) in cases {
        let error = load(std::slice::from_ref(&file), &limits()).unwrap_err();
        assert_eq!(error.to_string(), format!("{}: {message}", file.display()));
    }
}

#[test]
fn files_of_other_encodings_and_sizes() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&[u8], &str); 4] = [
        (b"rules:\n  - id: caf\xE9\n", ":2:12: not UTF-8; save the file as UTF-8"),
        (b"\xFF\xFEr\0u\0", ":1:1: the file is UTF-16; save it as UTF-8"),
        (
            &[b' '; 20_001],
            ": the file is larger than 20000 bytes; split it, or move its tokens into a token file \
             or a denylist",
        ),
        (b"rules: \"\x01\"", ":1:9: a control character; remove it"),
    ];
    for (bytes, message) in cases {
        let file = folder.path().join("rules.yaml");
        fs::write(&file, bytes).unwrap();
        let error = load(std::slice::from_ref(&file), &limits()).unwrap_err();
        assert_eq!(error.to_string(), format!("{}{message}", file.display()));
    }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.file_size = 20_000;
    limits.token_file_size = 1_000;
    limits.yaml_nodes = 10_000;
    limits.condition_size = 50_000;
    limits.diagnostics = 8;
    limits
}

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .filter(|path| !path.to_string_lossy().ends_with(".second.yaml"))
        .collect();
    cases.sort();
    cases
}

fn files(case: &std::path::Path) -> Vec<PathBuf> {
    let second = case.with_extension("second.yaml");
    let second = second.exists().then_some(second);
    std::iter::once(case.to_owned()).chain(second).collect()
}

fn diagnose(case: &std::path::Path) -> String {
    match load(&files(case), &limits()) {
        Ok(_) => "loads\n".to_owned(),
        Err(error) => format!("{error}\n").replace(&format!("{FOLDER}/"), ""),
    }
}
