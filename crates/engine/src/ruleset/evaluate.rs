//! The decision about a request, in two stages: its head, and then, where a rule asks for it, its
//! body.

use std::{borrow::Cow, ops::Range};

use super::{Leaf, Part, Ruleset};
use crate::{
    decision::{Action, Decision, Hit, Incomplete, Mode, Outcome},
    denylist::{
        lookup::{Lookup, Memory},
        Ban, Denylists, Key, Kind, Level,
    },
    matcher::{Cache, Matcher},
    point::Point,
    readings::Readings,
    request::Request,
    rule::{Rule, RuleIndex},
    tree::NodeId,
    walk::{gate::Gate, Pool, Walk},
};

/// Which part of a request is inspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The body, and whatever only rules with conditions on the body look at.
    Body,
    /// Everything that is known before the body is read.
    Head,
}

/// What is inspected, and with what.
pub struct Inspection<'a, R: ?Sized> {
    /// The request.
    pub request: &'a R,
    /// The store that `denylist` matchers ask.
    pub denylists: &'a dyn Denylists,
    /// How the location acts.
    pub mode: Mode,
}

/// Working memory: one for each worker and ruleset, used for one request after another.
#[derive(Debug)]
pub struct Scratch {
    pool: Pool,
    caches: Vec<Cache>,
    lookup: Memory,
    /// What the last search found.
    pub(super) found: Vec<Found>,
}

/// A match whose conditions are not yet tested.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) rule: RuleIndex,
    node: NodeId,
    pub(super) key: Key,
    /// The kind of the entry, the denylist and the reason, where it was one.
    ban: Option<(Kind, String, String)>,
    /// What the entry does; a match of anything else denies.
    level: Level,
}

/// Notes a match: the first of a rule, unless an entry that only reports came before one that denies.
fn note(found: &mut Vec<Found>, new: Found) {
    match found.iter_mut().find(|other| other.rule == new.rule) {
        Some(other) if other.level < new.level => *other = new,
        Some(_) => {}
        None => found.push(new),
    }
}

impl Scratch {
    /// Units of work that the walks of the last stage cost: what [`FREE`](crate::budget::FREE) and
    /// [`PER_BYTE`](crate::budget::PER_BYTE) bound.
    pub fn work(&self) -> usize {
        self.pool.work()
    }

    pub(super) fn into_parts(self) -> (Pool, Vec<Cache>, Memory) {
        (self.pool, self.caches, self.lookup)
    }
}

impl Leaf {
    /// The rules at this leaf whose denylists have a ban.
    pub(super) fn banned<'a>(
        &'a self,
        rules: &'a Ruleset,
        ban: &'a Ban<'_>,
    ) -> impl Iterator<Item = RuleIndex> + 'a {
        self.denylist.iter().copied().filter(|index| {
            let rule = rules.rule(*index);
            rule.is_some_and(|rule| rule.denylists().iter().any(|list| list == ban.list))
        })
    }
}

impl Part {
    pub(super) fn leaf(&self, node: NodeId) -> Option<&Leaf> {
        self.leaves.get(node.index()).and_then(Option::as_ref)
    }
}

/// The bytes of a span of a value in pieces; copied only where they stand in more than one.
pub(crate) fn cut<'a>(pieces: &[&'a [u8]], span: Range<usize>) -> Cow<'a, [u8]> {
    let mut found = Cow::Borrowed(&[][..]);
    let mut at = 0;
    for piece in pieces {
        let (start, end) = (span.start.max(at), span.end.min(at + piece.len()));
        if let Some(part @ [_, ..]) = piece.get(start - at..end.saturating_sub(at)) {
            match &mut found {
                Cow::Borrowed([]) => found = Cow::Borrowed(part),
                found => found.to_mut().extend_from_slice(part),
            }
        }
        at += piece.len();
    }
    found
}

impl Ruleset {
    /// New working memory.
    pub fn scratch(&self) -> Scratch {
        Scratch {
            pool: Pool::default(),
            caches: self.matchers.iter().map(|matcher| matcher.cache()).collect(),
            lookup: Memory::default(),
            found: Vec::new(),
        }
    }

