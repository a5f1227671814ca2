//! What a pattern needs: a look-up of the whole value, a literal, or an automaton.
//!
//! Literals come from `regex_syntax::hir::literal`: every match of a pattern begins with (or holds)
//! one of them, whatever stands between.

use regex_syntax::hir::{
    literal::{ExtractKind, Extractor},
    Class, Hir, HirKind, Look,
};

/// The shortest literal that is worth looking for.
const SHORTEST: usize = 2;
/// A literal of this length turns up by chance seldom enough.
const GOOD: usize = 4;
/// What is kept of a literal in front of an automaton.
const LONGEST: usize = 32;

/// How the matches of a pattern are found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// The whole value is one of these.
    Exact(Vec<Vec<u8>>),
    /// The value holds one of these.
    Needles(Vec<Vec<u8>>),
    /// Every match begins with one of these, without regard to ASCII case.
    Prefix(Vec<Vec<u8>>),
    /// Every match holds one of these, without regard to ASCII case.
    Inner(Vec<Vec<u8>>),
    /// Every match begins at the start of the value.
    Anchored,
    /// Nothing is known of it.
    Free,
}

impl Shape {
    pub(super) fn of(hir: &Hir) -> Shape {
        if let Some(literals) = exact(hir) {
            return Shape::Exact(literals);
        }
        if let Some(literals) = enumerate(hir).filter(|all| shortest(all) >= SHORTEST) {
            return Shape::Needles(literals);
        }
        gate(hir).unwrap_or_else(|| {
            if hir.properties().look_set_prefix().contains(Look::Start) {
                Shape::Anchored
            } else {
                Shape::Free
            }
        })
    }
}

/// The literals of `^…$`, or of an alternation of such.
fn exact(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Capture(capture) => exact(&capture.sub),
        HirKind::Alternation(branches) => {
            branches.iter().map(exact).collect::<Option<Vec<_>>>().map(|all| all.concat())
        }
        HirKind::Concat(parts) => match parts.as_slice() {
            [first, rest @ ..] if is(first, Look::Start) => ended(&Hir::concat(rest.to_vec())),
            _ => None,
        },
        _ => None,
    }
}

/// The literals of `…$`; the parser pulls a `^` that all branches share out of them.
fn ended(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Look(Look::End) => Some(vec![Vec::new()]),
        HirKind::Capture(capture) => ended(&capture.sub),
        HirKind::Alternation(branches) => {
            branches.iter().map(ended).collect::<Option<Vec<_>>>().map(|all| all.concat())
        }
        HirKind::Concat(parts) => match parts.as_slice() {
            [rest @ .., last] if is(last, Look::End) => enumerate(&Hir::concat(rest.to_vec())),
            _ => None,
        },
        _ => None,
    }
}

fn is(hir: &Hir, look: Look) -> bool {
    matches!(hir.kind(), HirKind::Look(found) if *found == look)
}

/// Every string of a language that is a plain choice of literals. A parser folds `a|b` into a class
/// and pulls out common prefixes, so both are undone, but never into more than the source wrote.
fn enumerate(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let bound = 4 * leaves(hir)?;
    strings(hir, bound)
}

