//! Whether NGINX passes the body of a request on as it comes in: `proxy_request_buffering off` and
//! its kin, and `grpc_pass`.
//!
//! NGINX decides that in the content phase, after ours. What it goes by is the configuration of the
//! module that answers, which begins with an `ngx_http_upstream_conf_t` in each of these modules.
//! Nothing that has to be inspected depends on the answer, only when it is: the filter of bodies
//! looks at what NGINX really does.

use nginx_sys::{ngx_conf_t, ngx_http_upstream_conf_t, ngx_uint_t};
use ngx::http::Request;

use crate::body;

/// The modules that know it, as they call themselves.
const MODULES: [(&str, &str); 5] = [
    ("ngx_http_proxy_module", "proxy"),
    ("ngx_http_grpc_module", "grpc"),
    ("ngx_http_fastcgi_module", "fastcgi"),
    ("ngx_http_uwsgi_module", "uwsgi"),
    ("ngx_http_scgi_module", "scgi"),
];

/// Where the configurations of these modules are in a location; those that NGINX has.
#[derive(Default)]
pub(crate) struct Upstreams(Vec<(&'static str, ngx_uint_t)>);

impl Upstreams {
    /// Those of the configuration being read.
    pub(crate) fn of(cf: &ngx_conf_t) -> Upstreams {
        // SAFETY: the modules of the cycle being configured; the list ends in null.
        let modules = unsafe { (*cf.cycle).modules };
        // SAFETY: as above.
        let at = |place| unsafe { (*modules.add(place)).as_ref() };
        let found = (0..).map_while(at).filter_map(|module| {
            // SAFETY: a module has its name.
            let name = unsafe { std::ffi::CStr::from_ptr(module.name) };
            let known = MODULES.iter().find(|(known, _)| name.to_bytes() == known.as_bytes());
            known.map(|(_, name)| (*name, module.ctx_index))
        });
        Upstreams(found.collect())
    }

    /// Whether the body of a request is to be passed on as it comes in. Where the address of the
    /// upstream is computed by variables, one module looks like another: then the answer is «yes»
    /// if it is for any of them.
    pub(crate) fn stream(&self, request: &Request) -> bool {
        let mut perhaps = false;
        for (name, conf) in self.configurations(request) {
            if !conf.upstream.is_null() {
                return conf.request_buffering == 0;
            }
            // `grpc_pass` always does, so a configuration without it says nothing.
            perhaps |= match name {
                "grpc" => body::claims_grpc(request),
                _ => conf.request_buffering == 0,
            };
        }
        perhaps
    }

    fn configurations<'a>(
        &'a self,
        request: &'a Request,
    ) -> impl Iterator<Item = (&'static str, &'a ngx_http_upstream_conf_t)> {
        self.0.iter().filter_map(move |(name, index)| {
            // SAFETY: a request has a configuration of every HTTP module for its location, or null
            // where the module has none; those of the modules above begin with this structure.
            let conf = unsafe {
                (*request.as_ref().loc_conf.add(*index)).cast::<ngx_http_upstream_conf_t>().as_ref()
            }?;
            // All of them have written their name there. A module that begins otherwise has not.
            (conf.module.as_bytes() == name.as_bytes()).then_some((*name, conf))
        })
    }
}
