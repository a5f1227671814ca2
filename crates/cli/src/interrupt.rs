//! Ctrl-C, and a polite `kill`: says whether something was changed.

use std::{
    process,
    sync::{Mutex, PoisonError},
    thread,
};

use nix::sys::signal::{SigSet, Signal};

/// Whether the change has begun to be written: from then on it is there as a whole, or not at all.
static BEGUN: Mutex<bool> = Mutex::new(false);

/// Waits for signals beside the command. Before the change they end it, and nothing was changed; once
/// it is being written, the command comes to its end.
pub(crate) fn watch() {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGINT);
    signals.add(Signal::SIGTERM);
    if signals.thread_block().is_err() {
        return; // they end the command as they always do
    }
    thread::spawn(move || {
        while let Ok(signal) = signals.wait() {
            let begun = BEGUN.lock().unwrap_or_else(PoisonError::into_inner);
            if *begun {
                eprintln!("tokenban: too late to stop: the change is made");
                continue;
            }
            eprintln!("tokenban: interrupted: nothing was changed");
            process::exit(128 + signal as i32);
        }
    });
}

/// To be called right before the change is written.
pub(crate) fn begins() {
    *BEGUN.lock().unwrap_or_else(PoisonError::into_inner) = true;
}
