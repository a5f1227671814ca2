//! The nearest miss: why a request with a token passes, for `tokenban explain`.

use super::{
    compile::text as path_text,
    evaluate::cut,
    places::{is_found_anywhere, places, Place},
    Ruleset, Stage,
};
use crate::{
    condition::Conditions,
    denylist::{bans, Denylists},
    limits::Limits,
    load::Loaded,
    point::Point,
    readings::Readings,
    request::Request,
    rule::{Rule, RuleIndex},
    tree::{paths_of, NodeId},
    walk::{Pool, Walk},
};

/// Where a token stands in a request that passes, and why no rule denied it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Miss {
    /// Where it stands; none where no parser reads it.
    pub places: Vec<Place>,
    /// Points that would have found it for a rule that asks for it, each tried on the request.
    pub points: Vec<Point>,
    /// Why the rules did not.
    pub reasons: Vec<Reason>,
}

/// Why a rule, or a list, did not deny a token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A condition of the rule that found it does not hold: `uri`, `method`, or the point of `when`.
    Condition {
        /// The id of the rule.
        rule: String,
        /// Which condition.
        condition: String,
    },
    /// The entry on a list that a rule asks has expired.
    EntryExpired {
        /// The name of the list.
        list: String,
    },
    /// An exception of the rule that found it holds.
    Except {
        /// The id of the rule.
        rule: String,
        /// Which exception, from 1.
        number: usize,
    },
    /// The rule that found it has expired.
    Expired {
        /// The id of the rule.
        rule: String,
    },
    /// The list has it, but no rule asks that list.
    ListNotAsked {
        /// The name of the list.
        list: String,
    },
    /// No rule and no list is about this token.
    Nobody,
    /// It is but a part of the values there, and tokens are compared with whole ones.
    Part,
    /// The rule looks for it, but not where it stands.
    Elsewhere {
        /// The id of the rule.
        rule: String,
        /// Where it looks.
        points: Vec<Point>,
    },
}

impl Ruleset {
    /// Why no rule denied a request, though a token may be in it.
    pub fn nearest_miss<R: Request + ?Sized>(
        &self,
        request: &R,
        denylists: &dyn Denylists,
        token: &[u8],
    ) -> Miss {
        let places = places(request, &self.schema, token);
        let mut miss = Miss { places, ..Miss::default() };
        if miss.places.is_empty() {
            return miss;
        }
        let found: Vec<RuleIndex> =
            self.finding(request, denylists).into_iter().map(|(rule, _)| rule).collect();
        let mut seekers = found.clone();
        for place in &miss.places {
            let at = |rule: &Rule| points_at(place, rule);
            for (rule, point) in self.moved_to(&at, request, denylists) {
                if !found.contains(&rule) {
                    add(&mut miss.points, point);
                }
                add(&mut seekers, rule);
            }
        }
        seekers.sort_unstable();
        for index in &seekers {
            if let Some(rule) = self.rule(*index) {
                self.reason(rule, request, found.contains(index), &mut miss.reasons);
            }
        }
        let everywhere = |_: &Rule| vec![Point::anywhere()];
        let anywhere = if seekers.is_empty() {
            self.unsought(request, denylists, token, &mut miss);
            is_found_anywhere(request, &self.schema, token)
        } else {
            !self.moved_to(&everywhere, request, denylists).is_empty()
        };
        if anywhere && found.is_empty() {
            add(&mut miss.points, Point::anywhere());
        }
        miss
    }

    /// The rules whose matchers find something, whatever their conditions, and where.
    fn finding<R: Request + ?Sized>(
        &self,
        request: &R,
        denylists: &dyn Denylists,
    ) -> Vec<(RuleIndex, String)> {
        let mut found = Vec::new();
        self.explain(request, denylists, &mut |look| {
            for id in look.matching {
                let index = self.rules.iter().position(|rule| rule.id == *id);
                if let Some(index) = index.and_then(|index| u32::try_from(index).ok()) {
                    add(&mut found, (RuleIndex(index), look.point.to_owned()));
                }
            }
        });
        found
    }

    /// The rules that find something when they look at other points than their own, whatever their
    /// conditions; and the point that each of them would need.
    fn moved_to<R: Request + ?Sized>(
        &self,
        points: &dyn Fn(&Rule) -> Vec<Point>,
        request: &R,
        denylists: &dyn Denylists,
    ) -> Vec<(RuleIndex, Point)> {
        let moved = |rule: &Rule| Rule {
            conditions: Conditions::default(),
            except: Vec::new(),
            points: points(rule),
            ..rule.clone()
        };
        let rules: Vec<Rule> = self.rules.iter().map(moved).collect();
        let loaded = Loaded::of(rules, self.schema.clone());
        // What compiled at many points does so at one, but for patterns too large together.
        let Ok(ruleset) = Ruleset::compile(&loaded, &Limits::default()) else { return Vec::new() };
        let mut found: Vec<(RuleIndex, Point)> = Vec::new();
        for (index, text) in ruleset.finding(request, denylists) {
            let Some(rule) = ruleset.rule(index) else { continue };
            let paths = |point: &Point| paths_of(point, rule.looks_for_tokens());
            let looks = |point: &&Point| paths(point).iter().any(|it| path_text(it) == text);
            let is_known = found.iter().any(|(other, _)| *other == index);
            if let Some(point) = rule.points.iter().find(looks).filter(|_| !is_known) {
                found.push((index, point.clone()));
            }
        }
        found
    }

