//! Finds many literals in one pass: a bit table over short pieces of them, then a comparison.
//!
//! The idea is Wu and Manber's («A fast algorithm for multi-pattern searching», 1994) without the
//! shifts: each literal is known by its rarest piece of four bytes (two, for a short one). A clean
//! value costs a multiplication and one bit of a small table a byte, however many literals there
//! are; Aho-Corasick's tables leave the processor's caches at some thousands.

use std::collections::HashMap;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::text::{Place, Text};

/// Literals to look for; ASCII case is ignored.
#[derive(Debug, Default)]
pub(super) struct Literals {
    long: Table,
    short: Table,
    literals: Vec<Literal>,
}

#[derive(Debug)]
struct Literal {
    folded: Box<[u8]>,
    /// Where in it the piece stands that it is known by.
    piece: usize,
}

/// Pieces of one width: a bit for each hash, then the literals of each piece.
#[derive(Debug, Default)]
struct Table {
    bits: Vec<u64>,
    shift: u32,
    literals: FxHashMap<u32, Vec<u32>>,
}

const FOLD: u32 = 0x2020_2020;
/// A table gets this many bits a piece, so that one byte in 64 needs a closer look.
const BITS_A_PIECE: usize = 64;

impl Literals {
    /// The literals' ids are their places in the list; each must be two bytes or longer.
    pub(super) fn new(literals: Vec<Vec<u8>>) -> Literals {
        let mut counts: HashMap<u32, u32, FxBuildHasher> = HashMap::default();
        for piece in literals.iter().flat_map(|literal| literal.windows(4)).filter_map(four) {
            *counts.entry(piece).or_default() += 1;
        }
        let (mut long, mut short) = (FxHashMap::default(), FxHashMap::default());
        let mut built = Vec::with_capacity(literals.len());
        for (id, literal) in (0..).zip(literals) {
            let rarest = (literal.windows(4).filter_map(four).enumerate())
                .min_by_key(|(_, piece)| counts.get(piece).copied().unwrap_or(0));
            let known_by = |table: &mut FxHashMap<u32, Vec<u32>>, piece| {
                table.entry(piece).or_default().push(id);
            };
            match (rarest, literal.first_chunk()) {
                (Some((_, piece)), _) => known_by(&mut long, piece),
                (None, Some(&[first, second])) => known_by(&mut short, two(first, second)),
                (None, None) => {}
            }
            built.push(Literal {
                folded: literal.to_ascii_lowercase().into_boxed_slice(),
                piece: rarest.map_or(0, |(place, _)| place),
            });
        }
        Literals { long: Table::new(long), short: Table::new(short), literals: built }
    }

    /// Calls `found` with each literal and the place where it begins.
    pub(super) fn find(&self, text: &Text<'_>, found: &mut dyn FnMut(u32, Place)) {
        let mut at = 0;
        for (chunk, &bytes) in text.chunks().iter().enumerate() {
            let mut seen = |piece_table: &Table, piece: u32, offset: usize| {
                self.check(
                    text,
                    piece_table,
                    piece,
                    Place { chunk, offset, at: at + offset },
                    found,
                );
            };
            if !self.long.bits.is_empty() {
                for (offset, piece) in bytes.windows(4).enumerate() {
                    if let Some(piece) = four(piece).filter(|&piece| self.long.may_hold(piece)) {
                        seen(&self.long, piece, offset);
                    }
                }
            }
            if !self.short.bits.is_empty() {
                for (offset, piece) in bytes.windows(2).enumerate() {
                    let piece = two(piece[0], piece[1]);
                    if self.short.may_hold(piece) {
                        seen(&self.short, piece, offset);
                    }
                }
            }
            for offset in bytes.len().saturating_sub(3)..bytes.len() {
                self.edge(text, Place { chunk, offset, at: at + offset }, found);
            }
            at += bytes.len();
        }
    }

    /// The pieces that begin in one chunk and end in another.
    fn edge(&self, text: &Text<'_>, place: Place, found: &mut dyn FnMut(u32, Place)) {
        let left = text.chunks().get(place.chunk).map_or(0, |chunk| chunk.len() - place.offset);
        if place.at + left == text.len() {
            return;
        }
        let (mut window, mut count) = ([0; 4], 0);
        for (slot, &byte) in window.iter_mut().zip(text.from(place).flatten()) {
            *slot = byte;
            count += 1;
        }
        if count == 4 && !self.long.bits.is_empty() {
            let piece = u32::from_le_bytes(window) | FOLD;
            self.check(text, &self.long, piece, place, found);
        }
        if left < 2 && count >= 2 && !self.short.bits.is_empty() {
            self.check(text, &self.short, two(window[0], window[1]), place, found);
        }
    }

    #[cold]
    fn check(
        &self,
        text: &Text<'_>,
        table: &Table,
        piece: u32,
        place: Place,
        found: &mut dyn FnMut(u32, Place),
    ) {
        for &id in table.literals.get(&piece).into_iter().flatten() {
            let Some(literal) = self.literals.get(id as usize) else { continue };
            let Some(start) = text.back(place, literal.piece) else { continue };
            if text.holds(start, &literal.folded, true) {
                found(id, start);
            }
        }
    }
}

impl Table {
    fn new(literals: FxHashMap<u32, Vec<u32>>) -> Table {
        if literals.is_empty() {
            return Table::default();
        }
        let bits = (literals.len() * BITS_A_PIECE).next_power_of_two().clamp(1 << 10, 1 << 22);
        let mut table =
            Table { bits: vec![0; bits / 64], shift: 32 - bits.trailing_zeros(), literals };
        for &piece in table.literals.keys() {
            let hash = hash(piece, table.shift);
            table.bits[hash / 64] |= 1 << (hash % 64);
        }
        table
    }

    #[inline]
    fn may_hold(&self, piece: u32) -> bool {
        let hash = hash(piece, self.shift);
        self.bits.get(hash / 64).is_some_and(|word| word >> (hash % 64) & 1 == 1)
    }
}

#[inline]
fn hash(piece: u32, shift: u32) -> usize {
    (piece.wrapping_mul(0x9E37_79B1) >> shift) as usize
}

#[inline]
fn four(window: &[u8]) -> Option<u32> {
    window.first_chunk().map(|bytes| u32::from_le_bytes(*bytes) | FOLD)
}

#[inline]
fn two(first: u8, second: u8) -> u32 {
    u32::from(u16::from_le_bytes([first, second])) | (FOLD & 0xFFFF)
}
