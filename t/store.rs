//! Denylists while NGINX runs: what is committed to the store holds for the very next request, on
//! every worker and on connections that were open before.

#[path = "support/keep_alive.rs"]
mod keep_alive;
#[path = "support/lists.rs"]
mod lists;
mod support;

use std::{
    collections::BTreeMap,
    fs,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use keep_alive::Connection;
use lists::{entry, now, Lists, RULES};
use support::{directory, Nginx, PATIENCE};
use tokenban_denylist::{NewEntry, Store, Target};

const TOKEN: &str = "fake-leaked-token-0123456789";

const HTTP: &str = r#"
    tokenban_store store;
    tokenban       on;
    tokenban_rules rules.yaml;
    server {
        listen 127.0.0.1:{port} reuseport;
        listen 127.0.0.1:{port2} http2 reuseport;
        keepalive_requests 100000;
        add_header X-Worker $pid always;
        location / { try_files /none =204; }
    }
"#;

/// NGINX with an empty store and rules that ask it.
fn start(main: &str) -> (Nginx, Lists) {
    start_with(main, HTTP)
}

fn start_with(main: &str, http: &str) -> (Nginx, Lists) {
    let directory = directory();
    let lists = Lists::create(&directory.path().join("store"));
    fs::write(directory.path().join("rules.yaml"), RULES).unwrap();
    (Nginx::start_in(directory, main, http), lists)
}

/// A connection to each worker, on which a request has been answered.
fn connections(nginx: &Nginx, workers: usize) -> Vec<Connection> {
    let mut open = BTreeMap::new();
    let deadline = Instant::now() + PATIENCE;
    while open.len() < workers {
        assert!(Instant::now() < deadline, "{} of {workers} workers answer", open.len());
        let mut connection = Connection::http1(nginx.port);
        let (status, worker) = connection.get(TOKEN);
        assert_eq!(status, 204);
        open.insert(worker.expect("X-Worker"), connection);
    }
    open.into_values().collect()
}

#[test]
fn a_ban_holds_for_the_next_request_on_every_worker() {
    for workers in [1, 4] {
        let (nginx, mut lists) = start(&format!("worker_processes {workers};"));
        let mut open = connections(&nginx, workers);
        // Which workers have these does not show; eight are more than luck.
        open.extend((0..8).map(|_| Connection::http2(nginx.port2)));
        let mut longest = Duration::ZERO;
        for round in 0..20 {
            for connection in &mut open {
                assert_eq!(connection.get(TOKEN).0, 204, "round {round}, before the ban");
            }
            lists.ban(TOKEN);
            let committed = Instant::now();
            for connection in &mut open {
                assert_eq!(connection.get(TOKEN).0, 403, "round {round}, banned");
            }
            longest = longest.max(committed.elapsed());
            lists.unban(TOKEN);
            for connection in &mut open {
                assert_eq!(connection.get(TOKEN).0, 204, "round {round}, no longer banned");
            }
        }
        let all = open.len();
        println!("{workers} workers: from commit to the last of {all} denials {longest:?}");
    }
}

/// {"alg":"none"} and {"iss":"idp","sub":"alice","jti":"id-1","iat":1000}, signed with `sig`.
const JWT: &str =
    "eyJhbGciOiJub25lIn0.eyJpc3MiOiJpZHAiLCJzdWIiOiJhbGljZSIsImp0aSI6ImlkLTEiLCJpYXQiOjEwMDB9.c2ln";

#[test]
fn what_is_banned_is_denied_in_every_spelling() {
    let (nginx, mut lists) = start("");
    lists.ban(TOKEN);
    lists.put(&jwt_entry());
    let [header, payload, _] = JWT.split('.').collect::<Vec<_>>().try_into().unwrap();
    let serialised = format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"x"}}"#);
    let tail = &TOKEN[4..];
    for line in [
        format!("X-Api-Key: {TOKEN}"),
        format!("authorization: bEARER \t {TOKEN} "),
        format!("X-Any: x, {TOKEN}"),
        format!("X-Any: \"{TOKEN}\""),
        format!("Cookie: a=1; sid={TOKEN}"),
        format!("Cookie: sid=\"\\146ake{tail}\""),
        format!("Cookie: sid=%66ake{tail}"),
        format!("Cookie: sid=s%3A{TOKEN}.c2ln"),
        // `user:` and the token, without padding and with spare bits.
        "Authorization: basic dXNlcjpmYWtlLWxlYWtlZC10b2tlbi0wMTIzNDU2Nzg5".to_owned(),
        "Authorization: BASIC dXNlcjpmYWtlLWxlYWtl ZC10b2tlbi0wMTIzNDU2Nzg5==".to_owned(),
        format!("Authorization: Bearer {JWT}"),
        format!("Authorization: DPoP {header}.{payload}.c2lo"),
        format!("X-Any: {header}=.{payload}==.bm90aGVyIHNpZw"),
        format!("X-Any: {serialised}"),
        format!("Cookie: jwt={}", JWT.replace('.', "%2E")),
    ] {
        assert_eq!(nginx.get("/", &[&line]).status, 403, "{line}");
    }
    for target in [
        format!("/?a={TOKEN}"),
        format!("/?a=%66ake{tail}"),
        format!("/?a=b&a%5B%5D={TOKEN}"),
        format!("/{TOKEN}/x"),
        format!("/?jwt={header}.{payload}."),
    ] {
        assert_eq!(nginx.get(&target, &[]).status, 403, "{target}");
    }
    for (kind, body) in [
        ("application/json", format!(r#"{{"a":[{{"b":"\u0066ake{tail}"}}]}}"#)),
        ("application/x-www-form-urlencoded", format!("a=b&c=%66ake{tail}")),
        ("text/plain", TOKEN.to_owned()),
    ] {
        let length = format!("Content-Length: {}", body.len());
        let head = format!("Content-Type: {kind}\r\n{length}\r\n\r\n{body}");
        assert_eq!(nginx.request("POST", "/", &[&head]).status, 403, "{kind}");
    }
    for clean in [format!("{TOKEN}x"), format!("x{TOKEN}"), JWT.replace("eyJp", "eyJq")] {
        assert_eq!(nginx.bearer("/", &clean), 204, "{clean}");
    }
}

fn jwt_entry() -> NewEntry<'static> {
    entry(Target::Jwt {
        header: br#"{"alg":"none"}"#,
        payload: br#"{"iss":"idp","sub":"alice","jti":"id-1","iat":1000}"#,
    })
}

