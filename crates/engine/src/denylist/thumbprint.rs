//! JWK thumbprints (RFC 7638; RFC 8037, section 2, for OKP): SHA-256 of the members that a key is
//! made of, in base64url.

use sha2::{Digest, Sha256};
use tokenban_parse::{
    base64,
    json::{self, Json},
};

/// The members that count of each type of key, in their order.
const TYPES: [(&[u8], &[&str]); 5] = [
    (b"AKP", &["alg", "kty", "pub"]),
    (b"EC", &["crv", "kty", "x", "y"]),
    (b"OKP", &["crv", "kty", "x"]),
    (b"RSA", &["e", "kty", "n"]),
    (b"oct", &["k", "kty"]),
];

/// The members that hold bytes in base64url, which can be spelled in several ways.
const BYTES: [&str; 6] = ["e", "k", "n", "pub", "x", "y"];

/// Which of several members of a name a reader takes.
#[derive(Clone, Copy)]
enum Taken {
    First,
    Last,
}

/// Hands over every thumbprint that a reader of this JWK may compute: the members as they are
/// written and in canonical base64url, and of repeated ones the first or the last.
pub(super) fn each(jwk: &[u8], emit: &mut dyn FnMut(&[u8])) {
    let mut seen: Vec<Vec<u8>> = Vec::new();
    for taken in [Taken::First, Taken::Last] {
        for canonical in [false, true] {
            let Some(text) = text(jwk, taken, canonical) else { continue };
            if !seen.contains(&text) {
                emit(&url(&Sha256::digest(&text)));
                seen.push(text);
            }
        }
    }
}

/// What is hashed; `None` where it is no key.
fn text(jwk: &[u8], taken: Taken, canonical: bool) -> Option<Vec<u8>> {
    let kind = member(jwk, "kty", taken)?;
    let (_, names) = TYPES.iter().find(|(name, _)| *name == kind)?;
    let mut text = vec![b'{'];
    for name in *names {
        let mut value = member(jwk, name, taken)?;
        if value.iter().any(|byte| *byte < b' ' || b"\"\\".contains(byte)) {
            return None; // not of a key
        }
        if canonical && BYTES.contains(name) {
            let mut bytes = Vec::new();
            base64::decode(&value, true, &mut bytes);
            value = url(&bytes);
        }
        let separator = if text.len() > 1 { "," } else { "" };
        text.extend_from_slice(format!("{separator}\"{name}\":\"").as_bytes());
        text.extend_from_slice(&value);
        text.push(b'"');
    }
    text.push(b'}');
    Some(text)
}

fn member(jwk: &[u8], wanted: &str, taken: Taken) -> Option<Vec<u8>> {
    let (mut name, mut value, mut found) = (Vec::new(), Vec::new(), None);
    json::object(jwk, &mut name, &mut |name, member: Json<'_>| {
        let is_wanted = name == wanted.as_bytes() && member.kind == json::Kind::String;
        if is_wanted && (matches!(taken, Taken::Last) || found.is_none()) {
            found = Some(member.value(&mut value).to_owned());
        }
    });
    found
}

/// Base64url without padding.
fn url(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    base64::encode(bytes, &mut text);
    text.retain(|byte| *byte != b'=');
    for byte in &mut text {
        *byte = match *byte {
            b'+' => b'-',
            b'/' => b'_',
            other => other,
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thumbprints(jwk: &str) -> Vec<String> {
        let mut all = Vec::new();
        each(jwk.as_bytes(), &mut |text| all.push(String::from_utf8(text.to_vec()).unwrap()));
        all
    }

    /// RFC 7638, section 3.1.
    const RSA: &str = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;

    #[test]
    fn the_vector_of_rfc_7638() {
        assert_eq!(thumbprints(RSA), ["NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"]);
    }

    /// RFC 8037, appendix A.3, and RFC 9449, sections 4.1 and 6.1.
    #[test]
    fn the_vectors_of_rfc_8037_and_rfc_9449() {
        let okp =
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        assert_eq!(thumbprints(okp), ["kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"]);
        let ec = r#"{"kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","crv":"P-256"}"#;
        assert_eq!(thumbprints(ec), ["0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"]);
    }

    #[test]
    fn other_spellings_of_a_key_lead_to_it() {
        let known = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I".to_owned();
        for jwk in [
            r#"{"kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs=","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","crv":"P-256"}"#,
            r#"{"x":"another","kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","crv":"P-256"}"#,
            r#"{"kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","x":"another","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","crv":"P-256"}"#,
        ] {
            assert!(thumbprints(jwk).contains(&known), "{jwk}");
        }
        for jwk in ["", "{}", "[]", r#"{"kty":"EC"}"#, r#"{"kty":"RSA","e":"a\"b","n":"x"}"#] {
            assert_eq!(thumbprints(jwk), [""; 0], "{jwk}");
        }
    }
}
