//! `tokenban ban`, `unban` and `show` as a person runs them.

mod support;

use std::{fs, io::Write, process::Stdio};

use serde_json::json;
use support::{fingerprint, run, steady, Sandbox};

// {"alg":"HS256"} and {"sub":"alice","jti":"x1","iat":1700000000}
const HEADER: &str = "eyJhbGciOiJIUzI1NiJ9";
const PAYLOAD: &str = "eyJzdWIiOiJhbGljZSIsImp0aSI6IngxIiwiaWF0IjoxNzAwMDAwMDAwfQ";

fn jwt(signature: &str) -> String {
    format!("{HEADER}.{PAYLOAD}.{signature}")
}

#[test]
fn ban_show_unban() {
    let sandbox = Sandbox::new();
    let arguments =
        ["ban", "--reason", "INC-42", "--source", "pastebin", "--expires", "2100-01-31"];
    let ran = sandbox.run(&arguments, "fake-token-01");
    assert_eq!(
        ran.out,
        "FINGERPRINT       KIND   LIST    STATE\n\
         a2dbe61361b134b9  token  leaked  banned\n\
         1 banned on the list \"leaked\" until 2100-01-31T00:00:00Z, for INC-42\n\
         rule \"everywhere\" asks it at [anywhere]\n"
    );
    assert_eq!((ran.code, ran.err.as_str()), (0, "tokenban: the list \"leaked\" is new\n"));
    let ran = sandbox.run(&["show"], "fake-token-01\r\n");
    assert_eq!(
        steady(&ran.out),
        "a2dbe61361b134b9: 1 entry\n\
         FINGERPRINT       KIND   LIST    ADDED                 EXPIRES               REASON\n\
         a2dbe61361b134b9  token  leaked  2026-00-00T00:00:00Z  2100-01-31T00:00:00Z  INC-42 (pastebin)\n"
    );
    assert_eq!(ran.code, 1);
    assert_eq!(sandbox.run(&["show", "A2DBE61361B134B9"], "").code, 1);
    let ran = sandbox.run(&["show"], "fake-token-02\n");
    assert_eq!(
        (ran.code, ran.out),
        (0, format!("{} is not banned\n", fingerprint("fake-token-02")))
    );

    let ran = sandbox.run(&["unban"], "fake-token-01");
    assert_eq!(
        ran.out,
        "FINGERPRINT       KIND   LIST    STATE\n\
         a2dbe61361b134b9  token  leaked  unbanned (INC-42)\n\
         1 entry unbanned\n"
    );
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let ran = sandbox.run(&["unban"], "fake-token-01");
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (1, "", "tokenban: line 1: fingerprint a2dbe61361b134b9: not banned\n")
    );
}

#[test]
fn a_second_ban_says_so_and_weakens_nothing() {
    let sandbox = Sandbox::new();
    let token = "fake-token-01";
    let steps = [
        (&["--reason", "INC-42", "--expires", "1h"][..], "banned", 1),
        (&["--reason", "INC-42", "--expires", "5m"], "already banned; was until ", 1),
        (&["--reason", "INC-42"], "strengthened; was until ", 1),
        (&["--expires", "5m"], "banned too; was for good (INC-42)", 2),
        (&["--reason", "INC-43"], "banned too", 3),
    ];
    for (arguments, state, entries) in steps {
        let ran = sandbox.run(&[&["ban"], arguments].concat(), token);
        assert!(ran.code == 0 && ran.out.contains(&format!("  {state}")), "{}", ran.out);
        let shown = sandbox.json(&["show", "--json"], token, 1);
        let shown = shown["answers"][0]["entries"].as_array().unwrap();
        assert_eq!(shown.len(), entries, "{arguments:?}");
    }
}

