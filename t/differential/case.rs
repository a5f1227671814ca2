//! One request of the test: a place, a token, and mutations that hide the token.

use crate::{
    draft::Draft,
    mutation::{Mutation, Stage},
    place::Place,
    rng::Rng,
};

/// A token the rule denies; letters, so that it stands unescaped anywhere.
pub(crate) const PLAIN: &[u8] = b"leaked-diff.token_0123456789";
/// Another, with the rest of base64's alphabet.
pub(crate) const BASE64: &[u8] = b"leaked+diff/0123456789abc==";

/// A mutation and the seed of its choices, which are the same whatever the other mutations are.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) mutation: &'static Mutation,
    seed: u64,
}

/// What a request is made of.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) place: Place,
    pub(crate) token: &'static [u8],
    pub(crate) steps: Vec<Step>,
}

impl Case {
    /// Each mutation alone, then random ones together.
    pub(crate) fn number(number: usize, seed: u64, places: &[Place]) -> Case {
        let mut rng = Rng::new(seed ^ (number as u64).wrapping_mul(0xa076_1d64_78bd_642f));
        let singles: Vec<_> = places
            .iter()
            .flat_map(|place| Mutation::of(*place).into_iter().map(|one| (*place, vec![one])))
            .collect();
        match singles.get(number) {
            Some((place, mutations)) => Case::new(*place, mutations, &mut rng),
            None => Case::random(places, &mut rng),
        }
    }

    fn random(places: &[Place], rng: &mut Rng) -> Case {
        let place = rng.pick(places);
        let choices = Mutation::of(place);
        let count = if choices.is_empty() { 0 } else { rng.pick(&[1, 1, 1, 2, 2, 2, 2, 3, 3]) };
        let mutations: Vec<_> = (0..count).map(|_| rng.pick(&choices)).collect();
        Case::new(place, &mutations, rng)
    }

    fn new(place: Place, mutations: &[&'static Mutation], rng: &mut Rng) -> Case {
        let mut steps: Vec<_> =
            mutations.iter().map(|mutation| Step { mutation, seed: rng.next() }).collect();
        steps.sort_by_key(|step| step.mutation.stage);
        let letters = rng.below(3) > 0 || place == Place::Path;
        Case { place, token: if letters { PLAIN } else { BASE64 }, steps }
    }

    /// The request as it is sent.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.bytes_with(self.token)
    }

    /// The same request with another token in it.
    pub(crate) fn bytes_with(&self, token: &[u8]) -> Vec<u8> {
        let mut draft = Draft::new(self.place, token);
        let (early, late): (Vec<_>, Vec<_>) =
            self.steps.iter().partition(|step| step.mutation.stage == Stage::Parts);
        early.into_iter().for_each(|step| step.apply(&mut draft));
        draft.write_text();
        late.into_iter().for_each(|step| step.apply(&mut draft));
        draft.bytes()
    }

    /// The same case without one of its steps.
    pub(crate) fn without(&self, index: usize) -> Case {
        let mut case = self.clone();
        case.steps.remove(index);
        case
    }

    /// The names of the mutations.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.steps.iter().map(|step| step.mutation.name).collect()
    }
}

impl Step {
    fn apply(&self, draft: &mut Draft) {
        (self.mutation.apply)(draft, &mut Rng::new(self.seed));
    }
}
