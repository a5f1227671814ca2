//! All that rules look for at one leaf: exact tokens, digests of tokens, patterns, presence.
//!
//! Tokens cost one hash look-up however many there are. Patterns become one automaton that reports
//! every pattern that matches: a dense DFA while it stays small, past that a lazy one, whose memory
//! is bounded; should the lazy one give up, a simulation of the NFA decides. All are linear in the
//! value.

use std::{
    collections::HashMap,
    ops::Range,
    sync::{Arc, OnceLock},
};

use regex_automata::{
    dfa::{dense, Automaton},
    hybrid, meta,
    nfa::thompson::{pikevm::PikeVM, Compiler, WhichCaptures, NFA},
    Input, MatchKind, PatternSet,
};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::{
    limits::Limits,
    rule::{Pattern, RuleIndex, TokenEntry},
};

/// Collects what rules look for at one leaf.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    matcher: Sets,
    patterns: Vec<(RuleIndex, Pattern)>,
}

/// The matcher of one leaf. Shared by all workers; what a search writes is in [`Cache`].
#[derive(Debug)]
pub(crate) struct Matcher {
    sets: Sets,
    patterns: Option<Patterns>,
}

/// The working memory of one matcher in one worker.
#[derive(Debug)]
pub(crate) struct Cache(Option<(PatternSet, Option<hybrid::dfa::Cache>)>);

/// The rules whose patterns do not fit, and the bound.
#[derive(Debug)]
pub(crate) struct BuildError {
    pub(crate) rule: RuleIndex,
    pub(crate) size: usize,
}

impl Builder {
    pub(crate) fn present(&mut self, rule: RuleIndex) {
        self.matcher.present.push(rule);
    }

    pub(crate) fn regex(&mut self, rule: RuleIndex, pattern: &Pattern) {
        self.patterns.push((rule, pattern.clone()));
    }

    pub(crate) fn token(&mut self, rule: RuleIndex, token: &TokenEntry) {
        let sets = &mut self.matcher;
        match token {
            TokenEntry::Plain(token) => sets.plain.entry(token.clone()).or_default().push(rule),
            TokenEntry::Sha1(digest) => sets.sha1.entry(*digest).or_default().push(rule),
            TokenEntry::Sha256(digest) => sets.sha256.entry(*digest).or_default().push(rule),
        }
    }

    pub(crate) fn build(self, limits: &Limits) -> Result<Matcher, BuildError> {
        let patterns = match self.patterns.is_empty() {
            true => None,
            false => Some(Patterns::new(self.patterns, limits)?),
        };
        Ok(Matcher { sets: self.matcher, patterns })
    }
}

impl Matcher {
    pub(crate) fn cache(&self) -> Cache {
        Cache(self.patterns.as_ref().map(|patterns| {
            let lazy = match &patterns.automaton {
                Automata::Dense(_) => None,
                Automata::Lazy(dfa, _) => Some(dfa.create_cache()),
            };
            (PatternSet::new(patterns.owners.len()), lazy)
        }))
    }

    /// Reports every rule that matches, and which bytes of the value did.
    pub(crate) fn find(
        &self,
        cache: &mut Cache,
        value: &[u8],
        found: &mut dyn FnMut(RuleIndex, Range<usize>),
    ) {
        self.sets.find(value, &mut |rule| found(rule, 0..value.len()));
        if let (Some(patterns), Some((set, lazy))) = (&self.patterns, &mut cache.0) {
            patterns.find(set, lazy.as_mut(), value, found);
        }
    }
}

/// What is compared with the whole value.
#[derive(Debug, Default)]
struct Sets {
    plain: HashMap<Box<[u8]>, Vec<RuleIndex>>,
    sha1: HashMap<[u8; 20], Vec<RuleIndex>>,
    sha256: HashMap<[u8; 32], Vec<RuleIndex>>,
    present: Vec<RuleIndex>,
}

