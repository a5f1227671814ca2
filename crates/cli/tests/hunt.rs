//! `tokenban hunt` on generated logs of which the uses are known: every format, compressed, rotated, cut
//! off, out of order, in three time zones.

mod support;

use std::{collections::BTreeMap, fs, io::Write};

use flate2::{write::GzEncoder, Compression};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{json, Value};
use support::Sandbox;

/// 2026-11-26T00:00:00Z.
const START: u64 = 1_795_651_200;

fn token(number: usize) -> String {
    format!("fake-hunted-token-0{number:010}")
}

/// A request that a log tells of.
#[derive(Clone, Debug)]
struct Request {
    second: u64,
    zone: i8,
    client: u8,
    tokens: Vec<usize>,
    denied: bool,
    format: u8,
}

fn requests() -> impl Strategy<Value = Vec<Request>> {
    let one = (
        0u64..86_400,
        -5i8..6,
        1u8..5,
        proptest::collection::vec(0usize..6, 0..3),
        any::<bool>(),
        0u8..4,
    );
    let request = one.prop_map(|(second, zone, client, tokens, denied, format)| Request {
        second: START + second,
        zone,
        client,
        tokens,
        denied,
        format,
    });
    proptest::collection::vec(request, 1..60)
}

fn fingerprint(number: usize) -> String {
    support::fingerprint(&token(number))
}

fn line(request: &Request) -> String {
    let Request { client, denied, .. } = request;
    let local = request.second.checked_add_signed(i64::from(request.zone) * 3600).unwrap();
    let time = jiff::Timestamp::from_second(local as i64).unwrap().to_string();
    let time = time.trim_end_matches('Z');
    let (sign, hours) = (if request.zone < 0 { '-' } else { '+' }, request.zone.unsigned_abs());
    let fingerprints: Vec<String> =
        request.tokens.iter().map(|number| fingerprint(*number)).collect();
    let list = fingerprints.join(",");
    let (status, verdict) = if *denied { (403, "DENIED") } else { (200, "PASSED") };
    let path = format!("/v1/users/{client}");
    let agent = "curl/8 \\\"credentials\\\":\\\"0123456789abcdef\\\"";
    match request.format {
        0 => format!(
            r#"{{"time":"{time}{sign}{hours:02}:00","client":"192.0.2.{client}","method":"GET","path":"{path}","agent":"{agent}","status":{status},"decision":"{verdict}","credentials":"{list}"}}"#
        ),
        1 => format!(
            r#"{{"@timestamp":"{time}.000{sign}{hours:02}:00","client.ip":"192.0.2.{client}","http.request.method":"GET","url.path":"{path}","http.response.status_code":{status},"tokenban.decision":"{verdict}","tokenban.credentials":"{list}"}}"#
        ),
        2 => {
            let common = jiff::Timestamp::from_second(local as i64)
                .unwrap()
                .strftime("%d/%b/%Y:%H:%M:%S")
                .to_string();
            format!(
                r#"192.0.2.{client} - - [{common} {sign}{hours:02}00] "GET {path}?a=b HTTP/1.1" {status} 5 "-" "curl/8" "{list}" {verdict}"#
            )
        }
        _ => format!(
            r#"192.0.2.{client} [{time}{sign}{hours:02}:00] "GET {path}" {status} "curl/8" "{list}" {verdict}"#
        ),
    }
}

/// What the hunt should say of one token.
#[derive(Debug, Default, PartialEq)]
struct Known {
    uses: u64,
    first: u64,
    last: u64,
    denied: u64,
    clients: BTreeMap<String, u64>,
}

fn model(requests: &[Request]) -> BTreeMap<String, Known> {
    let mut model = BTreeMap::<String, Known>::new();
    for request in requests {
        let mut tokens = request.tokens.clone();
        tokens.sort_unstable();
        tokens.dedup();
        // The last two are not banned.
        for number in tokens.into_iter().filter(|number| *number < 4) {
            let known = model.entry(fingerprint(number)).or_default();
            known.first =
                if known.uses == 0 { request.second } else { known.first.min(request.second) };
            known.last = known.last.max(request.second);
            known.uses += 1;
            known.denied += u64::from(request.denied);
            *known.clients.entry(format!("192.0.2.{}", request.client)).or_default() += 1;
        }
    }
    model
}

