//! What is put into a store is found again, by people and by a reader, and nothing else is.

mod support;

use support::{entry, lists, Place, NOW};
use tokenban_denylist::{
    verify, verify_watched, Act, Batch, Choice, Claim, CreateOptions, EntryKey, ImportOptions,
    Imported, NewEntry, Reader, Store, Taken, Target,
};
use tokenban_engine::denylist::{Ban, Denylists, Key, Kind, Level, Network, Networks};

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
        Target::Claim { name: "jti", issuer: Some("https://id.example"), value: b"1" },
        Target::Jwt { header: b"{}", payload: b"{}" },
        Target::Sha1([1; 20]),
        Target::Sha256([2; 32]),
        Target::Claim { name: "kid", issuer: None, value: b"key-1" },
        Target::Token(b"fake-token-1"),
    ];
    let except = "192.0.2.0/24".parse::<Network>().unwrap();
    let except = Networks::from_bytes(except.as_bytes()).unwrap();
    let full = |target| NewEntry {
        level: Level::Monitor,
        except,
        is_named: true,
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
            assert_eq!((found[0].level, found[0].except), (Level::Monitor, except));
            assert!(found[0].is_named);
        }
        let claim = |target: &Target<'_>| snapshot.find(&target.key()).unwrap()[0].claim;
        let jti = Claim { name: "jti", issuer: Some("https://id.example"), value: None };
        let kid = Claim { name: "kid", issuer: None, value: Some("key-1") };
        assert_eq!((claim(&targets[0]), claim(&targets[4])), (Some(jti), Some(kid)));
        let profile = snapshot.profile().unwrap();
        let names: Vec<&str> = profile.claims().claims().iter().map(|one| &*one.name).collect();
        assert_eq!(names, ["jti", "kid"]);
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
        assert_eq!((ban.level, ban.except), (Level::Monitor, except));
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
fn taking_off_says_how_far_it_is() {
    let place = Place::new();
    place.change(|writer| {
        for token in [&b"fake-token-1"[..], b"fake-token-2", b"fake-token-3"] {
            let target = Target::Token(token);
            assert!(writer.ban(&NewEntry { target, ..entry("leaked", "") }).is_ok());
        }
    });
    let seen = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let told = seen.clone();
    place.change(|writer| {
        writer.watch(move |done, all| told.borrow_mut().push((done, all)));
        assert_eq!(writer.unban_all(&tokenban_denylist::Choice::default()).unwrap(), 3);
    });
    assert_eq!(*seen.borrow(), [(0, 3), (1, 3), (2, 3)]);
}

#[test]
fn a_level_is_kept() {
    let place = Place::new();
    for level in [Level::Monitor, Level::Deny, Level::Canary] {
        let target = Target::Token(b"fake-token-1");
        let entry = NewEntry { level, target, ..entry("leaked", "") };
        place.change(|writer| assert!(writer.ban(&entry).is_ok()));
        let store = place.open();
        let snapshot = store.read().unwrap();
        let found = snapshot.find(&target.key()).unwrap();
        // Of two bans of one incident the stronger one stays.
        assert_eq!(found.iter().map(|entry| entry.level).collect::<Vec<_>>(), [level]);
    }
}

fn found(store: &Store, token: &str) -> Vec<(String, Option<u64>)> {
    let snapshot = store.read().unwrap();
    let found = snapshot.find(&Target::Token(token.as_bytes()).key()).unwrap();
    found.iter().map(|entry| (entry.reason.to_owned(), entry.expires)).collect()
}

