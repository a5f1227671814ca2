//! Patterns of conditions: whether one is found, not where.

use std::fmt;

use regex_automata::meta;

use crate::pattern::Pattern;

/// The compiled pattern of a condition: found or not, in linear time.
#[derive(Clone)]
pub struct Search(meta::Regex);

impl Search {
    /// Compiles a pattern; `None` when it takes more than `size` bytes.
    pub fn new(pattern: &Pattern, size: usize) -> Option<Search> {
        let config = meta::Config::new()
            .backtrack(false)
            .utf8_empty(false)
            .nfa_size_limit(Some(size))
            .onepass_size_limit(Some(size));
        meta::Builder::new().configure(config).build_from_hir(pattern.hir()).ok().map(Search)
    }

    /// Whether the pattern is found anywhere in the value.
    pub fn is_match(&self, value: &[u8]) -> bool {
        self.0.is_match(value)
    }
}

impl fmt::Debug for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Search(…)")
    }
}
