//! What the module counts and what it remembers of banned tokens in use, in memory that all processes
//! of NGINX share and that outlives reloads and killed workers.
//!
//! Nothing here allocates shared memory or knows NGINX: whoever has the memory hands it over as atomic
//! words. A clean mapping is all zeros, which is a valid beginning. No word is ever locked.
//!
//! - [`Counters`]: exact sums. Each worker adds to a block of its own ([`Block`]), with one atomic
//!   instruction a number; a sum is taken over all blocks when somebody asks.
//! - [`labels`]: the names of rules and lists that numbers are kept for.
//! - [`Sightings`]: who used which banned token, when first and when last.
//! - [`text`]: all numbers in the text formats of Prometheus and OpenMetrics.

#![forbid(unsafe_code)]

mod counters;
mod endpoint;
pub mod labels;
mod layout;
mod sightings;
pub mod text;

pub use self::{
    counters::{Block, Counters, Stage, Sum, BUCKETS},
    endpoint::template,
    layout::{Cause, Lookup, Number, Verdict, WORDS},
    sightings::{Seen, Sighting, Sightings, ENTRY_WORDS},
};
