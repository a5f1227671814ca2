//! An incident as a responder lives it: what the commands understand, what they say, and what they
//! give back. Each test is an input that once was answered «banned» while the token still passed.

mod support;

use std::{process::Stdio, thread, time::Duration};

use serde_json::json;
use support::{run, steady, Sandbox};

// {"alg":"HS256"} and {"sub":"alice","jti":"x1","iat":1700000000}
const JWT: &str =
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSIsImp0aSI6IngxIiwiaWF0IjoxNzAwMDAwMDAwfQ.c2ln";
// {"alg":"ES256","kid":"key-1"} and {"iss":"https://id.example/","sub":"alice","azp":"app",
// "cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"},"iat":1700000000,"roles":["admin"]}
const FULL: &str = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImtleS0xIn0.\
                    eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUvIiwic3ViIjoiYWxpY2UiLCJhenAiOiJhcHAiLCJj\
                    bmYiOnsiamt0IjoiMFpjT0NPUlpOWXktRFdwcXEzMGpaeUpHSFROMGQySGdsQlYzdWlndUE0SSJ9\
                    LCJpYXQiOjE3MDAwMDAwMDAsInJvbGVzIjpbImFkbWluIl19.c2ln";

#[test]
fn claims_of_any_issuer_and_of_one() {
    for (arguments, denied) in [
        (&["--sub", "alice"][..], true),
        (&["--sub", "alice", "--iss", "https://id.example"], true),
        (&["--sub", "alice", "--iss", "https://id.example/"], true),
        (&["--sub", "alice", "--iss", "https://other.example"], false),
        (&["--sub", "bob", "--sub", "alice"], true),
        (&["--kid", "key-1"], true),
        (&["--azp", "app"], true),
        (&["--client-id", "app"], true),
        (&["--jkt", "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"], true),
        (&["--claim", "roles=admin"], true),
        (&["--claim", "header:alg=ES256"], true),
        (&["--claim", "roles=admin", "--issued-before", "2023-11-14T22:13:20Z"], false),
        (&["--claim", "roles=admin", "--issued-before", "2023-11-14T22:13:21Z"], true),
        (&["--tenant", "app"], false),
    ] {
        let sandbox = Sandbox::new();
        assert_eq!(sandbox.run(&[&["ban"], arguments].concat(), "").code, 0, "{arguments:?}");
        let shown = sandbox.run(&["show"], FULL);
        assert_eq!(shown.code, i32::from(denied), "{arguments:?} {}", shown.out);
    }
    let sandbox = Sandbox::new();
    for arguments in [
        &["--sub", ""][..],
        &["--sub", "alice", "--iss", ""],
        &["--iss", "https://id.example"],
        &["--jkt", "too-short"],
        &["--claim", "roles"],
        &["--issued-before", "2026-11-26"],
        &["--sub", "alice", "tokens.txt"],
    ] {
        assert_eq!(sandbox.run(&[&["ban"], arguments].concat(), "").code, 2, "{arguments:?}");
    }
}

#[test]
fn what_is_no_secret_of_a_claim_is_shown() {
    let sandbox = Sandbox::new();
    sandbox.run(&["ban", "--kid", "key-1", "--iss", "https://id.example/"], "");
    sandbox.run(&["ban", "--sub", "alice"], "");
    let listed = sandbox.run(&["list", "leaked"], "").out;
    assert!(listed.contains("kid=key-1 of https://id.example\n"), "{listed}");
    assert!(listed.contains("  sub ") && !listed.contains("alice"), "{listed}");
    for (arguments, code) in
        [(["--sub", "alice"], 1), (["--sub", "bob"], 0), (["--kid", "key-1"], 0)]
    {
        assert_eq!(
            sandbox.run(&[&["show"], &arguments[..]].concat(), "").code,
            code,
            "{arguments:?}"
        );
    }
    let stats = sandbox.json(&["stats", "--json"], "", 0);
    assert_eq!(stats["claims"], json!(["kid", "sub"]));
    let exported = sandbox.run(&["export"], "").out;
    let other = Sandbox::new();
    assert_eq!(other.run(&["import"], &exported).code, 0);
    assert_eq!(steady(&other.run(&["list", "leaked"], "").out), steady(&listed));
    assert_eq!(other.run(&["show"], FULL).code, 1);
}

