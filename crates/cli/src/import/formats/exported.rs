//! The entries of a store, as `tokenban export` writes them.

use serde_json::Value;
use tokenban_denylist::{Claim, EntryKey};
use tokenban_engine::{
    denylist::{check_claim, Key, Kind, Level, Network, Networks},
    token::hex,
};

use super::{
    super::finding::{Finding, Kept, Secret},
    json_shape::text,
    Findings, Format, Knows, Reads, Sink,
};
use crate::{entries, time};

pub(super) static TOKENBAN: Format = Format {
    word: "tokenban",
    name: "tokenban export",
    help: "What tokenban export writes, JSON Lines",
    knows: Knows::Json(&[&["key", "kind", "issued_before"]]),
    reads: Reads::Json { path: &[], keep: &[], findings: Findings::With(exported) },
    way_out: "",
    nothing: "",
};

fn exported(object: &Value, blank: Finding<'_>, sink: Sink<'_>) {
    let time = |name| match object.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(value) => value.as_str().and_then(|text| time::at(text).ok()).map(Some),
    };
    let Some(except) = networks(object) else { return sink(blank) };
    let read = || {
        let kind = entries::kind_of(text(object, "kind"))?;
        let digits = text(object, "key").as_bytes();
        let key = match kind {
            Kind::Sha1 => EntryKey::Sha1(hex(digits)?),
            _ => EntryKey::Key(Key::from_bytes(hex(digits)?)),
        };
        let kept = Kept {
            list: text(object, "list"),
            source: text(object, "source"),
            added: time("added")??,
            expires: time("expires")?,
            issued_before: time("issued_before")?,
            is_named: object.get("incident").and_then(Value::as_bool).unwrap_or(false),
            level: match text(object, "level") {
                "" => Level::Deny,
                word => entries::level_of(word)?,
            },
            except: Networks::from_bytes(&except)?,
            claim: match kind {
                Kind::Claim => Some(claim(object)?),
                _ => None,
            },
        };
        Some((Secret::Known { kind, key }, kept))
    };
    let Some((secret, kept)) = read() else { return sink(blank) };
    sink(Finding { secret, rule: text(object, "reason"), kept: Some(kept), ..blank });
}

/// Of the networks for which an entry only reports, what the store keeps.
fn networks(object: &Value) -> Option<Vec<u8>> {
    let networks = object.get("except").and_then(Value::as_array).into_iter().flatten();
    let bytes =
        networks.map(|network| Some(*network.as_str()?.parse::<Network>().ok()?.as_bytes()));
    bytes.collect::<Option<Vec<_>>>().map(|networks| networks.concat())
}

/// What an export tells of a claim: without its name, the entry could never be found.
fn claim(object: &Value) -> Option<Claim<'_>> {
    let optional = |name| object.get(name).and_then(Value::as_str);
    let name = optional("claim")?;
    check_claim(name).ok()?;
    Some(Claim { name, issuer: optional("issuer"), value: optional("value") })
}
