//! What was decided about a request, kept where internal redirects do not wipe it.
//!
//! NGINX zeroes all module contexts when it redirects inside; a pool cleanup stays. The module
//! ngx_http_realip keeps its original address in the same way.

use std::{ffi::c_void, mem, ptr};

use nginx_sys::{ngx_http_request_t, ngx_pool_cleanup_add, ngx_pool_cleanup_t, ngx_str_t};
use ngx::http::{HttpModule, Request};
use tokenban_engine::decision::{Decision, Hit, Mode};

use crate::{body::Wait, module::Module, stream::Stream};

/// The decision about a request over all its internal redirects.
pub(crate) struct Record {
    /// The gravest decision so far.
    pub(crate) decision: Decision,
    /// How the location acted that was asked last.
    pub(crate) mode: Mode,
    /// The match that it rests on.
    pub(crate) hit: Option<Hit>,
    /// Whether a decoy was used.
    pub(crate) canary: bool,
    /// After a denial: the URI that was denied, until an error page took its place.
    denied: Option<ngx_str_t>,
    /// Whether the request was denied before.
    again: bool,
    /// The most that was ever known of the length of the body.
    body_length: u64,
    /// Whether the body was denied while it came in: from then on NGINX has only a part of it.
    body_denied: bool,
    /// The body that is waited for.
    wait: Option<Wait>,
    /// The streams of former locations, of which NGINX may still have buffers.
    former: Vec<Stream>,
}

/// What a denied request that comes by once more may do.
#[derive(PartialEq, Eq)]
pub(crate) enum Pass {
    /// It was not denied: look at it.
    Inspect,
    /// It is on its way to the page that `error_page` names.
    ErrorPage,
}

impl Record {
    /// What is known of a request. Works in subrequests and after internal redirects.
    pub(crate) fn of(request: &mut Request) -> Option<&mut Record> {
        // SAFETY: `main` is the request itself or the one that began it, and outlives it.
        let main = unsafe { &*request.as_ref().main };
        // SAFETY: the slot of this module holds a record or nothing; both live in the pool.
        unsafe { context(main).cast::<Record>().as_mut() }
            // SAFETY: as above.
            .or_else(|| unsafe { cleanup_data(main).cast::<Record>().as_mut() })
    }

    /// Adds what was decided now; the graver decision stays.
    pub(crate) fn add(request: &mut Request, decision: Decision, hit: Option<Hit>) -> Option<()> {
        let uri = request.as_ref().uri;
        if Record::of(request).is_none() {
            Record::create(request)?;
        }
        let record = Record::of(request)?;
        if gravity(decision) > gravity(record.decision) {
            record.decision = decision;
            record.hit = hit;
        }
        if decision == Decision::Denied {
            record.again = record.denied.is_some() || record.again;
            record.denied = Some(uri);
        }
        Some(())
    }

    /// Takes notice of the mode of the location that was asked.
    pub(crate) fn set_mode(request: &mut Request, mode: Mode) {
        if let Some(record) = Record::of(request) {
            record.mode = mode;
        }
    }

    /// Takes notice of the use of a decoy, which the hit that is shown need not be.
    pub(crate) fn add_canary(request: &mut Request) {
        if let Some(record) = Record::of(request) {
            record.canary = true;
        }
    }

    /// Takes notice of what is known now of the length of the body: the most that ever was.
    pub(crate) fn body_length(request: &mut Request, now: u64) -> u64 {
        let Some(record) = Record::of(request) else { return now };
        record.body_length = record.body_length.max(now);
        record.body_length
    }

    /// What is waited for in this location: a redirect zeroes the slot and so ends the wait, which
    /// the record itself outlives.
    pub(crate) fn wait(request: &mut Request) -> Option<&mut Option<Wait>> {
        // SAFETY: `main` is the request itself or the one that began it, and outlives it.
        let main = unsafe { &*request.as_ref().main };
        // SAFETY: the slot of this module holds a record of the request's pool, or nothing.
        let record = unsafe { context(main).cast::<Record>().as_mut() };
        record.map(|record| &mut record.wait)
    }

