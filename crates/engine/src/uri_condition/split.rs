//! Splits the notation into components, keeping what stands between `{{` and `}}` whole.

use super::UriError;

/// The text of one component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Text {
    Any,
    /// Percent-decoded, as NGINX's path is.
    Literal(Vec<u8>),
    Regex(String),
}

/// The parts of a URI condition; absent ones are not compared.
#[derive(Debug, Default)]
pub(super) struct Uri {
    pub(super) host: Option<Text>,
    pub(super) path: Option<PathText>,
    pub(super) query: Vec<ArgumentText>,
}

/// `None` is `**`; `last` is the last segment as name and extension, absent for `/` and after `**`.
#[derive(Debug)]
pub(super) struct PathText {
    pub(super) segments: Vec<Option<Text>>,
    pub(super) last: Option<(Text, Option<Text>)>,
}

/// An argument; without a value it need only be there.
#[derive(Debug)]
pub(super) struct ArgumentText {
    pub(super) name: Vec<u8>,
    pub(super) value: Option<Text>,
}

/// A character, or a whole `{{regex}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece<'a> {
    Char(char),
    Regex(&'a str),
}

impl Uri {
    pub(super) fn split(text: &str) -> Result<Uri, UriError> {
        let pieces = pieces(without_scheme(text.trim()))?;
        if pieces.contains(&Piece::Char('#')) {
            return Err(UriError::Fragment);
        }
        let (front, query) = split_once(&pieces, '?');
        let (host, path) = match front.iter().position(|piece| *piece == Piece::Char('/')) {
            Some(slash) => {
                let (host, path) = front.split_at_checked(slash).unwrap_or((front, &[]));
                (host, Some(path.get(1..).unwrap_or_default()))
            }
            None => (front, None),
        };
        Ok(Uri {
            host: if host.is_empty() { None } else { Some(component(host, Place::Host)?) },
            path: path.map(path_text).transpose()?,
            query: query.map(query_text).transpose()?.unwrap_or_default(),
        })
    }
}

/// Where a component stands, for the advice.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Host,
    Path,
    Query,
}

fn without_scheme(text: &str) -> &str {
    for scheme in ["https://", "http://"] {
        if let Some((head, rest)) = text.split_at_checked(scheme.len()) {
            if head.eq_ignore_ascii_case(scheme) {
                return rest;
            }
        }
    }
    text
}

fn pieces(mut text: &str) -> Result<Vec<Piece<'_>>, UriError> {
    let mut pieces = Vec::new();
    while let Some(first) = text.chars().next() {
        let Some(inside) = text.strip_prefix("{{") else {
            pieces.push(Piece::Char(first));
            text = text.get(first.len_utf8()..).unwrap_or_default();
            continue;
        };
        let mut end = inside.find("}}").ok_or(UriError::OpenRegex)?;
        // `{{[0-9]{3}}}`: the last braces close.
        while inside.get(end + 2..).is_some_and(|rest| rest.starts_with('}')) {
            end += 1;
        }
        let pattern = inside.get(..end).unwrap_or_default();
        if pattern.is_empty() {
            return Err(UriError::EmptyRegex);
        }
        pieces.push(Piece::Regex(pattern));
        text = inside.get(end + 2..).unwrap_or_default();
    }
    Ok(pieces)
}

fn split_once<'a, 'b>(
    pieces: &'b [Piece<'a>],
    at: char,
) -> (&'b [Piece<'a>], Option<&'b [Piece<'a>]>) {
    match pieces.iter().position(|piece| *piece == Piece::Char(at)) {
        Some(index) => (
            pieces.get(..index).unwrap_or_default(),
            Some(pieces.get(index + 1..).unwrap_or_default()),
        ),
        None => (pieces, None),
    }
}

