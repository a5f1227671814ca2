//! Changed rule and token files: taken by every worker without a reload, whatever way they change.

#[path = "support/connection.rs"]
mod connection;
#[path = "support/process.rs"]
mod process;
mod support;

use std::{
    fs::{self, Permissions},
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::{symlink, PermissionsExt},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use connection::Connection;
use support::{signal, Nginx, LEAKED, PATIENCE};

const OTHER: &str = "another-test-token-0123456789";

const SERVER: &str = "tokenban on; tokenban_rules rules.yaml; tokenban_refresh 100ms;
    server { listen 127.0.0.1:{port} reuseport; access_log off;
        location / { try_files /none =204; }
    }";

/// Rules that deny one token.
fn deny(token: &str) -> String {
    format!("rules: [{{id: live, points: [[header, AUTHORIZATION]], tokens: [{token}]}}]")
}

fn start(workers: u32, server: &str) -> Nginx {
    Nginx::start_with(&format!("worker_processes {workers};"), server)
}

fn replace(file: &Path, text: &str) {
    let new = file.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, file).unwrap();
}

/// Waits until something holds.
fn await_that(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Waits until `denied` is denied and `clean` is not, by all workers: with a socket for each of 4, 40
/// connections in a row miss one of them once in 100,000 runs.
fn await_denied(nginx: &Nginx, target: &str, denied: &str, clean: &str) {
    let right = || nginx.bearer(target, denied) == 403 && nginx.bearer(target, clean) == 204;
    await_that(&format!("{denied} denied at {target}"), || (0..40).all(|_| right()));
}

fn count(nginx: &Nginx, text: &str) -> usize {
    nginx.log().lines().filter(|line| line.contains(text)).count()
}

/// Waits for a line in the error log, and a while longer for it to come again: it must not.
fn await_once(nginx: &Nginx, text: &str) {
    await_that(text, || count(nginx, text) > 0);
    thread::sleep(Duration::from_millis(500));
    assert_eq!(count(nginx, text), 1, "{text}: {}", nginx.log());
}

#[test]
fn a_changed_file_is_live_on_every_worker() {
    for workers in [1, 4] {
        let nginx = start(workers, SERVER);
        let rules = nginx.directory().join("rules.yaml");
        let mut open = Connection::open(nginx.port);
        assert_eq!(open.bearer(LEAKED), 403);
        replace(&rules, &deny(OTHER));
        await_denied(&nginx, "/", OTHER, LEAKED);
        assert_eq!([open.bearer(LEAKED), open.bearer(OTHER)], [204, 403]);
        fs::write(&rules, deny(LEAKED)).unwrap();
        await_denied(&nginx, "/", LEAKED, OTHER);
        await_that("two lines", || count(&nginx, "rules updated: ") >= 2);
        thread::sleep(Duration::from_millis(150));
        assert_eq!(count(&nginx, "rules updated: "), 2, "{}", nginx.log());
    }
}

/// As Kubernetes updates a ConfigMap: `rules.yaml` → `..data/rules.yaml`, `..data` → a directory.
#[test]
fn the_swap_of_a_symlink_changes_rules() {
    let nginx = start(2, SERVER);
    let directory = nginx.directory();
    for (version, token) in [("..1", LEAKED), ("..2", OTHER)] {
        fs::create_dir(directory.join(version)).unwrap();
        fs::write(directory.join(version).join("rules.yaml"), deny(token)).unwrap();
    }
    let swap = |version| {
        symlink(version, directory.join("..tmp")).unwrap();
        fs::rename(directory.join("..tmp"), directory.join("..data")).unwrap();
    };
    swap("..2");
    symlink("..data/rules.yaml", directory.join("link")).unwrap();
    fs::rename(directory.join("link"), directory.join("rules.yaml")).unwrap();
    await_denied(&nginx, "/", OTHER, LEAKED);
    swap("..1");
    await_denied(&nginx, "/", LEAKED, OTHER);
}

#[test]
fn token_files_and_globs_change_rules() {
    let server = SERVER.replace(
        "location / {",
        "location /glob { tokenban_rules {dir}/*.rules; try_files /none =204; }
         location / {",
    );
    let rules = "rules: [{id: file, points: [[header, AUTHORIZATION]], token_file: leaked.txt}]";
    let directory = support::directory();
    fs::write(directory.path().join("rules.yaml"), rules).unwrap();
    fs::write(directory.path().join("leaked.txt"), format!("{LEAKED}\n")).unwrap();
    fs::write(directory.path().join("one.rules"), deny(LEAKED)).unwrap();
    let nginx = Nginx::start_in(directory, "worker_processes 2;", &server);
    let path = |name: &str| nginx.directory().join(name);
    assert_eq!([nginx.bearer("/", LEAKED), nginx.bearer("/glob", LEAKED)], [403, 403]);
    fs::write(path("leaked.txt"), format!("{OTHER}\n")).unwrap();
    await_denied(&nginx, "/", OTHER, LEAKED);
    fs::write(path("two.rules"), deny(OTHER).replace("live", "two")).unwrap();
    await_denied(&nginx, "/glob", OTHER, "clean");
    assert_eq!(nginx.bearer("/glob", LEAKED), 403);
    fs::remove_file(path("one.rules")).unwrap();
    await_denied(&nginx, "/glob", OTHER, LEAKED);
}

#[test]
fn a_bad_file_keeps_the_last_good_rules_and_is_said_once() {
    let nginx = start(4, SERVER);
    let rules = nginx.directory().join("rules.yaml");
    let bad = format!("rules:\n  - id: bad\n    points: [[header, X]]\n    token: [{OTHER}]\n");
    replace(&rules, &bad);
    let check = nginx.check();
    let text = String::from_utf8_lossy(&check.stderr);
    let diagnostics: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once("[emerg] ")?.1.rsplit_once(" in "))
        .map(|(diagnostic, _)| diagnostic)
        .collect();
    assert!(!diagnostics.is_empty() && diagnostics[0].contains("rules.yaml:"), "{text}");
    for diagnostic in diagnostics {
        await_once(&nginx, &format!("tokenban: changed rules not taken: {diagnostic}"));
    }
    await_denied(&nginx, "/", LEAKED, OTHER);
    fs::remove_file(&rules).unwrap();
    await_once(&nginx, "rules.yaml: no such file");
    await_denied(&nginx, "/", LEAKED, OTHER);
    replace(&rules, &deny(OTHER));
    await_denied(&nginx, "/", OTHER, LEAKED);
    await_once(&nginx, "tokenban: rules recovered and updated: ");
    let recovered =
        nginx.log().lines().any(|line| line.contains("[error]") && line.contains("recovered"));
    assert!(recovered, "at the level of the trouble");
    assert!(!nginx.log().contains(OTHER) && !nginx.log().contains(LEAKED));
}

#[test]
fn no_rules_are_warned_of() {
    let nginx = start(1, SERVER);
    assert!(!String::from_utf8_lossy(&nginx.check().stderr).contains("no rule"));
    replace(&nginx.directory().join("rules.yaml"), "rules: []\n");
    await_once(&nginx, "rules.yaml: no rule is left, nothing is denied by them");
    assert_eq!(nginx.bearer("/", LEAKED), 204);
    let text = String::from_utf8_lossy(&nginx.check().stderr).into_owned();
    let warning = text.lines().find(|line| line.contains("[warn] no rule in "));
    assert!(
        warning.is_some_and(|line| line.contains("nothing is denied by \"tokenban_rules\"")),
        "{text}"
    );
}

#[test]
fn changed_rules_may_use_the_variables_of_the_configuration() {
    let nginx = start(1, &format!("map $http_x_key $mapped {{ key {OTHER}; }}\n{SERVER}"));
    let rules = nginx.directory().join("rules.yaml");
    let denied = |header: &str| nginx.get("/?key=another-test-token-0123456789", &[header]).status;
    let on = |name: &str| deny(OTHER).replace("header, AUTHORIZATION", &format!("var, {name}"));
    replace(&rules, &on("mapped"));
    await_that("mapped", || denied("X-Key: key") == 403);
    assert_eq!(denied("X-Key: no"), 204);
    replace(&rules, &on("arg_KEY"));
    await_that("arg_KEY", || denied("X-Key: no") == 403);
    for unknown in ["nosuch", "gzip_ratio"] {
        replace(&rules, &on(unknown));
        await_once(
            &nginx,
            &format!("unknown \"{unknown}\" variable in the running configuration; reload NGINX"),
        );
        assert_eq!(denied("X-Key: no"), 403);
    }
    nginx.signal("HUP");
    await_that("gzip_ratio after a reload", || denied("X-Key: no") == 204);
}

/// As at `nginx -t`: a rule is refused rather than skipped.
#[test]
fn changed_rules_that_need_a_store_are_refused_where_there_is_none() {
    let nginx = start(1, SERVER);
    let rule = "rules: [{id: live, points: [[header, AUTHORIZATION]], denylist: [leaked]}]";
    replace(&nginx.directory().join("rules.yaml"), rule);
    let check = nginx.check();
    let text = String::from_utf8_lossy(&check.stderr);
    let message =
        text.lines().find_map(|line| line.split_once("rule \"live\" ")).expect("a message");
    let message = message.1.split(" in /").next().unwrap();
    await_once(&nginx, &format!("changed rules not taken: rule \"live\" {message}"));
    await_denied(&nginx, "/", LEAKED, OTHER);
}

/// Version `n` of the rules denies `token(n)`, and one of `LEAKED` and `OTHER`.
fn version(n: usize) -> String {
    let either = [LEAKED, OTHER][n % 2];
    let filler: String = (0..100).map(|i| format!(", filler-test-token-{i:04}-{n:04}")).collect();
    format!(
        "rules:\n\
         - {{id: live, points: [[header, AUTHORIZATION]], tokens: [{either}{filler}]}}\n\
         - {{id: shape, points: [[query_all]], regex: ['^fake-[a-z]{{{}}}-[0-9]+x']}}\n\
         - {{id: version, points: [[header, X-VERSION]], tokens: [{}]}}\n",
        n % 50 + 1,
        token(n)
    )
}

fn token(n: usize) -> String {
    format!("version-test-token-{n:06}")
}

/// A request with both tokens is denied by every version, so one that passes was answered by none.
#[test]
fn a_thousand_swaps_under_load_answer_rightly_and_keep_nothing() {
    let server = SERVER
        .replace("100ms", "20ms")
        .replace("server {", "server { keepalive_requests 1000000000;");
    let nginx = start(1, &server);
    let rules = nginx.directory().join("rules.yaml");
    let stop = AtomicBool::new(false);
    let size = || process::resident(nginx.worker());
    let both = format!("Authorization: Bearer {LEAKED}, Bearer {OTHER}");
    let (swaps, asked) = thread::scope(|scope| {
        let load = || {
            let (mut connection, mut asked) = (Connection::open(nginx.port), 0);
            while !stop.load(Ordering::Relaxed) {
                assert_eq!(connection.get(&both), 403, "a denied one");
                assert_eq!(connection.bearer("clean"), 204, "a clean one");
                asked += 2;
            }
            asked
        };
        let client = scope.spawn(load);
        let mut connection = Connection::open(nginx.port);
        let (begin, mut settled, mut swaps) = (Instant::now(), 0, 0);
        // A thousand where the machine is quick.
        while swaps < 300 || swaps < 1000 && begin.elapsed() < Duration::from_secs(25) {
            let text = version(swaps);
            match swaps % 3 {
                0 => fs::write(&rules, text).unwrap(),
                _ => replace(&rules, &text),
            }
            let header = format!("X-Version: {}", token(swaps));
            await_that(&header, || client.is_finished() || connection.get(&header) == 403);
            swaps += 1;
            if swaps == 100 {
                settled = size();
            }
        }
        stop.store(true, Ordering::Relaxed);
        let asked = client.join().expect("no wrong answer");
        assert!(size() < settled + 2048, "from {settled} kB to {} kB", size());
        (swaps, asked)
    });
    println!("{swaps} swaps, {asked} requests");
    assert!(asked > 0, "no request meanwhile");
}

/// Reloads read the files while they change, and old and new workers look at them side by side.
#[test]
fn reloads_between_swaps_drop_no_denial() {
    let server = SERVER.replace("100ms", "20ms").replace(" reuseport", "");
    let nginx = start(2, &server);
    let rules = nginx.directory().join("rules.yaml");
    let both = format!("Authorization: Bearer {LEAKED}, Bearer {OTHER}");
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let client = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                assert_eq!(nginx.get("/", &[&both]).status, 403);
                assert_eq!(nginx.bearer("/", "clean"), 204);
            }
        });
        for n in 0..40 {
            replace(&rules, &version(n));
            if n % 4 == 0 {
                nginx.signal("HUP");
            }
            thread::sleep(Duration::from_millis(40));
        }
        stop.store(true, Ordering::Relaxed);
        client.join().expect("no wrong answer");
    });
    let last = format!("X-Version: {}", token(39));
    await_that("the last rules", || (0..40).all(|_| nginx.get("/", &[&last]).status == 403));
    await_that("the end of old workers", || nginx.workers().len() == 2);
    assert_eq!(count(&nginx, "[alert]"), 0, "{}", nginx.log());
}

