//! Chromium without a window, driven by chromedriver: <https://www.w3.org/TR/webdriver2/>.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use base64::prelude::{Engine, BASE64_STANDARD};
use serde_json::{json, Value};

/// A browser with one window; closed when dropped.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

const PATIENCE: Duration = Duration::from_secs(60);

impl Browser {
    pub(crate) fn start() -> Browser {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("free port");
        let port = listener.local_addr().expect("address").port();
        drop(listener);
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null());
        let driver = command.spawn().expect("chromedriver of `chromium-driver`");
        let mut browser = Browser { driver, port, session: String::new() };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "chromedriver does not listen");
            thread::sleep(Duration::from_millis(50));
        }
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--window-size=1200,900",
        ];
        let options = json!({ "goog:chromeOptions": { "args": arguments } });
        let answer = browser.call(
            "POST",
            "/session",
            &json!({ "capabilities": { "alwaysMatch": options } }),
        );
        browser.session =
            answer["sessionId"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        browser
    }

    /// Loads a page.
    pub(crate) fn go(&self, url: &str) {
        self.ask("POST", "url", &json!({ "url": url }));
    }

    /// Runs the body of a function, and gives what it returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.ask("POST", "execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// What a reader sees.
    pub(crate) fn text(&self) -> String {
        self.run("return document.body.innerText;").as_str().unwrap_or_default().to_owned()
    }

    /// The document as it is now.
    pub(crate) fn source(&self) -> String {
        self.ask("GET", "source", &Value::Null).as_str().unwrap_or_default().to_owned()
    }

    /// A picture of the window, PNG.
    pub(crate) fn picture(&self) -> Vec<u8> {
        let text = self.ask("GET", "screenshot", &Value::Null);
        BASE64_STANDARD.decode(text.as_str().expect("a picture")).expect("base64")
    }

    fn ask(&self, method: &str, what: &str, body: &Value) -> Value {
        self.call(method, &format!("/session/{}/{what}", self.session), body)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("chromedriver");
        stream.set_read_timeout(Some(PATIENCE)).expect("timeout");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("request");
        let body = body_of(&mut BufReader::new(stream));
        let document: Value = serde_json::from_slice(&body).expect("JSON of chromedriver");
        document["value"].clone()
    }
}

/// The body of an answer, after which chromedriver does not close.
fn body_of(stream: &mut impl BufRead) -> Vec<u8> {
    let mut length = 0;
    for line in stream.by_ref().lines() {
        let line = line.expect("a line of the head").to_ascii_lowercase();
        match line.strip_prefix("content-length:") {
            Some(value) => length = value.trim().parse().expect("a length"),
            None if line.is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("the body");
    body
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            self.call("DELETE", &format!("/session/{}", self.session), &Value::Null);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
