//! Reading a directive's arguments and reporting a mistake in it, without raw pointers elsewhere.

use std::{ffi::c_char, path::PathBuf};

use nginx_sys::{ngx_conf_full_name, ngx_conf_t, ngx_str_t, NGX_LOG_EMERG, NGX_LOG_WARN};
use ngx::{
    core::{Pool, NGX_CONF_ERROR},
    ngx_conf_log_error,
};

/// What the setters of directives need of `ngx_conf_t`.
pub(crate) trait ConfExt {
    /// The arguments of the directive, without its name.
    fn args(&self) -> &[ngx_str_t];
    /// What is said of a word of the directive that has no meaning, as NGINX says it.
    fn invalid(&self, word: ngx_str_t, way_out: &str) -> String;
    /// The pool of the cycle.
    fn pool(&self) -> Pool;
    /// `file:line` of the directive.
    fn place(&self) -> String;
    /// A file name, taken relative to the directory of the configuration file.
    fn full_name(&mut self, name: &[u8]) -> Option<PathBuf>;
    /// Logs `[warn] … in file:line`.
    fn warn(&mut self, message: &str);
    /// Logs `[emerg] … in file:line`.
    fn error(&mut self, message: &str) -> *mut c_char;
}

impl ConfExt for ngx_conf_t {
    fn args(&self) -> &[ngx_str_t] {
        words(self).get(1..).unwrap_or_default()
    }

    fn invalid(&self, word: ngx_str_t, way_out: &str) -> String {
        let name = words(self).first().copied().unwrap_or(ngx_str_t::empty());
        format!("invalid value \"{word}\" in \"{name}\" directive, {way_out}")
    }

    fn pool(&self) -> Pool {
        // SAFETY: a configuration being read always has its pool.
        unsafe { Pool::from_ngx_pool(self.pool) }
    }

    fn place(&self) -> String {
        // SAFETY: `conf_file` is null for `-g` directives, else the file being read.
        match unsafe { self.conf_file.as_ref() } {
            Some(file) => format!("{}:{}", file.file.name, file.line),
            None => "command line".into(),
        }
    }

    fn full_name(&mut self, name: &[u8]) -> Option<PathBuf> {
        use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
        let pool = self.pool();
        // SAFETY: the pool is that of the cycle; the string is copied into it with a final zero,
        // which `ngx_get_full_name` asks of its argument.
        let mut name = unsafe { ngx_str_t::from_bytes(pool.as_ptr(), &[name, b"\0"].concat()) }?;
        name.len -= 1;
        // SAFETY: `cycle` is the one being configured; the last argument asks for its conf prefix.
        let status = unsafe { ngx_conf_full_name(self.cycle, &mut name, 1) };
        let path = (status == 0).then(|| OsStr::from_bytes(name.as_bytes()))?;
        // Workers look at it again, perhaps from the directory that `working_directory` names.
        std::path::absolute(path).ok()
    }

    fn warn(&mut self, message: &str) {
        ngx_conf_log_error!(NGX_LOG_WARN, self, "{}", message);
    }

    fn error(&mut self, message: &str) -> *mut c_char {
        ngx_conf_log_error!(NGX_LOG_EMERG, self, "{}", message);
        NGX_CONF_ERROR
    }
}

/// The directive's name and its arguments.
fn words(cf: &ngx_conf_t) -> &[ngx_str_t] {
    // SAFETY: while a directive is set, `args` is an array of its words.
    let words = unsafe { cf.args.as_ref().map(|args| args.as_slice::<ngx_str_t>()) };
    words.unwrap_or_default()
}
