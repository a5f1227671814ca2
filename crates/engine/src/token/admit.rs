//! What is worth denying: a token that a request could carry, and that no clean request carries.

use memchr::memmem::find;

use super::{split_scheme, words, TokenError};

/// The shortest token that is taken: shorter ones turn up in clean requests by chance.
const SHORTEST: usize = 8;
/// A token has at least so many different bytes; a run or a pattern has fewer.
const DISTINCT: usize = 5;

/// Checks a token of a rule, whose points say where it is looked for: there a number or an address
/// may be meant.
pub(super) fn admit(token: &[u8]) -> Result<(), TokenError> {
    let refused = [
        (is_pem as fn(&[u8]) -> bool, TokenError::Pem),
        (is_masked, TokenError::Masked),
        (|token| token.len() < SHORTEST, TokenError::Short),
        (words::is_placeholder, TokenError::Placeholder),
        (|token| split_scheme(token).is_some() || is_header(token), TokenError::Scheme),
        (|token| words::is_word(token) || is_monotonous(token), TokenError::Common),
    ];
    match refused.iter().find(|(is, _)| is(token)) {
        Some((_, error)) => Err(*error),
        None => Ok(()),
    }
}

/// Checks a token that is going to be looked for everywhere in a request, as those of a denylist
/// are.
pub fn admit_anywhere(token: &[u8]) -> Result<(), TokenError> {
    admit(token)?;
    if token.iter().any(|byte| *byte <= b' ' || *byte == 0x7f) {
        return Err(TokenError::Fragment);
    }
    if words::is_number(token) || words::is_address(token) {
        return Err(TokenError::Common);
    }
    Ok(())
}

/// `Authorization: …`: the scheme and more.
fn is_header(token: &[u8]) -> bool {
    let name = token.split(|byte| *byte == b':').next().unwrap_or_default();
    name.eq_ignore_ascii_case(b"authorization") || name.eq_ignore_ascii_case(b"proxy-authorization")
}

fn is_pem(text: &[u8]) -> bool {
    text.starts_with(b"-----")
        || find(text, b"-----BEGIN").is_some()
        || find(text, b"-----END").is_some()
        || text.starts_with(b"PuTTY-User-Key-File")
        // Lines of base64 beneath each other.
        || (text.len() > 64 && text.contains(&b'\n') && text.split(|&b| b == b'\n').all(is_base64))
}

fn is_base64(line: &[u8]) -> bool {
    let alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    line.trim_ascii().iter().all(alphabet)
}

/// What tools leave of a value that they hide.
fn is_masked(text: &[u8]) -> bool {
    has_mask_run(text)
        || text.ends_with(b"...")
        || text.ends_with("…".as_bytes())
        || find(text, b"REDACTED").is_some()
        || (!text.is_ascii() && find(text, "••".as_bytes()).is_some())
        || is_mask_word(text.trim_ascii())
}

/// `redacted`, `[hidden]`, `<secret>`.
fn is_mask_word(text: &[u8]) -> bool {
    const ALONE: [&str; 2] = ["masked", "redacted"];
    const INSIDE: [&str; 6] = ["filtered", "hidden", "masked", "redacted", "removed", "secret"];
    let is = |text: &[u8], words: &[&str]| {
        words.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()))
    };
    match text {
        [b'[' | b'<', inside @ .., _] => is(inside, &INSIDE),
        _ => is(text, &ALONE),
    }
}

/// Runs of `*`: three; of `x` or `#`: five anywhere, four at the end. Of random tokens of 40
/// characters, one in ten million looks so.
fn has_mask_run(text: &[u8]) -> bool {
    let mut end = 0;
    has_run(text)
        && text.chunk_by(|a, b| a == b).any(|run| {
            end += run.len();
            match run {
                [b'*', ..] => run.len() >= 3,
                [b'x' | b'X' | b'#', ..] => run.len() >= if end == text.len() { 4 } else { 5 },
                _ => false,
            }
        })
}

