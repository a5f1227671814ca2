//! A value in pieces: NGINX hands a body over in several buffers, and they are matched in place.

/// The bytes of one value, in one or more chunks.
pub(super) struct Text<'a> {
    chunks: &'a [&'a [u8]],
    len: usize,
}

/// A place in a [`Text`]: the chunk, the offset in it, and the offset in the whole.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub(super) chunk: usize,
    pub(super) offset: usize,
    pub(super) at: usize,
}

impl<'a> Text<'a> {
    pub(super) fn new(chunks: &'a [&'a [u8]]) -> Text<'a> {
        Text { chunks, len: chunks.iter().map(|chunk| chunk.len()).sum() }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn chunks(&self) -> &'a [&'a [u8]] {
        self.chunks
    }

    /// The pieces from a place to the end.
    pub(super) fn from(&self, place: Place) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let rest = self.chunks.get(place.chunk..).unwrap_or_default();
        rest.iter().enumerate().map(move |(index, chunk)| {
            let skip = if index == 0 { place.offset } else { 0 };
            chunk.get(skip..).unwrap_or_default()
        })
    }

    /// The place `count` bytes before another.
    pub(super) fn back(&self, mut place: Place, count: usize) -> Option<Place> {
        place.at = place.at.checked_sub(count)?;
        let mut left = count;
        while left > place.offset {
            left -= place.offset;
            place.chunk = place.chunk.checked_sub(1)?;
            place.offset = self.chunks.get(place.chunk)?.len();
        }
        place.offset -= left;
        Some(place)
    }

    /// The byte before a place.
    pub(super) fn before(&self, place: Place) -> Option<u8> {
        let place = self.back(place, 1)?;
        self.from(place).flatten().next().copied()
    }

    /// Whether these bytes stand at a place.
    pub(super) fn holds(&self, place: Place, needle: &[u8], fold: bool) -> bool {
        let mut needle = needle;
        for piece in self.from(place) {
            let count = needle.len().min(piece.len());
            let ((head, rest), piece) = (needle.split_at(count), &piece[..count]);
            if !(piece == head || fold && piece.eq_ignore_ascii_case(head)) {
                return false;
            }
            needle = rest;
            if needle.is_empty() {
                return true;
            }
        }
        needle.is_empty()
    }

    /// Copies a range; what is past the end is left out.
    pub(super) fn copy(&self, range: std::ops::Range<usize>, buffer: &mut Vec<u8>) {
        buffer.clear();
        let mut start = 0;
        for chunk in self.chunks {
            let end = start + chunk.len();
            let (low, high) = (range.start.max(start), range.end.min(end));
            if low < high {
                buffer.extend_from_slice(&chunk[low - start..high - start]);
            }
            start = end;
        }
    }
}
