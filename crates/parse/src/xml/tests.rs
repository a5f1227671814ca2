use super::dtd::{entities, external};
use super::*;
use proptest::prelude::*;

const LIMIT: usize = 1 << 16;

const WALLARM: &[u8] = b"<?xml version=\"1.0\"?>
<!DOCTYPE foo [<!ENTITY xxe SYSTEM \"aaaa\">]>
<?xml-stylesheet type=\"text/xsl\" href=\"style.xsl\"?>
<!-- test -->
<methodCall>
  <methodName>&xxe;</methodName>
  <methodArgs check=\"true\">123</methodArgs>
  <methodArgs>234</methodArgs>
</methodCall>
";

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn all_documents(value: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let _ = documents(value, LIMIT, &mut Buffers::default(), &mut |it| found.push(it.to_vec()));
    found
}

/// Every text that a path of tags leads to, in any reading.
fn at(value: &[u8], path: &[&str]) -> Vec<String> {
    fn walk(span: &[u8], path: &[&str], found: &mut Vec<String>) {
        let Some((name, rest)) = path.split_first() else {
            return text(span, &mut Buffers::default(), &mut |it| found.push(text_of(it)));
        };
        if let Some(name) = name.strip_prefix('@') {
            return attributes(span, &mut |found_name, raw| {
                if is_named(found_name, name.as_bytes()) {
                    attribute_value(raw, &mut Vec::new(), &mut |it| found.push(text_of(it)));
                }
            });
        }
        children(span, &mut |element| {
            if element.is(name.as_bytes()) {
                let is_attribute = rest.first().is_some_and(|name| name.starts_with('@'));
                walk(if is_attribute { element.attributes } else { element.inner }, rest, found);
            }
        });
    }
    let mut found = Vec::new();
    for document in all_documents(value) {
        walk(&document, path, &mut found);
    }
    found
}

#[track_caller]
fn assert_at(value: impl AsRef<[u8]>, path: &[&str], wanted: &str) {
    let found = at(value.as_ref(), path);
    assert!(found.iter().any(|it| it == wanted), "{found:?} in {}", text_of(value.as_ref()));
}

#[test]
fn wallarm_example() {
    assert_at(WALLARM, &["methodCall", "methodName"], "aaaa");
    assert_at(WALLARM, &["methodCall", "methodArgs"], "123");
    assert_at(WALLARM, &["methodCall", "methodArgs", "@check"], "true");
    assert_at(WALLARM, &["methodCall", "methodArgs"], "234");

    let declared = entities(WALLARM, 1000).0;
    assert_eq!(
        (text_of(&declared[0].name), text_of(&declared[0].value)),
        ("xxe".into(), "aaaa".into())
    );
    let mut found = Vec::new();
    instructions(WALLARM, &mut |name, value| found.push((text_of(name), text_of(value))));
    let style = "type=\"text/xsl\" href=\"style.xsl\"";
    assert_eq!(found, [("xml-stylesheet".to_owned(), style.to_owned())]);
    let mut found = Vec::new();
    comments(WALLARM, &mut |text| found.push(text_of(text)));
    assert_eq!(found, [" test "]);
}

#[test]
fn wallarm_example_external_dtd() {
    let mut found = Vec::new();
    external(b"<!DOCTYPE foo SYSTEM \"http://e/a.dtd\" [<!ENTITY x 'y'>]><a/>", &mut |address| {
        found.push(text_of(address));
    });
    assert_eq!(found, ["http://e/a.dtd"]);
}

#[test]
fn text_is_joined_as_libraries_join_it() {
    for document in [
        "<a>token</a>",
        "<a>\n  token\n</a>",
        "<a>to<!-- x -->ken</a>",
        "<a>to<?x y?>ken</a>",
        "<a><![CDATA[token]]></a>",
        "<a>t<![CDATA[ok]]>e<![CDATA[n]]></a>",
        "<a>&#116;o&#x6B;en</a>",
        "<a>token<b>x</b></a>",
        "<a>to<b>x</b>ken</a>",
        "<a><b>to</b>ken</a>",
        "<a>token</a><b>junk after</b>",
        "junk<a>token</a> junk & < more",
        "<x:a xmlns:x='y'>token</x:a>",
        "<a >token</a >",
        "<a b='>'>token</a>",
        "<a b=\"'\" c='<'>token</a>",
        "<a>token",
        "<a>token</b></a>",
        "<a></b>token</a>",
        "<a><a>x</a>token</a>",
        "<!DOCTYPE a><a>token</a>",
        "<!DOCTYPE a [<!ENTITY t \"token\">]><a>&t;</a>",
        "<!DOCTYPE a [<!ENTITY t 'tok'><!ENTITY u '&t;en'>]><a>&u;</a>",
        "<!DOCTYPE a [<!ENTITY t '&#116;oken'>]><a>&t;</a>",
        "<!DOCTYPE x [<!ENTITY t '<a>token</a>'>]><x>&t;</x><a>token</a>",
        "<!DOCTYPE a [<!ENTITY t 'token'><!ENTITY t 'x'>]><a>&t;</a>",
        "<!DOCTYPE a [<!-- > ' --><!ELEMENT a ANY><?p ]>?><!ENTITY t \"token\"> ]><a>&t;</a>",
        "<!DOCTYPE a [<!ENTITY % p \"<!ENTITY t 'token'>\"> %p; ]><a>&t;</a>",
        "<!DOCTYPE a [<!ENTITY % p \"<!ENTITY &#37; q '<!ENTITY t &#38;#39;token&#38;#39;>'> %q;\"> %p; ]><a>&t;</a>",
        "<!doctype a [<!ENTITY t 'token'>]><a>&t;</a>",
        "\u{feff}<a>token</a>",
    ] {
        assert_at(document, &["a"], "token");
    }
}

#[test]
fn entities_may_hold_elements_and_stand_in_attributes() {
    let head = "<!DOCTYPE x [<!ENTITY t '<a>token</a>'><!ENTITY q 'to&#34;k\"en'>]>";
    assert_at(format!("{head}<x>&t;</x>"), &["x", "a"], "token");
    assert_at(format!("{head}<x y=\"&q;\"/>"), &["x", "@y"], "to\"k\"en");
}

#[test]
fn references_that_mean_nothing_stay() {
    for raw in ["a & b", "&nbsp;", "&#xD800;", "&#;", "&;", "a &amp b"] {
        assert_at(format!("<a>{raw}</a>"), &["a"], raw);
    }
    assert_at("<a>&lt;&gt;&amp;&quot;&apos;</a>", &["a"], "<>&\"'");
    assert_at("<a>&amp;lt;</a>", &["a"], "&lt;");
}

#[test]
fn other_charsets() {
    let document = "<?xml version='1.0' encoding='utf-16'?><a>token</a>";
    let le: Vec<u8> = document.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let be: Vec<u8> = document.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_at([b"\xff\xfe".as_slice(), &le].concat(), &["a"], "token");
    assert_at([b"\xfe\xff".as_slice(), &be].concat(), &["a"], "token");
    assert_at(le, &["a"], "token");
    assert_at(be, &["a"], "token");
    assert_at(
        "<?xml version='1.0' encoding='utf-7'?>+ADw-a+AD4-token+ADw-/a+AD4-",
        &["a"],
        "token",
    );
    assert_at(b"<?xml version='1.0' encoding='latin1'?><a>caf\xe9</a>", &["a"], "café");
}

#[test]
fn attributes_in_every_spelling() {
    for tag in ["<a t='T'/>", "<a t=\"T\" />", "<a t=T>", "<a x t = 'T'>", "<a n:t='&#84;'/>"] {
        assert_at(tag, &["a", "@t"], "T");
    }
}

#[test]
fn leaves_are_every_text_and_attribute() {
    let document = b"<a k='1'>x<b l=\"&lt;\">T<!-- -->U</b> y <c/>\n</a>";
    let mut found = Vec::new();
    leaves(document, &mut Buffers::default(), &mut |value| {
        found.push(text_of(value));
    });
    assert_eq!(found, ["1", "x", "<", "TU", "y"]);
}

#[test]
fn bombs_are_cut() {
    let mut laughs = String::from("<!DOCTYPE l [<!ENTITY l0 'lol'>");
    for level in 1..12 {
        let inner = format!("&l{};", level - 1).repeat(10);
        laughs += &format!("<!ENTITY l{level} '{inner}'>");
    }
    laughs += "]><l>&l11;</l>";
    let endless = "<!DOCTYPE l [<!ENTITY a '&b;'><!ENTITY b '&a;'>]><l>&a;</l>";
    let mut empty = String::from("<!DOCTYPE l [<!ENTITY l0 ''>");
    for level in 1..12 {
        empty += &format!("<!ENTITY l{level} '{}'>", format!("&l{};", level - 1).repeat(10));
    }
    empty += "]><l>&l11;</l>";
    let mut parameters = String::from("<!DOCTYPE l [<!ENTITY a 'b'><!ENTITY % l0 ' '>");
    for level in 1..12 {
        let inner = format!("%l{};", level - 1).repeat(10);
        parameters += &format!("<!ENTITY % l{level} '{inner}'>");
    }
    parameters += &format!("%l11;]><l>{}</l>", "x".repeat(LIMIT));
    for bomb in [laughs.as_str(), endless, &empty, &parameters] {
        let began = std::time::Instant::now();
        let mut longest = 0;
        let buffers = &mut Buffers::default();
        let coverage =
            documents(bomb.as_bytes(), LIMIT, buffers, &mut |it| longest = longest.max(it.len()));
        assert_eq!(coverage, Coverage::Cut);
        assert!(longest <= LIMIT.max(bomb.len()));
        assert!(began.elapsed().as_millis() < 1000);
    }
}

#[test]
fn deep_and_broken_documents_are_linear() {
    type Shape<'a> = (&'a str, &'a dyn Fn(usize) -> String);
    let shapes: [Shape<'_>; 6] = [
        ("deep", &|n| "<a>".repeat(n / 3)),
        ("quotes", &|n| "<a b='".repeat(n / 6)),
        ("comments", &|n| "<!--".repeat(n / 4)),
        ("doctypes", &|n| "<!DOCTYPE [".repeat(n / 11)),
        ("references", &|n| format!("<!DOCTYPE a [<!ENTITY b 'c'>]>{}", "&b".repeat(n / 2))),
        ("less", &|n| "<".repeat(n)),
    ];
    for (shape, make) in shapes {
        let time = |n: usize| {
            let document = make(n);
            let began = std::time::Instant::now();
            at(document.as_bytes(), &["a", "a", "a"]);
            leaves(document.as_bytes(), &mut Buffers::default(), &mut |_| {});
            began.elapsed().as_secs_f64()
        };
        // The quickest of a few tries: other work on the machine only ever adds.
        let best = |n| (0..3).map(|_| time(n)).fold(f64::INFINITY, f64::min);
        let (small, large) = (best(1 << 16), best(1 << 18));
        assert!(large < 0.03 + small * 12.0, "{shape}: {small} then {large}");
    }
}

proptest! {
    #[test]
    fn never_panics(value in prop::collection::vec(
        prop::sample::select(vec!["<", ">", "</", "a", "&", ";", "#x", "<!DOCTYPE", "[", "]",
            "<!ENTITY", "'", "\"", " ", "=", "<!--", "-->", "<![CDATA[", "]]>", "<?", "?>", "%"]),
        0..60,
    )) {
        let value = value.concat();
        at(value.as_bytes(), &["a", "a"]);
        at(value.as_bytes(), &["a", "@a"]);
        leaves(value.as_bytes(), &mut Buffers::default(), &mut |_| {});
    }

    #[test]
    fn escaped_text_round_trips(value in "[ -~]{1,30}") {
        let escaped = value.replace('&', "&amp;").replace('<', "&lt;");
        let found = at(format!("<a>{escaped}</a>").as_bytes(), &["a"]);
        prop_assert!(found.contains(&value));
    }
}
