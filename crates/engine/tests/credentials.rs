//! The credentials of requests, whether or not any rule asks for them.

use tokenban_engine::{
    credentials::{Credentials, Memory, MOST},
    denylist::Key,
    request::OwnedRequest,
};

const JWT: &str = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
const AGAIN: &str = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0=.b3RoZXI";

fn keys(credentials: &Credentials, target: &str, headers: &[(&str, &str)]) -> Vec<Key> {
    let mut request = OwnedRequest::new("GET", target.as_bytes());
    let headers = headers.iter().map(|(name, value)| (name.as_bytes().into(), (*value).into()));
    request.headers.extend(headers);
    let mut memory = Memory::default();
    let first = credentials.keys(&request, &mut memory).to_vec();
    assert_eq!(credentials.keys(&request, &mut memory), first, "memory is no matter");
    first
}

fn token(text: &str) -> Key {
    Key::token(text.as_bytes())
}

#[test]
fn usual_places_in_any_spelling() {
    let usual = Credentials::usual();
    let key = token("fake-token-0001");
    for (target, headers) in [
        ("/", [("Authorization", "Bearer fake-token-0001")].as_slice()),
        ("/", &[("authorization", "bEARER  fake-token-0001")]),
        ("/", &[("X_Api_Key", "fake-token-0001")]),
        ("/?a=b&token=fake-token-0001", &[("X-Api-Key", "fake-token-0001")]),
    ] {
        assert_eq!(keys(&usual, target, headers), [key], "{target} {headers:?}");
    }
    let escaped = keys(&usual, "/?access_token=fake%2Dtoken-0001", &[]);
    assert!(escaped.contains(&key), "beside other readings");
    assert_eq!(keys(&usual, "/?q=fake-token-0001", &[("Accept", "fake-token-0001")]), []);
    assert_eq!(keys(&usual, "/?token=short", &[]), []);
}

#[test]
fn a_jwt_has_one_key() {
    let usual = Credentials::usual();
    let one = keys(&usual, "/", &[("Authorization", &format!("Bearer {JWT}"))]);
    assert_eq!(one, [Key::credential(JWT.as_bytes())]);
    assert_ne!(one, [token(JWT)]);
    let both = keys(&usual, &format!("/?access_token={AGAIN}"), &[("X-Api-Key", JWT)]);
    assert_eq!(both, one);
}

#[test]
fn there_is_an_end() {
    let target: String = (0..20).map(|number| format!("&token=fake-token-{number:04}")).collect();
    let found = keys(&Credentials::usual(), &format!("/?{target}"), &[]);
    assert_eq!(found.len(), MOST);
    assert_eq!(found.first(), Some(&token("fake-token-0000")));
}

#[test]
fn points_of_ones_own() {
    let own = Credentials::parse(["[header, COOKIE, cookie, session]", "[path, 1]"]).unwrap();
    let found = keys(&own, "/a/fake-token-0002/b", &[("Cookie", "session=fake-token-0001")]);
    assert_eq!(found, [token("fake-token-0001"), token("fake-token-0002")]);
    assert_eq!(keys(&own, "/", &[("Authorization", "Bearer fake-token-0001")]), []);
    for (text, message) in [
        (
            "header, A",
            "\"header, A\" is no point; write it in brackets, as in \"[header, X-API-KEY]\"",
        ),
        ("[heder, A]", "\"[heder, A]\": unknown element `heder`; did you mean `header`?"),
        ("[var, host]", "\"[var, host]\" reads a variable; name where it takes its value from"),
        (
            "[post, json_doc, hash, a]",
            "\"[post, json_doc, hash, a]\" looks into the body; name points of the head, as in \
             \"[header, AUTHORIZATION, credentials]\"",
        ),
    ] {
        let error = Credentials::parse([text]).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some(message));
    }
}
