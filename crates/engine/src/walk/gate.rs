//! Which values cannot hold a banned token, as can be told without decoding them.
//!
//! The shortest banned token is known, and mostly that all of them are of visible ASCII without commas
//! and semicolons. Nearly every value of clean traffic is shorter, or made of shorter words.

use tokenban_parse::{basic::names_basic, cookies::may_have_pieces, runs::has_run};

use crate::denylist::Profile;

/// What values are held against at nodes where nothing but denylists is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gate {
    /// A shorter value, or one without so long a run, holds no token.
    shortest: usize,
    /// Whether tokens may have bytes that are in no run.
    has_odd: bool,
}

/// What Basic decodes is encoded again, padded.
const PADDING: usize = 2;

impl Gate {
    /// Lets everything through.
    pub(crate) const OPEN: Gate = Gate { shortest: 0, has_odd: true };

    pub(crate) fn of(profile: &Profile) -> Gate {
        let shortest = profile.shortest().saturating_sub(PADDING);
        Gate { shortest, has_odd: profile.has_odd() }
    }

    /// Whether a value may hold a banned token. `false` is certain. Of a part of a value that was let
    /// through only the length is looked at.
    #[inline]
    pub(crate) fn lets_through(&self, value: &[u8], is_part: bool) -> bool {
        let is_long = value.len() >= self.shortest;
        let may_hold = is_long && (is_part || self.has_odd || has_run(value, self.shortest));
        may_hold || may_join(value, is_long)
    }
}

/// Whether a token may come of a value in which it does not stand in one piece: of the variables of a
/// GraphQL document, of JSON with blanks or in UTF-16, of base64 with blanks, of cookies in pieces.
fn may_join(value: &[u8], is_long: bool) -> bool {
    memchr::memchr3(b'$', b'{', 0, value).is_some()
        || (is_long && (names_basic(value) || may_have_pieces(value)))
}
