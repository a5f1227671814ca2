//! The mutations: each is one thing that a client does to have the application see the token while
//! the module does not. Field-notes 3.2 gave the classes; a table holds those of one place.

mod arguments;
mod body;
mod cookies;
mod form_data;
mod headers;
mod json;
mod spellings;

use crate::{draft::Draft, place::Place, rng::Rng};

/// When a mutation is applied; they depend on each other in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// To names and values, before they are written.
    Parts,
    /// To the written text.
    Text,
    /// To the charset of the text.
    Charset,
    /// To the coding of the body.
    Coding,
    /// To the head and the framing.
    Head,
}

/// One way to hide a token.
pub(crate) struct Mutation {
    pub(crate) name: &'static str,
    pub(crate) places: &'static [Place],
    pub(crate) stage: Stage,
    pub(crate) apply: fn(&mut Draft, &mut Rng),
}

impl Mutation {
    /// The mutations of a place.
    pub(crate) fn of(place: Place) -> Vec<&'static Mutation> {
        TABLES.iter().copied().flatten().filter(|one| one.places.contains(&place)).collect()
    }
}

const TABLES: [&[Mutation]; 6] =
    [arguments::TABLE, body::TABLE, cookies::TABLE, form_data::TABLE, headers::TABLE, json::TABLE];

/// A table row.
const fn row(
    name: &'static str,
    places: &'static [Place],
    stage: Stage,
    apply: fn(&mut Draft, &mut Rng),
) -> Mutation {
    Mutation { name, places, stage, apply }
}