#[test]
fn two_thousand_subjects_of_a_file() {
    let sandbox = Sandbox::new();
    let lines: String = (0..2000).map(|number| format!("user-{number}\n")).collect();
    let file = sandbox.file("subjects.txt", &format!("\u{feff}{lines}alice\n"));
    let ran = sandbox.run(&["ban", "--sub-file", &file, "--iss", "https://id.example"], "");
    assert_eq!((ran.code, ran.out.lines().count()), (0, 24), "{}", ran.out);
    assert!(ran.out.contains("… and 1981 more\n2001 banned on the list"), "{}", ran.out);
    assert_eq!(sandbox.run(&["show"], FULL).code, 1);
    let summary = sandbox.run(&["list", "leaked"], "").out;
    assert!(summary.contains("2001     in all; --all lists them\n"), "{summary}");
    assert_eq!(sandbox.run(&["list", "leaked", "--all"], "").out.lines().count(), 2002);
    let csv = sandbox.file("subjects.csv", "issuer,subject\nhttps://id.example/,alice\n");
    assert_eq!(sandbox.run(&["unban", "--sub-file", &csv], "").code, 0);
    assert_eq!(sandbox.run(&["show"], FULL).code, 0);
    let empty = sandbox.file("empty.txt", "# nobody\n");
    assert_eq!(sandbox.run(&["ban", "--sub-file", &empty], "").code, 2);
}

#[test]
fn a_time_is_never_cut_off_and_is_echoed() {
    let sandbox = Sandbox::new();
    for (time, echo) in [
        ("2026-11-26 09:00", "if issued before 2026-11-26 09:00:00 CET (2026-11-26T08:00:00Z)"),
        ("2026-11-26T09:00", "if issued before 2026-11-26 09:00:00 CET (2026-11-26T08:00:00Z)"),
        ("2026-07-01", "if issued before 2026-07-01 00:00:00 CEST (2026-06-30T22:00:00Z)"),
        ("2026-11-26T09:00:00Z", "if issued before 2026-11-26 10:00:00 CET (2026-11-26T09:00:00Z)"),
    ] {
        let mut command = sandbox.command(&["ban", "--sub", time, "--issued-before", time]);
        command.env("TZ", "CET-1CEST,M3.5.0,M10.5.0/3");
        let ran = run(command, "");
        assert!(ran.code == 0 && ran.out.contains(echo), "{time}: {}{}", ran.out, ran.err);
    }
    for time in ["2026-11-26 9", "2026-11-26 09:00 Europe/Berlin", "yesterday", "2026-03-29 02:30"]
    {
        let mut command = sandbox.command(&["ban", "--sub", "alice", "--issued-before", time]);
        command.env("TZ", "CET-1CEST,M3.5.0,M10.5.0/3");
        let ran = run(command, "");
        assert!(ran.code == 2 && ran.err.contains("is "), "{time}: {}", ran.err);
    }
    assert_eq!(sandbox.run(&["ban", "--sub", "alice", "--issued-before", "-2h"], "").code, 0);
}

#[test]
fn a_list_that_no_rule_asks_is_a_warning() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["ban", "--list", "leakd"], "fake-token-01");
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.err,
        "tokenban: the list \"leakd\" is new\n\
         tokenban: no rule asks the list \"leakd\": it denies nothing until one does\n"
    );
    let ran = sandbox.run(&["ban", "--list", "watched"], "fake-token-01");
    assert!(ran.code == 1 && ran.err.contains("they only report"), "{}", ran.err);
    assert!(ran.out.contains("rule \"silent\" asks it at [header, A] and only reports\n"));
    assert_eq!(sandbox.run(&["import", "--list", "leakd"], "fake-token-02").code, 1);
    let ran = sandbox.run(&["ban", "--rules", "no-such.yaml"], "fake-token-03");
    assert!(ran.code == 1 && ran.err.contains("cannot be told"), "{}", ran.err);
    let mut command = sandbox.command(&["ban"]);
    command.env_remove("TOKENBAN_RULES");
    if !std::path::Path::new("/etc/tokenban").exists() {
        let ran = run(command, "fake-token-03");
        assert!(ran.code == 0 && ran.err.contains("is not known"), "{}", ran.err);
    }
    assert_eq!(sandbox.run(&["list", "--names"], "").out, "leakd\nleaked\nwatched\n");
}

