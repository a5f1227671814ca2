//! What is not a store, or not ours to use: each is told apart, with a way out, and nothing is
//! changed by the attempt.

mod support;

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::{chown, FileExt, MetadataExt, PermissionsExt},
    path::Path,
};

use support::{answer_lines, entry, is_root, lists, part_path, program, say, Part, Place, NOBODY};
use tokenban_denylist::{
    check_store, verify, Batch, CreateOptions, ImportOptions, Reader, Store, StoreError,
};

/// What everyone says who tries to use a store: writer, reader, `nginx -t`, `tokenban verify`.
fn attempts(path: &Path) -> Vec<String> {
    fn told<T>(result: Result<T, StoreError>) -> String {
        result.err().map_or("fine".to_owned(), |error| error.to_string())
    }
    vec![
        told(check_store(path)),
        told(Store::open_read_only(path)),
        told(Reader::open(path)),
        told(verify(path)),
        told(Store::open(path)),
    ]
}

#[test]
#[ignore = "a part that other tests start"]
fn attempter() {
    if let Some(path) = part_path() {
        answer_lines(|_| attempts(&path).join(" | "));
    }
}

fn expect(path: &Path, message: &str) {
    for told in attempts(path) {
        assert!(told.contains(message), "{message}: {told}");
        assert!(told.contains(&format!("store \"{}\"", path.display())), "{told}");
    }
}

#[test]
fn missing_empty_and_foreign_files_are_told_apart() {
    let place = Place::new();
    place.ban("fake-token-1");
    let data = fs::read(place.data()).unwrap();
    expect(&place.dir().join("nowhere"), "data.mdb is missing; `tokenban init` makes a store");
    let cases: [(&[u8], &str); 6] = [
        (b"", "data.mdb is empty"),
        (b"hello", "not a file of LMDB"),
        (&[0; 8192], "not a file of LMDB"),
        (&data[..100], "not a file of LMDB"),
        (&data[..5000], "truncated: 5000 bytes"),
        (&data[..data.len() / 2 / 4096 * 4096], "truncated: "),
    ];
    for (content, message) in cases {
        // By rename, as a file comes: never in place.
        fs::write(place.dir().join("data"), content).unwrap();
        fs::rename(place.dir().join("data"), place.data()).unwrap();
        expect(&place.path(), message);
        assert_eq!(fs::read(place.data()).unwrap(), content, "nothing was changed: {message}");
    }
    fs::remove_file(place.data()).unwrap();
    fs::create_dir(place.data()).unwrap();
    expect(&place.path(), "data.mdb is not a file");
}

#[test]
fn an_lmdb_file_of_another_program_is_none_of_ours() {
    let place = Place::new();
    patch(&place, b"tokenban store ", b"somebody store ");
    let told = attempts(&place.path());
    for told in [&told[0], &told[1], &told[2], &told[4]] {
        assert!(told.contains("an LMDB file of another program"), "{told}");
    }
    assert!(!verify(&place.path()).unwrap().faults.is_empty());
}

#[test]
fn another_version_is_refused() {
    let place = Place::new();
    patch(&place, b"tokenban store \x04", b"tokenban store \x03");
    let told = attempts(&place.path());
    for told in [&told[0], &told[1], &told[2], &told[4]] {
        let message = "written by another version: format 3, this tokenban knows 4; use the \
                       tokenban that wrote it to export the entries, and import them";
        assert!(told.contains(message), "{told}");
    }
    let faults = verify(&place.path()).unwrap().faults;
    assert!(faults.iter().any(|fault| fault.contains("format 3")), "{faults:?}");
}

/// Overwrites bytes wherever they stand in the data file.
fn patch(place: &Place, from: &[u8], to: &[u8]) {
    let mut data = fs::read(place.data()).unwrap();
    let mut found = 0;
    for at in 0..data.len() - from.len() {
        if &data[at..at + from.len()] == from {
            data[at..at + from.len()].copy_from_slice(to);
            found += 1;
        }
    }
    assert!(found > 0);
    fs::write(place.data(), data).unwrap();
}

