//! «Did you mean»: the known name nearest to a misspelt one.

/// The nearest of `known`, when it is near enough to be meant.
pub(crate) fn suggest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase().replace('-', "_");
    known
        .into_iter()
        .map(|other| (strsim::damerau_levenshtein(&name, &other.to_lowercase()), other))
        .filter(|(distance, other)| *distance <= (other.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::suggest;

    #[test]
    fn finds_what_is_meant() {
        let known = ["points", "point", "regex", "token_file", "id"];
        for (name, expected) in [
            ("ponits", Some("points")),
            ("Regex", Some("regex")),
            ("token-file", Some("token_file")),
            ("ids", Some("id")),
            ("patterns", None),
            ("x", None),
        ] {
            assert_eq!(suggest(name, known), expected, "{name}");
        }
    }
}
