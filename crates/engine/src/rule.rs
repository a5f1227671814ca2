//! The source model: what a rule file says, checked but not yet compiled.
//!
//! Every type here is made by its parser and cannot hold a wrong value: a [`Pattern`] is a pattern
//! that parses, a [`TokenEntry`] is a token that is worth denying.

mod pattern;
mod token;

pub use self::{
    pattern::{Pattern, PatternError},
    token::{TokenEntry, TokenError, TokenFile},
};

/// The place of a rule in its ruleset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleIndex(pub u32);