#[test]
fn nginx_t_leaves_nothing_behind() {
    let place = Place::new();
    place.ban("fake-token-1");
    let look = || {
        let file = |path| {
            let file = fs::metadata(path).unwrap();
            (file.ino(), file.len(), file.mtime(), file.mtime_nsec(), file.ctime_nsec())
        };
        (file(place.lock()), file(place.data()), fs::read_dir(place.path()).unwrap().count())
    };
    let before = look();
    check_store(&place.path()).unwrap();
    assert_eq!(look(), before);
    fs::remove_file(place.lock()).unwrap();
    let error = check_store(&place.path()).unwrap_err();
    assert!(error.to_string().contains("lock.mdb is missing"), "{error}");
    let error = Reader::open(&place.path()).err().unwrap();
    assert!(error.to_string().contains("lock.mdb is missing"), "{error}");
    assert!(!place.lock().exists());
}

#[test]
fn modes_and_owners_are_those_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let owner = is_root().then_some(NOBODY);
    let options = CreateOptions { owner, group: owner, ..CreateOptions::default() };
    Store::create(&path, &options).unwrap();
    let check = || {
        for (file, mode) in [("", 0o750), ("data.mdb", 0o640), ("lock.mdb", 0o660)] {
            let found = fs::metadata(path.join(file)).unwrap();
            assert_eq!(found.permissions().mode() & 0o7777, mode, "{file}");
            let mine = fs::metadata(dir.path()).unwrap().uid();
            assert_eq!(found.uid(), owner.unwrap_or(mine), "{file}");
        }
    };
    check();
    Store::open(&path).unwrap().compact().unwrap();
    check();
    fs::remove_file(path.join("lock.mdb")).unwrap();
    Store::open(&path).unwrap();
    check();
}

/// A store that a process without rights tries to use, and what it says.
fn as_nobody(prepare: impl FnOnce(&Place)) -> String {
    let place = Place::new();
    place.ban("fake-token-1");
    let program = if is_root() {
        let copy = place.dir().join("program");
        fs::copy(program(), &copy).unwrap();
        fs::set_permissions(place.dir(), fs::Permissions::from_mode(0o755)).unwrap();
        copy
    } else {
        program()
    };
    prepare(&place);
    Part::start_as_nobody(&program, "attempter", &place.path()).ask("")
}

