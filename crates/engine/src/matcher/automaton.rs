//! Automata that report every pattern that matches: dense within a budget, lazy past it, simulated
//! where a lazy one gives up. All take time linear in the value; none backtracks.

use regex_automata::{
    dfa::{dense, Automaton as _, StartKind},
    hybrid,
    nfa::thompson::{self, WhichCaptures, NFA},
    util::start,
    Anchored, MatchKind, PatternID,
};
use regex_syntax::hir::Hir;

use super::{
    simulate,
    text::{Place, Text},
};

/// Lazy automata whose states a worker keeps at a time.
const LAZY_KEPT: usize = 8;
/// Most bytes of states of one of them.
const LAZY_SIZE: usize = 1 << 20;
/// Most bytes of the dense automaton of patterns behind a literal.
const DENSE_GATED: usize = 64 << 10;
/// Most bytes of the dense automaton of patterns without a literal.
const DENSE_FREE: usize = 2 << 20;

/// What building may cost; counted in bytes and attempts, so that it is the same on every machine.
#[derive(Debug)]
pub(super) struct Budget {
    /// Bytes of one pattern's NFA.
    pub(super) pattern: usize,
    /// Bytes of all automata that are kept.
    pub(super) kept: usize,
    /// Failed attempts at a dense automaton: each costs time and leaves nothing.
    pub(super) failures: u32,
    /// All bytes there were to keep.
    pub(super) size: usize,
}

/// A pattern that breaks a bound, and the bound.
#[derive(Debug)]
pub(super) struct TooLarge {
    pub(super) pattern: u32,
    pub(super) size: usize,
}

impl Budget {
    fn keep(&mut self, pattern: u32, bytes: usize) -> Result<(), TooLarge> {
        let left = self.kept.checked_sub(bytes);
        self.kept = left.ok_or(TooLarge { pattern, size: self.size })?;
        Ok(())
    }
}

/// One automaton, and which pattern each of its own patterns is.
#[derive(Debug)]
pub(super) struct Automaton {
    engine: Engine,
    pub(super) patterns: Box<[u32]>,
}

#[derive(Debug)]
enum Engine {
    Dense(Box<dense::DFA<Vec<u32>>>),
    Lazy(Box<hybrid::dfa::DFA>),
    Simulated(NFA),
}

/// Where an automaton may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// At the place given: behind a literal, or at the start of the value.
    Here,
    /// There or anywhere after.
    Anywhere,
}

/// Working memory of all automata of a matcher.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    lazy: Vec<(usize, hybrid::dfa::Cache)>,
    pub(super) simulation: simulate::Scratch,
}

/// An automaton that could not go on: another one has to do its work.
pub(super) struct GaveUp;

/// The NFA of some patterns.
pub(super) fn nfa(hirs: &[&Hir], size: usize) -> Option<NFA> {
    compile(hirs, WhichCaptures::None, size)
}

/// The NFA of one pattern that also knows where matches begin.
pub(super) fn nfa_with_spans(hir: &Hir, size: usize) -> Option<NFA> {
    compile(&[hir], WhichCaptures::Implicit, size)
}

fn compile(hirs: &[&Hir], captures: WhichCaptures, size: usize) -> Option<NFA> {
    let config =
        thompson::Config::new().utf8(false).which_captures(captures).nfa_size_limit(Some(size));
    thompson::Compiler::new().configure(config).build_many_from_hir(hirs).ok()
}

