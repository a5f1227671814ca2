//! The module as NGINX knows it: its callbacks, and where they are registered.

use std::{
    ffi::{c_char, c_void},
    ptr,
};

use nginx_sys::{
    ngx_array_push, ngx_conf_t, ngx_http_core_main_conf_t, ngx_http_handler_pt, ngx_http_module_t,
    ngx_http_phases, ngx_http_phases_NGX_HTTP_ACCESS_PHASE, ngx_http_phases_NGX_HTTP_LOG_PHASE,
    ngx_int_t, ngx_module_t, ngx_uint_t, NGX_HTTP_MODULE,
};
use ngx::{
    core::{Status, NGX_CONF_ERROR, NGX_CONF_OK},
    http::{HttpModule, HttpModuleLocationConf, HttpModuleMainConf, Merge, NgxHttpCoreModule},
};

use crate::{
    barrier, body_filter,
    conf::{LocConf, MainConf},
    conf_ext::ConfExt,
    count,
    directives::NGX_HTTP_TOKENBAN_COMMANDS,
    fingerprint, handler,
    rule_variables::Known,
    store,
    upstream::Upstreams,
    variables, worker,
};

/// Stands for the module in the traits of `ngx`.
pub(crate) struct Module;

static NGX_HTTP_TOKENBAN_MODULE_CTX: ngx_http_module_t = ngx_http_module_t {
    preconfiguration: Some(Module::preconfiguration),
    postconfiguration: Some(Module::postconfiguration),
    create_main_conf: Some(Module::create_main_conf),
    init_main_conf: None,
    create_srv_conf: None,
    merge_srv_conf: None,
    create_loc_conf: Some(Module::create_loc_conf),
    merge_loc_conf: Some(Module::merge_loc_conf),
};

#[cfg(feature = "export-modules")]
ngx::ngx_modules!(ngx_http_tokenban_module);

/// What NGINX finds in the shared object, and what its own build names in the table of modules.
#[used]
#[no_mangle]
#[allow(non_upper_case_globals)]
pub(crate) static mut ngx_http_tokenban_module: ngx_module_t = ngx_module_t {
    ctx: ptr::addr_of!(NGX_HTTP_TOKENBAN_MODULE_CTX).cast_mut().cast(),
    commands: ptr::addr_of_mut!(NGX_HTTP_TOKENBAN_COMMANDS).cast(),
    type_: NGX_HTTP_MODULE as ngx_uint_t,
    init_process: Some(worker::init_process),
    exit_process: Some(worker::exit_process),
    ..ngx_module_t::default()
};

// SAFETY: `create_main_conf` and `create_loc_conf` of the context above make exactly these types.
unsafe impl HttpModuleMainConf for Module {
    type MainConf = MainConf;
}

// SAFETY: as above.
unsafe impl HttpModuleLocationConf for Module {
    type LocationConf = LocConf;
}

impl HttpModule for Module {
    fn module() -> &'static ngx_module_t {
        // SAFETY: NGINX writes to the static while it loads the module, before any code here runs.
        unsafe { &*ptr::addr_of!(ngx_http_tokenban_module) }
    }

    unsafe extern "C" fn preconfiguration(cf: *mut ngx_conf_t) -> ngx_int_t {
        barrier::quieten_panics();
        // SAFETY: NGINX hands over the configuration that it is reading.
        variables::register(unsafe { &mut *cf }).into()
    }

    unsafe extern "C" fn postconfiguration(cf: *mut ngx_conf_t) -> ngx_int_t {
        // SAFETY: as above.
        let cf = unsafe { &mut *cf };
        let main = Module::main_conf(cf);
        if let Some(message) =
            main.and_then(|main| main.missing_store().or_else(|| main.missing_zone()))
        {
            cf.error(&message);
            return Status::NGX_ERROR.into();
        }
        let unknown = main.map(store::unknown_lists).unwrap_or_default();
        unknown.iter().for_each(|message| cf.warn(message));
        let key = Module::main_conf_mut(cf).map_or(Ok(()), fingerprint::default_key);
        if let Err(message) = key {
            cf.error(&message);
            return Status::NGX_ERROR.into();
        }
        if let Some(main) = Module::main_conf_mut(cf) {
            main.known_variables = Known::of(cf);
            main.upstreams = Upstreams::of(cf);
        }
        body_filter::register();
        register(cf).map_or(Status::NGX_ERROR, |()| Status::NGX_OK).into()
    }

    unsafe extern "C" fn merge_loc_conf(
        cf: *mut ngx_conf_t,
        prev: *mut c_void,
        conf: *mut c_void,
    ) -> *mut c_char {
        // SAFETY: NGINX hands over what `create_loc_conf` made, for this level and the one above.
        let (cf, prev, conf) =
            unsafe { (&mut *cf, &*prev.cast::<LocConf>(), &mut *conf.cast::<LocConf>()) };
        if conf.merge(prev).is_err() {
            return NGX_CONF_ERROR;
        }
        if let Some(message) = conf.warning() {
            cf.warn(&message);
        }
        match conf.check() {
            Ok(()) => NGX_CONF_OK,
            Err(message) => cf.error(&message),
        }
    }
}

/// The only registrations in phases. A handler of the access phase is pushed last, so that it runs
/// before NGINX's own access modules; one of the log phase is there where something is counted.
fn register(cf: &mut ngx_conf_t) -> Option<()> {
    let counts = Module::main_conf(cf).is_some_and(|main| main.zone.is_some());
    let core = NgxHttpCoreModule::main_conf_mut(cf)?;
    push(core, ngx_http_phases_NGX_HTTP_ACCESS_PHASE, handler::HANDLER)?;
    match counts {
        true => push(core, ngx_http_phases_NGX_HTTP_LOG_PHASE, count::HANDLER),
        false => Some(()),
    }
}

fn push(
    core: &mut ngx_http_core_main_conf_t,
    phase: ngx_http_phases,
    handler: ngx_http_handler_pt,
) -> Option<()> {
    let phase = core.phases.get_mut(phase as usize)?;
    // SAFETY: the core module made this array before any module's postconfiguration runs.
    let slot = unsafe { ngx_array_push(&mut phase.handlers) }.cast::<ngx_http_handler_pt>();
    // SAFETY: a pushed element is room for one handler.
    (!slot.is_null()).then(|| unsafe { slot.write(handler) })
}
