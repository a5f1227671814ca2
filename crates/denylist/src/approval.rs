//! A second person for changes that take many entries off, where that is switched on.
//!
//! What would be taken off has an order-free digest. The first attempt changes nothing and leaves the
//! digest behind; another user approves it; the same command, run again, finds its digest approved.
//! So nothing but a digest is kept, and what is done is what was approved.

use sha2::{Digest, Sha256};

use crate::{
    bytes::{put_number, put_text, take_number, take_text},
    error::{At, Kind, StoreError},
    log::Act,
    snapshot::Snapshot,
    store::Store,
    tables::{meta, number_key},
    writer::Writer,
};

/// How long an approval may be waited for, and used, in seconds.
const LASTS: u64 = 86_400;

/// A change that waits for a second person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its number.
    pub number: u64,
    /// Who asked for it, when and with what.
    pub act: Act,
    /// How many entries it takes off.
    pub removes: u64,
    /// Who approved it.
    pub approved_by: Option<String>,
    digest: [u8; 16],
}

impl Pending {
    fn write(&self) -> Vec<u8> {
        let mut out = self.digest.to_vec();
        put_number(&mut out, self.act.at);
        put_number(&mut out, self.removes);
        let Act { user, host, command, reason, note, .. } = &self.act;
        let approved_by = self.approved_by.as_deref().unwrap_or_default();
        [user, host, command, reason, note, approved_by].into_iter().for_each(|text| {
            put_text(&mut out, text);
        });
        // One more than the number, for none there is 0.
        put_number(&mut out, self.act.uid.map_or(0, |uid| u64::from(uid) + 1));
        out
    }

    fn read(key: &[u8], row: &[u8]) -> Option<Pending> {
        let number = u64::from_be_bytes(key.try_into().ok()?);
        let (digest, mut rest) = row.split_first_chunk::<16>()?;
        let (at, removes) = (take_number(&mut rest)?, take_number(&mut rest)?);
        let mut text = || take_text(&mut rest).map(str::to_owned);
        let (user, host, command) = (text()?, text()?, text()?);
        let mut act = Act { at, user, uid: None, host, command, reason: text()?, note: text()? };
        let approved_by = text().map(|name| (!name.is_empty()).then_some(name))?;
        let uid = take_number(&mut rest).and_then(|uid| uid.checked_sub(1));
        act.uid = uid.and_then(|uid| u32::try_from(uid).ok());
        Some(Pending { number, act, removes, approved_by, digest: *digest })
    }

    /// Whether it can still be approved, or used, at a Unix second.
    pub fn is_alive(&self, now: u64) -> bool {
        now < self.act.at.saturating_add(LASTS)
    }
}

/// What one entry that is taken off adds to the digest of all.
pub(crate) fn removal(key: &[u8], detail: u64) -> u128 {
    digest(&[key, &number_key(detail)])
}

fn digest(parts: &[&[u8]]) -> u128 {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().first_chunk().copied().map_or(0, u128::from_be_bytes)
}

/// Whether one person is behind both. Two names of one number are one person, and so is one name,
/// whatever its number: it may come from another machine.
fn same_person(one: &Act, other: &Act) -> bool {
    // Who acts as somebody else is written `alice as root`.
    let name = |act: &Act| act.user.split(" as ").next().map(str::to_owned);
    (one.uid.is_some() && one.uid == other.uid) || name(one) == name(other)
}

