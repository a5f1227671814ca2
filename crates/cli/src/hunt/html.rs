//! The report of a hunt as one page for the incident's file: no network, no script, everything escaped.

use std::fmt::{self, Write};

use super::{
    report::hex,
    uses::{Hunt, Use},
    wanted::Token,
};
use crate::time;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:1rem auto;padding:0 1rem}\
table{border-collapse:collapse}th,td{padding:.2rem .8rem .2rem 0;text-align:left;border-bottom:1px solid #ccc;vertical-align:top}\
svg{width:100%;height:7rem;border-bottom:1px solid #888}rect{fill:#b42318}line{stroke:#1b1f24;stroke-dasharray:4}code{font-size:.9em}";

/// The page. `made` is a Unix second.
pub(crate) fn page(hunt: &Hunt, title: &str, logs: &[String], made: u64) -> String {
    let mut page = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut page, hunt, title, logs, made);
    page
}

fn write(page: &mut String, hunt: &Hunt, title: &str, logs: &[String], made: u64) -> fmt::Result {
    let title = Escaped(title);
    write!(
        page,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title><style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n"
    )?;
    let used = hunt.used();
    writeln!(
        page,
        "<p>{} of {} tokens were used. Made {}.</p>",
        used.len(),
        hunt.wanted.len(),
        time::shown(made)
    )?;
    coverage(page, hunt, logs)?;
    for (token, of) in used {
        section(page, hunt, token, of)?;
    }
    page.write_str("</body></html>\n")
}

fn coverage(page: &mut String, hunt: &Hunt, logs: &[String]) -> fmt::Result {
    let span = &hunt.span;
    if let Some((from, to)) = span.ends() {
        writeln!(
            page,
            "<p>Logs: {} lines from {} to {}.</p>",
            span.lines,
            time::shown(from),
            time::shown(to)
        )?;
    }
    page.write_str("<ul>\n")?;
    for name in logs {
        writeln!(page, "<li><code>{}</code></li>", Escaped(name))?;
    }
    for (from, to) in span.gaps() {
        writeln!(
            page,
            "<li>Nothing was logged from {} to {}.</li>",
            time::shown(from),
            time::shown(to)
        )?;
    }
    if span.timeless + hunt.broken + hunt.not_kept > 0 {
        writeln!(
            page,
            "<li>{} lines without a time, {} with a use that could not be read, {} uses not kept.</li>",
            span.timeless, hunt.broken, hunt.not_kept
        )?;
    }
    page.write_str("</ul>\n")
}

fn section(page: &mut String, hunt: &Hunt, token: Token, of: &Use) -> fmt::Result {
    let [list, reason] = hunt.wanted.label_of(token).map(Escaped);
    let shown = |second: Option<u64>| second.map_or_else(|| "never".to_owned(), time::shown);
    write!(
        page,
        "<h2><code>{}</code></h2>\n<p>List {list}, reason {reason}. Banned {}. Used from {} to {}: {} times before the \
         ban, {} times after it.</p>\n",
        hex(token.fingerprint),
        shown(token.banned.map(u64::from)),
        shown(of.first),
        shown(of.last),
        of.before,
        of.after
    )?;
    timeline(page, hunt, token, of)?;
    page.write_str("<table><tr><th>Client</th><th>Uses</th><th>User agents</th></tr>\n")?;
    for (name, client) in &of.clients {
        let agents: Vec<&str> = client.agents.iter().map(String::as_str).collect();
        let agents = agents.join(", ");
        writeln!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            Escaped(name),
            client.uses,
            Escaped(&agents)
        )?;
    }
    page.write_str("</table>\n<table><tr><th>Endpoint</th><th>Uses</th></tr>\n")?;
    for (endpoint, uses) in &of.endpoints {
        writeln!(page, "<tr><td>{}</td><td>{uses}</td></tr>", Escaped(endpoint))?;
    }
    page.write_str("</table>\n")
}

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 100.0;

/// Uses over the time of the logs, by the hour; a line where the ban is.
fn timeline(page: &mut String, hunt: &Hunt, token: Token, of: &Use) -> fmt::Result {
    let Some((from, to)) = hunt.span.ends() else { return Ok(()) };
    let (first, hours) = (from / 3600, (to / 3600 - from / 3600 + 1) as f64);
    let most = of.hours.values().max().copied().unwrap_or(1) as f64;
    write!(
        page,
        "<svg role=\"img\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\"><title>Uses by the hour, at most \
         {most}, from {} to {}</title>",
        time::shown(from),
        time::shown(to)
    )?;
    let place = |hour: u64| hour.saturating_sub(first) as f64 / hours * WIDTH;
    for (hour, uses) in &of.hours {
        let height = (*uses as f64 / most * HEIGHT).max(2.0);
        let (x, y, width) = (place(*hour), HEIGHT - height, (WIDTH / hours).max(2.0));
        write!(
            page,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
        )?;
    }
    if let Some(banned) = token.banned.map(u64::from).filter(|banned| (from..=to).contains(banned))
    {
        let x = (banned - first * 3600) as f64 / 3600.0 / hours * WIDTH;
        write!(page, "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"0\" y2=\"{HEIGHT}\"><title>The ban</title></line>")?;
    }
    page.write_str("</svg>\n")
}

/// Text of clients and reports: never markup.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|sign| match sign {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            sign if sign.is_control() => f.write_char('\u{fffd}'),
            sign => f.write_char(sign),
        })
    }
}
