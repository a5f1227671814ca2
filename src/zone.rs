//! `tokenban_zone`: what all workers count and remember, in shared memory that outlives reloads.
//!
//! Two zones of NGINX: the counters, whose size never changes and which so survive every reload, and the
//! sightings, in a zone of the size that the directive gives. A worker that is killed leaves neither
//! locked: counters have no lock, and NGINX itself unlocks the mutex of a zone that a dead process held.

use std::{cell::Cell, ffi::c_void, mem::size_of, ptr, sync::atomic::AtomicU64};

use nginx_sys::{
    ngx_conf_t, ngx_int_t, ngx_parse_size, ngx_shared_memory_add, ngx_shm_zone_t, ngx_slab_calloc,
    ngx_slab_pool_t, ngx_str_t, ngx_worker,
};
use ngx::{
    core::{SlabPool, Status},
    http::HttpModule,
};
use tokenban_metrics::{Block, Counters, Seen, Sightings, ENTRY_WORDS, WORDS};

use crate::{
    conf::MainConf,
    conf_ext::ConfExt,
    directives::{Set, SetError},
    module::Module,
};

/// The shared memory of a configuration.
pub(crate) struct Zone {
    counters: *mut ngx_shm_zone_t,
    sightings: *mut ngx_shm_zone_t,
    /// Heads that this worker has inspected: some of them are measured.
    heads: Cell<u32>,
}

/// One head in so many is measured: to read the clock costs more than to count.
const SAMPLE: u32 = 64;

/// NGINX's own least size of a zone is eight pages.
const SIZE_MIN: isize = 8 * 4096;

/// What the pages of a zone need for their own keeping, of which there is one for 4,096 bytes.
const KEEPING: usize = 4096 + 64;

/// `tokenban_zone name:size`.
pub(crate) fn set(cf: &mut ngx_conf_t, main: &mut MainConf) -> Set {
    if main.zone.is_some() {
        return Err(SetError::Duplicate);
    }
    let Some(&word) = cf.args().first() else { return Ok(()) };
    let (name, size) = parse(cf, word)?;
    let sightings = add(cf, name.as_bytes(), size, init_sightings)?;
    let room = WORDS * size_of::<u64>() / 4096 + 1;
    let counters =
        add(cf, &[name.as_bytes(), b".counters"].concat(), (room + 16) * KEEPING, init_counters)?;
    main.zone = Some(Zone { counters, sightings, heads: Cell::new(0) });
    Ok(())
}

fn parse(cf: &ngx_conf_t, word: ngx_str_t) -> Result<(String, usize), String> {
    let text = word.to_string();
    let parts = text.split_once(':').filter(|(name, _)| !name.is_empty());
    let Some((name, size)) = parts else {
        return Err(cf.invalid(word, "it must be a name and a size, like \"tokenban:32m\""));
    };
    let mut size = ngx_str_t { len: size.len(), data: size.as_ptr().cast_mut() };
    // SAFETY: the call reads the text, which outlives it.
    match unsafe { ngx_parse_size(&mut size) } {
        SIZE_MIN.. => {}
        0.. => {
            return Err(format!("zone \"{name}\" of \"tokenban_zone\" is too small, at least 32k"))
        }
        _ => return Err(cf.invalid(word, "its size must be like \"32m\"")),
    }
    // SAFETY: as above.
    let bytes = unsafe { ngx_parse_size(&mut size) };
    Ok((name.to_owned(), usize::try_from(bytes).unwrap_or_default()))
}

fn add(
    cf: &mut ngx_conf_t,
    name: &[u8],
    size: usize,
    init: unsafe extern "C" fn(*mut ngx_shm_zone_t, *mut c_void) -> ngx_int_t,
) -> Result<*mut ngx_shm_zone_t, String> {
    let pool = cf.pool();
    // SAFETY: the pool is that of the cycle, which the zone belongs to.
    let name = unsafe { ngx_str_t::from_bytes(pool.as_ptr(), name) };
    let mut name = name.ok_or("out of memory")?;
    let tag = ptr::from_ref(Module::module()).cast_mut().cast();
    // SAFETY: NGINX keeps the name, which is in the pool of the cycle.
    let zone = unsafe { ngx_shared_memory_add(cf, &mut name, size, tag) };
    // SAFETY: the new zone, or null where NGINX has said why not.
    let zone = unsafe { zone.as_mut() }.ok_or("the zone cannot be added")?;
    zone.init = Some(init);
    Ok(zone)
}

