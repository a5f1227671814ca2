//! Every bound that a request may meet: the parsers' own, and those of what the engine does with what
//! they find. What lies past one is not inspected, and the location's policy decides.

pub use tokenban_parse::bounds::Bound;

use crate::{
    budget::{FREE, INFLATED, PER_BYTE},
    limits::{BODY, HEAD},
};

/// How many keys one JWT may give by its claims. An issuer writes a claim once, though it may be a list
/// of groups; more is an attempt to have the right one overlooked.
pub(crate) const CLAIM_KEYS: usize = 512;
/// Values of claims that one JWT may have. Groups and roles may be hundreds; more is such an attempt.
pub(crate) const CLAIM_VALUES: usize = 4096;
/// Fragments within fragments of a GraphQL document, and selections within selections.
pub(crate) const GQL_LEVELS: usize = 128;

const OF_ENGINE: [Bound; 10] = [
    Bound { name: "units of work that a request of any size may cost", value: FREE },
    Bound { name: "further units for each byte of its body", value: PER_BYTE },
    Bound {
        name: "inflated bytes that count as received for each compressed one",
        value: INFLATED,
    },
    Bound { name: "bytes of one inflated value of the body", value: BODY.size },
    Bound { name: "bytes of all inflated values of the body", value: BODY.total },
    Bound { name: "bytes of one inflated value of the head", value: HEAD.size },
    Bound { name: "bytes of all inflated values of the head", value: HEAD.total },
    Bound { name: "keys that one JWT gives by its claims", value: CLAIM_KEYS },
    Bound { name: "values of claims in one JWT", value: CLAIM_VALUES },
    Bound { name: "levels of GraphQL fragments in fragments", value: GQL_LEVELS },
];

/// All of them, as docs/points.md lists them.
pub fn bounds() -> impl Iterator<Item = Bound> {
    OF_ENGINE.into_iter().chain(tokenban_parse::bounds::BOUNDS)
}
