//! Bit fields of NGINX's structures, by the accessors of `bit_fields.c`. The methods that the
//! bindings have for them are not used: they may read and write the wrong bits.

use nginx_sys::{ngx_event_t, ngx_msec_t};

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
    /// Of a buffer.
    buffer: ngx_buf_t { in_file memory mmap temporary; }

    /// Of an event.
    event: ngx_event_t { timer_set; set_cancelable }

    /// Of the head of a request, `headers_in`.
    head: ngx_http_headers_in_t { chunked; }

    /// Of a request.
    request: ngx_http_request_t {
        post_action
        reading_body;
        set_error_page
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

extern "C" {
    /// As `ngx_add_timer`, which reads and writes bit fields.
    #[link_name = "tokenban_add_timer"]
    pub(crate) fn add_timer(event: *mut ngx_event_t, period: ngx_msec_t);

    /// As `ngx_del_timer`.
    #[link_name = "tokenban_del_timer"]
    pub(crate) fn del_timer(event: *mut ngx_event_t);
}