impl Sets {
    fn find(&self, value: &[u8], found: &mut dyn FnMut(RuleIndex)) {
        self.present.iter().for_each(|rule| found(*rule));
        if value.is_empty() {
            return;
        }
        let mut all = |rules: Option<&Vec<RuleIndex>>| {
            rules.into_iter().flatten().for_each(|rule| found(*rule));
        };
        if !self.plain.is_empty() {
            all(self.plain.get(value));
        }
        if !self.sha256.is_empty() {
            all(self.sha256.get(&<[u8; 32]>::from(Sha256::digest(value))));
        }
        if !self.sha1.is_empty() {
            all(self.sha1.get(&<[u8; 20]>::from(Sha1::digest(value))));
        }
    }
}

#[derive(Debug)]
struct Patterns {
    owners: Vec<(RuleIndex, Pattern, OnceLock<Option<meta::Regex>>)>,
    automaton: Automata,
}

#[derive(Debug)]
enum Automata {
    Dense(Box<dense::DFA<Vec<u32>>>),
    Lazy(Box<hybrid::dfa::DFA>, Box<PikeVM>),
}

impl Patterns {
    fn new(patterns: Vec<(RuleIndex, Pattern)>, limits: &Limits) -> Result<Patterns, BuildError> {
        let hirs: Vec<_> = patterns.iter().map(|(_, pattern)| pattern.hir()).collect();
        let size = limits.patterns_size;
        let rule = largest(&patterns);
        let config = NFA::config()
            .utf8(false)
            .shrink(false)
            .which_captures(WhichCaptures::None)
            .nfa_size_limit(Some(size));
        let nfa = Compiler::new()
            .configure(config)
            .build_many_from_hir(&hirs)
            .map_err(|_| BuildError { rule, size })?;
        let automaton = match dense(&nfa, limits) {
            Some(dfa) => Automata::Dense(Box::new(dfa)),
            None => lazy(nfa, size).ok_or(BuildError { rule, size })?,
        };
        let owners =
            patterns.into_iter().map(|(rule, pattern)| (rule, pattern, OnceLock::new())).collect();
        Ok(Patterns { owners, automaton })
    }

    fn find(
        &self,
        set: &mut PatternSet,
        lazy: Option<&mut hybrid::dfa::Cache>,
        value: &[u8],
        found: &mut dyn FnMut(RuleIndex, Range<usize>),
    ) {
        set.clear();
        let input = Input::new(value);
        let done = match (&self.automaton, lazy) {
            (Automata::Dense(dfa), _) => dfa.try_which_overlapping_matches(&input, set).is_ok(),
            (Automata::Lazy(dfa, _), Some(cache)) => {
                dfa.try_which_overlapping_matches(cache, &input, set).is_ok()
            }
            _ => false,
        };
        if !done {
            self.simulate(&input, set);
        }
        for id in set.iter() {
            if let Some((rule, pattern, regex)) = self.owners.get(id.as_usize()) {
                found(*rule, span(pattern, regex, value));
            }
        }
    }

    /// What cannot fail: only for a value on which the automaton gave up.
    fn simulate(&self, input: &Input<'_>, set: &mut PatternSet) {
        set.clear();
        if let Automata::Lazy(_, vm) = &self.automaton {
            vm.which_overlapping_matches(&mut vm.create_cache(), input, set);
        }
    }
}

/// A message needs one rule to name: the one with the longest pattern.
fn largest(patterns: &[(RuleIndex, Pattern)]) -> RuleIndex {
    let longest = patterns.iter().max_by_key(|(_, pattern)| pattern.text().len());
    longest.map_or(RuleIndex(0), |(rule, _)| *rule)
}

fn dense(nfa: &NFA, limits: &Limits) -> Option<dense::DFA<Vec<u32>>> {
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .dfa_size_limit(Some(limits.dense_size))
        .determinize_size_limit(Some(limits.dense_size));
    dense::Builder::new().configure(config).build_from_nfa(nfa).ok()
}

fn lazy(nfa: NFA, size: usize) -> Option<Automata> {
    let config = hybrid::dfa::Config::new()
        .match_kind(MatchKind::All)
        .cache_capacity(size)
        .skip_cache_capacity_check(true);
    let dfa = hybrid::dfa::Builder::new().configure(config).build_from_nfa(nfa.clone()).ok()?;
    let config = PikeVM::config().match_kind(MatchKind::All);
    let vm = PikeVM::builder().configure(config).build_from_nfa(nfa).ok()?;
    Some(Automata::Lazy(Box::new(dfa), Box::new(vm)))
}