/// Builds automata for patterns; fails with the pattern that breaks a bound.
pub(super) fn build(
    patterns: &[(u32, &Hir)],
    start: Start,
    gated: bool,
    budget: &mut Budget,
) -> Result<Vec<Automaton>, TooLarge> {
    let Some(&(last, _)) = patterns.last() else { return Ok(Vec::new()) };
    let hirs: Vec<&Hir> = patterns.iter().map(|(_, hir)| *hir).collect();
    let ids: Box<[u32]> = patterns.iter().map(|(id, _)| *id).collect();
    let size = if gated || patterns.len() == 1 { budget.pattern } else { budget.kept };
    let halves = |budget: &mut Budget| {
        let (left, right) = patterns.split_at(patterns.len() / 2);
        let mut built = build(left, start, gated, budget)?;
        built.extend(build(right, start, gated, budget)?);
        Ok(built)
    };
    let Some(nfa) = nfa(&hirs, size) else {
        return if patterns.len() == 1 {
            Err(TooLarge { pattern: last, size: budget.pattern })
        } else {
            halves(budget)
        };
    };
    if let Some(dfa) = dense(&nfa, start, gated, budget) {
        budget.keep(last, dfa.memory_usage())?;
        return Ok(vec![Automaton { engine: Engine::Dense(Box::new(dfa)), patterns: ids }]);
    }
    if gated && patterns.len() > 1 && budget.failures > 0 {
        return halves(budget);
    }
    budget.keep(last, nfa.memory_usage())?;
    let engine = match lazy(&nfa) {
        Some(dfa) => Engine::Lazy(Box::new(dfa)),
        None => Engine::Simulated(nfa),
    };
    Ok(vec![Automaton { engine, patterns: ids }])
}

fn dense(
    nfa: &NFA,
    start: Start,
    gated: bool,
    budget: &mut Budget,
) -> Option<dense::DFA<Vec<u32>>> {
    if budget.failures == 0 {
        return None;
    }
    let size = if gated { DENSE_GATED } else { DENSE_FREE }.min(budget.kept / 2);
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .accelerate(false)
        .start_kind(match start {
            Start::Here => StartKind::Anchored,
            Start::Anywhere => StartKind::Unanchored,
        })
        .dfa_size_limit(Some(size))
        .determinize_size_limit(Some(size * 2));
    let built = dense::Builder::new().configure(config).build_from_nfa(nfa).ok();
    if built.is_none() {
        budget.failures -= 1;
    }
    built
}

fn lazy(nfa: &NFA) -> Option<hybrid::dfa::DFA> {
    let config = hybrid::dfa::Config::new()
        .match_kind(MatchKind::All)
        .cache_capacity(LAZY_SIZE)
        .skip_cache_capacity_check(true)
        .minimum_cache_clear_count(Some(4));
    hybrid::dfa::Builder::new().configure(config).build_from_nfa(nfa.clone()).ok()
}

impl Automaton {
    /// Reports each pattern with the end of a match, until `found` says `false`. `spent` counts the
    /// bytes that were read.
    pub(super) fn run(
        &self,
        text: &Text<'_>,
        from: Place,
        start: Start,
        scratch: &mut Scratch,
        spent: &mut usize,
        found: &mut dyn FnMut(u32, usize) -> bool,
    ) -> Result<(), GaveUp> {
        let mut by_id = |id: PatternID, end: usize| {
            self.patterns.get(id.as_usize()).is_none_or(|&pattern| found(pattern, end))
        };
        match &self.engine {
            Engine::Dense(dfa) => run_dense(dfa, text, from, start, spent, &mut by_id),
            Engine::Lazy(dfa) => {
                let cache = scratch.lazy_cache(dfa);
                if run_lazy(dfa, cache, text, from, start, &mut by_id).is_err() {
                    cache.reset(dfa);
                    let anchored = start == Start::Here;
                    let nfa = dfa.get_nfa();
                    simulate::run(nfa, text, from, anchored, &mut scratch.simulation, &mut by_id);
                }
                *spent += text.len() - from.at;
                Ok(())
            }
            Engine::Simulated(nfa) => {
                let anchored = start == Start::Here;
                simulate::run(nfa, text, from, anchored, &mut scratch.simulation, &mut by_id);
                *spent += text.len() - from.at;
                Ok(())
            }
        }
    }
}

