//! One line of a log: JSON of one object a line, or words and quoted fields as NGINX's `combined`.
//!
//! Which fingerprints a line has is found without parsing it: most lines have none that is looked for.
//! In JSON they stand in members whose name ends in `credentials` or `fingerprint`; a client's own text
//! cannot make such a member, since the log escapes its quotes. Elsewhere they are quoted fields behind
//! the request and what the client says of itself.

use std::{borrow::Cow, sync::LazyLock};

use memchr::{memchr, memchr_iter, memmem, memmem::Finder};
use serde_json::{Map, Value};
use tokenban_metrics::template;

use super::clock;

/// The ends of members with fingerprints.
static NAMES: LazyLock<[Finder<'static>; 2]> =
    LazyLock::new(|| ["credentials\"", "fingerprint\""].map(Finder::new));

/// Members with the time of a request, the most usual first.
static TIMES: LazyLock<[Finder<'static>; 5]> = LazyLock::new(|| {
    ["\"time\"", "\"@timestamp\"", "\"timestamp\"", "\"time_local\"", "\"time_iso8601\""]
        .map(Finder::new)
});

/// A line without its end.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a>(pub(crate) &'a [u8]);

/// What became of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Denied,
    Monitored,
    Passed,
    /// The log does not say.
    Unknown,
}

impl Verdict {
    pub(super) fn word(self) -> &'static str {
        match self {
            Verdict::Denied => "denied",
            Verdict::Monitored => "monitored",
            Verdict::Passed => "passed",
            Verdict::Unknown => "unknown",
        }
    }
}

/// What a line tells of the request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told<'a> {
    pub(super) client: Cow<'a, str>,
    pub(super) agent: Cow<'a, str>,
    pub(super) method: Cow<'a, str>,
    pub(super) path: Cow<'a, str>,
    pub(super) status: u16,
    pub(super) verdict: Verdict,
}

impl Told<'_> {
    /// The method, and the path without its ids.
    pub(super) fn endpoint(&self) -> String {
        format!("{} {}", self.method, template(self.path.as_bytes()))
    }
}

impl<'a> Line<'a> {
    fn is_json(self) -> bool {
        self.0.first() == Some(&b'{')
    }

    /// When the request was, as a Unix second.
    pub(super) fn time(self) -> Option<u64> {
        if self.is_json() {
            return TIMES.iter().find_map(|name| clock::read(member(self.0, name)?));
        }
        let bracketed = memchr(b'[', self.0).and_then(|at| clock::read(&self.0[at + 1..]));
        bracketed.or_else(|| clock::read(self.0))
    }

    /// Calls for each fingerprint of the line; one may come twice.
    pub(super) fn fingerprints(self, each: &mut dyn FnMut(u64)) {
        if self.is_json() {
            for name in &*NAMES {
                for at in name.find_iter(self.0) {
                    let value = value_behind(&self.0[at + name.needle().len()..]);
                    value.into_iter().for_each(|text| list(text, each));
                }
            }
            return;
        }
        let quoted = quoted(self.0);
        // The request, and of `combined` also the referrer and the agent, are what the client wrote.
        let from = quoted.len().saturating_sub(1).min(3);
        quoted.iter().skip(from).for_each(|text| list(text, each));
    }

    /// The rest, for lines that are worth it.
    pub(super) fn told(self) -> Option<Told<'a>> {
        match self.is_json() {
            true => json(self.0),
            false => words(self.0),
        }
    }
}

/// The text of a JSON member that is a string, to the end of the line.
fn member<'a>(line: &'a [u8], name: &Finder<'_>) -> Option<&'a [u8]> {
    value_start(&line[name.find(line)? + name.needle().len()..])
}

fn value_behind(rest: &[u8]) -> Option<&[u8]> {
    let text = value_start(rest)?;
    memchr(b'"', text).map(|end| &text[..end])
}

fn value_start(rest: &[u8]) -> Option<&[u8]> {
    let rest = rest.trim_ascii_start().strip_prefix(b":")?;
    rest.trim_ascii_start().strip_prefix(b"\"")
}

/// Fingerprints separated by commas, and nothing else.
fn list(text: &[u8], each: &mut dyn FnMut(u64)) {
    for word in text.split(|byte| matches!(byte, b',' | b' ')) {
        if let Some(fingerprint) = fingerprint(word) {
            each(fingerprint);
        }
    }
}

/// 16 hex digits.
pub(super) fn fingerprint(word: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(word).ok().filter(|text| text.len() == 16)?;
    text.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u64::from_str_radix(text, 16).ok())?
}

/// The quoted fields: NGINX writes a quote inside of one as `\x22`.
fn quoted(line: &[u8]) -> Vec<&[u8]> {
    let quotes: Vec<usize> = memchr_iter(b'"', line).filter(|at| !is_escaped(line, *at)).collect();
    quotes.chunks_exact(2).map(|pair| &line[pair[0] + 1..pair[1]]).collect()
}