fn found(document: &Value) -> BTreeMap<String, Known> {
    let second = |value: &Value| {
        value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second() as u64
    };
    let used = document["used"].as_array().unwrap().iter().map(|used| {
        let clients = used["clients"].as_array().unwrap().iter();
        let known = Known {
            uses: ["before", "after", "undated"]
                .iter()
                .map(|name| used[name].as_u64().unwrap())
                .sum(),
            first: second(&used["first"]),
            last: second(&used["last"]),
            denied: used["verdicts"].get("denied").and_then(Value::as_u64).unwrap_or_default(),
            clients: clients
                .map(|one| {
                    (one["client"].as_str().unwrap().to_owned(), one["uses"].as_u64().unwrap())
                })
                .collect(),
        };
        (used["fingerprint"].as_str().unwrap().to_owned(), known)
    });
    used.collect()
}

fn banned() -> Sandbox {
    let sandbox = Sandbox::new();
    let tokens: String = (0..4).map(|number| token(number) + "\n").collect();
    assert_eq!(sandbox.run(&["ban", "--reason", "INC-42"], &tokens).code, 0);
    sandbox
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn what_is_found_is_what_was_done() {
    let sandbox = banned();
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 40,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&(requests(), any::<bool>(), 1usize..4), |(requests, crlf, files)| {
            let end = if crlf { "\r\n" } else { "\n" };
            let mut names = Vec::new();
            for (number, requests) in requests.chunks(requests.len().div_ceil(files)).enumerate() {
                let text: String = requests.iter().map(|request| line(request) + end).collect();
                let name = sandbox.path().join(format!("access.log.{number}"));
                // Every other one is compressed, in two members as by appending.
                let (first, rest) = text.split_at(text.find('\n').map_or(0, |at| at + 1));
                let bytes = match number % 2 {
                    1 => [gzip(first.as_bytes()), gzip(rest.as_bytes())].concat(),
                    _ => text.into_bytes(),
                };
                fs::write(&name, bytes).unwrap();
                names.push(name.display().to_string());
            }
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let ran = sandbox.run(&[&["hunt", "--json"], &names[..]].concat(), "");
            let document: Value = serde_json::from_str(&ran.out).unwrap();
            let model = model(&requests);
            prop_assert_eq!(ran.code, i32::from(!model.is_empty()));
            prop_assert_eq!(found(&document), model);
            prop_assert_eq!(document["logs"]["lines"].as_u64(), Some(requests.len() as u64));
            Ok(())
        })
        .unwrap();
}

fn log(sandbox: &Sandbox, requests: &[(u64, usize, u8)]) -> String {
    let requests = requests.iter().map(|(minute, number, client)| Request {
        second: START + minute * 60,
        zone: 1,
        client: *client,
        tokens: vec![*number],
        denied: false,
        format: 0,
    });
    sandbox.file("access.json", &requests.map(|request| line(&request) + "\n").collect::<String>())
}

#[test]
fn never_says_what_it_is_worth() {
    let sandbox = banned();
    let log = log(&sandbox, &[(0, 0, 1), (10, 5, 1), (200, 1, 2)]);
    let ran = sandbox.run(&["hunt", "--never", &log], "");
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains(&format!("{}  leaked  INC-42\n", fingerprint(2))), "{}", ran.out);
    assert!(!ran.out.contains(&fingerprint(0)));
    assert!(ran.out.contains("2 of 4 tokens were never used in these logs\n"), "{}", ran.out);
    assert!(
        ran.out.contains("3 lines from 2026-11-26T00:00:00Z to 2026-11-26T03:20:00Z\n"),
        "{}",
        ran.out
    );
    assert!(ran
        .out
        .contains("gap: nothing was logged from 2026-11-26T00:10:00Z to 2026-11-26T03:20:00Z\n"));
}

#[test]
fn pivot_names_what_else_these_clients_used() {
    let sandbox = banned();
    let log = log(&sandbox, &[(0, 0, 1), (1, 4, 1), (2, 4, 1), (3, 5, 1), (4, 5, 2)]);
    let ran = sandbox.run(&["hunt", "--pivot", "--json", &log], "");
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    let others: Vec<&str> = document["pivot"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["fingerprint"].as_str())
        .collect();
    assert_eq!(
        others,
        [fingerprint(4), fingerprint(5)],
        "the one that others use, too, comes last"
    );
    assert_eq!(document["pivot"][0]["their_uses"], json!(2));
    assert_eq!(document["pivot"][1]["others_uses"], json!(1));
}

