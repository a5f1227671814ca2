//! The text formats of Prometheus (0.0.4) and OpenMetrics (1.0.0).
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::fmt::{self, Write};

use crate::{
    counters::{Counters, Stage, BUCKETS},
    labels::{Labels, LISTS, RULES},
    layout::{Number, CAUSES, KINDS, LOOKUPS, MODES, VERDICTS},
};

/// Which of the formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics 1.0.0.
    OpenMetrics,
    /// Prometheus 0.0.4.
    Prometheus,
}

impl Format {
    /// The one that an `Accept` header prefers.
    pub fn of(accept: &[u8]) -> Format {
        let wanted = b"application/openmetrics-text";
        match accept.windows(wanted.len()).any(|part| part.eq_ignore_ascii_case(wanted)) {
            true => Format::OpenMetrics,
            false => Format::Prometheus,
        }
    }

    /// Its media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Format::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// What is known beside the counters.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The store, where the configuration names one.
    pub store: Option<Store>,
    /// Sightings that are remembered, and for how many there is room.
    pub sightings: (u64, u64),
    /// The version of tokenban.
    pub version: &'static str,
    /// The version of NGINX.
    pub nginx: String,
}

/// The state of the store of denylists.
#[derive(Clone, Copy, Debug, Default)]
pub struct Store {
    /// Whether it can be asked.
    pub usable: bool,
    /// Its entries, expired ones that are not swept yet too.
    pub entries: u64,
    /// The number of its last commit.
    pub commit: u64,
    /// The Unix second of its last change.
    pub changed: u64,
}

/// All numbers as text.
pub fn text(counters: Counters<'_>, state: &State, format: Format) -> String {
    let mut page = Page { text: String::new(), format };
    // Writing to a string does not fail.
    let _ = write(&mut page, counters, state);
    page.text
}

fn write(page: &mut Page, counters: Counters<'_>, state: &State) -> fmt::Result {
    let sum = counters.sum();
    page.counter(
        "requests",
        "Requests that were inspected, by the mode of the location and what became of them.",
    )?;
    for (mode, mode_name) in MODES {
        for (verdict, name) in VERDICTS {
            let value = sum.requests(mode, verdict);
            page.line("requests_total", &[("mode", mode_name), ("verdict", name)], value)?;
        }
    }
    page.counter(
        "not_inspected",
        "Requests that were not inspected as a whole, by cause and policy.",
    )?;
    for (cause, name) in CAUSES {
        for (denied, policy) in [(true, "deny"), (false, "pass")] {
            let value = sum.not_inspected(cause, denied);
            page.line("not_inspected_total", &[("cause", name), ("policy", policy)], value)?;
        }
    }
    page.counter("rule_matches", "Matches of a rule, by what became of the request.")?;
    for (rule, places) in named(counters.rules(), RULES) {
        for (denied, verdict) in [(true, "denied"), (false, "monitored")] {
            let value: u64 = places.iter().map(|place| sum.rule(*place, denied)).sum();
            if value > 0 || rule != OTHER && denied {
                page.line("rule_matches_total", &[("rule", &rule), ("verdict", verdict)], value)?;
            }
        }
    }
    page.counter("denylist_matches", "Matches of entries of a denylist, by kind of entry.")?;
    for (list, places) in named(counters.lists(), LISTS) {
        for (kind, name) in KINDS {
            let value: u64 = places.iter().map(|place| sum.list(*place, kind)).sum();
            if value > 0 {
                page.line("denylist_matches_total", &[("list", &list), ("kind", name)], value)?;
            }
        }
    }
    page.counter("lookups", "Keys looked for in the store, by result.")?;
    for (result, name) in LOOKUPS {
        page.line("lookups_total", &[("result", name)], sum.lookups(result))?;
    }
    page.family(
        "inspection_seconds",
        "histogram",
        "Time of an inspection: of one head in 64, of every body.",
    )?;
    for (stage, name) in [(Stage::Head, "head"), (Stage::Body, "body")] {
        page.histogram("inspection_seconds", name, sum.times(stage))?;
    }
    for (name, number, help) in [
        ("canary_uses", Number::CanaryUses, "Uses of canaries, which only a thief has."),
        ("rules_taken", Number::RulesTaken, "Changed rules that a worker has taken."),
        ("rules_refused", Number::RulesRefused, "Changed rules that a worker could not take."),
        (
            "sightings_evicted",
            Number::SightingsEvicted,
            "Sightings forgotten for want of room in the zone.",
        ),
        (
            "labels_missing",
            Number::LabelsMissing,
            "Matches counted as _other for want of room for the name.",
        ),
    ] {
        page.counter(name, help)?;
        page.line(&format!("{name}_total"), &[], sum.number(number))?;
    }
    page.gauge(
        "rules_loaded_timestamp_seconds",
        "When rules were last taken.",
        counters.loaded_at(),
    )?;
    gauges(page, state)
}

