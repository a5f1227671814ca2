//! The variable `$tokenban_credentials`: the fingerprints of the credentials of every request, made
//! when a log asks for them.

use std::rc::Rc;

use nginx_sys::{ngx_conf_t, NGX_LOG_ALERT};
use ngx::{
    http::{HttpModuleLocationConf, HttpModuleMainConf, Request},
    ngx_log_error,
};
use tokenban_engine::credentials::Credentials;

use crate::{
    barrier,
    conf::{LocConf, MainConf},
    conf_ext::ConfExt,
    directives::{Set, SetError},
    fingerprint,
    module::Module,
    request::View,
};

/// `tokenban_log_credentials`.
pub(crate) fn set_points(cf: &mut ngx_conf_t, conf: &mut LocConf) -> Set {
    if conf.credentials.is_some() {
        return Err(SetError::Duplicate);
    }
    let words: Vec<String> = cf.args().iter().map(|word| word.to_string()).collect();
    if words.iter().any(|word| word == "off") {
        if words.len() > 1 {
            return Err("\"off\" stands alone in \"tokenban_log_credentials\"".to_owned().into());
        }
        conf.credentials = Some(None);
        return Ok(());
    }
    let points = Credentials::parse(words.iter().map(String::as_str));
    conf.credentials = Some(Some(Rc::new(points.map_err(|error| error.to_string())?)));
    Ok(())
}

/// The fingerprints, separated by commas; nothing where the request has no credentials.
pub(crate) fn shown(request: &Request) -> Option<String> {
    let main = Module::main_conf(request)?;
    let conf = Module::location_conf(request)?;
    let credentials = match &conf.credentials {
        Some(points) => points.as_deref()?,
        None => main.usual_credentials.get_or_init(Credentials::usual),
    };
    match barrier::catch(|| fingerprints(request, main, credentials)) {
        Ok(text) => Some(text).filter(|text| !text.is_empty()),
        Err(place) => {
            let log = request.log();
            ngx_log_error!(NGX_LOG_ALERT, log, "tokenban: internal error at {place}");
            None
        }
    }
}

fn fingerprints(request: &Request, main: &MainConf, credentials: &Credentials) -> String {
    let Ok(mut memory) = main.credentials_memory.try_borrow_mut() else { return String::new() };
    let view = View::of_head(request);
    let mut text = String::new();
    for key in credentials.keys(&view, &mut memory) {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(&fingerprint::of(Some(main), key).to_string());
    }
    text
}
