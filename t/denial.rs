//! What a client, an operator and a log see of a denial: a real NGINX with the module.

mod support;

use support::{Nginx, Prefix};

const TOKEN: &str = concat!("fake-", "token.0123456789");
const BEARER: &str = concat!("Authorization: Bearer fake-", "token.0123456789");
const CLEAN: &str = "Authorization: Bearer clean";

const RULES: &str = concat!(
    "rules:\n- id: leaked\n  points: [[header, AUTHORIZATION, credentials]]\n",
    "  tokens: [fake-",
    "token.0123456789]\n"
);

fn prefix(http: &str) -> Prefix {
    let files = [
        ("rules.yaml", RULES),
        ("bad.yaml", "rules:\n- id: bad\n  points: [[header, A]]\n  regex: '('\n"),
        ("403.html", "the page of the site\n"),
    ];
    Prefix::new(http, &files)
}

/// A server that answers `open` where nothing denies.
fn server(directives: &str) -> Nginx {
    prefix(&format!(
        "log_format decision '$status [$tokenban_status] [$tokenban_rule] [$tokenban_point] \
         [$tokenban_fingerprint]';\naccess_log logs/access.log decision;\n\
         server {{\n listen PORT;\n root .;\n tokenban on;\n tokenban_rules rules.yaml;\n\
         {directives}\n}}"
    ))
    .start()
}

/// A location that runs the access phase, and then answers 204 without a file or a back end.
const OPEN: &str = "location / { try_files /none =204; }";

#[test]
fn a_leaked_token_is_denied_and_a_clean_one_is_not() {
    let nginx = server(OPEN);
    assert_eq!(nginx.fetch("/", &[BEARER]).status, 403);
    assert_eq!(nginx.fetch("/", &[CLEAN]).status, 204);
    assert_eq!(nginx.fetch("/", &[]).status, 204);
    let logs = nginx.stop();
    let lines: Vec<&str> = logs.access.lines().collect();
    let [denied, clean, bare] = lines[..] else { panic!("{lines:?}") };
    let start = "403 [DENIED] [leaked] [header, AUTHORIZATION, credentials] [";
    let point = denied.replace("[[", "[").replace("]]", "]");
    let fingerprint = point.strip_prefix(start).and_then(|rest| rest.strip_suffix(']'));
    let digits = fingerprint.unwrap_or_else(|| panic!("{denied}"));
    assert!(digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_hexdigit()), "{denied}");
    assert_eq!([clean, bare], ["204 [PASSED] [-] [-] [-]"; 2]);
    assert!(logs.error.contains("leaked"), "{}", logs.error);
}

#[test]
fn no_log_holds_a_token() {
    let nginx = server(OPEN);
    let target = format!("/?access_token={TOKEN}");
    let referrer = format!("Referer: http://test/?access_token={TOKEN}");
    assert_eq!(nginx.fetch(&target, &[BEARER, &referrer]).status, 403);
    let logs = nginx.stop();
    assert!(logs.error.contains("leaked"), "{}", logs.error);
    assert!(!logs.error.contains(TOKEN), "{}", logs.error);
    assert!(!logs.access.contains(TOKEN), "{}", logs.access);
}

#[test]
fn monitor_reports_and_passes() {
    let nginx = server("location / { tokenban monitor; try_files /none =204; }");
    assert_eq!(nginx.fetch("/", &[BEARER]).status, 204);
    let logs = nginx.stop();
    assert!(logs.access.starts_with("204 [MONITORED] [leaked]"), "{}", logs.access);
    assert!(logs.error.contains("monitored by rule"), "{}", logs.error);
}

#[test]
fn satisfy_any_does_not_overrule_a_denial() {
    let nginx = server("satisfy any; allow all; location / { try_files /none =204; }");
    assert_eq!(nginx.fetch("/", &[BEARER]).status, 403);
    assert_eq!(nginx.fetch("/", &[CLEAN]).status, 204);
}

#[test]
fn a_pass_does_not_satisfy_any() {
    let nginx = server("satisfy any; deny all; location / { try_files /none =204; }");
    assert_eq!(nginx.fetch("/", &[CLEAN]).status, 403);
}

#[test]
fn an_error_page_is_shown() {
    let nginx = server(&format!("error_page 403 /403.html; {OPEN} location = /403.html {{ }}"));
    let response = nginx.fetch("/", &[BEARER]);
    assert_eq!(response.status, 403);
    assert!(response.text.contains("the page of the site"), "{}", response.text);
    let logs = nginx.stop();
    assert!(logs.access.starts_with("403 [DENIED] [leaked]"), "{}", logs.access);
}

#[test]
fn a_named_location_does_not_get_the_denied_request() {
    let nginx =
        server(&format!("error_page 403 = @app; {OPEN} location @app {{ try_files /none =204; }}"));
    assert_eq!(nginx.fetch("/", &[BEARER]).status, 403);
}

#[test]
fn nested_locations_override_each_other() {
    let nginx = server(
        "location / { try_files /none =204;\n\
         location /off { tokenban off; try_files /none =204;\n\
         location /off/on { tokenban on; try_files /none =204; } } }",
    );
    for (target, status) in [("/", 403), ("/off", 204), ("/off/on", 403)] {
        assert_eq!(nginx.fetch(target, &[BEARER]).status, status, "{target}");
    }
}

#[test]
fn a_status_of_401_challenges() {
    let nginx = server(&format!("tokenban_status 401; {OPEN}"));
    let response = nginx.fetch("/", &[BEARER]);
    assert_eq!(response.status, 401);
    let challenge = "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n";
    assert!(response.text.contains(challenge), "{}", response.text);
}

#[test]
fn the_mode_may_come_from_a_variable() {
    let nginx = prefix(
        "map $arg_mode $mode { default on; quiet off; wrong typo; }\n\
         server { listen PORT; tokenban $mode; tokenban_rules *s.yaml;\n\
         location / { try_files /none =204; } }",
    )
    .start();
    for (target, status) in [("/", 403), ("/?mode=quiet", 204), ("/?mode=wrong", 403)] {
        assert_eq!(nginx.fetch(target, &[BEARER]).status, status, "{target}");
    }
}

#[test]
fn mistakes_fail_the_configuration_test() {
    let cases = [
        ("tokenban on;", "no rules"),
        ("tokenban of;", "invalid value"),
        ("tokenban on; tokenban_rules none.yaml;", "none.yaml"),
        ("tokenban on; tokenban_rules no-*.yaml;", "no file matches"),
        ("tokenban on; tokenban_rules bad.yaml;", "bad.yaml:4:"),
        ("tokenban off; tokenban_status 200;", "400"),
    ];
    for (directives, message) in cases {
        let prefix = prefix(&format!("server {{ listen PORT; {directives} }}"));
        let output = prefix.test();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{directives}: passes");
        assert!(text.contains(message), "{directives}: {text}");
    }
}
