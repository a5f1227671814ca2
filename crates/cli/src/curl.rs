//! Requests made by curl. What it is to send goes to its standard input, never into its arguments.

use std::{
    error::Error,
    fmt::Write as _,
    io::{self, Write},
    process::{Command, Stdio},
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
        io::ErrorKind::NotFound => "`tokenban test` makes its requests with curl, which is not \
                                    installed here: install curl, and run this again"
            .to_owned(),
        _ => format!("curl cannot be run: {error}"),
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
        let mut command = Command::new("curl");
        command.args(["--disable", "--config", "-"]); // nothing from a person's own configuration
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(missing)?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(self.configuration(disguise).as_bytes())?;
        }
        let ended = child.wait_with_output()?;
        let status =
            std::str::from_utf8(&ended.stdout).ok().and_then(|text| text.trim().parse().ok());
        status.filter(|status| ended.status.success() && *status > 0).ok_or_else(|| {
            let said = String::from_utf8_lossy(&ended.stderr);
            format!("{}: {}", self.url, crate::output::printable(said.trim())).into()
        })
    }

    fn configuration(&self, disguise: &Disguise) -> String {
        let mut lines = String::from("silent\nshow-error\ngloboff\nnoproxy = \"*\"\n");
        let mut option = |name: &str, value: &str| {
            let _ = writeln!(lines, "{name} = \"{}\"", quoted(value));
        };
        option("output", "/dev/null");
        option("write-out", "%{http_code}");
        option("max-time", "15");
        let separator = if self.url.contains('?') { '&' } else { '?' };
        match disguise.query.as_str() {
            "" => option("url", self.url),
            query => option("url", &format!("{}{separator}{query}", self.url)),
        }
        disguise.headers.iter().for_each(|line| option("header", line));
        if let Some(body) = &disguise.body {
            option("data-binary", body);
        }
        if let Some(place) = &self.door.connect_to {
            option("connect-to", &format!("::{place}"));
        }
        if self.door.insecure {
            lines.push_str("insecure\n");
        }
        lines
    }
}

/// As a configuration of curl has it.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\r', "\\r").replace('\n', "\\n")
}