#[test]
fn lines_that_are_no_tokens_are_refused_and_the_others_banned() {
    let sandbox = Sandbox::new();
    let digest = format!("sha256:{}", "0a".repeat(32));
    let file = sandbox.file(
        "tokens.txt",
        &format!(
            "# comment\nfake-token-01\n\nBearer fake-token-02\npassword\nab12\n{digest}\n\
             Authorization: Basic ZmFrZQ==\nsha1:00\n"
        ),
    );
    let ran = sandbox.run(&["ban", &file], "");
    assert_eq!(ran.code, 1);
    assert_eq!(ran.out.lines().count(), 6);
    assert!(ran.out.contains("2de53a7feca0f649  sha256  leaked  banned"), "{}", ran.out);
    let lines: Vec<&str> = ran.err.lines().collect();
    assert_eq!(
        lines,
        [
            "tokenban: line 4: taken without its scheme",
            "tokenban: line 5: the token is a word that clean requests carry too; --force bans it \
             nevertheless",
            "tokenban: line 6: the token is shorter than 8 bytes and would deny clean requests; \
             --force bans it nevertheless",
            "tokenban: line 8: the token is shorter than 8 bytes and would deny clean requests; \
             --force bans it nevertheless",
            "tokenban: line 9: `sha1:` without 40 hex digits; write the digest of the token in hex",
            "tokenban: the list \"leaked\" is new",
        ]
    );
    let ran = sandbox.run(&["ban"], "Bearer password");
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert_eq!(sandbox.run(&["ban", "--force"], "Bearer password").code, 0);
    assert_eq!(sandbox.run(&["show"], "password").code, 1);
    assert_eq!(sandbox.run(&["ban"], "").code, 2);
}

/// One reader serves `ban`, `unban`, `show` and `import`: the decoration is taken off, which is said,
/// and a report is a report.
#[test]
fn what_surrounds_a_token_is_taken_off_everywhere() {
    let lines = [
        ("\"fake-token-01\",", "without the quotes around it"),
        ("fake-token-01,", "with and without the character behind it"),
        ("API_TOKEN=fake-token-01", "without the name before it"),
        ("export API_TOKEN=\"fake-token-01\"", "without the name before it"),
        ("Authorization: Bearer fake-token-01", "without its scheme"),
        ("https://u:fake-token-01@host.example/x", "user or password out of an address"),
        ("\u{feff}fake-token-01\r\n", ""),
    ];
    for (line, said) in lines {
        let sandbox = Sandbox::new();
        let ran = sandbox.run(&["ban"], line);
        assert!(ran.code == 0 && ran.err.contains(said), "{line}: {} {}", ran.code, ran.err);
        assert_eq!(sandbox.run(&["show"], "fake-token-01").code, 1, "{line}");
        assert_eq!(sandbox.run(&["show"], line).code, 1, "{line}");
        assert_eq!(sandbox.run(&["unban"], line).code, 0, "{line}");
        assert_eq!(sandbox.run(&["show"], "fake-token-01").code, 0, "{line}");
    }
}

#[test]
fn a_report_is_a_report_wherever_it_is_given() {
    let sandbox = Sandbox::new();
    let report = "[{\"RuleID\":\"r\",\"Secret\":\"fake-token-01\"},\n{\"RuleID\":\"r\",\"Secret\":\"REDACTED\"}]";
    let ran = sandbox.run(&["ban"], report);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.starts_with("tokenban: standard input: read as gitleaks JSON\n"),
        "{}",
        ran.err
    );
    assert_eq!(sandbox.run(&["show"], report).code, 1);
    assert_eq!(sandbox.run(&["show"], "fake-token-01").code, 1);
    sandbox.run(&["unban"], report);
    assert_eq!(sandbox.run(&["show"], "fake-token-01").code, 0);
}

