//! Rulesets of a cycle: each distinct list of files is compiled once and shared by its locations.
//! They belong to the configuration and are dropped with the pool of the cycle.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, TryLockError},
};

use arc_swap::{ArcSwap, Guard};
use nginx_sys::ngx_conf_t;
use tokenban_engine::{limits::Limits, rule_files::RuleFiles, Scratch};

use crate::{conf_ext::ConfExt, rule_variables::RuleVariables};

/// Every ruleset of the cycle.
#[derive(Default)]
pub(crate) struct Rulesets(Vec<Arc<LiveRuleset>>);

/// What locations that name the same files share: their ruleset as it is now.
pub(crate) struct LiveRuleset {
    /// The files as the configuration was read.
    pub(crate) files: RuleFiles,
    /// Kept although it is never looked at again after a change: workers have its memory in common
    /// with the master, and freeing it would only make a copy of it.
    _first: Arc<Ruleset>,
    current: ArcSwap<Ruleset>,
}

/// A compiled ruleset and what a worker keeps for it.
pub(crate) struct Ruleset {
    /// The rules.
    pub(crate) rules: tokenban_engine::Ruleset,
    /// The variables that rules name.
    pub(crate) variables: RuleVariables,
    /// Only the event loop takes it, so that nobody ever waits.
    scratch: Mutex<Scratch>,
}

impl Rulesets {
    /// The ruleset of the files that names and globs stand for.
    pub(crate) fn load(
        &mut self,
        cf: &mut ngx_conf_t,
        names: &[Vec<u8>],
    ) -> Result<Arc<LiveRuleset>, String> {
        let names: Option<Vec<PathBuf>> = names.iter().map(|name| cf.full_name(name)).collect();
        let names = names.ok_or("out of memory")?;
        if let Some(known) = self.0.iter().find(|other| other.files.names() == names) {
            return Ok(Arc::clone(known));
        }
        let ruleset = Arc::new(LiveRuleset::load(cf, names)?);
        if ruleset.current().rules.rules().is_empty() {
            cf.warn(&format!(
                "no rule in {}: nothing is denied by \"tokenban_rules\"",
                ruleset.names()
            ));
        }
        self.0.push(Arc::clone(&ruleset));
        Ok(ruleset)
    }

    /// All of them.
    pub(crate) fn all(&self) -> &[Arc<LiveRuleset>] {
        &self.0
    }
}

impl LiveRuleset {
    fn load(cf: &mut ngx_conf_t, names: Vec<PathBuf>) -> Result<LiveRuleset, String> {
        let (files, rules) = RuleFiles::load(names, &Limits::default());
        let rules = rules?;
        let variables = RuleVariables::register(cf, rules.variables())?;
        let first = Arc::new(Ruleset::new(rules, variables));
        Ok(LiveRuleset { files, current: ArcSwap::new(Arc::clone(&first)), _first: first })
    }

    /// The names and globs of its files, for people.
    pub(crate) fn names(&self) -> String {
        let names = self.files.names().iter().map(|name| name.display().to_string());
        names.collect::<Vec<_>>().join(" ")
    }

    /// The ruleset for a request: to be taken once and kept to its end, because the next call may
    /// yield another one. `Guard::into_inner` makes an `Arc` of it for a request that waits.
    pub(crate) fn current(&self) -> Guard<Arc<Ruleset>> {
        self.current.load()
    }

    /// Puts another ruleset in its place; requests that have begun keep theirs.
    pub(crate) fn replace(&self, ruleset: Ruleset) -> Arc<Ruleset> {
        self.current.swap(Arc::new(ruleset))
    }
}

impl Ruleset {
    pub(crate) fn new(rules: tokenban_engine::Ruleset, variables: RuleVariables) -> Ruleset {
        let scratch = Mutex::new(rules.scratch());
        Ruleset { rules, variables, scratch }
    }

    /// Working memory, reused by every request of the worker. A panic leaves nothing in it that
    /// the next request would read.
    pub(crate) fn scratch(&self) -> MutexGuard<'_, Scratch> {
        match self.scratch.try_lock() {
            Ok(scratch) => scratch,
            Err(TryLockError::Poisoned(error)) => error.into_inner(),
            // The event loop does one thing at a time. Should it not, the request fails as
            // `tokenban_on_error` says; waiting for itself would hang the worker.
            Err(TryLockError::WouldBlock) => panic!("an inspection inside of an inspection"),
        }
    }
}
