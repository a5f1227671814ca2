//! Base64 (RFC 4648 sections 4 and 5, RFC 2045 section 6.8) as lenient decoders read it.
//!
//! Node, Python and PHP skip what is not in the alphabet, need no padding and ignore spare bits,
//! but differ in two things: whether `-` and `_` count (Node, `urlsafe_b64decode`: yes; PHP,
//! `b64decode`: no, skipped), and whether the first `=` ends the text (PHP goes on).

use memchr::{memchr, memchr2};

/// Emits every reading of `value` that decodes to something.
pub fn base64(value: &[u8], buffer: &mut Vec<u8>, emit: &mut dyn FnMut(&[u8])) {
    let url = memchr2(b'-', b'_', value).is_some();
    let inner_padding = memchr(b'=', value)
        .is_some_and(|at| value[at..].iter().any(|byte| SEXTETS[usize::from(*byte)] < INVALID));
    for (mixed, through) in [(true, false), (true, true), (false, false), (false, true)] {
        if (!mixed && !url) || (through && !inner_padding) {
            continue;
        }
        buffer.clear();
        let text = if through { value } else { until_padding(value) };
        decode(text, mixed, buffer);
        if !buffer.is_empty() {
            emit(buffer);
        }
    }
}

/// Whether a text is nothing but base64, in either alphabet, perhaps padded.
pub fn is_whole(text: &[u8]) -> bool {
    let end = text.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1);
    let is_whole = |piece: &[u8]| piece.iter().fold(true, |all, byte| all & is_in_alphabet(*byte));
    text[..end].chunks(64).all(is_whole)
}

/// Without a branch, so that a pass over many of them becomes SIMD.
fn is_in_alphabet(byte: u8) -> bool {
    ((byte | 0x20).wrapping_sub(b'a') < 26)
        | (byte.wrapping_sub(b'0') < 10)
        | (byte == b'-')
        | (byte == b'_')
        | (byte == b'+')
        | (byte == b'/')
}

/// Appends the decoded bytes of `text` to `out`. With `mixed` both alphabets count, else only the
/// standard one; whatever is in no alphabet is skipped, as are the spare bits at the end.
pub fn decode(text: &[u8], mixed: bool, out: &mut Vec<u8>) {
    out.reserve(text.len() / 4 * 3 + 3);
    let sextets = if mixed { &SEXTETS } else { &STANDARD };
    let mut rest = text;
    while !rest.is_empty() {
        rest = whole_groups(rest, sextets, out);
        rest = one_group(rest, sextets, out);
    }
}

/// How many groups of four are decoded before anything is looked at twice.
const GROUPS: usize = 16;

/// Decodes groups of four until one has something else in it; gives what is left.
fn whole_groups<'t>(text: &'t [u8], sextets: &[u8; 256], out: &mut Vec<u8>) -> &'t [u8] {
    let mut rest = text;
    loop {
        let mut decoded = [0; 3 * GROUPS];
        let (mut groups, mut whole) = (0, true);
        for (group, to) in rest.chunks_exact(4).zip(decoded.chunks_exact_mut(3)) {
            whole = group_of(group, sextets, to);
            if !whole {
                break;
            }
            groups += 1;
        }
        out.extend_from_slice(&decoded[..3 * groups]);
        rest = &rest[4 * groups..];
        if !whole || groups < GROUPS {
            return rest;
        }
    }
}

/// Decodes four sextets to three bytes; whether all four are some.
fn group_of(group: &[u8], sextets: &[u8; 256], to: &mut [u8]) -> bool {
    let (&[a, b, c, d], [first, second, third]) = (group, to) else { return false };
    let sextet = |byte: u8| sextets[usize::from(byte)];
    let (a, b, c, d) = (sextet(a), sextet(b), sextet(c), sextet(d));
    (*first, *second, *third) = (a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d);
    (a | b | c | d) & INVALID == 0
}

/// Decodes what may be a group with something else in it, or the last one.
fn one_group<'t>(text: &'t [u8], sextets: &[u8; 256], out: &mut Vec<u8>) -> &'t [u8] {
    let (mut bits, mut count) = (0u32, 0);
    for (at, &byte) in text.iter().enumerate() {
        let sextet = sextets[usize::from(byte)];
        if sextet == INVALID {
            continue;
        }
        bits = bits << 6 | u32::from(sextet);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
        if count == 0 {
            return &text[at + 1..];
        }
    }
    &[]
}

