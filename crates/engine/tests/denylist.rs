//! The matcher `denylist`: what is on a list is denied however it is spelled, and nothing else.

use std::{cell::Cell, path::Path};

use tokenban_engine::{
    decision::{Decision, Incomplete, Mode, Outcome},
    denylist::{
        Ban, Denylists, Key, Level, LostDenylists, MemoryDenylists, Network, Networks, Profile,
        StoreLost,
    },
    limits::Limits,
    request::OwnedRequest,
    token::TokenEntry,
    Inspection, Ruleset,
};

const TOKEN: &str = "fake-token/0123456789";

const ANYWHERE: &str = "rules: [{id: leaked, points: [[anywhere]], denylist: [leaked]}]";

fn ban(list: &str) -> Ban<'_> {
    Ban { list, reason: "INC-42", ..Ban::default() }
}

fn holding(token: &str) -> MemoryDenylists {
    let mut lists = MemoryDenylists::default();
    lists.ban(token.as_bytes(), &ban("leaked"));
    lists
}

fn decide(rules: &str, request: &OwnedRequest, denylists: &dyn Denylists) -> Outcome {
    let ruleset = Ruleset::load_text(Path::new("test.yaml"), rules, &Limits::default()).unwrap();
    let inspection = Inspection { request, denylists, mode: Mode::On };
    ruleset.evaluate_whole(&inspection, &mut ruleset.scratch())
}

fn request(target: &str, headers: &[(&str, &str)]) -> OwnedRequest {
    let mut request = OwnedRequest::new("GET", target.as_bytes());
    request.now = 1_000;
    request.headers = headers
        .iter()
        .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
        .collect();
    request
}

fn denied(request: &OwnedRequest, denylists: &dyn Denylists) -> bool {
    decide(ANYWHERE, request, denylists).decision == Decision::Denied
}

fn encode(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            text.push(alphabet[(bits >> (18 - 6 * at)) as usize & 63].into());
        }
    }
    text
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const HEADER: &[u8] = br#"{"alg":"ES256","typ":"JWT"}"#;
const PAYLOAD: &[u8] =
    br#"{"iss":"https://idp.example","sub":"u?>~\u0031","jti":"id-1","iat":500}"#;

fn jwt(header: &[u8], payload: &[u8], signature: &str) -> String {
    format!("{}.{}.{signature}", encode(header, URL), encode(payload, URL))
}

#[test]
fn a_token_is_denied_wherever_it_travels() {
    let lists = holding(TOKEN);
    let header = |value: &str| request("/", &[("X-Any", &value.replace('T', TOKEN))]);
    for value in [
        "T",
        "Bearer T",
        "bEARER \t T ",
        "token T",
        "Bearer \"T\"",
        "Bearer T, Basic eDp5",
        "x, T",
        "\"T\"",
        "'T'",
        "%66ake-token%2f0123456789",
        "%2566ake-token%252F0123456789",
        "\"\\146ake-token/0123456789\"",
        "\"%66ake-token/0123456789\"",
        "%22T%22",
    ] {
        assert!(denied(&header(value), &lists), "{value}");
    }
    for value in [
        "sid=T",
        "a=1; sid=T",
        "sid=\"T\"",
        "sid=\"\\146ake-token/0123456789\"",
        "sid=%66ake-token%2F0123456789",
        "sid=s%3Afake-token%2F0123456789.c2lnbmF0dXJl",
        "sid=s:T.c2lnbmF0dXJl",
        "sid=%20fake-token%2F0123456789%20",
        "sid=\" T \"",
        "sid=x,sid=T",
    ] {
        let request = request("/", &[("Cookie", &value.replace('T', TOKEN))]);
        assert!(denied(&request, &lists), "{value}");
    }
    for target in [
        "/?a=T",
        "/?a[]=1&a[]=T",
        "/?a=%66ake-token%2F0123456789",
        "/?a=+T+",
        "/?a=%22T%22",
        "/?a=Bearer%20T",
    ] {
        assert!(denied(&request(&target.replace('T', TOKEN), &[]), &lists), "{target}");
    }
}

