//! From rules to a [`Ruleset`].

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{Leaf, Part, Ruleset};
use tokenban_parse::protobuf::descriptor::Schema;

use crate::{
    limits::Limits,
    load::{LoadError, Loaded},
    matcher::{Builder, Shared},
    point::{Kind, Point},
    rule::{MatcherSource, Rule, RuleIndex},
    tree::{paths, paths_of, NodeId, Step, Tree},
};

impl Ruleset {
    /// Compiles rules that were read. An error names the rule and the way out.
    pub fn compile(loaded: &Loaded, limits: &Limits) -> Result<Ruleset, LoadError> {
        for rule in &loaded.rules {
            if let Some(message) = unnamed(rule, &loaded.schema) {
                return Err(loaded.error(rule, message));
            }
        }
        let [head, body] = plant(&loaded.rules);
        let body_rules = body.rules();
        let mut matchers = Matchers { loaded, limits, built: Vec::new(), known: HashMap::new() };
        let (head, body) = (head.grow(&mut matchers)?, body.grow(&mut matchers)?);
        let matchers = matchers.built;
        let (rules, files) = (loaded.rules.clone(), loaded.files.clone());
        let (conditions, variables) = (conditions(&rules), variables(&rules));
        let asks_denylists = rules.iter().any(|rule| !rule.denylists().is_empty());
        Ok(Ruleset {
            rules,
            head,
            body,
            body_rules,
            matchers,
            conditions,
            variables,
            schema: loaded.schema.clone(),
            files,
            asks_denylists,
        })
    }
}

/// A name of a field that no descriptor set gives would match nothing, and say nothing.
fn unnamed(rule: &Rule, schema: &Schema) -> Option<String> {
    let conditions = rule.except.iter().chain([&rule.conditions]);
    let tested = conditions.flat_map(|conditions| &conditions.when).map(|when| &when.point);
    let elements = rule.points.iter().chain(tested).flat_map(Point::elements);
    let names = elements.filter(|element| element.kind == Kind::Protobuf);
    let is_known = |name: &&str| name.parse::<u32>().is_ok() || schema.has(name.as_bytes());
    let name = names.filter_map(|element| element.name.as_deref()).find(|name| !is_known(name))?;
    Some(format!(
        "no descriptor set has a field `{name}`; write its number, as in `protobuf, 3`, or name a \
         file under `descriptors`"
    ))
}

/// A [`Part`] before its matchers are built: its tree, and for each node at which rules end these
/// rules and the path that leads there.
struct Plan {
    tree: Tree,
    ends: BTreeMap<NodeId, (Vec<RuleIndex>, Vec<Step>)>,
}

impl Plan {
    fn new() -> Plan {
        Plan { tree: Tree::new(), ends: BTreeMap::new() }
    }

    fn add(&mut self, rule: RuleIndex, path: Vec<Step>) {
        let node = self.tree.add(&path);
        let (rules, _) = self.ends.entry(node).or_insert((Vec::new(), path));
        if rules.last() != Some(&rule) {
            rules.push(rule);
        }
    }

    /// Every rule that ends somewhere, once, in order.
    fn rules(&self) -> Vec<RuleIndex> {
        let mut rules: Vec<RuleIndex> =
            self.ends.values().flat_map(|(rules, _)| rules).copied().collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    fn grow(self, matchers: &mut Matchers<'_>) -> Result<Part, LoadError> {
        let mut leaves: Vec<Option<Leaf>> = (0..self.tree.len()).map(|_| None).collect();
        for (node, (rules, path)) in self.ends {
            let asks = |rule: &RuleIndex| matchers.asks_denylists(*rule);
            let (denylist, others): (Vec<_>, Vec<_>) = rules.iter().partition(|rule| asks(rule));
            let matcher = if others.is_empty() { None } else { Some(matchers.of(&others)?) };
            let leaf = Leaf { matcher, denylist, point: text(&path), rules };
            leaves[node.index()] = Some(leaf);
        }
        let mut tree = self.tree;
        tree.gate(|node| {
            let leaf = leaves.get(node.index()).and_then(Option::as_ref);
            leaf.is_some_and(|leaf| leaf.matcher.is_none())
        });
        Ok(Part { tree, leaves })
    }
}

/// What is looked at before the body, and what with it: the points in the body, and all points of
/// the rules whose conditions look there.
fn plant(rules: &[Rule]) -> [Plan; 2] {
    let [mut head, mut body] = [Plan::new(), Plan::new()];
    for (index, rule) in rules.iter().enumerate() {
        let index = RuleIndex(u32::try_from(index).unwrap_or(u32::MAX));
        let tokens = rule.looks_for_tokens();
        let waits = rule.conditions_need_body();
        for path in rule.points.iter().flat_map(|point| paths_of(point, tokens)) {
            let in_body = path.first().is_some_and(|step| step.kind() == Some(Kind::Post));
            let plan = if waits || in_body { &mut body } else { &mut head };
            plan.add(index, path);
        }
    }
    [head, body]
}

/// The matchers of all leaves: leaves with the same rules share one.
struct Matchers<'a> {
    loaded: &'a Loaded,
    limits: &'a Limits,
    built: Vec<Shared>,
    known: HashMap<Vec<RuleIndex>, usize>,
}

