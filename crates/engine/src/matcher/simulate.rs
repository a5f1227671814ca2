//! The automaton of last resort: simulates an NFA state set by state set (Thompson, 1968).
//!
//! Slow and never wrong: time is the value's length times the NFA's states, memory is fixed by the
//! NFA, and it runs over chunks, which `regex-automata`'s own PikeVM does not.

use regex_automata::{
    nfa::thompson::{State, NFA},
    util::{look::Look, primitives::StateID},
    PatternID,
};

use super::text::{Place, Text};

/// Working memory, grown to the largest NFA that was simulated.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    current: Set,
    next: Set,
    stack: Vec<StateID>,
}

#[derive(Debug, Default)]
struct Set {
    members: Vec<StateID>,
    stamps: Vec<u32>,
    stamp: u32,
}

impl Set {
    fn clear(&mut self, states: usize) {
        self.members.clear();
        self.stamp = self.stamp.wrapping_add(1);
        if self.stamps.len() < states || self.stamp == 0 {
            self.stamps.clear();
            self.stamps.resize(states, 0);
            self.stamp = 1;
        }
    }

    fn insert(&mut self, state: StateID) -> bool {
        match self.stamps.get_mut(state.as_usize()) {
            Some(stamp) if *stamp != self.stamp => {
                *stamp = self.stamp;
                self.members.push(state);
                true
            }
            _ => false,
        }
    }
}

/// Reports every pattern that matches, with the end of each match; stops when `found` says `false`.
pub(super) fn run(
    nfa: &NFA,
    text: &Text<'_>,
    from: Place,
    anchored: bool,
    scratch: &mut Scratch,
    found: &mut dyn FnMut(PatternID, usize) -> bool,
) {
    let states = nfa.states().len();
    scratch.current.clear(states);
    let mut place = from;
    for (index, piece) in text.from(from).enumerate() {
        if index > 0 {
            place = Place { chunk: place.chunk + 1, offset: 0, at: place.at };
        }
        for &byte in piece {
            if !anchored || place.at == from.at {
                close(nfa, text, place, nfa.start_anchored(), scratch, Target::Current);
            }
            if scratch.current.members.is_empty() && anchored {
                return;
            }
            let after = Place { offset: place.offset + 1, at: place.at + 1, ..place };
            if !step(nfa, text, place, after, byte, scratch, found) {
                return;
            }
            place = after;
        }
    }
    if !anchored || place.at == from.at {
        close(nfa, text, place, nfa.start_anchored(), scratch, Target::Current);
    }
    report(nfa, &scratch.current, place.at, found);
}

fn step(
    nfa: &NFA,
    text: &Text<'_>,
    place: Place,
    after: Place,
    byte: u8,
    scratch: &mut Scratch,
    found: &mut dyn FnMut(PatternID, usize) -> bool,
) -> bool {
    if !report(nfa, &scratch.current, place.at, found) {
        return false;
    }
    scratch.next.clear(nfa.states().len());
    for index in 0..scratch.current.members.len() {
        let next = match nfa.state(scratch.current.members[index]) {
            State::ByteRange { trans } => trans.matches_byte(byte).then_some(trans.next),
            State::Sparse(transitions) => transitions.matches_byte(byte),
            State::Dense(transitions) => transitions.matches_byte(byte),
            _ => None,
        };
        if let Some(next) = next {
            close(nfa, text, after, next, scratch, Target::Next);
        }
    }
    std::mem::swap(&mut scratch.current, &mut scratch.next);
    true
}

fn report(
    nfa: &NFA,
    set: &Set,
    end: usize,
    found: &mut dyn FnMut(PatternID, usize) -> bool,
) -> bool {
    set.members.iter().all(|&state| match nfa.state(state) {
        State::Match { pattern_id } => found(*pattern_id, end),
        _ => true,
    })
}

#[derive(Clone, Copy)]
enum Target {
    Current,
    Next,
}

/// Adds a state and all that it reaches without a byte.
fn close(
    nfa: &NFA,
    text: &Text<'_>,
    place: Place,
    state: StateID,
    scratch: &mut Scratch,
    target: Target,
) {
    let Scratch { current, next, stack } = scratch;
    let set = match target {
        Target::Current => current,
        Target::Next => next,
    };
    stack.push(state);
    while let Some(state) = stack.pop() {
        if !set.insert(state) {
            continue;
        }
        match nfa.state(state) {
            State::Look { look, next } if holds(nfa, text, place, *look) => stack.push(*next),
            State::Union { alternates } => stack.extend(alternates.iter()),
            State::BinaryUnion { alt1, alt2 } => stack.extend([*alt1, *alt2]),
            State::Capture { next, .. } => stack.push(*next),
            _ => {}
        }
    }
}

/// Whether a look-around holds: no look needs more than one character on each side.
fn holds(nfa: &NFA, text: &Text<'_>, place: Place, look: Look) -> bool {
    let behind = place.at.min(4);
    let Some(start) = text.back(place, behind) else { return false };
    let mut window = [0; 8];
    let mut len = 0;
    for (slot, &byte) in window.iter_mut().zip(text.from(start).flatten().take(behind + 4)) {
        *slot = byte;
        len += 1;
    }
    nfa.look_matcher().matches(look, &window[..len], behind)
}
