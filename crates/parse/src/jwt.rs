//! JSON Web Tokens (RFC 7519) in the serialisations that libraries accept: compact, flattened and
//! general JSON (RFC 7515 section 7), nested (`cty: JWT`, one level), deflated (`zip: DEF`).
//!
//! The signature covers the text of header and payload, but a thief can spell the signature itself
//! in many ways, and a lenient verifier may decode before it verifies. So a JWT is known by its
//! decoded header and payload, never by its text. Encrypted ones (five parts) have no payload to
//! read and are not recognised.
//!
//! Both parts decode to a JSON object. Looking at the first few characters before a dot rejects
//! any other value in a few nanoseconds, without decoding.

use std::{fmt, io::Read};

use memchr::{memchr, memmem};

use super::{
    base64::{self, decode},
    bounds::{JWS_SIGNATURES, JWT_INFLATED},
    json::{self, Json, Kind},
    Buffers, Coverage,
};

/// A JSON Web Token found in a value: its texts, and its decoded header and payload.
#[derive(Clone, Copy)]
pub struct Jwt<'a> {
    prefix: &'a [u8],
    header_text: &'a [u8],
    payload_text: &'a [u8],
    header: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Jwt<'a> {
    /// Calls `visit` with every JWT inside `value`, whatever surrounds it.
    pub fn each(value: &[u8], visit: &mut dyn FnMut(&Jwt<'_>)) {
        let _ = jwt(value, &mut Buffers::default(), visit); // of people's own values
    }

    /// The word before it, such as `Bearer`; empty without one.
    pub fn prefix(&self) -> &'a [u8] {
        self.prefix
    }

    /// The header as sent, in base64url.
    pub fn header_text(&self) -> &'a [u8] {
        self.header_text
    }

    /// The payload as sent, in base64url.
    pub fn payload_text(&self) -> &'a [u8] {
        self.payload_text
    }

    /// The decoded header.
    pub fn header(&self) -> &'a [u8] {
        self.header
    }

    /// The decoded payload, inflated if the header says that it is deflated.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// Whether a text is this JWT and nothing more, in compact serialisation: then every value that
    /// equals the text holds the JWT.
    pub fn is_whole<'t>(&self, text: &'t [u8]) -> bool {
        let after = |text: Option<&'t [u8]>, part| text?.strip_prefix(part)?.strip_prefix(b".");
        let signature = after(after(Some(text), self.header_text), self.payload_text);
        signature.is_some_and(|signature| signature.iter().all(|byte| in_part(*byte)))
    }

    /// Emits every value of the claim `name`, unescaped; of an array also its elements.
    pub fn claim(&self, name: &str, emit: &mut dyn FnMut(&[u8])) {
        let (mut text, mut member, mut value) = (Vec::new(), Vec::new(), Vec::new());
        let payload = json::transcode(self.payload, &mut text);
        json::object(payload, &mut member, &mut |found, claim| {
            if found != name.as_bytes() {
                return;
            }
            emit(claim.value(&mut value));
            if claim.kind == Kind::Array {
                json::array(claim.raw, &mut |_, element| emit(element.value(&mut value)));
            }
        });
    }
}

/// Shows no byte of the token.
impl fmt::Debug for Jwt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwt").finish_non_exhaustive()
    }
}

/// Emits every JWT inside `value`. `Cut` where a payload inflates to more than it may, or a JWS has
/// too many signatures.
pub fn jwt(value: &[u8], buffers: &mut Buffers, emit: &mut dyn FnMut(&Jwt<'_>)) -> Coverage {
    if value.len() < SHORTEST {
        return Coverage::Whole;
    }
    let coverage = compact(value, buffers, emit);
    match object_text(value) {
        Some(text) => coverage.and(json_serialisation(text, buffers, emit)),
        None => coverage,
    }
}

/// From the brace on that the value begins with, perhaps after a scheme.
fn object_text(value: &[u8]) -> Option<&[u8]> {
    let at = memchr(b'{', value)?;
    let (before, text) = value.split_at(at);
    let scheme = before.trim_ascii();
    let is_word = scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte));
    is_word.then_some(text)
}

/// `e30.e30.`: two empty objects, no signature.
const SHORTEST: usize = 8;

/// `{"alg":"none"}`, which is the shortest a library makes.
const SHORTEST_HEADER: usize = 19;

/// How much of the word before a JWT is its prefix: the end of it.
const PREFIX_MAX: usize = 64;

