//! Requests that can be read in two ways: a method in the request line and another in a header that
//! frameworks obey, a host in the target and another in `Host`.

use crate::request::Request;

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

/// The argument by which Laravel, Symfony and Express let a client name another method.
const OVERRIDE: &[u8] = b"_method";

/// Every method that an application may take the request for.
pub(crate) fn methods<R: Request + ?Sized>(request: &R, visit: &mut dyn FnMut(&[u8])) {
    let method = request.method();
    visit(method);
    if method == b"HEAD" {
        // Routers give it to what answers GET, as `limit_except GET` does.
        visit(b"GET");
    }
    request.headers(&mut |name, value| {
        if OVERRIDES.iter().any(|header| is_header(name, header)) {
            upper(value.iter().copied(), visit);
        }
    });
    for pair in request.args().split(|byte| matches!(byte, b'&' | b';')) {
        let mut parts = pair.splitn(2, |byte| *byte == b'=');
        let name = decoded(parts.next().unwrap_or_default());
        if name.eq(OVERRIDE.iter().copied()) {
            upper(decoded(parts.next().unwrap_or_default()), visit);
        }
    }
}

fn is_header(name: &[u8], lower: &[u8]) -> bool {
    let fold = |byte: &u8| if *byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    name.len() == lower.len() && name.iter().map(fold).eq(lower.iter().copied())
}

/// In upper case, without white space around it. No method is longer than the buffer, which is one
/// so that a clean request allocates nothing.
fn upper(text: impl Iterator<Item = u8>, visit: &mut dyn FnMut(&[u8])) {
    let mut buffer = [0; 32];
    let mut length = 0;
    for byte in text {
        let Some(slot) = buffer.get_mut(length) else { return };
        *slot = byte.to_ascii_uppercase();
        length += 1;
    }
    visit(buffer.get(..length).unwrap_or_default().trim_ascii());
}

/// Percent-decoded; a broken escape stands for itself.
fn decoded(mut text: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    std::iter::from_fn(move || {
        let (byte, rest) = text.split_first()?;
        text = rest;
        if let (b'%', [high, low, rest @ ..]) = (byte, rest) {
            if let Some((high, low)) = digit(*high).zip(digit(*low)) {
                text = rest;
                return Some(high << 4 | low);
            }
        }
        Some(*byte)
    })
}

/// Every host that an application may see, in lower case: that which NGINX routes on, and the `Host`
/// header where it is another one, as beside a target in absolute form. Ports are not taken off.
pub(crate) fn hosts<R: Request + ?Sized>(request: &R, visit: &mut dyn FnMut(&[u8])) {
    let host = request.host();
    visit(host);
    request.headers(&mut |name, value| {
        if name.eq_ignore_ascii_case(b"host") && !is_same(value, host) {
            visit(&value.trim_ascii().to_ascii_lowercase());
        }
    });
}

/// Whether a `Host` header is the host, but for its case, a period at its end and its port.
fn is_same(header: &[u8], host: &[u8]) -> bool {
    let Some((name, rest)) = header.split_at_checked(host.len()) else { return false };
    name.eq_ignore_ascii_case(host) && matches!(rest, [] | [b'.'] | [b':', ..] | [b'.', b':', ..])
}
