//! Values of the shapes that tokens have.

use base64::{
    alphabet,
    engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD},
    engine::DecodePaddingMode,
    Engine,
};

use crate::rng::Rng;

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &[u8] = b"0123456789abcdef";

/// Distinct ones.
pub(crate) fn many(rng: &mut Rng, count: usize) -> Vec<String> {
    (0..count).map(|_| one(rng)).collect()
}

/// One of any shape.
pub(crate) fn one(rng: &mut Rng) -> String {
    match rng.below(6) {
        0 => random(rng, HEX, 40),
        1 => random(rng, LETTERS, 32),
        2 => format!("key-{}", random(rng, LETTERS, 24)),
        3 => uuid(rng),
        4 => format!("{}==", random(rng, LETTERS, 22)),
        _ => jwt(rng),
    }
}

/// Whether a token may be the base64 of a user and a password: it is banned in every spelling of that
/// (docs/rules.md), also with a letter at its end that decoders ignore.
pub(crate) fn is_pair(token: &str) -> bool {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let whole = &token[..token.len() / 4 * 4];
    let decoded = GeneralPurpose::new(&alphabet::STANDARD, config).decode(whole);
    decoded.is_ok_and(|bytes| bytes.contains(&b':'))
}

pub(crate) fn uuid(rng: &mut Rng) -> String {
    let parts: Vec<_> = [8, 4, 4, 4, 12].iter().map(|length| random(rng, HEX, *length)).collect();
    parts.join("-")
}

/// A JWT of another subject each time.
pub(crate) fn jwt(rng: &mut Rng) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let payload = format!(
        r#"{{"iss":"https://login.example.net/","sub":"user-{}","exp":1796000000}}"#,
        rng.next()
    );
    let signature = random(rng, LETTERS, 43);
    format!("{}.{}.{signature}", part(r#"{"alg":"ES256","typ":"JWT"}"#), part(&payload))
}

pub(crate) fn random(rng: &mut Rng, alphabet: &[u8], length: usize) -> String {
    (0..length).map(|_| char::from(rng.pick(alphabet))).collect()
}