impl Scratch {
    /// The states of one lazy automaton; the longest kept make room for new ones.
    fn lazy_cache(&mut self, dfa: &hybrid::dfa::DFA) -> &mut hybrid::dfa::Cache {
        // The address names the automaton: it stays where it is as long as its matcher lives, and
        // a scratch serves one matcher.
        let key = std::ptr::from_ref(dfa).addr();
        let place = match self.lazy.iter().position(|(known, _)| *known == key) {
            Some(place) => place,
            None => {
                if self.lazy.len() >= LAZY_KEPT {
                    self.lazy.remove(0);
                }
                self.lazy.push((key, dfa.create_cache()));
                self.lazy.len() - 1
            }
        };
        &mut self.lazy[place].1
    }
}

fn mode(start: Start) -> Anchored {
    match start {
        Start::Here => Anchored::Yes,
        Start::Anywhere => Anchored::No,
    }
}

fn run_dense(
    dfa: &dense::DFA<Vec<u32>>,
    text: &Text<'_>,
    from: Place,
    start: Start,
    spent: &mut usize,
    found: &mut dyn FnMut(PatternID, usize) -> bool,
) -> Result<(), GaveUp> {
    let config = start::Config::new().look_behind(text.before(from)).anchored(mode(start));
    let mut state = dfa.start_state(&config).map_err(|_| GaveUp)?;
    let mut at = from.at;
    for piece in text.from(from) {
        for (offset, &byte) in piece.iter().enumerate() {
            state = dfa.next_state(state, byte);
            if dfa.is_special_state(state) {
                let at = at + offset;
                if dfa.is_match_state(state) {
                    let mut ids = (0..dfa.match_len(state)).map(|i| dfa.match_pattern(state, i));
                    // A match shows one byte late, so that `\b` and `$` can look ahead.
                    if !ids.all(|id| found(id, at)) {
                        *spent += at - from.at;
                        return Ok(());
                    }
                } else if dfa.is_dead_state(state) {
                    *spent += at - from.at;
                    return Ok(());
                } else if dfa.is_quit_state(state) {
                    return Err(GaveUp);
                }
            }
        }
        at += piece.len();
    }
    *spent += at - from.at;
    state = dfa.next_eoi_state(state);
    if dfa.is_match_state(state) {
        let mut ids = (0..dfa.match_len(state)).map(|i| dfa.match_pattern(state, i));
        ids.all(|id| found(id, at));
    }
    Ok(())
}

fn run_lazy(
    dfa: &hybrid::dfa::DFA,
    cache: &mut hybrid::dfa::Cache,
    text: &Text<'_>,
    from: Place,
    start: Start,
    found: &mut dyn FnMut(PatternID, usize) -> bool,
) -> Result<(), GaveUp> {
    let config = start::Config::new().look_behind(text.before(from)).anchored(mode(start));
    let mut state = dfa.start_state(cache, &config).map_err(|_| GaveUp)?;
    let mut at = from.at;
    for piece in text.from(from) {
        for (offset, &byte) in piece.iter().enumerate() {
            state = dfa.next_state(cache, state, byte).map_err(|_| GaveUp)?;
            if state.is_tagged() {
                if state.is_match() {
                    let count = dfa.match_len(cache, state);
                    let mut ids = (0..count).map(|i| dfa.match_pattern(cache, state, i));
                    if !ids.all(|id| found(id, at + offset)) {
                        return Ok(());
                    }
                } else if state.is_dead() {
                    return Ok(());
                } else if state.is_quit() {
                    return Err(GaveUp);
                }
            }
        }
        at += piece.len();
    }
    state = dfa.next_eoi_state(cache, state).map_err(|_| GaveUp)?;
    if state.is_match() {
        let count = dfa.match_len(cache, state);
        let mut ids = (0..count).map(|i| dfa.match_pattern(cache, state, i));
        ids.all(|id| found(id, at));
    }
    Ok(())
}
