//! Credentials inside a header value: what follows the scheme (RFC 9110 section 11.4), in every
//! spelling that frameworks accept, the elements of a comma list, and the key id of signatures.
//!
//! # What keeps it cheap without missing a form
//!
//! It runs over every header of a request (`anywhere`), so it has to tell in a few nanoseconds
//! that a value holds no credential, and a thief must not be able to switch it off:
//!
//! - A value without white space, comma or control byte is one word: the whole value, which the
//!   caller compares anyhow, and what follows a `=`, a `:` or a scheme that is written without a gap.
//!   One branch-free pass over the bytes finds out whether there is any of these.
//! - The words of the *first* element are emitted when its first word can be a scheme, that is an
//!   RFC 9110 token (a `:` or `=` after it is forgiven). `Mozilla/5.0 (…)` has a slash, so it is
//!   none. After such a word, a credential is what follows `Bearer`, `Basic` or `Token`, which some
//!   applications search for wherever they stand.
//! - Elements after the first: a single word is emitted (`X-Api-Key: x, T`); several words if the
//!   first of them is a known scheme or none of them has a parenthesis, which keeps the
//!   `(KHTML, like Gecko) …` of browsers out. Media types and `…;q=0.8` are no credentials.
//!
//! Emitted are slices of the value, never the whole value again.

use memchr::{memchr, memchr2, memchr3, memrchr2};

/// Emits every credential inside `value`.
pub fn credentials(value: &[u8], emit: &mut dyn FnMut(&[u8])) {
    let shape = Shape::of(value);
    let mut emit = |found: &[u8]| {
        if !found.is_empty() && found.len() != value.len() {
            emit(found);
        }
    };
    if shape.is_one_word {
        glued(value, &mut emit);
        if shape.has_pairs {
            pairs(value, &mut emit);
        }
        return signature_scope(value, &mut emit);
    }
    let value = value.trim_ascii();
    emit(value);
    let word = trim(value);
    if word.len() != value.len() {
        emit(word);
    }
    if first_element(value, &mut emit) {
        return;
    }
    searched(value, &mut emit);
    if memchr(b',', value).is_some() {
        later_elements(value, &mut emit);
    }
}

/// What follows `Basic`, which may be written without a gap, or stand behind something else.
pub fn after_basic(value: &[u8]) -> Option<&[u8]> {
    let value = trim(value);
    if let Some(rest) = strip_prefix_ignore_case(value, b"basic") {
        return Some(unmarked(rest));
    }
    let is_basic = |end: &usize| ends_in(&value[..*end], &[b"basic"]);
    word_ends(value).find(is_basic).map(|end| unmarked(&value[end..]))
}

/// The schemes that are known by name (IANA's registry, and what APIs write instead).
pub const SCHEMES: [&[u8]; 14] = [
    b"apikey",
    b"api-key",
    b"aws",
    b"aws4-hmac-sha256",
    b"basic",
    b"bearer",
    b"digest",
    b"dpop",
    b"hawk",
    b"jwt",
    b"key",
    b"negotiate",
    b"oauth",
    b"token",
];

/// The schemes that applications search for: sanic, Mojolicious, whoever writes `split("Bearer ")`.
const SEARCHED: [&[u8]; 3] = [b"bearer", b"basic", b"token"];

/// Emits what follows the first scheme that applications search for.
fn searched(value: &[u8], emit: &mut dyn FnMut(&[u8])) {
    if let Some(end) = word_ends(value).find(|end| ends_in(&value[..*end], &SEARCHED)) {
        return after_the_scheme(unmarked(&value[end..]), emit);
    }
    words(value).for_each(|word| glued(word, emit));
}

/// `BearerT`: Sanic takes off the scheme, whatever follows.
fn glued(word: &[u8], emit: &mut dyn FnMut(&[u8])) {
    if matches!(word.first().map(u8::to_ascii_lowercase), Some(b'b' | b't')) {
        let rest = SEARCHED.iter().find_map(|scheme| strip_prefix_ignore_case(word, scheme));
        rest.into_iter().for_each(emit);
    }
}

/// Whether the last word of a text ends in one of some words in lower case, marks behind it not counted.
fn ends_in(text: &[u8], words: &[&[u8]]) -> bool {
    let last = text.iter().rposition(|byte| byte.is_ascii_alphanumeric() || ends_word(*byte));
    let text = &text[..last.map_or(0, |at| at + 1)];
    let is_end = |word: &&[u8]| {
        let start = text.len().checked_sub(word.len());
        start.is_some_and(|start| text[start..].eq_ignore_ascii_case(word))
    };
    let last = text.last().map(u8::to_ascii_lowercase);
    words.iter().filter(|word| word.last().copied() == last).any(is_end)
}

