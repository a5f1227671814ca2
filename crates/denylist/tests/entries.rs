//! What is put into a store is found again, by people and by a reader, and nothing else is.

mod support;

use support::{entry, lists, Place, NOW};
use tokenban_denylist::{
    Batch, CreateOptions, EntryKey, ImportOptions, Imported, NewEntry, Reader, Store, Taken, Target,
};
use tokenban_engine::denylist::{Ban, Denylists, Key, Kind};

#[test]
fn a_ban_is_found_and_an_unban_takes_it_off() {
    let place = Place::new();
    place.change(|writer| {
        assert_eq!(writer.ban(&entry("leaked", "fake-token-1")).unwrap(), Taken::New);
        assert_eq!(writer.ban(&entry("leaked", "fake-token-1")).unwrap(), Taken::Before);
        assert_eq!(writer.ban(&entry("other", "fake-token-1")).unwrap(), Taken::New);
    });
    {
        let reader = Reader::open(&place.path()).unwrap();
        assert_eq!(lists(&reader, "fake-token-1").unwrap(), ["leaked", "other"]);
        assert!(lists(&reader, "fake-token-2").unwrap().is_empty());
        assert!(reader.profile().may_hold(b"fake-token-9") && !reader.profile().may_hold(b"short"));
    }
    place.change(|writer| {
        let target = Target::Token(b"fake-token-1");
        assert!(writer.unban("leaked", &target).unwrap());
        assert!(!writer.unban("leaked", &target).unwrap());
    });
    let reader = Reader::open(&place.path()).unwrap();
    assert_eq!(lists(&reader, "fake-token-1").unwrap(), ["other"]);
}

#[test]
fn every_kind_keeps_all_that_is_said_of_it() {
    let place = Place::new();
    let targets = [
        Target::Jti { issuer: b"https://id.example", id: b"1" },
        Target::Jwt { header: b"{}", payload: b"{}" },
        Target::Sha1([1; 20]),
        Target::Sha256([2; 32]),
        Target::Sub { issuer: b"", subject: b"alice" },
        Target::Token(b"fake-token-1"),
    ];
    let full = |target| NewEntry {
        expires: Some(NOW + 1),
        issued_before: Some(NOW),
        target,
        ..entry("leaked", "")
    };
    place.change(|writer| {
        targets.iter().for_each(|target| {
            writer.ban(&full(*target)).unwrap();
        });
    });
    {
        let store = place.open();
        let snapshot = store.read().unwrap();
        assert_eq!(snapshot.entries().unwrap().count(), targets.len());
        for target in &targets {
            let found = snapshot.find(&target.key()).unwrap();
            assert_eq!((found.len(), found[0].kind), (1, target.kind()));
            assert_eq!((found[0].reason, found[0].source), ("INC-42", "a test"));
            assert_eq!((found[0].added_at, found[0].expires), (NOW, Some(NOW + 1)));
        }
        let key = Key::token(b"fake-token-1");
        let prefix = &key.as_bytes()[..6];
        let by_fingerprint: Vec<_> =
            snapshot.entries_from(prefix).unwrap().map(Result::unwrap).collect();
        assert_eq!(by_fingerprint.len(), 1);
        assert_eq!(by_fingerprint[0].kind, Kind::Token);
        let by_sha1: Vec<_> =
            snapshot.entries_from(&[1; 6]).unwrap().map(|entry| entry.unwrap().kind).collect();
        assert_eq!(by_sha1, [Kind::Sha1]);
    }
    let reader = Reader::open(&place.path()).unwrap();
    let mut found = 0;
    let mut see = |ban: &Ban<'_>| {
        found += 1;
        assert_eq!((ban.list, ban.reason), ("leaked", "INC-42"));
        assert_eq!((ban.expires, ban.issued_before), (Some(NOW + 1), Some(NOW)));
    };
    for target in &targets {
        match target.key() {
            EntryKey::Key(key) => reader.find(&key, &mut see).unwrap(),
            EntryKey::Sha1(digest) => reader.find_sha1(&digest, &mut see).unwrap(),
        }
    }
    assert_eq!(found, targets.len());
}

#[test]
fn the_newer_word_holds() {
    let place = Place::new();
    place.ban("fake-token-1");
    place.change(|writer| {
        let shorter =
            NewEntry { expires: Some(NOW), reason: "x", ..entry("leaked", "fake-token-1") };
        assert_eq!(writer.ban(&shorter).unwrap(), Taken::Before);
    });
    let store = place.open();
    let snapshot = store.read().unwrap();
    let found = snapshot.find(&Target::Token(b"fake-token-1").key()).unwrap();
    assert_eq!((found.len(), found[0].expires, found[0].reason), (1, Some(NOW), "x"));
}

#[test]
fn sweep_takes_what_expired() {
    let place = Place::new();
    place.change(|writer| {
        for (token, expires) in [("fake-token-1", Some(NOW)), ("fake-token-2", Some(NOW + 1))] {
            writer.ban(&NewEntry { expires, ..entry("leaked", token) }).unwrap();
        }
        writer.ban(&entry("other", "fake-token-1")).unwrap();
    });
    let mut store = place.open();
    let stats = store.stats(NOW).unwrap();
    assert_eq!((stats.lists[0].entries, stats.lists[0].expired, stats.keys), (2, 1, 2));
    assert_eq!(store.sweep(NOW).unwrap(), 1);
    assert_eq!(store.sweep(NOW).unwrap(), 0);
    drop(store);
    let reader = Reader::open(&place.path()).unwrap();
    assert_eq!(lists(&reader, "fake-token-1").unwrap(), ["other"]);
    assert_eq!(lists(&reader, "fake-token-2").unwrap(), ["leaked"]);
}

