//! Requests made by curl. What it is to send goes to its standard input, never into its arguments.

use std::{
    error::Error,
    fmt::Write as _,
    io::{self, Write},
    process::{Command, Output, Stdio},
};

use clap::Args;

use crate::decoy::Disguise;

/// How the server is reached.
#[derive(Args)]
pub(crate) struct Door {
    /// Connect to this machine and port, whatever the URL says
    #[arg(long, value_name = "HOST:PORT")]
    connect_to: Option<String>,
    /// Do not check the certificate of the server
    #[arg(long)]
    insecure: bool,
}

/// A server.
pub(crate) struct Curl<'a> {
    url: &'a str,
    door: &'a Door,
}

fn missing(error: io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => {
            "requests are made with curl, which is not installed here: install \
                                    curl, and run this again"
                .to_owned()
        }
        _ => format!("curl cannot be run: {error}"),
    }
}

/// What a server answers to a request, where that is 200.
pub(crate) fn fetch(url: &str, door: &Door) -> Result<Vec<u8>, Box<dyn Error>> {
    Curl::new(url, door)?;
    let mut lines = door.configuration();
    let _ = writeln!(lines, "fail\nurl = \"{}\"", quoted(url));
    let ended = run(&lines)?;
    match ended.status.success() {
        true => Ok(ended.stdout),
        false => Err(said(url, &ended.stderr)),
    }
}

/// Runs curl with what its configuration says.
fn run(configuration: &str) -> Result<Output, Box<dyn Error>> {
    let mut command = Command::new("curl");
    command.args(["--disable", "--config", "-"]); // nothing from a person's own configuration
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(missing)?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(configuration.as_bytes())?;
    }
    Ok(child.wait_with_output()?)
}

fn said(url: &str, stderr: &[u8]) -> Box<dyn Error> {
    let said = String::from_utf8_lossy(stderr);
    format!("{url}: {}", crate::output::printable(said.trim())).into()
}

impl Door {
    /// As curl is told.
    fn configuration(&self) -> String {
        let mut lines =
            String::from("silent\nshow-error\ngloboff\nnoproxy = \"*\"\nmax-time = \"15\"\n");
        if let Some(place) = &self.connect_to {
            let _ = writeln!(lines, "connect-to = \"{}\"", quoted(&format!("::{place}")));
        }
        if self.insecure {
            lines.push_str("insecure\n");
        }
        lines
    }
}

impl<'a> Curl<'a> {
    pub(crate) fn new(url: &'a str, door: &'a Door) -> Result<Curl<'a>, Box<dyn Error>> {
        let is_http = url.starts_with("http://") || url.starts_with("https://");
        match is_http && !url.contains(['\n', '\r', '#']) {
            true => Ok(Curl { url, door }),
            false => Err("a URL begins with http:// or https:// and has no fragment".into()),
        }
    }

    /// Sends a request; the status of its answer.
    pub(crate) fn send(&self, disguise: &Disguise) -> Result<u16, Box<dyn Error>> {
        let ended = run(&self.configuration(disguise))?;
        let status =
            std::str::from_utf8(&ended.stdout).ok().and_then(|text| text.trim().parse().ok());
        let answered = status.filter(|status| ended.status.success() && *status > 0);
        answered.ok_or_else(|| said(self.url, &ended.stderr))
    }

    fn configuration(&self, disguise: &Disguise) -> String {
        let mut lines = self.door.configuration();
        let mut option = |name: &str, value: &str| {
            let _ = writeln!(lines, "{name} = \"{}\"", quoted(value));
        };
        option("output", "/dev/null");
        option("write-out", "%{http_code}");
        let separator = if self.url.contains('?') { '&' } else { '?' };
        match disguise.query.as_str() {
            "" => option("url", self.url),
            query => option("url", &format!("{}{separator}{query}", self.url)),
        }
        disguise.headers.iter().for_each(|line| option("header", line));
        if let Some(body) = &disguise.body {
            option("data-binary", body);
        }
        lines
    }
}

/// As a configuration of curl has it.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\r', "\\r").replace('\n', "\\n")
}
