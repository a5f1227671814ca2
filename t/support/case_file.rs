//! Case files, `t/cases/*.yaml`. Their format is described in `t/cases/README.md`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::support::root;

/// One NGINX, and what is asked of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    pub(crate) name: String,
    /// Before the server that is asked.
    #[serde(default)]
    pub(crate) http: String,
    /// In the server that is asked.
    #[serde(default = "proxied")]
    pub(crate) server: String,
    pub(crate) rules: Rules,
    /// Further files of the directory: token files, pages.
    #[serde(default)]
    pub(crate) files: BTreeMap<PathBuf, String>,
    /// Tokens on the denylist `leaked` of the store.
    #[serde(default)]
    pub(crate) banned: Vec<String>,
    /// Whether the engine alone is asked, too: it has no store.
    #[serde(default = "yes")]
    pub(crate) engine: bool,
    cases: Vec<Case>,
}

/// The rules of a group.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Rules {
    /// A rule file's text.
    Inline(String),
    /// Names of files in `rules/`.
    Shipped(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    deny: Vec<String>,
    #[serde(default)]
    pass: Vec<String>,
    #[serde(default)]
    requests: Vec<Exchange>,
}

/// A request, and what is expected of the answer; what is not written is not looked at.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Exchange {
    pub(crate) request: Option<String>,
    /// In place of `request`: sent as it is written.
    pub(crate) raw: Option<String>,
    pub(crate) status: Option<u16>,
    /// `$tokenban_status`.
    pub(crate) decision: Option<String>,
    /// `$tokenban_rule`.
    pub(crate) rule: Option<String>,
    /// `$tokenban_point`.
    pub(crate) point: Option<String>,
    /// Found in the body of the response.
    pub(crate) body: Option<String>,
    /// Each found in what the request added to the error log.
    pub(crate) log: Vec<String>,
    /// None found there.
    pub(crate) absent: Vec<String>,
    /// `false`: this request is not asked of the engine.
    pub(crate) engine: Option<bool>,
}

impl Group {
    /// Every request of the group, with the name of its case.
    pub(crate) fn exchanges(&self) -> impl Iterator<Item = (&str, Exchange)> {
        self.cases.iter().flat_map(|case| {
            let denied = case.deny.iter().map(|text| Exchange::of(text, 403, "DENIED"));
            let passed = case.pass.iter().map(|text| Exchange::of(text, 200, "PASSED"));
            let all = denied.chain(passed).chain(case.requests.iter().cloned());
            all.map(|exchange| (case.name.as_str(), exchange))
        })
    }
}

impl Exchange {
    fn of(text: &str, status: u16, decision: &str) -> Exchange {
        Exchange {
            request: Some(text.to_owned()),
            status: Some(status),
            decision: Some(decision.to_owned()),
            ..Exchange::default()
        }
    }
}

/// Every case file, by name.
pub(crate) fn all() -> Vec<(PathBuf, Vec<Group>)> {
    let entries = fs::read_dir(root().join("t/cases")).expect("t/cases");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files.into_iter().map(|file| (file.clone(), groups(&file))).collect()
}

fn groups(file: &Path) -> Vec<Group> {
    let text = fs::read_to_string(file).expect("a case file");
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn proxied() -> String {
    "location / { proxy_pass http://unix:{dir}/app.sock; }".to_owned()
}

fn yes() -> bool {
    true
}
