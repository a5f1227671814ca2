//! Which values cannot hold a banned token, as can be told without decoding them.
//!
//! The shortest banned token is known, and mostly that all of them are of visible ASCII without commas
//! and semicolons. Nearly every value of clean traffic is shorter, or made of shorter words.

use memchr::{memchr3, memchr_iter};
use tokenban_parse::{
    basic::names_basic,
    cookies::may_have_pieces,
    runs::{has_run, is_in_run},
};

use crate::denylist::Profile;

/// What is held against the store at nodes where nothing but denylists is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gate {
    /// A shorter value, or one without so long a run, holds no token.
    shortest: usize,
    /// Whether tokens may have bytes that are in no run.
    has_odd: bool,
    /// Whether there are JWTs: their parts may stand apart, in JSON.
    has_jwt: bool,
}

/// What Basic decodes is encoded again, padded.
const PADDING: usize = 2;

impl Gate {
    /// Lets everything through.
    pub(crate) const OPEN: Gate = Gate { shortest: 0, has_odd: true, has_jwt: true };

    pub(crate) fn of(profile: &Profile) -> Gate {
        let shortest = profile.shortest().saturating_sub(PADDING);
        Gate { shortest, has_odd: profile.has_odd(), has_jwt: profile.has_jwt() }
    }

    /// Whether a value may hold a banned token. `false` is certain. Of a part of a value that was let
    /// through only the length is looked at.
    #[inline]
    pub(crate) fn lets_through(&self, value: &[u8], is_part: bool) -> bool {
        let is_long = value.len() >= self.shortest;
        let may_hold = is_long && (is_part || self.has_odd || has_run(value, self.shortest));
        may_hold || may_join(value) || (is_long && self.may_join_pieces(value))
    }

    /// The same of base64 with blanks, of cookies in pieces, and of a string over several lines.
    fn may_join_pieces(&self, value: &[u8]) -> bool {
        names_basic(value) || may_have_pieces(value) || has_run_over_lines(value, self.shortest)
    }

    /// The same of a text that is about to be parsed, as JSON or as arguments, each of whose values stands
    /// in one piece: most of what is uploaded has no long run at all, and is read at the speed of memory.
    pub(crate) fn lets_text_through(&self, text: &[u8]) -> bool {
        let shortest = if self.has_jwt { self.shortest / 2 } else { self.shortest };
        self.has_odd
            || has_run(text, shortest)
            || names_basic(text)
            || has_run_over_lines(text, shortest)
    }
}

/// Whether a token may come of a value in which it does not stand in one piece: of the variables of a
/// GraphQL document, of JSON with blanks or in UTF-16.
fn may_join(value: &[u8]) -> bool {
    memchr3(b'$', b'{', 0, value).is_some()
}

/// Whether a run goes on in the next line, as a string of JSON5 does behind a backslash.
fn has_run_over_lines(text: &[u8], length: usize) -> bool {
    let is_over = |at: usize| {
        is_line_end(text.get(at + 1)) && {
            let before = &text[at.saturating_sub(length)..at];
            let after = &text[at..text.len().min(at + length)];
            let before = before.len() - last_break(before).map_or(0, |at| at + 1);
            before + first_break(after).unwrap_or(after.len()) >= length
        }
    };
    memchr_iter(b'\\', text).any(is_over)
}

fn is_line_end(byte: Option<&u8>) -> bool {
    matches!(byte, Some(b'\n' | b'\r'))
}

fn first_break(text: &[u8]) -> Option<usize> {
    (0..text.len()).find(|at| is_break(text, *at))
}

fn last_break(text: &[u8]) -> Option<usize> {
    (0..text.len()).rev().find(|at| is_break(text, *at))
}

/// Whether a byte ends a run: a line end behind a backslash does not.
fn is_break(text: &[u8], at: usize) -> bool {
    let is_continued = || {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        is_line_end(text.get(at)) && matches!(before, None | Some(b'\\' | b'\r'))
    };
    text.get(at).is_none_or(|byte| !is_in_run(*byte)) && !is_continued()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_may_go_on_in_the_next_line() {
        for text in ["\"abcd\\\nefgh\"", "ab\\\ncd\\\r\nef\\\ngh", "x abcdef\\\ngh y"] {
            assert!(has_run_over_lines(text.as_bytes(), 8), "{text:?}");
            assert!(!has_run_over_lines(text.as_bytes(), 20), "{text:?}");
        }
        for text in ["abcd\nefgh", "abcd \\\n efgh", "abcdefgh", "a\\", ""] {
            assert!(!has_run_over_lines(text.as_bytes(), 8), "{text:?}");
        }
    }
}