/// The head was inspected by the old rules, so is the body.
#[test]
fn a_request_that_waits_for_its_body_keeps_its_rules() {
    let deny = |token| deny(token).replace("header, AUTHORIZATION", "post, json_doc, hash, token");
    let nginx = start(1, SERVER);
    let rules = nginx.directory().join("rules.yaml");
    let mut stream = TcpStream::connect(("127.0.0.1", nginx.port)).unwrap();
    let body = format!("{{\"token\": \"{LEAKED}\"}}");
    let ask = |stream: &mut TcpStream| {
        let length = body.len();
        let head = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        // NGINX has inspected the head when it asks for the body.
        let mut asked = [0; 25];
        stream.read_exact(&mut asked).unwrap();
        assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    };
    replace(&rules, &deny(LEAKED));
    await_that("first rules", || count(&nginx, "rules updated: ") == 1);
    ask(&mut stream);
    replace(&rules, &deny(OTHER));
    await_that("second rules", || count(&nginx, "rules updated: ") == 2);
    let status = |mut stream: TcpStream| {
        stream.write_all(body.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.get(9..12).map(str::to_owned)
    };
    assert_eq!(status(stream).as_deref(), Some("403"));
    let mut stream = TcpStream::connect(("127.0.0.1", nginx.port)).unwrap();
    ask(&mut stream);
    assert_ne!(status(stream).as_deref(), Some("403"));
}

/// The thread blocks all signals, so that each reaches the event loop at once, even an idle one: what
/// would wake it otherwise comes in an hour.
#[test]
fn signals_take_effect_at_once() {
    let nginx = start(2, &SERVER.replace("100ms", "1h"));
    let workers = nginx.workers();
    for worker in &workers {
        await_that("a thread", || process::has_thread(*worker, "tokenban-rules"));
        let blocked = process::blocked_signals(*worker, "tokenban-rules");
        // HUP, INT, QUIT, USR1, USR2, ALRM, TERM, CHLD, IO, WINCH: those that NGINX handles.
        for signal in [1, 2, 3, 10, 12, 14, 15, 17, 28, 29] {
            assert!(blocked & (1 << (signal - 1)) != 0, "{signal} of {blocked:x}");
        }
    }
    let new = |old: &[u32]| {
        nginx.workers().len() == 2 && !nginx.workers().iter().any(|w| old.contains(w))
    };
    nginx.signal("HUP");
    await_that("HUP", || new(&workers));
    let workers = nginx.workers();
    signal(workers[0], "TERM");
    signal(workers[1], "QUIT");
    await_that("workers exit", || new(&workers));
    nginx.signal("QUIT");
    await_that("QUIT", || nginx.workers().is_empty());
}

#[test]
fn a_worker_ends_in_the_middle_of_a_compilation() {
    for name in ["QUIT", "TERM"] {
        let nginx = start(1, &SERVER.replace("100ms", "20ms"));
        let worker = nginx.worker();
        let regex = |n| {
            format!("- {{id: r{n}, points: [[anywhere]], regex: ['[a-f]{{3}}{n}(x|yy)+z{n}']}}\n")
        };
        let rules: String = (0..3000).map(regex).collect();
        replace(&nginx.directory().join("rules.yaml"), &format!("rules:\n{rules}"));
        await_that("a busy thread", || process::computing(worker, "tokenban-rules") > 20);
        signal(worker, name);
        await_that("the end", || !nginx.workers().contains(&worker));
        assert!(!nginx.log().contains("rules updated: "), "it was no longer busy");
        let end = format!("worker process {worker} exited with code 0");
        await_that(&end, || nginx.log().contains(&end));
    }
}

/// Root starts NGINX, and workers run as somebody else: only then may the one read what the others
/// may not.
#[test]
fn files_that_workers_may_not_read_are_named() {
    if !support::is_root() {
        return;
    }
    let directory = support::directory();
    let rules = directory.path().join("rules.yaml");
    fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&rules, Permissions::from_mode(0o600)).unwrap();
    let nginx = Nginx::start_in(directory, "worker_processes 2; user nobody nogroup;", SERVER);
    await_once(
        &nginx,
        "rules.yaml: the user of the workers may not read it; a change needs a reload",
    );
    fs::write(&rules, deny(OTHER)).unwrap();
    await_once(&nginx, "changed rules not taken: ");
    assert!(nginx.log().contains("rules.yaml: permission denied; let the user who runs this read"));
    await_denied(&nginx, "/", LEAKED, OTHER);
    fs::set_permissions(&rules, Permissions::from_mode(0o644)).unwrap();
    await_denied(&nginx, "/", OTHER, LEAKED);
}