#[test]
fn another_token_passes() {
    let lists = holding(TOKEN);
    for value in ["fake-token/012345678", "fake-token/01234567890", "xfake-token/0123456789", ""] {
        for value in [value.to_owned(), format!("Bearer {value}"), format!("Bearer  {value},")] {
            assert!(!denied(&request("/", &[("Authorization", &value)]), &lists), "{value}");
        }
    }
}

/// `dXNlcjpmYWtlLXRva2VuLzAxMjM0NTY3ODk` is `user:fake-token/0123456789`.
#[test]
fn basic_is_denied_in_every_spelling() {
    let spellings = [
        "Basic dXNlcjpmYWtlLXRva2VuLzAxMjM0NTY3ODk=",
        "basic dXNlcjpmYWtlLXRva2VuLzAxMjM0NTY3ODk",
        "BASIC  dXNlcjpmYWtlLXRva2VuLzAxMjM0NTY3ODl=",
        "Basic dXNlcjpm YWtlLXRva2VuLzAxMjM0NTY3ODk=",
        "Basic dXNlcjpmYWtlLXRva2VuLzAxMjM0NTY3ODk=,",
    ];
    let entries = [
        TOKEN,
        "user:fake-token/0123456789",
        "dXNlcjpmYWtlLXRva2VuLzAxMjM0NTY3ODk=",
        "dXNlcjpmYWtlLXRva2VuLzAxMjM0NTY3ODk",
    ];
    for value in spellings {
        for entry in entries {
            let request = request("/", &[("Authorization", value)]);
            assert!(denied(&request, &holding(entry)), "{value} {entry}");
        }
    }
    let user = request("/", &[("Authorization", "Basic ZmFrZS10b2tlbi8wMTIzNDU2Nzg5Og==")]);
    assert!(denied(&user, &holding(TOKEN)));
}

#[test]
fn a_jwt_is_denied_in_every_spelling() {
    let lists = holding(&jwt(HEADER, PAYLOAD, "c2ln"));
    let [header, payload] = [HEADER, PAYLOAD].map(|part| encode(part, URL));
    let standard = encode(PAYLOAD, STANDARD);
    assert_ne!(standard, payload, "the payload shows the difference");
    for value in [
        jwt(HEADER, PAYLOAD, "c2ln"),
        jwt(HEADER, PAYLOAD, "c2lo"),
        jwt(HEADER, PAYLOAD, "YW5vdGhlciBvbmU"),
        jwt(HEADER, PAYLOAD, ""),
        format!("{header}=.{payload}=.c2ln=="),
        format!("{header}.{standard}.c2ln"),
        format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"c2ln"}}"#),
        format!(r#"{{"payload":"{payload}","signatures":[{{"protected":"{header}"}}]}}"#),
    ] {
        for value in [value.clone(), format!("Bearer {value}"), format!("dpop \t{value} ")] {
            assert!(denied(&request("/", &[("X-Any", &value)]), &lists), "{value}");
        }
        let cookie = format!("a=1; sid=\"{}\"", value.replace('"', "%22"));
        assert!(denied(&request("/", &[("Cookie", &cookie)]), &lists), "{cookie}");
    }
    let basic = encode(format!("x:{header}.{payload}.c2lo").as_bytes(), STANDARD);
    assert!(denied(&request("/", &[("Authorization", &format!("Basic {basic}"))]), &lists));
    let other = jwt(HEADER, br#"{"sub":"another"}"#, "c2ln");
    assert!(!denied(&request("/", &[("Authorization", &format!("Bearer {other}"))]), &lists));
}

/// A request with a JWT of this payload.
fn bearer(payload: &str) -> OwnedRequest {
    let value = format!("Bearer {}", jwt(HEADER, payload.as_bytes(), "c2ln"));
    request("/", &[("Authorization", &value)])
}