    /// Why one rule that looks for the token did not deny the request.
    fn reason<R: Request + ?Sized>(
        &self,
        rule: &Rule,
        request: &R,
        found: bool,
        reasons: &mut Vec<Reason>,
    ) {
        let id = || rule.id.clone();
        if !found {
            reasons.push(Reason::Elsewhere { rule: id(), points: rule.points.clone() });
        }
        if rule.expires.is_some_and(|expires| request.now() >= expires) {
            reasons.push(Reason::Expired { rule: id() });
        }
        for (condition, one) in each(&rule.conditions) {
            if !self.holds(&one, request, Readings::Any) {
                reasons.push(Reason::Condition { rule: id(), condition });
            }
        }
        for (except, number) in rule.except.iter().zip(1..) {
            if self.holds(except, request, Readings::Every) {
                reasons.push(Reason::Except { rule: id(), number });
            }
        }
    }

    fn holds<R: Request + ?Sized>(
        &self,
        conditions: &Conditions,
        request: &R,
        readings: Readings,
    ) -> bool {
        let mut pool = Pool::default();
        let mut values = |point: &Point, each: &mut dyn FnMut(&[u8])| {
            if let Some(tree) = self.conditions.get(point) {
                let stage = if point.needs_body() { Stage::Body } else { Stage::Head };
                let visit = &mut |_: NodeId, value: &[&[u8]]| each(&cut(value, 0..usize::MAX));
                Walk::new(tree, &self.schema, request, &mut pool, visit).stage(stage);
            }
        };
        conditions.hold(request, readings, true, &mut values)
    }

    /// What to say of a token that no rule looks for.
    fn unsought<R: Request + ?Sized>(
        &self,
        request: &R,
        denylists: &dyn Denylists,
        token: &[u8],
        miss: &mut Miss,
    ) {
        let whole = miss.places.iter().filter(|place| place.is_whole);
        miss.points = whole.map(|place| place.point.clone()).collect();
        if miss.points.is_empty() {
            miss.reasons.push(Reason::Part);
            return;
        }
        let asked = |list: &str| self.denylists().iter().any(|(other, _)| *other == list);
        // Of no time, so those that have expired, too.
        let _ = bans(denylists, token, 0, &mut |_, ban| {
            let list = ban.list.to_owned();
            let has_expired = ban.expires.is_some_and(|expires| request.now() >= expires);
            let reason = match (asked(ban.list), has_expired) {
                (_, true) => Reason::EntryExpired { list },
                (false, false) => Reason::ListNotAsked { list },
                (true, false) => return,
            };
            add(&mut miss.reasons, reason);
        });
        if miss.reasons.is_empty() {
            miss.reasons.push(Reason::Nobody);
        }
    }
}

/// The place, and what the rule's own points read of a value there.
fn points_at(place: &Place, rule: &Rule) -> Vec<Point> {
    let mut points = vec![place.point.clone()];
    add(&mut points, place.exact.clone());
    for own in rule.points.iter().map(Point::elements) {
        for tail in (1..own.len()).map(|at| own.get(at..).unwrap_or_default()) {
            for begin in [&place.exact, &place.point] {
                let longer = Point::joined(&[begin.elements(), tail]);
                longer.into_iter().for_each(|point| add(&mut points, point));
            }
        }
    }
    points
}

/// Every condition by itself, and what it is called.
fn each(conditions: &Conditions) -> Vec<(String, Conditions)> {
    let mut all = Vec::new();
    if let Some(uri) = &conditions.uri {
        let one = Conditions { uri: Some(uri.clone()), ..Conditions::default() };
        all.push(("uri".to_owned(), one));
    }
    if !conditions.methods.is_empty() {
        let methods = conditions.methods.clone();
        all.push(("method".to_owned(), Conditions { methods, ..Conditions::default() }));
    }
    for when in &conditions.when {
        let one = Conditions { when: vec![when.clone()], ..Conditions::default() };
        all.push((format!("when {}", when.point), one));
    }
    all
}

fn add<T: PartialEq>(all: &mut Vec<T>, one: T) {
    if !all.contains(&one) {
        all.push(one);
    }
}
