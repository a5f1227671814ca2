//! A run: many requests, every back end asked with and without the module, what came of it.

use std::{collections::BTreeMap, fmt::Write};

use crate::{
    backend::Backend,
    case::Case,
    exclusions::exclusion,
    gate::{Answer, Gate, ANYWHERE},
    mutation::Mutation,
    place::Place,
};

/// Has the length and the letters of a token, but is none.
const CLEAN: &[u8] = b"issued-diff.token_0123456789";

/// What was counted at one back end.
#[derive(Default)]
pub(crate) struct Count {
    pub(crate) tried: usize,
    /// The application sees the token when the module is not there.
    pub(crate) reached: usize,
    /// It sees it and a rule let it pass.
    pub(crate) past: usize,
    pub(crate) excluded: BTreeMap<&'static str, usize>,
}

/// The outcome of a run.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) counts: BTreeMap<&'static str, Count>,
    /// The smallest request of each kind of bypass, written out.
    pub(crate) bypasses: BTreeMap<String, String>,
    /// Requests without the token that were denied.
    pub(crate) wrongly_denied: Vec<String>,
    /// Mutations that reached some application.
    pub(crate) working: BTreeMap<(Place, &'static str), usize>,
}

/// Runs requests `0..number`, as the seed has them.
pub(crate) fn run(
    gate: &Gate,
    backends: &[Backend],
    places: &[Place],
    number: usize,
    seed: u64,
) -> Outcome {
    let mut outcome = Outcome::default();
    for index in 0..number {
        let case = Case::number(index, seed, places);
        outcome.check_clean(gate, &case);
        let passing = passing(gate, &case);
        for backend in backends.iter().filter(|backend| backend.reads(case.place)) {
            outcome.check(gate, backend, &case, &passing);
        }
    }
    outcome
}

impl Outcome {
    fn check(&mut self, gate: &Gate, backend: &Backend, case: &Case, passing: &[&'static str]) {
        let count = self.counts.entry(backend.name).or_default();
        count.tried += 1;
        if !gate.bare(backend, &case.bytes()).shows(case.place, case.token) {
            return;
        }
        count.reached += 1;
        for name in case.names() {
            *self.working.entry((case.place, name)).or_default() += 1;
        }
        for guard in passing {
            self.bypass(gate, backend, case, guard);
        }
    }

    fn bypass(&mut self, gate: &Gate, backend: &Backend, case: &Case, guard: &str) {
        let smallest = shrink(gate, backend, case, guard);
        if let Some(exclusion) = exclusion(guard, &smallest) {
            let count = self.counts.entry(backend.name).or_default();
            *count.excluded.entry(exclusion.reason).or_default() += 1;
            return;
        }
        self.counts.entry(backend.name).or_default().past += 1;
        let (place, names) = (smallest.place.id(), smallest.names());
        let kind = format!("{} {place} {names:?}, rule {guard}", backend.name);
        let answer = gate.bare(backend, &smallest.bytes());
        self.bypasses.entry(kind).or_insert_with(|| description(&smallest, &answer));
    }

    /// The same disguises around a token that is not banned: nothing may be denied.
    fn check_clean(&mut self, gate: &Gate, case: &Case) {
        for guard in [case.place.id(), ANYWHERE] {
            let answer = gate.guarded(guard, &case.bytes_with(CLEAN));
            // Without a rule, a bound was met (one letter inflates too well): that is policy.
            if answer.decision == "DENIED" && !answer.rule.is_empty() {
                let (place, names) = (case.place.id(), case.names());
                self.wrongly_denied.push(format!("{place} {names:?}, rule {guard}"));
            }
        }
    }

    /// The mutations after which no application saw the token: nothing to deny, nothing tested.
    pub(crate) fn useless(&self, places: &[Place]) -> Vec<(Place, &'static str)> {
        let all = places.iter().flat_map(|place| {
            Mutation::of(*place).into_iter().map(|mutation| (*place, mutation.name))
        });
        all.filter(|one| !self.working.contains_key(one)).collect()
    }

    /// A table of the counts.
    pub(crate) fn table(&self) -> String {
        let mut table = String::from("| back end | tried | reached | past | excluded |\n");
        table.push_str("| --- | --- | --- | --- | --- |\n");
        for (name, count) in &self.counts {
            let excluded: usize = count.excluded.values().sum();
            let Count { tried, reached, past, .. } = count;
            let _ = writeln!(table, "| {name} | {tried} | {reached} | {past} | {excluded} |");
        }
        table
    }
}

/// The rules that let a request pass. The contents of files are not in `anywhere` (docs/points.md).
fn passing(gate: &Gate, case: &Case) -> Vec<&'static str> {
    let anywhere = (case.place != Place::File).then_some(ANYWHERE);
    let guards = [case.place.id()].into_iter().chain(anywhere);
    let request = case.bytes();
    guards.filter(|guard| lets_pass(gate, guard, &request)).collect()
}

fn lets_pass(gate: &Gate, guard: &str, request: &[u8]) -> bool {
    let answer = gate.guarded(guard, request);
    answer.decision != "DENIED" || answer.status != 403
}

/// Drops mutations one by one as long as the token still gets through the same rule.
fn shrink(gate: &Gate, backend: &Backend, case: &Case, guard: &str) -> Case {
    let smaller = (0..case.steps.len()).map(|index| case.without(index));
    for candidate in smaller {
        let request = candidate.bytes();
        let seen = gate.bare(backend, &request).shows(candidate.place, candidate.token);
        if seen && lets_pass(gate, guard, &request) {
            return shrink(gate, backend, &candidate, guard);
        }
    }
    case.clone()
}

fn description(case: &Case, answer: &Answer) -> String {
    let bytes = case.bytes();
    let shown = &bytes[..bytes.len().min(1500)];
    let (kind, name) = case.place.seen_as();
    let seen = answer.seen.iter().filter(|[found, at, _]| found == kind && at == name);
    let values: Vec<_> = seen.map(|[_, _, value]| value.escape_debug().to_string()).collect();
    format!(
        "rule at {}\n{}\nthe application sees at {kind} {name}: {values:?}",
        case.place.point(),
        shown.escape_ascii().to_string().replace("\\r\\n", "\\r\\n\n")
    )
}
