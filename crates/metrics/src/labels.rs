//! Names of rules and lists that have numbers of their own, in shared memory.
//!
//! A name takes the first free place and keeps it for good. To take one is a single exchange of its
//! state; a process that is killed between that and the name loses one place and stops nobody. Two
//! processes that take places for one name at once do no harm: who prints adds them up.

use std::sync::atomic::{AtomicU64, Ordering::*};

/// So many rules have numbers of their own; further ones are `_other`.
pub const RULES: usize = 256;
/// So many lists.
pub const LISTS: usize = 64;
/// A longer name, in bytes, is `_other`: what is printed is bounded.
pub const NAME_MAX: usize = 64;

/// The state and length, then the name.
pub(crate) const LABEL_WORDS: usize = 1 + NAME_MAX / 8;

const FREE: u64 = 0;
const TAKEN: u64 = 1;
/// More than this by the length.
const READY: u64 = 2;

/// A table of names.
#[derive(Clone, Copy)]
pub struct Labels<'a>(pub(crate) &'a [AtomicU64]);

impl Labels<'_> {
    /// The place of a name, which is taken where it is new; nothing where there is no room for it.
    pub fn place(&self, name: &str) -> Option<usize> {
        let length = u64::try_from(name.len()).ok().filter(|_| name.len() <= NAME_MAX)?;
        let mut places = self.0.chunks_exact(LABEL_WORDS);
        places.position(|place| {
            let Some((state, words)) = place.split_first() else { return false };
            let is_free = state.load(Acquire) == FREE;
            if is_free && state.compare_exchange(FREE, TAKEN, AcqRel, Acquire).is_ok() {
                write(words, name.as_bytes());
                state.store(READY + length, Release);
                return true;
            }
            state.load(Acquire) == READY + length && read(words, name.len()) == name.as_bytes()
        })
    }

    /// Every name with its place.
    pub fn all(&self) -> impl Iterator<Item = (usize, String)> + '_ {
        self.0.chunks_exact(LABEL_WORDS).enumerate().filter_map(|(place, words)| {
            let (state, words) = words.split_first()?;
            let length = state.load(Acquire).checked_sub(READY)?;
            let length = usize::try_from(length).ok().filter(|length| *length <= NAME_MAX)?;
            Some((place, String::from_utf8_lossy(&read(words, length)).into_owned()))
        })
    }
}

/// Bytes into words, the rest zeros.
pub(crate) fn write(words: &[AtomicU64], bytes: &[u8]) {
    let pieces = bytes.chunks(8).chain(std::iter::repeat(&[][..]));
    for (word, piece) in words.iter().zip(pieces) {
        let mut whole = [0; 8];
        whole.iter_mut().zip(piece).for_each(|(to, from)| *to = *from);
        word.store(u64::from_le_bytes(whole), Relaxed);
    }
}

/// The first bytes of words.
pub(crate) fn read(words: &[AtomicU64], length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> =
        words.iter().flat_map(|word| word.load(Relaxed).to_le_bytes()).collect();
    bytes.truncate(length);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(places: usize) -> Vec<AtomicU64> {
        (0..places * LABEL_WORDS).map(|_| AtomicU64::new(0)).collect()
    }

    #[test]
    fn a_name_keeps_its_place() {
        let memory = memory(3);
        let labels = Labels(&memory);
        assert_eq!(labels.place("one"), Some(0));
        assert_eq!(labels.place("two"), Some(1));
        assert_eq!(labels.place("one"), Some(0));
        let longest = "x".repeat(NAME_MAX);
        assert_eq!(labels.place(&longest), Some(2));
        assert_eq!(labels.place("three"), None, "no room");
        assert_eq!(labels.place(&"x".repeat(NAME_MAX + 1)), None, "too long");
        let all: Vec<_> = labels.all().collect();
        assert_eq!(all, [(0, "one".into()), (1, "two".into()), (2, longest)]);
    }

    #[test]
    fn a_place_whose_process_was_killed_is_passed_over() {
        let memory = memory(2);
        memory[0].store(TAKEN, Relaxed);
        let labels = Labels(&memory);
        assert_eq!(labels.place("one"), Some(1));
        assert_eq!(labels.place("two"), None);
        assert_eq!(labels.all().collect::<Vec<_>>(), [(1, "one".into())]);
    }
}
