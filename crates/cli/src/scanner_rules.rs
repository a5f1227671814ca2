//! Rule files of gitleaks and betterleaks, made into rules for requests.
//!
//! Both scan source code: `gitleaks.toml` and `betterleaks.toml` hold `[[rules]]` with an `id`, a
//! `regex` in the syntax of RE2, and what else a finding must have. In a request a value stands alone,
//! so what knows a secret only by the words around it cannot be taken over, and what a scanner says of
//! files, entropy and validity has no place. Each of that is told.

use std::collections::HashSet;

use serde::Deserialize;
use tokenban_engine::{limits::Limits, Ruleset};

/// What is read of a file; all else in it is about scanning.
#[derive(Deserialize)]
struct ScannerFile {
    #[serde(default)]
    rules: Vec<ScannerRule>,
}

#[derive(Deserialize)]
struct ScannerRule {
    #[serde(default)]
    id: String,
    #[serde(default)]
    description: String,
    regex: Option<String>,
    path: Option<String>,
    entropy: Option<f64>,
    filter: Option<String>,
    allowlist: Option<toml::Value>,
    allowlists: Option<toml::Value>,
    required: Option<toml::Value>,
    #[serde(default, rename = "skipReport")]
    skip_report: bool,
}

/// A rule for requests.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) id: String,
    title: String,
    pub(crate) patterns: Vec<String>,
    /// What the scanner demands beside, and a request cannot show.
    pub(crate) lost: Vec<&'static str>,
}

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dropped {
    /// The secret is known by the name before it alone.
    Assignment,
    /// It looks into files of some names only.
    Path,
    /// It has no pattern.
    NoPattern,
    /// It is a part of another rule, reported with that alone.
    Part,
    /// The pattern does not compile, or is beyond a bound.
    Pattern,
}

impl Dropped {
    /// For people.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Dropped::Assignment => {
                "they know their secrets only by an assignment in source code, which no request has"
            }
            Dropped::NoPattern => "they have no pattern, and look for names of files",
            Dropped::Part => "they are parts of other rules, and too little alone",
            Dropped::Path => "they look into files of some names only",
            Dropped::Pattern => "their patterns do not compile here, or are beyond a bound",
        }
    }
}

/// What became of some files.
#[derive(Default)]
pub(crate) struct Converted {
    pub(crate) made: Vec<Made>,
    pub(crate) dropped: Vec<(String, Dropped)>,
    ids: HashSet<String>,
}

impl Converted {
    /// Reads a file and makes what rules it can.
    pub(crate) fn add(&mut self, text: &str) -> Result<(), toml::de::Error> {
        let file: ScannerFile = toml::from_str(text)?;
        for rule in file.rules {
            let id = unique(&rule.id, &mut self.ids);
            match rule.make(&id) {
                Ok(made) => self.made.push(made),
                Err(why) => self.dropped.push((id, why)),
            }
        }
        Ok(())
    }
}

impl ScannerRule {
    fn make(&self, id: &str) -> Result<Made, Dropped> {
        let regex = self.regex.as_deref().ok_or(Dropped::NoPattern)?;
        if self.path.is_some() {
            return Err(Dropped::Path);
        }
        if self.skip_report {
            return Err(Dropped::Part);
        }
        let patterns: Vec<String> =
            alternatives(regex).into_iter().filter(|one| !has_assignment(one)).collect();
        if patterns.is_empty() {
            return Err(Dropped::Assignment);
        }
        let title = if self.description.is_empty() { id } else { &self.description };
        let made = Made { id: id.to_owned(), title: one_line(title), patterns, lost: self.lost() };
        match made.compiles() {
            true => Ok(made),
            false => Err(Dropped::Pattern),
        }
    }

    fn lost(&self) -> Vec<&'static str> {
        let has = [
            ("entropy", self.entropy.is_some()),
            ("allowlists", self.allowlist.is_some() || self.allowlists.is_some()),
            ("filter", self.filter.is_some()),
            ("other parts required", self.required.is_some()),
        ];
        has.into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect()
    }
}

impl Made {
    /// In YAML; it denies nothing until a person says so.
    pub(crate) fn yaml(&self) -> String {
        let lost = match self.lost.is_empty() {
            true => String::new(),
            false => format!("    # left out: {}\n", self.lost.join(", ")),
        };
        let patterns: String =
            self.patterns.iter().map(|pattern| format!("      - {}\n", quoted(pattern))).collect();
        let (id, title) = (&self.id, quoted(&self.title));
        format!(
            "  - id: {id}\n    title: {title}\n{lost}    points: [[anywhere]]\n    regex:\n{patterns}    \
             action: monitor\n"
        )
    }

    /// As NGINX would load it.
    fn compiles(&self) -> bool {
        let text = format!("rules:\n{}", self.yaml());
        Ruleset::load_text("rules.yaml".as_ref(), &text, &Limits::default()).is_ok()
    }
}

/// Both scanners make such patterns of the same parts, of which this is the sign between name and value.
const ASSIGNMENT: &str = r"(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)";

