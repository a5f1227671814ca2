//! The alerts for Prometheus and the dashboard: what they ask for is there, each alert has its advice, and
//! one fires in a real Prometheus.

#[path = "support/lists.rs"]
mod lists;
mod support;

use std::{
    fs,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use lists::{Lists, RULES};
use support::{directory, Nginx, LEAKED, PATIENCE};

const HTTP: &str =
    "tokenban on; tokenban_rules rules.yaml; tokenban_store store; tokenban_zone numbers:1m;
    server { listen 127.0.0.1:{port}; access_log off;
        location / { try_files /none =204; }
        location = /metrics { tokenban off; tokenban_metrics; }
    }";

fn file(name: &str) -> PathBuf {
    support::root().join("packaging").join(name)
}

fn start() -> (Nginx, Lists) {
    let directory = directory();
    let lists = Lists::create(&directory.path().join("store"));
    fs::write(directory.path().join("rules.yaml"), RULES).unwrap();
    (Nginx::start_in(directory, "", HTTP), lists)
}

fn promtool(arguments: &[&str]) {
    let mut promtool = Command::new("promtool");
    let output = promtool.args(arguments).current_dir(file("prometheus")).output();
    let output = output.expect("promtool of `prometheus`");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn promtool_takes_the_alerts() {
    promtool(&["check", "rules", "alerts.yaml"]);
    promtool(&["test", "rules", "alerts_test.yaml"]);
}

/// The names of all metrics in a text.
fn metrics(text: &str) -> Vec<&str> {
    let is_part = |it: char| it.is_ascii_lowercase() || it == '_';
    let names = text.match_indices("tokenban_").map(|(at, _)| {
        let rest = &text[at..];
        &rest[..rest.find(|it| !is_part(it)).unwrap_or(rest.len())]
    });
    let directives = ["tokenban_on_error", "tokenban_body_limit", "tokenban_zone"];
    names.filter(|name| !directives.contains(name)).collect()
}

#[test]
fn what_they_ask_for_is_there() {
    let (nginx, mut lists) = start();
    lists.ban(LEAKED);
    assert_eq!(nginx.bearer("/", LEAKED), 403);
    let page = nginx.get("/metrics", &[]).body;
    for name in ["prometheus/alerts.yaml", "grafana/tokenban.json"] {
        let text = fs::read_to_string(file(name)).unwrap();
        let asked = metrics(&text);
        assert!(asked.len() >= 10, "{name}: {asked:?}");
        for metric in asked {
            assert!(page.contains(&format!("\n{metric}")), "{name}: there is no {metric}");
        }
    }
    let dashboard = fs::read_to_string(file("grafana/tokenban.json")).unwrap();
    let dashboard: serde_json::Value = serde_json::from_str(&dashboard).expect("JSON");
    let variables = dashboard["templating"]["list"].as_array().expect("variables");
    let names: Vec<_> = variables.iter().map(|variable| &variable["name"]).collect();
    assert_eq!(names, ["datasource", "job", "instance"]);
}

#[test]
fn each_alert_has_its_advice() {
    let alerts = fs::read_to_string(file("prometheus/alerts.yaml")).unwrap();
    let advice = fs::read_to_string(support::root().join("docs/alerts.md")).unwrap();
    let mut alerts: Vec<_> =
        alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let mut headings: Vec<_> =
        advice.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    alerts.sort_unstable();
    headings.sort_unstable();
    assert_eq!(alerts, headings);
}

/// Ended with the test.
struct Prometheus(Child);

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_alert_fires_in_prometheus() {
    let (nginx, mut lists) = start();
    lists.ban(LEAKED);
    let directory = directory();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [{}]\n\
         scrape_configs: [{{job_name: tokenban, static_configs: [{{targets: ['127.0.0.1:{}']}}]}}]\n",
        file("prometheus/alerts.yaml").display(),
        nginx.port
    );
    let path = directory.path().join("prometheus.yml");
    fs::write(&path, config).unwrap();
    let child = Command::new("prometheus")
        .arg(format!("--config.file={}", path.display()))
        .arg(format!("--storage.tsdb.path={}", directory.path().join("data").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("prometheus");
    let _prometheus = Prometheus(child);
    let address = format!("http://127.0.0.1:{port}/api/v1/");
    let deadline = Instant::now() + PATIENCE;
    let asked = |query: &str| {
        let output = Command::new("curl").args(["-s", &format!("{address}{query}")]).output();
        String::from_utf8(output.expect("curl").stdout).expect("text")
    };
    while !asked("query?query=tokenban_build_info").contains("version") {
        assert!(Instant::now() < deadline, "Prometheus scrapes nothing");
        thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(nginx.bearer("/", LEAKED), 403);
    while !asked("alerts").contains("TokenbanBannedTokenUsed") {
        assert!(Instant::now() < deadline, "{}", asked("alerts"));
        thread::sleep(Duration::from_millis(200));
    }
    assert!(!asked("alerts").contains(LEAKED));
}
