//! `tokenban_status_page`, in a real Chromium driven by WebDriver (W3C Recommendation).

#[path = "support/browser.rs"]
mod browser;
#[path = "support/command.rs"]
mod command;
#[path = "support/keep_alive.rs"]
mod keep_alive;
#[path = "support/lists.rs"]
mod lists;
mod support;

use std::{
    fs,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use browser::Browser;
use keep_alive::Connection;
use lists::{entry, Lists, RULES};
use serde_json::{json, Value};
use support::{directory, Nginx, PATIENCE};
use tokenban_denylist::{NewEntry, Target};

const TOKEN: &str = "fake-leaked-token-0123456789";
const MARKUP: &str = "<script>document.title = 'broken'</script><b>INC-42</b>";

const SERVER: &str = "tokenban on; tokenban_rules rules.yaml; tokenban_store store;
    tokenban_zone tokenban:8m;
    server { listen 127.0.0.1:{port}; access_log off;
        location / { try_files /none =204; }
        location /v1/ { try_files /none =204; }
        location /monitor/ { tokenban monitor; try_files /none =204; }
        location /tokenban/ { tokenban off; tokenban_status_page; }
    }";

fn start() -> (Nginx, Lists) {
    let directory = directory();
    let lists = Lists::create(&directory.path().join("store"));
    fs::write(directory.path().join("rules.yaml"), RULES).unwrap();
    (Nginx::start_in(directory, "worker_processes 2;", SERVER), lists)
}

fn data(nginx: &Nginx) -> Value {
    let answer = nginx.get("/tokenban/data.json", &[]);
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}

#[test]
fn the_document_tells_who_used_a_token() {
    let (nginx, mut lists) = start();
    lists.put(&NewEntry { reason: MARKUP, ..entry(Target::Token(TOKEN.as_bytes())) });
    assert_eq!(nginx.bearer("/v1/users/42/orders", TOKEN), 403);
    assert_eq!(nginx.bearer("/v1/users/43/orders", TOKEN), 403);
    assert_eq!(nginx.bearer("/monitor/", TOKEN), 204);
    assert_eq!(nginx.get(&format!("/{TOKEN}"), &[]).status, 403);
    let data = data(&nginx);
    let seen = &data["sightings"][0];
    assert_eq!(seen["list"], json!("leaked"));
    assert_eq!(seen["reason"], json!(MARKUP));
    assert_eq!((&seen["denied"], &seen["monitored"]), (&json!(3), &json!(1)));
    assert_eq!(seen["client"], json!("127.0.0.1"));
    assert_eq!(seen["endpoint"], json!("GET *"), "the token was in the path");
    assert!(seen["first"].as_u64() <= seen["last"].as_u64());
    assert_eq!(data["hour"].as_array().unwrap().len(), 60);
    assert_eq!(data["rules"][0], json!({ "id": "listed", "denied": 3, "monitored": 1 }));
    assert_eq!(data["store"]["usable"], json!(true));
    assert!(data["attention"][0]
        .as_str()
        .unwrap()
        .contains("1 banned tokens were used and passed"));
    assert!(!data.to_string().contains(TOKEN));
    assert_eq!(nginx.bearer("/v1/users/42/orders", TOKEN), 403);
    assert_eq!(self::data(&nginx)["sightings"][0]["endpoint"], json!("GET /v1/users/*/orders"));
}

#[test]
fn the_page_takes_nothing_from_elsewhere() {
    let (nginx, _lists) = start();
    let page = nginx.get("/tokenban/", &[]);
    assert!(page.head.contains("Content-Security-Policy: default-src 'self';"), "{page:?}");
    assert!(page.head.contains("X-Content-Type-Options: nosniff"));
    assert!(page.head.contains("Content-Type: text/html; charset=utf-8"));
    for file in ["style.css", "script.js"] {
        let answer = nginx.get(&format!("/tokenban/{file}"), &[]);
        assert_eq!(answer.status, 200);
        assert!(page.body.contains(file) && !answer.body.contains("//fonts"));
    }
    assert_eq!(nginx.get("/tokenban/other", &[]).status, 404);
}

#[test]
fn the_command_prints_who_used_the_tokens_of_an_incident() {
    let (nginx, mut lists) = start();
    lists.put(&NewEntry { reason: "INC-42", ..entry(Target::Token(TOKEN.as_bytes())) });
    let other = "fake-leaked-token-9876543210";
    lists.put(&NewEntry { reason: "INC-43", ..entry(Target::Token(other.as_bytes())) });
    let seen = |arguments: &[&str]| {
        let url = format!("http://127.0.0.1:{}/tokenban/", nginx.port);
        let mut command = Command::new(command::tokenban());
        let output = command.args(["seen", "--url", &url]).args(arguments).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains(TOKEN) && output.stderr.is_empty(), "{text} {:?}", output.stderr);
        (output.status.code(), text)
    };
    assert_eq!(seen(&[]), (Some(0), "no use is remembered\n".to_owned()));
    assert_eq!(nginx.bearer("/v1/users/42", TOKEN), 403);
    assert_eq!(nginx.bearer("/monitor/", other), 204);
    let (code, text) = seen(&["--incident", "INC-42"]);
    assert_eq!((code, text.lines().count()), (Some(1), 2), "{text}");
    assert!(text.contains("INC-42  1       0       127.0.0.1  GET /v1/users/*"), "{text}");
    let (code, text) = seen(&["--json"]);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, document["sightings"].as_array().unwrap().len()), (Some(1), 2));
    let last =
        document["sightings"].as_array().unwrap().iter().find(|one| one["reason"] == "INC-43");
    assert_eq!(last.unwrap()["passed"], json!(1));
    assert_eq!(seen(&["--list", "other"]).0, Some(0));
}

