//! Many patterns at one leaf: which rules match a value, in one pass or little more.
//!
//! [`Builder`] sorts every pattern by what it needs ([`classify`]): whole values go to hash sets
//! ([`exact`]); patterns whose every match holds a literal wait until one pass for all literals
//! ([`literals`]) has seen it, and only then run their own small automaton; the rest runs as one
//! automaton on every value ([`automaton`]). A search is linear in the value whatever the value is:
//! the automata that begin at a literal may read no more than a multiple of it, then one that
//! needs no starting place takes over.
//!
//! Values are bytes. `$` and `\z` are the end of the value only, never before a last line feed; `.`
//! is any byte but a line feed; `\w`, `\b` and `(?i)` are ASCII unless a pattern says `(?u)`, as
//! [`Pattern`] explains. A rule is reported once for a value, however many of its patterns match.

mod automaton;
mod build;
mod classify;
mod exact;
mod literals;
mod simulate;
mod span;
mod text;

#[cfg(test)]
mod tests;

use std::{ops::Range, sync::Arc};

pub use self::build::{BuildError, Builder};
use self::{
    automaton::{Automaton, GaveUp, Start},
    exact::{Digests, Exact},
    literals::Literals,
    span::Spans,
    text::{Place, Text},
};
use crate::rule::RuleIndex;

/// Reads behind literals that every automaton may spend on a short value.
const SPEND: usize = 64 << 10;

/// The compiled patterns of one leaf. Immutable, so shared by all workers when built before `fork`.
#[derive(Debug, Default)]
pub struct Matcher {
    rules: Vec<RuleIndex>,
    sources: Vec<Source>,
    present: Vec<u32>,
    exact: Exact,
    sha256: Digests<32>,
    sha1: Digests<20>,
    literals: Literals,
    /// For each literal what it sets off.
    gates: Vec<Vec<Gate>>,
    gated: Vec<(Start, Automaton)>,
    anchored: Vec<Automaton>,
    free: Vec<Automaton>,
}

/// Leaves with the same rules share one matcher.
pub(crate) type Shared = Arc<Matcher>;

/// Where a pattern came from, to compile it once more for its spans.
struct Source {
    text: Box<str>,
    slot: u32,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Source({} bytes, slot {})", self.text.len(), self.slot)
    }
}

/// What happens where a literal was seen.
enum Gate {
    /// A rule matches when exactly these bytes stand there.
    Needle(Box<[u8]>, u32),
    /// An automaton of `gated` has to look.
    Automaton(u32),
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Gate::Needle(bytes, slot) => write!(f, "Needle({} bytes, slot {slot})", bytes.len()),
            Gate::Automaton(index) => write!(f, "Automaton({index})"),
        }
    }
}

/// Working memory for one [`Matcher`], one a worker. Grows with use to a fixed bound (some 8 MiB at
/// worst: the states of lazy automata).
#[derive(Debug, Default)]
pub struct Cache {
    generation: u32,
    /// The generation in which each rule was last found.
    seen: Vec<u32>,
    /// The generation in which each gated automaton last ran, and what it spent since.
    spent: Vec<(u32, usize)>,
    hits: Vec<Hit>,
    automata: automaton::Scratch,
    spans: Spans,
    buffer: Vec<u8>,
}

/// A rule that matched, before its span is known.
#[derive(Clone, Copy, Debug)]
struct Hit {
    slot: u32,
    at: Where,
}

#[derive(Clone, Copy, Debug)]
enum Where {
    /// There.
    Span(usize, usize),
    /// A match of this pattern ends there; it begins at the place given, if that is known.
    Pattern(u32, Option<usize>, usize),
}

impl Matcher {
    /// Working memory that fits.
    pub fn cache(&self) -> Cache {
        Cache {
            seen: vec![0; self.rules.len()],
            spent: vec![(0, 0); self.gated.len()],
            ..Cache::default()
        }
    }

    /// Calls `found` once with every rule that matches the value, in the rules' order, and with the
    /// place of a match of it.
    pub fn find(
        &self,
        cache: &mut Cache,
        value: &[u8],
        found: &mut dyn FnMut(RuleIndex, Range<usize>),
    ) {
        self.find_chunks(cache, &[value], found);
    }

    /// The same for a value in several pieces, which are searched where they are; a match may begin
    /// in one and end in another.
    pub fn find_chunks(
        &self,
        cache: &mut Cache,
        chunks: &[&[u8]],
        found: &mut dyn FnMut(RuleIndex, Range<usize>),
    ) {
        let text = Text::new(chunks);
        cache.begin(self);
        self.whole(cache, &text);
        self.gated(cache, &text);
        for (automata, start) in [(&self.anchored, Start::Here), (&self.free, Start::Anywhere)] {
            for automaton in automata {
                self.run(cache, &text, automaton, Place::default(), start);
            }
        }
        if !cache.hits.is_empty() {
            self.report(cache, &text, found);
        }
    }

    /// Everything that looks at the value as a whole.
    fn whole(&self, cache: &mut Cache, text: &Text<'_>) {
        let Cache { seen, generation, hits, buffer, .. } = cache;
        let mut hit = |slot| {
            if is_first(seen, *generation, slot) {
                hits.push(Hit { slot, at: Where::Span(0, text.len()) });
            }
        };
        self.present.iter().copied().for_each(&mut hit);
        self.exact.find(text, buffer, &mut hit);
        // A digest of nothing is no token: it would deny every empty value.
        if text.len() == 0 {
            return;
        }
        self.sha256.find::<sha2::Sha256>(text, &mut hit);
        self.sha1.find::<sha1::Sha1>(text, &mut hit);
    }

