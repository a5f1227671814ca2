//! A clean value costs no allocation once the working memory is warm.

use allocation_counter::measure;
use tokenban_engine::{limits::Limits, matcher::Builder, pattern::Pattern, rule::RuleIndex};

#[test]
fn clean_values_allocate_nothing() {
    let mut builder = Builder::new();
    let patterns = [
        "ghp_[0-9A-Za-z]{36}",
        r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b",
        r"ey[\w-]{17,}\.ey[\w-]{17,}\.[\w-]*",
        "^[0-9a-f]{40}$",
        r"\b[0-9]{8,10}:[\w-]{35}\b",
        "(?i)[a-z]{0,20}secret[ =:]{1,5}[0-9a-f]{32}",
        "[a-c].{3,60}[x-z].{3,60}[0-9]!",
    ];
    for (rule, text) in (0..).zip(patterns) {
        builder.regex(RuleIndex(rule), &Pattern::parse(text).expect("a pattern"));
    }
    builder.literal(RuleIndex(90), b"some-leaked-token");
    builder.sha256(RuleIndex(91), [7; 32]);
    builder.sha1(RuleIndex(92), [7; 20]);
    let matcher = builder.build(&Limits::default()).expect("within the limits");
    let mut cache = matcher.cache();
    let values: [&[u8]; 5] = [
        b"Bearer 9f8b1c2d-Zk3LmN0pQrStUvWxYz4a5b6c7d8e9f0g1h",
        b"eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ ghp_short secret",
        b"",
        b"text/html,application/xhtml+xml;q=0.9",
        b"some-other-token!",
    ];
    let mut hits = 0;
    let mut search = |hits: &mut u32| {
        for value in values {
            matcher.find(&mut cache, value, &mut |_, _| *hits += 1);
            let (head, tail) = value.split_at(value.len() / 2);
            matcher.find_chunks(&mut cache, &[head, tail], &mut |_, _| *hits += 1);
        }
    };
    search(&mut hits);
    let counted = measure(|| search(&mut hits));
    assert_eq!((hits, counted.count_total), (0, 0));
}
