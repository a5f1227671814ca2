//! The directives: their table and their setters. What is on nginx.org's pages for `limit_req` holds
//! here too: same words, same contexts, same inheritance.

use std::{
    ffi::{c_char, c_void, CStr},
    mem::{offset_of, MaybeUninit},
    ptr,
};

use nginx_sys::{
    ngx_command_t, ngx_conf_check_num_bounds, ngx_conf_enum_t, ngx_conf_num_bounds_t,
    ngx_conf_set_enum_slot, ngx_conf_set_msec_slot, ngx_conf_set_num_slot, ngx_conf_t,
    ngx_http_compile_complex_value, ngx_http_compile_complex_value_t, ngx_http_complex_value_t,
    ngx_http_handler_pt, ngx_str_t, ngx_uint_t, NGX_CONF_1MORE, NGX_CONF_NOARGS, NGX_CONF_TAKE1,
    NGX_CONF_TAKE12, NGX_HTTP_LOC_CONF, NGX_HTTP_LOC_CONF_OFFSET, NGX_HTTP_MAIN_CONF,
    NGX_HTTP_MAIN_CONF_OFFSET, NGX_HTTP_SRV_CONF, NGX_LOG_ERR, NGX_LOG_INFO, NGX_LOG_NOTICE,
    NGX_LOG_WARN,
};
use ngx::{
    core::{NGX_CONF_ERROR, NGX_CONF_OK},
    http::{HttpModuleLocationConf, HttpModuleMainConf, NgxHttpCoreModule},
    ngx_string,
};
use tokenban_engine::decision::Mode;

use crate::{
    barrier, body_conf,
    conf::{LocConf, MainConf, ModeSource, ON_ERROR_DENY, ON_ERROR_PASS, UNSET_MSEC},
    conf_ext::ConfExt,
    credentials, fingerprint, metrics,
    module::Module,
    status_page, store, zone,
};

/// The directives; the last one ends the table.
pub(crate) static mut NGX_HTTP_TOKENBAN_COMMANDS: [ngx_command_t; 15] = [
    ngx_command_t {
        name: ngx_string!("tokenban"),
        type_: (EVERYWHERE | NGX_CONF_TAKE1) as ngx_uint_t,
        set: Some(cmd_set_tokenban),
        conf: NGX_HTTP_LOC_CONF_OFFSET,
        offset: 0,
        post: ptr::null_mut(),
    },
    ngx_command_t {
        name: ngx_string!("tokenban_rules"),
        type_: (EVERYWHERE | NGX_CONF_1MORE) as ngx_uint_t,
        set: Some(cmd_set_rules),
        conf: NGX_HTTP_LOC_CONF_OFFSET,
        offset: 0,
        post: ptr::null_mut(),
    },
    ngx_command_t {
        name: ngx_string!("tokenban_store"),
        type_: (NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1) as ngx_uint_t,
        set: Some(cmd_set_store),
        conf: NGX_HTTP_MAIN_CONF_OFFSET,
        offset: 0,
        post: ptr::null_mut(),
    },
    ngx_command_t {
        name: ngx_string!("tokenban_fingerprint_key"),
        type_: (NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1) as ngx_uint_t,
        set: Some(cmd_set_fingerprint_key),
        conf: NGX_HTTP_MAIN_CONF_OFFSET,
        offset: 0,
        post: ptr::null_mut(),
    },
    ngx_command_t {
        name: ngx_string!("tokenban_refresh"),
        type_: (NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1) as ngx_uint_t,
        set: Some(cmd_set_refresh),
        conf: NGX_HTTP_MAIN_CONF_OFFSET,
        offset: offset_of!(MainConf, refresh),
        post: ptr::null_mut(),
    },
    ngx_command_t {
        name: ngx_string!("tokenban_body"),
        type_: (EVERYWHERE | NGX_CONF_TAKE1) as ngx_uint_t,
        set: Some(cmd_set_body),
        conf: NGX_HTTP_LOC_CONF_OFFSET,
        offset: 0,
        post: ptr::null_mut(),
    },
    ngx_command_t {
        name: ngx_string!("tokenban_body_limit"),
        type_: (EVERYWHERE | NGX_CONF_TAKE12) as ngx_uint_t,
        set: Some(cmd_set_body_limit),
        conf: NGX_HTTP_LOC_CONF_OFFSET,
        offset: 0,
        post: ptr::null_mut(),
    },
    ngx_command_t {
        name: ngx_string!("tokenban_status"),
        type_: (EVERYWHERE | NGX_CONF_TAKE1) as ngx_uint_t,
        set: Some(ngx_conf_set_num_slot),
        conf: NGX_HTTP_LOC_CONF_OFFSET,
        offset: offset_of!(LocConf, status),
        post: ptr::addr_of_mut!(STATUS_BOUNDS).cast(),
    },
    ngx_command_t {
        name: ngx_string!("tokenban_on_error"),
        type_: (EVERYWHERE | NGX_CONF_TAKE1) as ngx_uint_t,
        set: Some(cmd_set_choice),
        conf: NGX_HTTP_LOC_CONF_OFFSET,
        offset: offset_of!(LocConf, on_error),
        post: ptr::addr_of_mut!(ON_ERROR).cast(),
    },
    ngx_command_t {
        name: ngx_string!("tokenban_log_credentials"),
        type_: (EVERYWHERE | NGX_CONF_1MORE) as ngx_uint_t,
        set: Some(cmd_set_log_credentials),
        conf: NGX_HTTP_LOC_CONF_OFFSET,
        offset: 0,
        post: ptr::null_mut(),
    },
    ngx_command_t {
        name: ngx_string!("tokenban_log_level"),
        type_: (EVERYWHERE | NGX_CONF_TAKE1) as ngx_uint_t,
        set: Some(cmd_set_choice),
        conf: NGX_HTTP_LOC_CONF_OFFSET,
        offset: offset_of!(LocConf, log_level),
        post: ptr::addr_of_mut!(LOG_LEVELS).cast(),
    },
    ngx_command_t {
        name: ngx_string!("tokenban_zone"),
        type_: (NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1) as ngx_uint_t,
        set: Some(cmd_set_zone),
        conf: NGX_HTTP_MAIN_CONF_OFFSET,
        offset: 0,
        post: ptr::null_mut(),
    },
    ngx_command_t {
        name: ngx_string!("tokenban_metrics"),
        type_: (NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS) as ngx_uint_t,
        set: Some(cmd_set_metrics),
        conf: NGX_HTTP_LOC_CONF_OFFSET,
        offset: 0,
        post: ptr::null_mut(),
    },
    ngx_command_t {
        name: ngx_string!("tokenban_status_page"),
        type_: (NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS) as ngx_uint_t,
        set: Some(cmd_set_status_page),
        conf: NGX_HTTP_LOC_CONF_OFFSET,
        offset: 0,
        post: ptr::null_mut(),
    },
    ngx_command_t::empty(),
];

