//! Banned tokens in use: who, when first, when last, how often. By fingerprint; no token is here.
//!
//! A table of fixed places. A sighting is in one of the [`WINDOW`] places from that of its fingerprint
//! on; where all of them are taken, the one seen least lately makes room. There are no links that a
//! killed process could leave broken. Whoever writes or reads holds a lock of the caller's.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::labels::{read, write};

/// Words of one place.
pub const ENTRY_WORDS: usize = 40;

/// Places that are looked at for one fingerprint.
const WINDOW: usize = 64;

// Words of a place, by their first. A first time of 0 is a free place.
const FINGERPRINT: usize = 0;
const FIRST: usize = 1;
const LAST: usize = 2;
const DENIED: usize = 3;
const MONITORED: usize = 4;
const TEXTS: usize = 5;

/// Words of each text, its length in the first byte.
const TEXT_WORDS: [usize; 5] = [8, 5, 5, 9, 8];

/// One use of a banned token.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Of the token.
    pub fingerprint: u64,
    /// Unix second.
    pub now: u64,
    /// Whether the request was denied.
    pub denied: bool,
    /// The rule that matched.
    pub rule: &'a str,
    /// The list that the token is on; empty for none.
    pub list: &'a str,
    /// Why it is on it; empty for none.
    pub reason: &'a str,
    /// The client's address.
    pub client: &'a str,
    /// The method and the [template](crate::template) of the path.
    pub endpoint: &'a str,
}

/// What is known of one token. Texts too long for their place end in `…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Of the token.
    pub fingerprint: u64,
    /// Unix second of the first use that is remembered.
    pub first: u64,
    /// Unix second of the last use.
    pub last: u64,
    /// Uses that were denied.
    pub denied: u64,
    /// Uses that passed.
    pub monitored: u64,
    /// The rule that matched last.
    pub rule: String,
    /// The list that the token is on; empty for none.
    pub list: String,
    /// Why it is on it; empty for none.
    pub reason: String,
    /// The last client.
    pub client: String,
    /// The last endpoint.
    pub endpoint: String,
}

/// The table, over words that processes share.
#[derive(Clone, Copy)]
pub struct Sightings<'a>(&'a [AtomicU64]);

impl<'a> Sightings<'a> {
    /// Over memory that is all zeros or has been used so before; nothing where it has no room.
    pub fn new(words: &'a [AtomicU64]) -> Option<Sightings<'a>> {
        let places = words.len() / ENTRY_WORDS;
        (places > 0).then(|| Sightings(&words[..places * ENTRY_WORDS]))
    }

    /// For how many tokens there is room.
    pub fn capacity(self) -> usize {
        self.0.len() / ENTRY_WORDS
    }

    /// How many tokens are remembered.
    pub fn len(self) -> usize {
        let taken = |place: &&[AtomicU64]| place[FIRST].load(Relaxed) != 0;
        self.0.chunks_exact(ENTRY_WORDS).filter(taken).count()
    }

    /// Whether none is.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Takes notice of a use; says whether another token was forgotten for it.
    pub fn note(self, seen: &Seen<'_>) -> bool {
        let (place, evicts) = self.place_for(seen.fingerprint);
        let now = seen.now.max(1);
        if evicts || place[FIRST].load(Relaxed) == 0 {
            place.iter().for_each(|word| word.store(0, Relaxed));
            place[FINGERPRINT].store(seen.fingerprint, Relaxed);
            place[FIRST].store(now, Relaxed);
        }
        place[LAST].store(now, Relaxed);
        place[if seen.denied { DENIED } else { MONITORED }].fetch_add(1, Relaxed);
        let texts = [seen.rule, seen.list, seen.client, seen.endpoint, seen.reason];
        for (words, text) in text_words(place).into_iter().zip(texts) {
            write_text(words, text);
        }
        evicts
    }

    /// Every token, in no order.
    pub fn all(self) -> impl Iterator<Item = Sighting> + 'a {
        self.0.chunks_exact(ENTRY_WORDS).filter_map(sighting)
    }

    /// The place of a fingerprint, a free one, or the one to be freed.
    fn place_for(self, fingerprint: u64) -> (&'a [AtomicU64], bool) {
        let places = self.capacity();
        // Fingerprints are spread evenly: they are parts of digests.
        let start = (fingerprint % places as u64) as usize;
        let mut free = None;
        let mut oldest: Option<&'a [AtomicU64]> = None;
        for place in (0..WINDOW.min(places)).map(|step| (start + step) % places) {
            let place = &self.0[place * ENTRY_WORDS..][..ENTRY_WORDS];
            if place[FIRST].load(Relaxed) == 0 {
                free.get_or_insert(place);
            } else if place[FINGERPRINT].load(Relaxed) == fingerprint {
                return (place, false);
            } else if oldest.is_none_or(|old| place[LAST].load(Relaxed) < old[LAST].load(Relaxed)) {
                oldest = Some(place);
            }
        }
        match (free, oldest) {
            (Some(free), _) => (free, false),
            (None, oldest) => (oldest.unwrap_or(&self.0[..ENTRY_WORDS]), true),
        }
    }
}

