//! The commands that look at a store and look after it.

mod support;

use std::{os::unix::fs::PermissionsExt, process::Stdio};

use serde_json::json;
use support::{steady, Sandbox};

fn filled() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.run(&["ban", "--reason", "INC-42", "--expires", "2100-01-01"], "fake-token-01\n");
    sandbox.run(&["ban", "--list", "other", "--source", "paste"], "fake-token-01\nfake-token-02\n");
    sandbox
}

#[test]
fn init_makes_a_store_once() {
    let sandbox = Sandbox::without_store();
    let ran = sandbox.run(&["init"], "");
    let path = sandbox.store().display().to_string();
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(
        ran.out,
        format!("made {path}; in the http block of nginx.conf: tokenban_store {path};\n")
    );
    let mode = |name: &str| {
        let path = sandbox.store().join(name);
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    };
    assert_eq!((mode(""), mode("data.mdb"), mode("lock.mdb")), (0o750, 0o640, 0o660));
    let ran = sandbox.run(&["init"], "");
    assert!(ran.code == 2 && ran.err.contains("something already"), "{}", ran.err);
}

#[test]
fn init_makes_the_directories_above() {
    let sandbox = Sandbox::without_store();
    let path = sandbox.path().join("lib/tokenban/store");
    let ran = sandbox.run(&["init", "--store", path.to_str().unwrap()], "");
    assert!(ran.code == 0 && path.join("data.mdb").exists(), "{}", ran.err);
}

#[test]
fn init_takes_modes_and_a_group() {
    let sandbox = Sandbox::without_store();
    let ran = sandbox.run(&["init", "--json", "--dir-mode", "700", "--lock-mode", "600"], "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let mode = std::fs::metadata(sandbox.store()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let other = Sandbox::without_store();
    let ran = other.run(&["init", "--group", "no-such-group"], "");
    assert_eq!((ran.code, ran.err.as_str()), (2, "tokenban: no group \"no-such-group\"\n"));
    assert!(!other.store().exists());
    assert_eq!(other.run(&["init", "--data-mode", "9"], "").code, 2);
}

#[test]
fn lists_and_their_entries() {
    let sandbox = filled();
    let ran = sandbox.run(&["list"], "");
    assert_eq!(
        ran.out,
        "LIST    ENTRIES  EXPIRED\n\
         leaked  1        0\n\
         other   2        0\n"
    );
    let ran = sandbox.run(&["list", "other"], "");
    assert_eq!(
        steady(&ran.out),
        "FINGERPRINT       KIND    ADDED                 EXPIRES               REASON\n\
         83f9ec5fdf120846  token   2026-00-00T00:00:00Z  never                 (paste)\n\
         a2dbe61361b134b9  token   2026-00-00T00:00:00Z  never                 (paste)\n"
    );
    let ran = sandbox.run(&["list", "othr"], "");
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (2, "tokenban: no list \"othr\"; there are leaked, other\n")
    );
    assert_eq!(Sandbox::new().run(&["list"], "").out, "no entries\n");
}

#[test]
fn list_json() {
    let sandbox = filled();
    assert_eq!(
        sandbox.json(&["list", "--json"], "", 0),
        json!({ "lists": [
            { "name": "leaked", "entries": 1, "expired": 0 },
            { "name": "other", "entries": 2, "expired": 0 },
        ] })
    );
    let entries = sandbox.json(&["list", "--json", "leaked"], "", 0);
    assert_eq!(entries["list"], "leaked");
    assert_eq!(entries["entries"][0]["fingerprint"], "a2dbe61361b134b9");
    assert_eq!(entries["entries"][0]["expires"], "2100-01-01T00:00:00Z");
    assert_eq!(entries["entries"].as_array().unwrap().len(), 1);
}

