//! The NGINX variables that rules look at.
//!
//! While a configuration is read, a variable gets its place in the table of every request. Rules that
//! change later may name others: those that NGINX finds by name are taken, too.

use std::{collections::HashSet, sync::Arc};

use nginx_sys::{
    ngx_conf_t, ngx_hash_key, ngx_hash_key_t, ngx_http_core_main_conf_t,
    ngx_http_get_flushed_variable, ngx_http_get_variable, ngx_http_get_variable_index,
    ngx_http_request_t, ngx_http_variable_t, ngx_http_variable_value_t, ngx_int_t, ngx_str_t,
    ngx_uint_t, NGX_ERROR, NGX_HTTP_VAR_NOHASH,
};
use ngx::http::{HttpModuleMainConf, NgxHttpCoreModule};

/// The variables of one ruleset, and where each is found.
pub(crate) struct RuleVariables(Vec<(String, Source)>);

#[derive(Clone, Debug)]
enum Source {
    /// The place in the table of a request.
    Index(usize),
    /// Its name, in lower case as NGINX keeps it.
    Name(Box<[u8]>),
}

/// What a running configuration knows. Plain data: the thread that compiles rules calls no NGINX
/// function.
#[derive(Default)]
pub(crate) struct Known {
    /// Names in lower case, in the order of their places.
    indexed: Vec<Box<[u8]>>,
    named: HashSet<Box<[u8]>>,
    /// `arg_`, `http_` …
    prefixes: Vec<Box<[u8]>>,
}

impl RuleVariables {
    /// While the configuration is read. A name that no module knows is NGINX's own error, later.
    pub(crate) fn register(cf: &mut ngx_conf_t, names: &[String]) -> Result<RuleVariables, String> {
        let all = names.iter().map(|name| Ok((name.clone(), Source::Index(index(cf, name)?))));
        Ok(RuleVariables(all.collect::<Result<_, String>>()?))
    }

    /// Later, among what the configuration knows.
    pub(crate) fn find(known: &Known, names: &[String]) -> Result<RuleVariables, String> {
        let all = names.iter().map(|name| {
            let unknown = || {
                format!(
                    "unknown \"{name}\" variable in the running configuration; \
                     reload NGINX to take these rules"
                )
            };
            Ok((name.clone(), known.find(name).ok_or_else(unknown)?))
        });
        Ok(RuleVariables(all.collect::<Result<_, String>>()?))
    }

    /// The value of a variable for a request.
    pub(crate) fn value(
        &self,
        request: *mut ngx_http_request_t,
        name: &str,
    ) -> Option<&ngx_http_variable_value_t> {
        let (_, source) = self.0.iter().find(|(other, _)| other == name)?;
        let value = match source {
            // SAFETY: the place came from NGINX, for the configuration of this request.
            Source::Index(index) => unsafe { ngx_http_get_flushed_variable(request, *index) },
            Source::Name(name) => by_name(request, name),
        };
        // SAFETY: NGINX returns null or a value that lives as long as the request.
        unsafe { value.as_ref() }
    }
}

fn by_name(request: *mut ngx_http_request_t, name: &[u8]) -> *mut ngx_http_variable_value_t {
    let mut name = ngx_str_t { len: name.len(), data: name.as_ptr().cast_mut() };
    // SAFETY: NGINX reads the name during the calls and does not write to it.
    unsafe {
        let key = ngx_hash_key(name.data, name.len);
        ngx_http_get_variable(request, &mut name, key)
    }
}

impl Known {
    /// What a configuration knows at the end of its `http` block, before NGINX throws away the list
    /// of names.
    pub(crate) fn of(cf: &ngx_conf_t) -> Option<Arc<Known>> {
        let core: &ngx_http_core_main_conf_t = NgxHttpCoreModule::main_conf(cf)?;
        // SAFETY: the core module keeps variables in these arrays, and makes them before it reads
        // the block; `keys` is there until all modules have ended their configuration.
        let (indexed, prefixes, keys) = unsafe {
            (
                core.variables.as_slice::<ngx_http_variable_t>(),
                core.prefix_variables.as_slice::<ngx_http_variable_t>(),
                core.variables_keys.as_ref()?.keys.as_slice::<ngx_hash_key_t>(),
            )
        };
        Some(Arc::new(Known {
            indexed: indexed.iter().map(|variable| lower(variable.name.as_bytes())).collect(),
            named: keys.iter().filter(found_by_name).map(name_of).collect(),
            prefixes: prefixes.iter().map(|variable| lower(variable.name.as_bytes())).collect(),
        }))
    }

    fn find(&self, name: &str) -> Option<Source> {
        let name = lower(name.as_bytes());
        if let Some(index) = self.indexed.iter().position(|other| *other == name) {
            return Some(Source::Index(index));
        }
        let prefixed = || self.prefixes.iter().any(|prefix| name.starts_with(prefix));
        (self.named.contains(&name) || prefixed()).then_some(Source::Name(name))
    }
}

fn found_by_name(key: &&ngx_hash_key_t) -> bool {
    // SAFETY: the values of this list are variables.
    let variable = unsafe { key.value.cast::<ngx_http_variable_t>().as_ref() };
    variable.is_some_and(|variable| {
        variable.get_handler.is_some() && variable.flags & NGX_HTTP_VAR_NOHASH as ngx_uint_t == 0
    })
}

fn name_of(key: &ngx_hash_key_t) -> Box<[u8]> {
    lower(key.key.as_bytes())
}

fn lower(name: &[u8]) -> Box<[u8]> {
    name.to_ascii_lowercase().into()
}

/// Asks NGINX to evaluate a variable on demand.
fn index(cf: &mut ngx_conf_t, name: &str) -> Result<usize, String> {
    // SAFETY: the pool is that of the cycle.
    let copy = unsafe { ngx_str_t::from_bytes(cf.pool, name.as_bytes()) };
    let mut copy = copy.ok_or("out of memory")?;
    // SAFETY: `cf` is the configuration being read; NGINX copies the name.
    let index = unsafe { ngx_http_get_variable_index(cf, &mut copy) };
    if index == NGX_ERROR as ngx_int_t {
        return Err(format!("cannot use variable \"{name}\""));
    }
    usize::try_from(index).map_err(|error| error.to_string())
}
