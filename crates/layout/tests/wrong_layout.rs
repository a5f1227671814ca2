//! Feeds the probe a structure of C and bindings of it, right ones and wrong ones, and compiles what
//! comes out of it with the real compilers.

use std::{env, fs, path::Path, process::Command};

use tokenban_layout::{measures, Table};

/// As NGINX 1.29.3 changed `ngx_http_request_t`.
const C: &str = "typedef struct { void *pool; unsigned short port; unsigned count:16; \
                 unsigned closed:1; void *main; } request_t;";

const TABLE: &str = "request_t: pool main HAS_UPSTREAM(upstream)";

/// The assertions for the C structure, compiled with these bindings: nothing, or what rustc says.
fn compile(bindings: &str) -> Result<(), String> {
    let directory = tempfile::tempdir().unwrap();
    let table = Table::parse(TABLE).unwrap();
    let object = object(directory.path(), &table.probe(C));
    let assertions = table.assertions("bindings", &measures(&object).unwrap()).unwrap();
    let source = directory.path().join("layout.rs");
    let uses = "use core::mem::{offset_of, size_of};";
    fs::write(&source, format!("{uses} mod bindings {{ {bindings} }} {assertions}")).unwrap();
    let output = Command::new(env::var("RUSTC").unwrap_or_else(|_| "rustc".into()))
        .args(["--crate-type", "lib", "--edition", "2021", "--emit", "metadata", "--out-dir"])
        .args([directory.path(), &source])
        .output()
        .unwrap();
    output.status.success().then_some(()).ok_or(String::from_utf8(output.stderr).unwrap())
}

fn object(directory: &Path, source: &str) -> Vec<u8> {
    let file = directory.join("probe.c");
    fs::write(&file, source).unwrap();
    let target = target();
    let objects = cc::Build::new()
        .file(file)
        .out_dir(directory)
        .target(&target)
        .host(&target)
        .opt_level(1)
        .cargo_metadata(false)
        .compile_intermediates();
    fs::read(&objects[0]).unwrap()
}

/// The machine's own, as rustc calls it.
fn target() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

#[test]
fn right_bindings_compile() {
    let right =
        "#[repr(C)] pub struct request_t { pub pool: *mut u8, pub port: u16, bits: [u8; 4], \
                 pub main: *mut u8 }";
    compile(right).unwrap();
}

#[test]
fn a_field_elsewhere_fails_with_its_name() {
    let wrong =
        "#[repr(C)] pub struct request_t { pub main: *mut u8, pub port: u16, bits: [u8; 4], \
                 pub pool: *mut u8 }";
    let error = compile(wrong).unwrap_err();
    assert!(
        error.contains(
            "request_t.pool: the bindings do not place it at byte 0, where the C compiler does; \
             do not use the module with this NGINX"
        ),
        "{error}"
    );
}

#[test]
fn another_size_fails_with_the_structure() {
    let wrong = "#[repr(C)] pub struct request_t { pub pool: *mut u8, bits: [u8; 8], \
                 pub main: *mut u8, more: u8 }";
    let error = compile(wrong).unwrap_err();
    assert!(error.contains("request_t: the bindings give it another size than the C compiler's"));
}
