//! The user that workers run as, and whether it can use a store: asked at load, as root, so that a
//! store that no worker can read is an error then and not an outage later.

use std::{
    ffi::{CStr, CString},
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::Path,
};

use nginx_sys::{ngx_conf_t, ngx_core_conf_t, ngx_core_module, NGX_GROUP, NGX_USER};
use nix::unistd::{getegid, geteuid, getgrouplist, getgroups, Gid, Group, Uid, User};

/// A user with all groups.
pub(crate) struct WorkerUser {
    id: Uid,
    groups: Vec<Gid>,
}

const SEARCH: u32 = 1;
const READ: u32 = 4;
const READ_AND_WRITE: u32 = 6;

impl WorkerUser {
    /// Only root's workers change their user; to the one of the directive `user`, which NGINX takes
    /// from its build where the directive is missing or comes after this.
    pub(crate) fn of(cf: &ngx_conf_t) -> Option<WorkerUser> {
        if !geteuid().is_root() {
            let mut groups = getgroups().unwrap_or_default();
            groups.push(getegid());
            return Some(WorkerUser { id: geteuid(), groups });
        }
        WorkerUser::of_directive(cf).or_else(|| {
            let group = Group::from_name(NGX_GROUP.to_str().ok()?).ok()??;
            let user = User::from_name(NGX_USER.to_str().ok()?).ok()??;
            WorkerUser::with_groups(user.uid, NGX_USER, group.gid)
        })
    }

    fn of_directive(cf: &ngx_conf_t) -> Option<WorkerUser> {
        // SAFETY: the core module's index is set, and its structure made, before any directive of
        // the configuration is read.
        let core = unsafe {
            let slot = (*cf.cycle).conf_ctx.add((*std::ptr::addr_of!(ngx_core_module)).index);
            (*slot).cast::<ngx_core_conf_t>().as_ref()
        }?;
        if core.username.is_null() {
            return None;
        }
        // SAFETY: the directive `user` has set it to a string that ends in zero.
        let name = unsafe { CStr::from_ptr(core.username) };
        WorkerUser::with_groups(Uid::from_raw(core.user), name, Gid::from_raw(core.group))
    }

    fn with_groups(id: Uid, name: &CStr, group: Gid) -> Option<WorkerUser> {
        let groups = getgrouplist(&CString::from(name), group).unwrap_or_else(|_| vec![group]);
        Some(WorkerUser { id, groups })
    }

    /// Readers read the data and write to the lock file, in directories that they may search.
    pub(crate) fn may_use(&self, store: &Path) -> Result<(), String> {
        let whole = fs::canonicalize(store).unwrap_or_else(|_| store.to_owned());
        let directories = whole.ancestors().map(|path| (path.to_owned(), SEARCH));
        let data = (whole.join("data.mdb"), READ);
        let lock = (whole.join("lock.mdb"), READ_AND_WRITE);
        for (path, wanted) in directories.chain([data, lock]) {
            // What root cannot look at, it cannot judge: the worker will say.
            let Ok(file) = fs::metadata(&path) else { continue };
            if !self.may(&file, wanted) {
                return Err(format!(
                    "store \"{}\": the workers' user cannot use \"{}\"; make the store with \
                     \"tokenban init --group\" and the user's group, or give it its group and \
                     modes (directory 750, data.mdb 640, lock.mdb 660)",
                    store.display(),
                    path.display()
                ));
            }
        }
        Ok(())
    }

    fn may(&self, file: &Metadata, wanted: u32) -> bool {
        let bits = if file.uid() == self.id.as_raw() {
            file.mode() >> 6
        } else if self.groups.contains(&Gid::from_raw(file.gid())) {
            file.mode() >> 3
        } else {
            file.mode()
        };
        self.id.is_root() || bits & wanted == wanted
    }
}