/// Where each word ends that something follows.
fn word_ends(value: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || loop {
        let end = find(value, at, ends_word)?;
        at = end + 1;
        if value[..end].last().is_some_and(|byte| !ends_word(*byte)) {
            return Some(end);
        }
    })
}

fn ends_word(byte: u8) -> bool {
    is_gap(byte) || byte == b','
}

/// Where the first byte of a kind is, from some place on. Whole pieces are looked at without a branch,
/// which the compiler turns into SIMD.
fn find(value: &[u8], from: usize, is_it: impl Fn(u8) -> bool) -> Option<usize> {
    let mut start = from;
    for piece in value.get(from..)?.chunks(64) {
        if piece.iter().fold(false, |any, byte| any | is_it(*byte)) {
            return piece.iter().position(|byte| is_it(*byte)).map(|at| start + at);
        }
        start += piece.len();
    }
    None
}

/// Without the gaps and marks between a scheme and what follows it.
fn unmarked(rest: &[u8]) -> &[u8] {
    let is_mark = |byte: u8| is_gap(byte) || matches!(byte, b':' | b',' | b'=' | b'"' | b'\'');
    let start = rest.iter().position(|byte| !is_mark(*byte)).unwrap_or(rest.len());
    trim(&rest[start..])
}

/// Emits the words after the scheme of the whole value; says whether it had one.
fn first_element(value: &[u8], emit: &mut dyn FnMut(&[u8])) -> bool {
    let Some((first, rest)) = split_first_word(value) else { return false };
    if !is_scheme(first.strip_suffix(b":").unwrap_or(first)) {
        return false;
    }
    after_the_scheme(rest, emit);
    // `key, T`: a list of bare keys, the first of which looks like a scheme.
    if first.last() != Some(&b':') && value.get(first.len()) == Some(&b',') {
        emit(first);
    }
    true
}

fn later_elements(value: &[u8], emit: &mut dyn FnMut(&[u8])) {
    for element in value.split(|byte| *byte == b',') {
        let element = trim(element);
        if element.is_empty() || is_negotiated(element) {
            continue;
        }
        match split_first_word(element) {
            None => word(element, emit),
            Some((first, rest)) => {
                let plain = || memchr3(b'(', b')', b'/', rest).is_none();
                let known = || SCHEMES.iter().any(|scheme| first.eq_ignore_ascii_case(scheme));
                if is_scheme(first) && (plain() || known()) {
                    after_the_scheme(rest, emit);
                }
            }
        }
    }
}

fn after_the_scheme(rest: &[u8], emit: &mut dyn FnMut(&[u8])) {
    let rest = rest.trim_ascii();
    emit(rest);
    for found in words(rest) {
        if found.len() != rest.len() {
            emit(found);
        }
        inside_word(found, emit);
    }
}

fn word(word: &[u8], emit: &mut dyn FnMut(&[u8])) {
    emit(word);
    words(word).filter(|part| part.len() != word.len()).for_each(&mut *emit);
    inside_word(word, emit);
}

/// `BearerT`, `key=value`, `a=1&sig=value`, `Credential=ID/…`, `id:signature`.
fn inside_word(word: &[u8], emit: &mut dyn FnMut(&[u8])) {
    glued(word, emit);
    if memchr2(b'=', b':', word).is_some() {
        pairs(word, emit);
    }
    signature_scope(word, emit);
}

/// Every name and value.
fn pairs(word: &[u8], emit: &mut dyn FnMut(&[u8])) {
    word.split(|byte| matches!(byte, b'&' | b';')).for_each(|text| pair(text, emit));
}

/// What follows the first `=`, what is on either side of the first `:`, and what follows the last of
/// both: `PVEAPIToken=user!id=secret`. Padding of base64 is none.
fn pair(text: &[u8], emit: &mut dyn FnMut(&[u8])) {
    let end = text.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1);
    let (text, whole) = (&text[..end], text);
    let equals = memchr(b'=', text);
    if let Some(at) = equals {
        let value = trim_quotes(&whole[at + 1..]);
        emit(value);
        scope(value, emit);
    }
    // That of `https://` is none.
    let colon = memchr(b':', text).filter(|at| !text[*at..].starts_with(b"://"));
    if let Some(at) = colon {
        emit(&whole[..at]);
        emit(&whole[at + 1..]);
    }
    let Some(last) = memrchr2(b'=', b':', text) else { return };
    if equals.is_some_and(|at| at < last) && colon.is_none_or(|at| at < last) {
        emit(trim_quotes(&whole[last + 1..]));
    }
}

