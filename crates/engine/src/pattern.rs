//! Patterns: regular expressions in Rust's regex syntax, over bytes.
//!
//! Unicode is off unless a pattern says `(?u)`: values are bytes, so `.` is any byte but a line
//! feed, `\w` is `[0-9A-Za-z_]`, `[^a]` matches `\xFF`, and `(?i)` folds ASCII only. A pattern that
//! silently skipped values that are not UTF-8 would be a way around the rule, and Unicode classes
//! make automata a hundred times larger. Letters outside ASCII may be written literally; they stand
//! for their UTF-8 bytes.

use std::fmt;

use regex_syntax::hir::{Hir, HirKind, Look};

/// A regular expression that parses.
#[derive(Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    hir: Hir,
}

impl Pattern {
    /// Parses a pattern.
    pub fn parse(text: &str) -> Result<Pattern, PatternError> {
        let parsed = regex_syntax::ParserBuilder::new()
            .utf8(false)
            .unicode(false)
            .nest_limit(100)
            .build()
            .parse(text);
        match parsed {
            Ok(hir) => Ok(Pattern { text: text.to_owned(), hir }),
            Err(error) => Err(PatternError::new(&error)),
        }
    }

    /// The source text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The parsed form, for compiling.
    pub fn hir(&self) -> &Hir {
        &self.hir
    }

    /// Whether the pattern is found in every value: it matches nothing at all, at the start of any
    /// value or at its end. `^.{0,31}$` does not, though it is found in the empty value.
    pub fn matches_all(&self) -> bool {
        [[Look::Start, Look::StartLF], [Look::End, Look::EndLF]]
            .iter()
            .any(|here| matches_nothing(&self.hir, here))
    }
}

/// Whether nothing at all matches where only these assertions hold.
fn matches_nothing(hir: &Hir, here: &[Look]) -> bool {
    match hir.kind() {
        HirKind::Empty => true,
        HirKind::Literal(_) | HirKind::Class(_) => false,
        HirKind::Look(look) => here.contains(look),
        HirKind::Repetition(repetition) => {
            repetition.min == 0 || matches_nothing(&repetition.sub, here)
        }
        HirKind::Capture(capture) => matches_nothing(&capture.sub, here),
        HirKind::Concat(parts) => parts.iter().all(|part| matches_nothing(part, here)),
        HirKind::Alternation(parts) => parts.iter().any(|part| matches_nothing(part, here)),
    }
}

/// A pattern may be a token written out, so its text stays out of debug output.
impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({} bytes)", self.text.len())
    }
}

/// Why a text is not a pattern. Says where in the pattern, never repeats the pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    what: String,
    offset: Option<usize>,
}

impl PatternError {
    fn new(error: &regex_syntax::Error) -> PatternError {
        match error {
            regex_syntax::Error::Parse(error) => PatternError {
                what: way_out_of_syntax(error.kind()),
                offset: Some(error.span().start.column),
            },
            regex_syntax::Error::Translate(error) => PatternError {
                what: way_out_of_translation(error.kind()),
                offset: Some(error.span().start.column),
            },
            _ => PatternError { what: "not a valid pattern".to_owned(), offset: None },
        }
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offset {
            Some(offset) => write!(f, "at character {offset} of the pattern: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl std::error::Error for PatternError {}

fn way_out_of_syntax(kind: &regex_syntax::ast::ErrorKind) -> String {
    use regex_syntax::ast::ErrorKind::*;
    match kind {
        UnsupportedBackreference => {
            "backreferences are not supported, as they cannot be searched in linear time".to_owned()
        }
        UnsupportedLookAround => {
            "look-around is not supported, as it cannot be searched in linear \
             time; anchors `^`, `$` and `\\b` are"
                .to_owned()
        }
        kind => kind.to_string(),
    }
}

fn way_out_of_translation(kind: &regex_syntax::hir::ErrorKind) -> String {
    use regex_syntax::hir::ErrorKind::*;
    match kind {
        UnicodeNotAllowed => "patterns match bytes; to match characters outside ASCII by class, \
             switch Unicode on with `(?u:…)`"
            .to_owned(),
        kind => kind.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_the_default() {
        for text in [r"^\xFF.$", "é", r"(?i)abc", r"(?u:\p{Greek})", r"\w{36}"] {
            assert!(Pattern::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn errors_say_where_and_not_what() {
        let cases = [
            ("ab(c", "at character 3 of the pattern: unclosed group"),
            (
                r"(a)\1",
                "at character 4 of the pattern: backreferences are not supported, as they cannot \
                 be searched in linear time",
            ),
            (
                "a(?=b)",
                "at character 2 of the pattern: look-around is not supported, as it cannot be \
                 searched in linear time; anchors `^`, `$` and `\\b` are",
            ),
            (
                r"x\p{Greek}",
                "at character 2 of the pattern: patterns match bytes; to match characters outside \
                 ASCII by class, switch Unicode on with `(?u:…)`",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(Pattern::parse(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn knows_what_matches_everything() {
        for text in ["a*", "a|", "^", "$", "^a*", "(a|b*)$", "x|(?m:^)", "^$|b?", "(?:^a*)?"] {
            assert!(Pattern::parse(text).unwrap().matches_all(), "{text}");
        }
        for text in
            ["a+", "^$", "^.{0,31}$", "[^0-9a-f]|^.{33,}$|^.{0,31}$", r"\b", r"^\s*$", "^a$"]
        {
            assert!(!Pattern::parse(text).unwrap().matches_all(), "{text}");
        }
    }
}
