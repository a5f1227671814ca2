//! Several processes at one store: readers never wait, writers never wait for readers, and a
//! process that is killed leaves nothing behind.

mod support;

use std::{fs, thread, time::Duration};

use support::{answer_lines, entry, part_path, play_reader, say, Part, Place};
use tokenban_denylist::{verify, Batch, CreateOptions, ImportOptions, Reader, Store, Target};

#[test]
#[ignore = "a part that other tests start"]
fn reader() {
    if let Some(path) = part_path() {
        play_reader(Reader::open(&path).unwrap());
    }
}

/// Bans the tokens it is told, each in a commit of its own.
#[test]
#[ignore = "a part that other tests start"]
fn banner() {
    let Some(path) = part_path() else { return };
    let mut store = Store::open(&path).unwrap();
    answer_lines(|token| {
        let mut writer = store.write().unwrap();
        let taken = writer.ban(&entry("leaked", token)).unwrap();
        writer.commit().unwrap();
        format!("{taken:?}")
    });
}

/// Begins to write, and commits when it is told to.
#[test]
#[ignore = "a part that other tests start"]
fn holder() {
    let Some(path) = part_path() else { return };
    let mut store = Store::open(&path).unwrap();
    let mut writer = store.write().unwrap();
    writer.ban(&entry("leaked", "held-fake-token")).unwrap();
    let mut writer = Some(writer);
    say("holding");
    answer_lines(|_| {
        writer.take().unwrap().commit().unwrap();
        "committed".to_owned()
    });
}

const MANY: u32 = 60_000;

fn import_batch() -> Batch {
    let mut batch = Batch::new();
    for token in 0..MANY {
        batch.add(&entry("imported", &format!("imported-token-{token}"))).unwrap();
    }
    batch
}

#[test]
#[ignore = "a part that other tests start"]
fn importer() {
    let Some(path) = part_path() else { return };
    let batch = import_batch();
    let mut store = Store::open(&path).unwrap();
    say("importing");
    store.import(batch, &ImportOptions::default()).unwrap();
    say("imported");
}

fn part(name: &str, place: &Place) -> Part {
    Part::start(name, &place.path())
}

/// A reader that has the store open.
fn reading(place: &Place) -> Part {
    let mut reader = part("reader", place);
    assert_eq!(reader.answer(), "ready");
    reader
}

#[test]
fn a_commit_is_seen_at_once() {
    let place = Place::new();
    let mut readers = [reading(&place), reading(&place)];
    let mut banner = part("banner", &place);
    for token in ["fake-token-1", "fake-token-2"] {
        for reader in &mut readers {
            assert_eq!(reader.ask(&format!("ask {token}")), "");
        }
        assert_eq!(banner.ask(token), "New");
        for reader in &mut readers {
            assert_eq!(reader.ask(&format!("ask {token}")), "leaked");
            assert_eq!(reader.ask("check"), "fine");
        }
    }
}

#[test]
fn readers_do_not_wait_and_see_nothing_half() {
    let place = Place::new();
    place.ban("fake-token-1");
    let mut holder = part("holder", &place);
    assert_eq!(holder.answer(), "holding");
    let mut reader = reading(&place);
    assert_eq!(reader.ask("ask fake-token-1"), "leaked");
    assert_eq!(reader.ask("ask held-fake-token"), "");
    assert_eq!(holder.ask("commit"), "committed");
    assert_eq!(reader.ask("ask held-fake-token"), "leaked");
}

#[test]
fn a_writer_waits_for_the_other_one() {
    let place = Place::new();
    let mut holder = part("holder", &place);
    assert_eq!(holder.answer(), "holding");
    let path = place.path();
    let waiting = thread::spawn(move || {
        let mut store = Store::open(&path).unwrap();
        let mut writer = store.write().unwrap();
        let taken = writer.ban(&entry("leaked", "held-fake-token")).unwrap();
        writer.commit().unwrap();
        taken
    });
    thread::sleep(Duration::from_millis(200));
    assert!(!waiting.is_finished());
    holder.ask("commit");
    assert_eq!(format!("{:?}", waiting.join().unwrap()), "Before");
}

#[test]
fn two_writers_at_once_lose_nothing() {
    let place = Place::new();
    let mut writers = [part("banner", &place), part("banner", &place)];
    for token in 0..40 {
        writers.iter_mut().enumerate().for_each(|(of, writer)| {
            writer.tell(&format!("fake-token-{of}-{token}"));
        });
    }
    for writer in &mut writers {
        (0..40).for_each(|_| assert_eq!(writer.answer(), "New"));
    }
    assert_eq!(place.open().read().unwrap().entries().unwrap().count(), 80);
    assert_eq!(verify(&place.path()).unwrap().faults, [""; 0]);
}

