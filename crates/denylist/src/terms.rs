//! What two bans of one key come to: the one rule for `ban` and `import`.
//!
//! The word of each incident stands for itself. Of two bans of one incident on one list, the one
//! stays that denies all that the other denies; where neither does, both stay. So a ban is never
//! weakened by a later one, and what an incident banned can be lifted without touching another's.

use std::collections::HashMap;

use tokenban_engine::denylist::Level;

use crate::{detail::Detail, entry::Taken};

/// What decides between two entries of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) list: u32,
    incident: u32,
    expires: u64,
    issued_before: u64,
    level: Level,
    /// 0 stands for no exceptions.
    except: u32,
}

/// Small numbers for what terms compare by equality only.
#[derive(Debug, Default)]
pub(crate) struct TermBook {
    lists: HashMap<String, u32>,
    incidents: HashMap<String, u32>,
    excepts: HashMap<Vec<u8>, u32>,
}

impl TermBook {
    /// The terms of a detail.
    pub(crate) fn terms(&mut self, detail: &Detail<'_>) -> Terms {
        let incident = if detail.is_named { detail.reason } else { "" };
        let except = detail.except.as_bytes();
        Terms {
            list: number(&mut self.lists, detail.list.to_owned()),
            incident: number(&mut self.incidents, incident.to_owned()),
            expires: detail.expires.unwrap_or(u64::MAX),
            issued_before: detail.issued_before.unwrap_or(u64::MAX),
            level: detail.level,
            except: if except.is_empty() {
                0
            } else {
                number(&mut self.excepts, except.to_owned())
            },
        }
    }

    /// The number of a list that some detail names.
    pub(crate) fn list(&self, name: &str) -> Option<u32> {
        self.lists.get(name).copied()
    }
}

/// Counted from 1.
fn number<K: std::hash::Hash + Eq>(numbers: &mut HashMap<K, u32>, name: K) -> u32 {
    let next = u32::try_from(numbers.len() + 1).unwrap_or(u32::MAX);
    *numbers.entry(name).or_insert(next)
}

impl Terms {
    /// Whether everything that the other entry denies is denied by this one, in the same incident.
    fn covers(&self, other: &Terms) -> bool {
        self.list == other.list
            && self.incident == other.incident
            && self.expires >= other.expires
            && self.issued_before >= other.issued_before
            && self.level >= other.level
            && (self.except == 0 || self.except == other.except)
    }
}

/// Puts an entry beside those that its key has: numbers of details, and their terms.
pub(crate) fn merge(ids: &mut Vec<(u64, Terms)>, new: (u64, Terms)) -> Taken {
    let terms = new.1;
    if ids.iter().any(|(_, old)| old.covers(&terms)) {
        return Taken::Before;
    }
    let was_there = ids.iter().any(|(_, old)| old.list == terms.list);
    let count = ids.len();
    ids.retain(|(_, old)| !terms.covers(old));
    let taken = match (was_there, ids.len() < count) {
        (_, true) => Taken::Stronger,
        (true, false) => Taken::Beside,
        (false, false) => Taken::New,
    };
    ids.push(new);
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Terms =
        Terms { list: 1, incident: 1, expires: 9, issued_before: 9, level: Level::Deny, except: 0 };

    #[test]
    fn a_ban_is_never_weakened() {
        let cases = [
            (PLAIN, Taken::Before, 1),
            (Terms { expires: 8, ..PLAIN }, Taken::Before, 1),
            (Terms { level: Level::Monitor, ..PLAIN }, Taken::Before, 1),
            (Terms { except: 1, ..PLAIN }, Taken::Before, 1),
            (Terms { expires: 10, ..PLAIN }, Taken::Stronger, 1),
            (Terms { expires: 10, issued_before: 8, ..PLAIN }, Taken::Beside, 2),
            (Terms { incident: 2, expires: 1, ..PLAIN }, Taken::Beside, 2),
            (Terms { list: 2, expires: 1, ..PLAIN }, Taken::New, 2),
        ];
        for (terms, taken, count) in cases {
            let mut ids = vec![(1, PLAIN)];
            assert_eq!((merge(&mut ids, (2, terms)), ids.len()), (taken, count), "{terms:?}");
        }
        let mut ids = vec![(1, Terms { except: 1, level: Level::Monitor, ..PLAIN })];
        assert_eq!((merge(&mut ids, (2, PLAIN)), ids), (Taken::Stronger, vec![(2, PLAIN)]));
    }
}
