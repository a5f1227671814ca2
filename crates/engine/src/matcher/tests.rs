//! All structures together give the answer of one simple reference: each pattern alone.

use proptest::prelude::*;
use regex_automata::meta;

use super::*;
use crate::{limits::Limits, pattern::Pattern, token::TokenEntry};

/// What patterns are made of here: every shape, and pieces that overlap each other.
const PATTERNS: [&str; 34] = [
    "^abc$",
    r"\A(?:abc|abd|x)\z",
    "^$",
    "^a$|^b$",
    "abc",
    "(?i)abc",
    "ab|bc|ABCD",
    "abcab",
    "ab[a-c]{2,4}",
    r"\babc[0-9]{3}\b",
    "ab[a-c-]{3,}-ab",
    "[0-9]{2,3}:abc[0-9]+",
    "a",
    "[0-9]{5}",
    "^[ab]+$",
    "^ab",
    "ab$",
    "(?i)^aBc[0-9]*$",
    r"(?:^|\s)abc(?:$|\s)",
    ".*",
    "a*",
    r"\xFF.",
    "é",
    r"(?u:\babc\b)",
    r"\Bbc",
    "(?m)^abc$",
    "(?s)a.b",
    "ab.*bc",
    "(?:ab|cd){2}",
    "abc|[0-9]+$",
    "(?i)[a-z0-9]{0,5}?(?:abc)[ -]{0,3}[0-9]",
    r"ab[\w-]{4,}\.ab[\w-]{4,}\.[\w-]*",
    "bc[ab]?c",
    "(?i)k[0-9]",
];

fn build(patterns: &[&str]) -> Matcher {
    let mut builder = Builder::new();
    for (rule, text) in (0..).zip(patterns) {
        builder.regex(RuleIndex(rule), &Pattern::parse(text).unwrap());
    }
    builder.build(&Limits::default()).unwrap()
}

fn rules(matcher: &Matcher, cache: &mut Cache, chunks: &[&[u8]]) -> Vec<u32> {
    let len = chunks.iter().map(|chunk| chunk.len()).sum();
    let mut all = Vec::new();
    matcher.find_chunks(cache, chunks, &mut |rule, span| {
        assert!(span.start <= span.end && span.end <= len, "{span:?} of {len}");
        all.push(rule.0);
    });
    all
}

fn reference(patterns: &[&str], value: &[u8]) -> Vec<u32> {
    let found = |text: &str| {
        let pattern = Pattern::parse(text).unwrap();
        let config = meta::Config::new().utf8_empty(false);
        meta::Builder::new()
            .configure(config)
            .build_from_hir(pattern.hir())
            .unwrap()
            .is_match(value)
    };
    (0..).zip(patterns).filter(|(_, text)| found(text)).map(|(rule, _)| rule).collect()
}

fn split<'a>(value: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (value.len() + 1)).collect();
    cuts.sort_unstable();
    let ends = cuts.iter().copied().chain([value.len()]);
    let starts = [0].into_iter().chain(cuts.iter().copied());
    starts.zip(ends).map(|(start, end)| &value[start..end]).collect()
}