    fn gated(&self, cache: &mut Cache, text: &Text<'_>) {
        self.literals.find(text, &mut |literal, place| {
            for gate in self.gates.get(literal as usize).into_iter().flatten() {
                match gate {
                    Gate::Needle(bytes, slot) => self.needle(cache, text, place, bytes, *slot),
                    Gate::Automaton(index) => self.gate(cache, text, place, *index as usize),
                }
            }
        });
    }

    fn needle(&self, cache: &mut Cache, text: &Text<'_>, place: Place, bytes: &[u8], slot: u32) {
        if text.holds(place, bytes, false) && is_first(&mut cache.seen, cache.generation, slot) {
            cache.hits.push(Hit { slot, at: Where::Span(place.at, place.at + bytes.len()) });
        }
    }

    fn gate(&self, cache: &mut Cache, text: &Text<'_>, place: Place, index: usize) {
        let Some((start, automaton)) = self.gated.get(index) else { return };
        let Some(&(generation, spent)) = cache.spent.get(index) else { return };
        let spent = if generation == cache.generation { spent } else { 0 };
        let done = match start {
            _ if spent == usize::MAX => return,
            Start::Anywhere => {
                self.run(cache, text, automaton, Place::default(), *start);
                usize::MAX
            }
            // Many literals and long matches that fail could make this quadratic.
            Start::Here if spent > SPEND.max(8 * text.len()) => {
                self.search_each(cache, text, automaton);
                usize::MAX
            }
            // Eight for the literal itself and the call.
            Start::Here => spent + 8 + self.run(cache, text, automaton, place, *start),
        };
        if let Some(entry) = cache.spent.get_mut(index) {
            *entry = (cache.generation, done);
        }
    }

    /// Runs an automaton and keeps what it finds; gives the bytes that it read.
    fn run(
        &self,
        cache: &mut Cache,
        text: &Text<'_>,
        automaton: &Automaton,
        place: Place,
        start: Start,
    ) -> usize {
        let mut spent = 0;
        let mut left = automaton.patterns.len();
        let Cache { seen, generation, hits, automata, .. } = cache;
        let known = (start == Start::Here).then_some(place.at);
        let result =
            automaton.run(text, place, start, automata, &mut spent, &mut |pattern, end| {
                let slot = self.slot(pattern);
                if is_first(seen, *generation, slot) {
                    hits.push(Hit { slot, at: Where::Pattern(pattern, known, end) });
                    left -= 1;
                }
                left > 0 && automaton.patterns.len() > 1
            });
        if let Err(GaveUp) = result {
            self.search_each(cache, text, automaton);
        }
        spent
    }

    /// Does the work of an automaton that cannot do it, pattern by pattern, in linear time.
    #[cold]
    fn search_each(&self, cache: &mut Cache, text: &Text<'_>, automaton: &Automaton) {
        for &pattern in &automaton.patterns {
            let slot = self.slot(pattern);
            let Cache { seen, generation, hits, automata, spans, .. } = cache;
            if seen.get(slot as usize) == Some(generation) {
                continue;
            }
            let Some(nfa) = self.sources.get(pattern as usize).and_then(|s| spans.nfa(pattern, s))
            else {
                continue;
            };
            let scratch = &mut automata.simulation;
            simulate::run(nfa, text, Place::default(), false, scratch, &mut |_, end| {
                if is_first(seen, *generation, slot) {
                    hits.push(Hit { slot, at: Where::Pattern(pattern, None, end) });
                }
                false
            });
        }
    }

    #[cold]
    fn report(
        &self,
        cache: &mut Cache,
        text: &Text<'_>,
        found: &mut dyn FnMut(RuleIndex, Range<usize>),
    ) {
        let Cache { hits, spans, buffer, .. } = cache;
        hits.sort_unstable_by_key(|hit| self.rules.get(hit.slot as usize));
        for hit in hits.drain(..) {
            let Some(&rule) = self.rules.get(hit.slot as usize) else { continue };
            let span = match hit.at {
                Where::Span(start, end) => start..end,
                Where::Pattern(pattern, start, end) => {
                    let source = self.sources.get(pattern as usize);
                    let span = source
                        .and_then(|source| spans.find(pattern, source, text, start, end, buffer));
                    span.unwrap_or(start.unwrap_or(0)..end)
                }
            };
            found(rule, span);
        }
    }

    fn slot(&self, pattern: u32) -> u32 {
        self.sources.get(pattern as usize).map_or(u32::MAX, |source| source.slot)
    }
}

impl Cache {
    fn begin(&mut self, matcher: &Matcher) {
        self.hits.clear();
        self.generation = self.generation.wrapping_add(1);
        let fits =
            self.seen.len() == matcher.rules.len() && self.spent.len() == matcher.gated.len();
        if self.generation == 0 || !fits {
            *self = Cache { generation: 1, ..matcher.cache() };
        }
    }
}

/// Whether a rule was not found in this generation yet; from now on it was.
fn is_first(seen: &mut [u32], generation: u32, slot: u32) -> bool {
    match seen.get_mut(slot as usize) {
        Some(last) if *last != generation => {
            *last = generation;
            true
        }
        _ => false,
    }
}
