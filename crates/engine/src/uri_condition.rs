//! Conditions on the URI, in the notation of Wallarm's URI constructor.
//!
//! `[scheme://][host[:port]][/path][?query]`, where a component is literal text, `*` (any that is
//! not empty) or `{{regex}}` (found anywhere in it); `**` stands for any number of path segments; in
//! the last segment `*.*` tells name and extension apart. Source: docs.wallarm.com, «Rules», «URI
//! constructor».
//!
//! Three things differ from that page, because a condition must not be walked around: arguments that
//! the condition does not name, a trailing slash, and an empty segment (`//`) change nothing. Scheme
//! and port are not compared (Wallarm ignores the scheme too): what NGINX routes on is the host.
//! By the page's examples `**` between two components is one segment or more, while at the end it
//! may be none: `/v1/**` is `/v1` and everything below it.

use std::fmt;

use crate::{
    pattern::{Pattern, PatternError},
    readings::{hosts, Readings},
    request::Request,
    search::Search,
};

mod query;
mod split;

use self::{
    query::Argument,
    split::{Text, Uri},
};

/// A condition on host, path and arguments.
#[derive(Clone, Debug)]
pub struct UriCondition {
    host: Option<Component>,
    path: Option<Path>,
    query: Vec<Argument>,
}

impl UriCondition {
    /// Reads the notation; a regex larger than `size` bytes compiled is an error.
    pub fn parse(text: &str, size: usize) -> Result<UriCondition, UriError> {
        let uri = Uri::split(text)?;
        let condition = UriCondition {
            host: uri.host.map(|host| host_component(&host, size)).transpose()?,
            path: uri.path.map(|path| Path::parse(&path, size)).transpose()?,
            query: uri
                .query
                .iter()
                .map(|part| Argument::parse(part, size))
                .collect::<Result<_, _>>()?,
        };
        if condition.host.is_none() && condition.path.is_none() && condition.query.is_empty() {
            return Err(UriError::Empty);
        }
        Ok(condition)
    }

    /// Whether the request is one that the condition describes.
    pub fn holds<R: Request + ?Sized>(&self, request: &R, readings: Readings) -> bool {
        let is_host = |host: &Component| {
            readings.hold(|visit| hosts(request, visit), |found| host.holds(bare_host(found)))
        };
        self.host.as_ref().is_none_or(is_host)
            && self.path.as_ref().is_none_or(|path| path.holds(request.path()))
            && self.query.iter().all(|argument| argument.holds(request.args()))
    }
}

/// Why a text is no URI condition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UriError {
    /// Nothing is compared.
    Empty,
    /// A fragment never reaches a server.
    Fragment,
    /// `{{}}`, which every value matches.
    EmptyRegex,
    /// `**` outside the path, or not alone between slashes.
    Globstar,
    /// `{{` without `}}`.
    OpenRegex,
    /// The pattern between `{{` and `}}` does not parse.
    Pattern(PatternError),
    /// The compiled pattern is over the size limit.
    TooLarge,
    /// `*` or `{{…}}` beside other text in one component.
    Wildcard {
        /// The component.
        component: String,
        /// What says the same.
        instead: String,
    },
}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UriError::Empty => {
                f.write_str("the URI is empty; leave `uri` out to apply to every request")
            }
            UriError::Fragment => {
                f.write_str("a fragment (`#…`) never reaches a server; remove it, or write `%23`")
            }
            UriError::EmptyRegex => f.write_str("`{{}}` holds no pattern; write `*` for any value"),
            UriError::Globstar => f.write_str(
                "`**` stands for whole path segments; write it alone between slashes, as in \
                 `example.com/**/user`",
            ),
            UriError::OpenRegex => f.write_str("`{{` is not closed; write `{{pattern}}`"),
            UriError::Pattern(error) => {
                write!(f, "bad pattern: {error}; the syntax is Rust's (docs.rs/regex)")
            }
            UriError::TooLarge => {
                f.write_str("the pattern is too large when compiled; make its repetitions shorter")
            }
            UriError::Wildcard { component, instead } => write!(
                f,
                "`*` and `{{{{…}}}}` stand for a whole component, not for a part of `{component}`; \
                 write `{instead}`"
            ),
        }
    }
}

impl std::error::Error for UriError {}

impl From<PatternError> for UriError {
    fn from(error: PatternError) -> UriError {
        UriError::Pattern(error)
    }
}

/// One component: a host, a path segment, the name or extension of a file, the value of an argument.
#[derive(Clone, Debug)]
enum Component {
    /// Any value that is not empty.
    Any,
    /// This value.
    Literal(Vec<u8>),
    /// Any value in which the regex is found.
    Regex(Search),
}