    /// Decides about one stage of a request. The head comes first; the body only where
    /// [`Ruleset::needs_body`] says so.
    ///
    /// Of several rules that deny in a stage, the first of the files is the one reported, after those
    /// that found a canary: whatever else a decoy looks like, its use is told.
    pub fn evaluate<R: Request + ?Sized>(
        &self,
        inspection: &Inspection<'_, R>,
        stage: Stage,
        scratch: &mut Scratch,
    ) -> Outcome {
        let mut outcome = Outcome::passed();
        if inspection.mode == Mode::Off {
            return outcome;
        }
        let left_out = self.search(inspection, stage, scratch);
        scratch.pool.renew();
        outcome.incomplete = left_out
            .into_iter()
            .flatten()
            .find(|why| self.may_be_denied(*why, inspection.request, stage, &mut scratch.pool));
        if scratch.found.is_empty() {
            return outcome;
        }
        let mut found = std::mem::take(&mut scratch.found);
        found.sort_by_key(|found| (found.level != Level::Canary, found.rule));
        for found in &found {
            self.decide(inspection, stage, found, &mut scratch.pool, &mut outcome);
            if outcome.decision == Decision::Denied {
                break;
            }
        }
        scratch.found = found;
        // Conditions look at points, too.
        outcome.incomplete = outcome.incomplete.or(scratch.pool.was_cut());
        if stage == Stage::Head {
            self.name_headers(inspection, scratch, &mut outcome);
        }
        outcome
    }

    /// Decides about a request whose body is at hand: both stages.
    pub fn evaluate_whole<R: Request + ?Sized>(
        &self,
        inspection: &Inspection<'_, R>,
        scratch: &mut Scratch,
    ) -> Outcome {
        let outcome = self.evaluate(inspection, Stage::Head, scratch);
        if outcome.decision == Decision::Denied || !self.needs_body(inspection, scratch) {
            return outcome;
        }
        outcome.and(self.evaluate(inspection, Stage::Body, scratch))
    }

    /// Whether some rule that may apply to the request looks at its body, by a point or by a
    /// condition. All conditions that need no body are tested for it.
    pub fn needs_body<R: Request + ?Sized>(
        &self,
        inspection: &Inspection<'_, R>,
        scratch: &mut Scratch,
    ) -> bool {
        let pool = &mut scratch.pool;
        pool.renew();
        let mut rules = self.body_rules.iter().filter_map(|rule| self.rule(*rule));
        inspection.mode != Mode::Off
            && (rules.any(|rule| self.applies(rule, inspection.request, Stage::Head, pool))
                || pool.was_cut().is_some())
    }

    /// Finds the first match of every rule, conditions not yet tested. Says why some of the request
    /// was left out, where it was.
    pub(super) fn search<R: Request + ?Sized>(
        &self,
        inspection: &Inspection<'_, R>,
        stage: Stage,
        scratch: &mut Scratch,
    ) -> [Option<Incomplete>; 2] {
        let Scratch { pool, caches, lookup, found } = scratch;
        found.clear();
        pool.begin();
        let request = inspection.request;
        let mut lookup = Lookup::new(inspection.denylists, request.now(), lookup);
        let part = self.part(stage);
        let mut visit = |node: NodeId, value: &[&[u8]]| {
            let Some(leaf) = part.leaf(node) else { return };
            if let Some((matcher, cache)) = self.matcher(leaf, caches) {
                matcher.find_chunks(cache, value, &mut |rule, span| {
                    if found.iter().all(|other| other.rule != rule) {
                        let key = Key::credential(&cut(value, span));
                        let (ban, level) = (None, Level::Deny);
                        found.push(Found { rule, node, key, ban, level });
                    }
                });
            }
            if !leaf.denylist.is_empty() {
                lookup.value(&cut(value, 0..usize::MAX), &mut |key, ban| {
                    let (key, level) = (*key, ban.level_for(request.remote_addr()));
                    for rule in leaf.banned(self, ban) {
                        let ban = Some((ban.kind, ban.list.to_owned(), ban.reason.to_owned()));
                        note(found, Found { rule, node, key, ban, level });
                    }
                });
            }
        };
        let gate = Gate::of(inspection.denylists.profile());
        Walk::new(&part.tree, &self.schema, request, pool, &mut visit).gated(gate).stage(stage);
        [lookup.incomplete, pool.was_cut()]
    }

