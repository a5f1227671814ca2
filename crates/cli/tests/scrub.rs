//! `tokenban scrub`: no token is left, and nothing else is changed.

mod support;

use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::{MetadataExt, PermissionsExt},
};

use flate2::{read::GzDecoder, write::GzEncoder, Compression};
use support::{fingerprint, run, Sandbox};

const TOKEN: &str = "fake-scrubbed-token-0123456789";
const GITHUB: &str = "ghp_000000000000000000000000000000000000";
const RULES: &str = "rules: [{id: github, points: [[header, AUTHORIZATION, credentials]], regex: '^ghp_[0-9A-Za-z]{36}$'}]";

fn banned() -> Sandbox {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["ban"], TOKEN).code, 0);
    sandbox.file("shapes.yaml", RULES);
    sandbox
}

#[test]
fn standard_input_is_a_filter() {
    let sandbox = banned();
    let percent: String = TOKEN.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let mark = format!("[token {}]", fingerprint(TOKEN));
    for (line, expected) in [
        (
            format!("GET /a?access_token={TOKEN}&x=1 HTTP/1.1\n"),
            format!("GET /a?access_token={mark}&x=1 HTTP/1.1\n"),
        ),
        (
            format!("{{\"authorization\":\"Bearer {TOKEN}\"}}"),
            format!("{{\"authorization\":\"Bearer {mark}\"}}"),
        ),
        (format!("/v1/{TOKEN}/x \"{percent}\"\r\n"), format!("/v1/{mark}/x \"{mark}\"\r\n")),
        (format!("Basic user:{TOKEN}@host\n"), format!("Basic user:{mark}@host\n")),
        (
            "192.0.2.1 - - \"GET /abcdefgh/\u{e9}?a=b%20c\" 200\n".into(),
            "192.0.2.1 - - \"GET /abcdefgh/\u{e9}?a=b%20c\" 200\n".into(),
        ),
    ] {
        let ran = run(sandbox.command(&["scrub"]), &line);
        assert_eq!(ran.out, expected, "{}", ran.err);
        assert_eq!(ran.code, i32::from(line.contains("fake-")), "{line}");
    }
}

#[test]
fn shapes_are_taken_out_without_a_store() {
    let sandbox = banned();
    let mut command = sandbox.command(&["scrub", "--rules", "shapes.yaml"]);
    command.env_remove("TOKENBAN_STORE");
    let ran = run(command, &format!("token={GITHUB} {TOKEN}\n"));
    assert_eq!(ran.out, format!("token=[token {}] {TOKEN}\n", fingerprint(GITHUB)), "{}", ran.err);
}

#[test]
fn a_file_is_replaced_as_a_whole() {
    let sandbox = banned();
    let (plain, packed, clean) = ("access.log", "access.log.2.gz", "clean.log");
    let text = format!("one {TOKEN}\ntwo {GITHUB}\n");
    let path = sandbox.file(plain, &text);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let before = fs::metadata(&path).unwrap();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    fs::write(sandbox.path().join(packed), encoder.finish().unwrap()).unwrap();
    let same = fs::metadata(sandbox.file(clean, "nothing of the kind\n")).unwrap();
    let arguments = ["scrub", "--rules", "shapes.yaml", plain, packed, clean];
    let ran = sandbox.run(&[&arguments[..], &["--dry-run"]].concat(), "");
    assert!(
        ran.code == 1 && ran.out.contains("access.log: 2 tokens would be taken out"),
        "{}",
        ran.out
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    let ran = sandbox.run(&arguments, "");
    assert_eq!(ran.out, "access.log: 2 tokens taken out\naccess.log.2.gz: 2 tokens taken out\nclean.log: 0 tokens taken out\n");
    let expected =
        format!("one [token {}]\ntwo [token {}]\n", fingerprint(TOKEN), fingerprint(GITHUB));
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    let mut unpacked = String::new();
    GzDecoder::new(&fs::read(sandbox.path().join(packed)).unwrap()[..])
        .read_to_string(&mut unpacked)
        .unwrap();
    assert_eq!(unpacked, expected);
    let after = fs::metadata(&path).unwrap();
    assert_eq!(
        (after.mode(), after.mtime(), after.uid()),
        (before.mode(), before.mtime(), before.uid())
    );
    assert_eq!(fs::metadata(sandbox.path().join(clean)).unwrap().ino(), same.ino(), "left alone");
    let left = fs::read_dir(sandbox.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!({ left }.all(|name| !name.to_string_lossy().contains(".scrub.")));
    assert_eq!(sandbox.run(&arguments, "").code, 0, "nothing is left");
}

#[test]
fn mistakes_are_told() {
    let sandbox = banned();
    let mut command = sandbox.command(&["scrub"]);
    command.env_remove("TOKENBAN_STORE");
    let ran = run(command, "");
    assert!(ran.code == 2 && ran.err.contains("nothing says what a token is"), "{}", ran.err);
    let ran = sandbox.run(&["scrub", "none.log"], "");
    assert!(ran.code == 2 && ran.err.contains("none.log: No such file"), "{}", ran.err);
}