#[test]
fn a_ban_is_not_weakened_unless_it_is_replaced() {
    let place = Place::new();
    place.ban("fake-token-1");
    let shorter = NewEntry { expires: Some(NOW), reason: "x", ..entry("leaked", "fake-token-1") };
    place.change(|writer| assert_eq!(writer.ban(&shorter).unwrap(), Taken::Before));
    assert_eq!(found(&place.open(), "fake-token-1"), [("INC-42".to_owned(), None)]);
    place.change(|writer| {
        assert_eq!(writer.replace(&shorter).unwrap(), Taken::Replaced);
        assert_eq!(writer.replace(&shorter).unwrap(), Taken::Before);
        assert_eq!(writer.replace(&entry("other", "fake-token-1")).unwrap(), Taken::New);
    });
    assert_eq!(found(&place.open(), "fake-token-1")[0], ("x".to_owned(), Some(NOW)));
    place.change(|writer| {
        let longer = NewEntry { expires: Some(NOW + 9), ..shorter };
        assert_eq!(writer.ban(&longer).unwrap(), Taken::Stronger);
    });
    assert_eq!(found(&place.open(), "fake-token-1").len(), 2);
}

fn of_incident<'a>(name: &'a str, token: &'a str, expires: Option<u64>) -> NewEntry<'a> {
    NewEntry { reason: name, is_named: true, expires, ..entry("leaked", token) }
}

#[test]
fn an_incident_is_undone_and_no_other() {
    let place = Place::new();
    let token = "fake-token-1";
    place.change(|writer| {
        assert_eq!(writer.ban(&of_incident("INC-1", token, None)).unwrap(), Taken::New);
        assert_eq!(writer.ban(&of_incident("INC-2", token, None)).unwrap(), Taken::Beside);
        writer.ban(&of_incident("INC-2", "fake-token-2", None)).unwrap();
    });
    place.change(|writer| assert_eq!(writer.undo("INC-2", None).unwrap(), (2, 0)));
    assert_eq!(found(&place.open(), token), [("INC-1".to_owned(), None)]);
    assert_eq!(found(&place.open(), "fake-token-2"), []);

    // What it replaced comes back; also when it was itself replaced meanwhile.
    for undone_first in ["INC-3", "INC-4"] {
        place.change(|writer| {
            writer.replace(&of_incident("INC-3", token, Some(NOW + 3))).unwrap();
            writer.replace(&of_incident("INC-4", token, Some(NOW + 4))).unwrap();
        });
        assert_eq!(found(&place.open(), token), [("INC-4".to_owned(), Some(NOW + 4))]);
        place.open().compact().unwrap();
        place.change(|writer| {
            writer.undo(undone_first, Some("leaked")).unwrap();
        });
        let left = [("INC-4", NOW + 4), ("INC-3", NOW + 3)];
        let left = left.iter().find(|(name, _)| *name != undone_first).unwrap();
        assert_eq!(found(&place.open(), token), [(left.0.to_owned(), Some(left.1))]);
        place.change(|writer| {
            writer.undo(left.0, None).unwrap();
        });
        assert_eq!(found(&place.open(), token), [("INC-1".to_owned(), None)]);
    }
    assert_eq!(verify(&place.path()).unwrap().faults, [""; 0]);
}

#[test]
fn what_an_import_replaced_comes_back_with_its_incident() {
    let place = Place::new();
    let mut store = place.open();
    store.import(batch("leaked", 0..10), &ImportOptions::default()).unwrap();
    store.import(batch("other", 0..10), &ImportOptions::default()).unwrap();
    let all = |store: &Store| {
        let snapshot = store.read().unwrap();
        let entries = snapshot.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            (entry.key, entry.list.to_owned(), entry.reason.to_owned())
        });
        entries.collect::<std::collections::BTreeSet<_>>()
    };
    let before = all(&store);
    let mut batch = Batch::new();
    for token in 5..15 {
        batch.add(&of_incident("INC-9", &format!("fake-token-{token}"), None)).unwrap();
    }
    let replace = ImportOptions { replace: Some("leaked"), ..ImportOptions::default() };
    assert_eq!(store.import(batch, &replace).unwrap().removed, 5);
    store.compact().unwrap();
    let mut writer = store.write().unwrap();
    assert_eq!(writer.undo("INC-9", None).unwrap(), (10, 10));
    writer.commit().unwrap();
    assert_eq!(all(&store), before);
    drop(store);
    assert_eq!(verify(&place.path()).unwrap().faults, [""; 0]);
    let reader = Reader::open(&place.path()).unwrap();
    assert_eq!(lists(&reader, "fake-token-1").unwrap().len(), 2);
}

