//! Who runs this command, for the log of the store.

use std::fs;

use nix::unistd::{geteuid, getuid, Uid, User};
use tokenban_denylist::Act;

use crate::time;

/// What the log says of a change: who, when, where, and what else there is.
pub(crate) fn act(command: &str, reason: &str, note: &str) -> Act {
    let person = person();
    Act {
        at: time::now(),
        user: user(person),
        uid: Some(person.as_raw()),
        host: host(),
        command: command.to_owned(),
        reason: reason.to_owned(),
        note: note.to_owned(),
    }
}

/// Who logged in, which `sudo` does not change, as the kernel's audit knows it; where it knows
/// nobody, whose process this is.
fn person() -> Uid {
    let login = fs::read_to_string("/proc/self/loginuid").ok();
    let login = login.and_then(|text| text.trim().parse::<u32>().ok());
    login.filter(|id| *id != u32::MAX).map_or_else(getuid, Uid::from_raw)
}

/// The person, and as whom it acts where that is somebody else.
fn user(person: Uid) -> String {
    let effective = geteuid();
    match person == effective {
        true => name(person),
        false => format!("{} as {}", name(person), name(effective)),
    }
}

fn name(id: Uid) -> String {
    User::from_uid(id).ok().flatten().map_or_else(|| id.to_string(), |user| user.name)
}

fn host() -> String {
    nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_default()
}
