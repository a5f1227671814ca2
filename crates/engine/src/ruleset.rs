//! A compiled ruleset, and the decision about a request.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    decision::{Action, Decision, Fingerprint, Hit, Mode, Outcome},
    limits::Limits,
    load::{self, LoadError, Loaded},
    matcher::{Builder, Cache, Shared},
    point::{Kind, Point},
    request::Request,
    rule::{MatcherSource, Rule, RuleIndex},
    tree::{paths, with_credentials, NodeId, Step, Tree},
    walk::{Pool, Walk},
};

/// All rules of some files, compiled: immutable, shared by every location that names them.
pub struct Ruleset {
    rules: Vec<Rule>,
    tree: Tree,
    /// What is looked for at each node of the tree; `None` where no rule ends.
    leaves: Vec<Option<Leaf>>,
    matchers: Vec<Shared>,
    /// The points that `when` conditions look at, each as a tree of its own.
    conditions: HashMap<Point, Tree>,
    variables: Vec<String>,
    files: Vec<PathBuf>,
}

struct Leaf {
    matcher: usize,
    /// The point as text, for reports.
    point: String,
    /// The rules that end here.
    rules: Vec<RuleIndex>,
}

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

/// Working memory: one for each worker and ruleset, used for one request after another.
#[derive(Debug)]
pub struct Scratch {
    pool: Pool,
    caches: Vec<Cache>,
    found: Vec<Found>,
}

/// A match whose conditions are not yet tested.
#[derive(Clone, Copy, Debug)]
struct Found {
    rule: RuleIndex,
    node: NodeId,
    fingerprint: Fingerprint,
}

impl Ruleset {
    /// Reads and compiles rule files.
    ///
    /// The error's text names file, line, column and rule of every mistake.
    pub fn load(files: &[PathBuf], limits: &Limits) -> Result<Ruleset, LoadError> {
        Ruleset::compile(&load::load(files, limits)?, limits)
    }

    /// Compiles rules from a text, as if it were the contents of `file`.
    pub fn load_text(file: &Path, text: &str, limits: &Limits) -> Result<Ruleset, LoadError> {
        Ruleset::compile(&load::load_text(file, text, limits)?, limits)
    }

    /// Compiles rules that were read. An error names the rule and the way out.
    pub fn compile(loaded: &Loaded, limits: &Limits) -> Result<Ruleset, LoadError> {
        for rule in &loaded.rules {
            if let Some(message) = unsupported(rule) {
                return Err(loaded.error(rule, message));
            }
        }
        let (tree, ends) = plant(&loaded.rules);
        let mut leaves: Vec<Option<Leaf>> = (0..tree.len()).map(|_| None).collect();
        let mut matchers = Vec::new();
        let mut known: HashMap<&Vec<RuleIndex>, usize> = HashMap::new();
        for (node, (rules, path)) in &ends {
            let matcher = match known.get(rules) {
                Some(matcher) => *matcher,
                None => {
                    matchers.push(build(loaded, rules, limits)?);
                    matchers.len() - 1
                }
            };
            known.insert(rules, matcher);
            leaves[node.index()] = Some(Leaf { matcher, point: text(path), rules: rules.clone() });
        }
        let (rules, files) = (loaded.rules.clone(), loaded.files.clone());
        let variables = variables(&rules);
        Ok(Ruleset {
            conditions: conditions(&rules),
            rules,
            tree,
            leaves,
            matchers,
            variables,
            files,
        })
    }

    /// New working memory.
    pub fn scratch(&self) -> Scratch {
        Scratch {
            pool: Pool::new(),
            caches: self.matchers.iter().map(|matcher| matcher.cache()).collect(),
            found: Vec::new(),
        }
    }

