//! Choosing entries by what is said of them.

use tokenban_engine::denylist::Kind;

use crate::{detail::Detail, entry::Entry};

/// Which entries are meant. What is `None` holds for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// On this list.
    pub list: Option<String>,
    /// With this reason.
    pub reason: Option<String>,
    /// From this source.
    pub source: Option<String>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// By this claim.
    pub claim: Option<String>,
    /// Put there at this Unix second or later.
    pub added_from: Option<u64>,
    /// Put there before this Unix second.
    pub added_before: Option<u64>,
}

impl Choice {
    /// Whether it says anything.
    pub fn is_any(&self) -> bool {
        *self == Choice::default()
    }

    /// Whether an entry is meant.
    pub fn takes(&self, entry: &Entry<'_>) -> bool {
        let is = |wanted: &Option<String>, found: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == found)
        };
        is(&self.list, entry.list)
            && is(&self.reason, entry.reason)
            && is(&self.source, entry.source)
            && self.kind.is_none_or(|kind| kind == entry.kind)
            && is(&self.claim, entry.claim.map_or("", |claim| claim.name))
            && self.added_from.is_none_or(|second| entry.added_at >= second)
            && self.added_before.is_none_or(|second| entry.added_at < second)
    }

    /// The same before it is known which key an entry has.
    pub(crate) fn takes_detail(&self, detail: &Detail<'_>) -> bool {
        self.takes(&detail.entry(crate::EntryKey::Sha1([0; 20])))
    }
}
