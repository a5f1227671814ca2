//! Compacting, verifying, and what a damaged file does.

mod support;

use std::{
    fs,
    os::unix::fs::{FileExt, MetadataExt},
};

use proptest::prelude::*;
use support::{entry, lists, Place, NOW};
use tokenban_denylist::{check_store, verify, Batch, ImportOptions, Reader, Store, Target};

fn fill(place: &Place, count: u32) {
    let mut batch = Batch::new();
    for token in 0..count {
        batch.add(&entry("leaked", &format!("fake-token-{token}"))).unwrap();
        batch
            .add(&tokenban_denylist::NewEntry {
                target: Target::Sha1(std::array::from_fn(|at| (token >> (at % 4 * 8)) as u8)),
                ..entry("hashes", "")
            })
            .unwrap();
    }
    place.open().import(batch, &ImportOptions::default()).unwrap();
}

#[test]
fn compact_keeps_the_entries_and_gives_room_back() {
    let place = Place::new();
    fill(&place, 20_000);
    place.change(|writer| {
        for token in 0..19_000 {
            let token = format!("fake-token-{token}");
            assert!(writer.unban("leaked", &Target::Token(token.as_bytes())).unwrap());
        }
    });
    let (id, inode) = (place.open().id().unwrap(), fs::metadata(place.data()).unwrap().ino());
    let mut store = place.open();
    let before = store.stats(NOW).unwrap();
    store.compact().unwrap();
    let after = store.stats(NOW).unwrap();
    assert_eq!((after.keys, &after.lists), (before.keys, &before.lists));
    assert!(after.file_bytes < before.file_bytes / 2 + 900_000, "{before:?} {after:?}");
    assert_eq!(after.id, id);
    assert_ne!(fs::metadata(place.data()).unwrap().ino(), inode);
    drop(store);
    assert_eq!(verify(&place.path()).unwrap().faults, [""; 0]);
    let reader = Reader::open(&place.path()).unwrap();
    assert!(lists(&reader, "fake-token-5").unwrap().is_empty());
    assert_eq!(lists(&reader, "fake-token-19500").unwrap(), ["leaked"]);
    assert_eq!(fs::read_dir(place.dir()).unwrap().count(), 1);
}

#[test]
fn a_sound_store_verifies() {
    let place = Place::new();
    assert_eq!(verify(&place.path()).unwrap().faults, [""; 0]);
    fill(&place, 5000);
    place.ban("another-fake-token");
    place.change(|writer| {
        writer.unban("leaked", &Target::Token(b"fake-token-7")).unwrap();
    });
    let verified = verify(&place.path()).unwrap();
    assert_eq!((verified.keys, &verified.faults[..]), (10_000, &[][..]));
    check_store(&place.path()).unwrap();
}

#[test]
fn compact_follows_a_link_and_keeps_it() {
    let place = Place::new();
    place.ban("fake-token-1");
    let link = place.dir().join("link");
    std::os::unix::fs::symlink(place.path(), &link).unwrap();
    Store::open(&link).unwrap().compact().unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_dir(place.dir()).unwrap().count(), 2);
    let reader = Reader::open(&link).unwrap();
    assert_eq!(lists(&reader, "fake-token-1").unwrap(), ["leaked"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever stands in a file: it is read to an end, and called damaged or sound.
    #[test]
    fn no_damage_ends_who_verifies(
        at in any::<proptest::sample::Index>(),
        bytes in proptest::collection::vec(any::<u8>(), 1..64),
        in_front: bool,
    ) {
        let place = Place::new();
        fill(&place, 200);
        let mut data = fs::read(place.data()).unwrap();
        let reach = if in_front { 8192 } else { data.len() } - bytes.len();
        let at = at.index(reach);
        data[at..at + bytes.len()].copy_from_slice(&bytes);
        fs::write(place.data(), data).unwrap();
        let _ = check_store(&place.path());
        let _ = verify(&place.path());
    }
}

/// Every entry of a store, in words.
fn dump(place: &Place) -> Vec<String> {
    let store = Store::open_read_only(&place.path()).unwrap();
    let snapshot = store.read().unwrap();
    let entries = snapshot.entries().unwrap();
    entries.map(|entry| format!("{:?}", entry.unwrap())).collect()
}

/// Flips bits all over the file, one at a time: each is found, or lies where nothing is kept.
#[test]
fn flipped_bits_are_found() {
    let place = Place::new();
    fill(&place, 300);
    let sound = dump(&place);
    let file = fs::OpenOptions::new().read(true).write(true).open(place.data()).unwrap();
    let length = file.metadata().unwrap().len();
    let mut found = 0;
    for at in (8192..length).step_by(331) {
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).unwrap();
        file.write_all_at(&[byte[0] ^ 1 << (at % 8)], at).unwrap();
        match verify(&place.path()).unwrap().faults.is_empty() {
            false => found += 1,
            true => assert_eq!(dump(&place), sound, "bit at {at}"),
        }
        file.write_all_at(&byte, at).unwrap();
    }
    assert!(found > 50, "{found}");
    assert_eq!(verify(&place.path()).unwrap().faults, [""; 0]);
}
