//! `tokenban_status_page`: one page for people, and what it shows as JSON for programs.

use nginx_sys::ngx_http_handler_pt;
use ngx::{
    http::{HttpModuleMainConf, Request},
    http_request_handler,
};
use serde_json::{json, Value};
use tokenban_engine::fingerprint::Fingerprint;
use tokenban_metrics::{labels, Counters, Number, Sighting, Sum};

use crate::{
    answer::{self, Answer},
    conf::MainConf,
    metrics,
    module::Module,
    request::now,
};

http_request_handler!(handle, |request: &mut Request| answer::send(request, page));

/// What `tokenban_status_page` makes of a location.
pub(crate) const HANDLER: ngx_http_handler_pt = Some(handle);

/// Nothing from elsewhere, and the page is no part of another one.
const HEADERS: [(&str, &str); 2] = [
    (
        "Content-Security-Policy",
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("Referrer-Policy", "no-referrer"),
];

/// What belongs to the page, by the last part of the path.
const FILES: [(&str, &str, &str); 3] = [
    ("", "text/html; charset=utf-8", include_str!("page/index.html")),
    ("script.js", "text/javascript; charset=utf-8", include_str!("page/script.js")),
    ("style.css", "text/css; charset=utf-8", include_str!("page/style.css")),
];

/// The most sightings that one document has.
const SHOWN: usize = 500;
/// The most used tokens.
const MOST: usize = 20;

fn page(request: &Request) -> Option<Answer> {
    let path = request.as_ref().uri.as_bytes();
    let name = path.rsplit(|byte| *byte == b'/').next()?;
    let make = match name {
        b"data.json" => Some(document as fn(&MainConf) -> Option<Value>),
        b"seen.json" => Some(seen as fn(&MainConf) -> Option<Value>),
        _ => None,
    };
    if let Some(make) = make {
        let body = make(Module::main_conf(request)?)?.to_string();
        return Some(Answer { content_type: "application/json", body, headers: &HEADERS });
    }
    let (_, content_type, text) = FILES.iter().find(|(file, ..)| file.as_bytes() == name)?;
    Some(Answer { content_type, body: (*text).to_owned(), headers: &HEADERS })
}

/// Every sighting, for `tokenban seen`.
fn seen(main: &MainConf) -> Option<Value> {
    let zone = main.zone.as_ref()?;
    let sightings: Vec<Value> =
        zone.sightings(|table| table.all().map(|one| shown(&one)).collect())?;
    let evicted = zone.counters()?.sum().number(Number::SightingsEvicted);
    Some(json!({ "sightings": sightings, "evicted": evicted }))
}

/// What the page shows.
fn document(main: &MainConf) -> Option<Value> {
    let zone = main.zone.as_ref()?;
    let counters = zone.counters()?;
    let mut sightings: Vec<Sighting> = zone.sightings(|table| table.all().collect())?;
    let (seen, state) = (sightings.len(), metrics::state(main));
    let sum = counters.sum();
    let attention = attention(&sum, &state, &sightings);
    sightings.sort_by_key(|one| std::cmp::Reverse((one.denied + one.monitored, one.last)));
    let most: Vec<Value> = sightings.iter().take(MOST).map(shown).collect();
    sightings.sort_by_key(|one| std::cmp::Reverse(one.last));
    sightings.truncate(SHOWN);
    Some(json!({
        "version": state.version,
        "nginx": state.nginx,
        "time": now(),
        "attention": attention,
        "hour": counters.last_hour(now()),
        "seen": seen,
        "sightings": sightings.iter().map(shown).collect::<Vec<_>>(),
        "most": most,
        "rules": rules(counters, &sum),
        "store": state.store.map(|store| json!({
            "usable": store.usable,
            "entries": store.entries,
            "commit": store.commit,
            "changed": store.changed,
        })),
    }))
}

fn shown(sighting: &Sighting) -> Value {
    let Sighting { fingerprint, first, last, denied, monitored, .. } = sighting;
    json!({
        "fingerprint": Fingerprint::from_bytes(fingerprint.to_be_bytes()).to_string(),
        "first": first,
        "last": last,
        "denied": denied,
        "monitored": monitored,
        "rule": sighting.rule,
        "list": sighting.list,
        "reason": sighting.reason,
        "client": sighting.client,
        "endpoint": sighting.endpoint,
    })
}

/// Every rule that has a name, with its matches.
fn rules(counters: Counters<'_>, sum: &Sum) -> Vec<Value> {
    let mut rules: Vec<(String, u64, u64)> = Vec::new();
    let other = (labels::RULES, "_other".to_owned());
    for (place, id) in counters.rules().all().chain([other]) {
        let (denied, monitored) = (sum.rule(place, true), sum.rule(place, false));
        match rules.iter_mut().find(|rule| rule.0 == id) {
            Some(rule) => *rule = (id, rule.1 + denied, rule.2 + monitored),
            None if id == "_other" && denied + monitored == 0 => {}
            None => rules.push((id, denied, monitored)),
        }
    }
    rules.sort_by(|one, other| (other.1 + other.2).cmp(&(one.1 + one.2)).then(one.0.cmp(&other.0)));
    let row =
        |(id, denied, monitored)| json!({ "id": id, "denied": denied, "monitored": monitored });
    rules.into_iter().map(row).collect()
}

/// What a person should look at first.
fn attention(sum: &Sum, state: &tokenban_metrics::text::State, seen: &[Sighting]) -> Vec<String> {
    let mut items = Vec::new();
    if state.store.is_some_and(|store| !store.usable) {
        items.push("The store of denylists cannot be used: the error log says why.".to_owned());
    }
    let passed = seen.iter().filter(|one| !one.list.is_empty() && one.monitored > 0).count();
    if passed > 0 {
        items.push(format!(
            "{passed} banned tokens were used and passed: their rule, entry or location only monitors."
        ));
    }
    let not_inspected = sum.passed_uninspected();
    if not_inspected > 0 {
        items.push(format!(
            "{not_inspected} requests passed that were not inspected as a whole: see \
             tokenban_not_inspected_total."
        ));
    }
    let refused = sum.number(Number::RulesRefused);
    if refused > 0 {
        items.push(format!(
            "Changed rules were not taken {refused} times (each worker counts): the error log says why."
        ));
    }
    let evicted = sum.number(Number::SightingsEvicted);
    if evicted > 0 {
        items.push(format!("{evicted} sightings were forgotten: make \"tokenban_zone\" larger."));
    }
    items
}
