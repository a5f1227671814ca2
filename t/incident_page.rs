//! `docs/incident.md`: every command on that page is run, against a running NGINX with the shipped
//! configuration, and what is printed is compared with the page.

#[path = "support/command.rs"]
mod command;
mod support;

use std::{
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use support::{directory, root, Nginx, PATIENCE};

/// A command, and what the page says that it prints.
struct Step {
    command: String,
    printed: Vec<String>,
}

/// What the page calls something, and what it is here.
type Names = Vec<(&'static str, String)>;

#[test]
fn what_the_page_prints_is_what_is_printed() {
    let page = fs::read_to_string(root().join("docs/incident.md")).unwrap();
    let steps = steps(&page);
    assert!(steps.len() >= 15, "{}", steps.len());
    let directory = directory();
    let place = directory.path().to_owned();
    fs::write(place.join("leak.json"), blocks(&page, "json").concat()).unwrap();
    let command = command::tokenban();
    let made = Command::new(&command).args(["init", "--store"]).arg(place.join("store")).output();
    assert!(made.unwrap().status.success());
    // The page's fingerprints are made with this key.
    fs::write(place.join("store/fingerprint.key"), "0123456789abcdef".repeat(2)).unwrap();
    let nginx = Nginx::start_in(directory, "worker_processes 2;", &shipped());
    let names = vec![
        ("/var/lib/tokenban/store", place.join("store").display().to_string()),
        ("/etc/tokenban/rules", root().join("rules").display().to_string()),
        ("/var/log/nginx", place.display().to_string()),
        ("127.0.0.1:8081", format!("127.0.0.1:{}", nginx.port)),
    ];
    let printed = run(&steps, &names, &place, command.parent().unwrap());
    // Who and where is in the columns of the log.
    let [user, host] = who(&command, &place.join("store"));
    let named = |line: &str| line.replacen(&format!("  {user}  {host}  "), "  alice  gate-1  ", 1);
    for (step, printed) in steps.iter().zip(&printed) {
        let page: Vec<String> = step.printed.iter().map(|line| steady(line)).collect();
        let here: Vec<String> = printed.iter().map(|line| steady(&named(line))).collect();
        assert!(is_like(&page, &here), "$ {}\n{}", step.command, printed.join("\n"));
    }
    assert_eq!(printed.len(), steps.len());
    // Nor from where the log has more of a request.
    let token = "example-leaked-token-000001";
    let (agent, forwarded) = (format!("User-Agent: {token}"), format!("X-Forwarded-For: {token}"));
    for (target, headers) in [
        (format!("/bot/{token}/me"), [].as_slice()),
        ("/a".into(), &[&agent]),
        ("/b".into(), &[&forwarded]),
    ] {
        let headers: Vec<&str> = headers.iter().map(|header| header.as_str()).collect();
        assert_eq!(nginx.get(&target, &headers).status, 403, "{target}");
    }
    let log = nginx.log();
    assert!(!log.contains("example-leaked-token"), "{log}");
    let access = access_log(&place.join("access.json"));
    assert!(!access.contains("example-leaked-token"), "{access}");
    assert!(access.contains("\"path\":\"/v1/me\",\"agent\":\"curl/"), "{access}");
}

/// The access log, once the last request is in it: NGINX writes it after the answer.
fn access_log(file: &Path) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text = fs::read_to_string(file).unwrap();
        if text.contains("[header, X-FORWARDED-FOR]") {
            return text;
        }
        assert!(Instant::now() < deadline, "{text}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// The fenced blocks of a language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let parts = page.split(&fence).skip(1);
    parts.map(|part| part.split("```").next().unwrap().to_owned()).collect()
}

fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in blocks(page, "console").concat().lines() {
        match line.strip_prefix("$ ") {
            Some(command) => steps.push(Step { command: command.into(), printed: Vec::new() }),
            None => steps.last_mut().expect("a command comes first").printed.push(line.into()),
        }
    }
    steps
}

/// The `http` block of the shipped configuration, with the paths and ports of this test.
fn shipped() -> String {
    let text = fs::read_to_string(root().join("nginx-conf/denylist.conf")).unwrap();
    let (_, http) = text.split_once("\nhttp {\n").unwrap();
    let http = http.trim_end().strip_suffix('}').unwrap();
    let lines = http.lines().filter(|line| !line.contains("_temp_path"));
    let http: String = lines.map(|line| format!("{line}\n")).collect();
    http.replace("../build/store", "{dir}/store")
        .replace("../rules", &root().join("rules").display().to_string())
        .replace("include status.conf;", "")
        .replace("/dev/stdout", "{dir}/access.json")
        .replace("8081", "{port}")
        .replace("8082", "{port2}")
}

/// The user and the host that the log names here.
fn who(command: &Path, store: &Path) -> [String; 2] {
    let log = Command::new(command).args(["log", "--json", "--store"]).arg(store).output().unwrap();
    let log: serde_json::Value = serde_json::from_slice(&log.stdout).unwrap();
    ["user", "host"].map(|name| log["records"][0][name].as_str().unwrap().to_owned())
}

/// Runs all commands in one shell, as a person would; what each printed.
fn run(steps: &[Step], names: &Names, place: &Path, commands: &Path) -> Vec<Vec<String>> {
    const NEXT: &str = "=== the next command ===";
    let script: String =
        steps.iter().map(|step| format!("echo '{NEXT}'\n{}\n", step.command)).collect();
    let script = names.iter().fold(script, |script, (page, here)| script.replace(page, here));
    let path = format!("{}:{}", commands.display(), std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .args(["-c", &format!("exec 2>&1\n{script}")])
        .current_dir(place)
        .envs([("PATH", path.as_str()), ("TZ", "UTC")])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let text = names.iter().fold(text, |text, (page, here)| text.replace(here, page));
    let next = format!("{NEXT}\n");
    let parts = text.split(&next).skip(1);
    parts.map(|part| part.lines().map(str::to_owned).collect()).collect()
}

/// What differs from run to run made the same: times, hashes, the decoy's fingerprint, and how wide
/// a column is.
fn steady(line: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in line.split_whitespace() {
        let is_hex =
            |length| word.len() == length && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_time = word.len() == 20 && word.ends_with('Z') && word.as_bytes()[10] == b'T';
        let after_canary = words.last().is_some_and(|last| last == "canary");
        words.push(match (is_time, is_hex(64), is_hex(16) && after_canary) {
            (true, ..) => "TIME".to_owned(),
            (_, true, _) => "HASH".to_owned(),
            (.., true) => "FINGERPRINT".to_owned(),
            _ => word.to_owned(),
        });
    }
    words.join(" ")
}

/// Whether lines are those of the page, of which `…` stands for any.
fn is_like(page: &[String], here: &[String]) -> bool {
    match page.split_first() {
        None => here.is_empty(),
        Some((first, rest)) if first == "…" => {
            (0..=here.len()).any(|skipped| is_like(rest, &here[skipped..]))
        }
        Some((first, rest)) => {
            here.first().is_some_and(|line| line == first) && is_like(rest, &here[1..])
        }
    }
}
