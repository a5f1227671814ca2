//! Points: where to look in a request, in Wallarm's notation as a flat list of elements.
//!
//! An element begins at the request (`header NAME`) or goes on from what the one before it yields: a
//! value goes on with any parser, a document with a step into it. Source: docs.wallarm.com, «Parsing
//! requests».

use std::fmt;

use crate::suggest::suggest;

mod grammar;

pub use self::grammar::Kind;

use self::grammar::{Argument, Place, Spec};

/// A path of elements. Never empty; ends where values are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point(Vec<Element>);

/// One step of a point.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Element {
    /// Which element.
    pub kind: Kind,
    /// The name or number after it, for those that take one.
    pub name: Option<String>,
}

impl Point {
    /// Reads a point from the words of its list.
    pub fn parse(words: &[&str]) -> Result<Point, PointError> {
        if words.is_empty() {
            return Err(PointError { index: 0, what: EMPTY.to_owned() });
        }
        let mut elements: Vec<Element> = Vec::new();
        let mut place = Place::Request;
        let mut index = 0;
        while let Some(word) = words.get(index) {
            let spec =
                spec(word, place, elements.last()).map_err(|what| PointError { index, what })?;
            let name = match spec.argument {
                Argument::None => None,
                argument => {
                    let name = words.get(index + 1).copied();
                    let what = check_argument(spec, argument, name);
                    if let Some(what) = what {
                        let index = if name.is_some() { index + 1 } else { index };
                        return Err(PointError { index, what });
                    }
                    index += 1;
                    name.map(|name| canonical_name(spec.kind, name))
                }
            };
            let element = Element { kind: spec.kind, name };
            place = after(place, spec, &element);
            elements.push(element);
            index += 1;
        }
        match end(place, &elements) {
            None => Ok(Point(elements)),
            Some(what) => Err(PointError { index: words.len() - 1, what }),
        }
    }

    /// A point of elements that are known to follow each other.
    pub(crate) fn of(elements: Vec<Element>) -> Point {
        Point(elements)
    }

    /// `[anywhere]`.
    pub(crate) fn anywhere() -> Point {
        Point(vec![Element { kind: Kind::Anywhere, name: None }])
    }

    /// A point of several pieces, if they may follow each other.
    pub(crate) fn joined(pieces: &[&[Element]]) -> Option<Point> {
        let elements = pieces.iter().copied().flatten();
        let words = elements.flat_map(|it| [Some(it.word()), it.name.as_deref()]);
        Point::parse(&words.flatten().collect::<Vec<_>>()).ok()
    }

    /// The elements, from the request inwards.
    pub fn elements(&self) -> &[Element] {
        &self.0
    }

    /// Whether the point looks into the body.
    pub fn needs_body(&self) -> bool {
        self.0.first().is_some_and(|element| element.kind == Kind::Post)
    }
}

impl Element {
    /// The name in rule files.
    pub fn word(&self) -> &'static str {
        self.kind.word(self.name.is_some())
    }
}

/// As it is written in a rule file: `[header, AUTHORIZATION, credentials]`.
impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (index, element) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(element.word())?;
            if let Some(name) = &element.name {
                write!(f, ", {}", name.escape_debug())?;
            }
        }
        f.write_str("]")
    }
}

/// Why a list is no point: which word, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointError {
    index: usize,
    what: String,
}

impl PointError {
    /// The word, counted from 0.
    pub fn index(&self) -> usize {
        self.index
    }
}

impl fmt::Display for PointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for PointError {}

const EMPTY: &str = "the point is empty; write where to look, as in `[header, AUTHORIZATION]`";

/// The element that a word names at a place.
fn spec(word: &str, place: Place, before: Option<&Element>) -> Result<&'static Spec, String> {
    let named = || grammar::ELEMENTS.iter().filter(|spec| spec.name == word);
    if let Some(spec) = named().find(|spec| place.takes(spec.place)) {
        return Ok(spec);
    }
    if let Some(spec) = named().next() {
        let before = match before {
            Some(element) => format!("after `{}`", element.word()),
            None => "at the beginning".to_owned(),
        };
        return Err(format!("`{word}` cannot stand {before}; {}", spec.place.advice()));
    }
    let known = grammar::ELEMENTS.iter().filter(|spec| place.takes(spec.place));
    Err(match suggest(word, known.map(|spec| spec.name)) {
        Some(other) => format!("unknown element `{word}`; did you mean `{other}`?"),
        None => format!("unknown element `{word}`; {}", place.follow()),
    })
}

fn check_argument(spec: &Spec, argument: Argument, name: Option<&str>) -> Option<String> {
    match (argument, name) {
        (Argument::Name, None) => Some(format!("`{0}` needs a name; write `{0}, NAME`", spec.name)),
        (Argument::Name, Some("")) => {
            Some(format!("the name after `{}` is empty; write it", spec.name))
        }
        (Argument::Number, None) => {
            Some(format!("`{0}` needs a number; write `{0}, 0` for the first", spec.name))
        }
        (Argument::Number, Some(text)) if text.parse::<u32>().is_err() => Some(format!(
            "`{0}` takes a number, not `{text}`; write `{0}, 0` for the first",
            spec.name
        )),
        _ => None,
    }
}

/// Header names are compared without case and with `-` equal to `_`, so one spelling stands for all.
fn canonical_name(kind: Kind, name: &str) -> String {
    match kind {
        Kind::Header => name.to_ascii_uppercase().replace('_', "-"),
        _ => name.to_owned(),
    }
}

fn after(place: Place, spec: &Spec, element: &Element) -> Place {
    match (place, element.kind, element.name.as_deref()) {
        (Place::Request, Kind::Header, Some("COOKIE")) => Place::CookieHeader,
        _ => place.after(spec),
    }
}

fn end(place: Place, elements: &[Element]) -> Option<String> {
    if place.ends() {
        return None;
    }
    let name = elements.last()?.word();
    Some(format!("`{name}` alone yields no value; {}", place.follow()))
}

#[cfg(test)]
mod tests;
