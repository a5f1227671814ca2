//! Cases written as data, in `t/cases/*.yaml`: each is asked of a real NGINX, and of the engine alone
//! where NGINX adds nothing. `CASES=text` runs only the cases whose names hold the text.

#[path = "support/case_file.rs"]
mod case_file;
#[path = "support/listed.rs"]
mod listed;
#[path = "support/lists.rs"]
mod lists;
mod support;
#[path = "support/wire.rs"]
mod wire;

use std::{env, fmt::Write as _, fs, path::Path};

use case_file::{Exchange, Group, Rules};
use listed::Listed;
use lists::Lists;
use support::{directory, Nginx, Response};
use tokenban_engine::{
    decision::{Decision, Mode, Outcome},
    denylist::NoDenylists,
    limits::Limits,
    Inspection, Ruleset,
};

/// The application behind the server that is asked; it says what reached it.
const APP: &str = r#"
    server {
        listen unix:{dir}/app.sock;
        tokenban off;
        access_log off;
        underscores_in_headers on;
        location / { return 200 "app $request_method $request_uri key=$http_x_api_key,\n"; }
    }
"#;

/// What a request came to: by header from NGINX, by value from the engine.
#[derive(Default)]
struct Found {
    decision: String,
    rule: String,
    point: String,
}

#[test]
fn nginx_and_the_engine_do_what_the_cases_say() {
    let only = env::var("CASES").unwrap_or_default();
    let mut report = String::new();
    let mut asked = 0;
    for (file, groups) in case_file::all() {
        for group in groups {
            let mut heading = format!("{}: {}\n", file.display(), group.name);
            run(&group, &only, &mut asked, &mut |text| {
                report.push_str(&std::mem::take(&mut heading));
                report.push_str(text);
            });
        }
    }
    assert!(asked > 0, "no case is named like {only}");
    assert!(report.is_empty(), "\n{report}");
    println!("{asked} requests");
}

fn run(group: &Group, only: &str, asked: &mut usize, fail: &mut dyn FnMut(&str)) {
    let exchanges: Vec<_> = group.exchanges().filter(|(case, _)| case.contains(only)).collect();
    if exchanges.is_empty() {
        return;
    }
    *asked += exchanges.len();
    let nginx = start(group);
    let alone = group.engine && group.banned.is_empty();
    let ruleset = alone.then(|| load(group, &nginx));
    let listed = match &group.rules {
        Rules::Inline(text) if alone => Listed::of(&text.replace("<<T>>", wire::TOKEN)),
        _ => None,
    };
    for (case, exchange) in exchanges {
        let bytes = bytes(&exchange);
        let mut differences = ask_nginx(&nginx, &bytes, &exchange);
        if let Some(ruleset) = ruleset.as_ref().filter(|_| exchange.engine != Some(false)) {
            differences += &ask_engine(ruleset, group, &bytes, &exchange);
            differences += ask_denylists(ruleset, listed.as_ref(), group, &bytes);
        }
        if !differences.is_empty() {
            fail(&format!("  {case}\n{}{differences}", quoted(&bytes)));
        }
    }
}

fn start(group: &Group) -> Nginx {
    let directory = directory();
    if let Rules::Inline(text) = &group.rules {
        fs::write(directory.path().join("rules.yaml"), text.replace("<<T>>", wire::TOKEN))
            .expect("rules");
    }
    for (name, text) in &group.files {
        let file = directory.path().join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("folder");
        fs::write(file, wire::expand(text)).expect("file");
    }
    let store = ban(&group.banned, directory.path());
    let files = files(&group.rules, directory.path()).join(" ");
    let decision = "$tokenban_status|$tokenban_rule|$tokenban_point";
    let http = format!(
        "{store}tokenban on; tokenban_rules {files};\n{APP}\n{}\nserver {{ listen 127.0.0.1:{{port}};\n\
         root {{dir}}/html;\nadd_header X-Tokenban \"{decision}\" always;\n{}\n}}",
        group.http, group.server
    );
    Nginx::start_in(directory, "worker_processes 1;", &http)
}

/// The directive for a store with these tokens, if there are any.
fn ban(tokens: &[String], directory: &Path) -> &'static str {
    if tokens.is_empty() {
        return "";
    }
    let mut lists = Lists::create(&directory.join("store"));
    tokens.iter().for_each(|token| lists.ban(&wire::expand(token)));
    "tokenban_store store; "
}

fn files(rules: &Rules, directory: &Path) -> Vec<String> {
    let paths = match rules {
        Rules::Inline(_) => vec![directory.join("rules.yaml")],
        Rules::Shipped(names) => {
            names.iter().map(|name| support::root().join("rules").join(name)).collect()
        }
    };
    paths.iter().map(|path| path.display().to_string()).collect()
}

