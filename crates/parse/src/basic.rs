//! Basic credentials (RFC 7617): user and password in every reading that servers accept.
//!
//! Base64 decoders are lenient (see `base64`), the character set may be Latin-1 or UTF-8, applications
//! trim what they compare, and OAuth clients percent-encode both parts before they are joined (RFC
//! 6749 section 2.3.1).

use memchr::memchr;

use super::{
    base64::{base64, decode},
    credentials::{after_basic, words},
    percent::percent,
    Buffers,
};

/// Emits (user, password) of base64 that decodes to `user:password` behind a scheme of another name. It
/// is base64 as a whole ([`is_whole`](super::base64::is_whole)), so there is one way to decode it.
pub fn unnamed(value: &[u8], buffers: &mut Buffers, emit: &mut dyn FnMut(&[u8], &[u8])) {
    let Buffers { name, value: password, spare } = buffers;
    spare.clear();
    decode(value, true, spare);
    pairs(spare, false, (name, password), emit);
}

/// Emits (user, password) of `Basic …`, or of bare base64 that decodes to `user:password`.
pub fn basic(value: &[u8], buffers: &mut Buffers, emit: &mut dyn FnMut(&[u8], &[u8])) {
    let scheme = after_basic(value);
    let encoded = scheme.unwrap_or(value);
    let Buffers { name, value: password, spare } = buffers;
    let mut decoded =
        |decoded: &[u8]| pairs(decoded, scheme.is_some(), (&mut *name, &mut *password), emit);
    base64(encoded, spare, &mut decoded);
    // What follows it is none of it: `Basic …, Digest …`.
    if let Some(word) = words(encoded).next().filter(|word| word.len() < encoded.len()) {
        base64(word, spare, &mut decoded);
    }
}

/// User and password in every reading. Without a colon all of it is the user, where it is sure to be
/// Basic.
fn pairs(
    decoded: &[u8],
    is_sure: bool,
    (user_buffer, password_buffer): (&mut Vec<u8>, &mut Vec<u8>),
    emit: &mut dyn FnMut(&[u8], &[u8]),
) {
    let (user, password) = match memchr(b':', decoded) {
        Some(at) => (&decoded[..at], &decoded[at + 1..]),
        None if is_sure => (decoded, &[][..]),
        None => return,
    };
    emit(user, password);
    further_parts(user, password, emit);
    let trimmed = (user.trim_ascii(), password.trim_ascii());
    if trimmed != (user, password) {
        emit(trimmed.0, trimmed.1);
    }
    percent_readings(user, password, user_buffer, password_buffer, emit);
    charset_readings(user, password, user_buffer, password_buffer, emit);
}

/// `user:T:x`: who splits at every colon takes the second part, or the last, or each.
fn further_parts(user: &[u8], password: &[u8], emit: &mut dyn FnMut(&[u8], &[u8])) {
    if memchr(b':', password).is_some() {
        password.split(|byte| *byte == b':').for_each(|part| emit(user, part));
    }
}

/// Whether `value` has the scheme: what to ask before calling `basic` on values of every
/// kind, any of which would be decoded as bare base64.
pub fn is_basic(value: &[u8]) -> bool {
    names_basic(value) && after_basic(value).is_some()
}

/// Whether the scheme stands anywhere in `value`, in any case.
pub fn names_basic(value: &[u8]) -> bool {
    may_name_basic(value) && has_basic(value)
}

/// One pass without a branch in it, which the compiler turns into SIMD: base64 is full of the letter
/// that begins the scheme.
fn may_name_basic(value: &[u8]) -> bool {
    let Some(firsts) = value.len().checked_sub(2).and_then(|end| value.get(..end)) else {
        return false;
    };
    let (seconds, thirds) =
        (value.get(1..).unwrap_or_default(), value.get(2..).unwrap_or_default());
    let is = |byte: u8, letter: u8| u8::from(byte | 0x20 == letter);
    let letters = firsts.iter().zip(seconds).zip(thirds);
    let found = letters.fold(0, |found, ((first, second), third)| {
        found | (is(*first, b'b') & is(*second, b'a') & is(*third, b's'))
    });
    found != 0
}

fn has_basic(value: &[u8]) -> bool {
    let (b, scheme) = (memchr::memchr2_iter(b'b', b'B', value), b"basic");
    b.filter_map(|at| value.get(at..at + scheme.len()))
        .any(|word| word.eq_ignore_ascii_case(scheme))
}

fn percent_readings(
    user: &[u8],
    password: &[u8],
    user_buffer: &mut Vec<u8>,
    password_buffer: &mut Vec<u8>,
    emit: &mut dyn FnMut(&[u8], &[u8]),
) {
    percent(user, user_buffer, &mut |decoded| emit(decoded, password));
    percent(password, password_buffer, &mut |decoded| emit(user, decoded));
}

