/*
 * Bit fields of NGINX's structures, and what reads them inline.
 *
 * The C compiler knows where they are. The bindings do not always: bindgen before 0.73 misplaces
 * those of ngx_http_request_t since NGINX 1.29.3. So no Rust code reads or writes a bit field
 * through the bindings; bit_fields.rs declares what is here.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_http.h>


#define TOKENBAN_GET(name, type, field)                                       \
    ngx_uint_t                                                                \
    tokenban_##name##_##field(const type *s)                                  \
    {                                                                         \
        return s->field;                                                      \
    }

#define TOKENBAN_SET(name, type, field)                                       \
    void                                                                      \
    tokenban_##name##_set_##field(type *s, ngx_uint_t value)                  \
    {                                                                         \
        s->field = value;                                                     \
    }


TOKENBAN_GET(body, ngx_http_request_body_t, last_saved)

TOKENBAN_GET(buffer, ngx_buf_t, in_file)
TOKENBAN_GET(buffer, ngx_buf_t, last_buf)
TOKENBAN_GET(buffer, ngx_buf_t, memory)
TOKENBAN_GET(buffer, ngx_buf_t, mmap)
TOKENBAN_GET(buffer, ngx_buf_t, temporary)
TOKENBAN_SET(buffer, ngx_buf_t, flush)
TOKENBAN_SET(buffer, ngx_buf_t, last_buf)
TOKENBAN_SET(buffer, ngx_buf_t, memory)

TOKENBAN_GET(event, ngx_event_t, timer_set)
TOKENBAN_SET(event, ngx_event_t, cancelable)

TOKENBAN_GET(head, ngx_http_headers_in_t, chunked)

TOKENBAN_GET(request, ngx_http_request_t, header_sent)
TOKENBAN_GET(request, ngx_http_request_t, post_action)
TOKENBAN_GET(request, ngx_http_request_t, reading_body)
TOKENBAN_GET(request, ngx_http_request_t, request_body_no_buffering)
TOKENBAN_SET(request, ngx_http_request_t, error_page)
TOKENBAN_SET(request, ngx_http_request_t, keepalive)
TOKENBAN_SET(request, ngx_http_request_t, lingering_close)
TOKENBAN_SET(request, ngx_http_request_t, preserve_body)
TOKENBAN_SET(request, ngx_http_request_t, request_body_file_group_access)
TOKENBAN_SET(request, ngx_http_request_t, request_body_file_log_level)
TOKENBAN_SET(request, ngx_http_request_t, request_body_in_clean_file)
TOKENBAN_SET(request, ngx_http_request_t, request_body_in_file_only)
TOKENBAN_SET(request, ngx_http_request_t, request_body_in_persistent_file)

TOKENBAN_GET(variable, ngx_variable_value_t, len)
TOKENBAN_GET(variable, ngx_variable_value_t, not_found)
TOKENBAN_SET(variable, ngx_variable_value_t, len)
TOKENBAN_SET(variable, ngx_variable_value_t, no_cacheable)
TOKENBAN_SET(variable, ngx_variable_value_t, not_found)
TOKENBAN_SET(variable, ngx_variable_value_t, valid)


/* Whether the client has ended the stream of a request over HTTP/2. */

ngx_uint_t
tokenban_stream_ended(const ngx_http_request_t *r)
{
#if (NGX_HTTP_V2)
    return r->stream != NULL && r->stream->in_closed;
#else
    return 0;
#endif
}


/* Inline functions of NGINX: what nginx-sys has in their place goes by the bindings. */

void
tokenban_add_timer(ngx_event_t *event, ngx_msec_t period)
{
    ngx_add_timer(event, period);
}


void
tokenban_del_timer(ngx_event_t *event)
{
    ngx_del_timer(event);
}
