//! The store of denylists: looked at when the configuration is loaded, opened by each worker after
//! `fork`, asked for each request.
//!
//! The master never opens it: it runs as root, and what LMDB leaves behind would be root's.

use std::path::Path;

use nginx_sys::{ngx_conf_t, ngx_msec_t, NGX_LOG_ALERT};
use ngx::{log::ngx_cycle_log, ngx_log_error};
use tokenban_denylist::{check_store, known_lists, Reader, State, StoreError};
use tokenban_engine::denylist::{Denylists, LostDenylists, NoDenylists};

use crate::{conf::MainConf, count::Counted, worker_user::WorkerUser};

/// How often a worker looks whether the store at the path is still the one that it has and whole,
/// in milliseconds. What is committed to it is seen at once, by each request.
pub(crate) const CHECKED_EVERY: ngx_msec_t = 1000;

/// The store as a worker has it.
pub(crate) struct Store {
    reader: Reader,
    /// What was wrong at last, without its numbers: the same trouble is said once.
    trouble: Option<String>,
}

/// What is wrong with the store at a path, as far as that shows without leaving anything behind.
pub(crate) fn examine(cf: &ngx_conf_t, path: &Path) -> Result<(), String> {
    check_store(path).map_err(|error| error.to_string())?;
    WorkerUser::of(cf).map_or(Ok(()), |user| user.may_use(path))
}

/// The rules of a configuration without a store must not ask for denylists.
pub(crate) fn needed_by(rules: &tokenban_engine::Ruleset) -> Option<String> {
    let (list, rule) = rules.denylists().into_iter().next()?;
    Some(format!(
        "rule \"{}\" asks the denylist \"{list}\"; name the store with \"tokenban_store\"",
        rule.id
    ))
}

/// Denylists that rules ask and that nothing was put on yet: more likely a typo than an intention.
pub(crate) fn unknown_lists(main: &MainConf) -> Vec<String> {
    let known = main.store.as_deref().and_then(known_lists);
    let Some(known) = known else { return Vec::new() };
    let mut messages = Vec::new();
    for ruleset in main.rulesets.all() {
        let ruleset = ruleset.current();
        let asked = ruleset.rules.denylists();
        let unknown = asked.into_iter().filter(|(list, _)| !known.contains(*list));
        messages.extend(unknown.map(|(list, rule)| {
            format!(
                "rule \"{}\" asks the denylist \"{list}\", which is not in the store yet",
                rule.id
            )
        }));
    }
    messages
}

impl Store {
    /// For a worker, as its user. One that cannot be opened is looked for again.
    pub(crate) fn open(path: &Path) -> Store {
        match Reader::open(path) {
            Ok(reader) => Store { reader, trouble: None },
            Err(error) => {
                let mut store = Store { reader: Reader::lost(path), trouble: None };
                store.notice(Err(error));
                store
            }
        }
    }

    /// What can be told of it, where it can be asked.
    pub(crate) fn state(&self) -> Option<State> {
        self.reader.state()
    }

    /// Looks at the files; for a timer.
    pub(crate) fn check(&mut self) {
        let result = self.reader.check();
        self.notice(result);
    }

    /// Goes to the newest commit. What is wrong with a lost store has been said.
    fn refresh(&mut self) {
        if !self.reader.is_open() {
            return;
        }
        if let Err(error) = self.reader.refresh() {
            self.notice(Err(error));
        }
    }

    /// Logs a change for the worse or the better.
    fn notice(&mut self, result: Result<(), StoreError>) {
        let log = ngx_cycle_log().as_ptr();
        let Err(error) = result else {
            if self.trouble.take().is_some() {
                // At the level of the trouble: who saw that sees this, too.
                ngx_log_error!(NGX_LOG_ALERT, log, "tokenban: the store can be used again");
            }
            return;
        };
        let state = match self.reader.is_open() {
            true => "its last good state is used",
            false => "what it should be asked for counts as not inspected",
        };
        let text = format!("{error}; {state}");
        let trouble: String = text.chars().filter(|sign| !sign.is_ascii_digit()).collect();
        if self.trouble.as_ref() != Some(&trouble) {
            self.trouble = Some(trouble);
            ngx_log_error!(NGX_LOG_ALERT, log, "tokenban: {text}");
        }
    }
}

/// Has the newest state of the store asked, where the rules ask denylists at all.
pub(crate) fn ask<T>(
    main: Option<&MainConf>,
    rules: &tokenban_engine::Ruleset,
    work: impl FnOnce(&dyn Denylists) -> T,
) -> T {
    if !rules.asks_denylists() {
        return work(&NoDenylists);
    }
    let mut store = main.and_then(|main| main.open_store.try_borrow_mut().ok());
    match store.as_deref_mut() {
        Some(Some(store)) => {
            store.refresh();
            match main.and_then(|main| main.zone.as_ref()?.block()) {
                None => work(&store.reader),
                Some(block) => {
                    let counted = Counted::new(&store.reader);
                    let result = work(&counted);
                    counted.report(&block);
                    result
                }
            }
        }
        _ => work(&LostDenylists),
    }
}
