//! The pictures of docs/design.md name files that exist.

use std::path::Path;

#[test]
fn the_pictures_name_files_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("t/ is in the repository");
    let page = std::fs::read_to_string(root.join("docs/design.md")).expect("docs/design.md");
    let named: Vec<_> =
        page.split_whitespace().map(|word| word.trim_end_matches(',')).filter(is_source).collect();
    assert!(named.len() > 20, "only {named:?}");
    let gone: Vec<_> = named.iter().filter(|file| !root.join(file).is_file()).collect();
    assert!(gone.is_empty(), "docs/design.md names files that are gone: {gone:?}");
}

fn is_source(word: &&str) -> bool {
    word.ends_with(".rs") && (word.starts_with("src/") || word.starts_with("crates/"))
}
