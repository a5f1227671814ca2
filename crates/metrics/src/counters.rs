//! The numbers, and who adds to them.

use std::{
    sync::atomic::{AtomicU64, Ordering::*},
    time::Duration,
};

use tokenban_engine::{decision::Mode, denylist::Kind};

use crate::{
    labels::{Labels, LABEL_WORDS, LISTS, RULES},
    layout::{self, *},
};

/// Upper bounds of the times of an inspection, in nanoseconds.
pub const BUCKETS: [u64; 14] = [
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    5_000_000,
    10_000_000,
    50_000_000,
    100_000_000,
];

/// What of a request was inspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Everything before the body.
    Head,
    /// The body.
    Body,
}

/// All numbers, over [`WORDS`] words that processes share.
#[derive(Clone, Copy)]
pub struct Counters<'a>(&'a [AtomicU64]);

impl<'a> Counters<'a> {
    /// Over memory that is all zeros or has been used so before; nothing where it is too small.
    pub fn new(words: &'a [AtomicU64]) -> Option<Counters<'a>> {
        words.get(..WORDS).map(Counters)
    }

    /// The block of a worker, by its number.
    pub fn block(self, worker: usize) -> Block<'a> {
        let start = BLOCKS + worker % SLOTS * BLOCK;
        Block { words: &self.0[start..start + BLOCK], counters: self }
    }

    /// The names of rules.
    pub fn rules(self) -> Labels<'a> {
        Labels(&self.0[LABELS..][..RULES * LABEL_WORDS])
    }

    /// The names of lists.
    pub fn lists(self) -> Labels<'a> {
        Labels(&self.0[LABELS + RULES * LABEL_WORDS..][..LISTS * LABEL_WORDS])
    }

    /// Takes notice of rules that are in force from a Unix second on: each has its numbers from then on.
    pub fn loaded<'n>(self, now: u64, rules: impl IntoIterator<Item = &'n str>) {
        rules.into_iter().for_each(|rule| {
            self.rules().place(rule);
        });
        self.0[LOADED].fetch_max(now, Relaxed);
    }

    /// The Unix second of the last [`Counters::loaded`]; 0 is never.
    pub fn loaded_at(self) -> u64 {
        self.0[LOADED].load(Relaxed)
    }

    /// The sums over all blocks.
    pub fn sum(self) -> Sum {
        let mut sums = vec![0u64; BY_MINUTE];
        for slot in 0..SLOTS {
            for (sum, word) in sums.iter_mut().zip(self.block(slot).words) {
                *sum = sum.wrapping_add(word.load(Relaxed));
            }
        }
        Sum(sums)
    }

    /// Requests in each of the last 60 minutes, the oldest first, by the three verdicts denied,
    /// monitored and passed. `now` is a Unix second.
    pub fn last_hour(self, now: u64) -> Vec<[u64; 3]> {
        let minute = now / 60;
        let minutes = (0..MINUTES as u64).rev().map(|ago| minute.saturating_sub(ago));
        minutes.map(|minute| self.in_minute(minute)).collect()
    }

    fn in_minute(self, minute: u64) -> [u64; 3] {
        let mut counts = [0; 3];
        for slot in 0..SLOTS {
            for (verdict, count) in counts.iter_mut().enumerate() {
                let word = self.block(slot).minute(minute, verdict).load(Relaxed);
                if word >> 32 == stamp(minute) {
                    *count += word & u64::from(u32::MAX);
                }
            }
        }
        counts
    }
}

/// What one worker adds to.
#[derive(Clone, Copy)]
pub struct Block<'a> {
    words: &'a [AtomicU64],
    counters: Counters<'a>,
}

