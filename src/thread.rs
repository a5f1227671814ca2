//! A thread beside the event loop of a worker.

use std::{
    io, mem, ptr,
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread::{Builder, JoinHandle},
    time::Duration,
};

/// How long the end of a worker waits for the thread, should it be busy.
const END: Duration = Duration::from_millis(200);

/// Less of the processor than the event loop gets, where they share one.
const NICE: i32 = 10;

/// A thread that does something again and again; dropped, it ends.
pub(crate) struct Periodic {
    /// Dropped, it wakes the thread and ends it.
    stop: Option<Sender<()>>,
    /// Nothing is sent: it tells that the thread has ended.
    ended: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl Periodic {
    /// Calls `work` every `period`. It must not call any NGINX function.
    pub(crate) fn start(
        name: &str,
        period: Duration,
        mut work: impl FnMut() + Send + 'static,
    ) -> io::Result<Periodic> {
        let (stop, stopped) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let run = move || {
            let _end = end;
            yield_to_event_loop();
            while stopped.recv_timeout(period) == Err(RecvTimeoutError::Timeout) {
                work();
            }
        };
        let thread = without_signals(|| Builder::new().name(name.into()).spawn(run))?;
        Ok(Periodic { stop: Some(stop), ended, thread: Some(thread) })
    }
}

impl Drop for Periodic {
    /// Waits for the end of the thread, but not for long: a reload or a stop must not hang because
    /// rules are just being compiled. What runs on after that ends with the process, which has
    /// nothing left to do but to exit; the module stays mapped (`build.rs`).
    fn drop(&mut self) {
        self.stop.take();
        if self.ended.recv_timeout(END) == Err(RecvTimeoutError::Timeout) {
            return;
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A new thread inherits the mask: so it never gets a signal that NGINX waits for in its event loop.
fn without_signals<T>(start: impl FnOnce() -> T) -> T {
    // SAFETY: signal sets are plain C, filled before they are read.
    let mut before: libc::sigset_t = unsafe { mem::zeroed() };
    // SAFETY: as above.
    let mut all: libc::sigset_t = unsafe { mem::zeroed() };
    // SAFETY: both live through the calls, which change the mask of this thread only.
    unsafe {
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
    }
    let started = start();
    // SAFETY: as above.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &before, ptr::null_mut()) };
    started
}

fn yield_to_event_loop() {
    // SAFETY: on Linux it changes the calling thread only. A refusal changes nothing.
    #[cfg(target_os = "linux")]
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, NICE)
    };
}