    /// The names of the NGINX variables that `var` points look at.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// Every file that was read.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The rules, in the order of the files.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Decides about a request.
    ///
    /// Of several rules that deny, the first of the files is the one reported.
    pub fn evaluate<R: Request + ?Sized>(
        &self,
        request: &R,
        mode: Mode,
        scratch: &mut Scratch,
    ) -> Outcome {
        let mut outcome = Outcome { decision: Decision::Passed, hit: None, monitored: Vec::new() };
        if mode == Mode::Off {
            return outcome;
        }
        self.search(request, scratch);
        if scratch.found.is_empty() {
            return outcome;
        }
        let mut found = std::mem::take(&mut scratch.found);
        found.sort_by_key(|found| found.rule);
        for found in &found {
            self.decide(request, mode, *found, &mut scratch.pool, &mut outcome);
            if outcome.decision == Decision::Denied {
                break;
            }
        }
        scratch.found = found;
        outcome
    }

    /// Finds the first match of every rule, conditions not yet tested.
    fn search<R: Request + ?Sized>(&self, request: &R, scratch: &mut Scratch) {
        let Scratch { pool, caches, found } = scratch;
        found.clear();
        let mut visit = |node: NodeId, value: &[u8]| {
            let Some(leaf) = self.leaves.get(node.index()).and_then(Option::as_ref) else { return };
            let (Some(matcher), Some(cache)) =
                (self.matchers.get(leaf.matcher), caches.get_mut(leaf.matcher))
            else {
                return;
            };
            matcher.find(cache, value, &mut |rule, span| {
                if found.iter().all(|other| other.rule != rule) {
                    let token = value.get(span).unwrap_or(value);
                    found.push(Found { rule, node, fingerprint: Fingerprint::of(token) });
                }
            });
        };
        Walk { tree: &self.tree, request, pool, visit: &mut visit }.head();
    }

    /// Hands over every value that some rule looks at, conditions not yet tested.
    pub fn explain<R: Request + ?Sized>(&self, request: &R, look: &mut dyn FnMut(&Look<'_>)) {
        let Scratch { mut pool, mut caches, .. } = self.scratch();
        let id = |rule: &RuleIndex| self.rules.get(rule.0 as usize).map(|rule| rule.id.as_str());
        let mut visit = |node: NodeId, value: &[u8]| {
            let Some(leaf) = self.leaves.get(node.index()).and_then(Option::as_ref) else { return };
            let mut found = Vec::new();
            if let (Some(matcher), Some(cache)) =
                (self.matchers.get(leaf.matcher), caches.get_mut(leaf.matcher))
            {
                matcher.find(cache, value, &mut |rule, _| found.push(rule));
            }
            found.sort_unstable();
            found.dedup();
            let rules: Vec<&str> = leaf.rules.iter().filter_map(id).collect();
            let matching: Vec<&str> = found.iter().filter_map(id).collect();
            look(&Look { point: &leaf.point, value, rules: &rules, matching: &matching });
        };
        Walk { tree: &self.tree, request, pool: &mut pool, visit: &mut visit }.head();
    }

    /// Whether one rule's matcher finds something.
    pub(crate) fn finds<R: Request + ?Sized>(
        &self,
        rule: RuleIndex,
        request: &R,
        scratch: &mut Scratch,
    ) -> bool {
        self.search(request, scratch);
        scratch.found.iter().any(|found| found.rule == rule)
    }

    /// Whether a rule is alive and its conditions hold.
    pub(crate) fn applies_to<R: Request + ?Sized>(
        &self,
        rule: &Rule,
        request: &R,
        scratch: &mut Scratch,
    ) -> bool {
        self.applies(rule, request, &mut scratch.pool)
    }

    fn decide<R: Request + ?Sized>(
        &self,
        request: &R,
        mode: Mode,
        found: Found,
        pool: &mut Pool,
        outcome: &mut Outcome,
    ) {
        let Some(rule) = self.rules.get(found.rule.0 as usize) else { return };
        if !self.applies(rule, request, pool) {
            return;
        }
        let hit = self.hit(rule, found);
        let denies = match rule.action {
            Action::Deny => mode == Mode::On,
            Action::Enforce => true,
            Action::Monitor => false,
        };
        if denies {
            outcome.decision = Decision::Denied;
            outcome.hit = Some(hit);
        } else {
            outcome.decision = Decision::Monitored;
            outcome.monitored.push(hit);
        }
    }

    /// Whether the rule is alive and its conditions hold.
    fn applies<R: Request + ?Sized>(&self, rule: &Rule, request: &R, pool: &mut Pool) -> bool {
        let mut values = |point: &Point, each: &mut dyn FnMut(&[u8])| {
            if let Some(tree) = self.conditions.get(point) {
                let visit = &mut |_: NodeId, value: &[u8]| each(value);
                Walk { tree, request, pool, visit }.head();
            }
        };
        rule.expires.is_none_or(|expires| request.now() < expires)
            && rule.conditions.hold(request, &mut values)
            && !rule.except.iter().any(|except| except.hold(request, &mut values))
    }

    fn hit(&self, rule: &Rule, found: Found) -> Hit {
        let leaf = self.leaves.get(found.node.index()).and_then(Option::as_ref);
        Hit {
            rule: rule.id.clone(),
            point: leaf.map(|leaf| leaf.point.clone()).unwrap_or_default(),
            fingerprint: found.fingerprint,
            denylist: None,
            reason: None,
        }
    }
}

/// Patterns and tokens stay out of debug output.
impl fmt::Debug for Ruleset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ruleset({} rules)", self.rules.len())
    }
}

