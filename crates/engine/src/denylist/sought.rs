//! What is looked for, and the fast hash at which nearly every look-up ends.
//!
//! A store keeps digests only, but when a token is banned its bytes are at hand. So its filter is
//! made of a hash that costs a tenth of a digest, under a random key of the store: nobody can make
//! clean values that meet banned ones in it. A digest is computed only of what passes the filter.

use tokenban_parse::base64::encode_url;
use twox_hash::XxHash3_64;

use super::issuer;

/// What an entry is looked for by, as far as the fast hash goes.
#[derive(Clone, Copy)]
pub enum Sought<'a> {
    /// A JWT by a claim: its name, its issuer if one is meant, its value; as in
    /// [`Key::claim`](super::Key::claim).
    Claim(&'a str, Option<&'a [u8]>, &'a [u8]),
    /// A JWT: header and payload in base64url as a correct encoder writes it, without padding.
    Jwt(&'a [u8], &'a [u8]),
    /// A token, byte for byte.
    Token(&'a [u8]),
}

/// The random key of the fast hash of one store.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HashKey(u64);

/// Keeps JWTs apart from tokens, and claims from both.
const JWT: u64 = 0x6a77_7400_0000_0001;
const CLAIM: u64 = 0x636c_6169_6d00_0002;

impl HashKey {
    /// The size of [`HashKey::to_bytes`].
    pub const SIZE: usize = 8;

    /// A key as the store keeps it; a new one is of random bytes.
    pub fn from_bytes(bytes: [u8; HashKey::SIZE]) -> HashKey {
        HashKey(u64::from_le_bytes(bytes))
    }

    /// The bytes that the store keeps.
    pub fn to_bytes(self) -> [u8; HashKey::SIZE] {
        self.0.to_le_bytes()
    }

    /// The hash of what is looked for: XXH3 of 64 bits; of several parts, the hash of each is the
    /// seed of the next one.
    pub fn hash(self, sought: &Sought<'_>) -> u64 {
        match sought {
            Sought::Token(token) => XxHash3_64::oneshot_with_seed(self.0, token),
            Sought::Jwt(header, payload) => chain(self.0 ^ JWT, &[header, payload]),
            Sought::Claim(name, of, value) => {
                let hash = chain(self.0 ^ CLAIM, &[name.as_bytes(), value]);
                of.map_or(hash, |of| chain(hash, &[issuer(of)]))
            }
        }
    }

    /// The hash of a JWT of which header and payload are decoded.
    pub fn hash_jwt(self, header: &[u8], payload: &[u8], buffer: &mut Vec<u8>) -> u64 {
        buffer.clear();
        encode_url(header, buffer);
        let end = buffer.len();
        encode_url(payload, buffer);
        let (header, payload) = buffer.split_at(end);
        self.hash(&Sought::Jwt(header, payload))
    }
}

fn chain(seed: u64, parts: &[&[u8]]) -> u64 {
    parts.iter().fold(seed, |seed, part| XxHash3_64::oneshot_with_seed(seed, part))
}

/// Header and payload of a value in which there is one JWT and nothing that reads otherwise, in the
/// one spelling that a correct encoder gives: what nearly every JWT is. It needs no decoding to be
/// hashed. `None` says only that one has to look closer.
pub(super) fn plain_jwt(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let first = memchr::memchr(b'.', value)?;
    let (before, rest) = (&value[..first], value.get(first + 1..)?);
    let second = memchr::memchr(b'.', rest)?;
    let payload = &rest[..second];
    if !payload.starts_with(OBJECT) || memchr::memchr(b'.', &rest[second + 1..]).is_some() {
        return None;
    }
    let start = before.iter().rposition(|byte| *byte <= b' ').map_or(0, |at| at + 1);
    let (prefix, header) = before.split_at(start);
    let plain = header.starts_with(OBJECT)
        && is_canonical(header)
        && is_canonical(payload)
        && memchr::memchr(b'{', prefix).is_none();
    plain.then_some((header, payload))
}

/// `{"` in base64.
const OBJECT: &[u8] = b"eyJ";

/// Whether a text is base64url as a correct encoder writes it: nothing else, no padding, no spare
/// bits. No two such texts decode to the same bytes.
fn is_canonical(text: &[u8]) -> bool {
    let spare = match text.len() % 4 {
        0 => 0,
        2 => 15,
        3 => 3,
        _ => return false,
    };
    let last = text.last().map_or(0, |byte| sextet(*byte));
    // One pass without a branch in it, which the compiler turns into SIMD.
    last & spare == 0 && text.iter().fold(true, |all, byte| all & is_in_alphabet(*byte))
}

fn is_in_alphabet(byte: u8) -> bool {
    (byte | 0x20).wrapping_sub(b'a') < 26
        || byte.wrapping_sub(b'0') < 10
        || byte == b'-'
        || byte == b'_'
}

fn sextet(byte: u8) -> u8 {
    match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'-' => 62,
        _ => 63,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokenban_parse::jwt::Jwt;

    const KEY: HashKey = HashKey(7);

    fn texts(value: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut found = Vec::new();
        Jwt::each(value, &mut |jwt| {
            found.push((jwt.header_text().to_vec(), jwt.payload_text().to_vec()));
            let canonical = HashKey(7).hash_jwt(jwt.header(), jwt.payload(), &mut Vec::new());
            if let Some((header, payload)) = plain_jwt(value) {
                assert_eq!(KEY.hash(&Sought::Jwt(header, payload)), canonical);
            }
        });
        found
    }

    #[test]
    fn plain_ones_are_told() {
        for (value, plain) in [
            ("eyJhIjoxfQ.eyJiIjoxfQ.c2ln", true),
            ("Bearer eyJhIjoxfQ.eyJiIjoxfQ.c2ln", true),
            ("eyJhIjoxfQ.eyJiIjoxfQ.", true),
            ("eyJhIjoxfQ==.eyJiIjoxfQ.c2ln", false),
            ("eyJhIjoxfR.eyJiIjoxfQ.c2ln", false),
            ("eyJhIjoxfQ.eyJiIjo/fQ.c2ln", false),
            ("eyJhIjoxfQ.eyJiIjoxfQ.c2ln.x.y", false),
            ("x/eyJhIjoxfQ.eyJiIjoxfQ.c2ln", false),
            ("ghs_1_eyJhIjoxfQ.eyJiIjoxfQ.c2ln", false),
            ("{ eyJhIjoxfQ.eyJiIjoxfQ.c2ln", false),
            ("eyJhIjoxfQ.eyJiIjoxfQ", false),
        ] {
            assert_eq!(plain_jwt(value.as_bytes()).is_some(), plain, "{value}");
        }
    }

    proptest! {
        /// What is told to be plain is what the parser finds, and nothing else is in the value.
        #[test]
        fn a_plain_one_is_all_that_the_parser_finds(
            value in r#"(Bearer |ghs_1_|[{] |a=|a/|JWT: )?(eyJ[A-Ra-f0-9_-]{0,9}[.]?){1,4}(eyJ|[AQgw=/+ ."]|[.][a-c]{1,5}){0,3}"#,
        ) {
            if let Some((header, payload)) = plain_jwt(value.as_bytes()) {
                prop_assert_eq!(texts(value.as_bytes()), [(header.to_vec(), payload.to_vec())]);
            }
        }

        #[test]
        fn any_object_is_plain_when_it_is_encoded(header in ".{0,40}", payload in ".{0,90}") {
            let mut value = Vec::new();
            encode_url(format!("{{\"a\":{header:?}}}").as_bytes(), &mut value);
            value.push(b'.');
            encode_url(format!("{{\"b\":{payload:?}}}").as_bytes(), &mut value);
            value.extend_from_slice(b".c2ln");
            prop_assert!(plain_jwt(&value).is_some());
            prop_assert_eq!(texts(&value).len(), 1);
        }
    }

    #[test]
    fn kinds_do_not_meet() {
        let hashes = [
            KEY.hash(&Sought::Token(b"ab")),
            KEY.hash(&Sought::Jwt(b"ab", b"")),
            KEY.hash(&Sought::Jwt(b"a", b"b")),
            KEY.hash(&Sought::Claim("jti", None, b"ab")),
            KEY.hash(&Sought::Claim("sub", None, b"ab")),
            KEY.hash(&Sought::Claim("sub", Some(b""), b"ab")),
            HashKey(8).hash(&Sought::Token(b"ab")),
        ];
        for (index, hash) in hashes.iter().enumerate() {
            assert!(hashes[index + 1..].iter().all(|other| other != hash), "{index}");
        }
    }

    /// Filters are kept: the hash may not change with the crate that makes it.
    #[test]
    fn the_hash_is_that_of_xxh3() {
        let zero = HashKey(0);
        assert_eq!(zero.hash(&Sought::Token(b"")), 0x2d06_8005_38d3_94c2);
        assert_eq!(zero.hash(&Sought::Token(b"fake-token-1")), 0x277f_e980_29ef_bbd5);
        assert_eq!(KEY.hash(&Sought::Token(&[b'x'; 1000])), 0xa6b0_46c2_5730_9584);
    }
}
