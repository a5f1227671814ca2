//! The examples of docs/points.md: each request is read, and each point below it yields the values that
//! the page says.

use std::path::Path;

use tokenban_engine::{denylist::NoDenylists, limits::Limits, request::OwnedRequest, Ruleset};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/points.md");

/// A request, and the lines of points below it.
struct Example<'a> {
    request: &'a str,
    points: Vec<(&'a str, Vec<&'a str>)>,
}

#[test]
fn the_page_says_what_points_yield() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (mut count, mut wrong) = (0, Vec::new());
    for Example { request, points } in examples(&page) {
        assert!(!points.is_empty(), "nothing is said of\n{request}");
        let request = read(request);
        for (point, expected) in points {
            let found = values(point, &request);
            count += 1;
            for value in expected.iter().filter(|value| !found.iter().any(|it| it == *value)) {
                wrong.push(format!("{point} does not yield {value:?}, but {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(count >= 60, "{count} points");
}

/// The blocks marked `http`, each with the list that follows it.
fn examples(page: &str) -> Vec<Example<'_>> {
    let blocks = page.split("\n```http\n").skip(1);
    let one = |block| {
        let (request, after): (&str, &str) = str::split_once(block, "\n```\n").expect("an end");
        let lines = after.trim_start().lines().take_while(|line| line.starts_with("- `["));
        let points = lines.filter_map(|line| line.split_once(" — ")).map(|(point, values)| {
            let point = point.trim_start_matches("- `").trim_end_matches('`');
            (point, values.split('`').skip(1).step_by(2).collect())
        });
        Example { request, points: points.collect() }
    };
    blocks.map(one).collect()
}

/// The request of a block: a form in parts has CRLF, a gRPC body is written in hex.
fn read(text: &str) -> OwnedRequest {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let mut request = OwnedRequest::new(method, target.as_bytes());
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        if name == "Host" {
            request.host = value.into();
        }
        request.headers.push((name.into(), value.into()));
    }
    request.body = match head {
        head if head.contains("application/grpc") => hex(body),
        head if head.contains("multipart/") => body.replace('\n', "\r\n").into_bytes(),
        _ => body.as_bytes().to_vec(),
    };
    request
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap()).collect()
}

fn values(point: &str, request: &OwnedRequest) -> Vec<String> {
    let rules = format!("rules:\n  - {{id: r, points: [{point}], present: true}}\n");
    let ruleset = Ruleset::load_text(Path::new("page.yaml"), &rules, &Limits::default());
    let ruleset = ruleset.unwrap_or_else(|error| panic!("{point}: {error}"));
    let mut found = Vec::new();
    ruleset.explain(request, &NoDenylists, &mut |look| {
        found.push(String::from_utf8_lossy(look.value).into_owned());
    });
    found
}