/// The key id of `ID/date/region/service/aws4_request` (AWS Signature Version 4).
fn signature_scope(value: &[u8], emit: &mut dyn FnMut(&[u8])) {
    if value.len() > SCOPE_END.len() && value.ends_with(SCOPE_END) {
        scope(value, emit);
    }
}

fn scope(value: &[u8], emit: &mut dyn FnMut(&[u8])) {
    if let Some(at) = memchr(b'/', value).filter(|at| *at > 0) {
        emit(&value[..at]);
    }
}

const SCOPE_END: &[u8] = b"/aws4_request";

/// Media ranges and weighted choices: what Accept and its siblings list.
fn is_negotiated(element: &[u8]) -> bool {
    const TYPES: [&[u8]; 8] = [
        b"text/",
        b"application/",
        b"image/",
        b"audio/",
        b"video/",
        b"font/",
        b"multipart/",
        b"*/*",
    ];
    // Elements are short: a plain loop beats a call for SIMD.
    let weight = element.iter().position(|byte| *byte == b';');
    weight.is_some_and(|at| element[at..].starts_with(b";q="))
        || TYPES.iter().any(|kind| element.starts_with(kind))
}

/// What a value is made of.
struct Shape {
    is_one_word: bool,
    has_pairs: bool,
}

impl Shape {
    fn of(value: &[u8]) -> Shape {
        Shape {
            is_one_word: find(value, 0, ends_word).is_none(),
            has_pairs: memchr2(b'=', b':', value).is_some(),
        }
    }
}

/// White space to some framework: ASCII's and control bytes; NBSP, NEL and every other byte past
/// ASCII (Go and JavaScript split at Unicode white space, Python strips `\x1c` to `\x1f`).
fn is_gap(byte: u8) -> bool {
    byte <= b' ' || byte >= 0x7f
}

pub(super) fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_mark = |byte| is_gap(byte) || matches!(byte, b',' | b';' | b'"' | b'\'');
    let mut at = 0;
    let pieces = std::iter::from_fn(move || {
        let rest = value.get(at..)?;
        let end = find(rest, 0, is_mark).unwrap_or(rest.len());
        at += end + 1;
        Some(&rest[..end])
    });
    pieces.filter(|word| !word.is_empty())
}

fn split_first_word(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = value.iter().position(|byte| is_gap(*byte) || *byte == b',')?;
    Some((&value[..end], trim(&value[end..])))
}

fn trim(mut value: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = value {
        if !is_gap(*first) && *first != b',' {
            break;
        }
        value = rest;
    }
    while let [rest @ .., last] = value {
        if !is_gap(*last) && *last != b',' {
            break;
        }
        value = rest;
    }
    value
}

fn trim_quotes(value: &[u8]) -> &[u8] {
    let value = value.strip_prefix(b"\"").unwrap_or(value);
    value.strip_suffix(b"\"").unwrap_or(value)
}

/// A token of RFC 9110 section 5.6.2, the empty one excepted.
fn is_scheme(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(|byte| TOKEN[usize::from(*byte)])
}

const TOKEN: [bool; 256] = {
    let marks = b"!#$%&'*+-.^_`|~";
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let mut at = 0;
    while at < marks.len() {
        table[marks[at] as usize] = true;
        at += 1;
    }
    table
};