/// Whether three bytes in a row are equal. Looks at all of them without a branch, so that lists of
/// millions take the time of a few instructions each.
fn has_run(text: &[u8]) -> bool {
    let triples = text.iter().zip(text.iter().skip(1)).zip(text.iter().skip(2));
    triples.fold(false, |found, ((a, b), c)| found | ((a == b) & (b == c)))
}

/// `aaaaaaaa`, `abababab`, `abcdefgh`, `98765432`.
fn is_monotonous(token: &[u8]) -> bool {
    let mut seen = [false; 256];
    let mut distinct = 0;
    for &byte in token {
        distinct += usize::from(!seen[usize::from(byte)]);
        seen[usize::from(byte)] = true;
        if distinct >= DISTINCT {
            return is_sequence(token);
        }
    }
    true
}

fn is_sequence(token: &[u8]) -> bool {
    let step =
        |by: i16| move |pair: &[u8]| matches!(pair, [a, b] if i16::from(*b) - i16::from(*a) == by);
    token.windows(2).all(step(1)) || token.windows(2).all(step(-1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_admitted() {
        for text in [
            "s3cr3t-1",
            concat!("ghp", "_0123456789abcdefghijABCDEFGHIJ012345"),
            concat!("AKIA", "2E7Q5ABCDEFGHIJ6"),
            "correct-horse-battery-staple",
            "pässwörter",
            "axxxb-c-d-e",
            "1234567890123456",
            "12345678:AAF-telegram",
        ] {
            assert_eq!(admit_anywhere(text.as_bytes()), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let cases = [
            ("REDACTED", TokenError::Masked),
            ("[REDACTED]", TokenError::Masked),
            ("<redacted>", TokenError::Masked),
            ("ghp_REDACTED", TokenError::Masked),
            ("abc********", TokenError::Masked),
            ("ab***********cd", TokenError::Masked),
            ("DDA***C39", TokenError::Masked),
            ("prefix-of-it...", TokenError::Masked),
            ("prefix-of-it…", TokenError::Masked),
            ("••••••••", TokenError::Masked),
            ("AKIAXXXXXXXXXXXXXXXX", TokenError::Masked),
            ("xxxxxxxxxxxx", TokenError::Masked),
            ("glpat-1234xxxx", TokenError::Masked),
            ("null", TokenError::Short),
            ("1234567", TokenError::Short),
            ("", TokenError::Short),
            ("password", TokenError::Common),
            ("ChangeMe", TokenError::Common),
            ("undefined", TokenError::Common),
            ("no-cache", TokenError::Common),
            ("aaaaaaaaaaaa", TokenError::Common),
            ("abababababab", TokenError::Common),
            ("abcdefghij", TokenError::Common),
            ("-----BEGIN RSA PRIVATE KEY-----", TokenError::Pem),
            ("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", TokenError::Pem),
            ("${SECRET_TOKEN}", TokenError::Placeholder),
            ("your-api-key-goes-here", TokenError::Placeholder),
            ("bearer abcdefgh", TokenError::Scheme),
            ("Authorization: Bearer abcdefgh", TokenError::Scheme),
            ("authorization:token abcdefgh", TokenError::Scheme),
        ];
        for (text, error) in cases {
            assert_eq!(admit(text.as_bytes()), Err(error), "{text}");
            assert_eq!(admit_anywhere(text.as_bytes()), Err(error), "{text}");
        }
    }

    #[test]
    fn a_rule_may_mean_what_a_denylist_may_not() {
        let cases = [
            ("2026112403", TokenError::Common),
            ("someone@example.com", TokenError::Common),
            ("203.0.113.77", TokenError::Common),
            ("two words here", TokenError::Fragment),
            ("line-one\nline-two", TokenError::Fragment),
        ];
        for (text, error) in cases {
            assert_eq!(admit(text.as_bytes()), Ok(()), "{text}");
            assert_eq!(admit_anywhere(text.as_bytes()), Err(error), "{text}");
        }
    }
}