#[test]
fn raw_logs_are_searched_for_the_token_in_every_spelling() {
    let sandbox = banned();
    let (one, two) = (token(0), token(5));
    let percent: String = two.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let lines = [
        format!(
            r#"192.0.2.1 - - [26/Nov/2026:00:00:00 +0000] "GET /v1/me?access_token={one} HTTP/1.1" 200 5 "-" "curl/8""#
        ),
        format!(
            r#"192.0.2.2 - - [26/Nov/2026:00:01:00 +0000] "GET /v1/me?key={percent} HTTP/1.1" 200 5 "-" "curl/8""#
        ),
        r#"192.0.2.3 - - [26/Nov/2026:00:02:00 +0000] "GET /v1/me HTTP/1.1" 200 5 "-" "curl/8""#
            .to_owned(),
    ];
    let log = sandbox.file("access.log", &lines.join("\n"));
    let ran = sandbox
        .run(&["hunt", "--raw", "--token-stdin", "--json", &log], &format!("{one}\n{two}\n"));
    assert_eq!(ran.code, 1, "{}", ran.err);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    let used: Vec<_> = document["used"].as_array().unwrap().iter().collect();
    assert_eq!(used.len(), 2, "{}", ran.out);
    assert_eq!(used[0]["clients"][0]["client"], json!("192.0.2.2"));
    assert!(used[1]["banned"].as_str().is_some(), "the store knows when");
    assert!(!ran.out.contains(&one) && !ran.out.contains(&two));
}

#[test]
fn cut_and_foreign_lines_are_told() {
    let sandbox = banned();
    let request =
        Request { second: START, zone: 0, client: 1, tokens: vec![0], denied: true, format: 0 };
    let whole = line(&request);
    let cut = &whole[..whole.len() - 1];
    let log = sandbox.file("access.json", &format!("{cut}\nnot a log\n{whole}"));
    let ran = sandbox.run(&["hunt", &log], "");
    assert!(ran.out.contains("1 line without a time that could be read"), "{}", ran.out);
    assert!(ran.out.contains("1 line with a use that could not be read as a whole"), "{}", ran.out);
    let document: Value =
        serde_json::from_str(&sandbox.run(&["hunt", "--json", &log], "").out).unwrap();
    assert_eq!(document["used"][0]["before"], json!(2), "a cut line has its use all the same");
}

#[test]
fn html_and_csv_escape_what_clients_wrote() {
    let sandbox = banned();
    let agent = "=cmd|<script>alert(1)</script>";
    let line = format!(
        r#"{{"time":"2026-11-26T00:00:00Z","client":"=1+1","method":"GET","path":"/a","agent":"{agent}","status":403,"decision":"DENIED","credentials":"{}"}}"#,
        fingerprint(0)
    );
    let log = sandbox.file("access.json", &line);
    let page = sandbox.path().join("report.html");
    let ran = sandbox
        .run(&["hunt", "--html", page.to_str().unwrap(), "--reason", "INC-42", "--csv", &log], "");
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.contains(",'=1+1,"), "{}", ran.out);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("<title>INC-42</title>") && page.contains("<svg role=\"img\""));
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script"));
}

#[test]
fn zstd_and_standard_input_are_read() {
    let sandbox = banned();
    let log = log(&sandbox, &[(0, 0, 1), (1, 0, 1)]);
    let text = fs::read_to_string(&log).unwrap();
    let ran = sandbox.run(&["hunt", "--json", "-"], &text);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["used"][0]["before"], json!(2));
    // One frame with one raw block, as RFC 8878 has it (sections 3.1.1.1 and 3.1.1.2), twice.
    let frame = |text: &[u8]| {
        let size = u32::try_from(text.len()).unwrap();
        let block = size << 3 | 1;
        [&[0x28, 0xb5, 0x2f, 0xfd, 0xa0][..], &size.to_le_bytes(), &block.to_le_bytes()[..3], text]
            .concat()
    };
    let zstd = sandbox.path().join("access.json.zst");
    fs::write(&zstd, [frame(text.as_bytes()), frame(text.as_bytes())].concat()).unwrap();
    let ran = sandbox.run(&["hunt", "--json", zstd.to_str().unwrap()], "");
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["used"][0]["before"], json!(4), "{}", ran.err);
}

#[test]
fn mistakes_are_told() {
    let sandbox = banned();
    let log = log(&sandbox, &[(0, 0, 1)]);
    for (arguments, message) in [
        (&["hunt", "none.log"][..], "cannot read none.log"),
        (&["hunt", "--raw", &log], "give them with --token-stdin or --tokens"),
        (&["hunt", "--token-stdin", "-"], "standard input is read once"),
        (&["hunt", "--pivot", "-"], "--pivot reads the logs twice"),
        (&["hunt", "--fingerprint", "abc", &log], "a fingerprint has 16 hex digits"),
        (&["hunt", "--reason", "INC-0", &log], "there is nothing to look for"),
    ] {
        let ran = sandbox.run(arguments, "");
        assert_eq!(ran.code, 2, "{arguments:?}");
        assert!(ran.err.contains(message), "{}", ran.err);
    }
}
