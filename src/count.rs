//! Counting: what of a request goes into the zone. Without `tokenban_zone` nothing is counted.

use std::{cell::Cell, time::Instant};

use nginx_sys::ngx_http_handler_pt;
use ngx::{
    core::Status,
    http::{HttpModuleMainConf, Request},
    http_request_handler,
};
use tokenban_engine::{
    decision::{Decision, Hit, Incomplete, Outcome},
    denylist::{Ban, Denylists, Key, Profile, Sought, StoreLost},
};
use tokenban_metrics::{template, Block, Cause, Lookup, Number, Seen, Stage, Verdict};

use crate::{
    conf::MainConf, decision::Record, fingerprint, module::Module, request::now, zone::Zone,
};

http_request_handler!(log_handler, |request: &mut Request| {
    ended(request);
    Status::NGX_OK
});

/// What is registered in the log phase, where each request comes by once.
pub(crate) const HANDLER: ngx_http_handler_pt = Some(log_handler);

fn ended(request: &mut Request) {
    let Some(record) = Record::of(request) else { return };
    let mode = record.mode;
    let verdict = match record.decision {
        Decision::Denied => Verdict::Denied,
        Decision::Monitored => Verdict::Monitored,
        Decision::Passed => Verdict::Passed,
    };
    if let Some(block) = block(request) {
        block.request(now(), mode, verdict);
    }
}

/// The matches of an outcome, and who made them.
pub(crate) fn matches(request: &Request, outcome: &Outcome) {
    let Some(zone) = zone(request) else { return };
    let denied = |_: &Hit| outcome.decision == Decision::Denied;
    let hits = outcome.hit.iter().map(|hit| (hit, denied(hit)));
    for (hit, denied) in hits.chain(outcome.monitored.iter().map(|hit| (hit, false))) {
        if let Some(block) = zone.block() {
            block.rule(&hit.rule, denied);
            if let Some((list, kind)) = hit.denylist.as_ref().zip(hit.kind) {
                block.list(list, kind);
            }
            if hit.is_canary {
                block.number(Number::CanaryUses);
            }
        }
        see(request, zone, hit, denied);
    }
}

fn see(request: &Request, zone: &Zone, hit: &Hit, denied: bool) {
    let fingerprint = fingerprint::of(Module::main_conf(request), &hit.key);
    let client = String::from_utf8_lossy(client(request)).into_owned();
    let endpoint = endpoint(request, &hit.point);
    let evicted = zone.see(&Seen {
        fingerprint: u64::from_be_bytes(*fingerprint.as_bytes()),
        now: now(),
        denied,
        rule: &hit.rule,
        list: hit.denylist.as_deref().unwrap_or_default(),
        reason: hit.reason.as_deref().unwrap_or_default(),
        client: &client,
        endpoint: &endpoint,
    });
    if let Some(block) = zone.block().filter(|_| evicted) {
        block.number(Number::SightingsEvicted);
    }
}

/// Method and template of the path; only the method where the token was in the path.
fn endpoint(request: &Request, point: &str) -> String {
    let method = match request.as_ref().method_name.as_bytes() {
        method if method.len() <= 16 && method.iter().all(u8::is_ascii_uppercase) => {
            String::from_utf8_lossy(method).into_owned()
        }
        _ => "*".to_owned(),
    };
    let in_path = ["[path", "[uri", "[action", "[var"].iter().any(|start| point.starts_with(start));
    match in_path {
        true => format!("{method} *"),
        false => format!("{method} {}", template(request.as_ref().uri.as_bytes())),
    }
}

fn client(request: &Request) -> &[u8] {
    // SAFETY: a request has a connection as long as it lives.
    let connection = unsafe { &*request.as_ref().connection };
    connection.addr_text.as_bytes()
}

/// A request that was not inspected as a whole.
pub(crate) fn not_inspected(request: &Request, cause: Cause, denied: bool) {
    if let Some(block) = block(request) {
        block.not_inspected(cause, denied);
    }
}

