//! `tokenban test` against a server that decides as the module does: the engine over the same store.
//! curl makes the requests, as for a person.

mod support;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    thread,
};

use serde_json::json;
use support::{run, Sandbox};
use tokenban_denylist::Reader;
use tokenban_engine::{
    decision::{Decision, Mode},
    limits::Limits,
    request::OwnedRequest,
    Inspection, Ruleset,
};

const EVERYWHERE: &str = "rules: [{id: all, points: [[anywhere]], denylist: [leaked]}]";
const HEADER: &str =
    "rules: [{id: one, points: [[header, AUTHORIZATION, credentials]], denylist: [leaked]}]";

/// Serves until the test ends; its address.
fn serve(store: PathBuf, rules: &'static str, clean: u16) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        let rules = Ruleset::load_text(Path::new("x"), rules, &Limits::default()).unwrap();
        let mut reader = Reader::open(&store).unwrap();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let request = read(&stream);
            reader.refresh().unwrap();
            let inspection = Inspection { request: &request, denylists: &reader, mode: Mode::On };
            let outcome = rules.evaluate_whole(&inspection, &mut rules.scratch());
            let status = if outcome.decision == Decision::Denied { 403 } else { clean };
            let head =
                format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
        }
    });
    address
}

fn read(stream: &TcpStream) -> OwnedRequest {
    let mut input = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        input.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let first = line();
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let mut request = OwnedRequest::new(method, target.as_bytes());
    loop {
        let line = line();
        let Some((name, value)) = line.split_once(':') else { break };
        request.headers.push((name.into(), value.trim().into()));
    }
    let length = request
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(b"content-length"))
        .map_or(0, |(_, value)| String::from_utf8_lossy(value).parse().unwrap());
    request.body = vec![0; length];
    input.read_exact(&mut request.body).unwrap();
    request
}

#[test]
fn every_disguise_is_denied_where_rules_look_anywhere() {
    let sandbox = Sandbox::new();
    let url = format!("http://{}/v1/me?a=b", serve(sandbox.store(), EVERYWHERE, 200));
    let ran = sandbox.run(&["test", &url], "");
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.ends_with("were denied; a token that is not banned gets 200\n"), "{}", ran.out);
    assert!(ran.out.contains("JWT, other signature  ") && !ran.out.contains("got past"));
    assert_eq!(sandbox.run(&["list"], "").out, "no entries\n", "the decoys are off again");
    let log = sandbox.json(&["log", "--json"], "", 0);
    assert_eq!(log["records"][0]["note"], "list leaked: decoys banned");
}

#[test]
fn what_got_past_is_named() {
    let sandbox = Sandbox::new();
    let url = format!("http://{}/", serve(sandbox.store(), HEADER, 204));
    let report = sandbox.json(&["test", "--json", &url], "", 1);
    assert_eq!(report["clean_status"], 204);
    let of = |name: &str| {
        let sent = report["sent"].as_array().unwrap();
        sent.iter().find(|sent| sent["disguise"] == name).unwrap()["denied"].clone()
    };
    assert_eq!((of("Authorization, Bearer"), of("cookie")), (json!(true), json!(false)));
    assert_eq!((of("JWT, other signature"), of("JSON")), (json!(true), json!(false)));
    assert_eq!(sandbox.run(&["list"], "").out, "no entries\n");
}

#[test]
fn a_server_that_refuses_everything_proves_nothing() {
    let sandbox = Sandbox::new();
    let address = serve(sandbox.store(), EVERYWHERE, 403);
    let ran = sandbox.run(&["test", "--connect-to", &address, "http://api.example/"], "");
    assert!(ran.code == 2 && ran.err.contains("nothing can be told"), "{}", ran.err);
    for url in ["api.example", "http://127.0.0.1:1/"] {
        assert_eq!(sandbox.run(&["test", url], "").code, 2, "{url}");
    }
}

#[test]
fn without_curl_nothing_is_banned_and_the_way_out_is_said() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["test", "http://127.0.0.1:1/"]);
    command.env("PATH", sandbox.path());
    let ran = run(command, "");
    assert!(ran.code == 2 && ran.err.contains("install curl"), "{}", ran.err);
    assert_eq!(sandbox.json(&["log", "--json"], "", 1)["records"], json!([]));
}