fn compact(value: &[u8], buffers: &mut Buffers, emit: &mut dyn FnMut(&Jwt<'_>)) -> Coverage {
    let (mut at, mut coverage) = (0, Coverage::Whole);
    while let Some(dot) = memchr(b'.', &value[at..]).map(|found| at + found) {
        if let Some(start) = header_start(&value[at..dot]).map(|found| at + found) {
            let rest = &value[dot + 1..];
            let end = rest.iter().position(|byte| !in_part(*byte)).unwrap_or(rest.len());
            if rest.get(end) == Some(&b'.') {
                let prefix = last_word(&value[..start]);
                let header = &value[start..dot];
                let found = Compact { prefix, header, payload: &rest[..end] };
                coverage = coverage.and(found.decode(buffers, emit));
            }
        }
        // The payload may be the header of one that starts there (`a.eyJ….eyJ….…`).
        at = dot + 1;
    }
    coverage
}

struct Compact<'a> {
    prefix: &'a [u8],
    header: &'a [u8],
    payload: &'a [u8],
}

impl Compact<'_> {
    fn decode(&self, buffers: &mut Buffers, emit: &mut dyn FnMut(&Jwt<'_>)) -> Coverage {
        let Buffers { name: header, value: payload, spare } = buffers;
        header.clear();
        decode(self.header, true, header);
        payload.clear();
        decode(self.payload, true, payload);
        let mut found = Jwt {
            prefix: self.prefix,
            header_text: self.header,
            payload_text: self.payload,
            header,
            payload,
        };
        if opens_object(payload.iter().copied()) {
            emit(&found);
            return Coverage::Whole;
        }
        if memmem::find(header, b"zip").is_some() && inflate(payload, spare) {
            found.payload = spare;
            emit(&found);
            return cut_if(spare.len() >= JWT_INFLATED * payload.len());
        }
        if memchr(b'.', payload).is_some() {
            compact_inside(payload, emit);
        }
        Coverage::Whole
    }
}

