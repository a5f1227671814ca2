use super::*;
use proptest::prelude::*;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn members_of(json: &[u8]) -> Vec<(String, String)> {
    let (mut document, mut name, mut value) = (Vec::new(), Vec::new(), Vec::new());
    let mut found = Vec::new();
    object(transcode(json, &mut document), &mut name, &mut |name, member| {
        found.push((text(name), text(member.value(&mut value))));
    });
    found
}

fn elements_of(json: &[u8]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    array(json, &mut |index, element| {
        found.push((index, text(element.value(&mut Vec::new()))));
    });
    found
}

fn leaves_of(json: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    leaves(json, &mut Vec::new(), &mut |value| found.push(text(value)));
    found
}

fn utf16(json: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    json.encode_utf16().flat_map(bytes).collect()
}

/// Field notes 3.2, case 26.
#[test]
fn a_member_is_found_in_every_spelling() {
    let utf32 = |bytes: fn(u32) -> [u8; 4]| -> Vec<u8> {
        "{\"sid\":\"Token\"}".chars().flat_map(|character| bytes(character.into())).collect()
    };
    let cases: Vec<Vec<u8>> = vec![
        br#"{"sid":"Token"}"#.to_vec(),
        br#" { "sid" : "Token" , } "#.to_vec(),
        br#"{"sid":"\u0054oken"}"#.to_vec(),
        br#"{"\u0073id":"Token"}"#.to_vec(),
        br#"{"sid":"x","sid":"Token"}"#.to_vec(),
        br#"{"sid":"Token","sid":"x"}"#.to_vec(),
        b"\xef\xbb\xbf{\"sid\":\"Token\"}".to_vec(),
        utf16("{\"sid\":\"Token\"}", u16::to_le_bytes),
        utf16("{\"sid\":\"Token\"}", u16::to_be_bytes),
        utf16("\u{feff}{\"sid\":\"Token\"}", u16::to_le_bytes),
        utf16("\u{feff}{\"sid\":\"Token\"}", u16::to_be_bytes),
        utf32(u32::to_le_bytes),
        utf32(u32::to_be_bytes),
        b"/* { */ {\"sid\": // x\n \"Token\"}".to_vec(),
        b"# x {\n{\"a\":1,#\"\n\"sid\":\"Token\"}".to_vec(),
        b"{'sid':'Token'}".to_vec(),
        b"{sid:'Token'}".to_vec(),
        b"{sid:Token}".to_vec(),
        b"{\"sid\\u0000x\":\"Token\"}".to_vec(),
        b"{\"sid\0x\":\"Token\"}".to_vec(),
        b"{\"sid\":\"Token\"} junk } ]".to_vec(),
        b"{\"a\":1}\n{\"sid\":\"Token\"}".to_vec(),
        b"{\"a\":NaN,\"b\":-Infinity,\"sid\":\"Token\"}".to_vec(),
        b"{\"a\":[{\"x\":\"]}\"}],\"sid\":\"Token\"}".to_vec(),
        b"{\"a\":\"it's\",\"sid\":\"Token\"}".to_vec(),
        b"{\"a\":\"\\\\\",\"sid\":\"Token\"}".to_vec(),
        b"{\"a\":\"\n\",\"sid\":\"Token\"}".to_vec(),
        b"{\"sid\":\"Token".to_vec(),
        b"{\"sid\":\"Token\"".to_vec(),
        b"\xc2\xa0{\xc2\xa0\"sid\":\"Token\"}".to_vec(),
        b"{\"sid\":\"\\x54oken\"}".to_vec(),
        b"{\"sid\":\"To\\\nken\"}".to_vec(),
    ];
    for json in cases {
        let found = members_of(&json);
        let shown = text(&json);
        assert!(found.contains(&("sid".into(), "Token".into())), "{shown}: {found:?}");
    }
}

