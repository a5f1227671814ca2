//! Addresses (RFC 3986) with a credential in them, and Basic credentials (RFC 7617).

use tokenban_parse::{basic, percent::decode_in_place, Buffers};

use super::{super::names, Note, Peeled};

/// Users and passwords that stand for «the other one is the token».
const FILLERS: [&[u8]; 9] = [
    b"",
    b"api_token",
    b"gitlab-ci-token",
    b"oauth2",
    b"x",
    b"x-access-token",
    b"x-oauth-basic",
    b"x-token-auth",
    b"__token__",
];

/// Arguments of presigned addresses that are no secret: the signature and the session token are.
const PRESIGNED: [&str; 3] = ["x-amz-credential", "x-goog-credential", "googleaccessid"];

/// Of Basic the password, or the user where the password is a filler (Stripe, GitHub, Toggl).
pub(super) fn basic(text: &[u8]) -> Option<Peeled> {
    let mut found = None;
    basic::basic(text, &mut Buffers::default(), &mut |user, password| {
        found.get_or_insert_with(|| token_of_pair(user, password).to_vec());
    });
    found.map(|token| Peeled::Inner(token, Note::Basic))
}

fn token_of_pair<'a>(user: &'a [u8], password: &'a [u8]) -> &'a [u8] {
    match FILLERS.contains(&password) {
        true => user,
        false => password,
    }
}

/// An address with or without credentials.
pub(super) fn address(text: &[u8]) -> Option<Peeled> {
    let scheme_end = memchr::memmem::find(text, b"://")?;
    let (scheme, rest) = (&text[..scheme_end], &text[scheme_end + 3..]);
    let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || b"+.-".contains(byte);
    if scheme.is_empty() || !scheme.iter().all(is_scheme) {
        return None;
    }
    let mut parts = Vec::new();
    parts.extend(userinfo(rest).map(|token| (decoded(token), Note::Userinfo)));
    parts.extend(arguments(rest).map(|token| (decoded(token), Note::Address)));
    parts.extend(telegram(rest).map(|token| (decoded(token), Note::Address)));
    parts.extend(webhook(rest).map(|token| (decoded(token), Note::Address)));
    Some(if parts.is_empty() { Peeled::Address } else { Peeled::Parts(parts) })
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

/// Of the query and of the fragment (OAuth's implicit flow) what is named like a credential.
fn arguments(rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    let start = rest.iter().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(rest.len());
    rest[start..].split(|byte| matches!(byte, b'?' | b'&' | b'#' | b';')).filter_map(|pair| {
        let equals = pair.iter().position(|&byte| byte == b'=')?;
        let (name, value) = (&pair[..equals], &pair[equals + 1..]);
        let lower = String::from_utf8_lossy(name).to_ascii_lowercase();
        let secret = names::is_credential(name) || lower == "code" && value.len() >= 16;
        let secret = secret || names::is_credential_value(value);
        (secret && !PRESIGNED.contains(&lower.as_str())).then_some(value)
    })
}

/// Telegram's API has the token in the path: `/bot<id>:<token>/method`.
fn telegram(rest: &[u8]) -> Option<&[u8]> {
    let mut parts = rest.split(|byte| matches!(byte, b'/' | b'?' | b'#'));
    let part = parts.find(|part| part.starts_with(b"bot") && part.contains(&b':'))?;
    part.strip_prefix(b"bot")
}

/// Incoming webhooks have it at the end of the path: hooks.slack.com, discord.com.
fn webhook(rest: &[u8]) -> Option<&[u8]> {
    const HOSTS: [&[u8]; 4] = [
        b"hooks.slack.com/",
        b"discord.com/api/webhooks/",
        b"discordapp.com/api/webhooks/",
        b"outlook.office.com/webhook/",
    ];
    HOSTS.iter().find(|host| rest.starts_with(host))?;
    let path = rest.split(|byte| matches!(byte, b'?' | b'#')).next()?;
    path.rsplit(|byte| *byte == b'/').find(|part| part.len() >= 16)
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    decode_in_place(&mut text, false);
    text
}
