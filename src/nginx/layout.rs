//! Assertions that `build.rs` writes from `layout.txt`: the build fails where the bindings do not
//! place a field of NGINX as the C compiler does.

use std::mem::{offset_of, size_of};

include!(concat!(env!("OUT_DIR"), "/layout.rs"));
