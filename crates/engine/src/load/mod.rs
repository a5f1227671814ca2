//! Rule files to rules, with a diagnostic for every mistake.
//!
//! A diagnostic is `file:line:column: rule "id": what is wrong; what would be right`, the same at
//! `nginx -t`, in `tokenban check` and in the error log when a changed file is not taken. No
//! diagnostic holds a token, a pattern or a value compared with.

use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
};

use tokenban_parse::protobuf::descriptor::Schema;

use crate::{
    limits::Limits,
    rule::{Origin, Rule},
};

mod conditions;
mod descriptors;
mod examples;
mod fields;
mod matcher;
mod name;
mod points;
mod read;
mod report;
mod rule;
mod seen;
mod yaml;

pub use self::{
    report::{Diagnostic, LoadError},
    seen::{Seen, Stamp},
};

use self::{fields::Fields, report::Report, yaml::Node};

/// What the files of a ruleset say.
#[derive(Debug)]
pub struct Loaded {
    /// The rules, in the order of the files.
    pub rules: Vec<Rule>,
    /// Every file that was read, rule files and token files: a change of one changes the ruleset.
    pub files: Vec<Seen>,
    /// The names of Protocol Buffers that the files' `descriptors` give.
    pub(crate) schema: Schema,
    sources: Vec<Source>,
}

struct Source {
    file: PathBuf,
    text: String,
}

/// The text may hold tokens.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Source").field(&self.file).finish()
    }
}

/// Reads rule files. All mistakes that can be told apart are reported, not only the first.
pub fn load(files: &[PathBuf], limits: &Limits) -> Result<Loaded, LoadError> {
    let mut loader = Loader::new(limits);
    for file in files {
        loader.file(file);
    }
    loader.finish()
}

/// Reads rules from a text, as if it were the contents of `file`.
pub fn load_text(file: &Path, text: &str, limits: &Limits) -> Result<Loaded, LoadError> {
    let mut loader = Loader::new(limits);
    loader.text(file, text.to_owned());
    loader.finish()
}

impl Loaded {
    /// Rules that no file has.
    pub(crate) fn of(rules: Vec<Rule>, schema: Schema) -> Loaded {
        Loaded { rules, files: Vec::new(), schema, sources: Vec::new() }
    }

    /// The file, line and column where a rule begins.
    pub fn position(&self, origin: Origin) -> Option<(&Path, usize, usize)> {
        let source = usize::try_from(origin.file).ok().and_then(|file| self.sources.get(file))?;
        let (line, column) = yaml::locate(&source.text, origin.node);
        Some((&source.file, line, column))
    }

    /// An error about a rule that was read but cannot be compiled.
    pub fn error(&self, rule: &Rule, message: String) -> LoadError {
        let (file, place) = match self.position(rule.origin) {
            Some((file, line, column)) => (file.to_owned(), Some((line, column))),
            None => (PathBuf::new(), None),
        };
        let diagnostic = Diagnostic { file, place, rule: Some(rule.id.clone()), message };
        LoadError::new(vec![diagnostic], self.files.clone())
    }
}

struct Loader<'a> {
    limits: &'a Limits,
    loaded: Loaded,
    /// Where each id was first used.
    ids: HashMap<String, Origin>,
    diagnostics: Vec<Diagnostic>,
}

/// What reading one rule needs beside its node.
struct Context<'a> {
    limits: &'a Limits,
    /// Where relative names of token files begin.
    base: &'a Path,
    files: &'a mut Vec<Seen>,
    report: Report,
}

