//! Tells the module which NGINX it is built for. No network, nothing outside Cargo's directories.

use std::env;

fn main() {
    declare("ngx_feature", "DEP_NGINX_FEATURES", "DEP_NGINX_FEATURES_CHECK");
    stay_mapped();
    println!("cargo::rerun-if-env-changed=DEP_NGINX_BUILD_DIR");
    println!("cargo::rerun-if-env-changed=TOKENBAN_NGINX");
    println!("cargo::rustc-env=TOKENBAN_NGINX={}", binary());
}

/// Keeps the module mapped until the process is gone: at the end of a worker NGINX closes modules, and
/// a thread that was in the middle of a compilation may still run (`src/thread.rs`).
fn stay_mapped() {
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}

/// Passes the feature flags that nginx-sys read from NGINX's configuration on to the compiler.
fn declare(cfg: &str, values: &str, known: &str) {
    println!("cargo::rerun-if-env-changed={values}");
    let known = env::var(known).unwrap_or_else(|_| "any()".into());
    println!("cargo::rustc-check-cfg=cfg({cfg}, values({known}))");
    for value in env::var(values).unwrap_or_default().split(',').filter(|v| !v.is_empty()) {
        println!("cargo::rustc-cfg={cfg}=\"{value}\"");
    }
}

/// The NGINX that the tests start: the vendored one, or the installed one that the Makefile names.
fn binary() -> String {
    env::var("TOKENBAN_NGINX")
        .or_else(|_| env::var("DEP_NGINX_BUILD_DIR").map(|directory| directory + "/nginx"))
        .unwrap_or_else(|_| "nginx".into())
}
