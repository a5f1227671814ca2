//! The table of all bounds: each is in docs/points.md, and for each there is a request that goes past
//! it with the token behind. Such a request counts as not inspected: it is never let through as clean.

use tokenban_engine::{
    bounds::bounds,
    decision::{Incomplete, Mode},
    denylist::{Ban, MemoryDenylists},
    Inspection,
};

use super::{
    past::{
        boundaries, entities, entities_in_entities, multipart_in_multipart, names, past, preamble,
        Past,
    },
    support::{denies, ruleset, TOKEN},
};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/points.md");
const BEGIN: &str =
    "<!-- The table is made by `BLESS=1 cargo test -p tokenban-engine --test body`. -->\n";

fn incomplete(Past { point, request }: &Past) -> Option<Incomplete> {
    let mut denylists = MemoryDenylists::default();
    let ban = Ban { list: "leaked", ..Ban::default() };
    denylists.ban(TOKEN.as_bytes(), &ban);
    denylists.ban_claim("roles", None, TOKEN.as_bytes(), &ban);
    let ruleset = ruleset(point, "denylist: [leaked]");
    let inspection = Inspection { request, denylists: &denylists, mode: Mode::On };
    ruleset.evaluate_whole(&inspection, &mut ruleset.scratch()).incomplete
}

#[test]
fn what_is_past_a_bound_is_said() {
    for bound in bounds() {
        let requests = past(bound.name);
        assert!(!requests.is_empty(), "no request goes past «{}»", bound.name);
        for (number, request) in requests.iter().enumerate() {
            let incomplete = incomplete(request);
            let is_said = matches!(incomplete, Some(Incomplete::Bound | Incomplete::Budget));
            assert!(is_said, "{}, request {number}: {incomplete:?}", bound.name);
        }
    }
}

/// What comes near a bound is read.
#[test]
fn what_is_within_a_bound_is_inspected() {
    for (name, past) in [
        ("multipart", multipart_in_multipart(7)),
        ("entities", entities_in_entities(30)),
        ("declarations", entities(8_192)),
        ("boundaries", boundaries(4)),
        ("names", names(4)),
        ("preamble", preamble(60 << 10)),
    ] {
        assert_eq!(incomplete(&past), None, "{name}");
        assert!(denies(past.point, &format!("tokens: ['{TOKEN}']"), &past.request), "{name}");
    }
}

#[test]
fn the_page_lists_all_bounds() {
    let rows: String = bounds()
        .map(|bound| format!("| {} | {} |\n", bound.name, with_commas(bound.value)))
        .collect();
    let table = format!("{BEGIN}\n| Bound | Most |\n| --- | --- |\n{rows}");
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the place of the table");
    let end = rest.find("|\n\n").expect("an end of the table") + 2;
    let expected = format!("{before}{table}{}", &rest[end..]);
    if std::env::var_os("BLESS").is_some() {
        return std::fs::write(PAGE, &expected).unwrap();
    }
    assert!(page == expected, "docs/points.md; BLESS=1 writes it anew");
}

fn with_commas(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap())
        .collect();
    groups.join(",")
}