#[test]
fn a_dry_run_changes_nothing() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["ban", "--dry-run"], "fake-token-01");
    assert!(ran.code == 0 && ran.out.ends_with("dry run: nothing was changed\n"), "{}", ran.out);
    assert_eq!(sandbox.run(&["show"], "fake-token-01").code, 0);
    sandbox.run(&["ban", "--reason", "INC-42"], "fake-token-01");
    for arguments in [
        &["unban", "--dry-run"][..],
        &["unban", "--dry-run", "--reason", "INC-42"],
        &["undo", "--dry-run", "INC-42"],
    ] {
        let ran = sandbox.run(arguments, "fake-token-01");
        assert!(ran.code == 0 && ran.out.contains("nothing was changed"), "{}", ran.out);
    }
    assert_eq!(sandbox.run(&["show"], "fake-token-01").code, 1);
}

#[test]
fn a_jwt_is_unbanned_by_the_fingerprint_of_its_line() {
    let sandbox = Sandbox::new();
    let banned = sandbox.json(&["ban", "--json"], JWT, 0);
    let fingerprint = banned["entries"][0]["fingerprint"].as_str().unwrap().to_owned();
    assert_eq!(sandbox.run(&["unban", "--fingerprint", &fingerprint], "").code, 0);
    assert_eq!(sandbox.run(&["show"], JWT).code, 0);
    // One that is part of a longer token: both go together, whichever is named.
    let longer = format!("ghs_123_{JWT}");
    let banned = sandbox.json(&["ban", "--json"], &longer, 0);
    let entries = banned["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 2);
    for entry in entries {
        let fingerprint = entry["fingerprint"].as_str().unwrap();
        let ran = sandbox.run(&["unban", "--fingerprint", fingerprint], "");
        assert_eq!((ran.code, ran.out.lines().count()), (0, 4), "{}", ran.out);
        assert_eq!(sandbox.run(&["show"], &longer).code, 0);
        sandbox.run(&["ban"], &longer);
    }
}

#[test]
fn only_replace_weakens_and_undo_puts_back() {
    let sandbox = Sandbox::new();
    let token = "fake-token-01";
    sandbox.run(&["ban", "--reason", "INC-41"], token);
    let weaker = ["ban", "--reason", "INC-42", "--expires", "5m"];
    let ran = sandbox.run(&[&weaker[..], &["--replace"]].concat(), token);
    assert!(ran.out.contains("  replaced; was for good (INC-41)\n"), "{}", ran.out);
    assert!(!sandbox.run(&["show"], token).out.contains("never"));
    let ran = sandbox.run(&["undo", "INC-42"], "");
    assert_eq!((ran.code, ran.out.as_str()), (0, "INC-42: 1 entry unbanned, 1 put back\n"));
    assert!(sandbox.run(&["show"], token).out.contains("  never  "));
    assert_eq!(sandbox.run(&["undo", "INC-42"], "").code, 1);
}

#[test]
fn entries_are_chosen_by_what_is_said_of_them() {
    let sandbox = Sandbox::new();
    sandbox.run(&["ban", "--reason", "INC-1", "--source", "paste"], "fake-token-01\nfake-token-02");
    sandbox.run(&["ban", "--reason", "INC-2", "--list", "other", "--kid", "key-1"], "");
    for (arguments, count) in [
        (&["--reason", "INC-1"][..], 2),
        (&["--source", "paste"], 2),
        (&["--kind", "kid"], 1),
        (&["--kind", "claim"], 1),
        (&["--kind", "token"], 2),
        (&["--added-from", "-1h"], 3),
    ] {
        let lines =
            |command: &[&str]| sandbox.run(&[command, arguments].concat(), "").out.lines().count();
        assert_eq!(lines(&["export"]), count, "{arguments:?}");
        assert_eq!(lines(&["list"]), count + 1, "{arguments:?}");
    }
    for (arguments, code) in [
        (&["--reason", "INC-1"][..], 1),
        (&["--reason", "INC-2"], 0),
        (&["--list", "leaked", "--kind", "token"], 1),
        (&["--list", "other"], 0),
    ] {
        let ran = sandbox.run(&[&["show"], arguments].concat(), "fake-token-01");
        assert_eq!(ran.code, code, "{arguments:?} {}", ran.out);
    }
    assert_eq!(sandbox.run(&["list", "--added-before", "-1h"], "").code, 2);
    assert_eq!(sandbox.run(&["list", "--kind", "tokne"], "").code, 2);
    let ran = sandbox.run(&["unban", "--reason", "INC-1", "--kind", "token"], "");
    assert_eq!((ran.code, ran.out.as_str()), (0, "2 entries unbanned\n"));
    assert_eq!(sandbox.run(&["unban", "--reason", "INC-1"], "").code, 1);
}

#[test]
fn levels_and_exceptions() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["ban", "--monitor", "--except", "192.0.2.0/24"], "fake-token-01");
    assert!(ran.out.contains(" for good; only reported\n"), "{}", ran.out);
    let shown = sandbox.json(&["show", "--json"], "fake-token-01", 1);
    let entry = &shown["answers"][0]["entries"][0];
    assert_eq!((&entry["level"], &entry["except"]), (&json!("monitor"), &json!(["192.0.2.0/24"])));
    let ran = sandbox.run(&["ban"], "fake-token-01");
    assert!(ran.out.contains("  strengthened; was for good, only reported\n"), "{}", ran.out);
    let ran = sandbox.run(&["ban", "--except", "192.0.2.0/24"], "fake-token-02");
    assert!(ran.out.contains(" for good; only reported for 192.0.2.0/24\n"), "{}", ran.out);
    let ran = sandbox.run(&["ban", "--except", "192.0.2.1/24"], "fake-token-01");
    assert!(ran.code == 2 && ran.err.contains("bits behind its prefix"), "{}", ran.err);
}

