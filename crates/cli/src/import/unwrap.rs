//! Out of what surrounds it: a scheme, a header line, an address, an assignment.
//!
//! Reports often hold the token as it stood in the source. What travels, and is looked up, is the
//! token alone.

use std::borrow::Cow;

use base64::{
    alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    Engine,
};
use tokenban_engine::rule::split_scheme;

/// The headers whose value may be written with their name.
const HEADERS: [&[u8]; 6] = [
    b"authorization",
    b"job-token",
    b"private-token",
    b"proxy-authorization",
    b"x-api-key",
    b"x-auth-token",
];

/// The arguments of an address that hold a token.
const ARGUMENTS: [&[u8]; 10] = [
    b"access_token",
    b"api_key",
    b"apikey",
    b"auth_token",
    b"id_token",
    b"key",
    b"private_token",
    b"sig",
    b"token",
    b"x-amz-credential",
];

/// Passwords and users that stand for «the other one is the token».
const FILLERS: [&[u8]; 5] = [b"", b"oauth2", b"x", b"x-access-token", b"x-oauth-basic"];

/// What is inside a text.
#[derive(Debug, PartialEq)]
pub(crate) enum Inside<'a> {
    /// An address without a credential.
    Address,
    /// The token.
    Token(Cow<'a, [u8]>),
}

/// The token inside a text; the text itself when nothing surrounds it.
pub(crate) fn unwrap(text: &[u8]) -> Inside<'_> {
    let text = unquote(text.trim_ascii());
    // Nearly every token is a word without any of these; this look at it is all that it costs.
    let around = |found, byte: &u8| found | (*byte == b' ') | (*byte == b'\t') | (*byte == b':');
    if !text.iter().fold(false, around) {
        return Inside::Token(Cow::Borrowed(text));
    }
    let text = after_header(text);
    let Some((scheme, rest)) = split_scheme(text) else { return address_or_text(text) };
    if scheme.eq_ignore_ascii_case(b"basic") {
        return match password(rest) {
            Some(token) => Inside::Token(Cow::Owned(token)),
            None => Inside::Token(Cow::Borrowed(text)),
        };
    }
    Inside::Token(Cow::Borrowed(unquote(rest)))
}

fn unquote(text: &[u8]) -> &[u8] {
    match text {
        [open @ (b'"' | b'\'' | b'`'), inside @ .., close] if open == close => inside,
        _ => text,
    }
}

/// What follows `Authorization:` and the like.
fn after_header(text: &[u8]) -> &[u8] {
    let Some(colon) = text.iter().position(|&byte| byte == b':') else { return text };
    let (name, value) = text.split_at(colon);
    let known = HEADERS.iter().any(|known| name.trim_ascii().eq_ignore_ascii_case(known));
    if known {
        unquote(value[1..].trim_ascii())
    } else {
        text
    }
}

/// Of Basic the password, or the user where the password is a filler (Stripe, GitHub).
fn password(encoded: &[u8]) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let decoded = GeneralPurpose::new(&alphabet::STANDARD, config).decode(encoded).ok()?;
    let colon = decoded.iter().position(|&byte| byte == b':')?;
    Some(token_of_pair(&decoded[..colon], &decoded[colon + 1..]).to_vec())
}

fn token_of_pair<'a>(user: &'a [u8], password: &'a [u8]) -> &'a [u8] {
    if FILLERS.contains(&password) {
        user
    } else {
        password
    }
}

fn address_or_text(text: &[u8]) -> Inside<'_> {
    let Some(scheme_end) = memchr::memmem::find(text, b"://") else {
        return Inside::Token(Cow::Borrowed(text));
    };
    let scheme = &text[..scheme_end];
    if scheme.is_empty() || !scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'+')
    {
        return Inside::Token(Cow::Borrowed(text));
    }
    let rest = &text[scheme_end + 3..];
    match userinfo(rest).or_else(|| argument(rest)).or_else(|| telegram(rest)) {
        Some(token) => Inside::Token(percent_decoded(token)),
        None => Inside::Address,
    }
}

/// `user:password@host`; a report may cut it after the `@`.
fn userinfo(rest: &[u8]) -> Option<&[u8]> {
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let at = rest[..end].iter().rposition(|&byte| byte == b'@')?;
    let userinfo = &rest[..at];
    Some(match userinfo.iter().position(|&byte| byte == b':') {
        Some(colon) => token_of_pair(&userinfo[..colon], &userinfo[colon + 1..]),
        None => userinfo,
    })
}

fn argument(rest: &[u8]) -> Option<&[u8]> {
    let question = rest.iter().position(|&byte| byte == b'?')?;
    rest[question + 1..].split(|byte| matches!(byte, b'&' | b'#')).find_map(|pair| {
        let equals = pair.iter().position(|&byte| byte == b'=')?;
        let name = &pair[..equals];
        let known = ARGUMENTS.iter().any(|known| name.eq_ignore_ascii_case(known));
        known.then(|| &pair[equals + 1..])
    })
}

/// Telegram's API has the token in the path: `/bot<id>:<token>/method`.
fn telegram(rest: &[u8]) -> Option<&[u8]> {
    let mut parts = rest.split(|byte| matches!(byte, b'/' | b'?' | b'#'));
    let part = parts.find(|part| part.starts_with(b"bot") && part.contains(&b':'))?;
    part.strip_prefix(b"bot")
}

fn percent_decoded(text: &[u8]) -> Cow<'_, [u8]> {
    percent_encoding::percent_decode(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_alone() {
        let basic = |pair: &str| {
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
        };
        let cases = [
            ("s3cr3t-token", "s3cr3t-token"),
            ("  s3cr3t-token\r", "s3cr3t-token"),
            ("\"s3cr3t-token\"", "s3cr3t-token"),
            ("Bearer s3cr3t-token", "s3cr3t-token"),
            ("bearer\t s3cr3t-token", "s3cr3t-token"),
            ("Authorization: token s3cr3t-token", "s3cr3t-token"),
            ("PRIVATE-TOKEN: s3cr3t-token", "s3cr3t-token"),
            ("12345678:telegram-like", "12345678:telegram-like"),
            ("pass phrase", "pass phrase"),
            (&basic("user:s3cr3t-token"), "s3cr3t-token"),
            (&basic("user:with:colon"), "with:colon"),
            (&basic("s3cr3t-token:"), "s3cr3t-token"),
            (&basic("s3cr3t-token:x-oauth-basic"), "s3cr3t-token"),
            ("Basic !!!", "Basic !!!"),
            ("https://user:s3cr3t%2Dtoken@example.com/x.git", "s3cr3t-token"),
            ("https://s3cr3t-token@example.com", "s3cr3t-token"),
            ("https://s3cr3t-token:x-oauth-basic@example.com", "s3cr3t-token"),
            ("postgres://u:s3cr3t-token@", "s3cr3t-token"),
            ("https://example.com/a?b=c&access_token=s3cr3t-token#f", "s3cr3t-token"),
            ("https://api.example/bot123456:s3cr3t-token/getMe", "123456:s3cr3t-token"),
        ];
        for (text, token) in cases {
            let inside = unwrap(text.as_bytes());
            assert_eq!(inside, Inside::Token(token.as_bytes().into()), "{text}");
        }
    }

    #[test]
    fn an_address_alone_is_no_token() {
        for text in ["https://example.com/a/b", "https://example.com/a?b=c", "http://a@/"] {
            let inside = unwrap(text.as_bytes());
            assert_eq!(inside == Inside::Address, !text.contains('@'), "{text}");
        }
    }
}
