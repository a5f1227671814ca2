//! The filter in front: says «no» for most keys that have no entry, and never for one that has.
//!
//! A split-block Bloom filter: a hash picks one block of 32 bytes and one bit in each of its eight
//! words, so a look-up reads one cache line. The hash is that of the token under the store's key; of
//! an entry of which only a digest is known, the digest's first bytes. The blocks lie in *chunks*,
//! each as large as what fits one LMDB page: a ban rewrites one page.

use crate::bytes::{hash, word};

/// Blocks of a chunk.
pub(crate) const BLOCKS: u64 = 127;

/// Bytes of a chunk: a checksum, its number, and the blocks. With LMDB's header, one page of 4,096.
pub(crate) const CHUNK: usize = HEADER + BLOCKS as usize * BLOCK;

const HEADER: usize = 16;
const BLOCK: usize = 32;

/// Bits a key; about 1 % of other keys pass.
const BITS: u64 = 11;

/// Chunks that a filter for so many keys has.
pub(crate) fn chunks_for(keys: u64) -> u64 {
    (keys * BITS).div_ceil(BLOCKS * BLOCK as u64 * 8).max(1)
}

/// Keys that so many chunks are for.
pub(crate) fn room(chunks: u64) -> u64 {
    chunks * BLOCKS * BLOCK as u64 * 8 / BITS
}

/// The hash of a key of which nothing but a digest is known.
pub(crate) fn hash_of_digest(digest: &[u8]) -> u64 {
    word(digest)
}

/// Where a key's bits are.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// The number of the chunk.
    pub(crate) chunk: u64,
    offset: usize,
    bits: u64,
}

/// The place of a hash in a filter of so many chunks: its upper bits pick the block, its lower 40
/// the bits there. Hashes in order have blocks in order.
#[inline]
pub(crate) fn place(hash: u64, chunks: u64) -> Place {
    let block = (u128::from(hash) * u128::from(chunks * BLOCKS)) >> 64;
    let block = block as u64;
    let offset = HEADER + (block % BLOCKS) as usize * BLOCK;
    Place { chunk: block / BLOCKS, offset, bits: hash }
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
        (0..8).map(move |word| 1 << ((bits >> (word * 5)) & 31))
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

    fn filled(hashes: &[u64], count: u64) -> Vec<Vec<u8>> {
        let mut chunks: Vec<Vec<u8>> = (0..count).map(new_chunk).collect();
        for hash in hashes {
            let place = place(*hash, count);
            place.set(&mut chunks[place.chunk as usize]);
        }
        chunks
    }

    fn may_hold(chunks: &[Vec<u8>], hash: u64) -> bool {
        let place = place(hash, chunks.len() as u64);
        place.may_hold(&chunks[place.chunk as usize]).unwrap()
    }

    proptest! {
        #[test]
        fn never_hides_a_key(
            hashes in proptest::collection::vec(any::<u64>(), 1..500),
            count in 1..9_u64,
        ) {
            let chunks = filled(&hashes, count);
            prop_assert!(hashes.iter().all(|hash| may_hold(&chunks, *hash)));
        }
    }

    fn nth(number: u64) -> u64 {
        hash(&[&number.to_le_bytes()])
    }

    #[test]
    fn hashes_in_order_have_blocks_in_order() {
        let mut hashes: Vec<_> = (0..1000).map(nth).collect();
        hashes.sort_unstable();
        let places = hashes.iter().map(|hash| place(*hash, 7));
        assert!(places.map(|place| (place.chunk, place.offset)).is_sorted());
    }

    #[test]
    fn few_others_pass() {
        let hashes: Vec<_> = (0..20_000).map(nth).collect();
        let chunks = filled(&hashes, chunks_for(20_000));
        let passed = (20_000..120_000).filter(|number| may_hold(&chunks, nth(*number))).count();
        assert!(passed < 2_000, "{passed} of 100,000");
        assert!(room(chunks_for(20_000)) >= 20_000);
    }

    #[test]
    fn a_damaged_chunk_says_nothing() {
        assert_eq!(place(u64::MAX, 1).may_hold(&[0; 100]), None);
        let mut chunk = new_chunk(3);
        assert!(is_sound(&chunk, 3) && !is_sound(&chunk, 4));
        chunk[2000] ^= 1;
        assert!(!is_sound(&chunk, 3));
    }
}