#[test]
fn entries_that_belong_together_know_each_other() {
    let place = Place::new();
    let [one, two, three] =
        ["fake-token-1", "fake-token-2", "fake-token-3"].map(|name| Key::token(name.as_bytes()));
    let keys = [one, two, three].map(EntryKey::Key);
    place.change(|writer| {
        for token in ["fake-token-1", "fake-token-2", "fake-token-3"] {
            writer.ban(&entry("leaked", token)).unwrap();
        }
        writer.link(&keys).unwrap();
        writer.link(&keys[..2]).unwrap();
    });
    let mut seen = Vec::new();
    place.open().compact_watched(&mut |done, total| seen.push((done, total))).unwrap();
    verify_watched(&place.path(), &mut |done, total| seen.push((done, total))).unwrap();
    assert_eq!(seen, [(1, 3), (2, 3), (3, 3), (1, 3), (2, 3), (3, 3)]);
    let linked = |key: &EntryKey| place.open().read().unwrap().linked(key).unwrap();
    assert_eq!(linked(&keys[0]), [keys[1], keys[2]]);
    place.change(|writer| assert!(writer.unban_key("leaked", &keys[1]).unwrap()));
    assert_eq!((linked(&keys[0]), linked(&keys[1])), (vec![keys[2]], vec![]));
    assert_eq!(verify(&place.path()).unwrap().faults, [""; 0]);
}

#[test]
fn entries_are_taken_off_by_what_is_said_of_them() {
    let place = Place::new();
    let claim = Target::Claim { name: "sub", issuer: None, value: b"alice" };
    place.change(|writer| {
        writer.ban(&of_incident("INC-1", "fake-token-1", None)).unwrap();
        writer.ban(&NewEntry { source: "else", ..entry("leaked", "fake-token-2") }).unwrap();
        writer.ban(&NewEntry { added_at: NOW + 5, ..entry("other", "fake-token-3") }).unwrap();
        writer.ban(&NewEntry { target: claim, ..entry("leaked", "") }).unwrap();
    });
    let any = Choice::default;
    let text = |text: &str| Some(text.to_owned());
    for (choice, count) in [
        (Choice { reason: text("INC-1"), ..any() }, 1),
        (Choice { reason: text("INC-1"), ..any() }, 0),
        (Choice { source: text("else"), list: text("other"), ..any() }, 0),
        (Choice { source: text("else"), ..any() }, 1),
        (Choice { added_from: Some(NOW + 6), ..any() }, 0),
        (Choice { added_from: Some(NOW + 5), ..any() }, 1),
        (Choice { claim: text("kid"), ..any() }, 0),
        (Choice { kind: Some(Kind::Claim), added_before: Some(NOW + 1), ..any() }, 1),
    ] {
        place.change(|writer| assert_eq!(writer.unban_all(&choice).unwrap(), count, "{choice:?}"));
    }
}

