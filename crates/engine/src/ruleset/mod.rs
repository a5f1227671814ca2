//! A compiled ruleset: immutable, shared by every location that names its files.

use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
};

use tokenban_parse::protobuf::descriptor::Schema;

use crate::{
    limits::Limits,
    load::{self, LoadError, Seen},
    matcher::Shared,
    point::Point,
    rule::{Rule, RuleIndex},
    tree::Tree,
};

mod compile;
mod evaluate;
mod explain;
mod header_name;
mod miss;
mod places;
mod trail;

pub(crate) use self::{evaluate::cut, trail::Hop};
pub use self::{
    evaluate::{Inspection, Scratch, Stage},
    explain::Look,
    miss::{Miss, Reason},
    places::Place,
};

/// All rules of some files, compiled: immutable, shared by every location that names them.
pub struct Ruleset {
    rules: Vec<Rule>,
    head: Part,
    body: Part,
    /// The rules that look into bodies, by a point or by a condition.
    body_rules: Vec<RuleIndex>,
    matchers: Vec<Shared>,
    /// The points that `when` conditions look at, each as a tree of its own.
    conditions: HashMap<Point, Tree>,
    variables: Vec<String>,
    /// The names of Protocol Buffers.
    schema: Schema,
    files: Vec<Seen>,
    asks_denylists: bool,
}

/// What is looked at in one stage.
struct Part {
    tree: Tree,
    /// What is looked for at each node of the tree; `None` where no rule ends.
    leaves: Vec<Option<Leaf>>,
}

struct Leaf {
    /// `None` where all rules look for denylists.
    matcher: Option<usize>,
    /// The rules that ask denylists.
    denylist: Vec<RuleIndex>,
    /// The point as text, for reports.
    point: String,
    /// The rules that end here.
    rules: Vec<RuleIndex>,
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

    /// The names of the NGINX variables that `var` points look at.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// Every file that was read, rule files and token files.
    pub fn files(&self) -> &[Seen] {
        &self.files
    }

    /// The rules, in the order of the files.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Whether some rule asks denylists.
    pub fn asks_denylists(&self) -> bool {
        self.asks_denylists
    }

    /// The denylists that rules name, each once, with a rule that names it.
    pub fn denylists(&self) -> Vec<(&str, &Rule)> {
        let mut all: Vec<(&str, &Rule)> = Vec::new();
        for rule in &self.rules {
            for list in rule.denylists() {
                if all.iter().all(|(other, _)| other != list) {
                    all.push((list, rule));
                }
            }
        }
        all
    }

    fn part(&self, stage: Stage) -> &Part {
        match stage {
            Stage::Body => &self.body,
            Stage::Head => &self.head,
        }
    }

    fn rule(&self, index: RuleIndex) -> Option<&Rule> {
        self.rules.get(index.0 as usize)
    }
}

/// Patterns and tokens stay out of debug output.
impl fmt::Debug for Ruleset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ruleset({} rules)", self.rules.len())
    }
}
