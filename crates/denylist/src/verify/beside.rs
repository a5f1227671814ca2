//! What a store keeps beside its entries: links, what took whose place, the log.

use super::Check;
use crate::{
    head::Head,
    log, side,
    tables::{self, meta},
    walk::{Fault, Value},
};

impl Check<'_> {
    pub(super) fn check_side(&mut self, head: &Head) -> Result<(), Fault> {
        let (mut sum, details) = (0_u64, &self.details);
        for name in ["links", "replaced"] {
            let tree = self.tree(name);
            self.walk.tree(tree, &mut |key, value| {
                let fault = Fault { page: tree.root, what: "a row is damaged" };
                let Value::Bytes(row) = value else { return Err(fault) };
                let is_known = |(by, was)| details.contains_key(&by) && details.contains_key(&was);
                let is_sound = match name {
                    "links" => side::read_links(row).is_some(),
                    _ => side::read_pairs(row).is_some_and(|all| all.into_iter().all(is_known)),
                };
                sum = sum.wrapping_add(side::sum(key, row));
                is_sound.then_some(()).ok_or(fault)
            })?;
        }
        match sum == head.side {
            true => Ok(()),
            false => Err(Fault { page: 0, what: "the checksum is wrong" }),
        }
    }

    pub(super) fn check_log(&mut self, head: &Head) -> Result<(), Fault> {
        let tree = self.tree("log");
        let fault = |what| Fault { page: tree.root, what };
        let (mut before, mut next) = ([0; 32], 0);
        self.walk.tree(tree, &mut |key, value| {
            let Value::Bytes(row) = value else { return Err(fault("a record is damaged")) };
            let record = log::check(&before, key, row);
            let record = record.filter(|record| record.is_sound && record.number == next);
            let record = record.ok_or_else(|| fault("a record does not follow from the others"))?;
            (before, next) = (record.hash, next + 1);
            Ok(())
        })?;
        let last = self.records.get(meta::LOG).and_then(|row| tables::unseal(meta::LOG, row));
        match next == head.log && last == Some(before.as_slice()) {
            true => Ok(()),
            false => Err(fault("the last records are missing")),
        }
    }
}
