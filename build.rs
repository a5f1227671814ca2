//! Tells the module which NGINX it is built for, and leaves to the C compiler what the bindings may
//! get wrong. No network, nothing outside Cargo's directories.

use std::{env, error::Error, fs, path::PathBuf};

use tokenban_layout::{measures, Table};

/// What every structure of `layout.txt` is declared in.
const HEADERS: &str =
    "#include <ngx_config.h>\n#include <ngx_core.h>\n#include <ngx_event.h>\n#include <ngx_http.h>";

fn main() -> Result<(), Box<dyn Error>> {
    declare("ngx_feature", "DEP_NGINX_FEATURES", "DEP_NGINX_FEATURES_CHECK");
    stay_mapped();
    compile_accessors();
    compare_layout()
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

/// The accessors of bit fields, `src/nginx/bit_fields.c`.
fn compile_accessors() {
    let source = "src/nginx/bit_fields.c";
    println!("cargo::rerun-if-changed={source}");
    compiler().file(source).compile("tokenban_bit_fields");
}

/// Writes assertions that compile only where the bindings agree with the C compiler.
fn compare_layout() -> Result<(), Box<dyn Error>> {
    let table = "src/nginx/layout.txt";
    println!("cargo::rerun-if-changed={table}");
    let table = Table::parse(&fs::read_to_string(table)?)?;
    let directory = PathBuf::from(env::var("OUT_DIR")?);
    let source = directory.join("layout.c");
    fs::write(&source, table.probe(HEADERS))?;
    let objects = compiler().file(source).try_compile_intermediates()?;
    let object = fs::read(objects.first().ok_or("no object file of the layout probe")?)?;
    let assertions = table.assertions("nginx_sys", &measures(&object)?)?;
    Ok(fs::write(directory.join("layout.rs"), assertions)?)
}

/// A compiler that sees the headers which NGINX was built with.
fn compiler() -> cc::Build {
    println!("cargo::rerun-if-env-changed=DEP_NGINX_INCLUDE");
    println!("cargo::rerun-if-env-changed=DEP_NGINX_METADATA");
    let mut compiler = cc::Build::new();
    compiler.includes(env::split_paths(&env::var_os("DEP_NGINX_INCLUDE").unwrap_or_default()));
    for definition in definitions() {
        match definition.split_once('=') {
            Some((name, value)) => compiler.define(name, value),
            None => compiler.define(&definition, None),
        };
    }
    // `_FORTIFY_SOURCE`, which distributions define, warns where nothing is optimised; and an
    // object for link-time optimisation does not hold the numbers of the probe.
    compiler.opt_level(2).flag_if_supported("-fno-lto");
    compiler
}

/// The macros on NGINX's own command line. nginx-sys 0.5 means to pass `cflags` and, by a `:` too
/// few, passes `metadata` with the value `cflags=…`.
fn definitions() -> Vec<String> {
    let given = env::var("DEP_NGINX_CFLAGS").or_else(|_| env::var("DEP_NGINX_METADATA"));
    let given = given.unwrap_or_default();
    let flags = given.strip_prefix("cflags=").unwrap_or(&given);
    format!(" {flags}").split(" -D").skip(1).map(|flag| flag.trim().to_owned()).collect()
}