impl Component {
    fn parse(text: &Text, size: usize) -> Result<Component, UriError> {
        match text {
            Text::Any => Ok(Component::Any),
            Text::Literal(literal) => Ok(Component::Literal(literal.clone())),
            Text::Regex(pattern) => {
                let pattern = Pattern::parse(pattern)?;
                Search::new(&pattern, size).map(Component::Regex).ok_or(UriError::TooLarge)
            }
        }
    }

    fn holds(&self, value: &[u8]) -> bool {
        match self {
            Component::Any => !value.is_empty(),
            Component::Literal(literal) => literal == value,
            Component::Regex(search) => search.is_match(value),
        }
    }
}

fn host_component(text: &Text, size: usize) -> Result<Component, UriError> {
    match text {
        Text::Literal(host) => {
            Ok(Component::Literal(bare_host(&host.to_ascii_lowercase()).to_vec()))
        }
        Text::Regex(pattern) => Component::parse(&Text::Regex(format!("(?i:{pattern})")), size),
        Text::Any => Ok(Component::Any),
    }
}

/// A host without its port and trailing dot.
fn bare_host(host: &[u8]) -> &[u8] {
    let colon = host.iter().rposition(|&byte| byte == b':');
    let host = match colon.and_then(|colon| host.split_at_checked(colon)) {
        Some((name, port)) if port.iter().skip(1).all(u8::is_ascii_digit) => name,
        _ => host,
    };
    host.strip_suffix(b".").unwrap_or(host)
}

/// The path part of a condition.
#[derive(Clone, Debug)]
struct Path {
    segments: Vec<Segment>,
    /// The last segment, when it is not `**`.
    last: Option<Last>,
}

#[derive(Clone, Debug)]
enum Segment {
    One(Component),
    /// `**`: any number of segments.
    Rest,
}

/// What the last segment must be.
#[derive(Clone, Debug)]
enum Last {
    /// All of it.
    Whole(Component),
    /// `action_name` without an extension, or with one.
    Action(Component, Option<Component>),
}

impl Path {
    fn parse(path: &split::PathText, size: usize) -> Result<Path, UriError> {
        let mut segments = Vec::new();
        for (index, segment) in path.segments.iter().enumerate() {
            match segment {
                Some(text) => segments.push(Segment::One(Component::parse(text, size)?)),
                None => {
                    let at_end = index + 1 == path.segments.len() && path.last.is_none();
                    if !at_end {
                        segments.push(Segment::One(Component::Any));
                    }
                    segments.push(Segment::Rest);
                }
            }
        }
        let last = match &path.last {
            None => None,
            Some((Text::Literal(whole), None)) => {
                Some(Last::Whole(Component::Literal(whole.clone())))
            }
            Some((name, extension)) => Some(Last::Action(
                Component::parse(name, size)?,
                extension.as_ref().map(|text| Component::parse(text, size)).transpose()?,
            )),
        };
        Ok(Path { segments, last })
    }

    fn holds(&self, path: &[u8]) -> bool {
        let mut values: Vec<&[u8]> =
            path.split(|&byte| byte == b'/').filter(|segment| !segment.is_empty()).collect();
        if let Some(last) = &self.last {
            match values.pop() {
                Some(value) if last.holds(value) => {}
                _ => return false,
            }
        }
        segments_hold(&self.segments, &values)
    }
}

impl Last {
    fn holds(&self, segment: &[u8]) -> bool {
        match self {
            Last::Whole(component) => component.holds(segment),
            Last::Action(name, extension) => {
                let (found, found_extension) = action(segment);
                name.holds(found)
                    && match (extension, found_extension) {
                        (None, None) => true,
                        (Some(component), Some(value)) => component.holds(value),
                        _ => false,
                    }
            }
        }
    }
}

/// Wallarm's `action_name` (up to the first period) and `action_ext` (after the last one).
fn action(segment: &[u8]) -> (&[u8], Option<&[u8]>) {
    let dot = |&byte: &u8| byte == b'.';
    let name = segment.split(dot).next().unwrap_or_default();
    let extension = segment.iter().any(dot).then(|| segment.rsplit(dot).next().unwrap_or_default());
    (name, extension)
}

/// Globbing with one level of going back, so at most segments × values comparisons.
fn segments_hold(mut pattern: &[Segment], mut values: &[&[u8]]) -> bool {
    let mut retry: Option<(&[Segment], &[&[u8]])> = None;
    loop {
        match (pattern.split_first(), values.split_first()) {
            (Some((Segment::Rest, rest)), _) => {
                retry = Some((rest, values));
                pattern = rest;
                continue;
            }
            (Some((Segment::One(component), rest)), Some((value, others)))
                if component.holds(value) =>
            {
                (pattern, values) = (rest, others);
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        match retry {
            Some((rest, [_, from @ ..])) => {
                retry = Some((rest, from));
                (pattern, values) = (rest, from);
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests;
