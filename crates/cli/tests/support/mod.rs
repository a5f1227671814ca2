//! A folder with a store in it, and the real command.

#![allow(dead_code)] // each test uses some of it

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

/// What every token of the tests has in it, and no output.
pub(crate) const MARK: &str = "-token-0";

/// What asks the lists of the tests.
const RULES: &str = "rules:
- {id: everywhere, points: [[anywhere]], denylist: [leaked, other, a, b, c, many, partners, incident-42]}
- {id: silent, points: [[header, A]], denylist: [watched], action: monitor}
";

/// A folder with a store.
pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
}

/// How a command ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Sandbox {
    /// With an empty store, and no key of fingerprints: they are the same in each run.
    pub(crate) fn new() -> Sandbox {
        let sandbox = Sandbox::without_store();
        assert_eq!(sandbox.run(&["init"], "").code, 0);
        fs::remove_file(sandbox.store().join("fingerprint.key")).unwrap();
        sandbox
    }

    /// Without one.
    pub(crate) fn without_store() -> Sandbox {
        let sandbox = Sandbox { folder: tempfile::tempdir().unwrap() };
        sandbox.file("rules.yaml", RULES);
        sandbox
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path().join("store")
    }

    /// Writes a file and names it.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// The command as it would be run in the folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tokenban"));
        command.args(arguments).current_dir(self.path()).env("TOKENBAN_STORE", self.store());
        command.env("TOKENBAN_RULES", self.path().join("rules.yaml")).env("TZ", "UTC");
        command
    }

    /// Runs it with some text as standard input. No output may show a token.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Ran {
        let ran = run(self.command(arguments), input);
        assert!(!ran.out.contains(MARK), "{arguments:?}\n{}", ran.out);
        assert!(!ran.err.contains(MARK), "{arguments:?}\n{}", ran.err);
        ran
    }

    /// Runs it and reads the JSON that it prints, which must come with this exit code.
    pub(crate) fn json(&self, arguments: &[&str], input: &str, code: i32) -> Value {
        let ran = self.run(arguments, input);
        assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
        serde_json::from_str(&steady(&ran.out)).unwrap()
    }
}

/// Runs a command to its end.
pub(crate) fn run(mut command: Command, input: &str) -> Ran {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that fails early reads nothing.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: status.code().unwrap(), out: text(stdout), err: text(stderr) }
}

/// Text with every time of this century made the same.
pub(crate) fn steady(text: &str) -> String {
    const FORM: &str = "20dd-dd-ddTdd:dd:ddZ";
    let fits = |at: usize| {
        let found = text.as_bytes().get(at..at + FORM.len());
        found.is_some_and(|found| {
            found.iter().zip(FORM.bytes()).all(|(byte, form)| match form {
                b'd' => byte.is_ascii_digit(),
                form => *byte == form,
            })
        })
    };
    let mut out = String::new();
    let mut at = 0;
    while let Some(char) = text[at..].chars().next() {
        if fits(at) {
            out.push_str("2026-00-00T00:00:00Z");
            at += FORM.len();
        } else {
            out.push(char);
            at += char.len_utf8();
        }
    }
    out
}

/// The fingerprint of an opaque token, where no key is configured.
pub(crate) fn fingerprint(token: &str) -> String {
    use hmac::Mac;
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(token.as_bytes());
    let mac = hmac::Hmac::<Sha256>::new_from_slice(b"").unwrap();
    let tag = mac.chain_update(&digest[..16]).finalize().into_bytes();
    tag.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