#[test]
fn claims_expiry_and_other_lists() {
    let (nginx, mut lists) = start("");
    let claim = |name, value| Target::Claim { name, issuer: Some("idp"), value };
    let jti = |id: &'static [u8]| entry(claim("jti", id));
    let sub = |before| NewEntry { issued_before: Some(before), ..entry(claim("sub", b"alice")) };
    let in_list = |list| NewEntry { list, ..jti(b"id-1") };
    let expired = NewEntry { expires: Some(now()), ..jti(b"id-1") };
    let steps = [
        (jti(b"id-2"), 204),
        (in_list("unasked"), 204),
        (expired, 204),
        (sub(1000), 204),
        (sub(1001), 403),
        (sub(1000), 204),
    ];
    for (number, (entry, status)) in steps.iter().enumerate() {
        lists.put(entry);
        assert_eq!(nginx.bearer("/", JWT), *status, "step {number}");
    }
    let soon = now() + 2;
    lists.put(&NewEntry { expires: Some(soon), ..jti(b"id-1") });
    let status = nginx.bearer("/", JWT);
    assert!(status == 403 || now() >= soon, "before it expires: {status}");
    while now() < soon {
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(nginx.bearer("/", JWT), 204, "expired by now");
    lists.put(&in_list("other"));
    assert_eq!(nginx.bearer("/", JWT), 403);
}

#[test]
fn list_and_reason_are_reported_and_the_token_is_not() {
    let http = "log_format ban escape=json '{\"list\":\"$tokenban_denylist\",\"reason\":\
        \"$tokenban_reason\",\"fingerprint\":\"$tokenban_fingerprint\"}';\n\
        access_log {dir}/access.log ban;"
        .to_owned()
        + HTTP;
    let (nginx, mut lists) = start_with("", &http);
    let reason = "INC-42 \"see\"\n[alert] not a line of its own";
    lists.put(&NewEntry { reason, ..entry(Target::Token(TOKEN.as_bytes())) });
    assert_eq!(nginx.bearer("/", TOKEN), 403);
    let access = nginx.access_log(2);
    let fingerprint = "1384f59789e40352";
    assert_eq!(
        access.lines().last().unwrap_or_default(),
        format!(
            r#"{{"list":"leaked","reason":"INC-42 \"see\"\n[alert] not a line of its own","fingerprint":"{fingerprint}"}}"#
        )
    );
    let log = nginx.log();
    let line = format!(
        r#"fingerprint {fingerprint}, denylist "leaked", reason "INC-42 \"see\"\n[alert] not a line of its own""#
    );
    assert!(log.contains(&line), "{log}");
    assert!(!log.contains(TOKEN) && !access.contains(TOKEN));
}

#[test]
fn reloads_keep_the_lists() {
    let (nginx, mut lists) = start("worker_processes 2;");
    lists.ban(TOKEN);
    for _ in 0..5 {
        let old = nginx.workers();
        nginx.signal("HUP");
        await_workers(&nginx, |now| now.len() == 2 && now.iter().all(|one| !old.contains(one)));
        assert_eq!(nginx.bearer("/", TOKEN), 403);
        assert_eq!(nginx.bearer("/", "another-token-0123456789"), 204);
    }
    lists.unban(TOKEN);
    assert_eq!(nginx.bearer("/", TOKEN), 204);
}

#[test]
fn a_writer_at_work_holds_nobody_up() {
    let (nginx, lists) = start("");
    drop(lists);
    let mut store = Store::open(&nginx.directory().join("store")).unwrap();
    let mut writer = store.write().unwrap();
    writer.ban(&entry(Target::Token(TOKEN.as_bytes()))).unwrap();
    assert_eq!(nginx.bearer("/", TOKEN), 204, "not committed");
    writer.commit().unwrap();
    assert_eq!(nginx.bearer("/", TOKEN), 403, "committed");
    let mut writer = store.write().unwrap();
    assert!(writer.unban("leaked", &Target::Token(TOKEN.as_bytes())).unwrap());
    assert_eq!(nginx.bearer("/", TOKEN), 403, "not committed");
    drop(writer);
    assert_eq!(nginx.bearer("/", TOKEN), 403, "given up");
}

/// A reload is left out: in this mode NGINX itself answers nothing sensible after one.
#[test]
fn one_process_denies_too() {
    let (nginx, mut lists) = start("master_process off;");
    for _ in 0..3 {
        lists.ban(TOKEN);
        assert_eq!(nginx.bearer("/", TOKEN), 403);
        lists.unban(TOKEN);
        assert_eq!(nginx.bearer("/", TOKEN), 204);
    }
    assert!(!nginx.log().contains("[alert]"), "{}", nginx.log());
}

#[test]
fn workers_killed_while_they_are_busy_leave_nothing_stuck() {
    let (nginx, mut lists) = start("worker_processes 2;");
    lists.ban(TOKEN);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let load = || {
            while !stop.load(Ordering::Relaxed) {
                // The request of a killed worker has no answer, a status of 0.
                assert_ne!(nginx.bearer("/", TOKEN), 204);
            }
        };
        let clients = [scope.spawn(load), scope.spawn(load)];
        for round in 0..10 {
            let old = nginx.workers();
            for worker in &old {
                let _ = Command::new("kill").args(["-KILL", &worker.to_string()]).status();
            }
            await_workers(&nginx, |now| now.len() == 2 && now.iter().all(|w| !old.contains(w)));
            lists.ban(&format!("{TOKEN}-{round}"));
            assert_eq!(nginx.bearer("/", &format!("{TOKEN}-{round}")), 403);
        }
        stop.store(true, Ordering::Relaxed);
        clients.into_iter().for_each(|client| client.join().expect("no wrong answer"));
    });
}

fn await_workers(nginx: &Nginx, done: impl Fn(&[u32]) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done(&nginx.workers()) {
        assert!(Instant::now() < deadline, "workers: {:?}\n{}", nginx.workers(), nginx.log());
        thread::sleep(Duration::from_millis(2));
    }
}
