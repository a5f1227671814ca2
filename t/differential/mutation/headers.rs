//! A header of its own, Authorization with a bearer token, and Basic.

use super::{
    row, Mutation,
    Place::{BasicPassword, BasicUser, Bearer, Cookie, Header},
    Stage::{Head, Text},
};
use crate::{
    draft::{base64, basic, escape_where, Draft},
    place::Place,
};

const BASIC: &[Place] = &[BasicPassword, BasicUser];
const SCHEME: &[Place] = &[BasicPassword, BasicUser, Bearer];
const ALL: &[Place] = &[BasicPassword, BasicUser, Bearer, Header];
const LINES: &[Place] = &[BasicPassword, BasicUser, Bearer, Cookie, Header];

pub(super) const TABLE: &[Mutation] = &[
    row("scheme: another case", SCHEME, Text, |draft, rng| {
        let end = scheme_end(draft);
        for byte in &mut draft.text[..end] {
            if byte.is_ascii_alphabetic() && rng.below(2) == 0 {
                *byte ^= 0x20;
            }
        }
    }),
    row("scheme: other white space after it", SCHEME, Text, |draft, rng| {
        let gap: &[u8] = rng.pick(&[b"  ", b"\t", b" \t ", b"   "]);
        let end = scheme_end(draft);
        draft.text.splice(end..=end, gap.iter().copied());
    }),
    row("scheme: another", &[Bearer], Text, |draft, rng| {
        let scheme =
            rng.pick(&["token", "Token", "JWT", "ApiKey", "Bearer:", "Negotiate", "x-key"]);
        draft.text = [scheme.as_bytes(), b" ", &draft.token].concat();
    }),
    row("credentials: something after it", &[Bearer], Text, |draft, rng| {
        let end = rng.pick(&[",", ", x=1", ", Bearer clean", " x", "\tx", "  ", ";x"]);
        draft.text.extend_from_slice(end.as_bytes());
    }),
    row("credentials: quoted", &[Bearer], Text, |draft, _| {
        draft.text = [b"Bearer \"", &draft.token[..], b"\""].concat();
    }),
    row("credentials: a comma before it", &[Bearer], Text, |draft, rng| {
        let start = rng.pick(&["Bearer clean, Bearer ", "Bearer ,", "Bearer , "]);
        draft.text = [start.as_bytes(), &draft.token[..]].concat();
    }),
    row("value: a list", &[Header], Text, |draft, rng| {
        let (before, after) =
            rng.pick(&[("", ", clean"), ("clean, ", ""), ("clean,", ",clean"), (" ,", ",")]);
        draft.text = [before.as_bytes(), &draft.token[..], after.as_bytes()].concat();
    }),
    row("value: white space around it", ALL, Text, |draft, rng| {
        let (before, after) = rng.pick(&[(" ", " "), ("\t", "\t"), ("", "\t "), ("   ", "")]);
        draft.text = [before.as_bytes(), &draft.text, after.as_bytes()].concat();
    }),
    row("value: a byte past ASCII after it", &[Header], Text, |draft, rng| {
        draft.text.push(rng.pick(&[0x80, 0xa0, 0xff]));
    }),
    row("twice: another line", &[Header], Head, |draft, rng| {
        let lines = if rng.below(2) == 0 { &mut draft.before } else { &mut draft.lines };
        lines.push(b"X-Api-Key: clean".to_vec());
    }),
    row("name: another case", ALL, Head, |draft, rng| {
        for byte in &mut draft.header {
            if byte.is_ascii_alphabetic() && rng.below(2) == 0 {
                *byte ^= 0x20;
            }
        }
    }),
    row("name: underscores", &[Header], Head, |draft, rng| {
        draft.header = rng.pick(&["X_Api_Key", "x_api-key", "X-API_KEY"]).into();
    }),
    row("name: white space or junk", ALL, Head, |draft, rng| {
        let (before, after) =
            rng.pick(&[("", " "), ("", "\t"), (" ", ""), ("", "\x01"), ("", ".")]);
        draft.header = [before.as_bytes(), &draft.header, after.as_bytes()].concat();
    }),
    row("lines: many before it", LINES, Head, |draft, _| {
        for number in 0..60 {
            draft.before.push(format!("X-Line-{number}: {number}").into_bytes());
        }
    }),
    row("lines: a long one before it", LINES, Head, |draft, _| {
        draft.before.push(format!("X-{}: {}", "Long-".repeat(20), "v".repeat(3000)).into_bytes());
    }),
    row("lines: folded", ALL, Text, |draft, _| {
        draft.text = [b"\r\n ", &draft.text[..]].concat();
    }),
    row("method", ALL, Head, |draft, rng| {
        draft.method = rng.pick(&["OPTIONS", "DELETE", "PUT", "POST", "PATCH"]).into();
        draft.lines.push(b"Content-Length: 0".to_vec());
    }),
    row("base64: without padding", BASIC, Text, |draft, _| {
        draft.text.retain(|byte| *byte != b'=');
    }),
    row("base64: more padding", BASIC, Text, |draft, rng| {
        draft.text.extend_from_slice(rng.pick(&["=", "==", "===="]).as_bytes());
    }),
    row("base64: the URL alphabet", BASIC, Text, |draft, _| {
        // Bytes that need the letters in which the alphabets differ.
        let pair = around(draft, b"\xfb\xff\xfe");
        draft.text = basic(&pair);
        for byte in &mut draft.text {
            match *byte {
                b'+' => *byte = b'-',
                b'/' => *byte = b'_',
                _ => {}
            }
        }
    }),
    row("base64: junk inside", BASIC, Text, |draft, rng| {
        let junk: &[u8] = rng.pick(&[b" ", b"\t", b"!", b".", b"\x80", b"%", b"*", b"-", b"\""]);
        let at = 6 + rng.below(draft.text.len() - 6);
        draft.text.splice(at..at, junk.iter().copied());
    }),
    row("base64: junk at an end", BASIC, Text, |draft, rng| {
        let (before, after) =
            rng.pick(&[("", ", x=1"), ("\"", "\""), ("", ":"), ("", " x"), (",", "")]);
        let coded = draft.text[6..].to_vec();
        draft.text = [b"Basic ", before.as_bytes(), &coded, after.as_bytes()].concat();
    }),
    row("base64: spare bits set", BASIC, Text, |draft, _| {
        let Some(last) = draft.text.iter().rposition(|byte| *byte != b'=') else { return };
        if last + 1 < draft.text.len() && draft.text[last].is_ascii_uppercase() {
            draft.text[last] += 1;
        }
    }),
    row("base64: padding in the middle", BASIC, Text, |draft, _| {
        // The first group alone, padded, then the rest: decoders that go on after padding join them.
        let pair = plain(draft);
        let (first, rest) = pair.split_at(1);
        draft.text = [b"Basic ", &base64(first)[..], &base64(rest)].concat();
    }),
    row("pair: colons", BASIC, Text, |draft, rng| {
        let pair = match (draft.place, rng.below(2)) {
            (BasicUser, 0) => [&draft.token[..], b"::x"].concat(),
            (BasicUser, _) => [&draft.token[..], b":a:b"].concat(),
            (_, _) => [b":", &draft.token[..]].concat(),
        };
        draft.text = basic(&pair);
    }),
    row("pair: without a colon", &[BasicUser], Text, |draft, _| {
        draft.text = basic(&draft.token);
    }),
    row("pair: bytes past ASCII", BASIC, Text, |draft, rng| {
        let other: &[u8] = rng.pick(&[b"\xe9", b"\xc3\xa9", b"\xff\xfe", b"\0"]);
        let pair = around(draft, other);
        draft.text = basic(&pair);
    }),
    row("pair: percent-encoded", BASIC, Text, |draft, _| {
        let pair = escape_where(&plain(draft), |byte| byte != b':');
        draft.text = basic(&pair);
    }),
    row("pair: white space around it", BASIC, Text, |draft, rng| {
        let gap: &[u8] = rng.pick(&[b" ", b"\n", b"\t"]);
        let pair = [gap, &plain(draft)[..], gap].concat();
        draft.text = basic(&pair);
    }),
];

fn scheme_end(draft: &Draft) -> usize {
    draft.text.iter().position(|byte| *byte == b' ').unwrap_or(0)
}

/// The user and password.
fn plain(draft: &Draft) -> Vec<u8> {
    around(draft, b"x")
}

/// The user and password, with something else on the token's other side.
fn around(draft: &Draft, other: &[u8]) -> Vec<u8> {
    match draft.place {
        BasicUser => [&draft.token[..], b":", other].concat(),
        _ => [other, b":", &draft.token[..]].concat(),
    }
}