fn sighting(place: &[AtomicU64]) -> Option<Sighting> {
    let word = |at: usize| place[at].load(Relaxed);
    let [rule, list, client, endpoint, reason] = text_words(place).map(read_text);
    (word(FIRST) != 0).then(|| Sighting {
        fingerprint: word(FINGERPRINT),
        first: word(FIRST),
        last: word(LAST),
        denied: word(DENIED),
        monitored: word(MONITORED),
        rule,
        list,
        reason,
        client,
        endpoint,
    })
}

fn text_words(place: &[AtomicU64]) -> [&[AtomicU64]; 5] {
    let mut rest = &place[TEXTS..];
    TEXT_WORDS.map(|words| {
        let (text, after) = rest.split_at(words);
        rest = after;
        text
    })
}

fn write_text(words: &[AtomicU64], text: &str) {
    let room = words.len() * 8 - 1;
    let mut bytes = vec![0];
    bytes.extend_from_slice(cut(text, room).as_bytes());
    bytes[0] = u8::try_from(bytes.len() - 1).unwrap_or_default();
    write(words, &bytes);
}

fn read_text(words: &[AtomicU64]) -> String {
    let bytes = read(words, words.len() * 8);
    let length = bytes.first().copied().map_or(0, usize::from);
    String::from_utf8_lossy(bytes.get(1..=length).unwrap_or_default()).into_owned()
}

/// At most so many bytes, the last ones `…` where some are left out.
fn cut(text: &str, room: usize) -> std::borrow::Cow<'_, str> {
    if text.len() <= room {
        return text.into();
    }
    let mut end = room - "…".len();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end]).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn memory(places: usize) -> Vec<AtomicU64> {
        (0..places * ENTRY_WORDS).map(|_| AtomicU64::new(0)).collect()
    }

    fn seen(fingerprint: u64, now: u64, denied: bool) -> Seen<'static> {
        let (rule, list, reason, client) = ("rule", "leaked", "INC-42", "192.0.2.1");
        Seen { fingerprint, now, denied, rule, list, reason, client, endpoint: "GET /v1/users/*" }
    }

    #[test]
    fn a_use_is_remembered() {
        let memory = memory(100);
        let sightings = Sightings::new(&memory).unwrap();
        assert!(!sightings.note(&seen(7, 100, true)));
        assert!(!sightings.note(&Seen { client: "2001:db8::1", ..seen(7, 200, false) }));
        let expected = Sighting {
            fingerprint: 7,
            first: 100,
            last: 200,
            denied: 1,
            monitored: 1,
            rule: "rule".into(),
            list: "leaked".into(),
            reason: "INC-42".into(),
            client: "2001:db8::1".into(),
            endpoint: "GET /v1/users/*".into(),
        };
        assert_eq!(sightings.all().collect::<Vec<_>>(), [expected]);
    }

    #[test]
    fn the_longest_address_fits_and_longer_texts_are_cut() {
        let memory = memory(1);
        let sightings = Sightings::new(&memory).unwrap();
        let client = "2001:db8:1111:2222:3333:4444:5555:6666";
        let rule = "\u{e9}".repeat(100);
        sightings.note(&Seen { client, rule: &rule, ..seen(1, 1, true) });
        let sighting = sightings.all().next().unwrap();
        assert_eq!(sighting.client, client);
        assert!(sighting.rule.ends_with("\u{e9}…") && sighting.rule.len() <= 63);
    }

    #[test]
    fn the_one_seen_least_lately_makes_room() {
        let memory = memory(2);
        let sightings = Sightings::new(&memory).unwrap();
        assert!(!sightings.note(&seen(1, 10, true)));
        assert!(!sightings.note(&seen(2, 20, true)));
        assert!(!sightings.note(&seen(1, 30, true)));
        assert!(sightings.note(&seen(3, 40, true)));
        let mut left: Vec<_> = sightings.all().map(|one| (one.fingerprint, one.denied)).collect();
        left.sort_unstable();
        assert_eq!(left, [(1, 2), (3, 1)]);
    }

    #[test]
    fn three_quarters_of_the_places_are_taken_before_any_is_freed() {
        let memory = memory(4096);
        let sightings = Sightings::new(&memory).unwrap();
        for number in 0..3072u64 {
            let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            assert!(!sightings.note(&seen(spread ^ spread >> 29, 1, true)), "{number}");
        }
    }

    proptest! {
        #[test]
        fn sums_are_those_of_a_model(uses in proptest::collection::vec((0u64..50, any::<bool>()), 0..200)) {
            let memory = memory(64);
            let sightings = Sightings::new(&memory).unwrap();
            let mut model: HashMap<u64, [u64; 2]> = HashMap::new();
            for (now, (fingerprint, denied)) in uses.iter().enumerate() {
                prop_assert!(!sightings.note(&seen(*fingerprint, now as u64, *denied)));
                model.entry(*fingerprint).or_default()[usize::from(*denied)] += 1;
            }
            let found: HashMap<u64, [u64; 2]> =
                sightings.all().map(|one| (one.fingerprint, [one.monitored, one.denied])).collect();
            prop_assert_eq!(found, model);
        }
    }
}
