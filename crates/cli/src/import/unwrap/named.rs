//! Names before a token: a header line, an assignment of any language, the pairs of a cookie or of a
//! query.

use super::{super::names, edges, Note, Peeled};

/// The headers whose value may be written with their name, beside those whose name says so.
const HEADERS: [&str; 4] = ["authorization", "job-token", "private-token", "proxy-authorization"];

/// Words that some languages write before a name.
const BEFORE: [&[u8]; 9] =
    [b"export ", b"set ", b"const ", b"let ", b"var ", b"val ", b"$env:", b"-H ", b"--header "];

/// `export NAME=…`, `-H 'Name: …'`.
pub(super) fn before(text: &[u8]) -> Option<Peeled> {
    let rest = BEFORE.iter().find_map(|word| text.strip_prefix(*word))?;
    Some(Peeled::Inner(rest.to_vec(), Note::Assignment))
}

/// `//registry.npmjs.org/:_authToken=…`, a line of `.npmrc`.
pub(super) fn npmrc(text: &[u8]) -> Option<Peeled> {
    let rest = text.strip_prefix(b"//")?;
    let at = memchr::memmem::find(rest, b":_")?;
    pair(&rest[at + 1..])?;
    Some(Peeled::Inner(rest[at + 1..].to_vec(), Note::Address))
}

/// `Authorization: …`, `X-Api-Key: …`, `Cookie: …`.
pub(super) fn header(text: &[u8]) -> Option<Peeled> {
    let colon = text.iter().position(|&byte| byte == b':')?;
    let (name, value) = (text[..colon].trim_ascii(), text[colon + 1..].trim_ascii());
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    if matches!(name.as_str(), "cookie" | "set-cookie") {
        return Some(parts(pairs(value, b';')));
    }
    let known = HEADERS.contains(&name.as_str()) || name.starts_with("x-") && is_credential(&name);
    known.then(|| Peeled::Inner(value.to_vec(), Note::Header))
}

/// `AKIA…:secret`, as scanners write an access key of AWS: of its two parts only the identifier
/// travels with a request.
pub(super) fn access_key(text: &[u8]) -> Option<Peeled> {
    let (id, rest) = text.split_at_checked(20)?;
    let (separator, secret) = rest.split_first()?;
    let is_id = [&b"AKIA"[..], b"ASIA"].iter().any(|prefix| id.starts_with(prefix))
        && id.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let is_secret = |byte: &u8| byte.is_ascii_alphanumeric() || b"/+".contains(byte);
    let is_pair = matches!(separator, b':' | b' ' | b',')
        && secret.len() == 40
        && secret.iter().all(is_secret);
    (is_id && is_pair).then(|| Peeled::Inner(id.to_vec(), Note::Identifier))
}

fn is_credential(name: &str) -> bool {
    names::is_credential(name.as_bytes())
}

/// `NAME=value`, `name: value`, `"name": "value"`, `name => value`.
pub(super) fn assignment(text: &[u8]) -> Option<Peeled> {
    let (name, value) = pair(text)?;
    if names::is_credential(name) || names::is_credential_value(value) {
        return Some(Peeled::Inner(value.to_vec(), Note::Assignment));
    }
    if is_setting(name) || edges::quoted(value).is_some() {
        return Some(match address_inside(value) {
            true => Peeled::Inner(value.to_vec(), Note::Assignment),
            false => Peeled::Setting,
        });
    }
    Some(Peeled::Also(value.to_vec(), Note::Assignment))
}

/// `DATABASE_URL=postgres://…`: what is in it decides.
fn address_inside(value: &[u8]) -> bool {
    memchr::memmem::find(value, b"://").is_some()
}

/// A variable and its value, with its quotes.
pub(crate) struct Setting<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) value: &'a [u8],
}

/// The variable that a line of a `.env` file sets.
pub(crate) fn setting(line: &[u8]) -> Option<Setting<'_>> {
    let line = line.strip_prefix(b"export ").unwrap_or(line).trim_ascii_start();
    let equals = line.iter().position(|byte| *byte == b'=')?;
    let (name, value) = (line[..equals].trim_ascii(), line[equals + 1..].trim_ascii());
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.".contains(byte);
    let is_padding = !value.is_empty() && value.iter().all(|byte| *byte == b'=');
    let is_setting = name.len() > 1 && name.len() <= 64 && name.iter().all(is_name) && !is_padding;
    let begins = name.first().is_some_and(|byte| !byte.is_ascii_digit());
    (is_setting && begins).then_some(Setting { name, value })
}

/// As environment variables are named, `NODE_ENV`; a token before a `=` hardly looks so.
fn is_setting(name: &[u8]) -> bool {
    let byte = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    name.len() > 1 && name.iter().all(byte)
}

/// Name and value, without the quotes around the name.
pub(super) fn pair(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, value) = split(text)?;
    let name = edges::quoted(name.trim_ascii()).unwrap_or(name.trim_ascii());
    let value = value.strip_prefix(b">").unwrap_or(value).trim_ascii();
    // The padding of base64 is no value.
    let is_value = value.iter().any(|byte| *byte != b'=');
    (is_value && names::is_name(name)).then_some((name, value))
}

/// At the first `=` or `:=`, or at a colon with a blank or a quote behind it.
fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| matches!(byte, b'=' | b':'))?;
    let (name, rest) = text.split_at(at);
    match rest {
        [b':', b'=', value @ ..] | [b'=', value @ ..] => Some((name, value)),
        [b':', b' ' | b'\t' | b'"' | b'\'', ..] => Some((name, &rest[1..])),
        _ => None,
    }
}

/// `a=b&token=…`, `theme=dark; session=…`, `Server=x;Password=…`.
pub(super) fn fields(text: &[u8]) -> Option<Peeled> {
    if memchr::memmem::find(text, b"://").is_some() {
        return None;
    }
    let is_fields = |separator| {
        let mut pieces = text.split(|byte| *byte == separator).filter(|piece| !piece.is_empty());
        let named = |piece: &[u8]| field(piece).is_some();
        text.contains(&separator) && pieces.clone().count() > 1 && pieces.all(named)
    };
    let separator = [b'&', b';'].into_iter().find(|separator| is_fields(*separator))?;
    Some(parts(pairs(text, separator)))
}

fn pairs(text: &[u8], separator: u8) -> Vec<(Vec<u8>, Note)> {
    let named = |piece: &[u8]| {
        let (name, value) = field(piece)?;
        let taken = names::is_credential(name) || names::is_credential_value(value);
        taken.then(|| (value.to_vec(), Note::Field))
    };
    text.split(|byte| *byte == separator).filter_map(named).collect()
}

/// Name and value at a `=`; connection strings have blanks in names.
fn field(piece: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = piece.iter().position(|byte| *byte == b'=')?;
    let (name, value) = (piece[..at].trim_ascii(), piece[at + 1..].trim_ascii());
    let is_name = |word: &[u8]| names::is_name(word);
    (name.split(|byte| *byte == b' ').all(is_name)).then_some((name, value))
}

fn parts(parts: Vec<(Vec<u8>, Note)>) -> Peeled {
    match parts.is_empty() {
        true => Peeled::Setting,
        false => Peeled::Parts(parts),
    }
}
