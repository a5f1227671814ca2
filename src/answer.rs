//! Answers that the module itself gives: `tokenban_metrics` and `tokenban_status_page`.

use std::mem::MaybeUninit;

use nginx_sys::{
    ngx_http_complex_value_t, ngx_http_discard_request_body, ngx_http_send_response, ngx_int_t,
    ngx_list_push, ngx_str_t, ngx_table_elt_t, ngx_uint_t, NGX_HTTP_INTERNAL_SERVER_ERROR,
    NGX_HTTP_NOT_ALLOWED, NGX_HTTP_NOT_FOUND, NGX_HTTP_OK,
};
use ngx::{core::Status, http::Request};

use crate::barrier;

/// What is sent.
pub(crate) struct Answer {
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
    /// Further headers, by name and value.
    pub(crate) headers: &'static [(&'static str, &'static str)],
}

/// Nothing of these pages is to be kept or shown inside of another one.
pub(crate) const PRIVATE: [(&str, &str); 2] =
    [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")];

/// Sends what `make` makes, for a method that asks for it.
pub(crate) fn send(request: &mut Request, make: fn(&Request) -> Option<Answer>) -> Status {
    let failed = NGX_HTTP_INTERNAL_SERVER_ERROR as ngx_int_t;
    Status(barrier::catch(|| answer(request, make)).unwrap_or(failed))
}

fn answer(request: &mut Request, make: fn(&Request) -> Option<Answer>) -> ngx_int_t {
    if !matches!(request.as_ref().method_name.as_bytes(), b"GET" | b"HEAD") {
        return NGX_HTTP_NOT_ALLOWED as ngx_int_t;
    }
    // SAFETY: the request is live.
    let status = unsafe { ngx_http_discard_request_body(request.into()) };
    if status != ngx_int_t::from(Status::NGX_OK) {
        return status;
    }
    let Some(answer) = make(request) else { return NGX_HTTP_NOT_FOUND as ngx_int_t };
    let headers = PRIVATE.iter().chain(answer.headers);
    if !{ headers }.all(|(name, value)| add_header(request, name, value).is_some()) {
        return Status::NGX_ERROR.into();
    }
    respond(request, &answer).unwrap_or(Status::NGX_ERROR.into())
}

fn respond(request: &mut Request, answer: &Answer) -> Option<ngx_int_t> {
    // SAFETY: plain C, of which zero is a valid beginning: a value without variables.
    let mut value: ngx_http_complex_value_t = unsafe { MaybeUninit::zeroed().assume_init() };
    let mut content_type = literal(answer.content_type);
    // SAFETY: the pool is that of the request, which outlives what is sent.
    value.value =
        unsafe { ngx_str_t::from_bytes(request.pool().as_ptr(), answer.body.as_bytes()) }?;
    // SAFETY: the request is live; NGINX copies both structures, and the texts last as long as it.
    Some(unsafe {
        ngx_http_send_response(
            request.into(),
            NGX_HTTP_OK as ngx_uint_t,
            &mut content_type,
            &mut value,
        )
    })
}

fn add_header(request: &mut Request, name: &'static str, value: &'static str) -> Option<()> {
    // SAFETY: the list is the request's own; an element is room for one header.
    let header = unsafe { ngx_list_push(&mut request.as_mut().headers_out.headers) };
    let header = header.cast::<ngx_table_elt_t>();
    if header.is_null() {
        return None;
    }
    // SAFETY: room for one header, which is plain C: zero is a valid start in every version.
    unsafe {
        header.write_bytes(0, 1);
        (*header).hash = 1;
        (*header).key = literal(name);
        (*header).value = literal(value);
    }
    Some(())
}

fn literal(text: &'static str) -> ngx_str_t {
    ngx_str_t { len: text.len(), data: text.as_ptr().cast_mut() }
}