#[test]
fn every_change_is_in_the_log_and_no_token() {
    let sandbox = Sandbox::new();
    sandbox.run(&["ban", "--reason", "INC-42"], "fake-token-01");
    sandbox.run(&["import", "--reason", "INC-42"], "fake-token-02\nfake-token-03");
    sandbox.run(&["unban"], "fake-token-01");
    sandbox.run(&["undo", "INC-42"], "");
    sandbox.run(&["ban", "--dry-run"], "fake-token-01");
    let log = sandbox.json(&["log", "--json"], "", 0);
    let commands: Vec<_> = log["records"].as_array().unwrap().iter().collect();
    let commands: Vec<_> = commands
        .iter()
        .map(|record| (record["command"].as_str().unwrap(), &record["added"], &record["removed"]))
        .collect();
    assert_eq!(
        commands,
        [
            ("ban", &json!(1), &json!(0)),
            ("import", &json!(2), &json!(0)),
            ("unban", &json!(0), &json!(1)),
            ("undo", &json!(0), &json!(2)),
        ]
    );
    let verified = sandbox.json(&["log", "verify", "--json"], "", 0);
    assert_eq!((&verified["records"], &verified["whole"]), (&json!(4), &json!(true)));
    let hash = verified["last_hash"].as_str().unwrap();
    assert_eq!(sandbox.run(&["log", "verify", "--expect", hash], "").code, 0);
    assert_eq!(sandbox.run(&["log", "verify", "--expect", "00"], "").code, 1);
    let text = sandbox.run(&["log", "--reason", "INC-42"], "").out;
    assert!(text.contains("  import ") && text.contains("  +2 "), "{text}");
}

#[test]
fn a_second_person_is_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.run(&["ban", "--reason", "INC-42"], "fake-token-01\nfake-token-02\nfake-token-03");
    assert_eq!(sandbox.run(&["approve", "--over", "2"], "").code, 0);
    let ran = sandbox.run(&["undo", "INC-42"], "");
    assert!(ran.code == 2 && ran.err.contains("`tokenban approve 1`"), "{}", ran.err);
    let waiting = sandbox.json(&["approve", "--json"], "", 0);
    assert_eq!((&waiting["over"], &waiting["pending"][0]["removes"]), (&json!(2), &json!(3)));
    let ran = sandbox.run(&["approve", "1"], "");
    assert!(ran.code == 2 && ran.err.contains("cannot approve it"), "{}", ran.err);
    assert_eq!(sandbox.run(&["unban"], "fake-token-01").code, 0, "one is few");
    assert_eq!(sandbox.run(&["approve", "--off"], "").code, 2);
}

#[test]
fn a_reason_too_long_is_not_echoed() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["ban", "--reason", &"x".repeat(1001)], "fake-token-01");
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (2, "tokenban: a reason or source has at most 1000 bytes\n")
    );
}

