//! Where each number lies: a header with the labels, then a block for each worker slot.
//!
//! A block begins on a cache line of its own, so that workers do not take lines from each other.

use crate::{
    counters::BUCKETS,
    labels::{LABEL_WORDS, LISTS, RULES},
};
use tokenban_engine::{decision::Mode, denylist::Kind};

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was refused.
    Denied,
    /// A rule matched and it passed.
    Monitored,
    /// No rule matched.
    Passed,
}

/// Why a request, or some of it, was not inspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// NGINX could not hand over the body.
    Body,
    /// A bound of a parser.
    Bound,
    /// The budget of the request.
    Budget,
    /// A mistake of the module.
    Internal,
    /// The body is longer than `tokenban_body_limit`.
    Length,
    /// The store of denylists could not be asked.
    Store,
    /// Something else behind the messages of a gRPC stream.
    Unframed,
}

/// What a look-up in the store came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The filter says that there is no entry.
    Filtered,
    /// The store has an entry.
    Found,
    /// The store could not be asked.
    Lost,
    /// The store has no entry.
    Missed,
}

/// A number that stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// Uses of canaries: decoys that only a thief has.
    CanaryUses,
    /// Changed rules that were taken by a worker.
    RulesTaken,
    /// Changed rules that a worker could not take.
    RulesRefused,
    /// Sightings that made room for newer ones.
    SightingsEvicted,
    /// Matches that were counted as `_other`, since there is no room for the name.
    LabelsMissing,
}

pub(crate) const MODES: [(Mode, &str); 2] = [(Mode::On, "on"), (Mode::Monitor, "monitor")];
pub(crate) const VERDICTS: [(Verdict, &str); 3] =
    [(Verdict::Denied, "denied"), (Verdict::Monitored, "monitored"), (Verdict::Passed, "passed")];
pub(crate) const CAUSES: [(Cause, &str); 7] = [
    (Cause::Body, "body"),
    (Cause::Bound, "bound"),
    (Cause::Budget, "budget"),
    (Cause::Internal, "internal"),
    (Cause::Length, "length"),
    (Cause::Store, "store"),
    (Cause::Unframed, "unframed"),
];
pub(crate) const LOOKUPS: [(Lookup, &str); 4] = [
    (Lookup::Filtered, "filtered"),
    (Lookup::Found, "found"),
    (Lookup::Lost, "lost"),
    (Lookup::Missed, "missed"),
];
pub(crate) const KINDS: [(Kind, &str); 5] = [
    (Kind::Claim, "claim"),
    (Kind::Jwt, "jwt"),
    (Kind::Sha1, "sha1"),
    (Kind::Sha256, "sha256"),
    (Kind::Token, "token"),
];
const NUMBERS: [Number; 5] = [
    Number::CanaryUses,
    Number::RulesTaken,
    Number::RulesRefused,
    Number::SightingsEvicted,
    Number::LabelsMissing,
];

/// Which of a table a value is. The tables have all values.
pub(crate) fn index<T: PartialEq>(table: &[(T, &str)], value: T) -> usize {
    table.iter().position(|(one, _)| *one == value).unwrap_or_default()
}

/// Minutes of which the requests are remembered.
pub(crate) const MINUTES: usize = 60;
/// Words of a histogram: a count for each bucket, the one for all longer times, and nanoseconds.
pub(crate) const HISTOGRAM: usize = BUCKETS.len() + 2;

// Words of a block, by their first.
pub(crate) const REQUESTS: usize = 0;
pub(crate) const NOT_INSPECTED: usize = REQUESTS + MODES.len() * VERDICTS.len();
pub(crate) const ASKED: usize = NOT_INSPECTED + CAUSES.len() * 2;
pub(crate) const SINGLE: usize = ASKED + LOOKUPS.len();
pub(crate) const TIMES: usize = SINGLE + NUMBERS.len();
pub(crate) const BY_RULE: usize = TIMES + 2 * HISTOGRAM;
pub(crate) const BY_LIST: usize = BY_RULE + 2 * (RULES + 1);
pub(crate) const BY_MINUTE: usize = BY_LIST + KINDS.len() * (LISTS + 1);
const BLOCK_END: usize = BY_MINUTE + MINUTES * VERDICTS.len();

/// A cache line, or two that processors fetch together.
const LINE: usize = 16;
pub(crate) const BLOCK: usize = BLOCK_END.div_ceil(LINE) * LINE;
/// How many workers have a block of their own; more share them.
pub(crate) const SLOTS: usize = 64;

/// The first words: when the rules were last taken.
pub(crate) const LOADED: usize = 0;
pub(crate) const LABELS: usize = LINE;
pub(crate) const BLOCKS: usize = (LABELS + (RULES + LISTS) * LABEL_WORDS).div_ceil(LINE) * LINE;

/// How many words [`Counters`](crate::Counters) takes.
pub const WORDS: usize = BLOCKS + SLOTS * BLOCK;

pub(crate) fn number(number: Number) -> usize {
    SINGLE + NUMBERS.iter().position(|one| *one == number).unwrap_or_default()
}
