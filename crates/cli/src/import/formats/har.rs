//! HTTP Archive 1.2, as browsers record it: cookies, headers, arguments and bodies of requests and
//! answers. In 2023 sessions of Okta's customers were taken over with HAR files of its support.

use serde_json::Value;

use super::{
    super::{finding::Finding, json::Step},
    http::Recorded,
    json_shape::{at, each, first_text, text},
    Findings, Format, Knows, Reads, Sink,
};

pub(super) static HAR: Format = Format {
    word: "har",
    name: "HAR",
    help: "HAR: cookies, headers, arguments and bodies that a browser recorded",
    knows: Knows::Json(&[
        &["log.entries.request"],
        &["log.entries", "log.creator"],
        &["log.entries", "log.version"],
    ]),
    reads: Reads::Json {
        path: &[Step::Key("log"), Step::Key("entries"), Step::Each],
        keep: &[],
        findings: Findings::With(entry),
    },
    way_out: "export it with sensitive data",
    nothing:
        "no cookie, Authorization header or token in it: it was sanitised, as Chrome does unless \
              told otherwise; export it with sensitive data",
};

fn entry(entry: &Value, blank: Finding<'_>, sink: Sink<'_>) {
    let Some(request) = entry.get("request") else { return };
    let url = first_text(entry, &["request.url"]);
    // Host and path tell which request it was; the query may be the secret.
    let link = url.split(['?', '#']).next().filter(|link| !link.contains('@')).unwrap_or("");
    let mut recorded = Recorded { blank: Finding { link, ..blank }, sink };
    recorded.address(url);
    for list in ["headers", "queryString"] {
        for (name, value) in Recorded::named(request, list, "name") {
            match list {
                "headers" => recorded.header(name, value),
                _ => recorded.field(name, value),
            }
        }
    }
    cookies(request, &mut recorded);
    if let Some(data) = request.get("postData") {
        recorded.body(text(data, "text"), text(data, "encoding") == "base64");
        for (name, value) in Recorded::named(data, "params", "name") {
            recorded.field(name, value);
        }
    }
    answer(entry, &mut recorded);
}

/// What the server gave away: cookies and tokens.
fn answer(entry: &Value, recorded: &mut Recorded<'_, '_>) {
    let Some(response) = entry.get("response") else { return };
    for (name, value) in Recorded::named(response, "headers", "name") {
        recorded.header(name, value);
    }
    cookies(response, recorded);
    recorded.address(text(response, "redirectURL"));
    let content = first_text(response, &["content.text"]);
    recorded.body(content, first_text(response, &["content.encoding"]) == "base64");
}

fn cookies(message: &Value, recorded: &mut Recorded<'_, '_>) {
    // The header has them already.
    let in_header = each(message, "headers").any(|line| {
        ["cookie", "set-cookie"].contains(&text(line, "name").to_ascii_lowercase().as_str())
    });
    for cookie in each(message, "cookies").filter(|_| !in_header) {
        let http_only = at(cookie, "httpOnly").and_then(Value::as_bool).unwrap_or(false);
        recorded.cookie(text(cookie, "name"), text(cookie, "value"), http_only);
    }
}