#[test]
fn export_writes_digests() {
    let sandbox = filled();
    let ran = sandbox.run(&["export", "--list", "leaked"], "");
    let key = sandbox.json(&["list", "--json", "leaked"], "", 0)["entries"][0]["key"].clone();
    let entry: serde_json::Value = serde_json::from_str(&steady(&ran.out)).unwrap();
    assert_eq!(
        entry,
        json!({
            "fingerprint": "a2dbe61361b134b9", "kind": "token", "claim": null, "issuer": null,
            "value": null, "list": "leaked", "reason": "INC-42", "incident": true, "source": "",
            "level": "deny", "except": [], "added": "2026-00-00T00:00:00Z", "expires": "2100-01-01T00:00:00Z",
            "issued_before": null, "key": key,
        })
    );
    let ran = sandbox.run(&["export", "--format", "csv"], "");
    let lines: Vec<String> = steady(&ran.out).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0], "fingerprint,kind,list,reason,source,added,expires,issued_before,key,level,except,incident,claim,issuer,value");
    assert!(
        lines[1].starts_with("83f9ec5fdf120846,token,other,,paste,2026-00-00T00:00:00Z,,,"),
        "{lines:?}"
    );
    assert_eq!(sandbox.run(&["export", "--list", "no"], "").code, 2);
    assert_eq!(sandbox.run(&["export", "report.json"], "").code, 2);
}

