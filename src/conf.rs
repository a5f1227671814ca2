//! What the directives set, for the whole `http` block and for a location.

use std::{
    cell::{OnceCell, RefCell},
    path::PathBuf,
    rc::Rc,
    sync::Arc,
};

use nginx_sys::{
    ngx_http_complex_value_t, ngx_int_t, ngx_msec_t, ngx_uint_t, NGX_CONF_UNSET,
    NGX_HTTP_FORBIDDEN, NGX_LOG_ERR,
};
use ngx::http::{HttpModuleLocationConf, Merge, MergeConfigError, NgxHttpCoreModule, Request};
use tokenban_engine::{
    credentials::{self, Credentials},
    decision::Mode,
    fingerprint::Fingerprints,
};

use crate::{
    body_conf::{BodyLimit, BodySwitch, Reading},
    rule_variables::Known,
    ruleset::{LiveRuleset, Rulesets},
    store::{self, Store},
    upstream::Upstreams,
    worker::Worker,
    zone::Zone,
};

/// What belongs to the `http` block.
pub(crate) struct MainConf {
    /// Every ruleset of the cycle, so that a set of files is compiled once.
    pub(crate) rulesets: Rulesets,
    /// The modules that may pass bodies on as they come, once the configuration is read.
    pub(crate) upstreams: Upstreams,
    /// The variables of the configuration, once it is read.
    pub(crate) known_variables: Option<Arc<Known>>,
    /// `tokenban_refresh`, in milliseconds; 0 is `off`.
    pub(crate) refresh: ngx_msec_t,
    /// The directive of which the configuration needs a zone, if there is one.
    pub(crate) needs_zone: Option<&'static str>,
    /// `tokenban_zone`.
    pub(crate) zone: Option<Zone>,
    /// `tokenban_store`.
    pub(crate) store: Option<PathBuf>,
    /// The key of `tokenban_fingerprint_key`, or the one in the store; nothing where there is none.
    pub(crate) fingerprints: Option<Fingerprints>,
    /// What `$tokenban_credentials` looks at without `tokenban_log_credentials`, from its first use on.
    pub(crate) usual_credentials: OnceCell<Credentials>,
    /// Its working memory.
    pub(crate) credentials_memory: RefCell<credentials::Memory>,
    /// The store, opened by a worker; nothing in the master.
    pub(crate) open_store: RefCell<Option<Store>>,
    /// What a worker runs for this configuration; nothing in the master.
    pub(crate) worker: RefCell<Option<Worker>>,
}

/// What belongs to a location, or is inherited by it. NGINX's own setters write to the plain fields
/// through their offsets.
#[repr(C)]
pub(crate) struct LocConf {
    /// `tokenban`, and where it was written.
    pub(crate) mode: Option<(ModeSource, Rc<str>)>,
    /// `tokenban_rules`; `Some(None)` is `off`.
    pub(crate) rules: Option<Option<Arc<LiveRuleset>>>,
    /// `tokenban_body`.
    pub(crate) body: Option<Rc<BodySwitch>>,
    /// `tokenban_body_limit`.
    pub(crate) body_limit: Option<BodyLimit>,
    /// `tokenban_log_credentials`; `Some(None)` is `off`.
    pub(crate) credentials: Option<Option<Rc<Credentials>>>,
    /// `tokenban_status`.
    pub(crate) status: ngx_int_t,
    /// `tokenban_on_error`: one of `ON_ERROR_…`.
    pub(crate) on_error: ngx_uint_t,
    /// `tokenban_log_level`.
    pub(crate) log_level: ngx_uint_t,
}

/// `NGX_CONF_UNSET_UINT`, a macro that the bindings do not have.
const UNSET_UINT: ngx_uint_t = ngx_uint_t::MAX;
/// `NGX_CONF_UNSET_MSEC`, as well.
pub(crate) const UNSET_MSEC: ngx_msec_t = ngx_msec_t::MAX;
/// The default of `tokenban_refresh`.
const REFRESH: ngx_msec_t = 1000;

/// `tokenban_on_error deny`.
pub(crate) const ON_ERROR_DENY: ngx_uint_t = 0;
/// `tokenban_on_error pass`.
pub(crate) const ON_ERROR_PASS: ngx_uint_t = 1;

/// Where the mode of a location comes from.
#[derive(Clone)]
pub(crate) enum ModeSource {
    /// `on`, `monitor` or `off`.
    Fixed(Mode),
    /// A value computed for each request, and its text in the configuration.
    Variable(Box<ngx_http_complex_value_t>, Rc<str>),
}

impl MainConf {
    /// What is to be said where rules ask denylists and no store is named.
    pub(crate) fn missing_store(&self) -> Option<String> {
        if self.store.is_some() {
            return None;
        }
        let rulesets = self.rulesets.all().iter().map(|ruleset| ruleset.current());
        { rulesets }.find_map(|ruleset| store::needed_by(&ruleset.rules))
    }

