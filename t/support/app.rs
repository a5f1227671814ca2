//! An application that answers with the body it was sent, so that a test can compare every byte.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use super::{directory, Nginx};

/// Denied in a body by the rules below.
pub(crate) const TOKEN: &str = "leaked-body-token-0123456789";

/// What the tests of bodies load as `body.yaml`.
pub(crate) const RULES: &str = r#"
rules:
  - id: body
    points: [[post]]
    regex: 'leaked-body-token-[0-9]{10}'
  - id: head
    points: [[header, X-API-KEY]]
    tokens: [leaked-test-token-0123456789]
"#;

/// NGINX before an application, with the rules above, further rule files and locations for one
/// `server`. `{app}` in them passes on to the application.
pub(crate) fn start(rules: &[(&str, &str)], locations: &str) -> (Nginx, App) {
    let app = App::start();
    let directory = directory();
    for (name, text) in [("body.yaml", RULES)].iter().chain(rules) {
        fs::write(directory.path().join(name), text).expect("rules");
    }
    fs::write(directory.path().join("html/file"), "a static file").expect("file");
    let http = format!(
        "tokenban on; tokenban_rules body.yaml; client_max_body_size 8m; root {{dir}}/html;
         proxy_http_version 1.1;
         server {{ listen 127.0.0.1:{{port}}; listen 127.0.0.1:{{port2}} http2;
             location = /status {{ tokenban off; stub_status; access_log off; }}
             {locations}
         }}"
    );
    let http = http.replace("{app}", &format!("proxy_pass http://{}", app.address));
    (Nginx::start_in(directory, "worker_processes 1;", &http), app)
}

/// Listens until the test ends.
pub(crate) struct App {
    /// Its address.
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl App {
    pub(crate) fn start() -> App {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("free port");
        let address = listener.local_addr().expect("address").to_string();
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = Arc::clone(&seen);
                // A client that goes away ends its thread.
                thread::spawn(move || drop(answer(stream, &seen)));
            }
        });
        App { address, requests }
    }

    /// The request lines that have reached it, each with the length of its body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("requests").clone()
    }
}

fn answer(stream: TcpStream, seen: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', &mut head)? == 0 {
            return Ok(());
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let body = body(&head, &mut reader)?;
    let line = head.lines().next().unwrap_or_default();
    seen.lock().expect("requests").push(format!("{line} {}", body.len()));
    let accel = if line.contains("/accel ") { "X-Accel-Redirect: /accelerated\r\n" } else { "" };
    let length = body.len();
    let answer =
        format!("HTTP/1.1 200 OK\r\nConnection: close\r\n{accel}Content-Length: {length}\r\n\r\n");
    let mut stream = reader.into_inner();
    stream.write_all(answer.as_bytes())?;
    stream.write_all(&body)
}

fn body(head: &str, reader: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let head = head.to_ascii_lowercase();
    if head.contains("transfer-encoding: chunked") {
        return chunks(reader);
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.and_then(|text| text.trim().parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body)?;
    Ok(body)
}

fn chunks(reader: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let size = usize::from_str_radix(line.trim(), 16).expect("size of a chunk");
        let mut chunk = vec![0; size + 2];
        reader.read_exact(&mut chunk)?;
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&chunk[..size]);
    }
}