const EVERYWHERE: u32 = NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF;

static mut STATUS_BOUNDS: ngx_conf_num_bounds_t =
    ngx_conf_num_bounds_t { post_handler: Some(ngx_conf_check_num_bounds), low: 400, high: 599 };

static mut ON_ERROR: [ngx_conf_enum_t; 3] = [
    ngx_conf_enum_t { name: ngx_string!("deny"), value: ON_ERROR_DENY },
    ngx_conf_enum_t { name: ngx_string!("pass"), value: ON_ERROR_PASS },
    ngx_conf_enum_t { name: ngx_str_t::empty(), value: 0 },
];

static mut LOG_LEVELS: [ngx_conf_enum_t; 5] = [
    ngx_conf_enum_t { name: ngx_string!("info"), value: NGX_LOG_INFO as ngx_uint_t },
    ngx_conf_enum_t { name: ngx_string!("notice"), value: NGX_LOG_NOTICE as ngx_uint_t },
    ngx_conf_enum_t { name: ngx_string!("warn"), value: NGX_LOG_WARN as ngx_uint_t },
    ngx_conf_enum_t { name: ngx_string!("error"), value: NGX_LOG_ERR as ngx_uint_t },
    ngx_conf_enum_t { name: ngx_str_t::empty(), value: 0 },
];

/// A setter's answer: NGINX's own «is duplicate», or a sentence for the log.
pub(crate) type Set = Result<(), SetError>;

pub(crate) enum SetError {
    /// Written twice at one level.
    Duplicate,
    /// Any other mistake.
    Message(String),
}

impl From<String> for SetError {
    fn from(message: String) -> SetError {
        SetError::Message(message)
    }
}

/// NGINX puts the directive's name before what a setter returns.
const DUPLICATE: &CStr = c"is duplicate";

extern "C" fn cmd_set_tokenban(
    cf: *mut ngx_conf_t,
    _cmd: *mut ngx_command_t,
    conf: *mut c_void,
) -> *mut c_char {
    set(cf, conf, tokenban)
}

extern "C" fn cmd_set_rules(
    cf: *mut ngx_conf_t,
    _cmd: *mut ngx_command_t,
    conf: *mut c_void,
) -> *mut c_char {
    set(cf, conf, rules)
}