pub(super) fn strip_prefix_ignore_case<'a>(word: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (head, tail) = word.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use memchr::memmem;
    use proptest::prelude::*;

    fn found(value: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        credentials(value, &mut |credential| found.push(credential.to_vec()));
        found
    }

    /// Field notes 3.2, cases 1 to 3, 8 and 10.
    #[test]
    fn a_credential_is_found_in_every_spelling() {
        let cases: &[&[u8]] = &[
            b"Bearer T0K/+en=",
            b"bearer T0K/+en=",
            b"BEARER  T0K/+en=",
            b"Bearer\tT0K/+en=",
            b" Bearer \t T0K/+en=  ",
            b"Bearer\xa0T0K/+en=",
            b"Bearer\xc2\xa0T0K/+en=",
            b"Bearer\x0bT0K/+en=",
            b"Bearer T0K/+en=,",
            b"Bearer T0K/+en= , ",
            b"Bearer \"T0K/+en=\"",
            b"Bearer 'T0K/+en='",
            b"Bearer T0K/+en= realm=x",
            b"Bearer T0K/+en=;x=y",
            b"Bearer T0K/+en=, Basic eDp5",
            b"Basic eDp5, Bearer T0K/+en=",
            b"Basic eDp5,Bearer T0K/+en=",
            b"Bearer: T0K/+en=",
            b"Bearer token=T0K/+en=",
            b"token T0K/+en=",
            b"Token token=\"T0K/+en=\", nonce=\"x\"",
            b"Token nonce=x\ttoken=T0K/+en=",
            b"Digest username=\"T0K/+en=\", realm=x, uri=\"/\"",
            b"X-Custom T0K/+en=",
            b"Signature keyId=\"T0K/+en=\",algorithm=\"x\"",
            b"AWS T0K/+en=:c2ln",
            b"T0K/+en=, other",
            b"other, T0K/+en=",
            b"other,T0K/+en=,third",
            b"other/1,T0K/+en=",
            b"\tT0K/+en=",
            b"T0K/+en= ",
            b"T0K/+en=\x85",
            b"Mozilla/5.0 (X11), Bearer T0K/+en= )",
            // Searched, and without a gap.
            b"(x) Bearer T0K/+en=",
            b"\"Bearer\" T0K/+en=",
            b"{bearer} T0K/+en=",
            b"x/y Token T0K/+en= z",
            b"BearerT0K/+en=",
            b"(x) tokenT0K/+en=",
            // One word.
            b"key=T0K/+en=",
            b"Bearer:T0K/+en=",
            b"Token=user@x!id=T0K/+en=",
            b"Token=user@x!id:T0K/+en=",
            b"id:T0K/+en=",
            b"a=1&sig=T0K/+en=&b=2",
            b"SharedAccessSignature sr=x&sig=T0K/+en=&se=1",
        ];
        for value in cases {
            let found = found(value);
            assert!(
                found.iter().any(|credential| credential == b"T0K/+en="),
                "{}: {found:?}",
                String::from_utf8_lossy(value)
            );
        }
    }

    #[test]
    fn a_signature_gives_its_key_id() {
        let id = concat!("AKIA", "IOSFODNN7EXAMPLE");
        for value in [
            format!("AWS4-HMAC-SHA256 Credential={id}/20240101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00"),
            format!("AWS4-HMAC-SHA256 Credential={id}/20240101/us-east-1/s3/aws4_request,SignedHeaders=host,Signature=00"),
            format!("{id}/20240101/us-east-1/s3/aws4_request"),
            format!("AWS {id}:c2ln"),
        ] {
            assert!(found(value.as_bytes()).contains(&id.into()), "{value}");
        }
    }

    #[test]
    fn what_holds_no_credential_emits_nothing() {
        for value in [
            "",
            "T",
            "*/*",
            "keep-alive",
            "https://example.com/path",
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
            "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0",
            "a=1; b=2",
        ] {
            assert_eq!(found(value.as_bytes()), Vec::<Vec<u8>>::new(), "{value}");
        }
    }

    /// Many marks, none of them behind a scheme: time in proportion to the length.
    #[test]
    fn long_values() {
        for unit in ["- ", "-\u{a0}", "Bearer, ", "a=b:", "x ", "\"'", "Bearer=", "/ "] {
            let began = std::time::Instant::now();
            let value = unit.repeat(100_000);
            found(value.as_bytes());
            after_basic(value.as_bytes());
            assert!(began.elapsed().as_secs() < 5, "{unit}");
        }
    }

    proptest! {
        #[test]
        fn emits_slices_and_never_the_value_itself(value in proptest::collection::vec(any::<u8>(), 0..80)) {
            let mut total = 0;
            credentials(&value, &mut |credential| {
                assert!(credential.len() < value.len());
                assert!(memmem::find(&value, credential).is_some());
                total += credential.len();
            });
            prop_assert!(total <= 16 * value.len());
        }

        #[test]
        fn any_scheme_and_gap_will_do(
            scheme in "[A-Za-z][A-Za-z0-9-]{0,12}",
            gap in "[ \t]{1,4}",
            token in "[A-Za-z0-9._~+/-]{8,60}={0,2}",
            tail in "(|,|, x|;a=b| x y| \t)",
        ) {
            let value = format!("{scheme}{gap}{token}{tail}");
            prop_assert!(found(value.as_bytes()).contains(&token.clone().into_bytes()), "{}", value);
        }
    }
}
