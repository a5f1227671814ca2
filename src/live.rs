//! Changed rule and token files: a thread of each worker notices and compiles them, and puts the new
//! ruleset in place; the event loop logs it.

use std::{
    io,
    sync::{
        mpsc::{self, Receiver, Sender},
        Arc,
    },
    time::Duration,
};

use nginx_sys::{ngx_exiting, ngx_msec_t, ngx_worker, NGX_LOG_ERR, NGX_LOG_NOTICE, NGX_LOG_WARN};
use ngx::{log::ngx_cycle_log, ngx_log_error};
use tokenban_engine::{limits::Limits, rule_files::RuleFiles};

use crate::{
    barrier,
    conf::MainConf,
    count,
    rule_variables::{Known, RuleVariables},
    ruleset::{LiveRuleset, Ruleset},
    store,
    thread::Periodic,
};

/// Looks in each period of `tokenban_refresh`: a change is taken at the second or third look after it.
const LOOKS: u32 = 4;

/// What a worker has for live rules.
pub(crate) struct Live {
    news: Receiver<News>,
    _thread: Periodic,
}

/// What happened to the rules of a `tokenban_rules`.
enum News {
    /// They cannot be taken, and why: a line for each mistake.
    Bad(String),
    /// Taken, and no rule is left; the names and globs.
    Empty(String),
    /// Taken after they had been bad.
    Recovered(String),
    /// Taken; the names and globs.
    Updated(String),
}

/// A ruleset and its files, as the thread sees them.
struct Watched {
    ruleset: Arc<LiveRuleset>,
    files: RuleFiles,
    /// Whether rules may ask denylists.
    has_store: bool,
    /// Why the files are not taken, if they are not.
    bad: Option<String>,
    /// Replaced rulesets that requests may still hold: freed here, not on the event loop.
    replaced: Vec<Arc<Ruleset>>,
}

impl Live {
    /// Starts the thread. For workers only: it would not survive a `fork`.
    pub(crate) fn start(main: &MainConf, refresh: ngx_msec_t) -> io::Result<Live> {
        let (sender, news) = mpsc::channel();
        if speaks() {
            main.rulesets.all().iter().for_each(|ruleset| warn_of_forbidden(&ruleset.files));
        }
        let known = main.known_variables.clone().unwrap_or_default();
        let watch = |ruleset| Watched::new(ruleset, main.store.is_some());
        let mut watched: Vec<Watched> = main.rulesets.all().iter().map(watch).collect();
        let period = Duration::from_millis(u64::try_from(refresh).unwrap_or(u64::MAX)) / LOOKS;
        let work = move || watched.iter_mut().for_each(|watched| watched.look(&known, &sender));
        Ok(Live { news, _thread: Periodic::start("tokenban-rules", period, work)? })
    }

    /// Logs what the thread has found. All workers find the same: one of them says it.
    pub(crate) fn report(&self, main: &MainConf) {
        let speaks = speaks();
        for news in self.news.try_iter() {
            if speaks {
                log(&news);
            }
            count::news(main, !matches!(news, News::Bad(_)));
        }
    }
}

impl Watched {
    fn new(ruleset: &Arc<LiveRuleset>, has_store: bool) -> Watched {
        let (ruleset, files) = (Arc::clone(ruleset), ruleset.files.clone());
        Watched { ruleset, files, has_store, bad: None, replaced: Vec::new() }
    }

    fn look(&mut self, known: &Known, sender: &Sender<News>) {
        self.replaced.retain(|ruleset| Arc::strong_count(ruleset) > 1);
        let result = barrier::catch(|| self.changed(known)).unwrap_or_else(|place| {
            Some(Err(format!("internal error at {place}; please report it")))
        });
        let Some(result) = result else { return };
        if let Some(news) = self.take(result) {
            // Nobody listens when the worker is about to end.
            let _ = sender.send(news);
        }
    }

    /// The ruleset of changed files.
    fn changed(&mut self, known: &Known) -> Option<Result<Ruleset, String>> {
        let rules = match self.files.look(&Limits::default())? {
            Ok(rules) => rules,
            Err(message) => return Some(Err(message)),
        };
        let variables = RuleVariables::find(known, rules.variables());
        if let Some(message) = store::needed_by(&rules).filter(|_| !self.has_store) {
            return Some(Err(message));
        }
        Some(variables.map(|variables| Ruleset::new(rules, variables)))
    }

    /// Puts a ruleset in place, or remembers why not. No news is what was said before.
    fn take(&mut self, result: Result<Ruleset, String>) -> Option<News> {
        match result {
            Ok(ruleset) => {
                let empty = ruleset.rules.rules().is_empty();
                self.replaced.push(self.ruleset.replace(ruleset));
                let names = self.ruleset.names();
                Some(match self.bad.take() {
                    _ if empty => News::Empty(names),
                    Some(_) => News::Recovered(names),
                    None => News::Updated(names),
                })
            }
            Err(message) if self.bad.as_ref() == Some(&message) => None,
            Err(message) => {
                self.bad = Some(message.clone());
                Some(News::Bad(message))
            }
        }
    }
}

fn speaks() -> bool {
    // SAFETY: NGINX writes to both from the event loop only, which this is called on.
    unsafe { ngx_worker == 0 && ngx_exiting == 0 }
}

/// The master may read what workers may not. Better said at once than when a change is urgent.
fn warn_of_forbidden(files: &RuleFiles) {
    let log = ngx_cycle_log().as_ptr();
    for file in files.forbidden() {
        let file = file.display();
        ngx_log_error!(
            NGX_LOG_WARN,
            log,
            "tokenban: {file}: the user of the workers may not read it; a change needs a reload"
        );
    }
}

fn log(news: &News) {
    let log = ngx_cycle_log().as_ptr();
    match news {
        News::Bad(message) => message.lines().for_each(|line| {
            ngx_log_error!(NGX_LOG_ERR, log, "tokenban: changed rules not taken: {line}");
        }),
        News::Empty(names) => {
            ngx_log_error!(
                NGX_LOG_WARN,
                log,
                "tokenban: rules updated: {names}: no rule is left, nothing is denied by them"
            );
        }
        News::Recovered(names) => {
            // At the level of the trouble: who saw that sees this, too.
            ngx_log_error!(NGX_LOG_ERR, log, "tokenban: rules recovered and updated: {names}");
        }
        News::Updated(names) => {
            ngx_log_error!(NGX_LOG_NOTICE, log, "tokenban: rules updated: {names}");
        }
    }
}
