//! Mistakes in the configuration: each is an error at load, in NGINX's words, with file and line.

mod support;

use std::{fs, path::PathBuf};

use support::check;
use tokenban_engine::{limits::Limits, Ruleset};

fn errors(directives: &str) -> String {
    let output = check(&format!("server {{ listen 127.0.0.1:{{port}};\n{directives}\n}}"));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "passes: {directives}");
    text
}

#[test]
fn each_mistake_has_its_message() {
    let cases = [
        ("tokenban on;", "has no rules to deny by; add \"tokenban_rules\" or set \"tokenban off\""),
        ("tokenban on; tokenban_rules off;", "has no rules to deny by"),
        ("tokenban monitor;", "has no rules to deny by"),
        ("tokenban $host;", "has no rules to deny by"),
        ("tokenban_rules rules.yaml; location / { tokenban on; tokenban_rules off; }", "no rules"),
        ("tokenban of;", "invalid value \"of\" in \"tokenban\" directive, it must be \"on\", \"monitor\", \"off\" or a var"),
        ("tokenban on; tokenban off;", "\"tokenban\" directive is duplicate"),
        ("tokenban;", "invalid number of arguments in \"tokenban\" directive"),
        ("tokenban_rules none.yaml;", "none.yaml: no such file"),
        ("tokenban_rules no-*.yaml;", "no file matches"),
        ("tokenban_rules rules.yaml off;", "\"off\" stands alone in \"tokenban_rules\""),
        ("tokenban_rules rules.yaml; tokenban_rules off;", "\"tokenban_rules\" directive is dup"),
        ("tokenban_rules nginx.conf;", "nginx.conf:"),
        ("tokenban_status 200;", "value must be between 400 and 599"),
        ("tokenban_status 600;", "value must be between 400 and 599"),
        ("tokenban_status 403; tokenban_status 404;", "\"tokenban_status\" directive is duplicate"),
        ("tokenban_on_error maybe;", "invalid value \"maybe\" in \"tokenban_on_error\" directive, it must be \"deny\" or \"pass\""),
        ("tokenban_log_level loud;", "invalid value \"loud\" in \"tokenban_log_level\" directive, it must be \"info\", \"notice\", \"warn\" or \"error\""),
        ("tokenban_log_level warn; tokenban_log_level warn;", "\"tokenban_log_level\" directive is dup"),
        (
            "tokenban_body maybe;",
            "invalid value \"maybe\" in \"tokenban_body\" directive, it must be \"on\", \"whole\" or \"off\"",
        ),
        ("tokenban_body on; tokenban_body on;", "\"tokenban_body\" directive is duplicate"),
        ("tokenban_body_limit big;", "invalid value \"big\" in \"tokenban_body_limit\" directive, it must be a size like \"64k\" or \"1m\""),
        ("tokenban_body_limit -1;", "invalid value \"-1\" in \"tokenban_body_limit\" directive"),
        (
            "tokenban_body_limit 0;",
            "invalid value \"0\" in \"tokenban_body_limit\" directive, \"tokenban_body off\" leaves",
        ),
        ("tokenban_body_limit 1m ask;", "invalid value \"ask\" in \"tokenban_body_limit\" directive, it must be \"deny\" or"),
        (
            "tokenban_body_limit 1m; tokenban_body_limit 2m;",
            "\"tokenban_body_limit\" directive is d",
        ),
        ("tokenban_body_limit 1m deny pass;", "invalid number of arguments"),
        ("tokenban_refresh 1s;", "\"tokenban_refresh\" directive is not allowed here"),
        (
            "tokenban_fingerprint_key a;",
            "\"tokenban_fingerprint_key\" directive is not allowed here",
        ),
        ("tokenban_log_credentials off '[uri]';", "\"off\" stands alone in \"tokenban_log_cred"),
        (
            "tokenban_log_credentials '[post]';",
            "\"[post]\" looks into the body; name points of the h",
        ),
        ("tokenban_log_credentials X;", "\"X\" is no point; write it in brackets, as in"),
        ("tokenban_log_credentials off; tokenban_log_credentials off;", "is duplicate"),
        ("if ($host) { tokenban off; }", "\"tokenban\" directive is not allowed here"),
    ];
    for (directives, message) in cases {
        let text = errors(directives);
        assert!(text.contains(message), "{directives}: {text}");
        assert!(text.contains("nginx.conf:"), "{directives}: {text}");
    }
}

#[test]
fn each_mistake_in_the_http_block_has_its_message() {
    let cases = [
        ("tokenban_refresh soon;", "\"tokenban_refresh\" directive invalid value"),
        ("tokenban_refresh off; tokenban_refresh 1s;", "\"tokenban_refresh\" directive is dup"),
        ("tokenban_refresh 1s; tokenban_refresh off;", "\"tokenban_refresh\" directive is dup"),
    ];
    for (directives, message) in cases {
        let output = check(directives);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && text.contains(message), "{directives}: {text}");
    }
}

#[test]
fn an_unknown_variable_is_nginx_s_own_error() {
    let text = errors("tokenban $nosuch; tokenban_rules rules.yaml;");
    assert!(text.contains("unknown \"nosuch\" variable"), "{text}");
}