extern "C" fn cmd_set_body(
    cf: *mut ngx_conf_t,
    _cmd: *mut ngx_command_t,
    conf: *mut c_void,
) -> *mut c_char {
    set(cf, conf, body_conf::set_body)
}

extern "C" fn cmd_set_body_limit(
    cf: *mut ngx_conf_t,
    _cmd: *mut ngx_command_t,
    conf: *mut c_void,
) -> *mut c_char {
    set(cf, conf, body_conf::set_body_limit)
}

/// NGINX's own setter of one word of a table, with a message that names the directive and the words.
extern "C" fn cmd_set_choice(
    cf: *mut ngx_conf_t,
    cmd: *mut ngx_command_t,
    conf: *mut c_void,
) -> *mut c_char {
    // SAFETY: NGINX calls a setter with the configuration being read and the command that it is for,
    // whose `post` is one of the tables above, which end with an empty name.
    let (cf, words) = unsafe { (&mut *cf, words((*cmd).post.cast::<ngx_conf_enum_t>())) };
    match cf.args().first().copied() {
        Some(word) if !words.contains(&word.as_bytes()) => {
            let words: Vec<_> =
                words.iter().map(|word| format!("\"{}\"", String::from_utf8_lossy(word))).collect();
            let (last, others) =
                words.split_last().map_or(("", &[][..]), |(last, rest)| (&**last, rest));
            cf.error(&cf.invalid(word, &format!("it must be {} or {last}", others.join(", "))))
        }
        // SAFETY: the command's offset is that of an unsigned number.
        _ => unsafe { ngx_conf_set_enum_slot(cf, cmd, conf) },
    }
}

/// The words of a table that ends with an empty name.
///
/// # Safety
///
/// `table` is such a table, and a static.
unsafe fn words(mut table: *const ngx_conf_enum_t) -> Vec<&'static [u8]> {
    let mut words = Vec::new();
    // SAFETY: as the caller says; the end is not passed.
    while let Some(choice) = unsafe { table.as_ref() }.filter(|choice| choice.name.len > 0) {
        words.push(choice.name.as_bytes());
        // SAFETY: another element follows each one that has a name.
        table = unsafe { table.add(1) };
    }
    words
}

/// NGINX's own setter of a time, and the word `off`.
extern "C" fn cmd_set_refresh(
    cf: *mut ngx_conf_t,
    cmd: *mut ngx_command_t,
    conf: *mut c_void,
) -> *mut c_char {
    // SAFETY: NGINX calls a setter with the configuration being read, and one of `http` with the
    // module's own structure for that block.
    let (words, main) = unsafe { ((*cf).args(), &mut *conf.cast::<MainConf>()) };
    if main.refresh == UNSET_MSEC && words.first().is_some_and(|word| word.as_bytes() == b"off") {
        main.refresh = 0;
        return NGX_CONF_OK;
    }
    // SAFETY: the command's offset is that of a time in milliseconds.
    unsafe { ngx_conf_set_msec_slot(cf, cmd, conf) }
}

extern "C" fn cmd_set_store(
    cf: *mut ngx_conf_t,
    _cmd: *mut ngx_command_t,
    conf: *mut c_void,
) -> *mut c_char {
    set(cf, conf, store)
}

extern "C" fn cmd_set_fingerprint_key(
    cf: *mut ngx_conf_t,
    _cmd: *mut ngx_command_t,
    conf: *mut c_void,
) -> *mut c_char {
    set(cf, conf, fingerprint::set_key)
}

extern "C" fn cmd_set_log_credentials(
    cf: *mut ngx_conf_t,
    _cmd: *mut ngx_command_t,
    conf: *mut c_void,
) -> *mut c_char {
    set(cf, conf, credentials::set_points)
}

extern "C" fn cmd_set_zone(
    cf: *mut ngx_conf_t,
    _cmd: *mut ngx_command_t,
    conf: *mut c_void,
) -> *mut c_char {
    set(cf, conf, zone::set)
}

extern "C" fn cmd_set_metrics(
    cf: *mut ngx_conf_t,
    _cmd: *mut ngx_command_t,
    conf: *mut c_void,
) -> *mut c_char {
    set(cf, conf, |cf, _: &mut LocConf| answers(cf, "tokenban_metrics", metrics::HANDLER))
}

extern "C" fn cmd_set_status_page(
    cf: *mut ngx_conf_t,
    _cmd: *mut ngx_command_t,
    conf: *mut c_void,
) -> *mut c_char {
    set(cf, conf, |cf, _: &mut LocConf| answers(cf, "tokenban_status_page", status_page::HANDLER))
}

