//! Which claims and header parameters of a JWT an entry may name, and where each of them stands.

/// A claim, or a header parameter, by which JWTs are banned.
struct Word {
    name: &'static str,
    /// Whether its value may be shown: it names a key, a client or a tenant, not a person or a session.
    shown: bool,
    places: &'static [Place<'static>],
}

/// Where a value stands in a JWT. A path is a name, or names joined by dots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// In the header.
    Header(&'a str),
    /// A key in the header: its thumbprint counts.
    HeaderKey(&'a str),
    /// In the payload.
    Payload(&'a str),
    /// A key in the payload.
    PayloadKey(&'a str),
}

use Place::{Header, HeaderKey, Payload, PayloadKey};

/// The claims that have a word of their own, in alphabetical order.
const WORDS: [Word; 9] = [
    // OpenID Connect Core, section 2; RFC 9068, section 2.2; Okta; Microsoft Entra ID, version 1.
    Word {
        name: "azp",
        shown: true,
        places: &[Payload("azp"), Payload("client_id"), Payload("cid"), Payload("appid")],
    },
    Word { name: "iss", shown: true, places: &[Payload("iss")] },
    // RFC 9449, section 6.1: the key in an access token, its proof (the header DPoP), RFC 7800.
    Word {
        name: "jkt",
        shown: true,
        places: &[Payload("cnf.jkt"), HeaderKey("jwk"), PayloadKey("cnf.jwk")],
    },
    Word { name: "jti", shown: false, places: &[Payload("jti")] },
    Word { name: "kid", shown: true, places: &[Header("kid")] },
    Word { name: "sid", shown: false, places: &[Payload("sid")] },
    Word { name: "sub", shown: false, places: &[Payload("sub")] },
    // Microsoft Entra ID, Auth0, and what others call it.
    Word {
        name: "tenant",
        shown: true,
        places: &[
            Payload("tid"),
            Payload("org_id"),
            Payload("tenant"),
            Payload("tenant_id"),
            Payload("tenantId"),
        ],
    },
    // RFC 8705, section 3.1.
    Word { name: "x5t#S256", shown: true, places: &[Payload("cnf.x5t#S256")] },
];

/// Before the path of a header parameter.
const HEADER: &str = "header:";

/// The longest name, in bytes, and the most dots in it.
const LONGEST: usize = 200;
const DEEPEST: usize = 8;

/// What is wrong with the name of a claim, if something is. It is a word (`sub`, `kid` …), a path in the
/// payload (`realm_access.roles`) or, after `header:`, a path in the header.
pub fn check_claim(name: &str) -> Result<(), &'static str> {
    let path = name.strip_prefix(HEADER).unwrap_or(name);
    if path.is_empty() || path.split('.').any(str::is_empty) {
        return Err("a claim is a name, or names joined by dots");
    }
    if name.len() > LONGEST || path.matches('.').count() > DEEPEST {
        return Err("the name of a claim has at most 200 bytes and 8 dots");
    }
    match name.contains(char::is_control) {
        true => Err("the name of a claim has no control characters"),
        false => Ok(()),
    }
}

/// Whether the values of a claim may be shown to people who look at a store.
pub fn is_claim_shown(name: &str) -> bool {
    word(name).is_some_and(|word| word.shown)
}

/// The claims that have a word of their own.
pub fn claim_words() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|word| word.name)
}

/// An issuer as it is compared: some write their address with a slash at the end.
pub fn issuer(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| *byte != b'/').map_or(0, |at| at + 1);
    text.get(..end).unwrap_or(text)
}

/// Hands over where a claim stands.
pub(super) fn places(name: &str, each: &mut dyn FnMut(Place<'_>)) {
    match (word(name), name.strip_prefix(HEADER)) {
        (Some(word), _) => word.places.iter().for_each(|place| each(*place)),
        (None, Some(path)) => each(Header(path)),
        (None, None) => each(Payload(name)),
    }
}

fn word(name: &str) -> Option<&'static Word> {
    WORDS.iter().find(|word| word.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["sub", "header:x5t", "realm_access.roles", "https://example.com/tenant"] {
            assert_eq!(check_claim(name), Ok(()), "{name}");
        }
        for name in ["", ".", "a..b", "header:", "a.", "a\nb", &"x".repeat(201), &"a.".repeat(9)] {
            assert!(check_claim(name).is_err(), "{name}");
        }
        assert!(claim_words().is_sorted());
        assert!(is_claim_shown("kid") && !is_claim_shown("sub") && !is_claim_shown("roles"));
    }

    #[test]
    fn issuers_without_their_slash() {
        assert_eq!(issuer(b"https://id.example/"), b"https://id.example");
        assert_eq!(issuer(b"https://id.example/a//"), b"https://id.example/a");
        assert_eq!((issuer(b"idp"), issuer(b"/"), issuer(b"")), (&b"idp"[..], &b""[..], &b""[..]));
    }
}