/// Where a pattern matches, by its own regex, which is built when it first matches.
fn span(pattern: &Pattern, regex: &OnceLock<Option<meta::Regex>>, value: &[u8]) -> Range<usize> {
    let build = || {
        let config = meta::Config::new().backtrack(false).utf8_empty(false);
        meta::Builder::new().configure(config).build_from_hir(pattern.hir()).ok()
    };
    let found = regex.get_or_init(build).as_ref().and_then(|regex| regex.find(value));
    found.map_or(0..value.len(), |found| found.range())
}

/// Leaves with the same patterns share one matcher.
pub(crate) type Shared = Arc<Matcher>;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matcher(patterns: &[String], dense_size: usize) -> Matcher {
        let mut builder = Builder::default();
        for (index, text) in patterns.iter().enumerate() {
            builder.regex(RuleIndex(index as u32), &Pattern::parse(text).unwrap());
        }
        builder.build(&Limits { dense_size, ..Limits::default() }).unwrap()
    }

    fn found(matcher: &Matcher, value: &[u8]) -> Vec<(u32, Range<usize>)> {
        let mut all = Vec::new();
        matcher.find(&mut matcher.cache(), value, &mut |rule, span| all.push((rule.0, span)));
        all.sort_by_key(|(rule, _)| *rule);
        all
    }

    #[test]
    fn every_pattern_that_matches_is_reported() {
        let patterns = ["ab+".to_owned(), "^ab".to_owned(), "b$".to_owned(), "x".to_owned()];
        for dense_size in [0, 1 << 20] {
            let matcher = matcher(&patterns, dense_size);
            assert_eq!(found(&matcher, b"ab"), [(0, 0..2), (1, 0..2), (2, 1..2)]);
            assert_eq!(found(&matcher, b"\xffab\n"), [(0, 1..3)]);
            assert_eq!(found(&matcher, b""), []);
        }
    }

    #[test]
    fn tokens_and_digests_match_whole_values() {
        let mut builder = Builder::default();
        let entries: [&[u8]; 3] = [
            b"fake-token-1",
            b"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            b"sha1:a9993e364706816aba3e25717850c26c9cd0d89d",
        ];
        for (index, text) in entries.iter().enumerate() {
            builder.token(RuleIndex(index as u32), &TokenEntry::parse(text).unwrap());
        }
        let matcher = builder.build(&Limits::default()).unwrap();
        assert_eq!(found(&matcher, b"fake-token-1"), [(0, 0..12)]);
        assert_eq!(found(&matcher, b"abc"), [(1, 0..3), (2, 0..3)]);
        assert_eq!(found(&matcher, b"fake-token-12"), []);
    }

    #[test]
    fn a_pattern_past_the_bound_names_its_rule() {
        let mut builder = Builder::default();
        builder.regex(RuleIndex(7), &Pattern::parse("a{900}{900}").unwrap());
        assert_eq!(builder.build(&Limits::default()).unwrap_err().rule, RuleIndex(7));
    }

    proptest! {
        /// The automata agree with each pattern searched alone.
        #[test]
        fn agrees_with_one_regex_each(
            patterns in prop::collection::vec("\\^?[ab]{1,2}[ab.][+*?]?[abc]\\$?", 1..8),
            value in "[abc]{0,12}",
        ) {
            let expected: Vec<u32> = patterns
                .iter()
                .enumerate()
                .filter(|(_, text)| meta::Regex::new(text).unwrap().is_match(&value))
                .map(|(index, _)| index as u32)
                .collect();
            for dense_size in [0, 1 << 20] {
                let found = found(&matcher(&patterns, dense_size), value.as_bytes());
                let rules: Vec<u32> = found.into_iter().map(|(rule, _)| rule).collect();
                prop_assert_eq!(&rules, &expected);
            }
        }
    }
}