#[test]
fn what_is_right_in_the_http_block_passes() {
    for directives in ["tokenban_refresh off;", "tokenban_refresh 0;", "tokenban_refresh 20ms;"] {
        let output = check(directives);
        assert!(output.status.success(), "{directives}: {output:?}");
    }
}

#[test]
fn what_is_right_passes() {
    let cases = [
        "tokenban on; tokenban_rules rules.yaml;",
        "tokenban on; tokenban_rules rule*.yaml; location / { tokenban monitor; }",
        "tokenban_rules rules.yaml; location / { tokenban $host; tokenban_on_error pass; }",
        "tokenban off; tokenban_rules off; tokenban_status 429; tokenban_log_level notice;",
        "tokenban_body off; tokenban_body_limit 64k; location / { tokenban_body on; }",
        "tokenban_body_limit 1g pass; location / { tokenban_body_limit 1 deny; }",
    ];
    for directives in cases {
        let output = check(&format!("server {{ listen 127.0.0.1:{{port}};\n{directives}\n}}"));
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{directives}: {text}");
    }
}

/// Every mistake of the engine's golden files, and files that cannot be read: `nginx -t` says what the
/// engine says, which is also what `tokenban check` prints.
#[test]
fn mistakes_in_rule_files_have_the_engine_s_text() {
    let folder = tempfile::tempdir().unwrap();
    let over_the_limit = folder.path().join("over-the-limit.yaml");
    fs::File::create(&over_the_limit).unwrap().set_len(17 << 20).unwrap();
    let many = folder.path().join("many-mistakes-".repeat(10) + ".yaml");
    let rule = |number| format!("  - {{id: rule-{number}, points: [[heder, X]], present: true}}\n");
    fs::write(&many, (0..50).fold("rules:\n".to_owned(), |text, number| text + &rule(number)))
        .unwrap();
    let mut cases: Vec<Vec<PathBuf>> = vec![
        vec![many],
        vec![over_the_limit],
        vec![folder.path().to_owned()],
        vec![folder.path().join("missing.yaml")],
        // A regular file that cannot be read, even by root.
        vec!["/proc/self/mem".into()],
    ];
    cases.extend(golden_files());
    assert!(cases.len() > 60, "{} cases", cases.len());
    for files in cases {
        let Err(error) = Ruleset::load(&files, &Limits::default()) else { continue };
        let names: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
        let found = errors(&format!("tokenban_rules {};", names.join(" ")));
        for line in error.to_string().lines() {
            assert!(found.contains(line), "expected:\n{error}\nfound:\n{found}");
        }
    }
}

/// The rule files of each mistake; a second file follows the first of its name.
fn golden_files() -> Vec<Vec<PathBuf>> {
    let folder = support::root().join("crates/engine/tests/diagnostics");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| {
        let name = file.to_string_lossy();
        name.ends_with(".yaml") && !name.ends_with(".second.yaml")
    });
    let with_second = |file: PathBuf| {
        let second = file.with_extension("second.yaml");
        let second = second.exists().then_some(second);
        std::iter::once(file).chain(second).collect()
    };
    files.into_iter().map(with_second).collect()
}

/// What is shipped must start: with the paths that are relative to a built tree made absolute.
#[test]
fn every_shipped_configuration_is_loaded() {
    let shipped = support::root().join("nginx-conf");
    let files = fs::read_dir(&shipped).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> =
        files.filter(|file| file.extension().is_some_and(|name| name == "conf")).collect();
    let text = |file: &PathBuf| fs::read_to_string(file).unwrap();
    let (whole, parts): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| text(file).contains("events {"));
    assert!(!whole.is_empty());
    for part in parts {
        let include = format!("include {};", part.file_name().unwrap().to_string_lossy());
        assert!(whole.iter().any(|file| text(file).contains(&include)), "{include}");
    }
    for file in whole {
        let output = support::check_file(&file);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {text}", file.display());
    }
}

/// Rules that look into bodies where none is read: a warning, once for each directive.
#[test]
fn rules_that_lose_by_unread_bodies_are_warned_about() {
    let rules = "{dir}/body.yaml";
    let locations = "location /a { } location /b { } location /c { tokenban_body on; }";
    let cases = [
        ("tokenban on; tokenban_body off;", 1),
        ("tokenban monitor; tokenban_body off;", 1),
        ("tokenban off; tokenban_body off;", 0),
        ("tokenban on; tokenban_body on;", 0),
        ("tokenban on; location /d { tokenban_body off; } location /e { tokenban_body off; }", 2),
    ];
    for (directives, expected) in cases {
        let directory = support::directory();
        let text = "rules: [{id: body, points: [[post]], tokens: [some-leaked-token]}]";
        fs::write(directory.path().join("body.yaml"), text).unwrap();
        let rules = rules.replace("{dir}", &directory.path().display().to_string());
        let output = check(&format!(
            "tokenban_rules {rules}; server {{ listen 127.0.0.1:{{port}}; {directives} {locations} }}"
        ));
        let text = String::from_utf8_lossy(&output.stderr);
        let warning = "rule \"body\" looks into bodies, which are not read because of";
        assert!(output.status.success(), "{directives}: {text}");
        assert_eq!(text.matches(warning).count(), expected, "{directives}: {text}");
    }
}