/// Some servers write `\"`.
fn is_escaped(line: &[u8], at: usize) -> bool {
    line[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

fn words(line: &[u8]) -> Option<Told<'_>> {
    let text = String::from_utf8_lossy;
    let quoted = quoted(line);
    let request = *quoted.first()?;
    let mut parts = request.split(|byte| *byte == b' ');
    let (method, target) = (parts.next()?, parts.next().unwrap_or_default());
    let path = target.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or_default();
    let client = line.split(|byte| *byte == b' ').next()?;
    let own = quoted.len().saturating_sub(1).min(3);
    let agent = quoted.get(1..own.max(1)).and_then(|said| said.last()).copied().unwrap_or_default();
    Some(Told {
        client: text(client),
        agent: text(agent),
        method: text(method),
        path: text(path),
        status: status(line, request),
        verdict: verdict_word(line, &quoted[own.min(quoted.len())..]),
    })
}

/// The first number of three digits behind the request.
fn status(line: &[u8], request: &[u8]) -> u16 {
    let end = memmem::find(line, request).map_or(0, |at| at + request.len());
    let mut words = line[end..].split(|byte| matches!(byte, b' ' | b'"'));
    let status = words.find_map(|word| {
        std::str::from_utf8(word).ok().filter(|word| word.len() == 3)?.parse().ok()
    });
    status.unwrap_or_default()
}

/// A word of `$tokenban_status`: outside of what the client wrote.
fn verdict_word(line: &[u8], ours: &[&[u8]]) -> Verdict {
    let end = line.iter().rposition(|byte| *byte == b'"').map_or(0, |at| at + 1);
    let words = ours.iter().copied().chain(line[end..].split(|byte| *byte == b' '));
    words.map(verdict).find(|verdict| *verdict != Verdict::Unknown).unwrap_or(Verdict::Unknown)
}

fn verdict(word: &[u8]) -> Verdict {
    match word.trim_ascii() {
        b"DENIED" => Verdict::Denied,
        b"MONITORED" => Verdict::Monitored,
        b"PASSED" => Verdict::Passed,
        _ => Verdict::Unknown,
    }
}

/// Our own names, and those of the Elastic Common Schema, flat or nested.
fn json(line: &[u8]) -> Option<Told<'static>> {
    let document: Map<String, Value> = serde_json::from_slice(line).ok()?;
    let text = |names: &[&str]| {
        let scalar = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let found = names.iter().find_map(|name| scalar(find(&document, name)?));
        Cow::<str>::Owned(found.unwrap_or_default())
    };
    let path = text(&["path", "uri", "url.path"]);
    let path = path.split(['?', '#']).next().unwrap_or_default().to_owned();
    Some(Told {
        client: text(&["client", "remote_addr", "client.ip", "source.ip", "client.address"]),
        agent: text(&["agent", "http_user_agent", "user_agent", "user_agent.original"]),
        method: text(&["method", "request_method", "http.request.method"]),
        path: path.into(),
        status: text(&["status", "http.response.status_code"]).parse().unwrap_or_default(),
        verdict: verdict(text(&["decision", "tokenban_status", "tokenban.decision"]).as_bytes()),
    })
}

fn find<'d>(document: &'d Map<String, Value>, name: &str) -> Option<&'d Value> {
    document.get(name).or_else(|| {
        let (first, rest) = name.split_once('.')?;
        find(document.get(first)?.as_object()?, rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<u64> {
        let mut found = Vec::new();
        Line(line.as_bytes()).fingerprints(&mut |fingerprint| found.push(fingerprint));
        found
    }

    const JSON: &str = r#"{"time":"2026-11-26T09:00:00+01:00","client":"192.0.2.1","method":"GET","path":"/v1/me","agent":"curl \"credentials\":\"1111111111111111\"","status":403,"decision":"DENIED","fingerprint":"00000000000000ab","credentials":"00000000000000ab,00000000000000CD"}"#;
    const COMBINED: &str = r#"192.0.2.1 - - [26/Nov/2026:09:00:00 +0100] "GET /v1/me?x=1 HTTP/1.1" 403 153 "-" "1111111111111111" "00000000000000ab,00000000000000cd" DENIED"#;
    const SHORT: &str =
        r#"192.0.2.1 [2026-11-26T08:00:00Z] "GET /v1/me" 200 "curl/8" "00000000000000ab""#;

    #[test]
    fn fingerprints_are_not_what_the_client_wrote() {
        assert_eq!(found(JSON), [0xab, 0xcd, 0xab]);
        assert_eq!(found(COMBINED), [0xab, 0xcd]);
        assert_eq!(found(SHORT), [0xab]);
        assert_eq!(found(r#"{"tokenban.credentials" : "00000000000000ab"}"#), [0xab]);
        assert_eq!(found(r#"{"credentials":""}"#).len(), 0);
        assert_eq!(found("nothing of the kind").len(), 0);
        assert_eq!(found(r#"{"credentials":"00000000000000"#).len(), 0, "cut off");
    }

    #[test]
    fn lines_tell_of_their_request() {
        let told = |agent: &'static str, status, verdict| Told {
            client: "192.0.2.1".into(),
            agent: agent.into(),
            method: "GET".into(),
            path: "/v1/me".into(),
            status,
            verdict,
        };
        let agent = r#"curl "credentials":"1111111111111111""#;
        for (line, expected) in [
            (JSON, told(agent, 403, Verdict::Denied)),
            (COMBINED, told("1111111111111111", 403, Verdict::Denied)),
            (SHORT, told("curl/8", 200, Verdict::Unknown)),
        ] {
            assert_eq!(Line(line.as_bytes()).told(), Some(expected), "{line}");
            assert_eq!(Line(line.as_bytes()).time(), Some(1_795_680_000), "{line}");
        }
        let ecs = r#"{"@timestamp":"2026-11-26T08:00:00Z","client":{"ip":"192.0.2.1"},"user_agent.original":"curl/8","http":{"request":{"method":"GET"},"response":{"status_code":200}},"url.path":"/v1/me","tokenban":{"decision":"PASSED"}}"#;
        assert_eq!(Line(ecs.as_bytes()).told(), Some(told("curl/8", 200, Verdict::Passed)));
        assert_eq!(Line(b"{\"time\":\"2026-11-2").told(), None, "cut off");
    }
}
