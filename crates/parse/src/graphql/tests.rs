use super::*;
use proptest::prelude::*;

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A step of a path as a rule's point writes it.
#[derive(Clone, Copy)]
enum Step {
    Alias,
    Arg(&'static str),
    Def(Kind, &'static str),
    Dir(&'static str),
    Field(&'static str),
    Inline(&'static str),
    Item(usize),
    Object(&'static str),
    Spread(&'static str),
    Var(&'static str),
}
use Step::*;

fn read(value_span: &[u8], steps: &[Step], found: &mut Vec<String>) {
    match (value(value_span), steps) {
        (Value::List(inner), [Item(wanted), rest @ ..]) => {
            let mut number = 0;
            items(inner, &mut |item| {
                if number == *wanted {
                    read(item, rest, found);
                }
                number += 1;
            });
        }
        (Value::Object(inner), [Object(name), rest @ ..]) => {
            read_argument(inner, name, rest, found)
        }
        (Value::Variable(name), []) => found.push(format!("${}", text_of(name))),
        (Value::Scalar, []) => {
            scalar(value_span, &mut Buffers::default(), &mut |it| found.push(text_of(it)));
        }
        _ => {}
    }
}

fn read_argument(span: &[u8], wanted: &str, steps: &[Step], found: &mut Vec<String>) {
    arguments(span, &mut |name, value| {
        if name == wanted.as_bytes() {
            read(value, steps, found);
        }
    });
}

fn read_directive(span: &[u8], steps: &[Step], found: &mut Vec<String>) {
    let [Dir(wanted), Arg(argument), rest @ ..] = steps else { return };
    directives(span, &mut |name, arguments| {
        if name == wanted.as_bytes() {
            read_argument(arguments, argument, rest, found);
        }
    });
}

fn select(span: &[u8], steps: &[Step], found: &mut Vec<String>) {
    let Some((step, rest)) = steps.split_first() else { return };
    selections(span, &mut |selection| match (step, selection) {
        (Field(wanted), Selection::Field { alias, name, arguments, directives, selections })
            if name == wanted.as_bytes() =>
        {
            match rest {
                [Alias] => found.extend(alias.map(text_of)),
                [Arg(argument), rest @ ..] => read_argument(arguments, argument, rest, found),
                [Dir(_), ..] => read_directive(directives, rest, found),
                _ => select(selections, rest, found),
            }
        }
        (Spread(wanted), Selection::Spread { name, directives }) if name == wanted.as_bytes() => {
            read_directive(directives, rest, found);
        }
        (Inline(wanted), Selection::Inline { on, directives, selections })
            if on == wanted.as_bytes() =>
        {
            read_directive(directives, rest, found);
            select(selections, rest, found);
        }
        _ => {}
    });
}

fn at(document: &[u8], steps: &[Step]) -> Vec<String> {
    let mut found = Vec::new();
    let [Def(kind, name), rest @ ..] = steps else { panic!("a path begins with a definition") };
    definitions(document, &mut |definition| {
        if definition.kind != *kind || definition.name != name.as_bytes() {
            return;
        }
        if let [Var(wanted), rest @ ..] = rest {
            variables(definition.variables, &mut |variable| {
                if variable.name == wanted.as_bytes() {
                    read(variable.default, rest, &mut found);
                    read_directive(variable.directives, rest, &mut found);
                }
            });
        }
        read_directive(definition.directives, rest, &mut found);
        select(definition.selections, rest, &mut found);
    });
    found
}

#[test]
fn wallarm_examples() {
    let user = b"query GetUser { user(id: \"1\") { ...UserFields @include(if: true) } }";
    let query = Def(Kind::Query, "GetUser");
    assert_eq!(at(user, &[query, Field("user"), Arg("id")]), ["1"]);
    let spread = [query, Field("user"), Spread("UserFields"), Dir("include"), Arg("if")];
    assert_eq!(at(user, &spread), ["true"]);

    let users =
        b"query GetAllUsers {\n users(limit: 10) {\n ...UserFields @include(if: true)\n}\n}";
    let query = Def(Kind::Query, "GetAllUsers");
    assert_eq!(at(users, &[query, Field("users"), Arg("limit")]), ["10"]);
    let spread = [query, Field("users"), Spread("UserFields"), Dir("include"), Arg("if")];
    assert_eq!(at(users, &spread), ["true"]);

    let fragment =
        b"fragment UserFields on User {\n id\n name\n email\n posts(status: \"published\")\
                     {\n title\n content\n }\n}";
    let posts = [Def(Kind::Fragment, "UserFields"), Field("posts"), Arg("status")];
    assert_eq!(at(fragment, &posts), ["published"]);
    definitions(fragment, &mut |definition| assert_eq!(definition.on, b"User"));
}

#[test]
fn every_part_is_reached() {
    let document = b"
        mutation M($t: [String!]! = [\"a\", \"T\"] @d(x: 1), $u: In = {k: \"U\"}) @m(y: E) {
            al: login(input: {token: \"T\", list: [1, {deep: \"D\"}]}, v: $t) @skip(if: false) { id }
            ... on Admin @inc(z: 2) { secret(k: \"S\") }
            ... { open(k: \"O\") }
        }
        subscription { events(token: \"E\") }
        { anonymous(a: null) }";
    let m = Def(Kind::Mutation, "M");
    let login = Field("login");
    for (path, wanted) in [
        (vec![m, login, Alias], "al"),
        (vec![m, login, Arg("input"), Object("token")], "T"),
        (vec![m, login, Arg("input"), Object("list"), Item(0)], "1"),
        (vec![m, login, Arg("input"), Object("list"), Item(1), Object("deep")], "D"),
        (vec![m, login, Arg("v")], "$t"),
        (vec![m, login, Dir("skip"), Arg("if")], "false"),
        (vec![m, Dir("m"), Arg("y")], "E"),
        (vec![m, Inline("Admin"), Dir("inc"), Arg("z")], "2"),
        (vec![m, Inline("Admin"), Field("secret"), Arg("k")], "S"),
        (vec![m, Inline(""), Field("open"), Arg("k")], "O"),
        (vec![m, Var("t"), Item(1)], "T"),
        (vec![m, Var("t"), Dir("d"), Arg("x")], "1"),
        (vec![m, Var("u"), Object("k")], "U"),
        (vec![Def(Kind::Subscription, ""), Field("events"), Arg("token")], "E"),
        (vec![Def(Kind::Query, ""), Field("anonymous"), Arg("a")], "null"),
    ] {
        assert_eq!(at(document, &path), [wanted]);
    }
}

#[test]
fn strings_are_unescaped() {
    for (literal, wanted) in [
        (r#""token""#, "token"),
        (r#""to\u006ben""#, "token"),
        (r#""\u{74}oken""#, "token"),
        (r#""\uD83D\uDE00""#, "😀"),
        (r#""a\"b\\c\/\n""#, "a\"b\\c/\n"),
        (r#""\u12""#, "\\u12"),
        ("\"\"\"token\"\"\"", "token"),
        ("\"\"\"\n    token\n  \"\"\"", "token"),
        ("\"\"\"\n    a\n      b\n\n  \"\"\"", "a\n  b"),
        ("\"\"\"a\\\"\"\"b\\u\"\"\"", "a\"\"\"b\\u"),
        ("\"\"", ""),
    ] {
        let document = format!("{{ f(t: {literal}, end: 1) }}");
        let path = |argument| [Def(Kind::Query, ""), Field("f"), Arg(argument)];
        assert_eq!(at(document.as_bytes(), &path("t"))[0], wanted, "{literal}");
        assert_eq!(at(document.as_bytes(), &path("end")), ["1"], "{literal}");
    }
}

#[test]
fn what_means_nothing_is_skipped() {
    let document = "\u{feff}#{ x\nquery,,Q#}\n{,f#(\n(t#\n:,\"T\"),}";
    assert_eq!(at(document.as_bytes(), &[Def(Kind::Query, "Q"), Field("f"), Arg("t")]), ["T"]);
}

#[test]
fn what_closes_nowhere_reaches_to_the_end() {
    for document in ["{f(t:\"T", "{f(t:\"T\"", "{f(t:\"T\n", "{f(t:\"T\"}", "junk } {f(t:\"\"\"T"] {
        let path = [Def(Kind::Query, ""), Field("f"), Arg("t")];
        assert_eq!(at(document.as_bytes(), &path), ["T"], "{document}");
    }
}

#[test]
fn leaves_are_every_literal() {
    let mut found = Vec::new();
    let document = b"query($a:Int=1){x:f(t:\"T\",l:[\"A\" 2 {k:E}],b:\"\"\" B\"\"\",v:$a)}";
    leaves(document, &mut Vec::new(), &mut |value| found.push(text_of(value)));
    for wanted in ["T", "A", "2", "E", "B", "1"] {
        assert!(found.iter().any(|it| it == wanted), "{wanted} in {found:?}");
    }
}

#[test]
fn deep_and_broken_documents_are_linear() {
    for (shape, unit) in
        [("deep", "{a"), ("calls", "a("), ("quotes", "\"\"\""), ("dots", "...@"), ("marks", "$:=")]
    {
        let time = |n: usize| {
            let document = unit.repeat(n / unit.len());
            let began = std::time::Instant::now();
            at(document.as_bytes(), &[Def(Kind::Query, ""), Field("a"), Field("a"), Arg("a")]);
            leaves(document.as_bytes(), &mut Vec::new(), &mut |_| {});
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
    fn never_panics(document in prop::collection::vec(
        prop::sample::select(vec!["query", "on", "a", "{", "}", "(", ")", "[", "]", ":", "$", "@",
            "=", "...", "\"", "\"\"\"", "\\", "\\u", "#", "\n", " ", "1", "-", "fragment", "\u{e9}"]),
        0..60,
    )) {
        let document = document.concat();
        for path in [[Field("a"), Arg("a")], [Inline(""), Dir("a")], [Var("a"), Item(0)]] {
            at(document.as_bytes(), &[&[Def(Kind::Query, "")], path.as_slice()].concat());
        }
        leaves(document.as_bytes(), &mut Vec::new(), &mut |_| {});
    }
}
