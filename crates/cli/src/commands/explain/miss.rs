//! The nearest miss in words.

use serde_json::{json, Value};
use tokenban_engine::{
    point::{Kind, Point},
    Miss, Place, Reason,
};

/// So many places, points or rules are told; more say no more.
const MOST: usize = 3;

/// Lines for a person.
pub(super) fn lines(miss: &Miss) -> Vec<String> {
    if miss.places.is_empty() {
        let text = "the token was not found in this request; values are opened up to five times";
        return vec![text.to_owned()];
    }
    let mut lines: Vec<String> = miss.places.iter().take(MOST).map(place).collect();
    lines.extend(miss.reasons.iter().map(|reason| format!("  {}", words(reason, miss))));
    let points = listed(&miss.points, " or ");
    if !points.is_empty() {
        lines.push(format!("  {points} would find it"));
    }
    lines
}

/// The same for programs.
pub(super) fn json(miss: &Miss) -> Value {
    let place = |place: &Place| {
        json!({
            "in": part(&place.point, true),
            "point": place.exact.to_string(),
            "reading": place.reading,
            "whole": place.is_whole,
        })
    };
    json!({
        "places": miss.places.iter().map(place).collect::<Vec<_>>(),
        "reasons": miss.reasons.iter().map(|reason| words(reason, miss)).collect::<Vec<_>>(),
        "points": miss.points.iter().map(Point::to_string).collect::<Vec<_>>(),
    })
}

fn place(place: &Place) -> String {
    let part = part(&place.point, true);
    match place.is_whole {
        true => format!("the token is in {part}: {}", place.reading),
        false => format!("the token is part of a longer value in {part}: {}", place.reading),
    }
}

fn words(reason: &Reason, miss: &Miss) -> String {
    match reason {
        Reason::Condition { rule, condition } => {
            format!("condition {condition} of rule {rule} does not hold")
        }
        Reason::Elsewhere { rule, points } => elsewhere(rule, points, miss),
        Reason::EntryExpired { list } => format!("its entry on list {list} has expired"),
        Reason::Except { rule, number } => format!("exception {number} of rule {rule} holds"),
        Reason::Expired { rule } => format!("rule {rule} has expired"),
        Reason::ListNotAsked { list } => {
            format!("list {list} has it, but no rule asks that list")
        }
        Reason::Part => {
            "tokens and denylists compare whole values; a `regex` would find it there".to_owned()
        }
        Reason::Nobody => "no rule and no list is about this token".to_owned(),
    }
}

/// Where a rule looks instead: in other parts of the request, or at other points of the same.
fn elsewhere(rule: &str, points: &[Point], miss: &Miss) -> String {
    let mut parts: Vec<String> = points.iter().map(|point| part(point, false)).collect();
    parts.sort();
    parts.dedup();
    let stands = |place: &Place| parts.contains(&part(&place.point, false));
    if miss.places.iter().any(stands) || parts.len() > MOST {
        return format!("rule {rule} has no point there; it looks at {}", listed(points, " and "));
    }
    format!("rule {rule} looks only in {}", parts.join(" and "))
}

fn listed(points: &[Point], word: &str) -> String {
    let shown: Vec<String> = points.iter().take(MOST).map(Point::to_string).collect();
    match points.len() - shown.len() {
        0 => shown.join(word),
        more => format!("{}{word}{more} more", shown.join(", ")),
    }
}

/// The part of a request that a point is in; with the names that the client chose, or without.
fn part(point: &Point, named: bool) -> String {
    let mut elements = point.elements().iter();
    let Some(first) = elements.next() else { return String::new() };
    let name = first.name.as_deref().unwrap_or_default();
    let next = elements.next();
    let cookie = next.filter(|next| next.kind == Kind::Cookie);
    match (first.kind, cookie) {
        (Kind::Header, Some(cookie)) if named => {
            format!("cookie {}", cookie.name.as_deref().unwrap_or_default())
        }
        (Kind::Header, _) if next.is_some_and(|it| is_cookie(it.kind)) => "cookies".to_owned(),
        (Kind::Header, _) => format!("header {name}"),
        (Kind::HeaderAll, _) => "headers".to_owned(),
        (Kind::HeaderName, _) => "names of headers".to_owned(),
        (Kind::Query, _) if named => format!("argument {name} of the query"),
        (Kind::Query | Kind::QueryAll | Kind::QueryName, _) => "the query".to_owned(),
        (Kind::Path, _) if named => format!("segment {name} of the path"),
        (Kind::Path | Kind::PathAll | Kind::ActionName | Kind::ActionExt, _) => {
            "the path".to_owned()
        }
        (Kind::Uri, _) => "the request target".to_owned(),
        (Kind::Anywhere, _) => "a value deep in the request".to_owned(),
        (Kind::Post, _) if named && next.is_some() => format!("the body, at {point}"),
        (Kind::Post, _) => "the body".to_owned(),
        _ => point.to_string(),
    }
}

fn is_cookie(kind: Kind) -> bool {
    matches!(kind, Kind::Cookie | Kind::CookieAll | Kind::CookieName)
}
