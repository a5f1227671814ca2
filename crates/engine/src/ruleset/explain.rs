//! Which values rules look at, for `tokenban explain`.

use std::fmt;

use super::{evaluate::cut, trail::Trail, Ruleset, Stage};
use crate::{
    denylist::{lookup::Lookup, Denylists, Key},
    request::Request,
    rule::RuleIndex,
    spelling,
    tree::NodeId,
    walk::Walk,
};

/// One value that rules look at, for `tokenban explain`.
pub struct Look<'a> {
    /// The point as text.
    pub point: &'a str,
    /// The value, or one reading of it.
    pub value: &'a [u8],
    /// The ids of the rules that look at it.
    pub rules: &'a [&'a str],
    /// The ids of those whose matcher finds something in it.
    pub matching: &'a [&'a str],
    /// Says in which reading of the request the value is there: «percent-decoded twice». No value
    /// is in it.
    pub reading: &'a dyn Fn() -> String,
}

/// The value may be a token.
impl fmt::Debug for Look<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Look").field("point", &self.point).field("rules", &self.rules).finish()
    }
}

impl Ruleset {
    /// Hands over every value that some rule looks at, conditions not yet tested; first those
    /// outside the body.
    pub fn explain<R: Request + ?Sized>(
        &self,
        request: &R,
        denylists: &dyn Denylists,
        look: &mut dyn FnMut(&Look<'_>),
    ) {
        self.explain_stage(request, Stage::Head, denylists, look);
        self.explain_stage(request, Stage::Body, denylists, look);
    }

    fn explain_stage<R: Request + ?Sized>(
        &self,
        request: &R,
        stage: Stage,
        denylists: &dyn Denylists,
        look: &mut dyn FnMut(&Look<'_>),
    ) {
        let (mut pool, mut caches, mut memory) = self.scratch().into_parts();
        let part = self.part(stage);
        let tree = part.tree.opened();
        let mut trail = Trail::new(&tree);
        let id = |rule: &RuleIndex| self.rule(*rule).map(|rule| rule.id.as_str());
        let mut visit = |node: NodeId, pieces: &[&[u8]]| {
            trail.enter(node, cut(pieces, 0..usize::MAX).into_owned());
            let Some(leaf) = part.leaf(node) else { return };
            let mut found = Vec::new();
            if let Some((matcher, cache)) = self.matcher(leaf, &mut caches) {
                matcher.find_chunks(cache, pieces, &mut |rule, _| found.push(rule));
            }
            let value = trail.value();
            let mut otherwise = false;
            if !leaf.denylist.is_empty() {
                // Anew for each value: all of them are to be shown, known to be clean or not.
                let mut lookup = Lookup::new(denylists, request.now(), &mut memory);
                lookup.value(value, &mut |key, ban| {
                    otherwise |= *key != Key::token(value);
                    found.extend(leaf.banned(self, ban));
                });
            }
            found.sort_unstable();
            found.dedup();
            let rules: Vec<&str> = leaf.rules.iter().filter_map(id).collect();
            let matching: Vec<&str> = found.iter().filter_map(id).collect();
            let reading = || {
                let said = spelling::describe(request, &trail.hops());
                if otherwise {
                    format!("{said}; {OTHERWISE}")
                } else {
                    said
                }
            };
            look(&Look {
                point: &leaf.point,
                value,
                rules: &rules,
                matching: &matching,
                reading: &reading,
            });
        };
        Walk::new(&tree, &self.schema, request, &mut pool, &mut visit).stage(stage);
    }
}

/// What is said where an entry was not found by the text of the value.
const OTHERWISE: &str = "by what it decodes to, as a JWT or another spelling of the token";
