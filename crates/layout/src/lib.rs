//! Compares where bindings place the fields of C structures with where the C compiler does.
//!
//! A build script reads a [`Table`] of structures and fields, has the C compiler translate its
//! [`probe`](Table::probe), finds the numbers in the object file, which works for a foreign target
//! too, and writes [`assertions`](Table::assertions) that the Rust compiler checks:
//!
//! ```
//! # fn compile(_: String) -> Vec<u8> { b"tokenban-layout: 000016 000000 000008;".into() }
//! use tokenban_layout::{measures, Table};
//!
//! let table = Table::parse("ngx_str_t: len data")?;
//! let object = compile(table.probe("#include <ngx_core.h>"));
//! let rust = table.assertions("nginx_sys", &measures(&object)?)?;
//! assert!(rust.contains("offset_of!(nginx_sys::ngx_str_t, data) == 8"));
//! # Ok::<(), tokenban_layout::Error>(())
//! ```

#![forbid(unsafe_code)]

mod assertions;
mod error;
mod probe;
mod table;

pub use error::Error;
pub use probe::measures;
pub use table::Table;