fn leaves(hir: &Hir) -> Option<usize> {
    match hir.kind() {
        HirKind::Empty | HirKind::Literal(_) => Some(1),
        HirKind::Class(class) => small_class(class).map(|bytes| bytes.len()),
        HirKind::Capture(capture) => leaves(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().map(leaves).sum(),
        HirKind::Look(_) | HirKind::Repetition(_) => None,
    }
}

fn strings(hir: &Hir, bound: usize) -> Option<Vec<Vec<u8>>> {
    let all = match hir.kind() {
        HirKind::Empty => vec![Vec::new()],
        HirKind::Literal(literal) => vec![literal.0.to_vec()],
        HirKind::Class(class) => small_class(class)?.into_iter().map(|byte| vec![byte]).collect(),
        HirKind::Capture(capture) => strings(&capture.sub, bound)?,
        HirKind::Alternation(parts) => {
            parts.iter().map(|part| strings(part, bound)).collect::<Option<Vec<_>>>()?.concat()
        }
        HirKind::Concat(parts) => {
            let mut product = vec![Vec::new()];
            for part in parts {
                let tails = strings(part, bound)?;
                if product.len() * tails.len() > bound {
                    return None;
                }
                product = product
                    .iter()
                    .flat_map(|head| tails.iter().map(move |tail| [&head[..], tail].concat()))
                    .collect();
            }
            product
        }
        HirKind::Look(_) | HirKind::Repetition(_) => return None,
    };
    (all.len() <= bound).then_some(all)
}

fn small_class(class: &Class) -> Option<Vec<u8>> {
    let ranges: Vec<(u8, u8)> = match class {
        Class::Bytes(class) => class.ranges().iter().map(|r| (r.start(), r.end())).collect(),
        Class::Unicode(class) => {
            let ascii = class.ranges().iter().map(|range| match (range.start(), range.end()) {
                (start @ '\0'..='\x7f', end @ '\0'..='\x7f') => Some((start as u8, end as u8)),
                _ => None,
            });
            ascii.collect::<Option<_>>()?
        }
    };
    let bytes: Vec<u8> = ranges.into_iter().flat_map(|(start, end)| start..=end).collect();
    (1..=16).contains(&bytes.len()).then_some(bytes)
}

/// The best set of literals of which one is in every match.
fn gate(hir: &Hir) -> Option<Shape> {
    let prefix = required(hir);
    if let Some(literals) = prefix.clone().filter(|all| shortest(all) >= GOOD) {
        return Some(Shape::Prefix(literals));
    }
    let inner = inner(hir).filter(|all| {
        shortest(all) > prefix.as_ref().map_or(SHORTEST, |prefix| shortest(prefix) + 1)
    });
    inner.map(Shape::Inner).or(prefix.map(Shape::Prefix))
}

fn inner(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Capture(capture) => inner(&capture.sub),
        HirKind::Repetition(repeated) if repeated.min > 0 => inner(&repeated.sub),
        HirKind::Concat(parts) => (0..parts.len())
            .filter_map(|index| {
                let tail = Hir::concat(parts[index..].to_vec());
                let nested = inner(&parts[index]);
                [required(&tail), nested].into_iter().flatten().max_by_key(|all| shortest(all))
            })
            .max_by_key(|all| shortest(all)),
        _ => required(hir),
    }
}

/// Literals one of which begins every match, in lower case.
fn required(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let mut extractor = Extractor::new();
    extractor.kind(ExtractKind::Prefix).limit_class(16).limit_literal_len(LONGEST);
    let literals = extractor.extract(hir);
    let mut all: Vec<Vec<u8>> =
        literals.literals()?.iter().map(|one| one.as_bytes().to_ascii_lowercase()).collect();
    all.sort_unstable();
    all.dedup();
    (shortest(&all) >= SHORTEST).then_some(all)
}

fn shortest(literals: &[Vec<u8>]) -> usize {
    literals.iter().map(Vec::len).min().unwrap_or(0).min(GOOD + 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::Pattern;

    fn shape(text: &str) -> Shape {
        Shape::of(Pattern::parse(text).unwrap().hir())
    }

    fn all(literals: &[&str]) -> Vec<Vec<u8>> {
        literals.iter().map(|literal| literal.as_bytes().to_vec()).collect()
    }

    #[test]
    fn each_pattern_goes_where_it_is_cheap() {
        let cases = [
            ("^abc$", Shape::Exact(all(&["abc"]))),
            (r"\A(?:abc|abd|x)\z", Shape::Exact(all(&["abc", "abd", "x"]))),
            ("^$", Shape::Exact(all(&[""]))),
            ("^a$|^b$", Shape::Exact(all(&["a", "b"]))),
            ("abc|abd", Shape::Needles(all(&["abc", "abd"]))),
            ("ghp_[0-9A-Za-z]{36}", Shape::Prefix(all(&["ghp_"]))),
            (r"\bASIA[A-Z2-7]{16}\b", Shape::Prefix(all(&["asia"]))),
            ("(?i)xyZZy[0-9]", Shape::Prefix(all(&["xyzzy"]))),
            ("[0-9]{8,10}:secret-[a-z]+", Shape::Inner(all(&[":secret-"]))),
            ("^[0-9a-f]{40}$", Shape::Anchored),
            ("[0-9a-f]{40}", Shape::Free),
            ("a", Shape::Free),
        ];
        for (text, expected) in cases {
            let found = shape(text);
            let equal = found == expected
                || matches!((&found, &expected), (Shape::Prefix(a), Shape::Prefix(b))
                    if a.iter().all(|a| b.iter().any(|b| a.starts_with(b) || b.starts_with(a))));
            assert!(equal, "{text}: {found:?}");
        }
    }
}
