//! Where a match is: found once more by a slower automaton, only after a hit.

use std::ops::Range;

use regex_automata::{
    nfa::thompson::{pikevm::PikeVM, NFA},
    Anchored, Input,
};

use super::{automaton, text::Text, Source};
use crate::pattern::Pattern;

/// Patterns whose automata a worker keeps for spans.
const KEPT: usize = 16;
/// What is searched on each side of the known end of a match: longer ones are cut to it.
const WINDOW: usize = 16 << 10;
/// Look-around needs no more than this of what is outside.
const CONTEXT: usize = 4;
/// A pattern was compiled before, so any bound that lets it through again will do.
const SIZE: usize = 64 << 20;

/// Compiled patterns, the last few that matched.
#[derive(Debug, Default)]
pub(super) struct Spans {
    kept: Vec<(u32, PikeVM)>,
}

impl Spans {
    /// The NFA of a pattern.
    pub(super) fn nfa(&mut self, pattern: u32, source: &Source) -> Option<&NFA> {
        self.compiled(pattern, source).map(PikeVM::get_nfa)
    }

    /// The span of a match that ends at `end` or includes it.
    pub(super) fn find(
        &mut self,
        pattern: u32,
        source: &Source,
        text: &Text<'_>,
        start: Option<usize>,
        end: usize,
        buffer: &mut Vec<u8>,
    ) -> Option<Range<usize>> {
        let low = start.unwrap_or(end.saturating_sub(WINDOW));
        let high = end.saturating_add(WINDOW).min(text.len());
        let base = low.saturating_sub(CONTEXT);
        text.copy(base..high.saturating_add(CONTEXT), buffer);
        let anchored = if start.is_some() { Anchored::Yes } else { Anchored::No };
        let input = Input::new(buffer.as_slice()).range(low - base..high - base).anchored(anchored);
        let regex = self.compiled(pattern, source)?;
        let found = regex.find(&mut regex.create_cache(), input)?;
        Some(found.start() + base..found.end() + base)
    }

    fn compiled(&mut self, pattern: u32, source: &Source) -> Option<&PikeVM> {
        let place = match self.kept.iter().position(|(known, _)| *known == pattern) {
            Some(place) => place,
            None => {
                let parsed = Pattern::parse(&source.text).ok()?;
                let nfa = automaton::nfa_with_spans(parsed.hir(), SIZE)?;
                let regex = PikeVM::new_from_nfa(nfa).ok()?;
                if self.kept.len() >= KEPT {
                    self.kept.remove(0);
                }
                self.kept.push((pattern, regex));
                self.kept.len() - 1
            }
        };
        self.kept.get(place).map(|(_, regex)| regex)
    }
}