/// A JWT that is the payload of another: one level, so its own payload is not looked into.
fn compact_inside(payload: &[u8], emit: &mut dyn FnMut(&Jwt<'_>)) {
    let mut buffers = Buffers::default();
    let mut parts = payload.trim_ascii().split(|byte| *byte == b'.');
    let (Some(header), Some(inner), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
        return;
    };
    decode(header, true, &mut buffers.name);
    decode(inner, true, &mut buffers.value);
    let (header_object, payload_object) = (&buffers.name, &buffers.value);
    if opens_object(header_object.iter().copied()) && opens_object(payload_object.iter().copied()) {
        emit(&Jwt {
            prefix: b"",
            header_text: header,
            payload_text: inner,
            header: header_object,
            payload: payload_object,
        });
    }
}

/// `{"protected": …, "payload": …, "signature": …}`, or several in `"signatures"`.
fn json_serialisation(
    value: &[u8],
    buffers: &mut Buffers,
    emit: &mut dyn FnMut(&Jwt<'_>),
) -> Coverage {
    let mut is_cut = false;
    let Buffers { name, value: payload, spare } = buffers;
    let mut payloads = [None, None];
    json::object(value, name, &mut |member, found| {
        if member == b"payload" && found.kind == Kind::String {
            // Of several, a reader takes the first or the last.
            payloads[usize::from(payloads[0].is_some())] = Some(span(value, found.raw));
        }
    });
    for text in payloads.into_iter().flatten() {
        let (start, end) = text;
        let text = json::unescape(&value[start..end], spare);
        payload.clear();
        decode(text, true, payload);
        if !opens_object(payload.iter().copied()) {
            continue;
        }
        let (mut unescaped, mut header) = (Vec::new(), Vec::new());
        let mut budget = JWS_SIGNATURES.saturating_mul(value.len());
        each_protected(value, name, &mut |protected| {
            let header_text = protected.value(&mut unescaped);
            header.clear();
            decode(header_text, true, &mut header);
            if !opens_object(header.iter().copied()) {
                return;
            }
            let Some(left) = budget.checked_sub(header.len() + payload.len()) else {
                is_cut = true;
                return;
            };
            budget = left;
            let header = &header;
            emit(&Jwt { prefix: b"", header_text, payload_text: text, header, payload });
        });
    }
    cut_if(is_cut)
}

fn cut_if(is_cut: bool) -> Coverage {
    match is_cut {
        true => Coverage::Cut,
        false => Coverage::Whole,
    }
}

fn each_protected(value: &[u8], name: &mut Vec<u8>, emit: &mut dyn FnMut(Json<'_>)) {
    let mut inner = Vec::new();
    json::object(value, name, &mut |member, found| match (member, found.kind) {
        (b"protected", Kind::String) => emit(found),
        (b"signatures", Kind::Array) => json::array(found.raw, &mut |_, signature| {
            json::object(signature.raw, &mut inner, &mut |member, protected| {
                if member == b"protected" && protected.kind == Kind::String {
                    emit(protected);
                }
            });
        }),
        _ => {}
    });
}

/// Where `part`, a slice of `whole`, starts and ends in it.
fn span(whole: &[u8], part: &[u8]) -> (usize, usize) {
    let start = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize).min(whole.len());
    (start, (start + part.len()).min(whole.len()))
}

/// Where in `text`, which ends at a dot, the header of a JWT starts.
fn header_start(text: &[u8]) -> Option<usize> {
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let unpadded = &text[..text.len() - padding];
    let start = unpadded.iter().rposition(|byte| !in_alphabet(*byte)).map_or(0, |at| at + 1);
    let word = &unpadded[start..];
    if text_opens_object(word) {
        return Some(start);
    }
    if word.len() <= SHORTEST_HEADER {
        return None;
    }
    // `ghs_<app>_<JWT>`, `key-<JWT>`, `path/<JWT>`: behind a mark that is in the alphabet too.
    let inner = memmem::find_iter(word, b"ey")
        .find(|at| *at > 0 && matches!(word[at - 1], b'_' | b'-' | b'/' | b'+'))?;
    text_opens_object(&word[inner..]).then_some(start + inner)
}

fn in_alphabet(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+' | b'/')
}

fn in_part(byte: u8) -> bool {
    in_alphabet(byte) || byte == b'='
}

/// The last word of `text`, of which only the end is looked at.
fn last_word(text: &[u8]) -> &[u8] {
    let end = text[text.len().saturating_sub(PREFIX_MAX)..].trim_ascii_end();
    let start = end.iter().rposition(|byte| *byte <= b' ' || matches!(byte, b',' | b';'));
    &end[start.map_or(0, |at| at + 1)..]
}

/// Whether base64 text decodes to something that starts like a JSON object: nearly always `ey…`.
fn text_opens_object(text: &[u8]) -> bool {
    // `{` is `e` and one of the last 16 of the alphabet; BOM and white space are `7`, `C`, `D`, `I`.
    if !matches!(text.first(), Some(b'e' | b'7' | b'C' | b'D' | b'I')) {
        return false;
    }
    opens_object(base64::bytes(text))
}

fn opens_object(mut bytes: impl Iterator<Item = u8>) -> bool {
    let blank = |byte: &u8| *byte <= b' ' || matches!(byte, 0xef | 0xbb | 0xbf);
    bytes.find(|byte| !blank(byte)) == Some(b'{')
}

/// Inflates a payload; says whether that gave a JSON object.
fn inflate(payload: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    let most = JWT_INFLATED * payload.len();
    // What came before an error counts: verifiers differ in what they make of a broken end.
    let _ = flate2::read::DeflateDecoder::new(payload).take(most as u64).read_to_end(out);
    opens_object(out.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    // {"alg":"HS256","typ":"JWT"} and {"sub":"T0ken","aud":["a","b"],"jti":"\u0078"}
    const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
    const PAYLOAD: &str =
        concat!("eyJzdWIiOiJUMGtlbiIsImF1ZCI6", "WyJhIiwiYiJdLCJqdGkiOiJcdTAwNzgifQ");

    fn subjects(value: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        Jwt::each(value, &mut |jwt| {
            jwt.claim("sub", &mut |sub| found.push(String::from_utf8_lossy(sub).into_owned()));
        });
        found
    }

    fn encode(bytes: &[u8]) -> String {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte))
                << (8 * (3 - chunk.len()));
            for at in 0..=chunk.len() {
                text.push(alphabet[(bits >> (18 - 6 * at)) as usize & 63].into());
            }
        }
        text
    }

    /// Field notes 3.2, cases 6 and 7.
    #[test]
    fn a_jwt_is_found_in_every_spelling() {
        let compact = format!("{HEADER}.{PAYLOAD}.c2ln");
        let spaced = encode(br#" {"alg":"none"}"#);
        for value in [
            compact.clone(),
            format!("Bearer {compact}"),
            format!("bearer\t{compact} "),
            format!("{HEADER}.{PAYLOAD}."),
            format!("{HEADER}.{PAYLOAD}.c2lo"),
            format!("{HEADER}.{PAYLOAD}.c2ln=="),
            format!("{HEADER}==.{PAYLOAD}==.c2ln"),
            format!("{HEADER}.{PAYLOAD}.c2 ln"),
            format!("{spaced}.{PAYLOAD}.c2ln"),
            format!("x, {compact}, y"),
            format!("token=\"{compact}\""),
            format!("a.b.{compact}"),
            format!("{}{}_{compact}", "ghs", "_123"),
            format!("s:{compact}.c2ln"),
            format!("/path/{compact}/x"),
            format!("{HEADER}.{}.c2ln", encode(compact.as_bytes())),
            format!(r#"{{"payload":"{PAYLOAD}","protected":"{HEADER}","signature":"c2ln"}}"#),
            format!(
                r#"Bearer {{"payload":"{PAYLOAD}","protected":"{HEADER}","signature":"c2ln"}}"#
            ),
            format!(r#" {{"protected":"{HEADER}", "payload":"\u0065{}"}}"#, &PAYLOAD[1..]),
            format!(
                r#"{{"payload":"{PAYLOAD}","signatures":[{{"protected":"{HEADER}","signature":"c2ln"}}]}}"#
            ),
            format!(r#"{{"payload":"x","payload":"{PAYLOAD}","protected":"{HEADER}"}}"#),
        ] {
            assert_eq!(subjects(value.as_bytes()), ["T0ken"], "{value}");
        }
    }

    #[test]
    fn a_deflated_payload_is_inflated() {
        let mut writer =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        writer.write_all(br#"{"sub":"T0ken"}"#).unwrap();
        let payload = encode(&writer.finish().unwrap());
        let header = encode(br#"{"alg":"ES256","zip":"DEF"}"#);
        assert_eq!(subjects(format!("{header}.{payload}.c2ln").as_bytes()), ["T0ken"]);
    }

    #[test]
    fn its_parts() {
        let value = format!("Bearer {HEADER}.{PAYLOAD}.c2ln");
        let mut seen = 0;
        Jwt::each(value.as_bytes(), &mut |jwt| {
            seen += 1;
            assert_eq!(jwt.prefix(), b"Bearer");
            assert_eq!(jwt.header_text(), HEADER.as_bytes());
            assert_eq!(jwt.payload_text(), PAYLOAD.as_bytes());
            assert_eq!(jwt.header(), br#"{"alg":"HS256","typ":"JWT"}"#);
            let mut claims = Vec::new();
            for name in ["aud", "jti", "iss"] {
                jwt.claim(name, &mut |claim| claims.push(claim.to_vec()));
            }
            assert_eq!(claims, [br#"["a","b"]"#.to_vec(), b"a".into(), b"b".into(), b"x".into()]);
            assert_eq!(format!("{jwt:?}"), "Jwt { .. }");
        });
        assert_eq!(seen, 1);
    }

    #[test]
    fn what_is_no_jwt_emits_nothing() {
        for value in [
            String::new(),
            "Mozilla/5.0 (X11; Linux x86_64) Chrome/124.0.0.0 Safari/537.36".into(),
            "eyes.eyes.eyes".into(),
            "www.example.com".into(),
            format!("{HEADER}.{PAYLOAD}"),
            format!("{HEADER}.a2V5.aXY.Y2lwaGVy.dGFn"),
            format!("{HEADER}..c2ln"),
        ] {
            assert!(subjects(value.as_bytes()).is_empty(), "{value}");
        }
    }

    /// Many dots, many headers: time in proportion to the length.
    #[test]
    fn long_values() {
        subjects(&b".".repeat(1_000_000));
        subjects(&b"eyJ.".repeat(300_000));
        subjects(&b"_ey".repeat(300_000));
        subjects("{\"payload\":\"e30\",\"protected\":\"e30\",".repeat(30_000).as_bytes());
        let payload = encode(format!("{{\"a\":\"{}\"}}", "a".repeat(100_000)).as_bytes());
        let signatures = "{\"protected\":\"e30\"},".repeat(20_000);
        let value = format!("{{\"payload\":\"{payload}\",\"signatures\":[{signatures}]}}");
        let mut work = 0;
        Jwt::each(value.as_bytes(), &mut |jwt| work += jwt.payload().len());
        assert!((1..=JWS_SIGNATURES * value.len()).contains(&work));
    }

    proptest! {
        #[test]
        fn encoded_claims_come_back(subject in "[ !#-\\[\\]-~]{0,40}", prefix in "(|Bearer |x,)") {
            let payload = encode(format!("{{\"sub\":\"{subject}\"}}").as_bytes());
            let value = format!("{prefix}{HEADER}.{payload}.c2ln");
            prop_assert_eq!(subjects(value.as_bytes()), [subject]);
        }

        #[test]
        fn never_panics(value in proptest::collection::vec(any::<u8>(), 0..120)) {
            subjects(&value);
            subjects(&[HEADER.as_bytes(), b".", &value, b".x"].concat());
        }
    }
}
