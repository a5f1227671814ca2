//! Cookies.

use super::{
    row, Mutation,
    Place::Cookie,
    Stage::{Parts, Text},
};
use crate::{
    draft::{escape_where, escaped},
    place::Place,
};

const HERE: &[Place] = &[Cookie];

pub(super) const TABLE: &[Mutation] = &[
    row("value: quoted", HERE, Parts, |draft, _| {
        draft.pair().value = [b"\"", &draft.token[..], b"\""].concat();
    }),
    row("value: octal escapes in quotes", HERE, Parts, |draft, rng| {
        let escape = |byte: &u8| match rng.below(3) {
            0 => format!("\\{byte:03o}"),
            _ => char::from(*byte).to_string(),
        };
        let value: String = draft.token.iter().map(escape).collect();
        draft.pair().value = format!("\"{value}\"").into_bytes();
    }),
    row("value: backslashes in quotes", HERE, Parts, |draft, _| {
        let value: String = draft
            .token
            .iter()
            .map(|byte| match byte {
                b'0'..=b'9' => char::from(*byte).to_string(),
                _ => format!("\\{}", char::from(*byte)),
            })
            .collect();
        draft.pair().value = format!("\"{value}\"").into_bytes();
    }),
    row("value: one quote", HERE, Parts, |draft, rng| {
        let (before, after) = rng.pick(&[("\"", ""), ("", "\""), ("'", "'")]);
        draft.pair().value = [before.as_bytes(), &draft.token[..], after.as_bytes()].concat();
    }),
    row("value: percent-encoded", HERE, Parts, |draft, rng| {
        let every = rng.below(2) == 0;
        draft.pair().value = escape_where(&draft.token.clone(), |_| every || rng.below(3) == 0);
    }),
    row("value: percent-encoded twice", HERE, Parts, |draft, _| {
        draft.pair().value = escaped(&escape_where(&draft.token.clone(), |_| true));
    }),
    row("value: percent-encoded in quotes", HERE, Parts, |draft, _| {
        let value = escape_where(&draft.token.clone(), |_| true);
        draft.pair().value = [b"\"", &value[..], b"\""].concat();
    }),
    row("value: white space around it", HERE, Parts, |draft, rng| {
        let gap: &[u8] = rng.pick(&[b" ", b"\t", b"  ", b"%20"]);
        draft.pair().value = [gap, &draft.token[..], gap].concat();
    }),
    row("value: cookie-parser's JSON", HERE, Parts, |draft, rng| {
        let text = [b"j:\"", &draft.token[..], b"\""].concat();
        let list = [b"j:[\"", &draft.token[..], b"\"]"].concat();
        let text = rng.pick(&[&text[..], &list]).to_vec();
        draft.pair().value = if rng.below(2) == 0 { escaped(&text) } else { text };
    }),
    row("value: cookie-parser's signature", HERE, Parts, |draft, rng| {
        // HMAC-SHA-256 of each token with the secret of the back end.
        let signature = SIGNATURES.iter().find(|(token, _)| token.as_bytes() == draft.token);
        let Some((_, signature)) = signature else { return };
        let text = [b"s:", &draft.token[..], b".", signature.as_bytes()].concat();
        draft.pair().value = if rng.below(2) == 0 { escaped(&text) } else { text };
    }),
    row("name: white space around it", HERE, Parts, |draft, rng| {
        let gaps: &[(&[u8], &[u8])] = &[
            (b"", b" "),
            (b"\t", b""),
            (b"  ", b"\t"),
            (b"\xc2\xa0", b""),
            (b"\xe2\x80\x80", b""),
        ];
        let (before, after) = rng.pick(gaps);
        draft.pair().name = [before, &draft.pair().name[..], after].concat();
    }),
    row("name: spelled as PHP mangles it", HERE, Parts, |draft, rng| {
        let gap = rng.pick(&[".", " ", "["]);
        let name = String::from_utf8_lossy(&draft.pair().name).replace('_', gap);
        draft.pair().name = name.into_bytes();
    }),
    row("name: brackets", HERE, Parts, |draft, rng| {
        draft.pair().name.extend_from_slice(rng.pick(&["[]", "[0]"]).as_bytes());
    }),
    row("name: percent-encoded", HERE, Parts, |draft, _| {
        draft.pair().name = escape_where(&draft.pair().name.clone(), |_| true);
    }),
    row("twice: another value before", HERE, Parts, |draft, _| {
        let name = draft.pair().name.clone();
        draft.pair_before(&name, b"clean");
    }),
    row("twice: another value after", HERE, Parts, |draft, _| {
        let name = draft.pair().name.clone();
        draft.pair_after(&name, b"clean");
    }),
    row("others around it", HERE, Parts, |draft, _| {
        draft.pair_before(b"_ga", b"GA1.2.3.4");
        draft.pair_after(b"theme", b"dark");
    }),
    row("$Version before it", HERE, Parts, |draft, rng| {
        draft.pair_before(b"$Version", rng.pick(&[b"1", b"\"1\"", b"0"]));
        draft.pair_after(b"$Path", b"/");
    }),
    row("separator", HERE, Parts, |draft, rng| {
        draft.pair_before(b"a", b"1");
        draft.pair_after(b"b", b"2");
        draft.separator =
            rng.pick(&[&b";"[..], b",", b", ", b" ; ", b";;", b"&", b";\t", b" "]).to_vec();
    }),
    row("inside of another's quotes", HERE, Parts, |draft, _| {
        draft.pair_before(b"x", b"\"");
        draft.pair_after(b"y", b"\"");
    }),
    row("an unclosed quote before it", HERE, Parts, |draft, rng| {
        draft.pair_before(b"x", rng.pick(&[&b"\"a"[..], b"\"a\\\"", b"a\"", b"{\"k\":1"]));
    }),
    row("a piece without a name before it", HERE, Parts, |draft, rng| {
        draft.pair_before(b"", rng.pick(&[&b"x"[..], b"", b"=", b"\x80"]));
    }),
    row("many others before it", HERE, Parts, |draft, _| {
        for number in 0..100 {
            draft.pair_before(format!("c{number}").as_bytes(), b"1");
        }
    }),
    row("two headers", HERE, Text, |draft, rng| {
        let other = b"Cookie: a=1; session_id=clean".to_vec();
        let lines = if rng.below(2) == 0 { &mut draft.before } else { &mut draft.lines };
        lines.push(other);
    }),
    row("text: something around it", HERE, Text, |draft, rng| {
        let choices = [(";", ";"), ("; ", ""), ("", "; Path=/"), (",", ","), ("", ";\"")];
        let (before, after) = rng.pick(&choices);
        draft.text = [before.as_bytes(), &draft.text, after.as_bytes()].concat();
    }),
    row("name of the header", HERE, Text, |draft, rng| {
        draft.header = rng.pick(&["cookie", "COOKIE", "cOOkie"]).into();
    }),
];

/// Of `case::PLAIN` and `case::BASE64`, for the secret in express_app.js.
const SIGNATURES: [(&str, &str); 2] = [
    ("leaked-diff.token_0123456789", "DQmlbUswauOZiI0KG4nFFSRXroFPdnRB6t9wK0+i260"),
    ("leaked+diff/0123456789abc==", "/mbKnZ6lcwde2gEMx1o7WPMvqhL89SNCPEhgAv8vsec"),
];
