//! Running the examples that rules ship as their evidence.

use crate::{
    decision::Mode,
    denylist::{Ban, MemoryDenylists},
    example::Example,
    rule::{Rule, RuleIndex},
    ruleset::{Inspection, Ruleset},
};

/// An example that does not turn out as its rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleFailure {
    /// The place of the rule in its ruleset.
    pub rule: RuleIndex,
    /// Whether the example is one that the rule should deny.
    pub deny: bool,
    /// Which of them, from 1.
    pub number: usize,
}

impl Ruleset {
    /// Runs the examples of every rule against that rule alone.
    pub fn run_examples(&self) -> Vec<ExampleFailure> {
        let mut failures = Vec::new();
        for (index, rule) in self.rules().iter().enumerate() {
            let index = RuleIndex(u32::try_from(index).unwrap_or(u32::MAX));
            let denylists = filled(rule);
            for (deny, examples) in [(true, &rule.examples.deny), (false, &rule.examples.pass)] {
                for (at, example) in examples.iter().enumerate() {
                    if self.denies(index, example, &denylists) != deny {
                        failures.push(ExampleFailure { rule: index, deny, number: at + 1 });
                    }
                }
            }
        }
        failures
    }

    fn denies(&self, index: RuleIndex, example: &Example, denylists: &MemoryDenylists) -> bool {
        let request = example.request();
        let inspection = Inspection { request: &request, denylists, mode: Mode::On };
        self.matches(index, &inspection, &mut self.scratch())
    }
}

/// The denylists of a rule with the tokens that its examples want banned.
fn filled(rule: &Rule) -> MemoryDenylists {
    let mut denylists = MemoryDenylists::default();
    for list in rule.denylists() {
        let ban = Ban { list, reason: "example", ..Ban::default() };
        rule.examples.banned.iter().for_each(|token| denylists.ban_entry(token, &ban));
    }
    denylists
}
