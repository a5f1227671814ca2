use super::*;
use crate::request::OwnedRequest;

/// `host/path?args` as a request, decoded as NGINX does it.
fn request(uri: &str) -> OwnedRequest {
    let (front, args) = uri.split_once('?').unwrap_or((uri, ""));
    let slash = front.find('/').unwrap_or(front.len());
    let (host, path) = front.split_at(slash);
    crate::condition::tests::request("GET", host, path, args)
}

fn holds(condition: &str, uri: &str) -> bool {
    UriCondition::parse(condition, 1 << 20).unwrap().holds(&request(uri), Readings::Any)
}

/// The table of Wallarm's page «Rules», row by row.
#[test]
fn wallarm_examples() {
    let cases: [(&str, &[&str], &[&str]); 7] = [
        (
            "https://example.com:3000/api/user.php?q=action&w=delete",
            &[
                "example.com/api/user.php?q=action&w=delete",
                "example.com/api/user.php?w=delete&x=1&q=action",
            ],
            &[
                "example.com/api/user.php?q=action",
                "example.com/api/user.php?q=action&w=deleted",
                "example.com/api/user?q=action&w=delete",
                "example.org/api/user.php?q=action&w=delete",
                "example.com/user.php?q=action&w=delete",
            ],
        ),
        ("example.com/api/user", &["example.com/api/user"], &["example.com/api/user.php"]),
        (
            "http://example.com/api/clients/user/?q=action&w=delete",
            &["example.com/api/clients/user?q=action&w=delete"],
            &["example.com/api/clients?q=action&w=delete"],
        ),
        ("/api/user", &["example.com/api/user", "other/api/user"], &["example.com/user"]),
        (
            "example.com/*/create/*.*",
            &["example.com/api/create/user.php"],
            &["example.com/create/user.php", "example.com/api/create"],
        ),
        (
            "example.com/**/user",
            &["example.com/api/create/user", "example.com/api/user"],
            &["example.com/user", "example.com/api/user/index.php"],
        ),
        (
            "example.com/user/{{[0-9]}}",
            &["example.com/user/3445"],
            &["example.com/user/3445/888", "example.com/user/3445/index.php"],
        ),
    ];
    for (condition, matching, others) in cases {
        for uri in matching {
            assert!(holds(condition, uri), "{condition} must hold for {uri}");
        }
        for uri in others {
            assert!(!holds(condition, uri), "{condition} must not hold for {uri}");
        }
    }
    for uri in ["example.com/api/create/user.php", "example.com/api/user/create/index.php"] {
        assert!(holds("example.com/api/**/*.*", uri), "{uri}");
    }
    for uri in ["example.com/api", "example.com/api/user"] {
        assert!(!holds("example.com/api/**/*.*", uri), "{uri}");
    }
}

#[test]
fn cannot_be_walked_around() {
    for uri in [
        "example.com/v1",
        "example.com/v1/",
        "example.com/v1/a/b/c",
        "example.com//v1//a",
        "example.com/v1/a?x=1",
        "example.com:8080/v1",
        "example.com./v1",
    ] {
        assert!(holds("EXAMPLE.com/v1/**", uri), "{uri}");
    }
    for uri in ["example.com/v10", "example.com/a/v1", "notexample.com/v1", "example.com/V1"] {
        assert!(!holds("example.com/v1/**", uri), "{uri}");
    }
    for uri in ["h/p?q=a%63tion", "h/p?%71=action", "h/p?q=no&q=action"] {
        assert!(holds("/p?q=action", uri), "{uri}");
    }
}

#[test]
fn hosts_paths_and_roots() {
    assert!(holds("example.com", "example.com/any/thing"));
    assert!(holds("example.com/", "example.com/"));
    assert!(!holds("example.com/", "example.com/any"));
    assert!(holds("*/x", "example.com/x"));
    assert!(holds("{{[.]example[.]com$}}/x", "a.example.com/x"));
    assert!(!holds("{{[.]example[.]com$}}/x", "example.com/x"));
    assert!(holds("/a%20b", "h/a b"));
    assert!(holds("/{{^v[0-9]{1,2}}}/x", "h/v12/x"));
    assert!(holds("/{{^(a/b|c)$}}", "h/c"));
    assert!(holds("/**", "h/"));
    assert!(holds("/**/a/**/b", "h/x/a/a/y/b"));
    assert!(!holds("/**/a/**/b", "h/x/a/b"));
    assert!(holds("?debug", "h/x?debug=1"));
    assert!(holds("?debug", "h/x?debug"));
    assert!(!holds("?debug", "h/x?debugger"));
    assert!(!holds("?a=*", "h/x?a="));
    assert!(holds("[::1]:80/x", "[::1]/x"));
}

#[test]
fn errors_offer_a_way_out() {
    let cases = [
        ("", "the URI is empty; leave `uri` out to apply to every request"),
        ("/a#b", "a fragment (`#…`) never reaches a server; remove it, or write `%23`"),
        ("/{{a", "`{{` is not closed; write `{{pattern}}`"),
        ("/{{}}", "`{{}}` holds no pattern; write `*` for any value"),
        (
            "*.example.com/x",
            "`*` and `{{…}}` stand for a whole component, not for a part of `*.example.com`; write \
             `{{^.*\\.example\\.com$}}`",
        ),
        (
            "/v**/x",
            "`**` stands for whole path segments; write it alone between slashes, as in \
             `example.com/**/user`",
        ),
        ("/{{a(}}", "bad pattern: at character 2 of the pattern: unclosed group; the syntax is Rust's (docs.rs/regex)"),
    ];
    for (text, message) in cases {
        assert_eq!(UriCondition::parse(text, 1 << 20).unwrap_err().to_string(), message, "{text}");
    }
    assert_eq!(
        UriCondition::parse("/{{(\\w{100}){100}}}", 10_000).unwrap_err(),
        UriError::TooLarge
    );
}

#[test]
fn many_globstars_stay_cheap() {
    let condition = format!("{}/x", "/**/a".repeat(50));
    let uri = format!("h{}", "/a".repeat(4000));
    assert!(!holds(&condition, &uri));
}
