//! Requests that can be read in two ways: a method in the request line and another in a header that
//! frameworks obey, a host in the target and another in `Host`.

use crate::{
    parse::{query::query, Buffers},
    request::Request,
};

/// Which readings of a request must hold. What switches a rule on takes any, what switches it off
/// takes every one, so that a second reading never lets a token through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readings {
    /// One is enough: conditions.
    Any,
    /// All must: exceptions.
    Every,
}

impl Readings {
    /// Whether what `visit` hands over passes the test.
    pub(crate) fn hold(
        self,
        visit: impl FnOnce(&mut dyn FnMut(&[u8])),
        test: impl Fn(&[u8]) -> bool,
    ) -> bool {
        let mut held = self == Readings::Every;
        visit(&mut |reading| {
            held = match self {
                Readings::Any => held || test(reading),
                Readings::Every => held && test(reading),
            }
        });
        held
    }
}

/// Headers by which frameworks let a client name another method: Rails and Rack, Express's
/// method-override, Symfony, ASP.NET, Google's APIs.
const OVERRIDES: [&[u8]; 3] = [b"x-http-method", b"x-http-method-override", b"x-method-override"];

/// Every method that an application may take the request for.
pub(super) fn methods<R: Request + ?Sized>(request: &R, visit: &mut dyn FnMut(&[u8])) {
    let method = request.method();
    visit(method);
    if method == b"HEAD" {
        // Routers give it to what answers GET, as `limit_except GET` does.
        visit(b"GET");
    }
    request.headers(&mut |name, value| {
        if OVERRIDES.iter().any(|header| is_header(name, header)) {
            visit(&value.trim_ascii().to_ascii_uppercase());
        }
    });
    let wants = |name: &[u8]| name == b"_method";
    query(request.args(), &mut Buffers::default(), &wants, &mut |_, value| {
        visit(&value.trim_ascii().to_ascii_uppercase());
    });
}

fn is_header(name: &[u8], lower: &[u8]) -> bool {
    let fold = |byte: &u8| if *byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    name.len() == lower.len() && name.iter().map(fold).eq(lower.iter().copied())
}

/// Every host that an application may see, in lower case, its port not taken off: that which NGINX
/// routes on, and the `Host` header, which differs from it beside a target in absolute form.
pub(crate) fn hosts<R: Request + ?Sized>(request: &R, visit: &mut dyn FnMut(&[u8])) {
    visit(request.host());
    request.headers(&mut |name, value| {
        if name.eq_ignore_ascii_case(b"host") {
            visit(&value.trim_ascii().to_ascii_lowercase());
        }
    });
}
