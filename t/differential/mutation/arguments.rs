//! Arguments of a query or an urlencoded form, and the path.

use super::{
    row, Mutation,
    Place::{Form, Path, Query},
    Stage::{Head, Parts, Text},
};
use crate::{
    charset::PYTHON,
    draft::{escape_where, escaped},
    place::Place,
    rng::Rng,
};

const BOTH: &[Place] = &[Query, Form];
const TARGET: &[Place] = &[Query, Path];

pub(super) const TABLE: &[Mutation] = &[
    row("value: some bytes percent-encoded", BOTH, Parts, |draft, rng| {
        draft.pair().value = some_escaped(&draft.token.clone(), rng);
    }),
    row("value: all bytes percent-encoded", BOTH, Parts, |draft, _| {
        draft.pair().value = escape_where(&draft.token.clone(), |_| true);
    }),
    row("value: lower-case percent-encoding", BOTH, Parts, |draft, _| {
        let value = escape_where(&draft.token.clone(), |_| true);
        draft.pair().value = value.to_ascii_lowercase();
    }),
    row("value: percent-encoded twice", BOTH, Parts, |draft, _| {
        draft.pair().value = escaped(&escape_where(&draft.token.clone(), |_| true));
    }),
    row("value: %uXXXX", BOTH, Parts, |draft, _| {
        let units = draft.token.iter().map(|byte| format!("%u00{byte:02x}"));
        draft.pair().value = units.collect::<String>().into_bytes();
    }),
    row("value: broken escape after it", BOTH, Parts, |draft, rng| {
        draft.pair().value.extend_from_slice(rng.pick(&[b"%", b"%0", b"%z"]));
    }),
    row("value: NUL after it", BOTH, Parts, |draft, _| {
        draft.pair().value.extend_from_slice(b"%00")
    }),
    row("value: white space around it", BOTH, Parts, |draft, rng| {
        let gap: &[u8] = rng.pick(&[b"+", b"%20", b"%09", b"%0d%0a"]);
        draft.pair().value = [gap, &draft.pair().value, gap].concat();
    }),
    row("name: some bytes percent-encoded", BOTH, Parts, |draft, rng| {
        draft.pair().name = some_escaped(&draft.pair().name.clone(), rng);
    }),
    row("name: brackets", BOTH, Parts, |draft, rng| {
        draft.pair().name.extend_from_slice(rng.pick(&[b"[]", b"[0]", b"%5B%5D", b"%5b0]"]));
    }),
    row("name: in brackets", BOTH, Parts, |draft, _| {
        draft.pair().name = [b"[", &draft.pair().name[..], b"]"].concat();
    }),
    row("name: spelled as PHP mangles it", BOTH, Parts, |draft, rng| {
        let gap = rng.pick(&[".", "+", "%20", "[", "%2e", "%5B"]);
        let name = String::from_utf8_lossy(&draft.pair().name).replace('_', gap);
        draft.pair().name = name.into_bytes();
    }),
    row("name: white space before it", BOTH, Parts, |draft, rng| {
        let gap: &[u8] = rng.pick(&[b"+", b"%20", b"%09", b"%0a", b"%C2%A0"]);
        draft.pair().name = [gap, &draft.pair().name[..]].concat();
    }),
    row("name: white space or NUL after it", BOTH, Parts, |draft, rng| {
        draft.pair().name.extend_from_slice(rng.pick(&[b"+", b"%20", b"%00", b"%00x"]));
    }),
    row("name: BOM before it", BOTH, Parts, |draft, _| {
        draft.pair().name = [b"%EF%BB%BF", &draft.pair().name[..]].concat();
    }),
    row("twice: another value before", BOTH, Parts, |draft, _| {
        let name = draft.pair().name.clone();
        draft.pair_before(&name, b"clean");
    }),
    row("twice: another value after", BOTH, Parts, |draft, _| {
        let name = draft.pair().name.clone();
        draft.pair_after(&name, b"clean");
    }),
    row("others around it", BOTH, Parts, |draft, _| {
        draft.pair_before(b"a", b"1");
        draft.pair_after(b"b", b"2");
    }),
    row("many others before it", BOTH, Parts, |draft, _| {
        for number in 0..150 {
            draft.pair_before(format!("a{number}").as_bytes(), b"1");
        }
    }),
    row("separator: semicolon", BOTH, Parts, |draft, _| {
        draft.pair_before(b"a", b"1");
        draft.separator = b";".to_vec();
    }),
    row("separator: doubled, or an entity", BOTH, Parts, |draft, rng| {
        draft.pair_before(b"a", b"1");
        draft.pair_after(b"b", b"2");
        draft.separator = rng.pick(&[&b"&&"[..], b"&amp;", b"&;", b"&=&"]).to_vec();
    }),
    row("text: something before it", BOTH, Text, |draft, rng| {
        let start: &[u8] = rng.pick(&[b"?", b"&", b"??", b"=&", b"%&", b"#&", b"\xff&"]);
        draft.text = [start, &draft.text].concat();
    }),
    row("text: something after it", BOTH, Text, |draft, rng| {
        let end: &[u8] = rng.pick(&[b"#x", b"&", b"?x", b"&%", b"&%zz=1", b"&=x", b"\r\n", b";x"]);
        let end = if draft.place == Query { end.strip_suffix(b"\r\n").unwrap_or(end) } else { end };
        draft.text.extend_from_slice(end);
    }),
    row("charset of another alphabet", BOTH, Text, |draft, rng| {
        let charset = rng.pick(&PYTHON);
        draft.pair().value = escape_where(&charset.marked(&draft.token.clone()), |_| true);
        let name = draft.place.name().as_bytes();
        draft.pair().name = escape_where(&charset.marked(name), |_| true);
        draft.write_text();
        let kind = "application/x-www-form-urlencoded";
        draft.content_type = Some(format!("{kind}; charset={}", charset.label).into_bytes());
    }),
    row("charset of the whole text", BOTH, Text, |draft, rng| {
        let charset = rng.pick(&PYTHON);
        draft.text = charset.marked(&draft.text);
        if draft.place == Query {
            draft.text.iter_mut().filter(|byte| **byte <= b' ').for_each(|byte| *byte = b'+');
        }
        let kind = "application/x-www-form-urlencoded";
        draft.content_type = Some(format!("{kind}; charset={}", charset.label).into_bytes());
    }),
    row("target: absolute form", TARGET, Head, |draft, _| {
        draft.origin = b"http://localhost".to_vec();
    }),
    row("target: odd path before it", TARGET, Head, |draft, rng| {
        draft.path =
            rng.pick(&["/", "//", "/a/../b", "/%2e/x", "/a;x=1", "/a%3Fb", "/a%23"]).into();
    }),
    row("method with a body", TARGET, Head, |draft, rng| {
        draft.method = rng.pick(&["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]).into();
        draft.lines.push(b"Content-Length: 0".to_vec());
    }),
    row("segment: percent-encoded", &[Path], Text, |draft, rng| {
        draft.text = some_escaped(&draft.token.clone(), rng);
    }),
    row("segment: percent-encoded twice", &[Path], Text, |draft, _| {
        draft.text = escaped(&escape_where(&draft.token.clone(), |_| true));
    }),
    row("segment: matrix parameter", &[Path], Text, |draft, rng| {
        draft.text.extend_from_slice(rng.pick(&[";jsessionid=1", ";", "%3bx"]).as_bytes());
    }),
    row("segment: others around it", &[Path], Text, |draft, rng| {
        let around = rng.pick(&[
            ("", "/"),
            ("/", "//x"),
            ("./", "/."),
            ("x/../", "/y/.."),
            ("a%2f", "%2Fb"),
        ]);
        draft.text = [around.0.as_bytes(), &draft.text, around.1.as_bytes()].concat();
    }),
    row("segment: a query or fragment after it", &[Path], Text, |draft, rng| {
        draft.text.extend_from_slice(rng.pick(&["?x", "?a=/b", "#x", "%3Fx", "%23x"]).as_bytes());
    }),
];

fn some_escaped(text: &[u8], rng: &mut Rng) -> Vec<u8> {
    let needs = |byte: u8| matches!(byte, b'+' | b'=' | b'/');
    escape_where(text, |byte| needs(byte) || rng.below(3) == 0)
}