/// What this version cannot do is refused, never skipped.
fn unsupported(rule: &Rule) -> Option<String> {
    if matches!(rule.matcher, MatcherSource::Denylist(_)) {
        return Some("`denylist` is not supported yet; use `token_file`".to_owned());
    }
    let conditions = rule.except.iter().chain([&rule.conditions]);
    let tested = conditions.flat_map(|conditions| &conditions.when).map(|when| &when.point);
    let mut points = rule.points.iter().chain(tested);
    let point = points.find(|point| point.elements().iter().any(|found| !walked(found.kind)))?;
    Some(format!(
        "the point `{point}` is not supported yet; look at headers, cookies, arguments or the path"
    ))
}

/// Whether the walk reads an element.
fn walked(kind: Kind) -> bool {
    use Kind::*;
    #[rustfmt::skip]
    let walked = matches!(
        kind,
        ActionExt | ActionName | Anywhere | Array | ArrayAll | Base64 | Basic | Claims | Cookie
            | CookieAll | CookieName | Credentials | Gzip | Hash | HashAll | HashName | Header
            | HeaderAll | HeaderName | Host | Htmljs | JsonDoc | Jwt | JwtHeader | JwtPayload
            | JwtPrefix | Method | Password | Path | PathAll | Percent | Pollution | Proto
            | Query | QueryAll | QueryName | RemoteAddr | Scheme | Uri | User | Var
    );
    walked
}

/// Which rules end at each node, and the path that leads there.
type Ends = BTreeMap<NodeId, (Vec<RuleIndex>, Vec<Step>)>;

fn plant(rules: &[Rule]) -> (Tree, Ends) {
    let mut tree = Tree::new();
    let mut ends = Ends::new();
    for (index, rule) in rules.iter().enumerate() {
        let index = RuleIndex(u32::try_from(index).unwrap_or(u32::MAX));
        let tokens = matches!(rule.matcher, MatcherSource::TokenFile(_) | MatcherSource::Tokens(_));
        for path in rule.points.iter().flat_map(paths) {
            let all = if tokens { with_credentials(&path) } else { vec![path] };
            for path in all {
                let (rules, _) = ends.entry(tree.add(&path)).or_insert((Vec::new(), path));
                if rules.last() != Some(&index) {
                    rules.push(index);
                }
            }
        }
    }
    (tree, ends)
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
fn text(path: &[Step]) -> String {
    let words = path.iter().flat_map(|step| {
        let name = Some(step.name()).filter(|name| !name.is_empty());
        let kind = step.kind().map_or("unquoted", Kind::name);
        [Some(kind), name].into_iter().flatten()
    });
    format!("[{}]", words.collect::<Vec<_>>().join(", "))
}
