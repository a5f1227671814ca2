//! What a request costs, in units of work: no clock. Whatever is combined, work is bounded by the
//! bytes that were sent, and what is past the bound is told.

use proptest::prelude::*;
use tokenban_engine::{
    budget::{FREE, INFLATED, PER_BYTE},
    decision::{Incomplete, Mode},
    denylist::{Ban, MemoryDenylists},
    request::OwnedRequest,
    Inspection, Ruleset,
};

use super::{
    dear::{coded, dear, repeated, Dear},
    support::{gzip, post, ruleset, TOKEN},
};

/// Units of work, and what the budget of a request of this size is.
fn work(ruleset: &Ruleset, request: &OwnedRequest) -> (usize, usize, Option<Incomplete>) {
    let mut denylists = MemoryDenylists::default();
    denylists.ban_sha1([7; 20], &Ban { list: "leaked", ..Ban::default() }); // of any length
    let inspection = Inspection { request, denylists: &denylists, mode: Mode::On };
    let mut scratch = ruleset.scratch();
    let outcome = ruleset.evaluate_whole(&inspection, &mut scratch);
    let most = FREE + PER_BYTE * INFLATED * request.body.len();
    (scratch.work(), most, outcome.incomplete)
}

#[test]
fn what_cost_seconds_is_bounded_and_told() {
    for Dear { name, point, request, .. } in dear() {
        let ruleset = ruleset(point, &format!("tokens: ['{TOKEN}']"));
        let (work, most, _) = work(&ruleset, &request);
        assert!(work <= most, "{name}: {work} units, more than {most}");
    }
}

/// Bytes as of a picture or an archive.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..size / 8).flat_map(|_| next()).collect()
}

/// A message of gRPC with a picture in its first field, of 2 to 256 MiB.
fn message(size: usize) -> Vec<u8> {
    let varint = (0..4).map(|at| (size >> (7 * at)) as u8 & 0x7f | if at < 3 { 0x80 } else { 0 });
    let length = (size as u32 + 5).to_be_bytes();
    [vec![0], length.to_vec(), vec![0x0a], varint.collect(), noise(size)].concat()
}

/// What SDKs and collectors send comes nowhere near the budget.
#[test]
fn clean_traffic_is_inspected_as_a_whole() {
    let zeros = format!("{{\"points\": [{}0]}}", "0,".repeat(150_000));
    let point = |i: usize| {
        let (value, host) = (i * 7919 % 100_003, i % 97);
        format!("{{\"name\":\"http.server.duration\",\"value\":{value},\"attributes\":{{\"host\":\"h{host}\"}}}},")
    };
    let telemetry: String = (0..60_000).map(point).collect();
    let telemetry = format!("[{telemetry}{{}}]");
    let entities: String = (0..8_192).map(|i| format!("<!ENTITY e{i} \"x\">")).collect();
    let entities = format!("<!DOCTYPE a [{entities}]><a>&e8191;</a>");
    let numbers = format!("[{}1]", "1,".repeat(1 << 20));
    let words = repeated("a=word&bc=2&", 2 << 20);
    let chain: String = (0..64).map(|i| format!("fragment F{i} on T {{...F{}}} ", i + 1)).collect();
    let chain = format!("{{...F0}} {chain} fragment F64 on T {{a}}");
    for (name, point, request) in [
        ("zeros", "[anywhere]", coded("application/json", "gzip", gzip(zeros.as_bytes()))),
        ("telemetry", "[anywhere]", coded("application/json", "gzip", gzip(telemetry.as_bytes()))),
        ("telemetry", "[anywhere]", post("application/json", &telemetry)),
        ("noise", "[anywhere]", post("application/octet-stream", noise(512 << 10))),
        ("noise", "[post, grpc_all, protobuf, 1]", post("application/grpc", message(4 << 20))),
        ("numbers", "[anywhere]", post("application/json", &numbers)),
        ("form", "[anywhere]", post("application/x-www-form-urlencoded", &words)),
        ("entities", "[anywhere]", post("application/xml", &entities)),
        ("fragments", "[post, gql, gql_query_all, hash, a]", post("", &chain)),
    ] {
        let ruleset = ruleset(point, "denylist: [leaked]");
        let (work, most, incomplete) = work(&ruleset, &request);
        assert_eq!(incomplete, None, "{name}: {work} units of {most}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn no_combination_costs_more(
        labels in prop::collection::vec("utf-7|cp037|utf-16|gb18030|hz|unicode_escape", 0..5),
        layers in 0_usize..4,
        place in "(form|json|xml|multipart)",
        escapes in prop::collection::vec("%41|%2541|%u0041|\\+|;|#|&amp;|\\\\u0041|\"|eyJhIjoxfQ\\.", 1..6),
        nesting in 0_usize..4,
        size in 1_usize..(64 << 10),
        point in "\\[anywhere\\]|\\[post, percent, percent, base64\\]|\\[post, form_urlencoded_all, json_doc, hash_all\\]",
    ) {
        let value = escapes.concat();
        let unit = match place.as_str() {
            "form" => format!("a={value}&"),
            "json" => format!("{{\"a\":\"{value}\"}}\n"),
            "xml" => format!("<a b='{value}'>{value}</a>"),
            _ => format!("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n{value}\r\n"),
        };
        let mut body = repeated(&unit, size.max(unit.len()));
        for _ in 0..nesting {
            body = [b"a=%7B\"a\":\"".to_vec(), body, b"\"}&".to_vec()].concat();
        }
        for _ in 0..layers {
            body = gzip(&body);
        }
        let charsets: String = labels.iter().map(|label| format!("; charset={label}")).collect();
        let request = coded(&format!("multipart/form-data; boundary=b{charsets}"), &"gzip,".repeat(layers), body);
        let ruleset = ruleset(&point, &format!("tokens: ['{TOKEN}']"));
        let (work, most, _) = work(&ruleset, &request);
        prop_assert!(work <= most, "{} units, more than {}", work, most);
    }
}
