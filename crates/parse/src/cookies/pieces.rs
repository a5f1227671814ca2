//! Cookies too long for browsers, which frameworks set in numbered pieces and join again.
//!
//! NextAuth and Supabase number behind a period (`session.0`), oauth2-proxy and mod_auth_openidc behind
//! `_`, ASP.NET Core behind `C`, Vouch writes `_1of2`, and Windows Identity Foundation sets `FedAuth`
//! and `FedAuth1`. All sort by the number and join the values as they are.

use memchr::memrchr;

use super::{is_semicolon, split};

/// So many numbered names are compared one by one, as a clean header has no more.
const FEW: usize = 8;

/// One piece: `name`, a mark and a number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Piece<'a> {
    name: &'a [u8],
    /// What separates the number, if anything does.
    mark: Option<u8>,
    number: u32,
    /// Where it stands in the header.
    place: usize,
    value: &'a [u8],
}

/// Emits the name of every cookie that is there in pieces, and the pieces joined in their order. Where
/// there are several of a number, the first and the last of them count, in one reading each.
pub(super) fn joined(text: &[u8], emit: &mut dyn FnMut(&[u8], &[u8])) {
    if !may_have_pieces(text) {
        return;
    }
    let mut pieces = Vec::new();
    split(text, is_semicolon, false, &mut |name, value| {
        let place = pieces.len();
        let whole = Piece { name, mark: None, number: 0, place, value };
        pieces.push(numbered(name, value).map_or(whole, |piece| Piece { place, ..piece }));
    });
    pieces.sort_unstable();
    let mut joined = Vec::new();
    for group in pieces.chunk_by(|one, other| (one.name, one.mark) == (other.name, other.mark)) {
        if group.len() == 1 && group.iter().all(|piece| piece.mark.is_none()) {
            continue;
        }
        for last in [false, true] {
            if join(group, last, &mut joined) || !last {
                group.iter().take(1).for_each(|piece| emit(piece.name, &joined));
            }
        }
    }
}

/// Joins the first, or the last, piece of each number; says whether there are several of one.
fn join(group: &[Piece<'_>], last: bool, joined: &mut Vec<u8>) -> bool {
    joined.clear();
    let numbers = group.chunk_by(|one, other| one.number == other.number);
    numbers.fold(false, |repeated, same| {
        let piece = if last { same.last() } else { same.first() };
        joined.extend_from_slice(piece.map_or(&[][..], |piece| piece.value));
        repeated || same.len() > 1
    })
}

/// Whether a name is there with several numbers, or with and without one.
fn may_have_pieces(text: &[u8]) -> bool {
    let (mut names, mut count) = ([&[][..]; FEW], 0);
    split(text, is_semicolon, false, &mut |name, value| {
        let Some(piece) = numbered(name, value) else { return };
        if let Some(slot) = names.get_mut(count) {
            *slot = piece.name;
        }
        count += 1;
    });
    let Some(names) = names.get(..count) else { return true };
    let mut some = false;
    split(text, is_semicolon, false, &mut |name, _| some |= names.contains(&name));
    let is_repeated = |(at, name)| names.iter().skip(at + 1).any(|other| other == name);
    some || names.iter().enumerate().any(is_repeated) || names.iter().any(|name| ends(name, text))
}

/// Whether the only piece is `NAME.0`, which is read as the whole.
fn ends(name: &[u8], text: &[u8]) -> bool {
    let mut found = false;
    split(text, is_semicolon, false, &mut |whole, _| {
        found |= whole.strip_prefix(name).is_some_and(|rest| matches!(rest, b".0" | b"_0" | b"C1"));
    });
    found
}

fn numbered<'a>(name: &'a [u8], value: &'a [u8]) -> Option<Piece<'a>> {
    let name = match memrchr(b'o', name) {
        Some(at) if at > 0 && is_total(name.get(at..)?) => name.get(..at)?,
        _ => name,
    };
    let end = name.iter().rposition(|byte| !byte.is_ascii_digit())? + 1;
    let (base, digits) = name.split_at(end);
    let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let (mark, before) = base.split_last()?;
    match mark {
        b'.' | b'_' | b'-' | b'C' if !before.is_empty() => {
            Some(Piece { name: before, mark: Some(*mark), number, place: 0, value })
        }
        _ => Some(Piece { name: base, mark: None, number, place: 0, value }),
    }
}

/// The end of `1of2`.
fn is_total(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"of").unwrap_or_default();
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(text: &[u8]) -> Vec<(String, String)> {
        let mut found = Vec::new();
        joined(text, &mut |name, value| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            found.push((text(name), text(value)));
        });
        found
    }

    #[test]
    fn pieces_are_joined_as_frameworks_do() {
        for text in [
            "s.0=ab; s.1=cd; s.2=ef",
            "s.1=cd; x=y; s.2=ef; s.0=ab",
            "s_0=ab; s_1=cdef",
            "s_1=abc; s_2=def",
            "s=chunks-2; sC1=abc; sC2=def",
            "s_1of2=abc; s_2of2=def",
            "s=ab; s1=cd; s2=ef",
            "s.0=abcdef",
            "s.9=abc; s.10=def",
            "s.0=x; s.0=abc; s.1=def",
            "s.0=abc; s.0=x; s.1=def",
        ] {
            let found = found(text.as_bytes());
            assert!(found.contains(&("s".into(), "abcdef".into())), "{text}: {found:?}");
        }
    }

    #[test]
    fn what_is_whole_stays_whole() {
        for text in ["", "a=1; b=2", "_ga_G1=x; utm1=y; c", "s.x=1; t.1=2", "a.0b=1"] {
            assert!(found(text.as_bytes()).is_empty(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_more_than_two_readings(text in "[ab.C_0-2=;of]{0,160}") {
            let total: usize = found(text.as_bytes()).iter().map(|(_, value)| value.len()).sum();
            prop_assert!(total <= 2 * text.len());
        }
    }
}
