//! The key of fingerprints: read while the configuration is loaded, by root and before workers are
//! made, and kept with the configuration.

use nginx_sys::ngx_conf_t;
use tokenban_engine::{
    denylist::Key,
    fingerprint::{Fingerprint, Fingerprints, KEY_FILE},
};

use crate::{
    conf::MainConf,
    conf_ext::ConfExt,
    directives::{Set, SetError},
};

/// `tokenban_fingerprint_key`.
pub(crate) fn set_key(cf: &mut ngx_conf_t, main: &mut MainConf) -> Set {
    if main.fingerprints.is_some() {
        return Err(SetError::Duplicate);
    }
    let Some(word) = cf.args().first().map(|word| word.as_bytes().to_vec()) else { return Ok(()) };
    let path = cf.full_name(&word).ok_or("out of memory".to_owned())?;
    main.fingerprints = Some(Fingerprints::read(&path).map_err(|error| error.to_string())?);
    Ok(())
}

/// Without the directive, the key that `tokenban init` put into the store.
pub(crate) fn default_key(main: &mut MainConf) -> Result<(), String> {
    let path = main.store.as_ref().map(|store| store.join(KEY_FILE));
    if let Some(path) = path.filter(|path| main.fingerprints.is_none() && path.exists()) {
        main.fingerprints = Some(Fingerprints::read(&path).map_err(|error| error.to_string())?);
    }
    Ok(())
}

/// What is shown instead of a token, value or claim.
pub(crate) fn of(main: Option<&MainConf>, key: &Key) -> Fingerprint {
    match main.and_then(|main| main.fingerprints.as_ref()) {
        Some(fingerprints) => fingerprints.of(key.as_bytes()),
        None => Fingerprints::unkeyed().of(key.as_bytes()),
    }
}