impl<'a> Loader<'a> {
    fn new(limits: &'a Limits) -> Loader<'a> {
        let (rules, files, sources) = (Vec::new(), Vec::new(), Vec::new());
        let loaded = Loaded { rules, files, schema: Schema::default(), sources };
        Loader { limits, loaded, ids: HashMap::new(), diagnostics: Vec::new() }
    }

    fn file(&mut self, file: &Path) {
        if self.loaded.sources.iter().any(|source| source.file == file) {
            return; // named twice, or by two globs
        }
        let mut seen = Seen { path: file.to_owned(), stamp: None };
        let read = read::rule_file(&mut seen, self.limits.file_size);
        self.loaded.files.push(seen);
        match read {
            Ok(text) => self.text(file, text),
            Err((place, message)) => {
                let mut diagnostic = Diagnostic::of_file(file, message);
                diagnostic.place = place;
                self.diagnostics.push(diagnostic);
            }
        }
    }

    fn text(&mut self, file: &Path, text: String) {
        let root = match yaml::parse(&text, self.limits.yaml_nodes) {
            Ok(root) => root,
            Err(yaml::Malformed { line, column, what }) => {
                let mut diagnostic = Diagnostic::of_file(file, what);
                diagnostic.place = Some((line, column));
                self.diagnostics.push(diagnostic);
                return;
            }
        };
        self.loaded.sources.push(Source { file: file.to_owned(), text });
        let report = self.root(file, &root);
        let text = self.loaded.sources.last().map_or("", |source| &source.text);
        self.diagnostics.extend(report.into_diagnostics(file, text));
    }

    fn root(&mut self, file: &Path, root: &Node) -> Report {
        let mut context = Context {
            limits: self.limits,
            base: file.parent().unwrap_or(Path::new("")),
            files: &mut self.loaded.files,
            report: Report::new(self.limits.diagnostics),
        };
        let origin_file = u32::try_from(self.loaded.sources.len() - 1).unwrap_or(u32::MAX);
        let (rules, descriptors) = root_fields(root, &mut context.report);
        if let Some(node) = descriptors {
            descriptors::read(node, &mut self.loaded.schema, &mut context);
        }
        for node in rules.unwrap_or_default() {
            context.report.rule = None;
            let origin = Origin { file: origin_file, node: node.number };
            let Some(rule) = rule::read(node, origin, &mut context) else { continue };
            if let Some(first) = self.ids.get(&rule.id) {
                let first = first_use(*first, &self.loaded.sources);
                context.report.at(node, format!("the id is duplicate; {first} has it already"));
                continue;
            }
            self.ids.insert(rule.id.clone(), origin);
            self.loaded.rules.push(rule);
        }
        context.report
    }

    fn finish(self) -> Result<Loaded, LoadError> {
        match self.diagnostics.is_empty() {
            true => Ok(self.loaded),
            false => Err(LoadError::new(self.diagnostics, self.loaded.files)),
        }
    }
}

/// The rules below `rules:`, and what stands below `descriptors:`.
fn root_fields<'a>(root: &'a Node, report: &mut Report) -> (Option<&'a [Node]>, Option<&'a Node>) {
    let fields = file_fields(root, report);
    let rules = fields.as_ref().and_then(|fields| rule_nodes(root, fields, report));
    (rules, fields.and_then(|fields| fields.value("descriptors")))
}

fn file_fields<'a>(root: &'a Node, report: &mut Report) -> Option<Fields<'a>> {
    if let yaml::Yaml::Null = root.yaml {
        report.at(root, "the file is empty; write `rules:` and a list of rules below it");
        return None;
    }
    if let yaml::Yaml::Sequence(_) = root.yaml {
        report.at(root, "the file is a list; write `rules:` above it");
        return None;
    }
    Fields::read(root, "the file", &["rules", "descriptors"], report)
}

fn rule_nodes<'a>(root: &'a Node, fields: &Fields<'a>, report: &mut Report) -> Option<&'a [Node]> {
    match fields.value("rules") {
        Some(rules) => fields::list(rules, "`rules`", report),
        None if !report.is_clean() => None, // likely the misspelt field
        None => {
            report.at(root, "the file has no `rules`; write `rules:` and a list of rules below it");
            None
        }
    }
}

/// Where an id was used before, for the message.
fn first_use(first: Origin, sources: &[Source]) -> String {
    let source = usize::try_from(first.file).ok().and_then(|index| sources.get(index));
    source.map_or_else(String::new, |source| {
        let (line, column) = yaml::locate(&source.text, first.node);
        format!("{}:{line}:{column}", source.file.display())
    })
}