fn has_assignment(pattern: &str) -> bool {
    pattern.contains(ASSIGNMENT)
}

/// The alternatives of a pattern, each with the flags that hold for all.
fn alternatives(pattern: &str) -> Vec<String> {
    let flags = pattern.strip_prefix("(?").and_then(|rest| rest.split_once(')'));
    let is_flags = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let (flags, rest) = match flags {
        Some((flags, rest)) if is_flags(flags) => (format!("(?{flags})"), rest),
        _ => (String::new(), pattern),
    };
    let mut parts = Vec::new();
    let mut from = 0;
    for at in bars(rest) {
        parts.push(format!("{flags}{}", &rest[from..at]));
        from = at + 1;
    }
    parts.push(format!("{flags}{}", &rest[from..]));
    parts
}

/// Where a pattern has a `|` that is in no group and no class.
fn bars(pattern: &str) -> Vec<usize> {
    let (mut depth, mut in_class, mut escaped) = (0_usize, false, false);
    let mut found = Vec::new();
    for (at, byte) in pattern.bytes().enumerate() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match (byte, in_class) {
            (b'\\', _) => escaped = true,
            (b']', true) => in_class = false,
            (b'[', false) => in_class = true,
            (b'(', false) => depth += 1,
            (b')', false) => depth = depth.saturating_sub(1),
            (b'|', false) if depth == 0 => found.push(at),
            _ => {}
        }
    }
    found
}

/// An id that no rule before it has, in the letters that ids have.
fn unique(id: &str, ids: &mut HashSet<String>) -> String {
    let letter = |char: char| match char.to_ascii_lowercase() {
        char @ ('a'..='z' | '0'..='9' | '.' | '_' | '-') => char,
        _ => '-',
    };
    let id: String = id.chars().map(letter).collect();
    let id = match id.trim_start_matches(['.', '_', '-']) {
        "" => "rule".to_owned(),
        id => id.to_owned(),
    };
    let names = std::iter::once(id.clone()).chain((2..).map(|number| format!("{id}-{number}")));
    { names }.find(|name| ids.insert(name.clone())).unwrap_or(id)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A scalar of YAML in single quotes: nothing but the quote is special in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(rule: &str) -> Converted {
        let mut converted = Converted::default();
        converted.add(&format!("[[rules]]\nid = \"x\"\n{rule}")).unwrap();
        converted
    }

    #[test]
    fn alternatives_keep_their_flags() {
        assert_eq!(alternatives(r"(?i)a[|]b(c|d)\|e|f"), [r"(?i)a[|]b(c|d)\|e", "(?i)f"]);
        assert_eq!(alternatives("(?:a|b)"), ["(?:a|b)"]);
        assert_eq!(alternatives("(?P<x>a)|b"), ["(?P<x>a)", "b"]);
    }

    #[test]
    fn of_a_pattern_what_stands_alone_is_kept() {
        let context = format!(r"(?i)acme[ \t]*{ASSIGNMENT}[ ]*([a-z0-9]{{40}})");
        let both = one(&format!("regex = '''{context}|\\b(acme_[a-z]{{20}})'''"));
        assert_eq!(both.made[0].patterns, [r"(?i)\b(acme_[a-z]{20})"]);
        let none = one(&format!("regex = '''{context}'''"));
        assert_eq!(none.dropped, [("x".to_owned(), Dropped::Assignment)]);
    }

    #[test]
    fn what_is_left_out_is_told() {
        let lost = one("regex = 'acme_[a-z]{20}'\nentropy = 3.5\nkeywords = ['acme_']\n[[rules.allowlists]]\nstopwords=['x']");
        assert_eq!(lost.made[0].lost, ["entropy", "allowlists"]);
        assert!(lost.made[0].yaml().contains("# left out: entropy, allowlists\n"));
        for (rule, why) in [
            ("path = 'key$'", Dropped::NoPattern),
            ("path = 'key$'\nregex = 'acme_[a-z]{20}'", Dropped::Path),
            ("regex = 'acme_[a-z]{20}'\nskipReport = true", Dropped::Part),
            ("regex = 'acme_(?=x)'", Dropped::Pattern),
        ] {
            assert_eq!(one(rule).dropped, [("x".to_owned(), why)], "{rule}");
        }
    }

    #[test]
    fn ids_are_ours_and_unique() {
        let mut ids = HashSet::new();
        for (id, ours) in [("Acme Key", "acme-key"), ("acme key", "acme-key-2"), ("__", "rule")] {
            assert_eq!(unique(id, &mut ids), ours);
        }
    }

    proptest::proptest! {
        /// Whatever a pattern holds, what is written is read as it was.
        #[test]
        fn any_pattern_is_written_or_dropped(pattern in "[ -~]{1,40}") {
            // Of these characters, JSON's strings are TOML's.
            let toml = format!("regex = {}", serde_json::to_string(&pattern).unwrap());
            let converted = one(&toml);
            proptest::prop_assert_eq!(converted.made.len() + converted.dropped.len(), 1);
        }
    }
}
