//! The structure of the beginning of JSON: which members it has, and where. It tells one report from
//! another.

use std::collections::BTreeSet;

/// So deep is looked; what tells formats apart stands higher.
const DEPTH: usize = 6;
/// So many different paths are kept.
const MOST: usize = 4096;

/// The paths of all members in `text`, which may be cut anywhere, as `runs.tool.driver.name`. The
/// elements of an array have the path of the array.
pub(crate) fn paths(text: &[u8]) -> BTreeSet<String> {
    let mut scan = Scan { rest: text, open: Vec::new(), paths: BTreeSet::new() };
    while scan.one().is_some() {}
    scan.paths
}

struct Scan<'a> {
    rest: &'a [u8],
    /// For each container that is open the path of what is in it; for an object the name of the
    /// member at hand, too.
    open: Vec<(String, Option<String>)>,
    paths: BTreeSet<String>,
}

impl Scan<'_> {
    /// Takes one lexeme in; none at the end.
    fn one(&mut self) -> Option<()> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        match byte {
            b'{' | b'[' => self.open.push((self.here(), None)),
            b'}' | b']' => drop(self.open.pop()),
            b',' => {
                if let Some((_, name)) = self.open.last_mut() {
                    *name = None;
                }
            }
            b'"' => self.string()?,
            _ => {}
        }
        Some(())
    }

    fn here(&self) -> String {
        match self.open.last() {
            None => String::new(),
            Some((path, None)) => path.clone(),
            Some((path, Some(name))) if path.is_empty() => name.clone(),
            Some((path, Some(name))) => format!("{path}.{name}"),
        }
    }

    fn string(&mut self) -> Option<()> {
        let length = string_length(self.rest)?;
        let (text, rest) = self.rest.split_at(length);
        self.rest = &rest[1..];
        if !self.rest.trim_ascii_start().starts_with(b":") {
            return Some(());
        }
        let Some((_, name)) = self.open.last_mut() else { return Some(()) };
        *name = Some(String::from_utf8_lossy(text).into_owned());
        if self.open.len() <= DEPTH && self.paths.len() < MOST {
            let path = self.here();
            self.paths.insert(path);
        }
        Some(())
    }
}

/// The length of a string up to its closing quote.
fn string_length(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    text.iter().position(|&byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_members() {
        let text = r#"[{"a": "b:", "c": {"d": [{"e": "\"x"}, {"f": 1}]}}] {"g": 1} {"h": "cut"#;
        let found: Vec<String> = paths(text.as_bytes()).into_iter().collect();
        assert_eq!(found, ["a", "c", "c.d", "c.d.e", "c.d.f", "g", "h"]);
        assert!(paths(b"}}]],,\"\\").is_empty());
    }
}
