//! The layers of the filter.
//!
//! The filter cannot be made anew from keys: the hashes of tokens are not kept. So it grows by
//! layers, each sized for what it is to take, and a look-up asks all of them. An import that
//! replaces a list has a layer of its own, and takes the list's former one away: lists that are
//! replaced every day do not pile up. What is unbanned leaves its bits, which costs a look-up and
//! denies nothing.

use crate::{
    bytes::{put_number, put_text, take_number, take_text},
    filter,
};

/// Some chunks in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layer {
    /// The number of its first chunk.
    pub(crate) first: u64,
    /// How many chunks.
    pub(crate) chunks: u64,
    /// How many keys it has taken.
    pub(crate) keys: u64,
    /// The list that it was made for, by an import that replaced it; empty where it is for all.
    pub(crate) list: String,
}

/// All layers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layers {
    /// In the order of their chunks.
    pub(crate) all: Vec<Layer>,
    /// How many were taken away since the store was made.
    gone: u64,
}

/// A layer that follows others is for four times as many keys in all, up to so many more keys; a
/// later one for a quarter more.
const STEP: u64 = 1 << 20;

/// How many lists have layers of their own: each layer is asked at every look-up. What is replaced of
/// further lists goes where bans go.
const LISTS: usize = 16;

impl Layers {
    /// The layer that takes so many more keys of any list, if one has room.
    pub(crate) fn with_room(&self, keys: u64) -> Option<usize> {
        let has_room = |layer: &Layer| {
            layer.list.is_empty() && layer.keys + keys <= filter::room(layer.chunks)
        };
        self.all.iter().rposition(has_room)
    }

    /// Whether a list has a layer of its own, or may get one.
    pub(crate) fn takes_list(&self, list: &str) -> bool {
        let has_list = |layer: &&Layer| !layer.list.is_empty();
        self.all.iter().filter(has_list).count() < LISTS
            || self.all.iter().any(|layer| layer.list == list)
    }

    /// Where the chunks of a new layer begin.
    pub(crate) fn next_chunk(&self) -> u64 {
        self.all.last().map_or(0, |layer| layer.first + layer.chunks)
    }

    /// For how many keys a layer is made that so many keys are waiting for.
    pub(crate) fn next_room(&self, waiting: u64) -> u64 {
        let keys: u64 = self.all.iter().map(|layer| layer.keys).sum();
        waiting.max((keys * 3).min(STEP)).max(keys / 4)
    }

    /// Takes layers away, and hands them over.
    pub(crate) fn take(&mut self, which: &dyn Fn(&Layer) -> bool) -> Vec<Layer> {
        let (gone, kept) = std::mem::take(&mut self.all).into_iter().partition(which);
        self.all = kept;
        let gone: Vec<Layer> = gone;
        self.gone += gone.len() as u64;
        gone
    }

    /// Whether the filter has every key that ever was in the store.
    pub(crate) fn is_complete(&self) -> bool {
        self.gone == 0
    }

    /// Whether of all that it has taken so few entries are left that a filter of their digests, which
    /// costs a digest a look-up, is the lesser evil.
    pub(crate) fn is_mostly_gone(&self, entries: u64) -> bool {
        let keys: u64 = self.all.iter().map(|layer| layer.keys).sum();
        keys / 16 > entries.max(STEP)
    }

    /// Chunks in all.
    pub(crate) fn chunks(&self) -> u64 {
        self.all.iter().map(|layer| layer.chunks).sum()
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_number(&mut out, self.gone);
        for layer in &self.all {
            for number in [layer.first, layer.chunks, layer.keys] {
                put_number(&mut out, number);
            }
            put_text(&mut out, &layer.list);
        }
        out
    }

    /// `None` where it is damaged.
    pub(crate) fn read(mut bytes: &[u8]) -> Option<Layers> {
        let mut layers = Layers { all: Vec::new(), gone: take_number(&mut bytes)? };
        while !bytes.is_empty() {
            let layer = Layer {
                first: take_number(&mut bytes)?,
                chunks: take_number(&mut bytes)?,
                keys: take_number(&mut bytes)?,
                list: take_text(&mut bytes)?.to_owned(),
            };
            let is_sane = layer.first >= layers.next_chunk()
                && (1..1 << 40).contains(&layer.chunks)
                && layer.first < 1 << 48;
            layers.all.push(Some(layer).filter(|_| is_sane)?);
        }
        Some(layers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(first: u64, chunks: u64, keys: u64, list: &str) -> Layer {
        Layer { first, chunks, keys, list: list.to_owned() }
    }

    fn layers(all: Vec<Layer>) -> Layers {
        Layers { all, gone: 0 }
    }

    #[test]
    fn there_and_back() {
        let mut some = layers(vec![layer(0, 1, 7, ""), layer(5, 2, 9, "leaked")]);
        assert_eq!(Layers::read(&some.write()), Some(some.clone()));
        assert_eq!((some.next_chunk(), some.chunks(), some.is_complete()), (7, 3, true));
        assert_eq!(some.take(&|layer| layer.list.is_empty()), [layer(0, 1, 7, "")]);
        assert!(!some.is_complete() && Layers::read(&some.write()) == Some(some));
        let overlapping = layers(vec![layer(5, 2, 9, ""), layer(6, 1, 1, "")]);
        assert_eq!(Layers::read(&overlapping.write()), None);
        assert_eq!(Layers::read(b"\x00\x01"), None);
    }

    #[test]
    fn few_lists_have_layers_of_their_own() {
        let mut some = layers(vec![layer(0, 1, 7, "")]);
        for number in 0..LISTS as u64 {
            assert!(some.takes_list("another"));
            some.all.push(layer(number + 1, 1, 7, &format!("list{number}")));
        }
        assert!(some.takes_list("list3") && !some.takes_list("another"));
    }

    #[test]
    fn what_is_mostly_gone() {
        let some = layers(vec![layer(0, 1, 20 * STEP, "")]);
        assert!(some.is_mostly_gone(0) && some.is_mostly_gone(STEP));
        assert!(!some.is_mostly_gone(2 * STEP));
    }

    #[test]
    fn a_layer_of_a_list_takes_nothing_else() {
        let layers = layers(vec![layer(0, 1, 7, ""), layer(1, 9, 9, "leaked")]);
        assert_eq!(layers.with_room(100), Some(0));
        assert_eq!(layers.with_room(10_000), None);
    }

    #[test]
    fn ten_million_bans_make_few_layers() {
        let mut layers = Layers::default();
        let mut keys = 0;
        while keys < 10_000_000 {
            let chunks = filter::chunks_for(layers.next_room(1));
            let room = filter::room(chunks);
            layers.all.push(layer(layers.next_chunk(), chunks, room, ""));
            keys += room;
        }
        assert!(layers.all.len() < 20, "{}", layers.all.len());
        assert!(layers.chunks() < filter::chunks_for(13_000_000));
    }
}