/// A worker that took the place of another begins with the rules of the configuration.
#[test]
fn a_new_worker_takes_what_has_changed() {
    let nginx = start(1, SERVER);
    replace(&nginx.directory().join("rules.yaml"), &deny(OTHER));
    await_denied(&nginx, "/", OTHER, LEAKED);
    let old = nginx.worker();
    signal(old, "KILL");
    await_that("a new worker", || nginx.workers().iter().any(|worker| *worker != old));
    await_denied(&nginx, "/", OTHER, LEAKED);
}

#[test]
fn only_workers_have_the_thread() {
    let cache = "proxy_cache_path {dir}/cache keys_zone=z:1m;";
    let nginx = start(2, &format!("{cache} {SERVER}"));
    let threads = || nginx.workers().into_iter().map(process::threads).collect::<Vec<_>>();
    // Two workers, and the two processes of the cache.
    await_that("two threads", || threads().iter().sum::<usize>() == 6);
    thread::sleep(Duration::from_millis(100));
    let mut threads = threads();
    threads.sort_unstable();
    assert_eq!((threads, process::threads(nginx.master())), (vec![1, 1, 2, 2], 1));
    let nginx = start(1, &SERVER.replace("100ms", "off"));
    assert_eq!(process::threads(nginx.worker()), 1);
    replace(&nginx.directory().join("rules.yaml"), &deny(OTHER));
    thread::sleep(Duration::from_millis(200));
    assert_eq!([nginx.bearer("/", LEAKED), nginx.bearer("/", OTHER)], [403, 204]);
}

#[test]
fn a_single_process_takes_changes() {
    let mut nginx = Nginx::start_with("master_process off;", SERVER);
    let rules = nginx.directory().join("rules.yaml");
    for [denied, clean] in [[OTHER, LEAKED], [LEAKED, OTHER]] {
        replace(&rules, &deny(denied));
        await_denied(&nginx, "/", denied, clean);
    }
    assert_eq!(process::threads(nginx.master()), 2);
    nginx.signal("QUIT");
    assert!(nginx.wait(PATIENCE), "it does not end");
    assert_eq!(count(&nginx, "[alert]"), 0, "{}", nginx.log());
}
