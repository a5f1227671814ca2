//! Whatever is done to a store, in whatever order: it says what a plain map would say.

mod support;

use std::collections::BTreeMap;

use proptest::prelude::*;
use support::{entry, lists, Place, NOW};
use tokenban_denylist::{verify, Batch, ImportOptions, NewEntry, Reader, Target};

#[derive(Clone, Debug)]
enum Step {
    Ban { list: u8, token: u16, incident: usize, expires: Option<u64> },
    Compact,
    Import { list: u8, tokens: Vec<u16>, replace: bool },
    Sweep,
    Unban { list: u8, token: u16 },
    Undo { incident: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let token = || 0..400_u16;
    let expires = prop_oneof![Just(None), Just(Some(NOW - 1)), Just(Some(NOW + 1))];
    prop_oneof![
        6 => (0..3_u8, 0..8_u16, 0..3_usize, expires).prop_map(|(list, token, incident, expires)| {
            Step::Ban { list, token, incident, expires }
        }),
        1 => (1..3_usize).prop_map(|incident| Step::Undo { incident }),
        2 => (0..3_u8, 0..8_u16).prop_map(|(list, token)| Step::Unban { list, token }),
        2 => (0..3_u8, proptest::collection::vec(token(), 0..300), any::<bool>())
            .prop_map(|(list, tokens, replace)| Step::Import { list, tokens, replace }),
        1 => Just(Step::Compact),
        1 => Just(Step::Sweep),
    ]
}

const LISTS: [&str; 3] = ["one", "two", "three"];

/// The first is that of entries without an incident, and what `entry` says.
const INCIDENTS: [&str; 3] = ["INC-42", "INC-1", "INC-2"];

/// Lists, tokens and incidents, and when they expire.
type Model = BTreeMap<(u8, u16, usize), Option<u64>>;

fn name(token: u16) -> String {
    format!("fake-token-{token}")
}

/// Some batches are made for the store, some for none.
fn token_is_odd(tokens: &[u16]) -> bool {
    tokens.first().is_some_and(|token| token % 4 == 1)
}

fn apply(place: &Place, model: &mut Model, step: &Step) {
    let mut store = place.open();
    match step {
        Step::Ban { list, token, incident, expires } => {
            let mut writer = store.write().unwrap();
            let token_name = name(*token);
            let (reason, is_named) = (INCIDENTS[*incident], *incident > 0);
            let entry = entry(LISTS[*list as usize], &token_name);
            let entry = NewEntry { expires: *expires, reason, is_named, ..entry };
            writer.ban(&entry).unwrap();
            writer.commit().unwrap();
            // The longer word stays: none at all is the longest.
            let end = |expires: Option<u64>| expires.unwrap_or(u64::MAX);
            let held = model.entry((*list, *token, *incident)).or_insert(*expires);
            if end(*expires) > end(*held) {
                *held = *expires;
            }
        }
        Step::Unban { list, token } => {
            let mut writer = store.write().unwrap();
            let target = name(*token);
            let was = writer.unban(LISTS[*list as usize], &Target::Token(target.as_bytes()));
            writer.commit().unwrap();
            let before = model.len();
            model.retain(|(of, other, _), _| (of, other) != (list, token));
            assert_eq!(was.unwrap(), model.len() < before);
        }
        Step::Undo { incident } => {
            let mut writer = store.write().unwrap();
            let undone = writer.undo(INCIDENTS[*incident], None).unwrap();
            writer.commit().unwrap();
            let before = model.len();
            model.retain(|(_, _, of), _| of != incident);
            assert_eq!(undone, ((before - model.len()) as u64, 0));
        }
        Step::Import { list, tokens, replace } => {
            let list_name = LISTS[*list as usize];
            let mut batch =
                if token_is_odd(tokens) { Batch::new() } else { store.batch().unwrap() };
            for token in tokens {
                batch.add(&entry(list_name, &name(*token))).unwrap();
            }
            let replace = replace.then_some(list_name);
            let options = ImportOptions { replace, force: true, dry_run: false };
            store.import(batch, &options).unwrap();
            if replace.is_some() {
                model.retain(|(of, ..), _| of != list);
            }
            model.extend(tokens.iter().map(|token| ((*list, *token, 0), None)));
        }
        Step::Compact => {
            let before = store.read().unwrap().digest().unwrap();
            store.compact().unwrap();
            assert_eq!(store.read().unwrap().digest().unwrap(), before);
        }
        Step::Sweep => {
            let before = model.len();
            model.retain(|_, expires| expires.is_none_or(|second| second > NOW));
            assert_eq!(store.sweep(NOW).unwrap() as usize, before - model.len());
        }
    }
}

/// That of a store which got the entries of a model in another order, and none of its history.
fn digest_of(model: &Model) -> [u8; 32] {
    let place = Place::new();
    place.change(|writer| {
        for ((list, token, incident), expires) in model.iter().rev() {
            let token = name(*token);
            let (reason, is_named) = (INCIDENTS[*incident], *incident > 0);
            let entry = entry(LISTS[*list as usize], &token);
            writer.ban(&NewEntry { expires: *expires, reason, is_named, ..entry }).unwrap();
        }
    });
    let store = place.open();
    let snapshot = store.read().unwrap();
    snapshot.digest().unwrap()
}

fn compare(place: &Place, model: &Model) {
    let verified = verify(&place.path()).unwrap();
    assert_eq!(verified.faults, [""; 0]);
    let store = place.open();
    let snapshot = store.read().unwrap();
    let mut found = Model::new();
    let names: BTreeMap<_, _> =
        (0..400).map(|token| (Target::Token(name(token).as_bytes()).key(), token)).collect();
    for entry in snapshot.entries().unwrap() {
        let entry = entry.unwrap();
        let list = LISTS.iter().position(|list| *list == entry.list).unwrap() as u8;
        let named = INCIDENTS.iter().position(|incident| *incident == entry.reason);
        let incident = named.filter(|_| entry.is_named).unwrap_or(0);
        assert!(found.insert((list, names[&entry.key], incident), entry.expires).is_none());
    }
    assert_eq!(&found, model);
    assert_eq!(snapshot.digest().unwrap(), digest_of(model));
    drop(snapshot);
    drop(store);
    let reader = Reader::open(&place.path()).unwrap();
    for token in 0..400 {
        let mut expected: Vec<_> = model.keys().filter(|(_, of, _)| *of == token).collect();
        let mut found = lists(&reader, &name(token)).unwrap();
        found.sort_by_key(|list| LISTS.iter().position(|name| name == list));
        expected.sort();
        assert_eq!(found.len(), expected.len(), "{token}");
        for ((list, ..), found) in expected.iter().zip(&found) {
            assert_eq!(LISTS[*list as usize], found);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_store_is_a_map(steps in proptest::collection::vec(step(), 1..20)) {
        let place = Place::new();
        let mut model = Model::new();
        for step in &steps {
            apply(&place, &mut model, step);
        }
        compare(&place, &model);
    }
}

/// The filter grows with single bans, and never hides one.
#[test]
fn the_filter_grows_and_hides_nothing() {
    let place = Place::new();
    let mut count = 0;
    for _ in 0..6 {
        place.change(|writer| {
            for token in count..count + 2000 {
                writer.ban(&entry("leaked", &format!("grown-token-{token}"))).unwrap();
            }
        });
        count += 2000;
    }
    assert!(place.open().stats(NOW).unwrap().filter_bytes >= 4 * 4080);
    assert_eq!(verify(&place.path()).unwrap().faults, [""; 0]);
    let reader = Reader::open(&place.path()).unwrap();
    for token in 0..count {
        assert_eq!(lists(&reader, &format!("grown-token-{token}")).unwrap(), ["leaked"]);
    }
}
