//! Rulesets of a cycle: each distinct set of files is compiled once and shared by its locations.
//! They belong to the configuration and are dropped with the pool of the cycle.

use std::{
    cell::RefCell,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    rc::Rc,
};

use nginx_sys::{ngx_conf_t, ngx_http_get_variable_index, ngx_int_t, ngx_str_t, NGX_ERROR};
use tokenban_engine::{limits::Limits, Scratch};

use crate::conf_ext::ConfExt;

/// Every ruleset of the cycle.
#[derive(Default)]
pub(crate) struct Rulesets {
    loaded: Vec<(Vec<PathBuf>, Rc<Ruleset>)>,
}

/// A compiled ruleset and what a worker keeps for it.
pub(crate) struct Ruleset {
    /// The rules.
    pub(crate) rules: tokenban_engine::Ruleset,
    /// Working memory, reused by every request of the worker.
    pub(crate) scratch: RefCell<Scratch>,
    /// The variables that rules name, and their places in a request's table.
    pub(crate) variables: Vec<(String, usize)>,
}

impl Rulesets {
    /// The ruleset of the files that names and globs stand for.
    pub(crate) fn load(
        &mut self,
        cf: &mut ngx_conf_t,
        names: &[Vec<u8>],
    ) -> Result<Rc<Ruleset>, String> {
        let files = expand(cf, names)?;
        if let Some((_, ruleset)) = self.loaded.iter().find(|(other, _)| *other == files) {
            return Ok(Rc::clone(ruleset));
        }
        let ruleset = Rc::new(Ruleset::load(cf, &files)?);
        self.loaded.push((files, Rc::clone(&ruleset)));
        Ok(ruleset)
    }
}

impl Ruleset {
    fn load(cf: &mut ngx_conf_t, files: &[PathBuf]) -> Result<Ruleset, String> {
        let rules = tokenban_engine::Ruleset::load(files, &Limits::default())
            .map_err(|error| error.to_string())?;
        if let Some((list, rule)) = rules.denylists().first() {
            return Err(format!(
                "rule \"{}\" asks the denylist \"{list}\", and there is no store of denylists yet",
                rule.id
            ));
        }
        let variables = rules.variables().iter().map(|name| Ok((name.clone(), index(cf, name)?)));
        let variables = variables.collect::<Result<Vec<_>, String>>()?;
        let scratch = RefCell::new(rules.scratch());
        Ok(Ruleset { rules, scratch, variables })
    }
}

/// Asks NGINX to evaluate a variable on demand; a name that no module knows is NGINX's own error.
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

/// The files that names and globs stand for, each once, in order. A glob that finds nothing is an
/// error: more likely a typo than an intention.
fn expand(cf: &mut ngx_conf_t, names: &[Vec<u8>]) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for name in names {
        let path = cf.full_name(name).ok_or("out of memory")?;
        for file in matching(&path)? {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    Ok(files)
}

fn matching(path: &Path) -> Result<Vec<PathBuf>, String> {
    if !path.as_os_str().as_bytes().iter().any(|byte| b"*?[".contains(byte)) {
        return Ok(vec![path.to_owned()]);
    }
    let text = path.to_str().ok_or_else(|| format!("glob \"{}\" is not UTF-8", path.display()))?;
    let found = glob::glob(text).map_err(|error| format!("bad glob \"{text}\": {error}"))?;
    let files = found.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    if files.is_empty() {
        return Err(format!("no file matches \"{text}\"; check the directory"));
    }
    Ok(files)
}
