//! Conditions: when a rule applies.
//!
//! They are tested only for a rule whose matcher hit, so clean traffic pays nothing for them. Host,
//! path, arguments and method come from the request; the values of other points come through a
//! callback from the walk, so that `when` sees exactly what `points` would.

use std::fmt;

use crate::{
    point::Point,
    readings::{self, Readings},
    request::Request,
    search::Search,
    uri_condition::UriCondition,
};

/// Hands every value at a point to its second argument.
pub type Values<'a> = dyn FnMut(&Point, &mut dyn FnMut(&[u8])) + 'a;

/// Conditions that must all hold. None at all hold for every request.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// Host, path and arguments.
    pub uri: Option<UriCondition>,
    /// Any of these methods; none is any method.
    pub methods: Vec<String>,
    /// Tests of the values at points.
    pub when: Vec<When>,
}

impl Conditions {
    /// Whether every condition holds. Without the body, those that look into it count as held.
    pub fn hold<R: Request + ?Sized>(
        &self,
        request: &R,
        readings: Readings,
        with_body: bool,
        values: &mut Values<'_>,
    ) -> bool {
        let mut when = self.when.iter().filter(|when| with_body || !when.point.needs_body());
        self.is_method(request, readings)
            && self.uri.as_ref().is_none_or(|uri| uri.holds(request, readings))
            && when.all(|when| when.holds(values))
    }

    fn is_method<R: Request + ?Sized>(&self, request: &R, readings: Readings) -> bool {
        let named = |method: &[u8]| self.methods.iter().any(|name| name.as_bytes() == method);
        self.methods.is_empty() || readings.hold(|visit| readings::methods(request, visit), named)
    }

    /// Whether some of them looks into the body.
    pub fn need_body(&self) -> bool {
        self.when.iter().any(|when| when.point.needs_body())
    }

    /// Whether there is nothing to test.
    pub fn is_empty(&self) -> bool {
        self.uri.is_none() && self.methods.is_empty() && self.when.is_empty()
    }
}

/// A test of the values at a point.
#[derive(Clone, Debug)]
pub struct When {
    /// Where to look.
    pub point: Point,
    /// What to look for; any value that passes is enough.
    pub test: Test,
}

impl When {
    fn holds(&self, values: &mut Values<'_>) -> bool {
        let mut seen = false;
        let mut passed = false;
        values(&self.point, &mut |value| {
            seen = true;
            passed = passed || self.test.passes(value);
        });
        match self.test {
            Test::Absent => !seen,
            _ => passed,
        }
    }
}

/// What a value is compared with.
#[derive(Clone)]
pub enum Test {
    /// There is no value.
    Absent,
    /// Equal bytes.
    Equal(Vec<u8>),
    /// Equal but for the case of ASCII letters.
    Iequal(Vec<u8>),
    /// The pattern is found in it.
    Regex(Search),
}

/// What is compared with may be a secret.
impl fmt::Debug for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Test::Absent => "Absent",
            Test::Equal(_) => "Equal(…)",
            Test::Iequal(_) => "Iequal(…)",
            Test::Regex(_) => "Regex(…)",
        })
    }
}

impl Test {
    fn passes(&self, value: &[u8]) -> bool {
        match self {
            Test::Absent => false,
            Test::Equal(expected) => expected == value,
            Test::Iequal(expected) => expected.eq_ignore_ascii_case(value),
            Test::Regex(search) => search.is_match(value),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
