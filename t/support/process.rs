//! What Linux tells about a process of NGINX.

use std::{fs, path::PathBuf};

/// Resident memory, in kB.
pub(crate) fn resident(process: u32) -> u32 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("status");
    field(&status, "VmRSS:").trim_end_matches(" kB").parse().expect("a size")
}

/// How many threads a process has.
pub(crate) fn threads(process: u32) -> usize {
    tasks(process).len()
}

/// Whether a process has a thread of a name.
pub(crate) fn has_thread(process: u32, thread: &str) -> bool {
    task(process, thread).is_some()
}

/// The mask of signals that the thread of a name blocks.
pub(crate) fn blocked_signals(process: u32, thread: &str) -> u64 {
    let task = task(process, thread).expect("the thread");
    let status = fs::read_to_string(task.join("status")).expect("status");
    u64::from_str_radix(field(&status, "SigBlk:"), 16).expect("a mask")
}

/// The time that a thread has spent computing, in hundredths of a second.
pub(crate) fn computing(process: u32, thread: &str) -> u32 {
    let Some(task) = task(process, thread) else { return 0 };
    let stat = fs::read_to_string(task.join("stat")).expect("stat");
    let (_, fields) = stat.rsplit_once(") ").expect("fields");
    fields.split(' ').nth(11).and_then(|ticks| ticks.parse().ok()).expect("ticks")
}

fn field<'a>(text: &'a str, name: &str) -> &'a str {
    text.lines().find_map(|line| line.strip_prefix(name)).expect("the field").trim()
}

fn task(process: u32, name: &str) -> Option<PathBuf> {
    let comm = |task: &PathBuf| fs::read_to_string(task.join("comm")).unwrap_or_default();
    tasks(process).into_iter().find(|task| comm(task).trim_end() == name)
}

fn tasks(process: u32) -> Vec<PathBuf> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten();
    tasks.filter_map(|task| Some(task.ok()?.path())).collect()
}
