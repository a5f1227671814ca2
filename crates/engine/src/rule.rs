//! The source model: what a rule file says, checked but not yet compiled.
//!
//! Every type in it is made by its parser and cannot hold a wrong value: a [`Pattern`] is a pattern
//! that parses, a [`TokenEntry`] is a token that is worth denying.

use crate::{
    condition::Conditions,
    decision::Action,
    example::Examples,
    pattern::Pattern,
    point::Point,
    token::{TokenEntry, TokenFile},
};

/// The place of a rule in its ruleset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleIndex(pub u32);

/// One rule of a rule file.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Unique in the ruleset; `[a-z0-9][a-z0-9._-]*`.
    pub id: String,
    /// What a person calls it.
    pub title: Option<String>,
    /// When the rule applies: all must hold.
    pub conditions: Conditions,
    /// When it does not: any that holds switches the rule off.
    pub except: Vec<Conditions>,
    /// Where it looks: any of these. Never empty.
    pub points: Vec<Point>,
    /// What it looks for.
    pub matcher: MatcherSource,
    /// What a match does.
    pub action: Action,
    /// Unix second from which the rule is silent.
    pub expires: Option<u64>,
    /// The requests that show what it denies and what it lets pass.
    pub examples: Examples,
    /// Where it was written.
    pub origin: Origin,
}

impl Rule {
    /// Whether a point or a condition of it names the body.
    pub fn names_body(&self) -> bool {
        self.conditions_need_body() || self.points.iter().any(Point::needs_body)
    }

    /// Whether it cannot be told from the head of a request alone if the rule applies.
    pub fn conditions_need_body(&self) -> bool {
        self.conditions.need_body() || self.except.iter().any(Conditions::need_body)
    }

    /// Whether it looks for tokens, and so at the readings below its points in which one may hide.
    pub fn looks_for_tokens(&self) -> bool {
        use MatcherSource::{Denylist, TokenFile, Tokens};
        matches!(self.matcher, Denylist(_) | TokenFile(_) | Tokens(_))
    }

    /// The denylists that it names; none where it has another matcher.
    pub fn denylists(&self) -> &[String] {
        match &self.matcher {
            MatcherSource::Denylist(names) => names,
            _ => &[],
        }
    }
}

/// What a rule looks for in the values of its points.
#[derive(Clone, Debug)]
pub enum MatcherSource {
    /// Names of denylists in the store.
    Denylist(Vec<String>),
    /// Any value at all: the point exists.
    Present,
    /// Patterns, searched in the value.
    Regex(Vec<Pattern>),
    /// Tokens of a text file.
    TokenFile(TokenFile),
    /// Tokens written in the rule.
    Tokens(Vec<TokenEntry>),
}

/// Where a rule was written. Only the loader can tell the line: see `Loaded::position`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Which of the loaded files.
    pub file: u32,
    /// Which YAML node of it, in the order of the text.
    pub node: u32,
}