/// Waits for an expression of the page.
fn await_page(browser: &Browser, expression: &str) {
    let deadline = Instant::now() + PATIENCE;
    while browser.run(&format!("return {expression};")) != json!(true) {
        assert!(Instant::now() < deadline, "{expression}: {}", browser.text());
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
#[ignore = "needs Chromium; `make test` runs it"]
fn the_page_shows_denials_as_they_come() {
    let (nginx, mut lists) = start();
    lists.put(&NewEntry { reason: MARKUP, ..entry(Target::Token(TOKEN.as_bytes())) });
    let browser = Browser::start();
    browser.go(&format!("http://127.0.0.1:{}/tokenban/", nginx.port));
    await_page(&browser, "document.querySelector('#state').textContent.startsWith('As of')");
    assert!(browser.text().contains("none"));
    assert_eq!(nginx.bearer("/v1/users/42/orders", TOKEN), 403);
    await_page(&browser, "document.querySelectorAll('#last tr td.code').length >= 1");
    let text = browser.text();
    assert!(text.contains("GET /v1/users/*/orders") && text.contains(MARKUP), "as text: {text}");
    assert_eq!(browser.run("return document.title;"), json!("tokenban"));
    assert_eq!(
        browser.run("return document.querySelectorAll('main b, main script').length;"),
        json!(0)
    );
    assert!(!browser.source().contains(TOKEN));
    await_page(&browser, "document.querySelectorAll('#hour rect.denied').length >= 1");
    if std::env::var_os("BLESS").is_some() {
        let tokens: Vec<String> = (0..5).map(|n| format!("fake-leaked-token-{n:010}")).collect();
        lists.ban_all(&tokens);
        for (number, token) in tokens.iter().enumerate() {
            let use_it = |n| nginx.bearer(&format!("/v1/users/{n}"), token);
            assert!((0..=number).all(|n| use_it(n) == 403));
            assert!((0..20).all(|_| nginx.bearer("/v1/orders", "fake-clean") == 204));
        }
        await_page(&browser, "document.querySelector('#most td').textContent === '5'");
        let picture = PathBuf::from(support::root()).join("docs/status-page.png");
        fs::write(picture, browser.picture()).unwrap();
    }
    drop(nginx);
    await_page(&browser, "document.querySelector('#state').className === 'bad'");
}

#[test]
#[ignore = "needs Chromium; `make test` runs it"]
fn ten_thousand_tokens_do_not_stall_the_page() {
    let (nginx, mut lists) = start();
    let tokens: Vec<String> = (0..10_000).map(|n| format!("fake-leaked-token-{n:010}")).collect();
    lists.ban_all(&tokens);
    // NGINX closes a connection after a thousand requests.
    for tokens in tokens.chunks(900) {
        let mut connection = Connection::http1(nginx.port);
        tokens.iter().for_each(|token| assert_eq!(connection.get(token).0, 403));
    }
    assert_eq!(data(&nginx)["seen"], json!(10_000));
    let browser = Browser::start();
    browser.go(&format!("http://127.0.0.1:{}/tokenban/", nginx.port));
    await_page(&browser, "document.querySelectorAll('#last tr').length === 500");
    assert!(browser.text().contains("The last 500 of 10000."));
    let frame = "const start = performance.now(); \
                 return new Promise(done => requestAnimationFrame(() => done(performance.now() - start)));";
    let longest = (0..10).map(|_| browser.run(frame).as_f64().unwrap()).fold(0.0, f64::max);
    assert!(longest < 1000.0, "a frame took {longest} ms");
}
