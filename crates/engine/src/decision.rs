//! What is decided about a request, and the words it is reported in.

use crate::denylist::{Key, Kind};

/// How the location acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Reports, denies nothing but what a rule enforces.
    Monitor,
    /// Does nothing.
    Off,
    /// Denies.
    On,
}

/// What a matching rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Follows the mode.
    Deny,
    /// Denies even where the mode is monitor.
    Enforce,
    /// Never denies.
    Monitor,
}

/// The outcome for one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The request is refused.
    Denied,
    /// A rule matched and the request passes.
    Monitored,
    /// No rule matched.
    Passed,
}

/// A match: which rule, where, of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The id of the rule.
    pub rule: String,
    /// The point, as text.
    pub point: String,
    /// Of the value, token or claim that matched: what its [fingerprint](crate::fingerprint) is made of.
    pub key: Key,
    /// What the entry of a denylist stands for, where it was one.
    pub kind: Option<Kind>,
    /// The denylist, where it was one.
    pub denylist: Option<String>,
    /// Why the token is on it.
    pub reason: Option<String>,
    /// Whether it is a decoy, whose use is an alert.
    pub is_canary: bool,
}

/// What is decided, and on what grounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The decision.
    pub decision: Decision,
    /// The match that denied.
    pub hit: Option<Hit>,
    /// The matches that were only reported.
    pub monitored: Vec<Hit>,
    /// Why some of the request was not inspected, where it was not.
    pub incomplete: Option<Incomplete>,
}

/// Why a request was not inspected as a whole. What to do then is the location's policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incomplete {
    /// A parser met one of its bounds: size, depth or count.
    Bound,
    /// Its readings are more than a request of its size may cost.
    Budget,
    /// The store of denylists cannot be asked.
    Store,
}

impl Outcome {
    /// Nothing found.
    pub fn passed() -> Outcome {
        let (hit, monitored, incomplete) = (None, Vec::new(), None);
        Outcome { decision: Decision::Passed, hit, monitored, incomplete }
    }

    /// What is decided about a request of which two stages were inspected, neither denied.
    pub fn and(mut self, later: Outcome) -> Outcome {
        if later.decision != Decision::Passed {
            self.decision = later.decision;
        }
        self.hit = later.hit.or(self.hit);
        self.monitored.extend(later.monitored);
        self.incomplete = self.incomplete.or(later.incomplete);
        self
    }
}
