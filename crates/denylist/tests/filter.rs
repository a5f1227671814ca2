//! The filter in front of the digests: it hides nothing, whatever was done to the store, and it does
//! not grow with lists that are replaced.

mod support;

use proptest::prelude::*;
use support::{entry, Place, NOW};
use tokenban_denylist::{verify, Batch, EntryKey, ImportOptions, NewEntry, Reader, Store, Target};
use tokenban_engine::{
    denylist::{bans, Ban, Denylists, Key, Kind, MemoryDenylists, Sought},
    Jwt,
};

fn is_denied(reader: &Reader, value: &[u8]) -> bool {
    let mut denied = false;
    bans(reader, value, NOW, &mut |_, _| denied = true).unwrap();
    denied
}

fn tokens(numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|number| format!("fake-token-{number:06}")).collect()
}

fn replace(store: &mut Store, numbers: std::ops::Range<u32>, reason: Option<&str>) {
    let mut batch = store.batch().unwrap();
    for token in tokens(numbers) {
        let one = NewEntry::new("daily", Target::Token(token.as_bytes()), NOW);
        let (reason, is_named) = (reason.unwrap_or_default(), reason.is_some());
        batch.add(&NewEntry { reason, is_named, ..one }).unwrap();
    }
    let options = ImportOptions { replace: Some("daily"), force: true, dry_run: false };
    store.import(batch, &options).unwrap();
}

#[track_caller]
fn hold(place: &Place, denied: std::ops::Range<u32>, passed: std::ops::Range<u32>) {
    let reader = Reader::open(&place.path()).unwrap();
    assert!(tokens(denied).iter().all(|token| is_denied(&reader, token.as_bytes())));
    assert!(!tokens(passed).iter().any(|token| is_denied(&reader, token.as_bytes())));
}

#[test]
fn a_list_that_is_replaced_every_day_does_not_pile_up() {
    let place = Place::new();
    place.ban("another-fake-token");
    let mut sizes = Vec::new();
    for day in 0..8 {
        let mut store = place.open();
        replace(&mut store, day * 5_000..day * 5_000 + 20_000, None);
        sizes.push(store.stats(NOW).unwrap().filter_bytes);
        drop(store);
        hold(&place, day * 5_000..day * 5_000 + 20_000, 90_000..91_000);
    }
    assert!(sizes.iter().all(|size| *size == sizes[0]), "{sizes:?}");
    let reader = Reader::open(&place.path()).unwrap();
    assert!(is_denied(&reader, b"another-fake-token"));
    assert!(!reader.profile().has_sha256());
}

#[test]
fn what_is_put_back_is_found_again() {
    for before in [0, 1] {
        let place = Place::new();
        let mut store = place.open();
        for _ in 0..before {
            replace(&mut store, 70_000..71_000, None); // its layer goes with the next one
        }
        replace(&mut store, 0..3_000, None);
        replace(&mut store, 2_000..5_000, Some("INC-7"));
        let mut writer = store.write().unwrap();
        assert_eq!(writer.undo("INC-7", None).unwrap().1, 3_000);
        writer.commit().unwrap();
        drop(store);
        hold(&place, 0..3_000, 3_000..5_000);
        place.open().compact().unwrap();
        hold(&place, 0..3_000, 3_000..5_000);
    }
}

#[test]
fn what_only_a_digest_is_known_of_is_found() {
    let place = Place::new();
    place.ban("fake-token-alone");
    let mut batch = Batch::new();
    batch.add(&entry("leaked", "fake-token-000001")).unwrap();
    let jwt = EntryKey::Key(Key::jwt(b"{\"a\":1}", b"{\"b\":1}"));
    let known = Target::Known { kind: Kind::Jwt, key: jwt, claim: None };
    batch.add(&NewEntry::new("leaked", known, NOW)).unwrap();
    place.open().import(batch, &ImportOptions::default()).unwrap();
    let reader = Reader::open(&place.path()).unwrap();
    assert!(reader.profile().has_sha256() && reader.profile().has_keys());
    for banned in ["fake-token-alone", "fake-token-000001", "x eyJhIjoxfQ.eyJiIjoxfQ.c2ln"] {
        assert!(is_denied(&reader, banned.as_bytes()), "{banned}");
    }
    for clean in ["fake-token-000002", "eyJhIjoxfQ.eyJiIjoyfQ.c2ln"] {
        assert!(!is_denied(&reader, clean.as_bytes()), "{clean}");
    }
}