/// Appends `bytes` in the standard alphabet, padded: what every client sends.
pub fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let sextet = (bits >> (18 - 6 * at)) as usize & 63;
            out.push(if at <= chunk.len() { ALPHABET[sextet] } else { b'=' });
        }
    }
}

/// Appends `bytes` in the alphabet for URLs (RFC 4648 section 5), not padded: as JWTs are written.
pub fn encode_url(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    encode(bytes, out);
    out.truncate(out.len() - [0, 2, 1][bytes.len() % 3]);
    for byte in &mut out[start..] {
        *byte = match *byte {
            b'+' => b'-',
            b'/' => b'_',
            byte => byte,
        };
    }
}

/// The decoded bytes of `text`, one by one, for a look at its start.
pub fn bytes(text: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let (mut bits, mut count) = (0u32, 0);
    text.iter()
        .map(|byte| SEXTETS[usize::from(*byte)])
        .filter(|found| *found != INVALID)
        .filter_map(move |sextet| {
            bits = bits << 6 | u32::from(sextet);
            count += 6;
            if count < 8 {
                return None;
            }
            count -= 8;
            Some((bits >> count) as u8)
        })
}

/// The text before its padding.
pub fn until_padding(text: &[u8]) -> &[u8] {
    // Padding in front of everything ends nothing: Python and Node go on.
    let start = text.iter().position(|byte| *byte != b'=').unwrap_or(0);
    let end = memchr(b'=', &text[start..]).map_or(text.len(), |at| start + at);
    &text[start..end]
}

const INVALID: u8 = 64;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const SEXTETS: [u8; 256] = {
    let mut table = [INVALID; 256];
    let mut at = 0;
    while at < ALPHABET.len() {
        table[ALPHABET[at] as usize] = at as u8;
        at += 1;
    }
    table[b'-' as usize] = 62;
    table[b'_' as usize] = 63;
    table
};

/// Without what only the alphabet for URLs has.
const STANDARD: [u8; 256] = {
    let mut table = SEXTETS;
    table[b'-' as usize] = INVALID;
    table[b'_' as usize] = INVALID;
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn readings(value: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        base64(value, &mut Vec::new(), &mut |reading| found.push(reading.to_vec()));
        found
    }

    #[test]
    fn readings_hold_what_applications_see() {
        let cases: &[(&str, &[u8])] = &[
            ("VG9rZW4=", b"Token"),
            ("VG9rZW4", b"Token"),
            // Spare bits, wrapped lines, white space and junk.
            ("VG9rZW5=", b"Token"),
            ("VG9r\r\n ZW4=", b"Token"),
            ("VG9r*ZW4=", b"Token"),
            ("=VG9rZW4=", b"Token"),
            // Both alphabets, also in one value.
            ("-_-_", b"\xfb\xff\xbf"),
            ("+/+/", b"\xfb\xff\xbf"),
            ("-/+_", b"\xfb\xff\xbf"),
            // PHP and b64decode skip `-` and `_`.
            ("VG-9rZ_W4=", b"Token"),
            // PHP decodes on after padding.
            ("VG9=rZW4", b"Token"),
        ];
        for (value, seen) in cases {
            let found = readings(value.as_bytes());
            assert!(found.iter().any(|reading| reading == seen), "{value}: {found:?}");
        }
    }

    #[test]
    fn what_holds_no_byte_emits_nothing() {
        for value in ["", "A", "=", "====", "***"] {
            assert!(readings(value.as_bytes()).is_empty(), "{value}");
        }
    }

    proptest! {
        #[test]
        fn groups_decode_as_bytes_do(text in "[A-Za-z0-9+/=_ -]{0,40}") {
            let mut decoded = Vec::new();
            decode(text.as_bytes(), true, &mut decoded);
            prop_assert_eq!(decoded, bytes(text.as_bytes()).collect::<Vec<_>>());
        }

        #[test]
        fn encoded_bytes_come_back(value in proptest::collection::vec(any::<u8>(), 1..80)) {
            let mut text = Vec::new();
            encode(&value, &mut text);
            prop_assert!(text.len() % 4 == 0);
            prop_assert!(readings(&text).contains(&value));
        }

        #[test]
        fn never_panics_and_never_grows(value in proptest::collection::vec(any::<u8>(), 0..80)) {
            for reading in readings(&value) {
                prop_assert!(reading.len() <= value.len());
            }
        }
    }
}