    /// Begins to wait for the body. Nothing where there is no record.
    pub(crate) fn set_wait(request: &mut Request, wait: Wait) -> Option<()> {
        let record = Record::of(request)?;
        let former = record.wait.replace(wait).and_then(Wait::into_stream);
        record.former.extend(former);
        let record: *mut Record = record;
        request.set_module_ctx(record.cast(), Module::module());
        Some(())
    }

    /// What was inspected while it was passed on, in a location before this one.
    pub(crate) fn take_stream(request: &mut Request) -> Option<Stream> {
        Record::of(request)?.wait.take().and_then(Wait::into_stream)
    }

    /// Keeps a stream to the end of the request.
    pub(crate) fn keep_stream(request: &mut Request, stream: Stream) {
        match Record::of(request) {
            Some(record) => record.former.push(stream),
            // NGINX may have its buffers.
            None => mem::forget(stream),
        }
    }

    /// Takes notice of a denial of the body while it came in.
    pub(crate) fn deny_body(request: &mut Request) {
        if let Some(record) = Record::of(request) {
            record.body_denied = true;
        }
    }

    /// Whether the body was denied while it came in.
    pub(crate) fn body_was_denied(&self) -> bool {
        self.body_denied
    }

    /// Whether this is at least the second denial of the request.
    pub(crate) fn denied_again(&self) -> bool {
        self.again
    }

    /// What the request may do now. The page of `error_page` is let through once, and only where
    /// the redirect went to another URI. It does not where the request is `kept`: a named location
    /// keeps URI, method and body, and `post_action` is no page, so either would hand the application
    /// the very request that was denied.
    pub(crate) fn pass(&mut self, uri: ngx_str_t, kept: bool) -> Pass {
        let Some(denied) = self.denied else { return Pass::Inspect };
        if kept || denied == uri {
            return Pass::Inspect;
        }
        self.denied = None;
        self.again = true;
        Pass::ErrorPage
    }

    fn create(request: &mut Request) -> Option<()> {
        // SAFETY: the pool is that of the request; the cleanup gets room for one record.
        let cleanup = unsafe {
            ngx_pool_cleanup_add(request.pool().as_ptr(), mem::size_of::<Record>()).as_mut()
        }?;
        let record = cleanup.data.cast::<Record>();
        let fresh = Record {
            decision: Decision::Passed,
            mode: Mode::On,
            hit: None,
            canary: false,
            denied: None,
            again: false,
            body_length: 0,
            body_denied: false,
            wait: None,
            former: Vec::new(),
        };
        // SAFETY: the room is fresh, of the right size, and pools align for pointers.
        unsafe { record.write(fresh) };
        cleanup.handler = Some(drop_record);
        request.set_module_ctx(record.cast(), Module::module());
        Some(())
    }
}

fn gravity(decision: Decision) -> u8 {
    match decision {
        Decision::Passed => 0,
        Decision::Monitored => 1,
        Decision::Denied => 2,
    }
}

fn context(request: &ngx_http_request_t) -> *mut c_void {
    // SAFETY: every request has a slot for every HTTP module.
    unsafe { *request.ctx.add(Module::module().ctx_index) }
}

fn cleanup_data(request: &ngx_http_request_t) -> *mut c_void {
    // SAFETY: a request has its pool; the list of cleanups ends in null.
    let mut next: *const ngx_pool_cleanup_t = unsafe { (*request.pool).cleanup };
    // SAFETY: as above.
    while let Some(cleanup) = unsafe { next.as_ref() } {
        if cleanup.handler.is_some_and(|handler| handler as *const () == drop_record as *const ()) {
            return cleanup.data;
        }
        next = cleanup.next;
    }
    ptr::null_mut()
}

unsafe extern "C" fn drop_record(data: *mut c_void) {
    // SAFETY: NGINX calls a cleanup once, with the data that `create` put there.
    unsafe { ptr::drop_in_place(data.cast::<Record>()) };
}
