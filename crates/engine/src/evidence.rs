//! Running the examples that rules ship as their evidence.

use crate::{
    example::Example,
    rule::{Rule, RuleIndex},
    ruleset::Ruleset,
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
            for (deny, examples) in [(true, &rule.examples.deny), (false, &rule.examples.pass)] {
                for (at, example) in examples.iter().enumerate() {
                    if self.matches(index, rule, example) != deny {
                        failures.push(ExampleFailure { rule: index, deny, number: at + 1 });
                    }
                }
            }
        }
        failures
    }

    fn matches(&self, index: RuleIndex, rule: &Rule, example: &Example) -> bool {
        let request = example.request();
        let mut scratch = self.scratch();
        self.finds(index, &request, &mut scratch) && self.applies_to(rule, &request, &mut scratch)
    }
}
