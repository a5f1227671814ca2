//! Sorts patterns by their shapes and builds a [`Matcher`] within bounds.

use std::{collections::BTreeMap, collections::HashMap, fmt};

use super::{
    automaton::{self, Budget, Start, TooLarge},
    classify::Shape,
    exact::{Digests, Exact},
    literals::Literals,
    Gate, Matcher, Source,
};
use crate::{limits::Limits, pattern::Pattern, rule::RuleIndex, token::TokenEntry};
use regex_syntax::hir::Hir;

/// Takes the patterns of every rule at a leaf.
#[derive(Debug, Default)]
pub struct Builder {
    rules: Vec<RuleIndex>,
    slots: HashMap<RuleIndex, u32>,
    sources: Vec<Source>,
    present: Vec<u32>,
    exact: Exact,
    sha256: Digests<32>,
    sha1: Digests<20>,
    needles: Vec<(Vec<u8>, u32)>,
    /// Patterns behind the same literals are built together.
    prefix: BTreeMap<Vec<Vec<u8>>, Vec<(u32, Hir)>>,
    inner: BTreeMap<Vec<Vec<u8>>, Vec<(u32, Hir)>>,
    anchored: Vec<(u32, Hir)>,
    free: Vec<(u32, Hir)>,
}

/// A pattern that would make a matcher too large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildError {
    pub(crate) rule: RuleIndex,
    /// The bound that it broke, in bytes.
    pub(crate) size: usize,
}

impl BuildError {
    /// The rule that broke the bound.
    pub fn rule(&self) -> RuleIndex {
        self.rule
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the pattern is too large to compile beside those already there; lower its repetition \
             counts, or list what leaked with `tokens`, `token_file` or `denylist`",
        )
    }
}

impl std::error::Error for BuildError {}

impl Builder {
    /// An empty builder.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// The rule matches where the pattern is found in the value.
    pub fn regex(&mut self, rule: RuleIndex, pattern: &Pattern) {
        let slot = self.slot(rule);
        match Shape::of(pattern.hir()) {
            Shape::Exact(literals) => {
                literals.iter().for_each(|literal| self.exact.insert(literal, slot));
            }
            Shape::Needles(literals) => {
                self.needles.extend(literals.into_iter().map(|literal| (literal, slot)));
            }
            shape => {
                let id = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
                self.sources.push(Source { text: pattern.text().into(), slot });
                let entry = (id, pattern.hir().clone());
                match shape {
                    Shape::Prefix(literals) => self.prefix.entry(literals).or_default().push(entry),
                    Shape::Inner(literals) => self.inner.entry(literals).or_default().push(entry),
                    Shape::Anchored => self.anchored.push(entry),
                    _ => self.free.push(entry),
                }
            }
        }
    }

    /// The rule matches where the value is this literal.
    pub fn literal(&mut self, rule: RuleIndex, literal: &[u8]) {
        let slot = self.slot(rule);
        self.exact.insert(literal, slot);
    }

    /// The rule matches where the value has this SHA-256 digest.
    pub fn sha256(&mut self, rule: RuleIndex, digest: [u8; 32]) {
        let slot = self.slot(rule);
        self.sha256.insert(digest, slot);
    }

    /// The rule matches where the value has this SHA-1 digest.
    pub fn sha1(&mut self, rule: RuleIndex, digest: [u8; 20]) {
        let slot = self.slot(rule);
        self.sha1.insert(digest, slot);
    }

    /// The rule matches where the value is this token, or has this digest.
    pub fn token(&mut self, rule: RuleIndex, token: &TokenEntry) {
        match token {
            TokenEntry::Plain(token) => self.literal(rule, token),
            TokenEntry::Sha1(digest) => self.sha1(rule, *digest),
            TokenEntry::Sha256(digest) => self.sha256(rule, *digest),
        }
    }

    /// The rule matches every value.
    pub fn present(&mut self, rule: RuleIndex) {
        let slot = self.slot(rule);
        self.present.push(slot);
    }

    /// Compiles; an error names the rule that does not fit into the limits.
    pub fn build(self, limits: &Limits) -> Result<Matcher, BuildError> {
        let mut budget = Budget {
            pattern: limits.pattern_size,
            kept: limits.matcher_size,
            failures: limits.dense_failures,
            size: limits.matcher_size,
        };
        let mut matcher = Matcher {
            rules: self.rules,
            sources: self.sources,
            present: self.present,
            exact: self.exact,
            sha256: self.sha256,
            sha1: self.sha1,
            ..Matcher::default()
        };
        let error = |matcher: &Matcher, large: TooLarge| {
            let rule = matcher.rules.get(matcher.slot(large.pattern) as usize).copied();
            BuildError { rule: rule.unwrap_or(RuleIndex(0)), size: large.size }
        };
        let mut literals = BTreeMap::new();
        for (needle, slot) in self.needles {
            let gate = Gate::Needle(needle.as_slice().into(), slot);
            literals.entry(needle.to_ascii_lowercase()).or_insert_with(Vec::new).push(gate);
        }
        for (groups, start) in [(self.prefix, Start::Here), (self.inner, Start::Anywhere)] {
            for (group, patterns) in groups {
                let automata = automaton::build(&borrow(&patterns), start, true, &mut budget)
                    .map_err(|large| error(&matcher, large))?;
                for automaton in automata {
                    let index = u32::try_from(matcher.gated.len()).unwrap_or(u32::MAX);
                    matcher.gated.push((start, automaton));
                    for literal in &group {
                        let gates = literals.entry(literal.clone()).or_insert_with(Vec::new);
                        gates.push(Gate::Automaton(index));
                    }
                }
            }
        }
        matcher.anchored =
            automaton::build(&borrow(&self.anchored), Start::Here, false, &mut budget)
                .map_err(|large| error(&matcher, large))?;
        matcher.free = automaton::build(&borrow(&self.free), Start::Anywhere, false, &mut budget)
            .map_err(|large| error(&matcher, large))?;
        let (literals, gates) = literals.into_iter().unzip();
        matcher.literals = Literals::new(literals);
        matcher.gates = gates;
        Ok(matcher)
    }

    fn slot(&mut self, rule: RuleIndex) -> u32 {
        let next = u32::try_from(self.rules.len()).unwrap_or(u32::MAX);
        *self.slots.entry(rule).or_insert_with(|| {
            self.rules.push(rule);
            next
        })
    }
}

fn borrow(patterns: &[(u32, Hir)]) -> Vec<(u32, &Hir)> {
    patterns.iter().map(|(id, hir)| (*id, hir)).collect()
}
