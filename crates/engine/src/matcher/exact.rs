//! Whole values: tokens written out, and digests that somebody else made.
//!
//! Look-ups compare all bytes; the hash only finds the place. Keys come from rules, never from a
//! client, so no client can make a place crowded.

use std::{collections::HashMap, hash::Hash};

use rustc_hash::FxBuildHasher;

use super::text::{Place, Text};

/// Literals that a whole value may equal, and who asked for each.
#[derive(Debug, Default)]
pub(super) struct Exact {
    slots: HashMap<Box<[u8]>, Slots, FxBuildHasher>,
    /// A bit for each length up to 1,023; a longer one sets the last.
    lengths: [u64; 16],
    longest: usize,
}

/// Digests that a whole value may have.
#[derive(Debug)]
pub(super) struct Digests<const N: usize> {
    slots: HashMap<[u8; N], Slots, FxBuildHasher>,
}

/// The rules of one key: mostly one.
#[derive(Debug)]
enum Slots {
    One(u32),
    Many(Vec<u32>),
}

impl Exact {
    pub(super) fn insert(&mut self, literal: &[u8], slot: u32) {
        self.longest = self.longest.max(literal.len());
        let (word, bit) = place_of_length(literal.len());
        self.lengths[word] |= bit;
        insert(&mut self.slots, literal.into(), slot);
    }

    /// Calls `found` with every rule whose literal is the text. `buffer` is used only for a text in
    /// several chunks that is as long as some literal.
    pub(super) fn find(&self, text: &Text<'_>, buffer: &mut Vec<u8>, found: &mut dyn FnMut(u32)) {
        let (word, bit) = place_of_length(text.len());
        if self.lengths[word] & bit == 0 || text.len() > self.longest {
            return;
        }
        let value = match text.chunks() {
            [value] => value,
            _ => {
                text.copy(0..text.len(), buffer);
                buffer.as_slice()
            }
        };
        if let Some(slots) = self.slots.get(value) {
            slots.visit(found);
        }
    }
}

impl<const N: usize> Default for Digests<N> {
    fn default() -> Digests<N> {
        Digests { slots: HashMap::default() }
    }
}

impl<const N: usize> Digests<N> {
    pub(super) fn insert(&mut self, digest: [u8; N], slot: u32) {
        insert(&mut self.slots, digest, slot);
    }

    /// Calls `found` with every rule that holds the digest of the text. Nothing is computed when
    /// there are no digests.
    pub(super) fn find<D>(&self, text: &Text<'_>, found: &mut dyn FnMut(u32))
    where
        D: sha2::Digest,
        [u8; N]: From<sha2::digest::Output<D>>,
    {
        if self.slots.is_empty() {
            return;
        }
        let mut digest = D::new();
        text.from(Place::default()).for_each(|piece| digest.update(piece));
        let digest: [u8; N] = digest.finalize().into();
        if let Some(slots) = self.slots.get(&digest) {
            slots.visit(found);
        }
    }
}

impl Slots {
    fn visit(&self, found: &mut dyn FnMut(u32)) {
        match self {
            Slots::One(slot) => found(*slot),
            Slots::Many(slots) => slots.iter().copied().for_each(found),
        }
    }
}

fn insert<K: Eq + Hash>(map: &mut HashMap<K, Slots, FxBuildHasher>, key: K, slot: u32) {
    match map.entry(key) {
        std::collections::hash_map::Entry::Vacant(entry) => {
            entry.insert(Slots::One(slot));
        }
        std::collections::hash_map::Entry::Occupied(mut entry) => match entry.get_mut() {
            Slots::One(first) if *first == slot => {}
            Slots::One(first) => *entry.get_mut() = Slots::Many(vec![*first, slot]),
            // A rule's own repetitions come one after the other.
            Slots::Many(slots) if slots.last() == Some(&slot) => {}
            Slots::Many(slots) => slots.push(slot),
        },
    }
}

fn place_of_length(length: usize) -> (usize, u64) {
    let length = length.min(1023);
    (length / 64, 1 << (length % 64))
}