    /// The matcher of a leaf, if it has one, and the working memory for it.
    pub(super) fn matcher<'a>(
        &'a self,
        leaf: &Leaf,
        caches: &'a mut [Cache],
    ) -> Option<(&'a Matcher, &'a mut Cache)> {
        let index = leaf.matcher?;
        Some((self.matchers.get(index)?, caches.get_mut(index)?))
    }

    /// Whether a rule for which something was left out might have denied: not one that only
    /// monitors, nor one that does not apply to the request.
    fn may_be_denied<R: Request + ?Sized>(
        &self,
        why: Incomplete,
        request: &R,
        stage: Stage,
        pool: &mut Pool,
    ) -> bool {
        self.rules.iter().any(|rule| {
            (why != Incomplete::Store || !rule.denylists().is_empty())
                && rule.action != Action::Monitor
                // A condition that cannot be tested may hold.
                && (self.applies(rule, request, stage, pool) || pool.was_cut().is_some())
        })
    }

    /// Whether one rule denies a request, whatever the mode and the other rules.
    pub(crate) fn matches<R: Request + ?Sized>(
        &self,
        index: RuleIndex,
        inspection: &Inspection<'_, R>,
        scratch: &mut Scratch,
    ) -> bool {
        let Some(rule) = self.rule(index) else { return false };
        let found = [Stage::Head, Stage::Body].into_iter().any(|stage| {
            let _ = self.search(inspection, stage, scratch);
            scratch.found.iter().any(|found| found.rule == index)
        });
        scratch.pool.renew();
        found && self.applies(rule, inspection.request, Stage::Body, &mut scratch.pool)
    }

    fn decide<R: Request + ?Sized>(
        &self,
        inspection: &Inspection<'_, R>,
        stage: Stage,
        found: &Found,
        pool: &mut Pool,
        outcome: &mut Outcome,
    ) {
        let Some(rule) = self.rule(found.rule) else { return };
        if !self.applies(rule, inspection.request, stage, pool) {
            return;
        }
        let hit = self.hit(rule, stage, found);
        let denies = match rule.action {
            Action::Deny => inspection.mode == Mode::On,
            Action::Enforce => true,
            Action::Monitor => false,
        };
        if denies && found.level >= Level::Deny {
            outcome.decision = Decision::Denied;
            outcome.hit = Some(hit);
        } else {
            outcome.decision = Decision::Monitored;
            outcome.monitored.push(hit);
        }
    }

    /// Whether the rule is alive and its conditions hold, as far as they can be tested in a stage:
    /// before the body is there, what depends on it may hold.
    fn applies<R: Request + ?Sized>(
        &self,
        rule: &Rule,
        request: &R,
        stage: Stage,
        pool: &mut Pool,
    ) -> bool {
        let mut values = |point: &Point, each: &mut dyn FnMut(&[u8])| {
            if let Some(tree) = self.conditions.get(point) {
                let stage = if point.needs_body() { Stage::Body } else { Stage::Head };
                let visit = &mut |_: NodeId, value: &[&[u8]]| each(&cut(value, 0..usize::MAX));
                Walk::new(tree, &self.schema, request, pool, visit).stage(stage);
            }
        };
        let with_body = stage == Stage::Body;
        let except = rule.except.iter().filter(|except| with_body || !except.need_body());
        rule.expires.is_none_or(|expires| request.now() < expires)
            && rule.conditions.hold(request, Readings::Any, with_body, &mut values)
            && !{ except }
                .any(|except| except.hold(request, Readings::Every, with_body, &mut values))
    }

    fn hit(&self, rule: &Rule, stage: Stage, found: &Found) -> Hit {
        let leaf = self.part(stage).leaf(found.node);
        Hit {
            rule: rule.id.clone(),
            point: leaf.map(|leaf| leaf.point.clone()).unwrap_or_default(),
            key: found.key,
            kind: found.ban.as_ref().map(|(kind, ..)| *kind),
            denylist: found.ban.as_ref().map(|(_, list, _)| list.clone()),
            reason: found.ban.as_ref().map(|(.., reason)| reason.clone()),
            is_canary: found.level == Level::Canary,
        }
    }
}
