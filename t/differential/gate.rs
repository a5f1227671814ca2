//! NGINX with the module before every back end, and the same NGINX without it.
//!
//! Every back end has a server without the module, every rule one with it, on sockets of their own, so that a
//! request's target, host and headers are free. What the module decides does not depend on what stands behind it: a
//! rule is asked once, with an answer that NGINX itself gives after it has read the body.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    time::Duration,
};

use crate::{
    backend::Backend,
    case::{BASE64, PLAIN},
    place::Place,
    support::{self, Nginx},
};

/// The rule that does not know where.
pub(crate) const ANYWHERE: &str = "anywhere";

/// The running NGINX.
pub(crate) struct Gate {
    nginx: Nginx,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// `$tokenban_status`; empty where the module is off.
    pub(crate) decision: String,
    /// `$tokenban_rule`; empty where something could not be inspected.
    pub(crate) rule: String,
    /// What the application says that it sees: place, name, value.
    pub(crate) seen: Vec<[String; 3]>,
}

const SETTINGS: &str = "
    underscores_in_headers on;
    ignore_invalid_headers off;
    large_client_header_buffers 8 16k;
    client_max_body_size 16m;
    client_header_timeout 2s;
    client_body_timeout 2s;
    proxy_read_timeout 20s;
    chunked_transfer_encoding off;
    keepalive_timeout 0;
    access_log off;
    add_header X-Decision $tokenban_status always;
    add_header X-Rule $tokenban_rule always;
";

impl Gate {
    pub(crate) fn start(backends: &[Backend], places: &[Place]) -> Gate {
        let mut servers = String::from(SETTINGS);
        servers += "server { listen unix:{dir}/answer.sock; location / { return 200; } }";
        backends.iter().for_each(|backend| servers += &bare(backend));
        guards(places).for_each(|name| servers += &guarded(name));
        // The port that the start waits for: NGINX opens it last.
        servers += "server { listen 127.0.0.1:{port}; }";
        let directory = support::directory();
        let write = |name: &str, point: &str| {
            let file = directory.path().join(format!("{name}.yaml"));
            std::fs::write(file, rules(name, point)).expect("rules");
        };
        write(ANYWHERE, "[anywhere]");
        places.iter().for_each(|place| write(place.id(), place.point()));
        Gate { nginx: Nginx::start_in(directory, "worker_processes 1;", &servers) }
    }

    /// Sends a request to the back end, past the module.
    pub(crate) fn bare(&self, backend: &Backend, request: &[u8]) -> Answer {
        let answer = self.send(&format!("bare-{}", backend.name), request);
        if answer.status == 502 {
            backend.revive();
        }
        answer
    }

    /// Sends a request to a rule: that of a place, or `ANYWHERE`.
    pub(crate) fn guarded(&self, guard: &str, request: &[u8]) -> Answer {
        self.send(guard, request)
    }

    fn send(&self, server: &str, request: &[u8]) -> Answer {
        let socket = self.nginx.directory().join(format!("{server}.sock"));
        let mut stream = UnixStream::connect(&socket).expect("NGINX accepts");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("timeout");
        // NGINX may answer and close before it has read everything.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        Answer::parse(&answer)
    }
}

impl Answer {
    fn parse(answer: &[u8]) -> Answer {
        let mut text = String::from_utf8_lossy(answer).into_owned();
        while let Some(rest) = text.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n") {
            text = rest.to_owned();
        }
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        let header = |name: &str| {
            let value = head.lines().find_map(|line| line.strip_prefix(name));
            value.unwrap_or_default().to_owned()
        };
        Answer {
            status,
            decision: header("X-Decision: "),
            rule: header("X-Rule: "),
            seen: serde_json::from_str(body).unwrap_or_default(),
        }
    }

    /// Whether the application sees the token at the parameter. White space around it does not
    /// count: Django's forms and Laravel trim every value.
    pub(crate) fn shows(&self, place: Place, token: &[u8]) -> bool {
        let (kind, name) = place.seen_as();
        let gap = |character: char| character.is_whitespace() || character == '\0';
        self.seen.iter().any(|[found, at, value]| {
            found == kind && at == name && value.trim_matches(gap).as_bytes() == token
        })
    }
}

fn bare(backend: &Backend) -> String {
    let Backend { name, port, .. } = backend;
    format!(
        "server {{ listen unix:{{dir}}/bare-{name}.sock;\n\
         location / {{ proxy_pass http://127.0.0.1:{port}; }} }}\n"
    )
}

fn guarded(name: &str) -> String {
    format!(
        "server {{ listen unix:{{dir}}/{name}.sock; tokenban on; tokenban_rules {name}.yaml;\n\
         location / {{ proxy_pass http://unix:{{dir}}/answer.sock; }} }}\n"
    )
}

/// The names of the rules.
fn guards(places: &[Place]) -> impl Iterator<Item = &'static str> + '_ {
    places.iter().map(|place| place.id()).chain([ANYWHERE])
}

/// One rule, at one point alone.
fn rules(name: &str, point: &str) -> String {
    let text = |token: &[u8]| String::from_utf8_lossy(token).into_owned();
    format!(
        "rules:\n  - id: {name}\n    points: [{point}]\n    tokens: [\"{}\", \"{}\"]\n",
        text(PLAIN),
        text(BASE64)
    )
}