fn values() -> impl Strategy<Value = Vec<u8>> {
    let pieces: [&[u8]; 16] = [
        b"a",
        b"b",
        b"c",
        b"abc",
        b"ABC",
        b"ab",
        b"cd",
        b"123",
        b":",
        b" ",
        b"-",
        b".",
        b"\n",
        b"\xFF",
        "é".as_bytes(),
        b"_k7",
    ];
    let piece = prop_oneof![
        8 => proptest::sample::select(pieces.to_vec()).prop_map(<[u8]>::to_vec),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn agrees_with_each_pattern_alone(
        patterns in proptest::sample::subsequence(PATTERNS.to_vec(), 1..PATTERNS.len()),
        values in proptest::collection::vec((values(), proptest::collection::vec(0usize..80, 0..5)), 1..6),
    ) {
        let matcher = build(&patterns);
        let mut cache = matcher.cache();
        for (value, cuts) in values {
            let expected = reference(&patterns, &value);
            prop_assert_eq!(&rules(&matcher, &mut cache, &[&value]), &expected);
            prop_assert_eq!(&rules(&matcher, &mut cache, &split(&value, &cuts)), &expected);
        }
    }

    #[test]
    fn lazy_and_simulated_automata_agree(
        patterns in proptest::sample::subsequence(PATTERNS.to_vec(), 1..PATTERNS.len()),
        value in values(), cuts in proptest::collection::vec(0usize..80, 0..5),
    ) {
        let mut builder = Builder::new();
        for (rule, text) in (0..).zip(&patterns) {
            builder.regex(RuleIndex(rule), &Pattern::parse(text).unwrap());
        }
        let limits = Limits { dense_failures: 0, ..Limits::default() };
        let matcher = builder.build(&limits).unwrap();
        let mut cache = matcher.cache();
        let expected = reference(&patterns, &value);
        prop_assert_eq!(rules(&matcher, &mut cache, &split(&value, &cuts)), expected.clone());
        // Whatever gave up, the simulation of each pattern alone finds the same.
        let chunks = split(&value, &cuts);
        let text = Text::new(&chunks);
        for (rule, source) in patterns.iter().enumerate() {
            let pattern = Pattern::parse(source).unwrap();
            let nfa = automaton::nfa(&[pattern.hir()], 1 << 20).unwrap();
            let mut hit = false;
            let mut scratch = simulate::Scratch::default();
            simulate::run(&nfa, &text, Place::default(), false, &mut scratch, &mut |_, _| {
                hit = true;
                false
            });
            prop_assert_eq!(hit, expected.contains(&u32::try_from(rule).unwrap()), "{}", source);
        }
    }
}

#[test]
fn spans_are_those_of_the_match_across_edges() {
    let matcher = build(&["tok_[a-z]{4,}", "needle", r"[0-9]{3}", "^whole$"]);
    let value = b"xx tok_abcdef needle 123";
    for cut in 0..=value.len() {
        let (head, tail) = value.split_at(cut);
        let mut spans = Vec::new();
        matcher.find_chunks(&mut matcher.cache(), &[head, b"", tail], &mut |rule, span| {
            spans.push((rule.0, span));
        });
        assert_eq!(spans, [(0, 3..13), (1, 14..20), (2, 21..24)], "cut at {cut}");
    }
}

#[test]
fn digests_literals_and_presence() {
    use sha2::Digest as _;
    let mut builder = Builder::new();
    builder.literal(RuleIndex(1), b"leaked-1");
    builder.literal(RuleIndex(7), b"leaked-1");
    builder.sha256(RuleIndex(2), sha2::Sha256::digest(b"leaked-2").into());
    builder.sha1(RuleIndex(3), sha1::Sha1::digest(b"leaked-3").into());
    builder.present(RuleIndex(4));
    let matcher = builder.build(&Limits::default()).unwrap();
    let mut cache = matcher.cache();
    let cases: [(&[u8], &[u32]); 5] = [
        (b"leaked-1", &[1, 4, 7]),
        (b"leaked-2", &[2, 4]),
        (b"leaked-3", &[3, 4]),
        (b"leaked-4", &[4]),
        (b"", &[4]),
    ];
    for (value, expected) in cases {
        for cut in 0..=value.len() {
            let (head, tail) = value.split_at(cut);
            assert_eq!(rules(&matcher, &mut cache, &[head, tail]), expected);
        }
    }
}

#[test]
fn hostile_repetition_of_a_prefix_stays_linear() {
    let matcher = build(&[r"ey[\w-]{17,}\.ey[\w-]{17,}\.[\w-]*"]);
    let mut cache = matcher.cache();
    let mut value = b"ey".repeat(100_000);
    assert!(rules(&matcher, &mut cache, &[&value]).is_empty());
    value.extend_from_slice(b".eyAAAAAAAAAAAAAAAAAAAAAA.x");
    assert_eq!(rules(&matcher, &mut cache, &[&value]), [0]);
}

#[test]
fn too_large_a_pattern_names_its_rule() {
    let mut builder = Builder::new();
    builder.regex(RuleIndex(3), &Pattern::parse("abc[a-z]{3}").unwrap());
    builder.regex(RuleIndex(5), &Pattern::parse("(?:x[a-z]{900}){900}").unwrap());
    let error = builder.build(&Limits::default()).unwrap_err();
    assert_eq!(error.rule(), RuleIndex(5));
    assert!(error.to_string().contains("`denylist`"));
}

#[test]
fn every_pattern_that_matches_is_reported_with_its_span() {
    let matcher = build(&["ab+", "^ab", "b$", "x"]);
    let mut cache = matcher.cache();
    let mut found = |value: &[u8]| {
        let mut all = Vec::new();
        matcher.find(&mut cache, value, &mut |rule, span| all.push((rule.0, span)));
        all
    };
    assert_eq!(found(b"ab"), [(0, 0..2), (1, 0..2), (2, 1..2)]);
    assert_eq!(found(b"\xffab\n"), [(0, 1..3)]);
    assert_eq!(found(b""), []);
}

#[test]
fn token_entries_match_whole_values() {
    let entries: [&[u8]; 3] = [
        b"fake-token-1",
        b"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        b"sha1:a9993e364706816aba3e25717850c26c9cd0d89d",
    ];
    let mut builder = Builder::new();
    for (rule, text) in (0..).zip(entries) {
        builder.token(RuleIndex(rule), &TokenEntry::parse(text).unwrap());
    }
    let matcher = builder.build(&Limits::default()).unwrap();
    let mut cache = matcher.cache();
    assert_eq!(rules(&matcher, &mut cache, &[b"fake-token-1"]), [0]);
    assert_eq!(rules(&matcher, &mut cache, &[b"abc"]), [1, 2]);
    assert!(rules(&matcher, &mut cache, &[b"fake-token-12"]).is_empty());
}

proptest! {
    #[test]
    fn agrees_on_random_patterns(
        patterns in proptest::collection::vec("\\^?[ab]{1,2}[ab.][+*?]?[abc]\\$?", 1..8),
        value in "[abc]{0,12}",
    ) {
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        let matcher = build(&patterns);
        let expected = reference(&patterns, value.as_bytes());
        prop_assert_eq!(rules(&matcher, &mut matcher.cache(), &[value.as_bytes()]), expected);
    }
}

/// One matcher of a rule, of every kind that rule files know.
#[derive(Clone, Debug)]
enum Kind {
    Present,
    Regex(&'static str),
    Sha1(Vec<u8>),
    Sha256(Vec<u8>),
    Token(Vec<u8>),
}

impl Kind {
    fn add(&self, rule: RuleIndex, builder: &mut Builder) {
        use sha2::Digest as _;
        match self {
            Kind::Present => builder.present(rule),
            Kind::Regex(text) => builder.regex(rule, &Pattern::parse(text).unwrap()),
            Kind::Sha1(token) => {
                builder.token(rule, &TokenEntry::Sha1(sha1::Sha1::digest(token).into()));
            }
            Kind::Sha256(token) => {
                builder.token(rule, &TokenEntry::Sha256(sha2::Sha256::digest(token).into()));
            }
            Kind::Token(token) => builder.token(rule, &TokenEntry::Plain(token.clone().into())),
        }
    }

    /// The simple reference.
    fn matches(&self, value: &[u8]) -> bool {
        match self {
            Kind::Present => true,
            Kind::Regex(text) => !reference(&[text], value).is_empty(),
            // A digest of nothing is no token: it would deny every empty value.
            Kind::Sha1(token) | Kind::Sha256(token) => token == value && !value.is_empty(),
            Kind::Token(token) => token == value,
        }
    }
}

/// Tokens and values from the same few pieces, so that they meet often.
fn tokens() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => proptest::sample::select(vec![&b"abc"[..], b"", b"abcab", b"ab-ab", b"123:abc1"])
            .prop_map(<[u8]>::to_vec),
        1 => values(),
    ]
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        1 => Just(Kind::Present),
        4 => proptest::sample::select(PATTERNS.to_vec()).prop_map(Kind::Regex),
        2 => tokens().prop_map(Kind::Sha1),
        2 => tokens().prop_map(Kind::Sha256),
        4 => tokens().prop_map(Kind::Token),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Rules of several matchers each, in any mixture: each rule is reported once, if and only if
    /// one of its matchers alone finds something.
    #[test]
    fn rules_of_every_kind_agree_with_the_reference(
        rules in proptest::collection::vec(proptest::collection::vec(kinds(), 1..4), 1..8),
        values in proptest::collection::vec((tokens(), proptest::collection::vec(0usize..80, 0..4)), 1..8),
    ) {
        let mut builder = Builder::new();
        for (rule, kinds) in (0..).zip(&rules) {
            kinds.iter().for_each(|kind| kind.add(RuleIndex(rule), &mut builder));
        }
        let matcher = builder.build(&Limits::default()).unwrap();
        let mut cache = matcher.cache();
        for (value, cuts) in values {
            let expected: Vec<u32> = (0..)
                .zip(&rules)
                .filter(|(_, kinds)| kinds.iter().any(|kind| kind.matches(&value)))
                .map(|(rule, _)| rule)
                .collect();
            let mut found = self::rules(&matcher, &mut cache, &[&value]);
            found.sort_unstable();
            prop_assert_eq!(&found, &expected);
            let mut found = self::rules(&matcher, &mut cache, &split(&value, &cuts));
            found.sort_unstable();
            prop_assert_eq!(&found, &expected);
        }
    }
}
