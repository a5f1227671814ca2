//! Numbers as the store writes them: seven bits a byte, lowest first.

/// Appends a number: one byte below 128, two below 16,384.
pub(crate) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Takes a number off the front; `None` where there is none.
pub(crate) fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Appends a text after its length.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Takes some bytes off the front, which stand after their length.
pub(crate) fn take_bytes<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(take_number(bytes)?).ok()?;
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

/// Takes a text off the front.
pub(crate) fn take_text<'a>(bytes: &mut &'a [u8]) -> Option<&'a str> {
    std::str::from_utf8(take_bytes(bytes)?).ok()
}

/// All numbers of a value; `None` where it is damaged.
pub(crate) fn numbers(mut bytes: &[u8]) -> Option<Vec<u64>> {
    let mut all = Vec::with_capacity(1);
    while !bytes.is_empty() {
        all.push(take_number(&mut bytes)?);
    }
    Some(all)
}

/// The first eight bytes, lowest first; missing ones count as zero.
pub(crate) fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    for (to, from) in word.iter_mut().zip(bytes) {
        *to = *from;
    }
    u64::from_le_bytes(word)
}

/// A hash that tells a flipped bit. Not one against malice: who can write the file can write this.
pub(crate) fn hash(parts: &[&[u8]]) -> u64 {
    let mut hash = 0x9e37_79b9_7f4a_7c15_u64;
    for part in parts {
        hash = mix(hash ^ part.len() as u64);
        hash = part.chunks(8).fold(hash, |hash, chunk| mix(hash ^ word(chunk)));
    }
    hash
}

/// A bijection in which every bit of the input moves half of the output.
fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    let word = (word ^ (word >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    word ^ (word >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_and_back(all in proptest::collection::vec(any::<u64>(), 0..5)) {
            let mut bytes = Vec::new();
            all.iter().for_each(|number| put_number(&mut bytes, *number));
            prop_assert_eq!(numbers(&bytes), Some(all));
        }

        #[test]
        fn damaged_bytes_are_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            numbers(&bytes);
            take_text(&mut &bytes[..]);
        }

        #[test]
        fn a_flipped_bit_shows(mut bytes in proptest::collection::vec(any::<u8>(), 1..40), at: usize) {
            let before = hash(&[&bytes]);
            let at = at % (bytes.len() * 8);
            bytes[at / 8] ^= 1 << (at % 8);
            prop_assert_ne!(hash(&[&bytes]), before);
        }
    }
}
