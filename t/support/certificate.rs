//! A certificate for NGINX, by the command `openssl`.

use std::{
    path::Path,
    process::{Command, Stdio},
};

/// The directives that name it.
pub(crate) const DIRECTIVES: &str =
    "ssl_certificate {dir}/certificate.pem;\nssl_certificate_key {dir}/key.pem;";

/// Makes `certificate.pem`, for `a.example`, and `key.pem`.
pub(crate) fn make(directory: &Path) {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-subj", "/CN=a.example", "-keyout", "key.pem", "-out", "certificate.pem"])
        .current_dir(directory)
        .stderr(Stdio::null())
        .status()
        .expect("openssl");
    assert!(made.success());
}
