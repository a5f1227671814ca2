//! `.env`: variables, a line each. Those whose name or value says so are credentials.

use super::{
    super::{
        finding::{Finding, Secret},
        names,
        unwrap::{setting, Setting},
    },
    Format, Knows, Reads, Sink,
};

pub(super) static ENV: Format = Format {
    word: "env",
    name: ".env",
    help: ".env: variables whose names say that they hold a credential",
    knows: Knows::Start(is_env),
    reads: Reads::Lines(line),
    way_out: "",
    nothing: "",
};

/// Two assignments or more, and hardly anything else.
fn is_env(start: &[u8]) -> bool {
    let lines = start.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with(b"#"));
    let (mut all, mut settings) = (0, 0);
    for line in lines {
        all += 1;
        settings += usize::from(setting(line).is_some());
    }
    settings > 1 && settings * 10 >= all * 8
}

fn line(text: &[u8], line: u64, sink: Sink<'_>) {
    let text = text.trim_ascii();
    if text.is_empty() || text.starts_with(b"#") {
        return;
    }
    let Some(Setting { name, value }) = setting(text) else {
        return sink(Finding::of(line, Secret::Unreadable));
    };
    let is_address = memchr::memmem::find(value, b"://").is_some();
    let taken = names::is_credential(name) || names::is_credential_value(value) || is_address;
    // With its name: what is taken off is told, and what an address has in it is found.
    let secret = if taken && !value.is_empty() { Secret::Text(text) } else { Secret::Unnamed };
    let rule = std::str::from_utf8(name).unwrap_or("");
    sink(Finding { rule, ..Finding::of(line, secret) });
}