/// As `| head` does: no error of ours.
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let sandbox = filled();
    let lines: String = (0..5_000).map(|number| format!("fake-{number}-token-01\n")).collect();
    sandbox.run(&["import"], &lines);
    for arguments in [
        &["export"][..],
        &["export", "--format", "csv"],
        &["list", "leaked"],
        &["list", "--json", "leaked"],
    ] {
        let mut command = sandbox.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!((ended.status.code(), said.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn stats_count() {
    let sandbox = filled();
    let stats = sandbox.json(&["stats", "--json"], "", 0);
    assert_eq!(stats["keys"], 2);
    assert_eq!(stats["lists"][1]["entries"], 2);
    assert_eq!(stats["id"].as_str().unwrap().len(), 32);
    assert!(stats["file_bytes"].as_u64() > Some(0) && stats["used_bytes"].as_u64() > Some(0));
    let text = sandbox.run(&["stats"], "").out;
    assert!(text.contains("list other   2 entries, 0 expired\n"), "{text}");
}

#[test]
fn the_same_entries_have_the_same_digest() {
    let (one, other) = (filled(), Sandbox::new());
    let digest = |sandbox: &Sandbox| sandbox.json(&["stats", "--json"], "", 0)["digest"].clone();
    one.run(&["ban", "--sub", "alice", "--iss", "https://login.example", "--reason", "INC-7"], "");
    assert_ne!(digest(&one), digest(&other));
    let entries = one.run(&["export"], "").out;
    assert_eq!(other.run(&["import", "--list", "leaked"], "fake-token-09").code, 0);
    assert_ne!(digest(&one), digest(&other));
    assert_eq!(other.run(&["unban", "--list", "leaked"], "fake-token-09").code, 0);
    other.run(&["import"], &entries);
    assert_eq!(digest(&one), digest(&other));
    assert_eq!(digest(&one).as_str().unwrap().len(), 64);
}

#[test]
fn a_list_that_is_replaced_by_another_nodes_export_is_the_same() {
    let (one, other) = (filled(), filled());
    let digest = |sandbox: &Sandbox| sandbox.json(&["stats", "--json"], "", 0)["digest"].clone();
    one.run(
        &["ban", "--reason", "INC-8", "--except", "192.0.2.0/24"],
        "fake-token-06\nfake-token-07",
    );
    for change in [&["show"][..], &["unban"], &["undo", "INC-8"]] {
        one.run(change, "fake-token-06");
        for list in ["leaked", "other"] {
            let entries = one.run(&["export", "--list", list], "").out;
            let ran = other.run(&["import", "--list", list, "--replace"], &entries);
            assert_eq!(ran.code, 0, "{}", ran.err);
        }
        // When the entries of the two were banned differs, until all came from one.
        assert_eq!(digest(&one), digest(&other), "{change:?}");
    }
}

#[test]
fn sweep_takes_off_what_has_expired() {
    let sandbox = filled();
    let second = jiff::Timestamp::now().as_second();
    let soon = jiff::Timestamp::from_second(second + 3).unwrap();
    sandbox.run(&["ban", "--expires", &soon.to_string()], "fake-token-03");
    let denied = sandbox.run(&["show"], "fake-token-03").code == 1;
    assert!(denied || jiff::Timestamp::now() >= soon, "before it expires");
    while jiff::Timestamp::now() < soon {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(sandbox.run(&["show"], "fake-token-03").code, 0);
    let fingerprint = support::fingerprint("fake-token-03");
    let ran = sandbox.run(&["show", &fingerprint], "");
    assert!(ran.code == 0 && ran.out.contains(": 1 entry\n"), "{}", ran.out);
    assert_eq!(sandbox.run(&["list"], "").out.lines().nth(1), Some("leaked  2        1"));
    assert_eq!(sandbox.run(&["sweep"], "").out, "swept 1 expired entry\n");
    assert_eq!(sandbox.json(&["sweep", "--json"], "", 0), json!({ "swept": 0 }));
    assert_eq!(sandbox.run(&["list"], "").out.lines().nth(1), Some("leaked  1        0"));
}

#[test]
fn compact_gives_room_back_and_keeps_every_entry() {
    let sandbox = filled();
    let lines: String = (0..20_000).map(|number| format!("fake-{number}-token-01\n")).collect();
    sandbox.run(&["import", "--list", "many"], &lines);
    sandbox.run(&["import", "--list", "many", "--replace", "--force"], "fake-1-token-01");
    let entries = sandbox.run(&["export"], "").out;
    let said = sandbox.json(&["compact", "--json"], "", 0);
    let bytes = |name: &str| said[name].as_u64().unwrap();
    assert!(bytes("after") * 4 < bytes("before"), "{said}");
    assert_eq!(sandbox.run(&["export"], "").out, entries);
    let ran = sandbox.run(&["compact"], "");
    assert!(ran.code == 0 && ran.out.ends_with(" after\n"), "{}{}", ran.out, ran.err);
    assert_eq!(sandbox.run(&["verify"], "").out, "3 keys, all is well\n");
}

#[test]
fn verify_finds_a_flipped_bit() {
    let sandbox = filled();
    let ran = sandbox.run(&["verify"], "");
    assert_eq!((ran.code, ran.out.as_str()), (0, "2 keys, all is well\n"));
    assert_eq!(sandbox.json(&["verify", "--json"], "", 0), json!({ "keys": 2, "faults": [] }));

    let data = sandbox.store().join("data.mdb");
    let mut bytes = std::fs::read(&data).unwrap();
    // In every page that was ever written, the one in use among them.
    for at in 0..bytes.len() - 6 {
        bytes[at] ^= u8::from(bytes[at..].starts_with(b"INC-42"));
    }
    std::fs::write(&data, bytes).unwrap();
    let ran = sandbox.run(&["verify"], "");
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("details"), "{}", ran.out);
    let said = sandbox.json(&["verify", "--json"], "", 1);
    assert!(!said["faults"].as_array().unwrap().is_empty());
    std::fs::write(&data, b"no store").unwrap();
    assert_eq!(sandbox.run(&["verify"], "").code, 2);
}

#[test]
fn every_command_is_in_the_man_page_and_the_completions() {
    let sandbox = Sandbox::without_store();
    let page = sandbox.run(&["man"], "").out;
    let completions = sandbox.run(&["completions", "bash"], "").out;
    for name in [
        "approve", "ban", "compact", "export", "import", "init", "list", "log", "show", "stats",
        "sweep", "unban", "undo", "verify",
    ] {
        assert!(page.contains(&format!("tokenban\\-{name}")), "{name}");
        assert!(completions.contains(&format!("tokenban,{name})")), "{name}");
        let page = sandbox.run(&["man", name], "");
        assert!(page.code == 0 && page.out.contains("\\-\\-store"), "{name}");
        assert!(sandbox.run(&[name, "--help"], "").out.contains("Exit codes: 0"), "{name}");
    }
}
