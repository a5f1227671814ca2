//! A new key of fingerprints, of 32 random bytes.

use std::{
    error::Error,
    fs::{File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{fchown, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use tokenban_denylist::CreateOptions;

/// What others than owner and group, and writers of the group, may do with it: nothing.
const MODE: u32 = 0o640;

/// Makes it for the owner and the group of a store.
pub(crate) fn create(path: &Path, options: &CreateOptions) -> Result<(), Box<dyn Error>> {
    Ok(write(path, options).map_err(|error| format!("{}: {error}", path.display()))?)
}

fn write(path: &Path, options: &CreateOptions) -> io::Result<()> {
    let mut random = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    let text: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    fchown(&file, options.owner, options.group)?;
    file.set_permissions(Permissions::from_mode(options.data_mode & MODE))?;
    writeln!(file, "{text}")?;
    file.sync_all()
}
