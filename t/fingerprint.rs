//! The key of fingerprints: what it changes in the logs, and what is said of one that is not sound.

#[path = "support/lists.rs"]
mod lists;
mod support;

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use lists::{entry, Lists, RULES};
use support::{check_in, directory, Nginx};
use tempfile::TempDir;
use tokenban_denylist::Target;
use tokenban_engine::{denylist::Key, fingerprint::Fingerprints, Jwt};

const SERVER: &str = "tokenban on; tokenban_rules rules.yaml; tokenban_store store;
log_format shown '$tokenban_fingerprint'; access_log {dir}/access.log shown;
server { listen 127.0.0.1:{port}; location / { try_files /none =204; } }";
const TOKEN: &str = "fake-leaked-token-0123456789";
/// Two spellings of one JWT: the signature is no part of what it is found by.
const JWT: [&str; 2] = [
    "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJmYWtlLXVzZXIifQ.c2lnbmF0dXJl",
    "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJmYWtlLXVzZXIifQ==.b3RoZXI",
];

fn key_file(path: &Path, key: &str, mode: u32) {
    fs::write(path, key).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A directory with rules and a store.
fn place() -> (TempDir, Lists) {
    let directory = directory();
    let lists = Lists::create(&directory.path().join("store"));
    fs::write(directory.path().join("rules.yaml"), RULES).unwrap();
    (directory, lists)
}

fn jwt_key() -> Key {
    let mut key = None;
    Jwt::each(JWT[0].as_bytes(), &mut |jwt| key = Some(Key::jwt(jwt.header(), jwt.payload())));
    key.unwrap()
}

/// What NGINX shows of a token and of a JWT in two spellings, each in both logs.
fn shown(directory: TempDir, mut lists: Lists, http: &str) -> [String; 3] {
    let nginx = Nginx::start_in(directory, "", &format!("{http}{SERVER}"));
    lists.ban(TOKEN);
    Jwt::each(JWT[0].as_bytes(), &mut |jwt| {
        let (header, payload) = (jwt.header(), jwt.payload());
        lists.put(&entry(Target::Jwt { header, payload }));
    });
    for token in [TOKEN, JWT[0], JWT[1]] {
        assert_eq!(nginx.bearer("/", token), 403);
    }
    // Each request has a line in the log that every test has, too.
    let (access, log) = (nginx.access_log(6), nginx.log());
    let lines = access.lines().filter(|line| line.len() == 16).map(str::to_owned);
    let lines: Vec<String> = lines.collect();
    for line in &lines {
        assert!(log.contains(&format!("fingerprint {line}, denylist")), "{line}: {log}");
    }
    lines.try_into().unwrap()
}

fn expected(keys: &Fingerprints) -> [String; 3] {
    let token = keys.of(Key::token(TOKEN.as_bytes()).as_bytes()).to_string();
    let jwt = keys.of(jwt_key().as_bytes()).to_string();
    [token, jwt.clone(), jwt]
}

#[test]
fn without_a_key_it_is_empty() {
    let (directory, lists) = place();
    assert_eq!(shown(directory, lists, ""), expected(&Fingerprints::unkeyed()));
}

#[test]
fn the_key_in_the_store_is_taken() {
    let (directory, lists) = place();
    let path = directory.path().join("store/fingerprint.key");
    key_file(&path, &"k".repeat(32), 0o640);
    let keys = Fingerprints::read(&path).unwrap();
    assert_eq!(shown(directory, lists, ""), expected(&keys));
}

#[test]
fn the_directive_goes_before_and_the_first_key_is_shown() {
    let (directory, lists) = place();
    key_file(&directory.path().join("store/fingerprint.key"), &"k".repeat(32), 0o640);
    let path = directory.path().join("site.key");
    key_file(&path, &format!("{}\n{}\n", "n".repeat(32), "o".repeat(32)), 0o600);
    let keys = Fingerprints::read(&path).unwrap();
    let http = "tokenban_fingerprint_key site.key;";
    assert_eq!(shown(directory, lists, http), expected(&keys));
}

#[test]
fn an_unsound_key_is_an_error_at_load() {
    let (directory, _lists) = place();
    let path = directory.path().join("site.key");
    let fails = |http: &str, message: &str| {
        let output = check_in(&directory, "", &format!("{http}{SERVER}"));
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && text.contains(message), "{text}");
        assert!(!text.contains("kkkk"), "{text}");
    };
    let http = "tokenban_fingerprint_key site.key;";
    fails(http, "site.key\": it is missing; make one with \"openssl rand -hex 32\"");
    key_file(&path, &"k".repeat(32), 0o644);
    fails(http, "its mode 644 is too open; set it with \"chmod 640");
    key_file(&path, &"k".repeat(31), 0o640);
    fails(http, "the key in line 1 has 31 characters and needs 32");
    key_file(&path, &"k".repeat(32), 0o640);
    fails(&format!("{http}{http}"), "\"tokenban_fingerprint_key\" directive is duplicate");
    key_file(&directory.path().join("store/fingerprint.key"), "", 0o640);
    fails("", "store/fingerprint.key\": there is no key in it");
    assert!(check_in(&directory, "", &format!("{http}{SERVER}")).status.success());
}
