//! The variables: what was decided, for logs, maps and headers.

use nginx_sys::{
    ngx_conf_t, ngx_http_add_variable, ngx_http_request_t, ngx_int_t, ngx_str_t, ngx_uint_t,
    ngx_variable_value_t, NGX_HTTP_VAR_NOCACHEABLE,
};
use ngx::{
    core::Status,
    http::{HttpModuleMainConf, Request},
    http_variable_get,
};
use tokenban_engine::decision::Decision;

use crate::{
    conf::MainConf, credentials, decision::Record, fingerprint, module::Module,
    nginx::bit_fields::variable as bits,
};

/// What a variable shows of a decision, as text.
type Show = fn(Option<&MainConf>, &Record) -> Option<String>;

/// Of every request, whatever was decided.
const CREDENTIALS: &str = "tokenban_credentials";

const VARIABLES: [(&str, Show); 7] = [
    ("tokenban_status", |_, record| Some(word(record.decision).to_owned())),
    ("tokenban_rule", |_, record| Some(record.hit.as_ref()?.rule.clone())),
    ("tokenban_point", |_, record| Some(record.hit.as_ref()?.point.clone())),
    ("tokenban_fingerprint", |main, record| {
        Some(fingerprint::of(main, &record.hit.as_ref()?.key).to_string())
    }),
    ("tokenban_denylist", |_, record| record.hit.as_ref()?.denylist.clone()),
    ("tokenban_reason", |_, record| record.hit.as_ref()?.reason.clone()),
    ("tokenban_canary", |_, record| record.canary.then(|| "1".to_owned())),
];

/// Makes the variables known to the configuration that is about to be read.
pub(crate) fn register(cf: &mut ngx_conf_t) -> Status {
    let decided = VARIABLES.iter().enumerate();
    // What was decided may change while a request goes on; what it carries does not.
    let changing = NGX_HTTP_VAR_NOCACHEABLE as ngx_uint_t;
    let all = decided.map(|(index, (name, _))| (*name, changing, evaluate as Handler, index));
    let all = all.chain([(CREDENTIALS, 0, evaluate_credentials as Handler, 0)]);
    for (name, flags, handler, index) in all {
        let mut name = ngx_str_t { len: name.len(), data: name.as_ptr().cast_mut() };
        // SAFETY: `cf` is the configuration being read; NGINX copies the name.
        let Some(variable) = (unsafe { ngx_http_add_variable(cf, &mut name, flags).as_mut() })
        else {
            return Status::NGX_ERROR;
        };
        variable.get_handler = Some(handler);
        variable.data = index;
    }
    Status::NGX_OK
}

/// As NGINX calls it.
type Handler =
    unsafe extern "C" fn(*mut ngx_http_request_t, *mut ngx_variable_value_t, usize) -> ngx_int_t;

http_variable_get!(evaluate, |request: &mut Request, value: *mut ngx_variable_value_t, index| {
    // SAFETY: NGINX hands over the value to fill.
    fill(request, unsafe { &mut *value }, index)
});

http_variable_get!(evaluate_credentials, |request: &mut Request,
                                          value: *mut ngx_variable_value_t,
                                          _data: usize| {
    let text = credentials::shown(request);
    // SAFETY: NGINX hands over the value to fill.
    write(request, unsafe { &mut *value }, text)
});

fn fill(request: &mut Request, value: &mut ngx_variable_value_t, index: usize) -> Status {
    let show = VARIABLES.get(index).map(|(_, show)| show);
    let main = Module::main_conf(request);
    let text = show.zip(Record::of(request)).and_then(|(show, record)| show(main, record));
    write(request, value, text)
}

fn write(request: &Request, value: &mut ngx_variable_value_t, text: Option<String>) -> Status {
    bits::set_valid(value, 0);
    bits::set_not_found(value, 1);
    let Some(text) = text else { return Status::NGX_OK };
    // SAFETY: the pool is that of the request.
    let copy = unsafe { ngx_str_t::from_bytes(request.pool().as_ptr(), text.as_bytes()) };
    let Some(copy) = copy else { return Status::NGX_ERROR };
    bits::set_len(value, copy.len);
    value.data = copy.data;
    bits::set_valid(value, 1);
    bits::set_not_found(value, 0);
    bits::set_no_cacheable(value, 0);
    Status::NGX_OK
}

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Denied => "DENIED",
        Decision::Monitored => "MONITORED",
        Decision::Passed => "PASSED",
    }
}
