//! How much of time the logs cover: from when to when, and where nothing was logged.

use std::collections::BTreeMap;

/// Quiet of at least so many minutes is a gap.
const GAP: u64 = 30;
/// The most gaps that are told.
const GAPS_MOST: usize = 20;

/// The minutes in which a line was logged: a bit each, in words of 64.
#[derive(Default)]
pub(crate) struct Span {
    minutes: BTreeMap<u64, u64>,
    last: Option<(u64, u64)>,
    /// Lines with a time, and those without.
    pub(crate) lines: u64,
    pub(crate) timeless: u64,
    first_second: Option<u64>,
    last_second: Option<u64>,
}

impl Span {
    pub(super) fn add(&mut self, time: Option<u64>) {
        let Some(second) = time else {
            self.timeless += 1;
            return;
        };
        self.lines += 1;
        self.first_second = Some(self.first_second.map_or(second, |first| first.min(second)));
        self.last_second = self.last_second.max(Some(second));
        let minute = second / 60;
        let (word, bit) = (minute / 64, 1 << (minute % 64));
        // Lines mostly come in order: the word of the last one is at hand.
        match &mut self.last {
            Some((at, bits)) if *at == word => *bits |= bit,
            last => {
                if let Some((at, bits)) = last.replace((word, bit)) {
                    *self.minutes.entry(at).or_default() |= bits;
                }
            }
        }
    }

    /// From the first to the last second; nothing without lines.
    pub(crate) fn ends(&self) -> Option<(u64, u64)> {
        self.first_second.zip(self.last_second)
    }

    /// Where nothing was logged for a while: the last minute before and the first one after, as Unix
    /// seconds; the longest ones, in the order of time.
    pub(crate) fn gaps(&self) -> Vec<(u64, u64)> {
        let mut all = self.minutes.clone();
        if let Some((at, bits)) = self.last {
            *all.entry(at).or_default() |= bits;
        }
        let minutes = all.into_iter().flat_map(|(word, bits)| {
            (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| word * 64 + bit)
        });
        let (mut gaps, mut before) = (Vec::new(), None);
        for minute in minutes {
            if let Some(before) = before.filter(|before| minute - before > GAP) {
                gaps.push((before * 60, minute * 60));
            }
            before = Some(minute);
        }
        gaps.sort_by_key(|(from, to)| std::cmp::Reverse(to - from));
        gaps.truncate(GAPS_MOST);
        gaps.sort_unstable();
        gaps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_found_whatever_the_order() {
        let mut span = Span::default();
        for minute in (0..10).chain(100..110).chain(5..20).rev() {
            span.add(Some(1_000_000_020 + minute * 60));
        }
        span.add(None);
        assert_eq!(span.ends(), Some((1_000_000_020, 1_000_000_020 + 109 * 60)));
        assert_eq!(span.gaps(), [(1_000_000_020 + 19 * 60, 1_000_000_020 + 100 * 60)]);
        assert_eq!((span.lines, span.timeless), (35, 1));
    }
}
