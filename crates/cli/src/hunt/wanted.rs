//! The tokens that are looked for, by every fingerprint that logs may have of them.

use std::collections::HashMap;

use tokenban_denylist::{Choice, Entry, EntryKey, Snapshot};

use crate::{fingerprints, input};

/// One of them.
#[derive(Clone, Copy)]
pub(crate) struct Token {
    /// With the current key.
    pub(crate) fingerprint: u64,
    /// Unix second of the ban; nothing where it is not banned.
    pub(crate) banned: Option<u32>,
    /// Its list and reason, among the labels.
    label: u32,
}

/// All of them. Ten million take 300 MB.
#[derive(Default)]
pub(crate) struct Wanted {
    tokens: Vec<Token>,
    labels: Vec<[String; 2]>,
    known: HashMap<[String; 2], u32>,
    /// Fingerprints in order, and which token each is of.
    fingerprints: Vec<(u64, u32)>,
    /// A bit for each hash of a fingerprint: most that a log has are none of these.
    filter: Vec<u64>,
}

impl Wanted {
    /// The entries of a store that are chosen.
    pub(crate) fn add_entries(
        &mut self,
        snapshot: &Snapshot<'_>,
        choice: &Choice,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let bar = input::counted("fingerprints", snapshot.keys()?);
        for entry in snapshot.entries()? {
            bar.inc(1);
            let entry = entry?;
            if choice.takes(&entry) {
                self.add_entry(&entry);
            }
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// An entry.
    pub(crate) fn add_entry(&mut self, entry: &Entry<'_>) {
        let label = self.label(entry.list, entry.reason);
        self.add(&entry.key, u32::try_from(entry.added_at).ok(), label);
    }

    /// What is not banned, as far as is known.
    pub(crate) fn add_key(&mut self, key: &EntryKey) {
        let label = self.label("", "");
        self.add(key, None, label);
    }

    /// A fingerprint, of which nothing else is known.
    pub(crate) fn add_fingerprint(&mut self, fingerprint: u64) {
        let label = self.label("", "");
        self.fingerprints.push((fingerprint, self.tokens.len() as u32));
        self.tokens.push(Token { fingerprint, banned: None, label });
    }

    fn add(&mut self, key: &EntryKey, banned: Option<u32>, label: u32) {
        let all = fingerprints::keys().all(key.as_bytes());
        let all = all.map(|fingerprint| u64::from_be_bytes(*fingerprint.as_bytes()));
        let before = self.fingerprints.len();
        self.fingerprints.extend(all.map(|fingerprint| (fingerprint, self.tokens.len() as u32)));
        if let Some((fingerprint, _)) = self.fingerprints.get(before).copied() {
            self.tokens.push(Token { fingerprint, banned, label });
        }
    }

    fn label(&mut self, list: &str, reason: &str) -> u32 {
        let label = [list.to_owned(), reason.to_owned()];
        *self.known.entry(label).or_insert_with_key(|label| {
            self.labels.push(label.clone());
            self.labels.len() as u32 - 1
        })
    }

    /// Ends the adding.
    pub(crate) fn finish(&mut self) {
        self.known = HashMap::new();
        self.fingerprints.sort_unstable();
        self.fingerprints.dedup_by_key(|(fingerprint, _)| *fingerprint);
        let words = (self.fingerprints.len() / 4).next_power_of_two().max(1024);
        self.filter = vec![0; words];
        for (fingerprint, _) in &self.fingerprints {
            let (word, bit) = place(*fingerprint, words);
            self.filter[word] |= bit;
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Which of them has a fingerprint.
    pub(super) fn find(&self, fingerprint: u64) -> Option<u32> {
        let (word, bit) = place(fingerprint, self.filter.len());
        if self.filter.get(word)? & bit == 0 {
            return None;
        }
        let found = self.fingerprints.binary_search_by_key(&fingerprint, |(known, _)| *known);
        Some(self.fingerprints[found.ok()?].1)
    }

    /// One by its number.
    pub(crate) fn token(&self, number: u32) -> Token {
        self.tokens[number as usize]
    }

    /// All of them, with their numbers.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = (u32, Token)> + '_ {
        (0..).zip(self.tokens.iter().copied())
    }

    /// The list and the reason of one; empty where it is not banned.
    pub(crate) fn label_of(&self, token: Token) -> [&str; 2] {
        let [list, reason] = &self.labels[token.label as usize];
        [list, reason]
    }
}

/// Fingerprints are parts of digests: some bits of one are a hash of it.
fn place(fingerprint: u64, words: usize) -> (usize, u64) {
    ((fingerprint >> 6) as usize % words.max(1), 1 << (fingerprint % 64))
}