impl Matchers<'_> {
    fn asks_denylists(&self, rule: RuleIndex) -> bool {
        let rule = self.loaded.rules.get(rule.0 as usize);
        rule.is_some_and(|rule| !rule.denylists().is_empty())
    }

    fn of(&mut self, rules: &[RuleIndex]) -> Result<usize, LoadError> {
        if let Some(matcher) = self.known.get(rules) {
            return Ok(*matcher);
        }
        self.built.push(build(self.loaded, rules, self.limits)?);
        let matcher = self.built.len() - 1;
        self.known.insert(rules.to_vec(), matcher);
        Ok(matcher)
    }
}

fn build(loaded: &Loaded, rules: &[RuleIndex], limits: &Limits) -> Result<Shared, LoadError> {
    let mut builder = Builder::default();
    for (index, rule) in
        rules.iter().filter_map(|index| Some((index, loaded.rules.get(index.0 as usize)?)))
    {
        match &rule.matcher {
            MatcherSource::Denylist(_) => {}
            MatcherSource::Present => builder.present(*index),
            MatcherSource::Regex(patterns) => {
                patterns.iter().for_each(|pattern| builder.regex(*index, pattern));
            }
            MatcherSource::TokenFile(file) => {
                file.entries.iter().for_each(|token| builder.token(*index, token));
            }
            MatcherSource::Tokens(tokens) => {
                tokens.iter().for_each(|token| builder.token(*index, token));
            }
        }
    }
    builder.build(limits).map(Arc::new).map_err(|error| {
        let rule = &loaded.rules[error.rule.0 as usize];
        let message = format!(
            "the patterns of this point need more than {} bytes compiled, most of them here; \
             shorten the pattern, or list whole tokens under `tokens`",
            error.size
        );
        loaded.error(rule, message)
    })
}

fn conditions(rules: &[Rule]) -> HashMap<Point, Tree> {
    let all = rules.iter().flat_map(|rule| rule.except.iter().chain([&rule.conditions]));
    let points = all.flat_map(|conditions| &conditions.when).map(|when| &when.point);
    points.map(|point| (point.clone(), tree_of(point))).collect()
}

fn tree_of(point: &Point) -> Tree {
    let mut tree = Tree::new();
    for path in paths(point) {
        tree.add(&path);
    }
    tree
}

fn variables(rules: &[Rule]) -> Vec<String> {
    let when = rules.iter().flat_map(|rule| rule.except.iter().chain([&rule.conditions]));
    let tested = when.flat_map(|conditions| &conditions.when).map(|when| &when.point);
    let points = rules.iter().flat_map(|rule| &rule.points).chain(tested);
    let elements = points.flat_map(Point::elements).filter(|element| element.kind == Kind::Var);
    let mut names: Vec<String> = elements.filter_map(|element| element.name.clone()).collect();
    names.sort();
    names.dedup();
    names
}

/// A path as a rule file would write it.
pub(super) fn text(path: &[Step]) -> String {
    // Below the body, `anywhere` is no step of its own.
    let shown = path.iter().enumerate().filter(|(at, step)| (*at, *step) != (1, &Step::Any));
    let words = shown.flat_map(|(_, step)| {
        let name = Some(step.name()).filter(|name| !name.is_empty());
        [Some(step.word()), name].into_iter().flatten()
    });
    format!("[{}]", words.collect::<Vec<_>>().join(", "))
}