/// Plain ones are hashed as they stand; others are decoded, and hashed in their one spelling.
#[test]
fn a_jwt_is_found_in_every_spelling() {
    let place = Place::new();
    place.change(|writer| {
        let (header, payload) = (b"{\"alg\":\"HS256\"}", b"{\"b\":\"\xc3\xbf?\"}");
        let target = Target::Jwt { header, payload };
        writer.ban(&NewEntry::new("leaked", target, NOW)).unwrap();
    });
    let reader = Reader::open(&place.path()).unwrap();
    for banned in [
        "eyJhbGciOiJIUzI1NiJ9.eyJiIjoiw78_In0.c2ln",
        "Bearer eyJhbGciOiJIUzI1NiJ9.eyJiIjoiw78_In0.",
        "eyJhbGciOiJIUzI1NiJ9.eyJiIjoiw78/In0.c2ln",
        "eyJhbGciOiJIUzI1NiJ9==.eyJiIjoiw78_In0=.c2ln",
        "eyJhbGciOiJIUzI1NiJ9.eyJiIjoiw78_In1.c2ln",
        "key-eyJhbGciOiJIUzI1NiJ9.eyJiIjoiw78_In0.c2ln",
        "eyJhbGciOiJIUzI1NiJ9.eyJiIjoiw78_In0.c2ln eyJhIjoxfQ.eyJiIjoyfQ.c2ln",
        "{\"payload\":\"eyJiIjoiw78_In0\",\"protected\":\"eyJhbGciOiJIUzI1NiJ9\"}",
    ] {
        assert!(is_denied(&reader, banned.as_bytes()), "{banned}");
    }
    assert!(!is_denied(&reader, b"eyJhbGciOiJIUzI1NiJ9.eyJiIjoiw78_In9.c2ln"));
}

/// Who is on two lists stays on the one when the other is replaced, whatever was done before.
#[test]
fn a_list_does_not_rely_on_the_layer_of_another() {
    let place = Place::new();
    let mut store = place.open();
    replace(&mut store, 0..500, None);
    let mut batch = store.batch().unwrap();
    batch.add(&entry("other", "fake-token-000007")).unwrap();
    store.import(batch, &ImportOptions::default()).unwrap();
    replace(&mut store, 0..600, None); // all keys that there are
    replace(&mut store, 100..600, None);
    drop(store);
    hold(&place, 7..8, 0..7);
    hold(&place, 100..600, 8..100);
}

#[test]
fn what_is_put_back_does_not_rely_on_the_layer_of_another() {
    let place = Place::new();
    let mut store = place.open();
    let other = |store: &mut Store, reason, token: &str| {
        let mut batch = store.batch().unwrap();
        batch.add(&NewEntry { reason, is_named: true, ..entry("other", token) }).unwrap();
        let options = ImportOptions { replace: Some("other"), force: true, dry_run: false };
        store.import(batch, &options).unwrap();
    };
    other(&mut store, "", "fake-token-000001");
    other(&mut store, "INC-1", "fake-token-000002");
    other(&mut store, "", "fake-token-000003"); // the layer of the first one goes
    replace(&mut store, 1..2, None);
    let mut writer = store.write().unwrap();
    assert_eq!(writer.undo("INC-1", None).unwrap(), (0, 1));
    writer.commit().unwrap();
    replace(&mut store, 5..6, None);
    drop(store);
    hold(&place, 1..2, 6..9);
    hold(&place, 3..4, 4..5);
}