fn give(path: &Path, mode: u32) {
    if is_root() {
        chown(path, None, Some(NOBODY)).unwrap();
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn who_has_no_right_is_told_so() {
    let told = as_nobody(|place| {
        let mode = fs::Permissions::from_mode(0o000);
        fs::set_permissions(place.path(), mode).unwrap();
    });
    assert_eq!(told.matches("ermission denied").count(), 5, "{told}");
    assert_eq!(told.matches("check user, group and modes").count(), 5, "{told}");
}

#[test]
fn a_reader_needs_the_lock_file_and_a_writer_the_data() {
    let told = as_nobody(|place| {
        give(&place.path(), 0o750);
        give(&place.data(), 0o440);
        give(&place.lock(), 0o660);
    });
    let told: Vec<_> = told.split(" | ").collect();
    assert_eq!(told[..4], ["fine"; 4], "{told:?}");
    assert!(told[4].contains("ermission denied"), "{told:?}");
    let told = as_nobody(|place| {
        give(&place.path(), 0o750);
        give(&place.data(), 0o440);
        give(&place.lock(), 0o440);
    });
    let told: Vec<_> = told.split(" | ").collect();
    assert!(told[1..].iter().all(|told| told.contains("ermission denied")), "{told:?}");
}

#[test]
fn a_read_only_file_system_is_told() {
    let place = Place::new();
    let namespace = if is_root() { "-m" } else { "-rm" };
    let shell = format!(
        "exec unshare {namespace} sh -c 'mount --bind \"$STORE\" \"$STORE\" && \
         mount -o remount,bind,ro \"$STORE\" && exec \"$0\" \"$@\"' \"$0\" \"$@\""
    );
    let told = Part::start_below(&shell, "attempter", &place.path()).ask("");
    let told: Vec<_> = told.split(" | ").collect();
    assert!(told[2].contains("on a read-only file system"), "{told:?}");
    assert!(told[4].contains("nothing was changed: mount it writable"), "{told:?}");
}

/// Imports a thousand times more than there is room for.
#[test]
#[ignore = "a part that other tests start"]
fn filler() {
    let Some(path) = part_path() else { return };
    let mut batch = Batch::new();
    for token in 0..100_000 {
        batch.add(&entry("leaked", &format!("fake-token-{token}"))).unwrap();
    }
    let mut store = Store::open(&path).unwrap();
    say(&store.import(batch, &ImportOptions::default()).unwrap_err().to_string());
    // The same process goes on with what is left.
    let mut writer = store.write().unwrap();
    writer.ban(&entry("leaked", "small-fake-token")).unwrap();
    say(&format!("{:?}", writer.commit()));
}

#[test]
fn a_full_disk_changes_nothing() {
    let place = Place::new();
    place.ban("present-fake-token");
    let blocks = fs::metadata(place.data()).unwrap().len() / 512 + 200;
    let limited = format!("ulimit -f {blocks}; trap '' XFSZ; exec \"$0\" \"$@\"");
    let mut filler = Part::start_below(&limited, "filler", &place.path());
    let error = filler.answer();
    assert!(error.contains("nothing was changed: "), "{error}");
    assert_eq!(filler.answer(), "Ok(())");
    drop(filler);
    assert_eq!(verify(&place.path()).unwrap().faults, [""; 0]);
    let reader = Reader::open(&place.path()).unwrap();
    assert_eq!(lists(&reader, "present-fake-token").unwrap(), ["leaked"]);
    assert_eq!(lists(&reader, "small-fake-token").unwrap(), ["leaked"]);
    assert!(lists(&reader, "fake-token-0").unwrap().is_empty());
}

#[test]
fn one_process_opens_a_store_once() {
    let place = Place::new();
    let _store = place.open();
    let error = Reader::open(&place.path()).err().unwrap();
    assert!(error.to_string().contains("open already in this process"), "{error}");
}

/// A file without its last page, if that page is free.
fn cut_free_page(place: &Place) -> bool {
    let file = OpenOptions::new().read(true).write(true).open(place.data()).unwrap();
    let length = file.metadata().unwrap().len() - 4096;
    let mut page = vec![0; 4096];
    file.read_exact_at(&mut page, length).unwrap();
    file.set_len(length).unwrap();
    let checked = check_store(&place.path());
    if let Err(error) = &checked {
        assert!(error.to_string().contains("truncated"), "{error}");
        file.write_all_at(&page, length).unwrap();
    }
    checked.is_ok()
}

/// LMDB never writes pages that a transaction takes at the end of the file and gives back.
#[test]
fn a_file_without_its_free_last_page_is_whole() {
    let place = Place::new();
    let mut batch = Batch::new();
    for token in 0..3000 {
        batch.add(&entry("leaked", &format!("fake-token-{token}"))).unwrap();
    }
    place.open().import(batch, &ImportOptions::default()).unwrap();
    let empty = ImportOptions { replace: Some("leaked"), force: true, dry_run: false };
    place.open().import(Batch::new(), &empty).unwrap();
    let found = (0..20).any(|token| {
        place.ban(&format!("small-fake-token-{token}"));
        cut_free_page(&place)
    });
    assert!(found, "no free page at the end: the test tells nothing");
    assert_eq!(verify(&place.path()).unwrap().faults, [""; 0]);
    let reader = Reader::open(&place.path()).unwrap();
    assert_eq!(lists(&reader, "small-fake-token-0").unwrap(), ["leaked"]);
    drop(reader);
    place.ban("fake-token-1");
    let reader = Reader::open(&place.path()).unwrap();
    assert_eq!(lists(&reader, "fake-token-1").unwrap(), ["leaked"]);
}
