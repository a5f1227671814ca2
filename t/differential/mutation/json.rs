//! JSON documents.

use super::{
    row, Mutation,
    Place::{Json, JsonDeep},
    Stage::{Charset, Parts, Text},
};
use crate::{
    charset::{utf7, UNICODE},
    draft::quoted,
    place::Place,
    rng::Rng,
};

const HERE: &[Place] = &[Json, JsonDeep];

pub(super) const TABLE: &[Mutation] = &[
    row("value: escapes", HERE, Parts, |draft, rng| {
        draft.pair().value = some_escapes(&draft.token.clone(), rng);
    }),
    row("key: escapes", HERE, Parts, |draft, rng| {
        let name = draft.place.name();
        draft.pair().name = some_escapes(name.as_bytes(), rng);
    }),
    row("value: solidus escaped", HERE, Parts, |draft, _| {
        let text = String::from_utf8_lossy(&draft.token).replace('/', "\\/");
        draft.pair().value = quoted(text.as_bytes());
    }),
    row("twice: another value before", HERE, Parts, |draft, _| {
        let name = draft.pair().name.clone();
        draft.pair_before(&name, b"\"clean\"");
    }),
    row("twice: another value after", HERE, Parts, |draft, _| {
        let name = draft.pair().name.clone();
        draft.pair_after(&name, b"\"clean\"");
    }),
    row("others around it", HERE, Parts, |draft, rng| {
        let value = rng.pick(&[
            "1",
            "null",
            "{\"x\":[1,2,{}]}",
            "\"\\\"}\"",
            "-1.5e9",
            "\"\\u0000\"",
            "true",
        ]);
        draft.pair_before(b"\"a\"", value.as_bytes());
        draft.pair_after(b"\"b\"", value.as_bytes());
    }),
    row("many others before it", HERE, Parts, |draft, _| {
        for number in 0..2000 {
            draft.pair_before(format!("\"a{number}\"").as_bytes(), b"[1,\"x\"]");
        }
    }),
    row("a long string before it", HERE, Parts, |draft, rng| {
        let length = rng.pick(&[9_000, 40_000, 300_000]);
        draft.pair_before(b"\"a\"", &quoted("x".repeat(length).as_bytes()));
    }),
    row("something deep before it", HERE, Parts, |draft, rng| {
        let depth = rng.pick(&[30, 120, 400]);
        draft.pair_before(
            b"\"a\"",
            format!("{}{}", "[".repeat(depth), "]".repeat(depth)).as_bytes(),
        );
    }),
    row("NaN before it", HERE, Parts, |draft, rng| {
        draft.pair_before(
            b"\"a\"",
            rng.pick(&[&b"NaN"[..], b"Infinity", b"-Infinity", b"0x1f", b"01", b"1."]),
        );
    }),
    row("odd strings before it", HERE, Parts, |draft, rng| {
        let odd: &[u8] = rng.pick(&[
            b"\"\\ud800\"",
            b"\"\xff\"",
            b"\"\t\"",
            b"\"\x7f\"",
            b"\"\xed\xa0\x80\"",
            b"\"\\x\"",
        ]);
        draft.pair_before(b"\"a\"", odd);
    }),
    row("key: NUL, twice", HERE, Parts, |draft, _| {
        draft.pair_before(b"\"\\u0000access_token\"", b"\"clean\"");
    }),
    row("white space everywhere", HERE, Parts, |draft, rng| {
        let gap: &[u8] = rng.pick(&[b" ", b"\n", b"\r\n\t", b"\t  "]);
        let pair = draft.pair();
        pair.name = [gap, &pair.name[..], gap].concat();
        pair.value = [gap, &pair.value[..], gap].concat();
    }),
    row("comments", HERE, Parts, |draft, rng| {
        let gap: &[u8] = rng.pick(&[b"/* x */", b"// x\n", b"# x\n"]);
        let pair = draft.pair();
        pair.value = [gap, &pair.value[..]].concat();
    }),
    row("odd white space", HERE, Parts, |draft, rng| {
        let gap: &[u8] = rng.pick(&[b"\x0b", b"\x0c", b"\xc2\xa0", b"\0", b"\xe2\x80\xa8"]);
        let pair = draft.pair();
        pair.value = [gap, &pair.value[..]].concat();
    }),
    row("trailing comma", HERE, Text, |draft, _| {
        let end = draft.text.len() - 1;
        draft.text.insert(end, b',');
    }),
    row("text: something after it", HERE, Text, |draft, rng| {
        let end: &[u8] =
            rng.pick(&[b"\n", b" x", b"{}", b"\0", b",", b"]", b"\n{\"a\":1}\n", b"\x1a"]);
        draft.text.extend_from_slice(end);
    }),
    row("text: something before it", HERE, Text, |draft, rng| {
        let start: &[u8] = rng.pick(&[b"\n\n ", b")]}',\n", b"\x1e", b"\0", b"{}\n", b"while(1);"]);
        draft.text = [start, &draft.text[..]].concat();
    }),
    row("text: cut short", HERE, Text, |draft, _| {
        draft.text.pop();
    }),
    row("charset: BOM", HERE, Charset, |draft, _| {
        draft.text = [b"\xef\xbb\xbf", &draft.text[..]].concat();
    }),
    row("charset: UTF-16 or UTF-32", HERE, Charset, |draft, rng| {
        draft.text = unicode(&draft.text, rng);
    }),
    row("charset: UTF-16 or UTF-32, declared", HERE, Charset, |draft, rng| {
        draft.text = unicode(&draft.text, rng);
        let name = rng.pick(&["utf-16", "utf-16le", "utf-16be", "UTF-32", "utf-32le", "utf-32be"]);
        draft.content_type = Some(format!("application/json; charset={name}").into_bytes());
    }),
    row("charset: UTF-7, declared", HERE, Charset, |draft, rng| {
        let token = draft.token.clone();
        let at = draft.text.windows(token.len()).rposition(|window| window == token);
        let Some(at) = at else { return };
        let (name, shift) = rng.pick(&[("utf-7", b'+'), ("utf-7-imap", b'&'), ("UTF7", b'+')]);
        draft.text.splice(at..at + token.len(), shifted(utf7(&token), shift));
        draft.content_type = Some(format!("application/json; charset={name}").into_bytes());
    }),
    row("charset: another, declared", HERE, Charset, |draft, rng| {
        let name =
            rng.pick(&["utf-8", "UTF8", "\"utf-8\"", "iso-8859-1", "us-ascii", "x", "utf-8-sig"]);
        draft.content_type = Some(format!("application/json; charset={name}").into_bytes());
    }),
];

/// The text in UTF-16 or UTF-32, with a mark or without.
fn unicode(text: &[u8], rng: &mut Rng) -> Vec<u8> {
    let charset = rng.pick(&UNICODE);
    if rng.below(2) == 0 {
        charset.marked(text)
    } else {
        charset.encode(text)
    }
}

/// A run of UTF-7 with another shift character.
fn shifted(mut run: Vec<u8>, shift: u8) -> Vec<u8> {
    if let Some(first) = run.first_mut() {
        *first = shift;
    }
    run
}

/// A JSON string with some letters as `\u` escapes.
fn some_escapes(text: &[u8], rng: &mut Rng) -> Vec<u8> {
    let escape = |byte: &u8| match rng.below(3) {
        0 => format!("\\u{byte:04x}"),
        1 => format!("\\u{byte:04X}"),
        _ => char::from(*byte).to_string(),
    };
    quoted(text.iter().map(escape).collect::<String>().as_bytes())
}
