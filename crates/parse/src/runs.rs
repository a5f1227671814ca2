//! Runs of the bytes that tokens are made of: visible ASCII but for the separators of lists.

/// Whether tokens are made of it: white space, commas and semicolons are between them.
#[inline]
pub fn is_in_run(byte: u8) -> bool {
    (byte.wrapping_sub(b'!') <= b'~' - b'!') & (byte != b',') & (byte != b';')
}

/// Whether `value` has a run of at least `length` such bytes. Looks at few bytes of a value that has none:
/// one that is in no run rules out all runs across it.
pub fn has_run(value: &[u8], length: usize) -> bool {
    let mut rest = value;
    while let Some(window) = rest.get(..length) {
        let Some(last) = last_between(window) else { return true };
        rest = &rest[last + 1..];
    }
    false
}

/// Where the last byte is that is in no run. Whole pieces are looked at without a branch, which the
/// compiler turns into SIMD.
fn last_between(window: &[u8]) -> Option<usize> {
    let mut end = window.len();
    for piece in window.rchunks(32) {
        end -= piece.len();
        if piece.iter().fold(false, |any, byte| any | !is_in_run(*byte)) {
            return piece.iter().rposition(|byte| !is_in_run(*byte)).map(|at| end + at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_run_is_found_wherever_it_is() {
        for value in ["abcdef", " abcdef", "ab, abcdef; a", "abcde abcdef", ",,,abcdef"] {
            assert!(has_run(value.as_bytes(), 6), "{value}");
            assert!(!has_run(value.as_bytes(), 7), "{value}");
        }
        assert!(has_run(b"", 0) && !has_run(b"", 1));
    }

    proptest! {
        #[test]
        fn as_one_would_count(value in "[ab ,;]{0,40}", length in 1_usize..8) {
            let runs = value.as_bytes().split(|byte| !is_in_run(*byte));
            let longest = runs.map(<[u8]>::len).max().unwrap_or(0);
            prop_assert_eq!(has_run(value.as_bytes(), length), longest >= length);
        }
    }
}
