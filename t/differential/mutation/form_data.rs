//! Multipart forms: fields and files.

use super::{
    row,
    spellings::{DISPOSITIONS, NAMES, PARAMETERS},
    Mutation,
    Place::{Field, File},
    Stage::{Parts, Text},
};
use crate::{charset::PARTS, draft::base64, multipart::Part, place::Place};

const BOTH: &[Place] = &[Field, File];

pub(super) const TABLE: &[Mutation] = &[
    row("type: another spelling", BOTH, Parts, |draft, rng| {
        let kinds = [
            "Multipart/Form-Data",
            "MULTIPART/FORM-DATA",
            "multipart/form-data ",
            "multipart/mixed",
            "multipart/related",
            "multipart/form-data/x",
            "multipart/x",
            "\tmultipart/form-data",
        ];
        draft.form.kind = rng.pick(&kinds).into();
    }),
    row("boundary: written otherwise", BOTH, Parts, |draft, rng| {
        draft.form.parameters = rng.pick(PARAMETERS).into();
    }),
    row("boundary: with odd characters", BOTH, Parts, |draft, rng| {
        let boundary =
            rng.pick(&["a b", "a'()+_,-./:=?b", "-", "----", "a;b", "x\"y", "a\\b", "\u{e9}", "0"]);
        draft.form.boundary = boundary.into();
        draft.form.parameters =
            format!("; boundary=\"{}\"", boundary.replace('"', "\\\"")).into_bytes();
    }),
    row("boundary: a space at the end", BOTH, Parts, |draft, rng| {
        draft.form.boundary.push(b' ');
        let parameters = rng.pick(&[
            "; boundary=XXboundary42 ",
            "; boundary=\"XXboundary42 \"",
            "; boundary=XXboundary42 ; x=y",
        ]);
        draft.form.parameters = parameters.into();
    }),
    row("boundary: a space in the body alone", BOTH, Parts, |draft, rng| {
        draft.form.padding = rng.pick(&[" ", "\t", "   "]).into();
    }),
    row("lines: LF", BOTH, Parts, |draft, _| draft.form.eol = b"\n".to_vec()),
    row("lines: CR", BOTH, Parts, |draft, _| draft.form.eol = b"\r".to_vec()),
    row("preamble", BOTH, Parts, |draft, rng| {
        draft.form.preamble =
            rng.pick(&["\r\n", "a preamble\r\n", "\n", "--x\r\n", "--XX\r\n", " "]).into();
    }),
    row("end", BOTH, Parts, |draft, rng| {
        draft.form.end =
            rng.pick(&["", "--", "--\r\nan epilogue", "\r\n", "-", "--\n", "--junk"]).into();
    }),
    row("name: written otherwise", BOTH, Parts, |draft, rng| {
        rewrite_name(draft.form.part(), rng.pick(NAMES));
    }),
    row("name: brackets", BOTH, Parts, |draft, rng| {
        rewrite_name(
            draft.form.part(),
            rng.pick(&["name=\"access_token[]\"", "name=\"access_token[0]\""]),
        );
    }),
    row("name: spelled as PHP mangles it", BOTH, Parts, |draft, rng| {
        let name = rng.pick(&[
            "access.token",
            "access token",
            "access[token",
            " access_token",
            "  access.token",
        ]);
        rewrite_name(draft.form.part(), &format!("name=\"{name}\""));
    }),
    row("disposition: another spelling", BOTH, Parts, |draft, rng| {
        let (from, to) = rng.pick(DISPOSITIONS);
        let line = String::from_utf8_lossy(&draft.form.part().disposition).replace(from, to);
        draft.form.part().disposition = line.into_bytes();
    }),
    row("disposition: twice", BOTH, Parts, |draft, rng| {
        let other = b"Content-Disposition: form-data; name=\"other\"".to_vec();
        let part = draft.form.part();
        if rng.below(2) == 0 {
            part.headers.push(other);
        } else {
            let first = std::mem::replace(&mut part.disposition, other);
            part.headers.insert(0, first);
        }
    }),
    row("disposition: after other lines", BOTH, Parts, |draft, rng| {
        let part = draft.form.part();
        let line = rng.pick(&[
            "Content-Type: text/plain",
            "X-A: 1",
            "X-A:",
            "X-A: 1\r\n 2",
            "junk",
            "Content-Length: 5",
        ]);
        let last = std::mem::replace(&mut part.disposition, line.into());
        part.headers.push(last);
    }),
    row("file name", BOTH, Parts, |draft, rng| {
        let part = draft.form.part();
        let file = rng.pick(&[
            "; filename=\"\"",
            "; filename*=utf-8''a.txt",
            "; filename=a.txt",
            "; filename",
            "; filename=\"a\\\"b\"",
            "; filename=\"x; name=\\\"y\\\"\"",
            "; filename=\"a;b\"",
            "; FileName=\"a\"",
            "; filename=\"../../a\"",
        ]);
        part.disposition.extend_from_slice(file.as_bytes());
    }),
    row("content: base64", BOTH, Parts, |draft, rng| {
        let name = rng.pick(&["base64", "Base64", "BASE64 ", "\"base64\""]);
        encode(draft.form.part(), name, base64);
    }),
    row("content: quoted-printable", BOTH, Parts, |draft, _| {
        let encoded =
            |text: &[u8]| text.iter().flat_map(|b| format!("={b:02X}").into_bytes()).collect();
        encode(draft.form.part(), "quoted-printable", encoded);
    }),
    row("content: uuencoded", BOTH, Parts, |draft, rng| {
        encode(draft.form.part(), rng.pick(&["x-uuencode", "uuencode", "uue", "x-uue"]), uuencode);
    }),
    row("content: 8bit", BOTH, Parts, |draft, rng| {
        encode(draft.form.part(), rng.pick(&["8bit", "7bit", "binary", "x"]), <[u8]>::to_vec);
    }),
    row("content: a charset", BOTH, Parts, |draft, rng| {
        let charset = rng.pick(&PARTS);
        let part = draft.form.part();
        part.content = charset.encode(&part.content);
        part.headers
            .push(format!("Content-Type: text/plain; charset={}", charset.label).into_bytes());
    }),
    row("content: a charset field", BOTH, Parts, |draft, rng| {
        let charset = rng.pick(&PARTS);
        let part = draft.form.part();
        part.content = charset.encode(&part.content);
        draft.form.part_before(Part::field(b"_charset_", charset.label.as_bytes()));
    }),
    row("content: line ends around it", BOTH, Parts, |draft, rng| {
        let part = draft.form.part();
        part.content.extend_from_slice(rng.pick(&["\r", "\n", " ", "\r\n--", "\0"]).as_bytes());
    }),
    row("twice: another value before", BOTH, Parts, |draft, _| {
        draft.form.part_before(Part::field(b"access_token", b"clean"));
    }),
    row("twice: another value after", BOTH, Parts, |draft, _| {
        draft.form.parts.push(Part::field(b"access_token", b"clean"));
    }),
    row("others around it", BOTH, Parts, |draft, _| {
        draft.form.part_before(Part::field(b"a", b"--\r\n--x"));
        draft.form.part_before(Part::file(b"upload", b"\x89PNG\r\n\0\xff"));
        draft.form.parts.push(Part::field(b"b", b""));
    }),
    row("a long part before it", BOTH, Parts, |draft, rng| {
        let length = rng.pick(&[9_000, 40_000, 300_000]);
        draft.form.part_before(Part::file(b"upload", "x\r\n-".repeat(length / 4).as_bytes()));
    }),
    row("many parts before it", BOTH, Parts, |draft, _| {
        for number in 0..90 {
            draft.form.part_before(Part::field(format!("a{number}").as_bytes(), b"1"));
        }
    }),
    row("a broken part before it", BOTH, Parts, |draft, rng| {
        let line = rng.pick(&[
            "",
            "Content-Disposition: form-data",
            "Content-Disposition",
            "X: 1",
            "Content-Disposition: form-data; name=\"a",
        ]);
        let part = Part { disposition: line.into(), headers: Vec::new(), content: b"x".to_vec() };
        draft.form.part_before(part);
    }),
    row("in a nested part", BOTH, Parts, |draft, _| {
        let part = draft.form.part();
        let inner =
            [b"--in\r\n", &part.disposition[..], b"\r\n\r\n", &part.content, b"\r\n--in--\r\n"]
                .concat();
        part.headers = vec![b"Content-Type: multipart/mixed; boundary=in".to_vec()];
        part.content = inner;
    }),
    row("charset in the type", BOTH, Text, |draft, rng| {
        let charset = rng.pick(&PARTS);
        let part = draft.form.part();
        part.content = charset.encode(&part.content);
        draft.form.parameters.extend_from_slice(format!("; charset={}", charset.label).as_bytes());
        draft.write_text();
    }),
];

fn rewrite_name(part: &mut Part, spelled: &str) {
    let line = String::from_utf8_lossy(&part.disposition);
    part.disposition = line.replace("name=\"access_token\"", spelled).into_bytes();
}

fn encode(part: &mut Part, name: &str, encode: impl Fn(&[u8]) -> Vec<u8>) {
    part.content = encode(&part.content);
    part.headers.push(format!("Content-Transfer-Encoding: {name}").into_bytes());
}

/// POSIX uuencode.
fn uuencode(text: &[u8]) -> Vec<u8> {
    let letter = |bits: usize| if bits == 0 { b'`' } else { bits as u8 + 32 };
    let mut out = b"begin 644 a\n".to_vec();
    for line in text.chunks(45) {
        out.push(letter(line.len()));
        for group in line.chunks(3) {
            let byte = |at: usize| usize::from(group.get(at).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            out.extend((0..4).map(|at| letter(bits >> (18 - 6 * at) & 63)));
        }
        out.push(b'\n');
    }
    out.extend_from_slice(b"`\nend\n");
    out
}
