//! Rule files named on the command line: names and globs, as `tokenban_rules` takes them.

use std::{error::Error, path::PathBuf};

/// The files that names and globs stand for, each once, in order. A glob that finds nothing is an
/// error, as it is in NGINX: more likely a typo than an intention.
pub(crate) fn expand(names: &[String]) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for name in names {
        let mut add = |file: PathBuf| {
            if !files.contains(&file) {
                files.push(file);
            }
        };
        if !name.contains(['*', '?', '[']) {
            add(name.into());
            continue;
        }
        let mut found = glob::glob(name)
            .map_err(|error| {
                format!("bad glob \"{name}\": {error}; quote special characters as [*]")
            })?
            .collect::<Result<Vec<_>, _>>()?;
        if found.is_empty() {
            return Err(format!("no file matches \"{name}\"; check the directory").into());
        }
        found.sort();
        found.into_iter().for_each(&mut add);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_globs() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let files = expand(&names(&["src/m*.rs", "src/main.rs", "no-such-file"])).unwrap();
        assert_eq!(files, [PathBuf::from("src/main.rs"), "no-such-file".into()]);
        let error = expand(&names(&["src/*.yaml"])).unwrap_err().to_string();
        assert_eq!(error, "no file matches \"src/*.yaml\"; check the directory");
        assert!(expand(&names(&["src/***"])).is_err());
    }
}