#[test]
fn a_jwt_is_banned_in_every_spelling() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["ban"], &jwt("c2lnc2ln"));
    assert_eq!((ran.code, ran.out.lines().count()), (0, 4), "{}", ran.out);
    for spelling in [jwt("b3RoZXI"), jwt(""), format!("{HEADER}=.{PAYLOAD}=.c2ln")] {
        assert_eq!(sandbox.run(&["show"], &spelling).code, 1, "{spelling}");
    }
    assert_eq!(sandbox.run(&["unban"], &jwt("c2lnc2ln")).code, 0);
    assert_eq!(sandbox.run(&["show"], &jwt("c2lnc2ln")).code, 0);

    sandbox.run(&["ban", "--as", "token"], &jwt("c2lnc2ln"));
    assert_eq!(sandbox.run(&["show"], &jwt("b3RoZXI")).code, 0);
    sandbox.run(&["ban", "--as", "jwt"], &jwt("c2lnc2ln"));
    assert_eq!(sandbox.run(&["show"], &jwt("b3RoZXI")).code, 1);
    let ran = sandbox.run(&["ban", "--as", "jwt"], "fake-token-01");
    assert_eq!((ran.code, ran.err.as_str()), (2, "tokenban: line 1: no JWT; leave --as out\n"));
}

#[test]
fn claims_need_no_token() {
    let sandbox = Sandbox::new();
    for (arguments, denied) in [
        (&["--jti", "x1"][..], true),
        (&["--jti", "x1", "--iss", "https://issuer.example"], false),
        (&["--sub", "alice", "--issued-before", "2023-11-15"], true),
        (&["--sub", "alice", "--issued-before", "2023-11-14"], false),
        (&["--sub", "alice"], true),
        (&["--sub", "bob"], false),
    ] {
        let ban = [&["ban"], arguments].concat();
        assert_eq!(sandbox.run(&ban, "").code, 0, "{arguments:?}");
        let shown = sandbox.run(&["show"], &jwt("c2ln"));
        assert_eq!(shown.code, i32::from(denied), "{arguments:?} {}", shown.out);
        let claims: Vec<&str> =
            arguments.iter().copied().take_while(|word| *word != "--issued-before").collect();
        assert_eq!(sandbox.run(&[&["unban"], &claims[..]].concat(), "").code, 0);
    }
    assert_eq!(sandbox.run(&["unban", "--sub", "bob"], "").err, "tokenban: not banned\n");
    assert_eq!(sandbox.run(&["ban", "--iss", "x"], "").code, 2);
}

#[test]
fn unban_tells_what_still_denies() {
    let sandbox = Sandbox::new();
    sandbox.run(&["ban"], &jwt("c2ln"));
    sandbox.run(&["ban", "--list", "other", "--sub", "alice"], "");
    let ran = sandbox.run(&["unban"], &jwt("c2ln"));
    assert_eq!(ran.code, 1);
    assert!(ran.err.starts_with("tokenban: still denied by\n"), "{}", ran.err);
    assert!(ran.err.contains("  sub   other  "), "{}", ran.err);
}

#[test]
fn unban_takes_a_token_off_every_list_or_one() {
    let sandbox = Sandbox::new();
    let sha1 = "sha1:3e429ebcd3de608e37fd462282bb0dad4859ab3b";
    sandbox.run(&["ban", "--list", "a"], "fake-token-01");
    sandbox.run(&["ban", "--list", "b"], "fake-token-01");
    sandbox.run(&["ban", "--list", "c"], sha1);
    assert_eq!(sandbox.run(&["unban", "--list", "a"], "fake-token-01").code, 1, "b denies it");
    let ran = sandbox.run(&["unban"], "fake-token-01");
    assert_eq!((ran.code, ran.out.lines().count()), (0, 4), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("  sha1   c     unbanned\n"), "{}", ran.out);
    assert_eq!(sandbox.run(&["list"], "").out, "no entries\n");
    sandbox.run(&["ban"], sha1);
    assert_eq!(sandbox.run(&["unban"], sha1).code, 0);
}

