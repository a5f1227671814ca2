//! Which other credentials the clients used that used the tokens: what else they may have stolen.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{line::Line, uses::Hunt};

/// The most credentials that are kept.
const CREDENTIALS_MOST: usize = 500_000;

/// A second look at the logs.
pub(crate) struct Pivot {
    suspects: HashSet<String>,
    own: HashSet<u64>,
    found: HashMap<u64, Other>,
    /// Uses of credentials beyond the most that are kept.
    pub(crate) not_kept: u64,
}

/// Another credential of those clients.
#[derive(Default)]
pub(crate) struct Other {
    /// The clients of the tokens that used it.
    pub(crate) suspects: BTreeSet<String>,
    /// Their uses, and those of all others.
    pub(crate) by_suspects: u64,
    pub(crate) by_others: u64,
}

impl Pivot {
    pub(crate) fn new(hunt: &Hunt) -> Pivot {
        let clients = hunt.uses.values().flat_map(|of| of.clients.keys());
        let suspects = clients.filter(|client| !client.is_empty()).cloned().collect();
        let own = hunt.wanted.tokens().map(|(_, token)| token.fingerprint).collect();
        Pivot { suspects, own, found: HashMap::new(), not_kept: 0 }
    }

    /// Looks at a line. Uses by others count from the first one by a suspect on in the logs, twice read.
    pub(crate) fn line(&mut self, line: Line<'_>) {
        let mut credentials = BTreeSet::new();
        line.fingerprints(&mut |fingerprint| {
            if !self.own.contains(&fingerprint) {
                credentials.insert(fingerprint);
            }
        });
        if credentials.is_empty() {
            return;
        }
        let Some(told) = line.told() else { return };
        let is_suspect = self.suspects.contains(&*told.client);
        for fingerprint in credentials {
            if !is_suspect {
                if let Some(other) = self.found.get_mut(&fingerprint) {
                    other.by_others += 1;
                }
                continue;
            }
            if self.found.len() >= CREDENTIALS_MOST && !self.found.contains_key(&fingerprint) {
                self.not_kept += 1;
                continue;
            }
            let other = self.found.entry(fingerprint).or_default();
            other.suspects.insert(told.client.to_string());
            other.by_suspects += 1;
        }
    }

    /// The most suspicious first: used by most of these clients, and least by others.
    pub(crate) fn others(&self) -> Vec<(u64, &Other)> {
        let mut others: Vec<_> = self.found.iter().map(|(one, other)| (*one, other)).collect();
        others.sort_by(|(one, a), (two, b)| {
            let key = |other: &Other| (other.suspects.len(), other.by_suspects);
            let share = |other: &Other| other.by_others == 0;
            share(b).cmp(&share(a)).then(key(b).cmp(&key(a))).then(one.cmp(two))
        });
        others
    }
}
