//! Tokens that carry a checksum: a damaged one was mistyped or cut, and denies nothing.
//!
//! GitHub (classic, «Behind GitHub's new authentication token formats») and npm: 30 characters and
//! their CRC32 as six digits in base 62. GitLab's routable tokens: everything but the last seven
//! characters, and its CRC32 as seven digits in base 36.

const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Whether the checksum is wrong; false for a token that carries none.
pub(crate) fn is_damaged(token: &[u8]) -> bool {
    github(token).or_else(|| gitlab(token)).is_some_and(|holds| !holds)
}

fn github(token: &[u8]) -> Option<bool> {
    const PREFIXES: [&[u8]; 6] = [b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"npm_"];
    let (prefix, rest) = token.split_at_checked(4)?;
    if !PREFIXES.contains(&prefix) || rest.len() != 36 {
        return None;
    }
    let (random, checksum) = rest.split_at(30);
    rest.iter().all(u8::is_ascii_alphanumeric).then(|| digits::<6>(random, BASE62) == checksum)
}

/// `glpat-<payload>.01.<two digits of its length><seven of the checksum>`.
fn gitlab(token: &[u8]) -> Option<bool> {
    let base36 = &BASE62[..36];
    if !token.starts_with(b"gl") {
        return None;
    }
    let mut parts = token.rsplit(|&byte| byte == b'.');
    let (last, version) = (parts.next()?, parts.next()?);
    if last.len() != 9 || version.len() != 2 || parts.next().is_none_or(|rest| rest.contains(&b'.'))
    {
        return None;
    }
    let (text, checksum) = token.split_at(token.len() - 7);
    Some(digits::<7>(text, base36).eq_ignore_ascii_case(checksum))
}

/// The checksum of 30 characters, as tokens of GitHub and npm end with it.
pub(crate) fn base62(text: &[u8]) -> String {
    digits::<6>(text, BASE62).into_iter().map(char::from).collect()
}

/// The CRC32 of a text in the base of an alphabet, with leading zeros.
fn digits<const N: usize>(text: &[u8], alphabet: &[u8]) -> [u8; N] {
    let mut rest = crc32fast::hash(text) as usize;
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit = alphabet[rest % alphabet.len()];
        rest /= alphabet.len();
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_dummy_holds() {
        let token = concat!("npm", "_qkJaB6MffYVzZXWqmcoF49yrUxP3wf", "0LsakP");
        assert_eq!(github(token.as_bytes()), Some(true));
        assert!(!is_damaged(token.as_bytes()));
    }

    #[test]
    fn one_wrong_character_shows() {
        let token = concat!("npm", "_qkJaB6MffYVzZXWqmcoF49yrUxP3wg", "0LsakP");
        assert!(is_damaged(token.as_bytes()));
    }

    #[test]
    fn routable_tokens_of_gitlab() {
        let text = concat!("glpat", "-", "bzoxCnU6MQpjOjEKc29tZXRoaW5nLXJhbmRvbQ", ".01.12");
        let checksum = digits::<7>(text.as_bytes(), &BASE62[..36]).to_ascii_lowercase();
        let token = [text.as_bytes(), &checksum].concat();
        assert_eq!(gitlab(&token), Some(true));
        assert!(is_damaged(&[b"glpat-c", &token[7..]].concat()));
    }

    #[test]
    fn others_carry_none() {
        for token in ["ghp_short", "glpat-aaaaaaaaaaaaaaaaaaaa", "xoxb-1.2.3", ""] {
            assert!(!is_damaged(token.as_bytes()), "{token}");
        }
    }
}