fn load(group: &Group, nginx: &Nginx) -> Ruleset {
    let files = files(&group.rules, nginx.directory());
    let files: Vec<_> = files.into_iter().map(Into::into).collect();
    Ruleset::load(&files, &Limits::default()).expect("rules that NGINX took")
}

fn bytes(exchange: &Exchange) -> Vec<u8> {
    match (&exchange.request, &exchange.raw) {
        (Some(text), None) => wire::request(text),
        (None, Some(text)) => wire::raw(text),
        _ => panic!("a request is written as `request` or as `raw`"),
    }
}

fn ask_nginx(nginx: &Nginx, bytes: &[u8], expected: &Exchange) -> String {
    let before = nginx.log().len();
    let response = nginx.raw(bytes);
    let log = nginx.log().split_off(before);
    let mut differences = String::new();
    let mut note = |what: &str, expected: &str, found: &str| {
        let _ = writeln!(differences, "    NGINX   {what}: expected {expected}, found {found}");
    };
    if let Some(status) = expected.status.filter(|status| *status != response.status) {
        note("status", &status.to_string(), &response.status.to_string());
    }
    // HTTP/0.9 has no head: its text is split anywhere.
    let whole = format!("{}\r\n\r\n{}", response.head, response.body);
    if let Some(text) = expected.body.as_ref().filter(|text| !whole.contains(*text)) {
        note("body", text, &response.body);
    }
    for text in expected.log.iter().filter(|text| !log.contains(*text)) {
        note("log", text, &log);
    }
    for text in expected.absent.iter().filter(|text| log.contains(&wire::expand(text))) {
        note("log", &format!("no {text}"), &log);
    }
    for line in log.lines().filter(|line| line.contains("tokenban:") && line.contains(wire::TOKEN))
    {
        note("log", "no token", line);
    }
    differences + &compare("NGINX ", expected, &decided(&response))
}

/// What the header says that every group adds.
fn decided(response: &Response) -> Found {
    let header = response.head.lines().find_map(|line| line.strip_prefix("X-Tokenban: "));
    let mut words = header.unwrap_or_default().split('|').map(str::to_owned);
    let mut word = || words.next().unwrap_or_default();
    Found { decision: word(), rule: word(), point: word() }
}

fn ask_engine(ruleset: &Ruleset, group: &Group, bytes: &[u8], expected: &Exchange) -> String {
    let request = wire::parse(bytes, wire::Names::of(&group.server));
    let inspection = Inspection { request: &request, denylists: &NoDenylists, mode: Mode::On };
    let outcome = ruleset.evaluate_whole(&inspection, &mut ruleset.scratch());
    compare("engine", expected, &Found::from(outcome))
}

/// What is looked for in a store is found wherever a list in the rules finds it.
fn ask_denylists(
    ruleset: &Ruleset,
    listed: Option<&Listed>,
    group: &Group,
    bytes: &[u8],
) -> &'static str {
    let request = wire::parse(bytes, wire::Names::of(&group.server));
    let inspection = Inspection { request: &request, denylists: &NoDenylists, mode: Mode::On };
    let outcome = ruleset.evaluate_whole(&inspection, &mut ruleset.scratch());
    let is_found = outcome.decision != Decision::Passed;
    match listed.is_some_and(|listed| is_found && listed.passes(&request)) {
        true => "    engine  a store with these tokens does not find them\n",
        false => "",
    }
}

impl From<Outcome> for Found {
    fn from(outcome: Outcome) -> Found {
        let decision = match outcome.decision {
            Decision::Denied => "DENIED",
            Decision::Monitored => "MONITORED",
            Decision::Passed => "PASSED",
        };
        let hit = outcome.hit.or_else(|| outcome.monitored.into_iter().next());
        let (rule, point) = hit.map(|hit| (hit.rule, hit.point)).unwrap_or_default();
        Found { decision: decision.to_owned(), rule, point }
    }
}

fn compare(who: &str, expected: &Exchange, found: &Found) -> String {
    let pairs = [
        ("decision", &expected.decision, &found.decision),
        ("rule", &expected.rule, &found.rule),
        ("point", &expected.point, &found.point),
    ];
    let mut differences = String::new();
    for (what, expected, found) in pairs {
        if let Some(expected) = expected.as_ref().filter(|expected| *expected != found) {
            let _ = writeln!(differences, "    {who}  {what}: expected {expected}, found {found}");
        }
    }
    differences
}

fn quoted(bytes: &[u8]) -> String {
    let text = bytes.escape_ascii().to_string().replace("\\r\\n", "\n");
    text.trim_end().lines().map(|line| format!("    | {line}\n")).collect()
}
