//! The life of a worker: what begins after `fork`, what is done at each tick, and the end.
//!
//! Nothing here runs in the master, in `nginx -t` or in the processes of NGINX's cache.

use nginx_sys::{
    ngx_cycle_t, ngx_int_t, ngx_msec_t, ngx_process, ngx_uint_t, NGX_LOG_ALERT, NGX_PROCESS_SINGLE,
    NGX_PROCESS_WORKER,
};
use ngx::{core::Status, http::HttpModuleMainConf, log::ngx_cycle_log, ngx_log_error};

use crate::{
    barrier,
    conf::MainConf,
    count,
    live::Live,
    module::Module,
    store::{self, Store},
    timer::Timer,
};

/// One thing to do every `tokenban_refresh`, on the event loop: it neither waits nor fails, and logs
/// what it finds.
type Task = fn(&MainConf);

/// What each tick does, in this order.
const TASKS: [Task; 1] = [report_live_rules];

/// What a worker has beside its configuration; dropped in the order of the fields.
pub(crate) struct Worker {
    _timer: Option<Timer>,
    _store_timer: Option<Timer>,
    live: Option<Live>,
}

impl Worker {
    fn start(cycle: &ngx_cycle_t, main: &'static MainConf) -> Worker {
        let timer =
            |period, task: Task| Timer::start(period, cycle.log, move || guarded(main, task));
        let refresh = Some(main.refresh()).filter(|refresh| *refresh > 0);
        let live = refresh.and_then(|refresh| start_live(cycle, main, refresh));
        let store_timer = main.store.as_ref().map(|_| timer(store::CHECKED_EVERY, check_store));
        let timer = refresh.filter(|_| live.is_some()).map(|refresh| timer(refresh, tick));
        Worker { _timer: timer, _store_timer: store_timer, live }
    }
}

fn start_live(cycle: &ngx_cycle_t, main: &MainConf, refresh: ngx_msec_t) -> Option<Live> {
    if main.rulesets.all().is_empty() {
        return None;
    }
    let live = Live::start(main, refresh).inspect_err(|error| {
        let log = cycle.log;
        ngx_log_error!(NGX_LOG_ALERT, log, "tokenban: no thread for live rules: {error}");
    });
    live.ok()
}

/// Called in every process that NGINX forks, and with `master_process off` in the only one.
pub(crate) unsafe extern "C" fn init_process(cycle: *mut ngx_cycle_t) -> ngx_int_t {
    // SAFETY: NGINX writes to it before it calls any module.
    let process = unsafe { ngx_process };
    if [NGX_PROCESS_SINGLE as ngx_uint_t, NGX_PROCESS_WORKER as ngx_uint_t].contains(&process) {
        // SAFETY: NGINX hands over the cycle that the process runs.
        start(unsafe { &*cycle });
    }
    Status::NGX_OK.into()
}

/// Called at the end of a process.
pub(crate) unsafe extern "C" fn exit_process(cycle: *mut ngx_cycle_t) {
    // SAFETY: NGINX hands over the cycle that the process runs.
    if let Some(main) = Module::main_conf(unsafe { &*cycle }) {
        main.worker.take();
        main.open_store.take();
    }
}

/// There is no main configuration without an `http` block.
fn start(cycle: &ngx_cycle_t) {
    let Some(main) = Module::main_conf(cycle) else { return };
    main.open_store.replace(main.store.as_deref().map(Store::open));
    main.worker.replace(Some(Worker::start(cycle, main)));
    count::rules(main);
}

fn tick(main: &MainConf) {
    for task in TASKS {
        guarded(main, task);
    }
}

fn check_store(main: &MainConf) {
    if let Some(store) = main.open_store.borrow_mut().as_mut() {
        store.check();
    }
}

fn guarded(main: &MainConf, task: Task) {
    if let Err(place) = barrier::catch(|| task(main)) {
        let log = ngx_cycle_log().as_ptr();
        ngx_log_error!(NGX_LOG_ALERT, log, "tokenban: internal error at {place}");
    }
}

fn report_live_rules(main: &MainConf) {
    if let Some(live) = main.worker.borrow().as_ref().and_then(|worker| worker.live.as_ref()) {
        live.report(main);
    }
}
