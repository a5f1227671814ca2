//! `tokenban_metrics`: all numbers, as Prometheus reads them.

use nginx_sys::NGINX_VERSION;
use ngx::{
    http::{HttpModuleMainConf, Request},
    http_request_handler,
};
use tokenban_metrics::text::{self, Format, State};

use crate::{
    answer::{self, Answer},
    conf::MainConf,
    module::Module,
};

http_request_handler!(handle, |request: &mut Request| answer::send(request, page));

/// What `tokenban_metrics` makes of a location.
pub(crate) const HANDLER: nginx_sys::ngx_http_handler_pt = Some(handle);

fn page(request: &Request) -> Option<Answer> {
    let main = Module::main_conf(request)?;
    let format = accepted(request);
    let body = text::text(main.zone.as_ref()?.counters()?, &state(main), format);
    Some(Answer { content_type: format.content_type(), body, headers: &[] })
}

fn accepted(request: &Request) -> Format {
    let mut headers = request.headers_in_iterator();
    let accept = headers.find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(b"accept"));
    Format::of(accept.map(|(_, value)| value.as_bytes()).unwrap_or_default())
}

/// What is known beside the counters.
pub(crate) fn state(main: &MainConf) -> State {
    let sightings = main.zone.as_ref().and_then(|zone| {
        zone.sightings(|sightings| (sightings.len() as u64, sightings.capacity() as u64))
    });
    State {
        store: store(main),
        sightings: sightings.unwrap_or_default(),
        version: env!("CARGO_PKG_VERSION"),
        nginx: NGINX_VERSION.to_string_lossy().into_owned(),
    }
}

/// The store, as this worker has it.
fn store(main: &MainConf) -> Option<text::Store> {
    main.store.as_ref()?;
    let open = main.open_store.try_borrow().ok()?;
    let state = open.as_ref().and_then(|store| store.state());
    Some(state.map_or_else(text::Store::default, |state| text::Store {
        usable: true,
        entries: state.keys,
        commit: state.commit,
        changed: state.changed,
    }))
}
