//! A store that cannot be used: an error at load; while NGINX runs, the last good state or
//! `tokenban_on_error`, one alert, and recovery. Never a crashed worker, never a silent pass.

#[path = "support/lists.rs"]
mod lists;
mod support;

use std::{
    fs::{self, Permissions},
    os::unix::fs::{chown, MetadataExt, PermissionsExt},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use lists::{Lists, RULES};
use support::{check_in, directory, is_root, Nginx, PATIENCE};
use tempfile::TempDir;
use tokenban_denylist::{CreateOptions, Store};

const TOKEN: &str = "fake-leaked-token-0123456789";
const CLEAN: &str = "fake-clean-token-00123456789";

const HTTP: &str = r#"
    tokenban_store store;
    tokenban       on;
    tokenban_rules rules.yaml;
    server {
        listen 127.0.0.1:{port};
        location / { try_files /none =204; }
        location /pass { tokenban_on_error pass; try_files /none =204; }
        location /monitor { tokenban monitor; try_files /none =204; }
        location /off { tokenban off; try_files /none =204; }
    }
"#;

/// What happens to a store.
type Spoil = fn(&Path);

/// A directory with an empty store and rules that ask it.
fn prepared() -> (TempDir, Lists) {
    let directory = directory();
    let lists = Lists::create(&directory.path().join("store"));
    fs::write(directory.path().join("rules.yaml"), RULES).unwrap();
    (directory, lists)
}

fn errors_of(directory: &TempDir, main: &str, http: &str) -> (bool, String) {
    let output = check_in(directory, main, http);
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_store_that_cannot_be_used_is_an_error_at_load() {
    let cases: [(Spoil, &str); 6] = [
        (|store| fs::remove_dir_all(store).unwrap(), "is missing; `tokenban init` makes a store"),
        (|store| fs::write(store.join("data.mdb"), "").unwrap(), "not a store: data.mdb is empty"),
        (|store| fs::write(store.join("data.mdb"), [7; 9999]).unwrap(), "not a store"),
        (|store| truncate(&store.join("data.mdb"), 9000), "truncated"),
        (|store| fs::remove_file(store.join("lock.mdb")).unwrap(), "lock.mdb is missing"),
        (
            |store| {
                fs::remove_dir_all(store).unwrap();
                fs::write(store, "a file").unwrap();
            },
            "store",
        ),
    ];
    for (spoil, message) in cases {
        let (directory, lists) = prepared();
        drop(lists);
        spoil(&directory.path().join("store"));
        let (passes, text) = errors_of(&directory, "", HTTP);
        assert!(!passes && text.contains("[emerg]") && text.contains(message), "{message}: {text}");
        assert!(text.contains("nginx.conf:"), "{text}");
    }
}

fn truncate(file: &Path, length: u64) {
    fs::OpenOptions::new().write(true).open(file).unwrap().set_len(length).unwrap();
}

#[test]
fn the_directive_and_the_rules_belong_together() {
    let (directory, _lists) = prepared();
    let cases = [
        (
            HTTP.replace("tokenban_store store;", ""),
            "rule \"listed\" asks the denylist \"leaked\"; name the store with \"tokenban_store\"",
        ),
        (
            HTTP.replace("store store;", "store store; tokenban_store store;"),
            "\"tokenban_store\" directive is duplicate",
        ),
        (
            HTTP.replace("server {", "server { tokenban_store store;"),
            "\"tokenban_store\" directive is not allowed here",
        ),
    ];
    for (http, message) in cases {
        let (passes, text) = errors_of(&directory, "", &http);
        assert!(!passes && text.contains(message), "{message}: {text}");
    }
}

#[test]
fn a_list_that_nothing_is_on_is_a_warning() {
    let (directory, mut lists) = prepared();
    lists.ban(TOKEN);
    let (passes, text) = errors_of(&directory, "", HTTP);
    let warning = |list: &str| {
        let what =
            format!("rule \"listed\" asks the denylist \"{list}\", which is not in the store yet");
        text.lines().any(|line| line.contains("[warn]") && line.contains(&what))
    };
    assert!(passes && warning("other") && !warning("leaked"), "{text}");
}

#[test]
fn changed_rules_need_a_store_as_well() {
    let (directory, _lists) = prepared();
    let rules = directory.path().join("rules.yaml");
    fs::write(&rules, format!("rules: [{{id: a, points: [[anywhere]], tokens: [{TOKEN}]}}]"))
        .unwrap();
    let http = HTTP.replace("tokenban_store store;", "tokenban_refresh 100ms;");
    let nginx = Nginx::start_in(directory, "", &http);
    fs::write(&rules, RULES).unwrap();
    await_log(&nginx, "changed", "rule \"listed\" asks the denylist \"leaked\"");
    assert_eq!(nginx.bearer("/", TOKEN), 403);
}

const NOBODY: u32 = 65534;

/// A store of `nobody`'s group below a directory that everybody may enter.
fn prepared_for_nobody() -> TempDir {
    let directory = directory();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
    fs::write(directory.path().join("rules.yaml"), RULES).unwrap();
    let options = CreateOptions { group: Some(NOBODY), ..CreateOptions::default() };
    drop(Store::create(&directory.path().join("store"), &options).unwrap());
    directory
}

#[test]
fn what_workers_may_not_use_is_an_error_at_load() {
    if !is_root() {
        return; // only root's workers have another user
    }
    let user = "user nobody nogroup;";
    for (file, mode) in [("store", 0o700), ("store/data.mdb", 0o600), ("store/lock.mdb", 0o640)] {
        let directory = prepared_for_nobody();
        let (passes, text) = errors_of(&directory, user, HTTP);
        assert!(passes, "{text}");
        fs::set_permissions(directory.path().join(file), Permissions::from_mode(mode)).unwrap();
        let (passes, text) = errors_of(&directory, user, HTTP);
        assert!(!passes && text.contains("the workers' user cannot use"), "{file}: {text}");
        assert!(text.contains("tokenban init --group"), "{text}");
    }
}

#[test]
fn root_leaves_nothing_of_its_own() {
    if !is_root() {
        return;
    }
    let user = "user nobody nogroup;";
    let directory = prepared_for_nobody();
    let store = directory.path().join("store");
    for file in ["", "data.mdb", "lock.mdb"] {
        chown(store.join(file), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let (passes, text) = errors_of(&directory, user, HTTP);
    assert!(passes, "{text}");
    owned_by_nobody(&store);
    let nginx = Nginx::start_in(directory, user, HTTP);
    let mut lists = Lists::open(&store);
    lists.ban(TOKEN);
    assert_eq!(nginx.bearer("/", TOKEN), 403);
    assert_eq!(nginx.bearer("/", CLEAN), 204);
    nginx.signal("HUP");
    thread::sleep(Duration::from_millis(200));
    assert_eq!(nginx.bearer("/", TOKEN), 403);
    owned_by_nobody(&store);
    assert!(!nginx.log().contains("[alert]"), "{}", nginx.log());
}

#[test]
fn permissions_that_are_lost_while_nginx_runs() {
    if !is_root() {
        return; // root needs no permission, and only root's workers have another user
    }
    let directory = prepared_for_nobody();
    let store = directory.path().join("store");
    let nginx = Nginx::start_in(directory, "user nobody nogroup;", HTTP);
    let mut lists = Lists::open(&store);
    lists.ban(TOKEN);
    assert_eq!(answers(&nginx), GOOD);
    fs::set_permissions(&store, Permissions::from_mode(0o700)).unwrap();
    await_log(&nginx, "closed", "Permission denied");
    // What is open stays open, and new bans reach it.
    lists.ban(CLEAN);
    assert_eq!(answers(&nginx), [403, 403, 403, 403, 204, 204]);
    nginx.signal("HUP");
    await_log(&nginx, "closed", "the workers' user cannot use");
    fs::set_permissions(&store, Permissions::from_mode(0o750)).unwrap();
    await_log(&nginx, "opened", "the store can be used again");
    // One when it begins, one when it ends.
    assert_eq!(nginx.log().matches("[alert]").count(), 2, "{}", nginx.log());
}

fn owned_by_nobody(store: &Path) {
    let mut files: Vec<_> = fs::read_dir(store).unwrap().map(|file| file.unwrap()).collect();
    files.sort_by_key(|file| file.file_name());
    let names: Vec<_> = files.iter().map(|file| file.file_name()).collect();
    assert_eq!(names, ["data.mdb", "lock.mdb"]);
    assert!(files.iter().all(|file| file.metadata().unwrap().uid() == NOBODY));
}

/// What requests get in each location: with the banned token, with another one.
fn answers(nginx: &Nginx) -> [u16; 6] {
    let bearer = |target, token| nginx.bearer(target, token);
    [
        bearer("/", TOKEN),
        bearer("/", CLEAN),
        bearer("/pass", TOKEN),
        bearer("/pass", CLEAN),
        bearer("/monitor", CLEAN),
        bearer("/off", TOKEN),
    ]
}

const GOOD: [u16; 6] = [403, 204, 403, 204, 204, 204];
const LOST: [u16; 6] = [403, 403, 204, 204, 204, 204];

#[test]
fn a_store_that_is_lost_while_nginx_runs() {
    let cases: [(&str, Spoil, [u16; 6]); 5] = [
        ("removed", |store| fs::remove_dir_all(store).unwrap(), GOOD),
        ("data removed", |store| fs::remove_file(store.join("data.mdb")).unwrap(), GOOD),
        ("moved away", |store| fs::rename(store, store.with_extension("old")).unwrap(), GOOD),
        (
            "replaced by junk",
            |store| {
                fs::write(store.join("junk"), [7; 9999]).unwrap();
                fs::rename(store.join("junk"), store.join("data.mdb")).unwrap();
            },
            GOOD,
        ),
        ("truncated", |store| truncate(&store.join("data.mdb"), 4096), LOST),
    ];
    for (what, spoil, expected) in cases {
        let (directory, mut lists) = prepared();
        lists.ban(TOKEN);
        drop(lists);
        let store = directory.path().join("store");
        let nginx = Nginx::start_in(directory, "", HTTP);
        let worker = nginx.worker();
        assert_eq!(answers(&nginx), GOOD, "{what}, before");
        spoil(&store);
        await_log(&nginx, what, "[alert]");
        assert_eq!(answers(&nginx), expected, "{what}: {}", nginx.log());
        thread::sleep(Duration::from_millis(1100));
        assert_eq!(answers(&nginx), expected, "{what}, later");
        assert_eq!(nginx.log().matches("[alert]").count(), 1, "{what}: {}", nginx.log());
        // Mended as a person would: another store in its place.
        let _ = fs::remove_dir_all(&store);
        let mut lists = Lists::create(&store);
        lists.ban(CLEAN);
        await_log(&nginx, what, "the store can be used again");
        assert_eq!(answers(&nginx), [204, 403, 204, 403, 204, 204], "{what}, mended");
        assert_eq!(nginx.worker(), worker, "{what}: {}", nginx.log());
    }
}

#[test]
fn a_worker_that_starts_without_a_store_waits_for_one() {
    let (directory, mut lists) = prepared();
    lists.ban(TOKEN);
    drop(lists);
    let store = directory.path().join("store");
    let nginx = Nginx::start_in(directory, "", HTTP);
    let worker = nginx.worker();
    fs::remove_dir_all(&store).unwrap();
    support::signal(worker, "KILL");
    await_log(&nginx, "killed", "what it should be asked for counts as not inspected");
    assert_eq!(answers(&nginx), LOST, "{}", nginx.log());
    assert!(nginx.log().contains("the store of denylists cannot be asked"), "{}", nginx.log());
    let mut lists = Lists::create(&store);
    lists.ban(TOKEN);
    await_log(&nginx, "mended", "the store can be used again");
    let line = nginx.log().lines().find(|line| line.contains("used again")).unwrap().to_owned();
    assert!(line.contains("[alert]"), "at the level of the trouble: {line}");
    assert_eq!(answers(&nginx), GOOD);
}

#[test]
fn a_store_replaced_by_rename_is_taken() {
    let (directory, mut lists) = prepared();
    lists.ban(TOKEN);
    drop(lists);
    let [store, next] = ["store", "next"].map(|name| directory.path().join(name));
    let nginx = Nginx::start_in(directory, "", HTTP);
    assert_eq!(answers(&nginx), GOOD);
    let mut lists = Lists::create(&next);
    lists.ban(CLEAN);
    drop(lists);
    fs::rename(&store, store.with_extension("old")).unwrap();
    fs::rename(&next, &store).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while nginx.bearer("/", CLEAN) != 403 {
        assert!(Instant::now() < deadline, "{}", nginx.log());
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(nginx.bearer("/", TOKEN), 204);
}

fn await_log(nginx: &Nginx, what: &str, text: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !nginx.log().contains(text) {
        assert!(Instant::now() < deadline, "{what}: no «{text}»: {}", nginx.log());
        thread::sleep(Duration::from_millis(20));
    }
}
