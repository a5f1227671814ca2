//! An NGINX request as the engine reads it: slices of NGINX's own memory, nothing copied.

use std::borrow::Cow;

use nginx_sys::{ngx_http_request_t, ngx_str_t, ngx_time};
use ngx::http::{HttpModuleServerConf, NgxHttpCoreModule, Request};

use crate::{nginx::bit_fields, pieces::Pieces, ruleset::Ruleset};

/// A request, its body where it has been read, and the ruleset that looks at them.
pub(crate) struct View<'a> {
    request: &'a Request,
    body: Option<&'a Pieces<'a>>,
    /// What knows the variables that rules look at.
    ruleset: Option<&'a Ruleset>,
}

impl<'a> View<'a> {
    pub(crate) fn new(
        request: &'a Request,
        body: Option<&'a Pieces<'a>>,
        ruleset: &'a Ruleset,
    ) -> View<'a> {
        View { request, body, ruleset: Some(ruleset) }
    }

    /// A request that no rule looks at: without variables and body.
    pub(crate) fn of_head(request: &'a Request) -> View<'a> {
        View { request, body: None, ruleset: None }
    }

    fn raw(&self) -> &'a ngx_http_request_t {
        self.request.as_ref()
    }
}

impl tokenban_engine::request::Request for View<'_> {
    fn method(&self) -> &[u8] {
        self.raw().method_name.as_bytes()
    }

    fn protocol(&self) -> &[u8] {
        let protocol = self.raw().http_protocol.as_bytes();
        if protocol.is_empty() {
            return b"HTTP/0.9";
        }
        protocol
    }

    fn scheme(&self) -> &[u8] {
        #[cfg(ngx_feature = "http_ssl")]
        {
            // SAFETY: a request in a phase has its connection.
            if unsafe { !(*self.raw().connection).ssl.is_null() } {
                return b"https";
            }
        }
        b"http"
    }

    fn remote_addr(&self) -> &[u8] {
        // SAFETY: a request in a phase has its connection, whose address text lives as long.
        unsafe { &*self.raw().connection }.addr_text.as_bytes()
    }

    /// As `$host`: HTTP/1.0 may come without one, and then it is the name of the server.
    fn host(&self) -> &[u8] {
        let host = &self.raw().headers_in.server;
        if host.len > 0 {
            return host.as_bytes();
        }
        NgxHttpCoreModule::server_conf(self.request)
            .map_or(&[], |server| server.server_name.as_bytes())
    }

    fn target(&self) -> &[u8] {
        self.raw().unparsed_uri.as_bytes()
    }

    fn path(&self) -> &[u8] {
        self.raw().uri.as_bytes()
    }

    fn args(&self) -> &[u8] {
        self.raw().args.as_bytes()
    }

    fn headers(&self, visit: &mut dyn FnMut(&[u8], &[u8])) {
        for (name, value) in self.request.headers_in_iterator() {
            visit(name.as_bytes(), value.as_bytes());
        }
    }

    fn variable(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        // A handler of a variable may fill caches of the request, of which no slice is handed out
        // here.
        let request = std::ptr::from_ref(self.raw()).cast_mut();
        let value = self.ruleset?.variables.value(request, name)?;
        if bit_fields::variable::not_found(value) != 0 {
            return None;
        }
        let text = ngx_str_t { len: bit_fields::variable::len(value), data: value.data };
        // SAFETY: a found value has `len` bytes in the request's pool.
        Some(Cow::Borrowed(unsafe { bytes(text) }))
    }

    fn body(&self, visit: &mut dyn FnMut(&[&[u8]])) {
        match self.body {
            Some(body) => body.visit(visit),
            None => visit(&[]),
        }
    }

    fn first_message(&self) -> usize {
        self.body.map_or(0, |body| body.first_message)
    }

    fn now(&self) -> u64 {
        now()
    }
}

/// The Unix second, as NGINX last looked at the clock.
pub(crate) fn now() -> u64 {
    u64::try_from(ngx_time()).unwrap_or_default()
}

/// # Safety
/// The string must live as long as the request.
unsafe fn bytes<'a>(text: ngx_str_t) -> &'a [u8] {
    if text.len == 0 {
        return &[];
    }
    // SAFETY: a string with a length has a pointer to that many bytes.
    unsafe { std::slice::from_raw_parts(text.data, text.len) }
}
