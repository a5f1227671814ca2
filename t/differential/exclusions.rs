//! What the module lets pass although an application may see the token, and why. Each is in
//! docs/points.md or docs/differential.md too.

use crate::case::Case;

/// A bypass that is known, at every back end: all of the mutations, after shrinking.
pub(crate) struct Exclusion {
    places: &'static [&'static str],
    /// The name of the rule; every rule where there is none.
    guard: Option<&'static str>,
    mutations: &'static [&'static str],
    pub(crate) reason: &'static str,
}

pub(crate) const EXCLUSIONS: &[Exclusion] = &[
    Exclusion {
        places: &["cookie-json", "graphql-query", "header-json", "query-json", "socket-io"],
        guard: Some("anywhere"),
        mutations: &[],
        reason: "`anywhere` does not yet open documents in headers, cookies, arguments and packets",
    },
    Exclusion {
        places: &["cookie-pieces"],
        guard: None,
        mutations: &[],
        reason: "cookies in numbered pieces are not yet joined",
    },
    Exclusion {
        places: &["multipart-field"],
        guard: None,
        mutations: &["file name"],
        reason:
            "a part that claims to be a file is not yet looked at as a field (formidable, hapi)",
    },
    Exclusion {
        places: &["form", "query"],
        guard: None,
        mutations: &["value: broken escape after it"],
        reason: "the sign of a broken escape is not yet left out (CherryPy, WebOb)",
    },
    Exclusion {
        places: &["cookie"],
        guard: None,
        mutations: &["value: one quote"],
        reason: "a single quote is not yet taken off a cookie (WebOb)",
    },
];

/// The exclusion that a smallest bypass falls under.
pub(crate) fn exclusion(guard: &str, case: &Case) -> Option<&'static Exclusion> {
    EXCLUSIONS.iter().find(|exclusion| {
        exclusion.places.contains(&case.place.id())
            && exclusion.guard.is_none_or(|name| name == guard)
            && exclusion.mutations == case.names()
    })
}
