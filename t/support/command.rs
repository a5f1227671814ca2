//! The command `tokenban`.

use std::{path::PathBuf, process::Command};

use crate::support::root;

/// The command, as cargo builds it beside the tests.
pub(crate) fn tokenban() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let profile = tests.ancestors().nth(2).unwrap();
    let target = profile.parent().unwrap();
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "tokenban", "--target-dir"])
        .arg(target)
        .current_dir(root())
        .status();
    assert!(built.unwrap().success());
    target.join("debug/tokenban")
}
