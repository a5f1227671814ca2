use super::*;
use crate::pattern::Pattern;
use crate::request::OwnedRequest;

/// A request with nothing but what conditions see.
pub(crate) fn request(method: &str, host: &str, path: &str, args: &str) -> OwnedRequest {
    OwnedRequest {
        method: method.into(),
        host: host.into(),
        path: path.into(),
        args: args.into(),
        ..OwnedRequest::default()
    }
}

fn test_holds(test: Test, values: &[&[u8]]) -> bool {
    let point = Point::parse(&["header", "X-ENV"]).unwrap();
    let when = When { point, test };
    let conditions = Conditions { when: vec![when], ..Conditions::default() };
    let mut callback = |_: &Point, found: &mut dyn FnMut(&[u8])| {
        for value in values {
            found(value);
        }
    };
    conditions.hold(&request("GET", "h", "/", ""), Readings::Any, true, &mut callback)
}

#[test]
fn when_any_value_passes() {
    let search = |text| Search::new(&Pattern::parse(text).unwrap(), 1 << 20).unwrap();
    let cases: [(Test, &[&[u8]], bool); 10] = [
        (Test::Absent, &[], true),
        (Test::Absent, &[b""], false),
        (Test::Equal(b"prod".to_vec()), &[b"test", b"prod"], true),
        (Test::Equal(b"prod".to_vec()), &[b"PROD"], false),
        (Test::Equal(b"prod".to_vec()), &[], false),
        (Test::Iequal(b"prod".to_vec()), &[b"PrOd"], true),
        (Test::Iequal(b"prod".to_vec()), &[b"prod2"], false),
        (Test::Regex(search("^v[0-9]$")), &[b"v7"], true),
        (Test::Regex(search("^v[0-9]$")), &[b"v77"], false),
        (Test::Regex(search(r"\xFF")), &[b"a\xFF"], true),
    ];
    for (test, values, expected) in cases {
        let name = format!("{test:?} {values:?}");
        assert_eq!(test_holds(test, values), expected, "{name}");
    }
}

#[test]
fn methods_and_uri_need_no_points() {
    let uri = UriCondition::parse("example.com/v1/**", 1 << 20).unwrap();
    let methods = vec!["GET".to_owned(), "POST".to_owned()];
    let conditions = Conditions { uri: Some(uri), methods, when: Vec::new() };
    let mut none = |_: &Point, _: &mut dyn FnMut(&[u8])| unreachable!("no `when`");
    for (method, path, expected) in [
        ("GET", "/v1/x", true),
        ("POST", "/v1", true),
        ("PUT", "/v1/x", false),
        ("get", "/v1/x", false),
        ("GET", "/v2/x", false),
    ] {
        let request = request(method, "example.com", path, "");
        assert_eq!(
            conditions.hold(&request, Readings::Any, true, &mut none),
            expected,
            "{method} {path}"
        );
    }
    assert!(Conditions::default().hold(&request("X", "", "", ""), Readings::Any, true, &mut none));
}

/// A second reading switches rules on, never off.
#[test]
fn of_two_methods_or_hosts_any_is_a_condition_and_both_are_an_exception() {
    let conditions = |uri: Option<&str>, methods: &[&str]| Conditions {
        uri: uri.map(|uri| UriCondition::parse(uri, 1 << 20).unwrap()),
        methods: methods.iter().map(|&method| method.to_owned()).collect(),
        when: Vec::new(),
    };
    let mut overridden = request("POST", "a", "/", "");
    overridden.headers = vec![(b"X-Http-Method_Override".to_vec(), b" delete".to_vec())];
    let head = request("HEAD", "a", "/", "");
    let in_query = request("POST", "a", "/", "x=1&_method=DELETE");
    let mut two_hosts = request("GET", "a", "/", "");
    two_hosts.headers = vec![(b"host".to_vec(), b"B.:80".to_vec())];
    let (post, delete) = (conditions(None, &["POST"]), conditions(None, &["DELETE"]));
    let (get, both) = (conditions(None, &["GET"]), conditions(None, &["DELETE", "POST"]));
    let (host, other) = (conditions(Some("a"), &[]), conditions(Some("b"), &[]));
    for (conditions, request, any, every) in [
        (&post, &overridden, true, false),
        (&delete, &overridden, true, false),
        (&both, &overridden, true, true),
        (&get, &overridden, false, false),
        (&delete, &in_query, true, false),
        (&get, &head, true, false),
        (&host, &two_hosts, true, false),
        (&other, &two_hosts, true, false),
    ] {
        let mut none = |_: &Point, _: &mut dyn FnMut(&[u8])| unreachable!("no `when`");
        for (readings, expected) in [(Readings::Any, any), (Readings::Every, every)] {
            let holds = conditions.hold(request, readings, true, &mut none);
            assert_eq!(holds, expected, "{conditions:?} {request:?} {readings:?}");
        }
    }
}