unsafe extern "C" fn init_counters(zone: *mut ngx_shm_zone_t, old: *mut c_void) -> ngx_int_t {
    // SAFETY: NGINX hands over a zone with memory.
    unsafe { init(zone, old, WORDS) }
}

unsafe extern "C" fn init_sightings(zone: *mut ngx_shm_zone_t, old: *mut c_void) -> ngx_int_t {
    // SAFETY: as above.
    let size = unsafe { (*zone).shm.size };
    let pages = (size / KEEPING).saturating_sub(3);
    // SAFETY: as above.
    unsafe { init(zone, old, pages * 4096 / size_of::<u64>()) }
}

/// Takes the memory of the cycle before, which has the same name and size, or zeroed memory.
///
/// # Safety
///
/// `zone` has its memory; `old` is null or what this has made for it before.
unsafe fn init(zone: *mut ngx_shm_zone_t, old: *mut c_void, words: usize) -> ngx_int_t {
    // SAFETY: as the caller says.
    let zone = unsafe { &mut *zone };
    if !old.is_null() {
        zone.data = old;
        return Status::NGX_OK.into();
    }
    // SAFETY: NGINX has made a pool at the beginning of the memory.
    let pool = unsafe { &mut *zone.shm.addr.cast::<ngx_slab_pool_t>() };
    // SAFETY: as above.
    let memory = unsafe { ngx_slab_calloc(pool, words * size_of::<u64>()) };
    if memory.is_null() {
        return Status::NGX_ERROR.into();
    }
    pool.data = memory;
    zone.data = memory;
    Status::NGX_OK.into()
}

impl Zone {
    /// All numbers.
    pub(crate) fn counters(&self) -> Option<Counters<'_>> {
        // SAFETY: NGINX keeps the zone as long as the configuration, which this belongs to.
        let words = unsafe { words(self.counters, |_| WORDS) }?;
        Counters::new(words)
    }

    /// What this worker adds to.
    pub(crate) fn block(&self) -> Option<Block<'_>> {
        // SAFETY: NGINX writes to it before a worker begins.
        let worker = unsafe { ngx_worker };
        self.counters().map(|counters| counters.block(worker))
    }

    /// Whether the head that is inspected now is to be measured.
    pub(crate) fn measures(&self) -> bool {
        self.heads.set(self.heads.get().wrapping_add(1));
        self.heads.get() % SAMPLE == 1
    }

    /// Takes notice of the use of a token; says whether another one was forgotten for it.
    pub(crate) fn see(&self, seen: &Seen<'_>) -> bool {
        self.sightings(|sightings| sightings.note(seen)).unwrap_or_default()
    }

    /// Works with the sightings, which no other process touches meanwhile.
    pub(crate) fn sightings<T>(&self, work: impl FnOnce(Sightings<'_>) -> T) -> Option<T> {
        // SAFETY: NGINX keeps the zone as long as the configuration, which this belongs to.
        let zone = unsafe { &*self.sightings };
        let size = |zone: &ngx_shm_zone_t| (zone.shm.size / KEEPING).saturating_sub(3) * 4096 / 8;
        // SAFETY: as above; `init_sightings` has made so many words.
        let words = unsafe { words(self.sightings, size) }?;
        // SAFETY: NGINX has made the pool.
        let _locked = unsafe { SlabPool::from_shm_zone(zone) }?.lock();
        Sightings::new(words).map(work)
    }
}

/// The words that `init` has made; nothing before.
///
/// # Safety
///
/// The zone lives, and `init` has made at least `count` words for it.
unsafe fn words<'a>(
    zone: *mut ngx_shm_zone_t,
    count: impl Fn(&ngx_shm_zone_t) -> usize,
) -> Option<&'a [AtomicU64]> {
    // SAFETY: as the caller says.
    let zone = unsafe { &*zone };
    let memory = zone.data.cast::<AtomicU64>();
    // SAFETY: as the caller says; all zeros and everything else is a valid number.
    (!memory.is_null()).then(|| unsafe { std::slice::from_raw_parts(memory, count(zone)) })
}

const _: () = assert!(ENTRY_WORDS * size_of::<u64>() == 320, "docs/directives.md says so");