#[test]
fn unban_by_fingerprint() {
    let sandbox = Sandbox::new();
    sandbox.run(&["ban"], "fake-token-01");
    for (text, code) in [("e50d2ec3bd", 2), ("000000000000", 1), ("E50D2EC3BDEB", 0)] {
        assert_eq!(sandbox.run(&["unban", "--fingerprint", text], "").code, code, "{text}");
    }
    assert_eq!(sandbox.run(&["show"], "fake-token-01").code, 0);
    sandbox.run(&["ban"], "sha1:3e429ebcd3de608e37fd462282bb0dad4859ab3b");
    assert_eq!(sandbox.run(&["show", "3e429ebcd3de"], "").code, 1);
    assert_eq!(sandbox.run(&["unban", "--fingerprint", "3e429ebcd3de608e"], "").code, 0);
    assert_eq!(sandbox.run(&["list"], "").out, "no entries\n");
}

#[test]
fn json_shapes() {
    let sandbox = Sandbox::new();
    let banned = sandbox.json(&["ban", "--json"], "fake-token-01\nxxxxxxxx\n", 1);
    assert_eq!(
        banned,
        json!({
            "list": "leaked",
            "entries": [{ "line": 1, "fingerprint": "a2dbe61361b134b9", "kind": "token", "state": "banned", "was": [] }],
            "dry_run": false,
            "logs": [],
            "new_list": true,
            "reason": "",
            "expires": null,
            "issued_before": null,
            "level": "deny",
            "except": [],
            "rules": [{ "rule": "everywhere", "points": ["[anywhere]"], "action": "deny", "denies": true }],
            "damaged": [],
            "files": [{
                "name": "standard input",
                "format": "text",
                "admitted": 1,
                "jwts": 0,
                "taken_off": {},
                "refused": { "masked": { "count": 1, "lines": [2] } },
                "skipped": {},
                "damaged": { "count": 0, "lines": [] },
            }],
            "refused": [{
                "file": "standard input",
                "line": 2,
                "reason": "masked",
                "message": "the token is masked; make the report again with its secrets in clear, \
                            or write `sha256:` and the digest",
            }],
        })
    );
    let shown = sandbox.json(&["show", "--json"], "fake-token-01", 1);
    let key = shown["answers"][0]["entries"][0]["key"].as_str().unwrap().to_owned();
    assert_eq!((key.len(), &key[..12]), (32, "e50d2ec3bdeb"));
    assert_eq!(
        shown,
        json!({ "answers": [{
            "line": 1,
            "fingerprint": "a2dbe61361b134b9",
            "entries": [{
                "fingerprint": "a2dbe61361b134b9",
                "kind": "token",
                "claim": null,
                "issuer": null,
                "value": null,
                "list": "leaked",
                "reason": "",
                "incident": false,
                "source": "",
                "level": "deny",
                "except": [],
                "added": "2026-00-00T00:00:00Z",
                "expires": null,
                "issued_before": null,
                "key": key,
            }],
        }] })
    );
    let unbanned = sandbox.json(&["unban", "--json"], "fake-token-01\nfake-token-02\n", 1);
    assert_eq!(
        unbanned,
        json!({
            "dry_run": false,
            "unbanned": [{ "fingerprint": "a2dbe61361b134b9", "kind": "token", "list": "leaked", "reason": "" }],
            "missing": [{ "line": 2, "fingerprint": fingerprint("fake-token-02") }],
            "still_denied_by": [],
            "refused": [],
        })
    );
}

#[test]
fn a_wrong_checksum_is_a_warning() {
    let sandbox = Sandbox::new();
    let damaged = concat!("npm", "_qkJaB6MffYVzZXWqmcoF49yrUxP3wg", "0LsakP");
    let ran = sandbox.run(&["ban"], damaged);
    assert_eq!(ran.code, 0);
    assert_eq!(
        ran.err,
        "tokenban: line 1: banned, but the token's own checksum is wrong: mistyped or cut?\n\
         tokenban: the list \"leaked\" is new\n"
    );
}

#[test]
fn a_token_as_an_argument_is_refused_and_not_repeated() {
    let sandbox = Sandbox::new();
    for command in ["ban", "unban", "show", "import"] {
        let ran = sandbox.run(&[command, "fake-token-01"], "");
        assert_eq!(ran.code, 2, "{command}");
        assert!(ran.err.contains("never from arguments"), "{command} {}", ran.err);
    }
}

