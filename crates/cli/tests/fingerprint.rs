//! Fingerprints with a key of the site: where it comes from, what is found after it was changed.

mod support;

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
};

use support::{fingerprint, Sandbox};

/// The decoded parts of a JWT do not change with these signatures.
const HEAD: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJmYWtlLXRva2VuLTAxIn0";

/// With the key that `init` made.
fn keyed() -> Sandbox {
    let sandbox = Sandbox::without_store();
    assert_eq!(sandbox.run(&["init"], "").code, 0);
    sandbox
}

fn listed(sandbox: &Sandbox) -> String {
    let list = sandbox.json(&["list", "leaked", "--json"], "", 0);
    list["entries"][0]["fingerprint"].as_str().unwrap().to_owned()
}

#[test]
fn init_makes_a_key_that_no_other_store_has() {
    let (one, other) = (keyed(), keyed());
    for sandbox in [&one, &other] {
        let path = sandbox.store().join("fingerprint.key");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_to_string(path).unwrap().trim().len(), 64);
        assert_eq!(sandbox.run(&["ban"], "fake-token-01").code, 0);
    }
    assert_ne!(listed(&one), listed(&other));
    assert_ne!(listed(&one), fingerprint("fake-token-01"));
    assert_eq!(listed(&one).len(), 16);
}

#[test]
fn every_spelling_of_a_jwt_has_one() {
    let sandbox = keyed();
    let ban = |signature: &str| {
        let jwt = format!("{HEAD}.{signature}");
        let banned = sandbox.json(&["ban", "--json"], &jwt, 0);
        banned["entries"][0]["fingerprint"].as_str().unwrap().to_owned()
    };
    let first = ban("c2lnbmF0dXJl");
    assert_eq!(ban("b3RoZXItc2lnbmF0dXJl"), first);
    assert_eq!(listed(&sandbox), first);
}

#[test]
fn what_former_keys_and_older_versions_showed_is_found() {
    let sandbox = keyed();
    sandbox.run(&["ban"], "fake-token-01");
    let path = sandbox.store().join("fingerprint.key");
    let (old_key, old) = (fs::read_to_string(&path).unwrap(), listed(&sandbox));
    fs::write(&path, format!("{}\n{old_key}", "n".repeat(32))).unwrap();
    let new = listed(&sandbox);
    assert_ne!(new, old);
    let (unkeyed, oldest) = (fingerprint("fake-token-01"), "e50d2ec3bdeb");
    for text in [new.as_str(), &old, &unkeyed, oldest, &old.to_uppercase()] {
        let ran = sandbox.run(&["show", text], "");
        assert!(ran.code == 1 && ran.out.contains(&new), "{text}: {}", ran.out);
    }
    assert_eq!(sandbox.run(&["show", "0000000000000000"], "").code, 0);
    assert_eq!(sandbox.run(&["unban", "--fingerprint", &old], "").code, 0);
    assert_eq!(sandbox.run(&["show"], "fake-token-01").code, 0);
}

#[test]
fn a_key_may_lie_elsewhere_and_must_be_sound() {
    let sandbox = keyed();
    sandbox.run(&["ban"], "fake-token-01");
    let key = sandbox.file("site.key", "too-short");
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    let list = ["list", "leaked", "--fingerprint-key", &key];
    let ran = sandbox.run(&list, "");
    let make = "make one with \"openssl rand -hex 32\"";
    let short = format!("the key in line 1 has 9 characters and needs 32; {make}");
    assert_eq!((ran.code, ran.err), (2, format!("tokenban: fingerprint key \"{key}\": {short}\n")));
    fs::write(&key, "s".repeat(32)).unwrap();
    let ran = sandbox.run(&list, "");
    assert!(ran.code == 0 && !ran.out.contains(&listed(&sandbox)), "{}", ran.out);
    fs::set_permissions(&key, Permissions::from_mode(0o604)).unwrap();
    let ran = sandbox.run(&list, "");
    assert!(ran.code == 2 && ran.err.contains("its mode 604 is too open"), "{}", ran.err);
}