fn batch(list: &str, tokens: impl Iterator<Item = u32>) -> Batch {
    let mut batch = Batch::new();
    for token in tokens {
        batch.add(&entry(list, &format!("fake-token-{token}"))).unwrap();
    }
    batch
}

#[test]
fn an_import_merges() {
    let place = Place::new();
    let mut store = place.open();
    let plain = ImportOptions::default();
    let done = store.import(batch("leaked", (0..3000).chain([0, 1])), &plain).unwrap();
    assert_eq!(done, Imported { new: 3000, before: 2, removed: 0 });
    let done = store.import(batch("leaked", 2000..4000), &plain).unwrap();
    assert_eq!(done, Imported { new: 1000, before: 1000, removed: 0 });
    let done = store.import(batch("other", 0..10), &plain).unwrap();
    assert_eq!(done, Imported { new: 10, before: 0, removed: 0 });
    let dry = ImportOptions { dry_run: true, ..plain };
    assert_eq!(store.import(batch("leaked", 9000..9001), &dry).unwrap().new, 1);
    drop(store);
    let reader = Reader::open(&place.path()).unwrap();
    for token in 0..4000 {
        let found = lists(&reader, &format!("fake-token-{token}")).unwrap();
        assert_eq!(found.len(), if token < 10 { 2 } else { 1 }, "{token}");
    }
    assert!(lists(&reader, "fake-token-9000").unwrap().is_empty());
}

#[test]
fn an_import_replaces_a_list_but_not_by_half() {
    let place = Place::new();
    let mut store = place.open();
    store.import(batch("leaked", 0..100), &ImportOptions::default()).unwrap();
    store.import(batch("other", 0..100), &ImportOptions::default()).unwrap();
    let replace = ImportOptions { replace: Some("leaked"), ..ImportOptions::default() };
    let error = store.import(batch("leaked", 90..120), &replace).unwrap_err();
    assert_eq!(error.shrink(), Some((100, 30)));
    assert!(error.to_string().contains("would shrink from 100 to 30 entries"), "{error}");
    assert_eq!(store.stats(NOW).unwrap().lists[0].entries, 100);
    let done = store.import(batch("leaked", 50..110), &replace).unwrap();
    assert_eq!(done, Imported { new: 10, before: 50, removed: 50 });
    let force = ImportOptions { force: true, ..replace };
    assert_eq!(store.import(Batch::new(), &force).unwrap().removed, 60);
    let stats = store.stats(NOW).unwrap();
    assert_eq!((stats.lists.len(), stats.lists[0].entries), (1, 100));
}

#[test]
fn an_import_never_weakens_a_ban() {
    let place = Place::new();
    let mut store = place.open();
    let plain = ImportOptions::default();
    for (expires, holds) in [(Some(NOW), Some(NOW)), (None, None), (Some(NOW + 9), None)] {
        let mut batch = Batch::new();
        batch.add(&NewEntry { expires, ..entry("leaked", "fake-token-1") }).unwrap();
        store.import(batch, &plain).unwrap();
        let snapshot = store.read().unwrap();
        let found = snapshot.find(&Target::Token(b"fake-token-1").key()).unwrap();
        assert_eq!(found.iter().map(|entry| entry.expires).collect::<Vec<_>>(), [holds]);
    }
}

#[test]
fn no_token_is_on_the_disk() {
    let place = Place::new();
    place.ban("single-fake-token");
    place.open().import(batch("leaked", 0..100), &ImportOptions::default()).unwrap();
    let jwt = Target::Jwt { header: b"fake-token-header", payload: b"fake-token-payload" };
    place.change(|writer| {
        writer.ban(&NewEntry { target: jwt, ..entry("leaked", "") }).unwrap();
    });
    let data = std::fs::read(place.data()).unwrap();
    let holds = |text: &[u8]| data.windows(text.len()).any(|bytes| bytes == text);
    assert!(holds(b"INC-42") && !holds(b"fake-token"));
}

#[test]
fn texts_have_limits() {
    let place = Place::new();
    let mut store = place.open();
    let mut writer = store.write().unwrap();
    for list in ["", "Leaked", "-x", "a b", &"x".repeat(65)] {
        let error = writer.ban(&entry(list, "fake-token-1")).unwrap_err();
        assert!(error.is_invalid(), "{list}: {error}");
    }
    let long = "x".repeat(1001);
    let error = Batch::new().add(&NewEntry { reason: &long, ..entry("leaked", "fake-token-1") });
    assert!(error.unwrap_err().is_invalid());
}

#[test]
fn nothing_is_created_over_something() {
    let place = Place::new();
    let error = Store::create(&place.path(), &CreateOptions::default()).err().unwrap();
    assert!(error.to_string().contains("there is something already"), "{error}");
    let names: Vec<_> = std::fs::read_dir(place.dir()).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}