#[test]
fn a_writer_killed_in_an_import_leaves_all_or_nothing() {
    let place = Place::new();
    place.ban("fake-token-1");
    let mut reader = reading(&place);
    let mut killed = 0;
    for delay in [0, 20, 60, 100, 200] {
        let mut importer = part("importer", &place);
        assert_eq!(importer.answer(), "importing");
        thread::sleep(Duration::from_millis(delay));
        importer.kill();
        assert_eq!(reader.ask("ask fake-token-1"), "leaked");
        let last = format!("ask imported-token-{}", MANY - 1);
        let seen = [reader.ask("ask imported-token-0"), reader.ask(&last)];
        let count = place.open().read().unwrap().entries().unwrap().count();
        match count {
            1 => assert_eq!(seen, ["", ""]),
            _ => assert_eq!((count, seen), (1 + MANY as usize, ["imported"; 2].map(String::from))),
        }
        assert_eq!(verify(&place.path()).unwrap().faults, [""; 0], "after {delay} ms");
        place.ban("fake-token-1");
        killed += u32::from(count == 1);
    }
    assert!(killed > 0, "no import was killed before its commit");
}

/// Commits so many changes, and tells by how much the file grew.
fn churn(place: &Place, rounds: u32) -> u64 {
    let before = fs::metadata(place.data()).unwrap().len();
    let mut store = place.open();
    for round in 0..rounds {
        let token = format!("fake-token-{round}");
        let target = Target::Token(token.as_bytes());
        let mut writer = store.write().unwrap();
        writer.ban(&entry("leaked", &token)).unwrap();
        writer.commit().unwrap();
        let mut writer = store.write().unwrap();
        writer.unban("leaked", &target).unwrap();
        writer.commit().unwrap();
    }
    fs::metadata(place.data()).unwrap().len() - before
}

/// The same beside a reader that checks now and then. It keeps the lock file in use: otherwise the
/// next one to open it would begin a new one, and clear what was left by the way.
fn churn_beside(other: &mut Part, place: &Place, rounds: u32) -> u64 {
    let grown = (0..rounds).map(|_| {
        assert_eq!(other.ask("check"), "fine");
        churn(place, 1)
    });
    grown.sum()
}

#[test]
fn a_killed_reader_holds_no_pages() {
    let place = Place::new();
    let mut other = reading(&place);
    churn_beside(&mut other, &place, 20);
    let settled = churn_beside(&mut other, &place, 20);
    assert!(settled < 100_000, "{settled}");
    let mut reader = reading(&place);
    reader.ask("ask fake-token-1");
    let held = churn_beside(&mut other, &place, 20);
    assert!(held > settled + 400_000, "a snapshot keeps its pages: {held}");
    reader.kill();
    let after = churn_beside(&mut other, &place, 40);
    assert!(after < 100_000, "{after}");
}

#[test]
fn an_idle_reader_lets_go_of_pages_when_it_checks() {
    let place = Place::new();
    churn(&place, 20);
    let mut reader = reading(&place);
    reader.ask("ask fake-token-1");
    let mut grown = 0;
    for _ in 0..20 {
        grown += churn(&place, 1);
        assert_eq!(reader.ask("check"), "fine");
    }
    assert!(grown < 200_000, "{grown}");
}

#[test]
fn compact_takes_readers_and_writers_along() {
    let place = Place::new();
    place.ban("fake-token-1");
    let mut reader = reading(&place);
    let mut banner = part("banner", &place);
    assert_eq!(reader.ask("ask fake-token-1"), "leaked");
    assert_eq!(banner.ask("fake-token-2"), "New");
    for round in 3..6 {
        place.open().compact().unwrap();
        assert_eq!(reader.ask("ask fake-token-2"), "leaked");
        let token = format!("fake-token-{round}");
        assert_eq!(banner.ask(&token), "New");
        assert_eq!(reader.ask(&format!("ask {token}")), "leaked");
    }
    assert_eq!(reader.ask("check"), "fine");
    assert_eq!(place.open().read().unwrap().entries().unwrap().count(), 5);
}