    /// What is to be said where there is nothing to show.
    pub(crate) fn missing_zone(&self) -> Option<String> {
        let directive = self.needs_zone.filter(|_| self.zone.is_none())?;
        Some(format!("\"{directive}\" shows what is counted in a zone; add \"tokenban_zone\""))
    }

    /// How often workers look for changes, in milliseconds; 0 is never.
    pub(crate) fn refresh(&self) -> ngx_msec_t {
        match self.refresh {
            UNSET_MSEC => REFRESH,
            written => written,
        }
    }
}

impl Default for MainConf {
    fn default() -> MainConf {
        let (rulesets, worker) = (Rulesets::default(), RefCell::default());
        let (known_variables, store, open_store) = (None, None, RefCell::default());
        let (refresh, upstreams) = (UNSET_MSEC, Upstreams::default());
        MainConf {
            rulesets,
            upstreams,
            known_variables,
            refresh,
            store,
            fingerprints: None,
            usual_credentials: OnceCell::new(),
            credentials_memory: RefCell::default(),
            open_store,
            worker,
            needs_zone: None,
            zone: None,
        }
    }
}

impl LocConf {
    /// The ruleset of the location, where it has one.
    pub(crate) fn ruleset(&self) -> Option<&LiveRuleset> {
        self.rules.as_ref()?.as_deref()
    }

    /// Whether bodies are read.
    pub(crate) fn reads_bodies(&self) -> bool {
        self.reading() != Reading::Off
    }

    /// When a body is inspected.
    pub(crate) fn reading(&self) -> Reading {
        self.body.as_ref().map_or(Reading::On, |body| body.reading)
    }

    /// How much of a body is inspected.
    pub(crate) fn body_limit(&self, request: &Request) -> BodyLimit {
        self.body_limit.unwrap_or_else(|| {
            let core = NgxHttpCoreModule::location_conf(request);
            let size = core.map_or(0, |core| core.client_max_body_size);
            BodyLimit::of_client_max_body_size(size)
        })
    }

    /// What the rules lose by `tokenban_body off`; said once for each directive.
    pub(crate) fn warning(&self) -> Option<String> {
        let off = matches!(self.mode, None | Some((ModeSource::Fixed(Mode::Off), _)));
        let body = self.body.as_ref().filter(|body| body.reading == Reading::Off && !off)?;
        let ruleset = self.ruleset()?.current();
        let rule = ruleset.rules.rules().iter().find(|rule| rule.names_body())?;
        (!body.warned.replace(true)).then(|| {
            format!(
                "rule \"{}\" looks into bodies, which are not read because of \
                 \"tokenban_body off\" in {}",
                rule.id, body.place
            )
        })
    }

    /// Whether what was merged makes sense: a location that should deny must have rules to deny by.
    pub(crate) fn check(&self) -> Result<(), String> {
        match &self.mode {
            None | Some((ModeSource::Fixed(Mode::Off), _)) => Ok(()),
            Some(_) if self.ruleset().is_some() => Ok(()),
            Some((_, place)) => Err(format!(
                "\"tokenban\" in {place} has no rules to deny by; \
                 add \"tokenban_rules\" or set \"tokenban off\""
            )),
        }
    }
}

impl Default for LocConf {
    fn default() -> LocConf {
        LocConf {
            mode: None,
            rules: None,
            body: None,
            body_limit: None,
            credentials: None,
            status: NGX_CONF_UNSET as ngx_int_t,
            on_error: UNSET_UINT,
            log_level: UNSET_UINT,
        }
    }
}

impl Merge for LocConf {
    fn merge(&mut self, prev: &LocConf) -> Result<(), MergeConfigError> {
        if self.mode.is_none() {
            self.mode.clone_from(&prev.mode);
        }
        if self.rules.is_none() {
            self.rules.clone_from(&prev.rules);
        }
        if self.body.is_none() {
            self.body.clone_from(&prev.body);
        }
        if self.credentials.is_none() {
            self.credentials.clone_from(&prev.credentials);
        }
        self.body_limit = self.body_limit.or(prev.body_limit);
        let unset = NGX_CONF_UNSET as ngx_int_t;
        merge(&mut self.status, prev.status, unset, NGX_HTTP_FORBIDDEN as ngx_int_t);
        merge(&mut self.on_error, prev.on_error, UNSET_UINT, ON_ERROR_DENY);
        merge(&mut self.log_level, prev.log_level, UNSET_UINT, NGX_LOG_ERR as ngx_uint_t);
        Ok(())
    }
}

/// As `ngx_conf_merge_value`.
fn merge<T: Copy + PartialEq>(value: &mut T, prev: T, unset: T, default: T) {
    if *value == unset {
        *value = if prev == unset { default } else { prev };
    }
}
