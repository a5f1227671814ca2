//! Taking tokens out of text: banned ones, and what rules know by its shape.

use std::{collections::HashMap, error::Error, path::PathBuf};

use tokenban_denylist::Reader;
use tokenban_engine::{
    decision::Mode,
    denylist::{self, NoDenylists},
    limits::Limits,
    request::OwnedRequest,
    Inspection, Ruleset, Scratch,
};
use tokenban_parse::percent::percent;

use crate::{fingerprints, time};

/// What tokens are told by.
pub(crate) struct Scrubber {
    store: Option<Reader>,
    shapes: Option<(Ruleset, Scratch)>,
    /// What words that were looked at last came to: those of a log come again and again.
    known: HashMap<Vec<u8>, Option<String>>,
    /// Tokens that were taken out.
    pub(crate) taken: u64,
}

/// Shorter words are no tokens.
const WORD_MIN: usize = 8;
/// The most words that are remembered.
const KNOWN_MOST: usize = 100_000;

impl Scrubber {
    pub(crate) fn new(
        store: Option<Reader>,
        rules: &[PathBuf],
    ) -> Result<Scrubber, Box<dyn Error>> {
        let shapes = match rules.is_empty() {
            true => None,
            false => Some(Ruleset::load(rules, &Limits::default())?),
        };
        let shapes = shapes.map(|ruleset| {
            let scratch = ruleset.scratch();
            (ruleset, scratch)
        });
        Ok(Scrubber { store, shapes, known: HashMap::new(), taken: 0 })
    }

    /// The line without its tokens. What stands in their place has the fingerprint.
    pub(crate) fn line(&mut self, line: &[u8], out: &mut Vec<u8>) {
        self.split(line, &[ends_text, ends_pair, ends_part], out);
    }

    /// Looks at the smallest pieces first, so that the name in `token=…` stays; then at larger ones, since
    /// a token may have the signs that separate pieces.
    fn split(&mut self, text: &[u8], separators: &[fn(u8) -> bool], out: &mut Vec<u8>) {
        let Some((ends, finer)) = separators.split_first() else {
            out.extend_from_slice(text);
            return;
        };
        for piece in text.split_inclusive(|byte| ends(*byte)) {
            let (word, end) = match piece.split_last() {
                Some((last, word)) if ends(*last) => (word, Some(*last)),
                _ => (piece, None),
            };
            let (start, taken) = (out.len(), self.taken);
            self.split(word, finer, out);
            if let Some(fingerprint) = self.token(word).filter(|_| self.taken == taken) {
                out.truncate(start);
                out.extend_from_slice(format!("[token {fingerprint}]").as_bytes());
                self.taken += 1;
            }
            out.extend(end);
        }
    }

    /// The fingerprint of a word that is a token.
    fn token(&mut self, word: &[u8]) -> Option<String> {
        if word.len() < WORD_MIN {
            return None;
        }
        if let Some(known) = self.known.get(word) {
            return known.clone();
        }
        let mut found = self.ask(word);
        if found.is_none() && word.contains(&b'%') {
            let mut readings = Vec::new();
            percent(word, &mut Vec::new(), &mut |reading| readings.push(reading.to_vec()));
            found = readings.iter().find_map(|reading| self.ask(reading));
        }
        if self.known.len() >= KNOWN_MOST {
            self.known.clear();
        }
        self.known.insert(word.to_vec(), found.clone());
        found
    }

    fn ask(&mut self, word: &[u8]) -> Option<String> {
        let mut found = None;
        if let Some(store) = &self.store {
            let mut take = |key: &denylist::Key, _: &denylist::Ban<'_>| found = Some(*key);
            let _ = denylist::bans(store, word, time::now(), &mut take);
        }
        if let Some((ruleset, scratch)) = self.shapes.as_mut().filter(|_| found.is_none()) {
            let mut request = OwnedRequest::new("GET", b"/");
            request.headers.push((b"Authorization".to_vec(), [b"Bearer ", word].concat()));
            request.now = time::now();
            let inspection =
                Inspection { request: &request, denylists: &NoDenylists, mode: Mode::On };
            let outcome = ruleset.evaluate_whole(&inspection, scratch);
            found = outcome.hit.iter().chain(&outcome.monitored).map(|hit| hit.key).next();
        }
        found.map(|key| fingerprints::of_key(&key).to_string())
    }
}

fn ends_text(byte: u8) -> bool {
    byte <= b' ' || byte >= 0x7f || b"\"'&;,?<>()[]{}\\|`".contains(&byte)
}

fn ends_pair(byte: u8) -> bool {
    b"=:@#".contains(&byte)
}

fn ends_part(byte: u8) -> bool {
    byte == b'/'
}
