//! Refusing a request.

use nginx_sys::{
    ngx_http_finalize_request, ngx_http_request_t, ngx_http_send_special, ngx_int_t, ngx_list_push,
    ngx_str_t, ngx_table_elt_t, ngx_uint_t, NGX_HTTP_LAST, NGX_HTTP_UNAUTHORIZED,
    NGX_HTTP_VERSION_20,
};
use ngx::{core::Status, http::Request};

use crate::{decision::Record, nginx::bit_fields};

/// Answers with a status and ends the request.
///
/// The request is finalised here, not by returning the status: under `satisfy any` a returned 403 or
/// 401 only means «ask the next module», which may let the request in.
pub(crate) fn deny(request: &mut Request, status: ngx_int_t) -> Status {
    prepare(request, status);
    let raw: *mut ngx_http_request_t = request.into();
    // SAFETY: the request is live; after this call it may be freed and is not touched again.
    unsafe { ngx_http_finalize_request(raw, status) };
    Status::NGX_DONE
}

/// What a denial needs before NGINX makes the answer.
pub(crate) fn prepare(request: &mut Request, status: ngx_int_t) {
    if Record::of(request).is_some_and(|record| record.denied_again()) {
        // Already on its way to an error page: the plain page, whatever `recursive_error_pages`.
        bit_fields::request::set_error_page(request.as_mut(), 1);
    }
    if status == NGX_HTTP_UNAUTHORIZED as ngx_int_t {
        challenge(request);
    }
}

/// `WWW-Authenticate` with the error of RFC 6750, section 3.1.
fn challenge(request: &mut Request) {
    // SAFETY: the list is the request's own; an element is room for one header.
    let header = unsafe { ngx_list_push(&mut request.as_mut().headers_out.headers) };
    // SAFETY: as above. Without room there is no challenge.
    let _ = unsafe { fill(header.cast(), b"WWW-Authenticate", b"Bearer error=\"invalid_token\"") };
}

/// Ends a gRPC answer that has begun with `PERMISSION_DENIED`, where it can: the client is told why
/// before the stream is reset. The request is over with an error after that. Before HTTP/2 there is
/// no gRPC, and an answer with an end would look whole.
pub(crate) fn end_grpc(request: &mut Request) {
    let raw = request.as_ref();
    if bit_fields::request::header_sent(raw) == 0
        || raw.http_version < NGX_HTTP_VERSION_20 as ngx_uint_t
    {
        return;
    }
    // SAFETY: the list is the request's own; an element is room for one header.
    let trailer = unsafe { ngx_list_push(&mut request.as_mut().headers_out.trailers) };
    // SAFETY: as above.
    if unsafe { fill(trailer.cast(), b"grpc-status", b"7") }.is_none() {
        return;
    }
    // SAFETY: the head of the answer has been sent, and its end has not: the upstream would not read
    // the request otherwise. Where it cannot be sent now, the reset comes alone.
    unsafe { ngx_http_send_special(request.into(), NGX_HTTP_LAST as ngx_uint_t) };
}

/// # Safety
/// Null, or room for one header.
unsafe fn fill(
    header: *mut ngx_table_elt_t,
    key: &'static [u8],
    value: &'static [u8],
) -> Option<()> {
    if header.is_null() {
        return None;
    }
    // SAFETY: room for one header, which is plain C: zero is a valid start in every version.
    unsafe {
        header.write_bytes(0, 1);
        (*header).hash = 1;
        (*header).key = literal(key);
        (*header).value = literal(value);
    }
    Some(())
}

fn literal(text: &'static [u8]) -> ngx_str_t {
    ngx_str_t { len: text.len(), data: text.as_ptr().cast_mut() }
}
