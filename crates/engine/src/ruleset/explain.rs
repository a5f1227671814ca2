//! Which values rules look at, for `tokenban explain`.

use super::{evaluate::cut, Ruleset, Stage};
use crate::{
    denylist::{lookup::Lookup, Denylists},
    request::Request,
    rule::RuleIndex,
    tree::NodeId,
    walk::Walk,
};

/// One value that rules look at, for `tokenban explain`.
#[derive(Debug)]
pub struct Look<'a> {
    /// The point as text.
    pub point: &'a str,
    /// The value, or one reading of it.
    pub value: &'a [u8],
    /// The ids of the rules that look at it.
    pub rules: &'a [&'a str],
    /// The ids of those whose matcher finds something in it.
    pub matching: &'a [&'a str],
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
        let id = |rule: &RuleIndex| self.rule(*rule).map(|rule| rule.id.as_str());
        let mut visit = |node: NodeId, value: &[&[u8]]| {
            let Some(leaf) = part.leaf(node) else { return };
            let mut found = Vec::new();
            if let Some((matcher, cache)) = self.matcher(leaf, &mut caches) {
                matcher.find_chunks(cache, value, &mut |rule, _| found.push(rule));
            }
            let value = &cut(value, 0..usize::MAX);
            if !leaf.denylist.is_empty() {
                // Anew for each value: all of them are to be shown, known to be clean or not.
                let mut lookup = Lookup::new(denylists, request.now(), &mut memory);
                lookup.value(value, &mut |_, ban| found.extend(leaf.banned(self, ban)));
            }
            found.sort_unstable();
            found.dedup();
            let rules: Vec<&str> = leaf.rules.iter().filter_map(id).collect();
            let matching: Vec<&str> = found.iter().filter_map(id).collect();
            look(&Look { point: &leaf.point, value, rules: &rules, matching: &matching });
        };
        Walk::new(&part.tree, &self.schema, request, &mut pool, &mut visit).stage(stage);
    }
}