impl Writer<'_> {
    /// The change that is about to be made: what, in which command, and what it takes off.
    fn change(&self) -> [u8; 16] {
        let Act { command, reason, .. } = &self.act;
        let removed = self.removals.to_be_bytes();
        let added = self.tally.added.to_be_bytes();
        digest(&[command.as_bytes(), reason.as_bytes(), &removed, &added]).to_be_bytes()
    }

    /// Lets a change through that needs no second person, or has one; leaves the others to be approved.
    pub(crate) fn check_approval(mut self) -> Result<Self, StoreError> {
        let removes = self.tally.removed;
        let needed = self.needs_approval || self.approval.is_some_and(|over| removes > over);
        let Some(over) = self.approval.filter(|_| needed && !self.is_upkeep) else {
            return Ok(self);
        };
        let change = self.change();
        let waiting = self.pending()?;
        let same = waiting.iter().find(|one| one.digest == change && one.is_alive(self.act.at));
        if let Some((one, by)) = same.and_then(|one| Some((one, one.approved_by.as_ref()?))) {
            let separator = if self.act.note.is_empty() { "" } else { "; " };
            self.act.note.push_str(&format!("{separator}approved by {by}"));
            let tables = self.tables;
            tables.pending.delete(&mut self.txn, &number_key(one.number)).at(&self.path)?;
            return Ok(self);
        }
        let number =
            same.map_or_else(|| waiting.last().map_or(1, |one| one.number + 1), |one| one.number);
        let (act, approved_by) = (self.act.clone(), None);
        let pending = Pending { number, act, removes, approved_by, digest: change };
        let refused = self.fail(Kind::Approval { number, removes, over });
        self.leave(&pending)?;
        Err(refused)
    }

    /// Gives the change up, and leaves it to be approved.
    fn leave(self, pending: &Pending) -> Result<(), StoreError> {
        let stale: Vec<u64> = self
            .pending()?
            .iter()
            .filter(|one| !one.is_alive(pending.act.at))
            .map(|one| one.number)
            .collect();
        let Writer { path, env, txn, tables, .. } = self;
        txn.abort();
        let mut txn = env.write_txn().at(&path)?;
        for number in stale {
            tables.pending.delete(&mut txn, &number_key(number)).at(&path)?;
        }
        let (key, row) = (number_key(pending.number), pending.write());
        tables.pending.put(&mut txn, &key, &row).at(&path)?;
        txn.commit().at(&path)
    }

    fn pending(&self) -> Result<Vec<Pending>, StoreError> {
        let mut all = Vec::new();
        for row in self.tables.pending.iter(&self.txn).at(&self.path)? {
            let (key, row) = row.at(&self.path)?;
            all.push(Pending::read(key, row).ok_or_else(|| self.fail(DAMAGED))?);
        }
        Ok(all)
    }

    /// Asks for a second person where more than so many entries are taken off; `None`: never. Where
    /// that was asked for already, to ask it less needs a second person itself.
    pub fn approve_over(&mut self, over: Option<u64>) -> Result<(), StoreError> {
        let tables = self.tables;
        let is_less = self.approval.is_some_and(|before| over.is_none_or(|over| over > before));
        self.needs_approval |= is_less;
        self.removals =
            self.removals.wrapping_add(digest(&[b"over", format!("{over:?}").as_bytes()]));
        self.is_noted = true;
        let record = over.map_or(Vec::new(), |over| over.to_be_bytes().to_vec());
        tables.put_record(&mut self.txn, meta::APPROVE, &record).at(&self.path)
    }

    /// Approves a waiting change, as the user who signed.
    pub fn approve(&mut self, number: u64) -> Result<Pending, StoreError> {
        let waiting = self.pending()?.into_iter().find(|one| one.number == number);
        let waiting = waiting.filter(|one| one.is_alive(self.act.at));
        let mut pending = waiting.ok_or_else(|| {
            self.fail(Kind::Invalid(
                "no change with this number waits; `tokenban approve` lists them",
            ))
        })?;
        if same_person(&self.act, &pending.act) {
            return Err(self.fail(Kind::Invalid("who asks for a change cannot approve it")));
        }
        pending.approved_by = Some(self.act.user.clone());
        let (key, tables) = (number_key(number), self.tables);
        tables.pending.put(&mut self.txn, &key, &pending.write()).at(&self.path)?;
        self.is_noted = true;
        Ok(pending)
    }
}

impl Snapshot<'_> {
    /// The changes that wait for a second person.
    pub fn pending(&self) -> Result<Vec<Pending>, StoreError> {
        let mut all = Vec::new();
        for row in self.tables.pending.iter(&self.txn).at(self.path())? {
            let (key, row) = row.at(self.path())?;
            let damaged = || StoreError::new(self.path(), DAMAGED);
            all.push(Pending::read(key, row).ok_or_else(damaged)?);
        }
        Ok(all)
    }

    /// From how many entries on, exclusive, a second person is asked for; `None`: never.
    pub fn approve_over(&self) -> Result<Option<u64>, StoreError> {
        let over = self.tables.approve_over(&self.txn);
        over.map_err(|kind| StoreError::new(self.path(), kind))
    }
}

impl Store {
    /// Says what to do right before a change is written, once it is certain that it will be.
    pub fn before_commit(&mut self, hook: fn()) {
        self.hook = Some(hook);
    }
}

const DAMAGED: Kind = Kind::Foreign("a record of it is damaged");