impl Block<'_> {
    /// A request has ended. `now` is a Unix second.
    pub fn request(&self, now: u64, mode: Mode, verdict: Verdict) {
        let verdict = index(&VERDICTS, verdict);
        self.add(REQUESTS + index(&MODES, mode) * VERDICTS.len() + verdict);
        self.in_minute(now / 60, verdict);
    }

    /// A request, or some of it, was not inspected, and was denied for it or not.
    pub fn not_inspected(&self, cause: Cause, denied: bool) {
        self.add(NOT_INSPECTED + index(&CAUSES, cause) * 2 + usize::from(denied));
    }

    /// A rule matched, and denied or not.
    pub fn rule(&self, id: &str, denied: bool) {
        let place = self.or_other(self.counters.rules().place(id), RULES);
        self.add(BY_RULE + place * 2 + usize::from(denied));
    }

    /// An entry of a list matched.
    pub fn list(&self, name: &str, kind: Kind) {
        let place = self.or_other(self.counters.lists().place(name), LISTS);
        self.add(BY_LIST + place * KINDS.len() + index(&KINDS, kind));
    }

    /// Look-ups that came to something.
    pub fn lookups(&self, result: Lookup, count: u64) {
        self.add_many(ASKED + index(&LOOKUPS, result), count);
    }

    /// An inspection took a time. Of heads, only some are measured.
    pub fn took(&self, stage: Stage, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BUCKETS.iter().position(|bound| nanoseconds <= *bound);
        let first = TIMES + HISTOGRAM * usize::from(stage == Stage::Body);
        self.add(first + bucket.unwrap_or(BUCKETS.len()));
        self.add_many(first + HISTOGRAM - 1, nanoseconds);
    }

    /// One more of a number that stands alone.
    pub fn number(&self, number: Number) {
        self.add(layout::number(number));
    }

    fn or_other(&self, place: Option<usize>, other: usize) -> usize {
        place.unwrap_or_else(|| {
            self.number(Number::LabelsMissing);
            other
        })
    }

    fn add(&self, word: usize) {
        self.add_many(word, 1);
    }

    fn add_many(&self, word: usize, count: u64) {
        self.words[word].fetch_add(count, Relaxed);
    }

    /// The stamp of the minute and the count are one word: a count is never that of another minute,
    /// though workers old and new may share a block.
    fn in_minute(&self, minute: u64, verdict: usize) {
        let word = self.minute(minute, verdict);
        let mut was = word.load(Relaxed);
        loop {
            let (new, current) = (stamp(minute), was >> 32);
            if new.wrapping_sub(current) & u64::from(u32::MAX) > u64::from(u32::MAX) / 2 {
                return; // counted an hour late
            }
            let next = if current == new { was + 1 } else { new << 32 | 1 };
            match word.compare_exchange_weak(was, next, Relaxed, Relaxed) {
                Ok(_) => return,
                Err(now) => was = now,
            }
        }
    }

    fn minute(&self, minute: u64, verdict: usize) -> &AtomicU64 {
        let place = (minute % MINUTES as u64) as usize;
        &self.words[BY_MINUTE + place * VERDICTS.len() + verdict]
    }
}

/// The lower half of the number of a minute, not that of zeroed memory.
fn stamp(minute: u64) -> u64 {
    minute & u64::from(u32::MAX)
}

/// Sums over all workers at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum(Vec<u64>);

impl Sum {
    /// Requests of a mode that ended so.
    pub fn requests(&self, mode: Mode, verdict: Verdict) -> u64 {
        self.0[REQUESTS + index(&MODES, mode) * VERDICTS.len() + index(&VERDICTS, verdict)]
    }

    /// Requests that were not inspected as a whole.
    pub fn not_inspected(&self, cause: Cause, denied: bool) -> u64 {
        self.0[NOT_INSPECTED + index(&CAUSES, cause) * 2 + usize::from(denied)]
    }

    /// Requests that passed although they were not inspected as a whole, for any cause.
    pub fn passed_uninspected(&self) -> u64 {
        CAUSES.iter().map(|(cause, _)| self.not_inspected(*cause, false)).sum()
    }

    /// Look-ups.
    pub fn lookups(&self, result: Lookup) -> u64 {
        self.0[ASKED + index(&LOOKUPS, result)]
    }

    /// A number that stands alone.
    pub fn number(&self, number: Number) -> u64 {
        self.0[layout::number(number)]
    }

    /// Matches of the rule at a place, or of all without one, denied or not.
    pub fn rule(&self, place: usize, denied: bool) -> u64 {
        self.0[BY_RULE + place.min(RULES) * 2 + usize::from(denied)]
    }

    /// Matches of the list at a place, or of all without one.
    pub fn list(&self, place: usize, kind: Kind) -> u64 {
        self.0[BY_LIST + place.min(LISTS) * KINDS.len() + index(&KINDS, kind)]
    }

    /// Inspections by their time: one count for each of [`BUCKETS`] and one for longer ones, not
    /// cumulative; and the sum of all times in nanoseconds.
    pub fn times(&self, stage: Stage) -> (&[u64], u64) {
        let first = TIMES + HISTOGRAM * usize::from(stage == Stage::Body);
        (&self.0[first..first + HISTOGRAM - 1], self.0[first + HISTOGRAM - 1])
    }
}
