//! The uses of the tokens that are looked for.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    line::{Line, Told, Verdict},
    span::Span,
    wanted::{Token, Wanted},
};

/// The most tokens whose uses are kept; uses of others are counted.
const TOKENS_MOST: usize = 200_000;
/// The most clients, endpoints and statuses of one token, and agents of one client.
const DETAILS_MOST: usize = 200;
const AGENTS_MOST: usize = 8;

/// The uses of one token.
#[derive(Default)]
pub(crate) struct Use {
    pub(crate) first: Option<u64>,
    pub(crate) last: Option<u64>,
    /// Before the ban, from it on, and in lines without a time.
    pub(crate) before: u64,
    pub(crate) after: u64,
    pub(crate) undated: u64,
    pub(crate) verdicts: BTreeMap<Verdict, u64>,
    pub(crate) statuses: BTreeMap<u16, u64>,
    pub(crate) clients: BTreeMap<String, Client>,
    pub(crate) endpoints: BTreeMap<String, u64>,
    /// By the hour, for a picture.
    pub(crate) hours: BTreeMap<u64, u64>,
    /// Uses whose client or endpoint was not kept, since there are so many.
    pub(crate) not_kept: u64,
}

/// A client of one token.
#[derive(Default)]
pub(crate) struct Client {
    pub(crate) uses: u64,
    pub(crate) agents: BTreeSet<String>,
}

/// A search through logs.
pub(crate) struct Hunt {
    pub(crate) wanted: Wanted,
    pub(crate) span: Span,
    pub(crate) uses: HashMap<u32, Use>,
    /// Lines with a use that cannot be read: cut off, most likely.
    pub(crate) broken: u64,
    /// Uses of tokens beyond the most that are kept.
    pub(crate) not_kept: u64,
    found: Vec<u32>,
}

impl Hunt {
    pub(crate) fn new(wanted: Wanted) -> Hunt {
        let (span, uses, found) = (Span::default(), HashMap::new(), Vec::new());
        Hunt { wanted, span, uses, broken: 0, not_kept: 0, found }
    }

    /// Looks at a line; says which tokens it has.
    pub(crate) fn line(&mut self, line: Line<'_>) -> &[u32] {
        let Hunt { wanted, found, .. } = self;
        found.clear();
        line.fingerprints(&mut |fingerprint| {
            if let Some(number) = wanted.find(fingerprint).filter(|number| !found.contains(number))
            {
                found.push(number);
            }
        });
        self.seen(line)
    }

    /// The same where the tokens are known already.
    pub(crate) fn line_with(
        &mut self,
        line: Line<'_>,
        tokens: impl IntoIterator<Item = u64>,
    ) -> &[u32] {
        let Hunt { wanted, found, .. } = self;
        found.clear();
        found.extend(tokens.into_iter().filter_map(|fingerprint| wanted.find(fingerprint)));
        found.dedup();
        self.seen(line)
    }

    fn seen(&mut self, line: Line<'_>) -> &[u32] {
        let time = line.time();
        self.span.add(time);
        if self.found.is_empty() {
            return &self.found;
        }
        let told = line.told();
        self.broken += u64::from(told.is_none());
        for number in &self.found {
            let room = self.uses.len() < TOKENS_MOST || self.uses.contains_key(number);
            match room {
                true => self.uses.entry(*number).or_default().add(
                    self.wanted.token(*number),
                    time,
                    told.as_ref(),
                ),
                false => self.not_kept += 1,
            }
        }
        &self.found
    }

    /// The tokens that were used, the last use first.
    pub(crate) fn used(&self) -> Vec<(Token, &Use)> {
        let mut used: Vec<_> =
            self.uses.iter().map(|(number, of)| (self.wanted.token(*number), of)).collect();
        used.sort_by_key(|(token, of)| (std::cmp::Reverse(of.last), token.fingerprint));
        used
    }
}

impl Use {
    /// How many.
    pub(crate) fn count(&self) -> u64 {
        self.before + self.after + self.undated
    }

    /// How many of a verdict.
    pub(crate) fn of(&self, verdict: Verdict) -> u64 {
        self.verdicts.get(&verdict).copied().unwrap_or_default()
    }

    fn add(&mut self, token: Token, time: Option<u64>, told: Option<&Told<'_>>) {
        match time {
            None => self.undated += 1,
            Some(second) => {
                self.first = Some(self.first.map_or(second, |first| first.min(second)));
                self.last = self.last.max(Some(second));
                let is_after = token.banned.is_some_and(|banned| second >= u64::from(banned));
                *if is_after { &mut self.after } else { &mut self.before } += 1;
                if self.hours.len() < 24 * 400 {
                    *self.hours.entry(second / 3600).or_default() += 1;
                }
            }
        }
        match told {
            Some(told) => self.add_told(told),
            None => *self.verdicts.entry(Verdict::Unknown).or_default() += 1,
        }
    }

    fn add_told(&mut self, told: &Told<'_>) {
        *self.verdicts.entry(told.verdict).or_default() += 1;
        if told.status != 0 && self.statuses.len() < DETAILS_MOST {
            *self.statuses.entry(told.status).or_default() += 1;
        }
        let kept = count(&mut self.endpoints, &told.endpoint()).map(|uses| *uses += 1).is_some();
        let client = count(&mut self.clients, &told.client).map(|client| {
            client.uses += 1;
            if client.agents.len() < AGENTS_MOST && !told.agent.is_empty() {
                client.agents.insert(told.agent.to_string());
            }
        });
        self.not_kept += u64::from(!kept || client.is_none());
    }
}

/// What is counted under a name, if there is room for it.
fn count<'m, T: Default>(map: &'m mut BTreeMap<String, T>, name: &str) -> Option<&'m mut T> {
    if map.len() >= DETAILS_MOST && !map.contains_key(name) {
        return None;
    }
    Some(map.entry(name.to_owned()).or_default())
}