#[test]
fn every_change_is_in_the_log() {
    let place = Place::new();
    let mut store = place.open();
    store.sign(Act { user: "alice".into(), command: "ban".into(), ..Act::default() });
    let mut writer = store.write().unwrap();
    writer.ban(&of_incident("INC-1", "fake-token-1", Some(NOW))).unwrap();
    writer.commit().unwrap();
    store.write().unwrap().commit().unwrap();
    store.import(batch("leaked", 10..17), &ImportOptions::default()).unwrap();
    assert_eq!(store.sweep(NOW).unwrap(), 1);
    store.compact().unwrap();
    let snapshot = store.read().unwrap();
    let mut log = Vec::new();
    assert!(snapshot.log(&mut |record| log.push(record.clone())).unwrap());
    let changes: Vec<_> = log
        .iter()
        .map(|record| (record.act.user.as_str(), record.tally.added, record.tally.removed))
        .collect();
    assert_eq!(changes, [("alice", 1, 0), ("alice", 7, 0), ("alice", 0, 1), ("alice", 0, 0)]);
    assert!(log.iter().all(|record| record.is_sound));
    drop(snapshot);
    drop(store);
    assert_eq!(verify(&place.path()).unwrap().faults, [""; 0]);
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
    let (plain, nothing) = (ImportOptions::default(), Imported::default());
    let done = store.import(batch("leaked", (0..3000).chain([0, 1])), &plain).unwrap();
    assert_eq!(done, Imported { new: 3000, before: 2, ..nothing });
    let done = store.import(batch("leaked", 2000..4000), &plain).unwrap();
    assert_eq!(done, Imported { new: 1000, before: 1000, ..nothing });
    let done = store.import(batch("other", 0..10), &plain).unwrap();
    assert_eq!(done, Imported { new: 10, ..nothing });
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
    assert_eq!(done, Imported { new: 10, before: 50, removed: 50, changed: 0 });
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

/// A second person, who is another one: not the same as root.
#[test]
fn many_are_taken_off_only_by_two() {
    let place = Place::new();
    let mut store = place.open();
    let as_user = |store: &mut Store, user: &str, at| {
        let uid = ["alice", "bob", "also-alice"].iter().position(|name| user.starts_with(name));
        let uid = uid.map(|uid| uid as u32 % 2 + 1000);
        store.sign(Act { user: user.into(), uid, command: "unban".into(), at, ..Act::default() });
    };
    as_user(&mut store, "alice", NOW);
    store.import(batch("leaked", 0..20), &ImportOptions::default()).unwrap();
    let set = |store: &mut Store, over| {
        let mut writer = store.write().unwrap();
        writer.approve_over(over).unwrap();
        writer.commit()
    };
    set(&mut store, Some(10)).unwrap();
    let all = Choice { list: Some("leaked".into()), ..Choice::default() };
    let unban = |store: &mut Store| {
        let mut writer = store.write().unwrap();
        writer.unban_all(&all).unwrap();
        writer.commit()
    };
    let approve = |store: &mut Store, user: &str, number| {
        as_user(store, user, NOW + 60);
        let mut writer = store.write().unwrap();
        writer.approve(number)?;
        writer.commit()
    };
    let error = unban(&mut store).unwrap_err();
    assert!(error.is_approval() && error.to_string().contains("`tokenban approve 1`"), "{error}");
    assert_eq!(store.stats(NOW).unwrap().lists[0].entries, 20);
    assert!(unban(&mut store).is_err(), "still");
    assert_eq!(store.read().unwrap().pending().unwrap().len(), 1);
    assert!(approve(&mut store, "alice as root", 1).is_err());
    assert!(approve(&mut store, "also-alice", 1).is_err(), "another name of her number");
    assert!(approve(&mut store, "bob", 2).is_err());
    approve(&mut store, "bob as root", 1).unwrap();
    as_user(&mut store, "alice", NOW + 100_000);
    assert!(unban(&mut store).is_err(), "too old");
    as_user(&mut store, "alice", NOW + 120);
    store.import(batch("leaked", 20..21), &ImportOptions::default()).unwrap();
    assert!(unban(&mut store).is_err(), "another set of entries");
    assert!(set(&mut store, None).is_err(), "to switch it off takes two as well");
    let choice = Choice { added_before: Some(NOW + 1), ..all.clone() };
    assert!(store.write().unwrap().unban_all(&choice).unwrap() > 10);
    let pending = store.read().unwrap().pending().unwrap();
    let number = pending.iter().find(|one| one.removes == 21).unwrap().number;
    approve(&mut store, "bob", number).unwrap();
    as_user(&mut store, "alice", NOW + 120);
    unban(&mut store).unwrap();
    let mut log = Vec::new();
    assert!(store.read().unwrap().log(&mut |record| log.push(record.clone())).unwrap());
    let last = log.last().unwrap();
    assert_eq!((last.act.note.as_str(), last.tally.removed), ("approved by bob", 21));
    store.compact().unwrap();
    assert_eq!(store.read().unwrap().approve_over().unwrap(), Some(10));
    drop(store);
    assert_eq!(verify(&place.path()).unwrap().faults, [""; 0]);
}
