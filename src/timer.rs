//! A timer of the event loop that fires again and again.

use std::mem::MaybeUninit;

use nginx_sys::{ngx_event_t, ngx_log_t, ngx_msec_t};

use crate::nginx::bit_fields;

/// Fires until it is dropped. A worker that shuts down does not wait for it.
pub(crate) struct Timer(Box<Event>);

/// NGINX keeps a pointer to the event, which is the first field so that it points to the rest, too.
#[repr(C)]
struct Event {
    event: ngx_event_t,
    period: ngx_msec_t,
    work: Box<dyn FnMut()>,
}

/// NGINX's debug log takes `data` for a connection and prints the number in its fourth word.
static CONNECTION: [usize; 4] = [0; 4];

impl Timer {
    /// Calls `work` every `period` milliseconds, from the event loop.
    pub(crate) fn start(
        period: ngx_msec_t,
        log: *mut ngx_log_t,
        work: impl FnMut() + 'static,
    ) -> Timer {
        // SAFETY: the structure is plain C; zero is how NGINX's own modules begin one.
        let mut event: ngx_event_t = unsafe { MaybeUninit::zeroed().assume_init() };
        event.data = CONNECTION.as_ptr().cast_mut().cast();
        event.handler = Some(fire);
        event.log = log;
        bit_fields::event::set_cancelable(&mut event, 1);
        let mut timer = Timer(Box::new(Event { event, period, work: Box::new(work) }));
        // SAFETY: the event has its place on the heap until the timer is dropped, which takes it out.
        unsafe { bit_fields::add_timer(&mut timer.0.event, period) };
        timer
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if bit_fields::event::timer_set(&self.0.event) != 0 {
            // SAFETY: it is set, by `start` or `fire`.
            unsafe { bit_fields::del_timer(&mut self.0.event) };
        }
    }
}

unsafe extern "C" fn fire(event: *mut ngx_event_t) {
    // SAFETY: only `start` names this handler, for the first field of a live `Event`.
    let timer = unsafe { &mut *event.cast::<Event>() };
    // SAFETY: as in `start`; NGINX has taken the event out before it calls.
    unsafe { bit_fields::add_timer(&mut timer.event, timer.period) };
    (timer.work)();
}