fn gauges(page: &mut Page, state: &State) -> fmt::Result {
    if let Some(store) = state.store {
        page.gauge(
            "store_usable",
            "Whether the store of denylists can be asked.",
            store.usable.into(),
        )?;
        page.gauge("store_entries", "Entries of the store.", store.entries)?;
        page.gauge("store_commit", "The number of the last commit of the store.", store.commit)?;
        page.gauge(
            "store_changed_timestamp_seconds",
            "When the store was last changed.",
            store.changed,
        )?;
    }
    let (taken, room) = state.sightings;
    page.gauge("zone_sightings", "Tokens of which a sighting is remembered.", taken)?;
    page.gauge("zone_sightings_max", "Tokens of which sightings can be remembered.", room)?;
    page.family("build_info", "gauge", "The versions of tokenban and NGINX.")?;
    page.line("build_info", &[("version", state.version), ("nginx", &state.nginx)], 1)?;
    match page.format {
        Format::OpenMetrics => page.text.write_str("# EOF\n"),
        Format::Prometheus => Ok(()),
    }
}

const OTHER: &str = "_other";

/// Every name in the order of the names, with its places: two processes may have taken one each. In the
/// end what has no place.
fn named(labels: Labels<'_>, other: usize) -> Vec<(String, Vec<usize>)> {
    let mut names = std::collections::BTreeMap::<String, Vec<usize>>::new();
    labels.all().for_each(|(place, name)| names.entry(name).or_default().push(place));
    names.into_iter().chain([(OTHER.to_owned(), vec![other])]).collect()
}

struct Page {
    text: String,
    format: Format,
}

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) -> fmt::Result {
        writeln!(self.text, "# HELP tokenban_{name} {help}")?;
        writeln!(self.text, "# TYPE tokenban_{name} {kind}")
    }

    /// OpenMetrics names the family, Prometheus the sample.
    fn counter(&mut self, name: &str, help: &str) -> fmt::Result {
        match self.format {
            Format::OpenMetrics => self.family(name, "counter", help),
            Format::Prometheus => self.family(&format!("{name}_total"), "counter", help),
        }
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.family(name, "gauge", help)?;
        self.line(name, &[], value)
    }

    fn line(
        &mut self,
        name: &str,
        labels: &[(&str, &str)],
        value: impl fmt::Display,
    ) -> fmt::Result {
        write!(self.text, "tokenban_{name}")?;
        for (number, (label, value)) in labels.iter().enumerate() {
            self.text.push(if number == 0 { '{' } else { ',' });
            write!(self.text, "{label}=\"{}\"", Escaped(value))?;
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        writeln!(self.text, " {value}")
    }

    fn histogram(&mut self, name: &str, stage: &str, (counts, sum): (&[u64], u64)) -> fmt::Result {
        let mut so_far = 0;
        let bounds = BUCKETS.iter().map(|bound| Seconds(*bound).to_string());
        for (count, bound) in counts.iter().zip(bounds.chain(["+Inf".to_owned()])) {
            so_far += count;
            self.line(&format!("{name}_bucket"), &[("stage", stage), ("le", &bound)], so_far)?;
        }
        self.line(&format!("{name}_sum"), &[("stage", stage)], Seconds(sum))?;
        self.line(&format!("{name}_count"), &[("stage", stage)], so_far)
    }
}

/// Nanoseconds, shown in seconds.
struct Seconds(u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:09}", self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        let short = text.trim_end_matches('0');
        f.write_str(&text[..(short.len() + usize::from(short.ends_with('.')))])
    }
}

/// The value of a label.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|sign| match sign {
            '"' | '\\' => write!(f, "\\{sign}"),
            '\n' => f.write_str("\\n"),
            _ => f.write_char(sign),
        })
    }
}
