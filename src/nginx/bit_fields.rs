//! Bit fields of NGINX's structures, by the accessors of `bit_fields.c`. The methods that the
//! bindings have for them are not used: they may read and write the wrong bits.

use nginx_sys::{ngx_event_t, ngx_http_request_t, ngx_msec_t, ngx_uint_t};

/// A module for each structure, with a function for each accessor: `field(&…)` and
/// `set_field(&mut …, value)`.
macro_rules! bit_fields {
    ($($(#[$doc:meta])* $name:ident: $type:ident { $($get:ident)*; $($set:ident)* })*) => { $(
        $(#[$doc])*
        pub(crate) mod $name {
            use nginx_sys::{ngx_uint_t, $type};

            $(
                pub(crate) fn $get(of: &$type) -> ngx_uint_t {
                    extern "C" {
                        #[link_name = concat!("tokenban_", stringify!($name), "_", stringify!($get))]
                        fn get(of: *const $type) -> ngx_uint_t;
                    }
                    // SAFETY: reads a field of a valid structure.
                    unsafe { get(of) }
                }
            )*

            $(
                pub(crate) fn $set(of: &mut $type, value: ngx_uint_t) {
                    extern "C" {
                        #[link_name = concat!("tokenban_", stringify!($name), "_", stringify!($set))]
                        fn set(of: *mut $type, value: ngx_uint_t);
                    }
                    // SAFETY: writes a field of a valid structure that nobody else looks at.
                    unsafe { set(of, value) }
                }
            )*
        }
    )* };
}

bit_fields! {
    /// Of a body that is read.
    body: ngx_http_request_body_t { last_saved; }

    /// Of a buffer.
    buffer: ngx_buf_t {
        in_file last_buf memory mmap temporary;
        set_flush set_last_buf set_memory
    }

    /// Of an event.
    event: ngx_event_t { timer_set; set_cancelable }

    /// Of the head of a request, `headers_in`.
    head: ngx_http_headers_in_t { chunked; }

    /// Of a request.
    request: ngx_http_request_t {
        header_sent
        post_action
        reading_body
        request_body_no_buffering;
        set_error_page
        set_keepalive
        set_lingering_close
        set_preserve_body
        set_request_body_file_group_access
        set_request_body_file_log_level
        set_request_body_in_clean_file
        set_request_body_in_file_only
        set_request_body_in_persistent_file
    }

    /// Of the value of a variable.
    variable: ngx_variable_value_t {
        len
        not_found;
        set_len
        set_no_cacheable
        set_not_found
        set_valid
    }
}

/// Whether the client has ended the stream of a request over HTTP/2.
pub(crate) fn stream_ended(of: &ngx_http_request_t) -> bool {
    extern "C" {
        #[link_name = "tokenban_stream_ended"]
        fn ended(of: *const ngx_http_request_t) -> ngx_uint_t;
    }
    // SAFETY: reads fields of a live request and of its stream.
    unsafe { ended(of) != 0 }
}

extern "C" {
    /// As `ngx_add_timer`, which reads and writes bit fields.
    #[link_name = "tokenban_add_timer"]
    pub(crate) fn add_timer(event: *mut ngx_event_t, period: ngx_msec_t);

    /// As `ngx_del_timer`.
    #[link_name = "tokenban_del_timer"]
    pub(crate) fn del_timer(event: *mut ngx_event_t);
}