/// Why some was not inspected, as it is counted.
pub(crate) fn cause(why: Incomplete) -> Cause {
    match why {
        Incomplete::Bound => Cause::Bound,
        Incomplete::Budget => Cause::Budget,
        Incomplete::Store => Cause::Store,
    }
}

/// Measures an inspection: of some heads, of every body.
pub(crate) fn timed<T>(request: &Request, stage: Stage, work: impl FnOnce() -> T) -> T {
    let Some(zone) = zone(request).filter(|zone| stage == Stage::Body || zone.measures()) else {
        return work();
    };
    let start = Instant::now();
    let result = work();
    if let Some(block) = zone.block() {
        block.took(stage, start.elapsed());
    }
    result
}

/// Takes notice of the rules that are in force now: those that never match are told, too.
pub(crate) fn rules(main: &MainConf) {
    let Some(counters) = main.zone.as_ref().and_then(Zone::counters) else { return };
    for ruleset in main.rulesets.all() {
        let ruleset = ruleset.current();
        counters.loaded(now(), ruleset.rules.rules().iter().map(|rule| &*rule.id));
    }
}

/// Changed rules that this worker has taken or could not take.
pub(crate) fn news(main: &MainConf, taken: bool) {
    let Some(block) = main.zone.as_ref().and_then(Zone::block) else { return };
    block.number(if taken { Number::RulesTaken } else { Number::RulesRefused });
    if taken {
        rules(main);
    }
}

/// A store whose look-ups are counted.
pub(crate) struct Counted<'a> {
    store: &'a dyn Denylists,
    filtered: Cell<u64>,
    missed: Cell<u64>,
    found: Cell<u64>,
    lost: Cell<u64>,
}

impl<'a> Counted<'a> {
    pub(crate) fn new(store: &'a dyn Denylists) -> Counted<'a> {
        let [filtered, missed, found, lost] = [const { Cell::new(0) }; 4];
        Counted { store, filtered, missed, found, lost }
    }

    pub(crate) fn report(&self, block: &Block<'_>) {
        for (result, count) in [
            (Lookup::Filtered, &self.filtered),
            (Lookup::Missed, &self.missed),
            (Lookup::Found, &self.found),
            (Lookup::Lost, &self.lost),
        ] {
            if count.get() > 0 {
                block.lookups(result, count.get());
            }
        }
    }

    fn count(&self, result: &Result<(), StoreLost>, any: bool) {
        let cell = match (result, any) {
            (Err(StoreLost), _) => &self.lost,
            (Ok(()), true) => &self.found,
            (Ok(()), false) => &self.missed,
        };
        cell.set(cell.get() + 1);
    }
}

impl Denylists for Counted<'_> {
    fn profile(&self) -> &Profile {
        self.store.profile()
    }

    fn may_hold(&self, sought: &Sought<'_>, key: &mut dyn FnMut() -> Option<Key>) -> bool {
        let may = self.store.may_hold(sought, key);
        self.filtered.set(self.filtered.get() + u64::from(!may));
        may
    }

    fn find(&self, key: &Key, found: &mut dyn FnMut(&Ban<'_>)) -> Result<(), StoreLost> {
        let mut any = false;
        let result = self.store.find(key, &mut |ban| {
            any = true;
            found(ban);
        });
        self.count(&result, any);
        result
    }

    fn find_sha1(
        &self,
        digest: &[u8; 20],
        found: &mut dyn FnMut(&Ban<'_>),
    ) -> Result<(), StoreLost> {
        let mut any = false;
        let result = self.store.find_sha1(digest, &mut |ban| {
            any = true;
            found(ban);
        });
        self.count(&result, any);
        result
    }
}

fn zone(request: &Request) -> Option<&Zone> {
    Module::main_conf(request)?.zone.as_ref()
}

fn block(request: &Request) -> Option<Block<'_>> {
    zone(request)?.block()
}
