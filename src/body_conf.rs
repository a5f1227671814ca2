//! `tokenban_body` and `tokenban_body_limit`.

use std::{cell::Cell, rc::Rc};

use nginx_sys::{ngx_conf_t, ngx_parse_offset, ngx_str_t, off_t};

use crate::{
    conf::LocConf,
    conf_ext::ConfExt,
    directives::{Set, SetError},
};

/// `tokenban_body`, shared by the locations that inherit it.
pub(crate) struct BodySwitch {
    /// Whether bodies are read, and when.
    pub(crate) reading: Reading,
    /// `file:line` of the directive.
    pub(crate) place: String,
    /// Whether a location that loses by it was warned about: once is enough.
    pub(crate) warned: Cell<bool>,
}

/// When a body is inspected.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Never.
    Off,
    /// As a whole before anything is passed on; where NGINX passes bodies on as they come, before
    /// their end is.
    On,
    /// As a whole before anything is passed on.
    Whole,
}

/// `tokenban_body_limit`.
#[derive(Clone, Copy)]
pub(crate) struct BodyLimit {
    /// So many bytes of a body are inspected.
    pub(crate) bytes: u64,
    /// What a longer one gets.
    pub(crate) over: Over,
}

/// What a body longer than the limit gets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// It is refused, with 413.
    Deny,
    /// It passes when nothing is found in its first bytes.
    Pass,
}

/// The limit where neither `tokenban_body_limit` nor `client_max_body_size` sets one: a body is
/// inspected in one go, and a worker serves nobody else meanwhile.
const UNLIMITED: u64 = 64 << 20;

impl BodyLimit {
    /// The default, for a location with this `client_max_body_size`; 0 is none.
    pub(crate) fn of_client_max_body_size(size: off_t) -> BodyLimit {
        let size = u64::try_from(size).ok().filter(|size| *size > 0);
        BodyLimit { bytes: size.unwrap_or(UNLIMITED), over: Over::Deny }
    }
}

/// Sets `tokenban_body on | whole | off`.
pub(crate) fn set_body(cf: &mut ngx_conf_t, conf: &mut LocConf) -> Set {
    if conf.body.is_some() {
        return Err(SetError::Duplicate);
    }
    let Some(&word) = cf.args().first() else { return Ok(()) };
    let reading = match word.as_bytes() {
        b"on" => Reading::On,
        b"off" => Reading::Off,
        b"whole" => Reading::Whole,
        _ => return Err(cf.invalid(word, "it must be \"on\", \"whole\" or \"off\"").into()),
    };
    let (place, warned) = (cf.place(), Cell::new(false));
    conf.body = Some(Rc::new(BodySwitch { reading, place, warned }));
    Ok(())
}

/// Sets `tokenban_body_limit size [deny | pass]`.
pub(crate) fn set_body_limit(cf: &mut ngx_conf_t, conf: &mut LocConf) -> Set {
    if conf.body_limit.is_some() {
        return Err(SetError::Duplicate);
    }
    let Some(&size) = cf.args().first() else { return Ok(()) };
    let bytes = parse_size(cf, size)?;
    let over = match cf.args().get(1) {
        None => Over::Deny,
        Some(word) => over(cf, *word)?,
    };
    conf.body_limit = Some(BodyLimit { bytes, over });
    Ok(())
}

/// NGINX's own reading of a size: bytes, or with `k`, `m` or `g`.
fn parse_size(cf: &ngx_conf_t, word: ngx_str_t) -> Result<u64, String> {
    let mut copy = word;
    // SAFETY: the word of a directive, which the call only reads.
    match u64::try_from(unsafe { ngx_parse_offset(&mut copy) }) {
        Ok(0) => Err(cf.invalid(word, "\"tokenban_body off\" leaves bodies unread")),
        Ok(bytes) => Ok(bytes),
        Err(_) => Err(cf.invalid(word, "it must be a size like \"64k\" or \"1m\"")),
    }
}

fn over(cf: &ngx_conf_t, word: ngx_str_t) -> Result<Over, String> {
    match word.as_bytes() {
        b"deny" => Ok(Over::Deny),
        b"pass" => Ok(Over::Pass),
        _ => Err(cf.invalid(word, "it must be \"deny\" or \"pass\"")),
    }
}