fn of_claim(
    name: &str,
    of: Option<&str>,
    value: &str,
    issued_before: Option<u64>,
) -> MemoryDenylists {
    let mut lists = MemoryDenylists::default();
    let ban = Ban { issued_before, ..ban("leaked") };
    lists.ban_claim(name, of.map(str::as_bytes), value.as_bytes(), &ban);
    lists
}

#[test]
fn claims_are_enough() {
    let payload = std::str::from_utf8(PAYLOAD).unwrap();
    let issuer = Some("https://idp.example");
    let cases = [
        ("jti", issuer, "id-1", None, true),
        ("jti", Some("https://idp.example/"), "id-1", None, true),
        ("jti", None, "id-1", None, true),
        ("jti", issuer, "id-2", None, false),
        ("jti", Some(""), "id-1", None, false),
        ("jti", Some("https://other.example"), "id-1", None, false),
        ("jti", issuer, "u?>~1", None, false),
        ("sub", issuer, "u?>~1", None, true),
        ("sub", None, "u?>~1", Some(501), true),
        ("sub", issuer, "u?>~1", Some(501), true),
        ("sub", issuer, "u?>~1", Some(500), false),
        ("iss", None, "https://idp.example", None, true),
    ];
    for (name, of, value, before, expected) in cases {
        let lists = of_claim(name, of, value, before);
        assert_eq!(denied(&bearer(payload), &lists), expected, "{name} {of:?} {value} {before:?}");
    }
    let [id, subject] =
        [of_claim("jti", None, "id-1", None), of_claim("sub", None, "mallory", Some(500))];
    for (payload, lists) in [
        (r#"{"jti":"id-1"}"#, &id),
        (r#"{"jti":"another","jti":"id-1"}"#, &id),
        (r#"{"jti":"id-1","jti":"another"}"#, &id),
        (r#"{"iss":null,"jti":"\u0069d-1"}"#, &id),
        (r#"{"iss":"whoever/","jti":"id-1"}"#, &id),
        (r#"{"sub":"mallory"}"#, &subject),
        (r#"{"sub":"mallory","iat":"never"}"#, &subject),
        (r#"{"sub":"mallory","iat":700,"iat":499}"#, &subject),
    ] {
        assert!(denied(&bearer(payload), lists), "{payload}");
    }
    assert!(!denied(&bearer(r#"{"sub":"mallory","iat":700}"#), &subject));
}

/// RFC 8705, section 3.1; RFC 9449, section 6.1; RFC 9068; OpenID Connect; Keycloak; Auth0.
#[test]
fn claims_of_other_kinds() {
    let thumbprint = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2";
    let key = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    let bound = format!(r#"{{"cnf":{{"x5t#S256":"{thumbprint}"}}}}"#);
    let proved = format!(r#"{{"sub":"a","cnf":{{"jkt":"{key}"}}}}"#);
    let cases = [
        ("x5t#S256", thumbprint, bound.as_str(), true),
        ("x5t#S256", thumbprint, r#"{"cnf":{"x5t#S256":"another"}}"#, false),
        ("jkt", key, &proved, true),
        ("jkt", key, &bound, false),
        ("sid", "s1", r#"{"sid":"s1"}"#, true),
        ("azp", "app", r#"{"azp":"app"}"#, true),
        ("azp", "app", r#"{"client_id":"app"}"#, true),
        ("azp", "app", r#"{"sub":"app"}"#, false),
        ("tenant", "t1", r#"{"tid":"t1"}"#, true),
        ("tenant", "t1", r#"{"org_id":"t1"}"#, true),
        ("realm_access.roles", "admin", r#"{"realm_access":{"roles":["user","admin"]}}"#, true),
        ("https://a.example/b", "1", r#"{"https://a.example/b":1}"#, true),
        ("kid", "k1", r#"{"kid":"k1"}"#, false),
    ];
    for (name, value, payload, expected) in cases {
        let lists = of_claim(name, None, value, None);
        assert_eq!(denied(&bearer(payload), &lists), expected, "{name} {payload}");
    }
}

/// RFC 9449, section 4.1: the proof in the header DPoP shows the key, also beside an opaque token.
#[test]
fn the_key_of_a_proof_is_enough() {
    let lists = of_claim("jkt", None, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", None);
    let proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6Ik\
                 VDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCR\
                 nMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JE\
                 QSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIj\
                 oiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwia\
                 WF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg\
                 4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
    let opaque = [("Authorization", "DPoP an-opaque-fake-token"), ("DPoP", proof)];
    assert!(denied(&request("/", &opaque), &lists));
    assert!(!denied(&request("/", &opaque[..1]), &lists));
}

#[test]
fn key_ids_are_of_the_header() {
    let lists = of_claim("kid", None, "k1", None);
    for (header, expected) in
        [(r#"{"alg":"ES256","kid":"k1"}"#, true), (r#"{"alg":"ES256"}"#, false)]
    {
        let value = format!("Bearer {}", jwt(header.as_bytes(), br#"{"kid":"no"}"#, "c2ln"));
        assert_eq!(denied(&request("/", &[("Authorization", &value)]), &lists), expected);
    }
}

#[test]
fn too_many_claims_are_not_passed_in_silence() {
    let lists = of_claim("jti", None, "id-1", None);
    for many in [1_000, 10_000] {
        let payload = format!("{{{}\"jti\":\"id-1\"}}", "\"jti\":\"x\",".repeat(many));
        let outcome = decide(ANYWHERE, &bearer(&payload), &lists);
        assert_eq!(outcome.incomplete, Some(Incomplete::Bound), "{many}");
    }
}

#[test]
fn an_entry_may_only_report() {
    let networks = ["192.0.2.0/24", "2001:db8::/32"].map(|text| text.parse::<Network>().unwrap());
    let networks: Vec<u8> = networks.iter().flat_map(|one| *one.as_bytes()).collect();
    let except = Networks::from_bytes(&networks).unwrap();
    let monitor = Ban { level: Level::Monitor, ..ban("leaked") };
    let excepted = Ban { except, ..ban("leaked") };
    let decision = |bans: &[&Ban<'_>], client: &str| {
        let mut lists = MemoryDenylists::default();
        bans.iter().for_each(|ban| lists.ban(TOKEN.as_bytes(), ban));
        let mut request = request("/", &[("A", TOKEN)]);
        request.remote_addr = client.into();
        let outcome = decide(ANYWHERE, &request, &lists);
        assert_eq!(outcome.hit.is_some(), outcome.decision == Decision::Denied);
        outcome.decision
    };
    assert_eq!(decision(&[&monitor], "203.0.113.1"), Decision::Monitored);
    assert_eq!(decision(&[&excepted], "203.0.113.1"), Decision::Denied);
    assert_eq!(decision(&[&excepted], "192.0.2.9"), Decision::Monitored);
    assert_eq!(decision(&[&excepted], "unix:"), Decision::Denied);
    // Whichever is found first, one that denies has the last word.
    assert_eq!(decision(&[&monitor, &ban("leaked")], "203.0.113.1"), Decision::Denied);
    assert_eq!(decision(&[&ban("leaked"), &monitor], "203.0.113.1"), Decision::Denied);
    assert_eq!(decision(&[&excepted, &ban("leaked")], "192.0.2.9"), Decision::Denied);
    let mut lists = MemoryDenylists::default();
    lists.ban(TOKEN.as_bytes(), &monitor);
    let rules = ANYWHERE.replace("denylist:", "action: enforce, denylist:");
    assert_eq!(
        decide(&rules, &request("/", &[("A", TOKEN)]), &lists).decision,
        Decision::Monitored
    );
}

/// What `anywhere` found in some header is reported with the name of that header.
#[test]
fn the_name_of_the_header_is_told() {
    let mut lists = MemoryDenylists::default();
    lists.ban(TOKEN.as_bytes(), &ban("leaked"));
    let point = |name: &str, value: &str| {
        let headers = [("Accept", "*/*"), (name, value), ("X-Last", "1")];
        decide(ANYWHERE, &request("/", &headers), &lists).hit.unwrap().point
    };
    let bearer = format!("Bearer {TOKEN}");
    assert_eq!(point("X-Api-Key", TOKEN), "[header, X-API-KEY]");
    assert_eq!(point("authorization", &bearer), "[header, AUTHORIZATION, credentials]");
    // What a client made up is no name.
    assert_eq!(point("x\"y", TOKEN), "[header_all]");
    assert_eq!(point(&"x".repeat(41), TOKEN), "[header_all]");
    // Of two that have it, whichever; of a rule that looks at one header, its own point.
    let twice = request("/", &[("A", TOKEN), ("B", TOKEN)]);
    let hit = decide(ANYWHERE, &twice, &lists).hit.unwrap();
    assert_eq!(hit.point, "[header, A]");
}

/// Its use is told whatever else matches: the shape of the decoy, or a rule before its own.
#[test]
fn a_canary_goes_before_other_matches() {
    let mut lists = MemoryDenylists::default();
    lists.ban(TOKEN.as_bytes(), &Ban { level: Level::Canary, ..ban("leaked") });
    let listed = "{id: listed, points: [[anywhere]], denylist: leaked}";
    let used = |rules: &str| decide(rules, &request("/", &[("A", TOKEN)]), &lists);
    let outcome = used(&format!(
        "rules: [{{id: shape, points: [[header_all]], regex: '^{TOKEN}$'}}, {listed}]"
    ));
    let hit = outcome.hit.unwrap();
    assert_eq!((hit.rule.as_str(), hit.is_canary), ("listed", true));
    let outcome = used(&format!("rules: [{}]", listed.replace('}', ", action: monitor}")));
    assert_eq!(outcome.decision, Decision::Monitored);
    assert!(outcome.monitored[0].is_canary);
}

#[test]
fn digests_of_others_are_found() {
    let bearer = request("/", &[("Authorization", &format!("Bearer {TOKEN}"))]);
    for line in [
        // `sha256sum` and `sha1sum` of the token.
        "sha256:82994ac5db056db93aa26865caee6739fa93d3d8bd8a163253c052ee218cb74a",
        "sha1:610f040c7af766fa56f12690a77214201c913a0b",
    ] {
        let mut lists = MemoryDenylists::default();
        lists.ban_entry(&TokenEntry::parse(line.as_bytes()).unwrap(), &ban("leaked"));
        let outcome = decide(ANYWHERE, &bearer, &lists);
        assert_eq!(outcome.decision, Decision::Denied, "{line}");
        let hit = outcome.hit.unwrap();
        assert_eq!(hit.key, Key::token(TOKEN.as_bytes()));
    }
}

#[test]
fn only_lists_that_the_rule_names_count() {
    let rules = "rules:
- {id: first, points: [[header, A]], denylist: [one, two]}
- {id: second, points: [[header, A]], denylist: three}";
    let request = request("/", &[("A", TOKEN)]);
    let rule_of = |list: &str| {
        let mut lists = MemoryDenylists::default();
        lists.ban(TOKEN.as_bytes(), &ban(list));
        decide(rules, &request, &lists).hit.map(|hit| hit.rule)
    };
    assert_eq!(rule_of("one").as_deref(), Some("first"));
    assert_eq!(rule_of("two").as_deref(), Some("first"));
    assert_eq!(rule_of("three").as_deref(), Some("second"));
    assert_eq!(rule_of("four"), None);
}

#[test]
fn expired_entries_do_not_count() {
    let request = request("/", &[("A", TOKEN)]);
    for (expires, expected) in [(1_000, false), (1_001, true)] {
        let mut lists = MemoryDenylists::default();
        lists.ban(TOKEN.as_bytes(), &Ban { expires: Some(expires), ..ban("leaked") });
        assert_eq!(denied(&request, &lists), expected, "{expires}");
    }
}

#[test]
fn a_hit_names_list_reason_and_fingerprint() {
    let token = jwt(HEADER, PAYLOAD, "c2ln");
    let respelled = jwt(HEADER, PAYLOAD, "c2lo");
    let hit = decide(ANYWHERE, &request(&format!("/?a={respelled}"), &[]), &holding(&token)).hit;
    let hit = hit.unwrap();
    assert_eq!((hit.rule.as_str(), hit.point.as_str()), ("leaked", "[query_all]"));
    assert_eq!((hit.denylist.as_deref(), hit.reason.as_deref()), (Some("leaked"), Some("INC-42")));
    assert_eq!(hit.key, Key::jwt(HEADER, PAYLOAD));
}

#[test]
fn a_lost_store_is_said_and_other_rules_decide() {
    let rules = |more: &str| {
        format!(
            "rules:
- {{id: listed, points: [[header, A]], denylist: [leaked]{more}}}
- {{id: written, points: [[header, B]], tokens: [{TOKEN}]}}"
        )
    };
    let lost = |more: &str, headers: &[(&str, &str)]| {
        let outcome = decide(&rules(more), &request("/", headers), &LostDenylists);
        (outcome.decision, outcome.incomplete)
    };
    let store = Some(Incomplete::Store);
    assert_eq!(lost("", &[("A", "any-value")]), (Decision::Passed, store));
    assert_eq!(lost("", &[("A", "any-value"), ("B", TOKEN)]), (Decision::Denied, store));
    assert_eq!(lost("", &[("C", "any-value")]), (Decision::Passed, None));
    assert_eq!(lost("", &[("A", "short")]), (Decision::Passed, None));
    let unconcerned = ", conditions: {method: POST}";
    assert_eq!(lost(unconcerned, &[("A", "any-value")]), (Decision::Passed, None));
    assert_eq!(lost(", action: monitor", &[("A", "any-value")]), (Decision::Passed, None));
}

#[test]
fn a_value_is_looked_up_once_whatever_looks_at_it() {
    let lists = Counting { lists: holding(TOKEN), asked: Cell::new(0) };
    let other = "fake-token-of-others1"; // what the profile cannot tell from the banned one
    assert_eq!(other.len(), TOKEN.len());
    let rules = "rules:
- {id: a, points: [[header, A], [header_all], [header, A, credentials]], denylist: [leaked]}
- {id: b, points: [[header, A], [anywhere]], denylist: [another, third]}";
    let header = format!("Bearer {other}");
    let request = request(&format!("/?x={other}"), &[("A", &header), ("B", other)]);
    assert_eq!(decide(rules, &request, &lists), Outcome::passed());
    assert_eq!(lists.asked.get(), 1);
}

#[test]
fn examples_bring_what_is_banned() {
    let rules = "rules:
- id: listed
  points: [[header, A]]
  denylist: [leaked, other]
  examples:
    banned: [fake-token-0123456789]
    deny: [{header: {A: Bearer fake-token-0123456789}}]
    pass: [{header: {A: Bearer fake-token-012345678}}]";
    let load = |text: &str| Ruleset::load_text(Path::new("x.yaml"), text, &Limits::default());
    assert_eq!(load(rules).unwrap().run_examples(), []);
    let wrong = rules.replace("banned: [fake", "banned: [xfake");
    assert_eq!(load(&wrong).unwrap().run_examples().len(), 1);
    let misplaced = rules.replace("denylist: [leaked, other]", "present: true");
    let error = load(&misplaced).unwrap_err().to_string();
    assert!(error.contains("`banned` fills denylists"), "{error}");
}

/// Counts how often it is asked.
struct Counting {
    lists: MemoryDenylists,
    asked: Cell<usize>,
}

impl Denylists for Counting {
    fn profile(&self) -> &Profile {
        self.lists.profile()
    }

    fn find(&self, key: &Key, found: &mut dyn FnMut(&Ban<'_>)) -> Result<(), StoreLost> {
        self.asked.set(self.asked.get() + 1);
        self.lists.find(key, found)
    }

    fn find_sha1(
        &self,
        digest: &[u8; 20],
        found: &mut dyn FnMut(&Ban<'_>),
    ) -> Result<(), StoreLost> {
        self.lists.find_sha1(digest, found)
    }
}