#[test]
fn a_store_replaced_by_rename_is_followed() {
    let place = Place::new();
    place.ban("fake-token-1");
    let mut reader = reading(&place);
    assert_eq!(reader.ask("ask fake-token-1"), "leaked");
    let other = place.dir().join("other");
    let mut store = Store::create(&other, &CreateOptions::default()).unwrap();
    let mut writer = store.write().unwrap();
    writer.ban(&entry("new", "fake-token-2")).unwrap();
    writer.commit().unwrap();
    drop(store);
    fs::rename(place.path(), place.dir().join("aside")).unwrap();
    assert!(reader.ask("check").contains("is missing"));
    assert_eq!(reader.ask("ask fake-token-1"), "leaked");
    fs::rename(&other, place.path()).unwrap();
    assert_eq!(reader.ask("check"), "fine");
    assert_eq!(reader.ask("ask fake-token-1"), "");
    assert_eq!(reader.ask("ask fake-token-2"), "new");
}

#[test]
fn a_bad_store_in_its_place_leaves_the_last_good_one() {
    let place = Place::new();
    place.ban("fake-token-1");
    let mut reader = reading(&place);
    let aside = place.dir().join("aside");
    fs::rename(place.path(), &aside).unwrap();
    fs::create_dir(place.path()).unwrap();
    for (content, message) in [(vec![], "is empty"), (vec![b'x'; 9000], "not a file of LMDB")] {
        fs::write(place.data(), content).unwrap();
        let error = reader.ask("check");
        assert!(error.contains(message), "{error}");
        assert_eq!(reader.ask("ask fake-token-1"), "leaked");
    }
    fs::remove_dir_all(place.path()).unwrap();
    fs::rename(&aside, place.path()).unwrap();
    assert_eq!(reader.ask("check"), "fine");
    place.ban("fake-token-2");
    assert_eq!(reader.ask("ask fake-token-2"), "leaked");
}

#[test]
fn a_removed_lock_file_is_made_anew_and_followed() {
    let place = Place::new();
    place.ban("fake-token-1");
    let mut reader = reading(&place);
    fs::remove_file(place.lock()).unwrap();
    let error = reader.ask("check");
    assert!(error.contains("lock.mdb is missing"), "{error}");
    place.ban("fake-token-2");
    assert_eq!(reader.ask("ask fake-token-2"), "leaked");
    place.ban("fake-token-3");
    assert_eq!(reader.ask("ask fake-token-3"), "leaked");
    assert_eq!(reader.ask("check"), "fine");
}

#[test]
fn a_file_truncated_in_use_is_lost_and_said_so() {
    let place = Place::new();
    place.ban("fake-token-1");
    let good = fs::read(place.data()).unwrap();
    let mut reader = reading(&place);
    let file = fs::OpenOptions::new().write(true).open(place.data()).unwrap();
    file.set_len(good.len() as u64 / 2).unwrap();
    let error = reader.ask("check");
    assert!(error.contains("truncated"), "{error}");
    assert_eq!(reader.ask("ask fake-token-1"), "lost, and says so");
    assert!(reader.ask("check").contains("truncated"));
    fs::write(place.dir().join("data"), &good).unwrap();
    fs::rename(place.dir().join("data"), place.data()).unwrap();
    assert_eq!(reader.ask("check"), "fine");
    assert_eq!(reader.ask("ask fake-token-1"), "leaked");
}

#[test]
fn a_lock_file_truncated_in_use_is_lost_and_said_so() {
    let place = Place::new();
    place.ban("fake-token-1");
    let mut reader = reading(&place);
    fs::OpenOptions::new().write(true).open(place.lock()).unwrap().set_len(0).unwrap();
    for _ in 0..2 {
        let error = reader.ask("check");
        assert!(error.contains("lock.mdb was truncated"), "{error}");
        assert_eq!(reader.ask("ask fake-token-1"), "lost, and says so");
    }
}

#[test]
fn a_store_that_outgrows_the_map_of_a_reader_is_mapped_anew() {
    let place = Place::new();
    place.ban("fake-token-1");
    let limited = "ulimit -v 220000; exec \"$0\" \"$@\"";
    let mut reader = Part::start_below(limited, "reader", &place.path());
    assert_eq!(reader.answer(), "ready");
    assert_eq!(reader.ask("ask fake-token-1"), "leaked");
    let mut batch = Batch::new();
    let long = "x".repeat(1000);
    for token in 0..6_000 {
        let token = format!("long-token-{token}");
        let entry = entry("leaked", &token);
        let source = format!("{token}{}", &long[token.len()..]);
        batch
            .add(&tokenban_denylist::NewEntry { reason: &long, source: &source, ..entry })
            .unwrap();
    }
    place.open().import(batch, &ImportOptions::default()).unwrap();
    let length = fs::metadata(place.data()).unwrap().len();
    assert!(length > 1 << 24, "{length}");
    assert_eq!(reader.ask("ask long-token-5999"), "leaked");
    assert_eq!(reader.ask("check"), "fine");
}