/// Wallarm, «Parsing requests», json_doc.
#[test]
fn wallarms_example() {
    let json = br#"{"p1":"value","p2":["v1","v2"],"p3":{"somekey":"somevalue"}}"#;
    assert_eq!(members_of(json)[0], ("p1".into(), "value".into()));
    object(json, &mut Vec::new(), &mut |name, member| match name {
        b"p2" => {
            assert_eq!(elements_of(member.raw), [(0, "v1".into()), (1, "v2".into())]);
        }
        b"p3" => assert_eq!(members_of(member.raw), [("somekey".into(), "somevalue".into())]),
        _ => {}
    });
    assert_eq!(leaves_of(json), ["value", "v1", "v2", "somevalue"]);
}

#[test]
fn leaves_are_every_value_and_no_name() {
    let found = leaves_of(br#"{"a":[{"b":1},2,[3]],"c":true,"\u0064":"\n"}"#);
    assert_eq!(found, ["1", "2", "3", "true", "\n"]);
    assert_eq!(leaves_of(b"\"T\""), ["T"]);
}

#[test]
fn escapes() {
    for (raw, value) in [
        (r"\u0054", "T".as_bytes()),
        (r"\ud83d\ude00", "\u{1f600}".as_bytes()),
        (r"\ud83dx", b"\xed\xa0\xbdx"),
        (r"\ud83d\u0054", b"\xed\xa0\xbdT"),
        (r"\/\b\q\'", b"/\x08q'"),
        (r"\u00", br"\u00"),
        (r"\uzzzz", br"\uzzzz"),
        (r"a\", br"a\"),
        (r"\x5", b"x5"),
    ] {
        assert_eq!(unescape(raw.as_bytes(), &mut Vec::new()), value, "{raw}");
    }
}

#[test]
fn what_is_no_json_emits_nothing() {
    for value in ["", "T", "a b c", "a: b, c: d", "Bearer x", "1,2,3", "}{x"] {
        assert!(leaves_of(value.as_bytes()).is_empty(), "{value}");
        assert!(members_of(value.as_bytes()).is_empty(), "{value}");
        assert!(elements_of(value.as_bytes()).is_empty(), "{value}");
    }
}

/// Field notes 3.2, case 27: deep and long texts take time in proportion to their length.
#[test]
fn deep_and_wide_texts() {
    let deep = ["[{\"a\":".repeat(100_000), "\"Token\"".into(), "}]".repeat(100_000)].concat();
    assert!(leaves_of(deep.as_bytes()).contains(&"Token".to_owned()));
    assert_eq!(elements_of(deep.as_bytes()).len(), 1);
    let wide = ["{", &"\"key\":\"\\u0054\",".repeat(300_000), "}"].concat();
    assert_eq!(members_of(wide.as_bytes()).len(), 300_000);
    let open = "[".repeat(1_000_000);
    assert!(leaves_of(open.as_bytes()).is_empty());
    let comments = "/*".repeat(500_000);
    assert!(leaves_of(comments.as_bytes()).is_empty());
}

proptest! {
    #[test]
    fn strings_come_back(name in "[a-z]{1,8}", value in "\\PC{0,40}") {
        let escaped: String = value.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
        let json = format!("[{{\"x\":[], \"{name}\":\"{escaped}\"}}]");
        prop_assert!(members_of(&json.as_bytes()[1..]).contains(&(name, value.clone())));
        prop_assert!(leaves_of(json.as_bytes()).contains(&value));
    }

    #[test]
    fn never_panics(json in "[\\[\\]{}\",:'/*#\\\\a-c0u \n]{0,120}") {
        members_of(json.as_bytes());
        elements_of(json.as_bytes());
        leaves_of(json.as_bytes());
    }

    #[test]
    fn any_bytes_do(json in proptest::collection::vec(any::<u8>(), 0..120)) {
        members_of(&json);
        elements_of(&json);
        leaves_of(&json);
    }
}

#[test]
fn names_of_members_have_no_case() {
    for found in ["token", "TOKEN", "tO\u{212A}en"] {
        assert!(is_member(found.as_bytes(), "token"), "{found}");
        assert!(is_member(b"token", found), "{found}");
    }
    assert!(is_member("acce\u{17F}S".as_bytes(), "access"));
    for found in ["tokens", "oken", "", "t\u{212B}oken"] {
        assert!(!is_member(found.as_bytes(), "token"), "{found}");
    }
}