/// Neither the command nor anything that it runs has the token among its arguments.
#[test]
fn no_token_in_the_list_of_processes() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["ban", "--reason", "INC-42"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"fake-token-01\nfake-to").unwrap();
    let mut words = String::new();
    while words.is_empty() {
        // Empty until the new program is in place.
        words = fs::read_to_string(format!("/proc/{}/cmdline", child.id())).unwrap();
    }
    assert!(words.contains("INC-42") && !words.contains("fake-token"), "{words}");
    stdin.write_all(b"ken-02").unwrap();
    drop(stdin);
    assert!(child.wait_with_output().unwrap().status.success());
}

#[test]
fn without_a_store_the_way_out_is_told() {
    let sandbox = Sandbox::without_store();
    let mut command = sandbox.command(&["ban"]);
    command.env_remove("TOKENBAN_STORE");
    let ran = run(command, "fake-token-01");
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (2, "tokenban: no store is named; write --store PATH or set TOKENBAN_STORE\n")
    );
    let ran = sandbox.run(&["ban"], "fake-token-01");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("`tokenban init` makes a store"), "{}", ran.err);
    assert_eq!(sandbox.run(&["list"], "").code, 2);
}

#[test]
fn a_time_that_is_past_or_none_is_an_error() {
    let sandbox = Sandbox::new();
    for (when, message) in [("2001-01-01", "is past"), ("soon", "is no time")] {
        let ran = sandbox.run(&["ban", "--expires", when], "fake-token-01");
        assert!(ran.code == 2 && ran.err.contains(message), "{}", ran.err);
    }
    let ran = sandbox.run(&["ban", "--list", "Not A Name"], "fake-token-01");
    let message =
        "tokenban: the name of a list has 1 to 64 of a-z, 0-9, '.', '_' and '-', the first \
                   a letter or a digit\n";
    assert_eq!((ran.code, ran.err.as_str()), (2, message));
    let ran = sandbox.run(&["import", "--list", "Not A Name"], "fake-token-01");
    assert_eq!((ran.code, ran.err.as_str()), (2, message));
}

#[test]
fn a_name_that_may_be_mistyped_is_told() {
    let sandbox = Sandbox::new();
    sandbox.run(&["ban"], "fake-token-01");
    for command in [&["unban", "--list", "leakd"][..], &["show", "--list", "leakd"]] {
        let ran = sandbox.run(command, "fake-token-01");
        let said = "tokenban: no list \"leakd\"; there are leaked\n";
        assert!(ran.err.contains(said), "{command:?} {}", ran.err);
    }
    let ran = sandbox.run(&["undo", "--list", "leakd", "INC-1"], "");
    assert!(ran.err.contains("no list \"leakd\""), "{}", ran.err);
}

#[test]
fn a_time_to_come_before_which_tokens_were_issued_is_told() {
    let sandbox = Sandbox::new();
    let ban = |time: &str| sandbox.run(&["ban", "--sub", "alice", "--issued-before", time], "");
    assert!(ban("2h").err.contains("lies ahead"));
    assert!(!ban("-2h").err.contains("lies ahead"));
}

#[test]
fn exceptions_are_shown() {
    let sandbox = Sandbox::new();
    sandbox.run(&["ban", "--reason", "INC-1", "--except", "192.0.2.0/24"], "fake-token-01");
    let said = "INC-1 (only reported for 192.0.2.0/24)\n";
    assert!(sandbox.run(&["show"], "fake-token-01").out.ends_with(said));
    assert!(sandbox.run(&["list", "leaked"], "").out.ends_with(said));
    let again = sandbox.run(&["ban", "--reason", "INC-1", "--replace"], "fake-token-01").out;
    assert!(again.contains("was for good, only reported for 192.0.2.0/24 (INC-1)\n"), "{again}");
    sandbox.run(&["ban", "--list", "other", "--monitor"], "fake-token-02");
    assert!(sandbox.run(&["list", "other"], "").out.ends_with("  (only reported)\n"));
}
