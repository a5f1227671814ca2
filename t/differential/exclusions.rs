//! What the module lets pass although an application may see the token, and why. Each is in
//! docs/points.md or docs/differential.md too.

use crate::case::Case;

/// A bypass that is known and accepted: all of the mutations, after shrinking, at a back end.
pub(crate) struct Exclusion {
    backends: &'static [&'static str],
    place: &'static str,
    /// The name of the rule: that of the place, or `anywhere`.
    guard: &'static str,
    mutations: &'static [&'static str],
    pub(crate) reason: &'static str,
}

pub(crate) const EXCLUSIONS: &[Exclusion] = &[];

/// The exclusion that a smallest bypass falls under.
pub(crate) fn exclusion(backend: &str, guard: &str, case: &Case) -> Option<&'static Exclusion> {
    EXCLUSIONS.iter().find(|exclusion| {
        exclusion.backends.contains(&backend)
            && exclusion.place == case.place.id()
            && exclusion.guard == guard
            && exclusion.mutations == case.names()
    })
}