fn path_text(pieces: &[Piece<'_>]) -> Result<PathText, UriError> {
    let mut parts: Vec<&[Piece<'_>]> =
        pieces.split(|piece| *piece == Piece::Char('/')).filter(|part| !part.is_empty()).collect();
    let last = match parts.last() {
        Some(part) if !is_globstar(part) => {
            let last = last_segment(part)?;
            parts.pop();
            Some(last)
        }
        _ => None,
    };
    let segments = parts
        .into_iter()
        .map(
            |part| {
                if is_globstar(part) {
                    Ok(None)
                } else {
                    component(part, Place::Path).map(Some)
                }
            },
        )
        .collect::<Result<_, _>>()?;
    Ok(PathText { segments, last })
}

fn is_globstar(part: &[Piece<'_>]) -> bool {
    part == [Piece::Char('*'), Piece::Char('*')]
}

/// A literal name is compared whole; with a wildcard, name and extension are told apart.
fn last_segment(part: &[Piece<'_>]) -> Result<(Text, Option<Text>), UriError> {
    let wild = part.iter().any(|piece| matches!(piece, Piece::Char('*') | Piece::Regex(_)));
    let dot = part.iter().rposition(|piece| *piece == Piece::Char('.'));
    match dot {
        Some(dot) if wild => {
            let name = part.get(..dot).unwrap_or_default();
            let extension = part.get(dot + 1..).unwrap_or_default();
            Ok((component(name, Place::Path)?, Some(component(extension, Place::Path)?)))
        }
        _ => Ok((component(part, Place::Path)?, None)),
    }
}

fn query_text(pieces: &[Piece<'_>]) -> Result<Vec<ArgumentText>, UriError> {
    pieces
        .split(|piece| *piece == Piece::Char('&'))
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = split_once(part, '=');
            let name = match component(name, Place::Query)? {
                Text::Literal(name) => name,
                _ => return Err(wildcard(name, Place::Query)),
            };
            let value = value.map(|value| component(value, Place::Query)).transpose()?;
            Ok(ArgumentText { name, value })
        })
        .collect()
}

fn component(pieces: &[Piece<'_>], place: Place) -> Result<Text, UriError> {
    match pieces {
        [Piece::Regex(pattern)] => return Ok(Text::Regex((*pattern).to_owned())),
        [Piece::Char('*')] => return Ok(Text::Any),
        _ => {}
    }
    let mut literal = String::new();
    for piece in pieces {
        match piece {
            Piece::Char('*')
                if pieces.windows(2).any(|two| two == [Piece::Char('*'), Piece::Char('*')]) =>
            {
                return Err(UriError::Globstar)
            }
            Piece::Char('*') | Piece::Regex(_) => return Err(wildcard(pieces, place)),
            Piece::Char('+') if place == Place::Query => literal.push(' '),
            Piece::Char(char) => literal.push(*char),
        }
    }
    Ok(Text::Literal(if place == Place::Host { literal.into_bytes() } else { percent(&literal) }))
}

/// The error for a wildcard inside a component, with the regex that says the same.
fn wildcard(pieces: &[Piece<'_>], place: Place) -> UriError {
    let (mut component, mut regex) = (String::new(), String::from("{{^"));
    for piece in pieces {
        match piece {
            Piece::Char('*') => {
                component.push('*');
                regex.push_str(".*");
            }
            Piece::Char(char) => {
                component.push(*char);
                regex.push_str(&regex_syntax::escape(char.encode_utf8(&mut [0; 4])));
            }
            Piece::Regex(pattern) => {
                component.push_str("{{…}}");
                regex.push_str(&format!("(?:{pattern})"));
            }
        }
    }
    regex.push_str("$}}");
    if place == Place::Query && !pieces.is_empty() {
        regex = "the name of an argument literally".to_owned();
    }
    UriError::Wildcard { component, instead: regex }
}

fn percent(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if let (b'%', [high, low, after @ ..]) = (first, tail) {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            if let (Some(high), Some(low)) = (digit(*high), digit(*low)) {
                bytes.push((high * 16 + low) as u8);
                rest = after;
                continue;
            }
        }
        bytes.push(*first);
    }
    bytes
}
