//! Names: ids of rules, denylists.

/// What [`is_name`] takes.
pub(super) const NAME: &str =
    "use lower-case letters, digits, `.`, `_` and `-`, beginning with a letter or digit";

/// Whether a text is a name: `[a-z0-9][a-z0-9._-]*`, at most 128 long.
pub(super) fn is_name(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= 128
        && text.bytes().next().is_some_and(letter)
        && text.bytes().all(|byte| letter(byte) || matches!(byte, b'.' | b'_' | b'-'))
}