/// Before a ban that would hurt: which requests of late it would have denied.
#[test]
fn a_dry_run_tells_what_would_have_been_denied_of_late() {
    let sandbox = Sandbox::new();
    let log = sandbox.file(
        "access.log",
        "192.0.2.1 - - [26/Nov/2026:09:00:00 +0000] \"GET /a?key=fake-token-01 HTTP/1.1\" 200 5 \"-\" \"curl\"\n\
         192.0.2.1 - - [26/Nov/2026:09:00:01 +0000] \"GET /a?key=fake%2Dtoken-01 HTTP/1.1\" 200 5 \"-\" \"curl\"\n\
         192.0.2.2 - - [26/Nov/2026:09:00:02 +0000] \"GET /fake-token-02/b HTTP/1.1\" 200 5 \"-\" \"curl\"\n\
         {\"status\":200,\"authorization\":\"Bearer fake-token-02\"}\n\
         192.0.2.3 - - [26/Nov/2026:09:00:03 +0000] \"GET /clean HTTP/1.1\" 200 5 \"-\" \"curl\"\n",
    );
    let both = "fake-token-01\nfake-token-02\n";
    let ran = sandbox.run(&["ban", "--dry-run", "--log", &log], both);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let tail = format!(
        "access.log: 4 of 5 requests would have been denied\n  2        {}\n  2        {}\n",
        support::fingerprint("fake-token-02"),
        support::fingerprint("fake-token-01")
    );
    assert!(ran.out.ends_with(&tail), "{}", ran.out);
    let json = sandbox.json(&["import", "--dry-run", "--log", &log, "--json"], "fake-token-01", 0);
    assert_eq!((&json["logs"][0]["requests"], &json["logs"][0]["denied"]), (&json!(5), &json!(2)));
    let jwt = sandbox.file("jwt.log", &format!("GET /x?token={JWT} HTTP/1.1\n"));
    let ran = sandbox.run(&["ban", "--sub", "alice", "--dry-run", "--log", &jwt], "");
    assert!(ran.out.contains("jwt.log: 1 of 1 request would have been denied"), "{}", ran.out);
    assert_eq!(sandbox.run(&["ban", "--log", &log], both).code, 2, "only with --dry-run");
}

/// A name that ends like a file's is repeated; what may be a token is not.
#[test]
fn errors_name_files() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["ban", "report.json"], "");
    assert!(ran.code == 2 && ran.err.contains("cannot read report.json: No such"), "{}", ran.err);
    let ran = sandbox.run(&["ban", "fake-token-01"], "");
    assert!(ran.code == 2 && ran.err.contains("cannot read file 1: No such"), "{}", ran.err);
    let file = sandbox.file("tokens.txt", "fake-token-01\n");
    let ran = sandbox.run(&["show", &file], "");
    assert!(ran.code == 2 && ran.err.contains("is read with --file "), "{}", ran.err);
    assert_eq!(sandbox.run(&["show", "--file", &file], "").code, 0);
}

#[test]
fn an_interrupted_ban_says_that_nothing_was_changed() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["ban"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    while !takes_interrupts(child.id()) {
        assert!(child.try_wait().unwrap().is_none(), "it waits for tokens");
        thread::sleep(Duration::from_millis(5));
    }
    let pid = nix::unistd::Pid::from_raw(child.id() as i32);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    let stdin = child.stdin.take();
    let ended = child.wait_with_output().unwrap();
    drop(stdin);
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(130), "{said}");
    assert_eq!(said, "tokenban: interrupted: nothing was changed\n");
}

/// Whether a process keeps `SIGINT`, the second of the signals, for a thread that waits for it.
fn takes_interrupts(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:\t")).unwrap();
    u64::from_str_radix(mask, 16).unwrap() & 2 != 0
}

/// As the shell does it: `tokenban ban --list le<TAB>`.
#[test]
fn lists_are_completed() {
    let sandbox = Sandbox::new();
    sandbox.run(&["ban", "--list", "other"], "fake-token-01");
    sandbox.run(&["ban"], "fake-token-01");
    let bash = sandbox.run(&["completions", "bash"], "").out;
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_tokenban")).parent().unwrap().display();
    let ask = format!(
        "{bash}\nPATH={program}:$PATH; COMP_WORDS=(tokenban ban --list le); COMP_CWORD=3\n\
         _tokenban_lists tokenban le --list; echo \"${{COMPREPLY[*]}}\"\n\
         _tokenban_lists tokenban '' --list; echo \"${{COMPREPLY[*]}}\"\n"
    );
    let mut command = std::process::Command::new("bash");
    command.env("TOKENBAN_STORE", sandbox.store());
    let ran = run(command, &ask);
    assert_eq!(ran.out, "leaked\nleaked other\n", "{}", ran.err);
    for shell in ["zsh", "fish"] {
        let script = sandbox.run(&["completions", shell], "").out;
        assert!(script.contains("tokenban list --names"), "{shell}");
    }
}