/// Has the module itself answer in a location, with what is in the zone.
fn answers(cf: &mut ngx_conf_t, directive: &'static str, handler: ngx_http_handler_pt) -> Set {
    let core = NgxHttpCoreModule::location_conf_mut(cf).ok_or("no location".to_owned())?;
    core.handler = handler;
    let main = Module::main_conf_mut(cf).ok_or("no main configuration".to_owned())?;
    main.needs_zone.get_or_insert(directive);
    Ok(())
}

fn set<T>(
    cf: *mut ngx_conf_t,
    conf: *mut c_void,
    setter: fn(&mut ngx_conf_t, &mut T) -> Set,
) -> *mut c_char {
    // SAFETY: NGINX calls a setter with the configuration being read and with the module's own
    // structure for the block, as `conf` of the command asks.
    let (cf, conf) = unsafe { (&mut *cf, &mut *conf.cast::<T>()) };
    let done = barrier::catch(|| setter(cf, conf));
    match done {
        Ok(Ok(())) => NGX_CONF_OK,
        Ok(Err(SetError::Duplicate)) => DUPLICATE.as_ptr().cast_mut(),
        Ok(Err(SetError::Message(lines))) => {
            lines.lines().for_each(|line| {
                cf.error(line);
            });
            NGX_CONF_ERROR
        }
        Err(place) => cf.error(&format!("internal error at {place}; please report it")),
    }
}

fn store(cf: &mut ngx_conf_t, main: &mut MainConf) -> Set {
    if main.store.is_some() {
        return Err(SetError::Duplicate);
    }
    let Some(word) = cf.args().first().map(|word| word.as_bytes().to_vec()) else { return Ok(()) };
    let path = cf.full_name(&word).ok_or("out of memory".to_owned())?;
    store::examine(cf, &path)?;
    main.store = Some(path);
    Ok(())
}

fn tokenban(cf: &mut ngx_conf_t, conf: &mut LocConf) -> Set {
    if conf.mode.is_some() {
        return Err(SetError::Duplicate);
    }
    let Some(&word) = cf.args().first() else { return Ok(()) };
    let mode = match word.as_bytes() {
        text if text.contains(&b'$') => {
            let source = String::from_utf8_lossy(text).into();
            ModeSource::Variable(Box::new(complex_value(cf, word)?), source)
        }
        text => ModeSource::Fixed(mode(text).ok_or_else(|| {
            cf.invalid(word, "it must be \"on\", \"monitor\", \"off\" or a variable")
        })?),
    };
    conf.mode = Some((mode, cf.place().into()));
    Ok(())
}

/// The mode that a word stands for.
pub(crate) fn mode(word: &[u8]) -> Option<Mode> {
    match word {
        b"on" => Some(Mode::On),
        b"monitor" => Some(Mode::Monitor),
        b"off" => Some(Mode::Off),
        _ => None,
    }
}

fn complex_value(
    cf: &mut ngx_conf_t,
    mut word: ngx_str_t,
) -> Result<ngx_http_complex_value_t, SetError> {
    // SAFETY: both structures are plain C that NGINX expects zeroed before it fills them.
    let (mut value, mut compile) = unsafe {
        (
            MaybeUninit::<ngx_http_complex_value_t>::zeroed().assume_init(),
            MaybeUninit::<ngx_http_compile_complex_value_t>::zeroed().assume_init(),
        )
    };
    compile.cf = cf;
    compile.value = &mut word;
    compile.complex_value = &mut value;
    // SAFETY: the pointers outlive the call; what `value` keeps is in the pool of the cycle.
    match unsafe { ngx_http_compile_complex_value(&mut compile) } {
        0 => Ok(value),
        _ => Err(cf.invalid(word, "it must have variables that NGINX knows").into()),
    }
}

fn rules(cf: &mut ngx_conf_t, conf: &mut LocConf) -> Set {
    if conf.rules.is_some() {
        return Err(SetError::Duplicate);
    }
    let words: Vec<Vec<u8>> = cf.args().iter().map(|word| word.as_bytes().to_vec()).collect();
    if words.iter().any(|word| word == b"off") {
        if words.len() > 1 {
            return Err("\"off\" stands alone in \"tokenban_rules\"".to_owned().into());
        }
        conf.rules = Some(None);
        return Ok(());
    }
    let main = Module::main_conf_mut(cf).ok_or("no main configuration".to_owned())?;
    let ruleset = main.rulesets.load(cf, &words)?;
    conf.rules = Some(Some(ruleset));
    Ok(())
}
