//! The filter in front: says «no» for most keys that have no entry, and never for one that has.
//!
//! A split-block Bloom filter: a key picks one block of 32 bytes and one bit in each of its eight
//! words, so a look-up reads one cache line. Keys are digests: their own bits are the hashes. The
//! blocks lie in *chunks*, each as large as what fits one LMDB page: a ban rewrites one page.

use crate::bytes::{hash, word};

/// Blocks of a chunk.
pub(crate) const BLOCKS: u64 = 127;

/// Bytes of a chunk: a checksum, its number, and the blocks. With LMDB's header, one page of 4,096.
pub(crate) const CHUNK: usize = HEADER + BLOCKS as usize * BLOCK;

const HEADER: usize = 16;
const BLOCK: usize = 32;

/// Bits a key in a filter made for a known number of keys; about 1 % of other keys pass.
const BITS: u64 = 11;

/// Bits a key below which a filter is made anew; about 3 % of other keys pass.
const FEWEST_BITS: u64 = 8;

/// Chunks that a filter for so many keys has.
pub(crate) fn chunks_for(keys: u64) -> u64 {
    (keys * BITS).div_ceil(BLOCKS * BLOCK as u64 * 8).max(1)
}

/// Whether so many keys are too many for so many chunks.
pub(crate) fn is_full(chunks: u64, keys: u64) -> bool {
    keys * FEWEST_BITS > chunks * BLOCKS * BLOCK as u64 * 8
}

/// Where a key's bits are.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// The number of the chunk.
    pub(crate) chunk: u64,
    offset: usize,
    bits: u64,
}

/// The place of a key (at least 16 bytes of a digest) in a filter of so many chunks. Keys in order
/// have blocks in order.
pub(crate) fn place(key: &[u8], chunks: u64) -> Place {
    let high = u128::from(word(key).swap_bytes());
    let block = (high * u128::from(chunks * BLOCKS)) >> 64;
    let block = block as u64;
    let offset = HEADER + (block % BLOCKS) as usize * BLOCK;
    Place { chunk: block / BLOCKS, offset, bits: word(key.get(8..).unwrap_or_default()) }
}

impl Place {
    /// Whether the key may have an entry; `None` where the chunk is damaged.
    pub(crate) fn may_hold(&self, chunk: &[u8]) -> Option<bool> {
        let block = chunk.get(self.offset..self.offset + BLOCK)?;
        let missing = block.chunks_exact(4).zip(self.masks()).fold(0, |missing, (word, mask)| {
            let word = word.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
            missing | (mask & !word)
        });
        Some(missing == 0)
    }

    /// Sets the key's bits; whether any was not set before.
    pub(crate) fn set(&self, chunk: &mut [u8]) -> bool {
        let masks = self.masks();
        let Some(block) = chunk.get_mut(self.offset..self.offset + BLOCK) else { return false };
        let mut changed = false;
        for (word, mask) in block.chunks_exact_mut(4).zip(masks) {
            for (byte, bits) in word.iter_mut().zip(mask.to_le_bytes()) {
                changed |= *byte & bits != bits;
                *byte |= bits;
            }
        }
        changed
    }

    /// One bit of each of the eight words.
    fn masks(&self) -> impl Iterator<Item = u32> {
        let bits = self.bits;
        (0..8).map(move |word| 1 << ((bits >> (word * 8)) & 31))
    }
}

/// An empty chunk.
pub(crate) fn new_chunk(number: u64) -> Vec<u8> {
    let mut chunk = vec![0; CHUNK];
    chunk[8..HEADER].copy_from_slice(&number.to_le_bytes());
    seal(&mut chunk);
    chunk
}

/// Writes the checksum of a chunk into it.
pub(crate) fn seal(chunk: &mut [u8]) {
    let Some((sum, rest)) = chunk.split_first_chunk_mut::<8>() else { return };
    *sum = hash(&[rest]).to_le_bytes();
}

/// Whether a chunk is whole, and the one of that number.
pub(crate) fn is_sound(chunk: &[u8], number: u64) -> bool {
    chunk.len() == CHUNK && word(chunk) == hash(&[&chunk[8..]]) && word(&chunk[8..HEADER]) == number
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(keys: &[[u8; 16]], count: u64) -> Vec<Vec<u8>> {
        let mut chunks: Vec<Vec<u8>> = (0..count).map(new_chunk).collect();
        for key in keys {
            let place = place(key, count);
            place.set(&mut chunks[place.chunk as usize]);
        }
        chunks
    }

    fn may_hold(chunks: &[Vec<u8>], key: &[u8; 16]) -> bool {
        let place = place(key, chunks.len() as u64);
        place.may_hold(&chunks[place.chunk as usize]).unwrap()
    }

    proptest! {
        #[test]
        fn never_hides_a_key(
            keys in proptest::collection::vec(any::<[u8; 16]>(), 1..500),
            count in 1..9_u64,
        ) {
            let chunks = filled(&keys, count);
            prop_assert!(keys.iter().all(|key| may_hold(&chunks, key)));
        }
    }

    fn digest(number: u64) -> [u8; 16] {
        let word = |salt: u64| hash(&[&(number ^ salt << 40).to_le_bytes()]).to_le_bytes();
        [word(1), word(2)].concat().try_into().unwrap()
    }

    #[test]
    fn keys_in_order_have_blocks_in_order() {
        let mut keys: Vec<_> = (0..1000).map(digest).collect();
        keys.sort_unstable();
        let places = keys.iter().map(|key| place(key, 7)).map(|place| (place.chunk, place.offset));
        assert!(places.is_sorted());
    }

    #[test]
    fn few_others_pass() {
        let keys: Vec<_> = (0..20_000).map(digest).collect();
        let chunks = filled(&keys, chunks_for(20_000));
        let passed = (20_000..120_000).filter(|n| may_hold(&chunks, &digest(*n))).count();
        assert!(passed < 2_000, "{passed} of 100,000");
    }

    #[test]
    fn a_damaged_chunk_says_nothing() {
        assert_eq!(place(&[0xff; 16], 1).may_hold(&[0; 100]), None);
        let mut chunk = new_chunk(3);
        assert!(is_sound(&chunk, 3) && !is_sound(&chunk, 4));
        chunk[2000] ^= 1;
        assert!(!is_sound(&chunk, 3));
    }
}