#[test]
fn what_is_not_committed_leaves_the_filter_as_it_was() {
    let place = Place::new();
    place.ban("fake-token-000000");
    let mut store = place.open();
    let before = store.stats(NOW).unwrap().filter_bytes;
    let mut writer = store.write().unwrap();
    for token in tokens(1..10_000) {
        writer.ban(&entry("leaked", &token)).unwrap();
    }
    drop(writer);
    assert_eq!(store.stats(NOW).unwrap().filter_bytes, before);
    drop(store);
    assert_eq!(verify(&place.path()).unwrap().faults, [""; 0]);
    hold(&place, 0..1, 1..100);
}

/// One spelling or another of a JWT, with something around it.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let json =
        prop_oneof!["[{]\"a\":[0-9]{1,2}[}]", "[{] \"alg\":\"HS256\",\"b\":\"[a-c]{0,3}\"[}]"];
    let part = (json, 0..4_u8).prop_map(|(json, spelling)| {
        let mut text = Vec::new();
        match spelling {
            0 => tokenban_parse::base64::encode(json.as_bytes(), &mut text),
            _ => tokenban_parse::base64::encode_url(json.as_bytes(), &mut text),
        }
        text
    });
    let jwt = proptest::collection::vec(part, 1..4).prop_map(|parts| parts.join(&b'.'));
    let around = "(Bearer |bearer\t|key-|[{]\"payload\":\"|a[.]|=|)";
    (around, jwt, "(|[.]|[.]c2ln|[.]c2ln==|,x|[.]c[.]d|\"[}])")
        .prop_map(|(before, jwt, after)| [before.as_bytes(), &jwt, after.as_bytes()].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// The oracle has no filter.
    #[test]
    fn it_changes_no_answer(values in proptest::collection::vec(value(), 2..40), digests: bool) {
        let (place, mut oracle) = (Place::new(), MemoryDenylists::default());
        let (banned, _) = values.split_at(values.len() / 2);
        let ban = Ban { list: "leaked", ..Ban::default() };
        let mut store = place.open();
        let mut batch = if digests { Batch::new() } else { store.batch().unwrap() };
        for value in banned {
            oracle.ban(value, &ban);
            Jwt::each(value, &mut |jwt| {
                let target = Target::Jwt { header: jwt.header(), payload: jwt.payload() };
                batch.add(&NewEntry::new("leaked", target, NOW)).unwrap();
            });
            batch.add(&NewEntry::new("leaked", Target::Token(value), NOW)).unwrap();
        }
        store.import(batch, &ImportOptions::default()).unwrap();
        drop(store);
        let reader = Reader::open(&place.path()).unwrap();
        for value in &values {
            let is_banned = |lists: &dyn Denylists| {
                let mut found = false;
                bans(lists, value, NOW, &mut |_, _| found = true).unwrap();
                found
            };
            prop_assert_eq!(is_banned(&reader), is_banned(&oracle), "{:?}", value);
        }
    }
}

/// What nearly every clean value costs is one hash: no digest is computed.
#[test]
fn clean_values_are_not_digested() {
    let place = Place::new();
    let mut store = place.open();
    let mut batch = store.batch().unwrap();
    for token in tokens(0..10_000) {
        batch.add(&entry("leaked", &token)).unwrap();
    }
    store.import(batch, &ImportOptions::default()).unwrap();
    drop(store);
    let reader = Reader::open(&place.path()).unwrap();
    let mut digested = 0;
    let clean = tokens(20_000..30_000);
    let passed = clean.iter().filter(|token| {
        let mut key = || {
            digested += 1;
            Some(Key::token(token.as_bytes()))
        };
        reader.may_hold(&Sought::Token(token.as_bytes()), &mut key)
    });
    assert!(passed.count() < 200);
    assert_eq!(digested, 0);
}