/// Latin-1 read as UTF-8 and back: the bytes that a token has in the other character set.
fn charset_readings(
    user: &[u8],
    password: &[u8],
    user_buffer: &mut Vec<u8>,
    password_buffer: &mut Vec<u8>,
    emit: &mut dyn FnMut(&[u8], &[u8]),
) {
    if user.is_ascii() && password.is_ascii() {
        return;
    }
    for transcode in [to_utf8, to_latin1] {
        user_buffer.clear();
        password_buffer.clear();
        if transcode(user, user_buffer).and(transcode(password, password_buffer)).is_some() {
            emit(user_buffer, password_buffer);
        }
    }
}

fn to_utf8(latin1: &[u8], out: &mut Vec<u8>) -> Option<()> {
    for &byte in latin1 {
        out.extend_from_slice(char::from(byte).encode_utf8(&mut [0; 4]).as_bytes());
    }
    Some(())
}

fn to_latin1(utf8: &[u8], out: &mut Vec<u8>) -> Option<()> {
    for character in std::str::from_utf8(utf8).ok()?.chars() {
        out.push(u8::try_from(u32::from(character)).ok()?);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(value: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut found = Vec::new();
        basic(value, &mut Buffers::default(), &mut |user, password| {
            found.push((user.to_vec(), password.to_vec()));
        });
        found
    }

    /// Field notes 3.2, cases 3 to 5. `dXNlcjpUMGtlbj8+` is `user:T0ken?>`.
    #[test]
    fn user_and_password_are_found_in_every_spelling() {
        for value in [
            "Basic dXNlcjpUMGtlbj8+",
            "basic dXNlcjpUMGtlbj8+",
            "BASIC\t dXNlcjpUMGtlbj8+ ",
            "Basic dXNlcjpU MGtlbj8+",
            "Basic dXNlcjpUMGtlbj8-",
            "Basic: dXNlcjpUMGtlbj8+",
            "dXNlcjpUMGtlbj8+",
            "Basic dXNl\tcjpUMGtlbj8+,",
            "BasicdXNlcjpUMGtlbj8+",
            "(x) Basic dXNlcjpUMGtlbj8+",
            "\"Basic\" dXNlcjpUMGtlbj8+",
            "x/yBasic dXNlcjpUMGtlbj8+",
            "Basic dXNlcjpUMGtlbj8+, Digest x",
            "Basic \"dXNlcjpUMGtlbj8+\";a=b",
            // `user:T0ken?>:x`, `user::T0ken?>`.
            "Basic dXNlcjpUMGtlbj8+Ong=",
            "Basic dXNlcjo6VDBrZW4/Pg==",
        ] {
            let found = pairs(value.as_bytes());
            assert!(found.contains(&("user".into(), "T0ken?>".into())), "{value}: {found:?}");
        }
        // Without padding, with spare bits, with an empty password, without a colon.
        assert!(pairs(b"Basic VDBrZW46").contains(&("T0ken".into(), "".into())));
        assert!(pairs(b"Basic eDpUMA").contains(&("x".into(), "T0".into())));
        assert!(pairs(b"Basic eDpUMB==").contains(&("x".into(), "T0".into())));
        assert!(pairs(b"Basic VDBrZW4").contains(&("T0ken".into(), "".into())));
        // With white space around both: ` x: T0\n`.
        assert!(pairs(b"Basic IHg6IFQwCg==").contains(&("x".into(), "T0".into())));
    }

    #[test]
    fn the_scheme_tells() {
        assert!(names_basic(b"x, bAsic eDp5") && !names_basic(b"bbasi") && !names_basic(b""));
        assert!(is_basic(b" BASIC\teDp5"));
        assert!(!is_basic(b"eDp5"));
        assert!(is_basic(b"BASICeDp5") && is_basic(b"(x) xBasic eDp5"));
        assert!(!is_basic(b"x basics eDp5"));
    }

    #[test]
    fn parts_may_be_percent_encoded() {
        // `id%3a1:T0%6ben`
        let found = pairs(b"Basic aWQlM2ExOlQwJTZiZW4=");
        assert!(found.contains(&("id:1".into(), "T0%6ben".into())));
        assert!(found.contains(&("id%3a1".into(), "T0ken".into())));
    }

    #[test]
    fn parts_may_be_latin1_or_utf8() {
        // `x:T\xfc` and `x:Tü`
        assert!(pairs(b"Basic eDpU/A==").contains(&("x".into(), "T\u{fc}".into())));
        assert!(pairs(b"Basic eDpUw7w=").contains(&("x".into(), b"T\xfc".to_vec())));
    }

    #[test]
    fn what_is_no_basic_emits_nothing() {
        for value in ["", "Basic", "Bearer", "VDBrZW4", "keep-alive"] {
            assert!(pairs(value.as_bytes()).is_empty(), "{value}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(value in proptest::collection::vec(any::<u8>(), 0..80)) {
            pairs(&value);
            pairs(&[b"Basic ", &value[..]].concat());
        }
    }
}
