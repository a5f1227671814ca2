//! Every request of `t/cases` that is denied, explained: which point, in which reading. And of the same
//! request under a rule that looks elsewhere, where the token stands; the point that is named is tried.

#[allow(dead_code)] // what is only for NGINX
#[path = "support/case_file.rs"]
mod case_file;
mod support;
#[path = "support/wire.rs"]
mod wire;

use std::path::Path;

use case_file::{Exchange, Group, Rules};
use tokenban_engine::{
    decision::{Decision, Mode, Outcome},
    denylist::{Key, NoDenylists},
    limits::Limits,
    point::Point,
    request::OwnedRequest,
    Inspection, Ruleset,
};

/// A rule for the token of the cases.
fn rule(point: &str) -> Ruleset {
    let token = wire::TOKEN;
    ruleset(&format!("rules:\n  - {{id: r, points: [{point}], tokens: ['{token}']}}\n"))
}

fn ruleset(text: &str) -> Ruleset {
    Ruleset::load_text(Path::new("rules.yaml"), text, &Limits::default()).expect("rules")
}

fn decide(ruleset: &Ruleset, request: &OwnedRequest) -> Outcome {
    let inspection = Inspection { request, denylists: &NoDenylists, mode: Mode::On };
    ruleset.evaluate_whole(&inspection, &mut ruleset.scratch())
}

/// Groups whose rules stand in the case file and are about its token.
fn groups() -> impl Iterator<Item = (Ruleset, Group)> {
    case_file::all().into_iter().flat_map(|(_, groups)| groups).filter_map(|group| {
        let Rules::Inline(text) = &group.rules else { return None };
        let alone = group.engine && group.files.is_empty() && text.contains("<<T>>");
        let text = text.replace("<<T>>", wire::TOKEN);
        alone.then(|| (ruleset(&text), group))
    })
}

fn request(group: &Group, exchange: &Exchange) -> OwnedRequest {
    let bytes = match (&exchange.request, &exchange.raw) {
        (Some(text), _) => wire::request(text),
        (None, text) => wire::raw(text.as_deref().unwrap_or_default()),
    };
    wire::parse(&bytes, wire::Names::of(&group.server))
}

/// Calls with every request that the rules of its group deny.
fn denied(each: &mut dyn FnMut(&str, &Ruleset, &OwnedRequest, &Outcome)) {
    for (ruleset, group) in groups() {
        let of_engine = |(_, exchange): &(&str, Exchange)| exchange.engine != Some(false);
        for (case, exchange) in group.exchanges().filter(of_engine) {
            let request = request(&group, &exchange);
            let outcome = decide(&ruleset, &request);
            if outcome.decision == Decision::Denied && outcome.hit.is_some() {
                each(case, &ruleset, &request, &outcome);
            }
        }
    }
}

#[test]
fn every_denial_is_explained() {
    let (mut count, mut unnamed) = (0, Vec::new());
    denied(&mut |case, ruleset, request, outcome| {
        let hit = outcome.hit.as_ref().expect("a hit");
        let mut reading = None;
        ruleset.explain(request, &NoDenylists, &mut |look| {
            // Of all headers a hit has the name of one.
            let named = look
                .point
                .strip_prefix("[header_all")
                .filter(|_| hit.point.starts_with("[header, "));
            let is_it =
                look.point == hit.point || named.is_some_and(|rest| hit.point.ends_with(rest));
            if is_it && look.matching.contains(&hit.rule.as_str()) {
                reading.get_or_insert_with(|| (look.reading)());
            }
        });
        let reading = reading.unwrap_or_else(|| panic!("{case}: {} is not explained", hit.point));
        assert!(!reading.is_empty() && !reading.contains(wire::TOKEN), "{case}: {reading}");
        count += 1;
        if reading.contains("in another of the readings") {
            unnamed.push(format!("{case}: {} of {}", hit.point, request.target.escape_ascii()));
        }
    });
    println!("{count} denials, {} in a reading without a name", unnamed.len());
    assert!(count > 200, "{count} denials");
    assert!(unnamed.len() < 5, "{}", unnamed.join("\n"));
}

#[test]
fn every_near_miss_names_a_point_that_would_find_it() {
    let elsewhere = rule("[header, X-NOWHERE]");
    let (mut count, mut lost) = (0, Vec::new());
    denied(&mut |case, _, request, outcome| {
        // Some cases are about another value, or a pattern.
        let hit = outcome.hit.as_ref().expect("a hit");
        if hit.key != Key::token(wire::TOKEN.as_bytes()) {
            return;
        }
        count += 1;
        let miss = elsewhere.nearest_miss(request, &NoDenylists, wire::TOKEN.as_bytes());
        for point in &miss.points {
            let named = decide(&rule(&quoted(point)), request);
            assert_eq!(named.decision, Decision::Denied, "{case}: {point}");
        }
        if miss.points.is_empty() {
            lost.push(format!("{case}: {} {}", hit.point, request.target.escape_ascii()));
        }
    });
    assert!(count > 200, "{count} near misses");
    println!("{count} near misses, {} of them without a point", lost.len());
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

/// The words of a point as YAML strings.
fn quoted(point: &Point) -> String {
    let words = point.elements().iter().flat_map(|it| [Some(it.word()), it.name.as_deref()]);
    let words: Vec<_> =
        words.flatten().map(|word| serde_json::to_string(word).expect("text")).collect();
    format!("[{}]", words.join(", "))
}
