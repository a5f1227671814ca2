//! No panic crosses into NGINX: it would abort the worker with all its connections.
//!
//! The engine is written and fuzzed not to panic; this is the second line. What a panic means for a
//! request is `tokenban_on_error`, in `handler.rs`.

use std::{
    cell::RefCell,
    panic::{self, AssertUnwindSafe},
};

thread_local! {
    /// `file:line` of the last panic. Its message is dropped: it may quote what a client sent.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs `work`; a panic inside becomes an error that says where it came from.
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|_| PLACE.take())
}

/// Keeps the place of a panic and prints nothing: the standard hook writes the message to standard
/// error, which is where NGINX keeps its error log.
pub(crate) fn quieten_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(|place| format!("{}:{}", place.file(), place.line()));
        PLACE.set(place.unwrap_or_default());
    }));
}
