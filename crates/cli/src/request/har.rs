//! Requests that a browser recorded: HTTP Archive 1.2.

use std::error::Error;

use base64::{engine::general_purpose::STANDARD, Engine};
use serde::Deserialize;
use tokenban_engine::{example::Example, request::OwnedRequest};

use crate::import::Mended;

#[derive(Deserialize)]
struct Har {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    request: Recorded,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recorded {
    method: String,
    url: String,
    #[serde(default)]
    http_version: String,
    #[serde(default)]
    headers: Vec<Pair>,
    #[serde(default)]
    cookies: Vec<Pair>,
    #[serde(default)]
    query_string: Vec<Pair>,
    post_data: Option<PostData>,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostData {
    #[serde(default)]
    mime_type: String,
    text: Option<String>,
    /// `base64` where the body is no text (Firefox, mitmproxy).
    #[serde(default)]
    encoding: String,
    #[serde(default)]
    params: Vec<Pair>,
}

/// What a HAR holds.
pub(crate) struct Recording {
    /// The requests, in order. HTTP/2's `:authority` and the like are what the URL says.
    pub(crate) requests: Vec<OwnedRequest>,
    /// No request has a cookie or an `Authorization` header: browsers leave them out unless they are
    /// told otherwise (Chrome 130: «Export HAR (sanitized)»).
    pub(crate) is_sanitised: bool,
}

/// The requests of a HAR.
pub(crate) fn requests(bytes: &[u8]) -> Result<Recording, Box<dyn Error>> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let har: Har = serde_json::from_reader(Mended::new(text)).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!("not a HAR: damaged or of another form at line {line}, column {column}")
    })?;
    let is_sanitised = !har.log.entries.iter().any(|entry| entry.request.has_credentials());
    let requests = har.log.entries.into_iter().map(|entry| request(entry.request)).collect();
    Ok(Recording { requests, is_sanitised })
}

impl Recorded {
    fn has_credentials(&self) -> bool {
        let is = |line: &Pair| {
            line.name.eq_ignore_ascii_case("cookie")
                || line.name.eq_ignore_ascii_case("authorization")
        };
        !self.cookies.is_empty() || self.headers.iter().any(is)
    }

    /// Those cookies that no header line has.
    fn other_cookies(&self) -> Vec<(String, String)> {
        let has_header = self.headers.iter().any(|line| line.name.eq_ignore_ascii_case("cookie"));
        let cookies = self.cookies.iter().filter(|_| !has_header);
        cookies.map(|pair| (pair.name.clone(), pair.value.clone())).collect()
    }

    /// Those arguments whose name is not in the URL.
    fn other_arguments(&self) -> Vec<(String, String)> {
        let query = self.url.split_once('?').map_or("", |(_, query)| query);
        let decode = |text: &str| {
            percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
        };
        let names: Vec<String> = query
            .split(['&', '#'])
            .map(|pair| decode(pair.split('=').next().unwrap_or("")))
            .collect();
        let arguments =
            self.query_string.iter().filter(|pair| !names.contains(&decode(&pair.name)));
        arguments.map(|pair| (pair.name.clone(), pair.value.clone())).collect()
    }
}

impl PostData {
    fn body(&self) -> Vec<u8> {
        let Some(text) = &self.text else { return form(&self.params).into_bytes() };
        match (self.encoding.as_str(), STANDARD.decode(text)) {
            ("base64", Ok(bytes)) => bytes,
            _ => text.clone().into_bytes(),
        }
    }
}

fn request(recorded: Recorded) -> OwnedRequest {
    let (cookies, query) = (recorded.other_cookies(), recorded.other_arguments());
    let lines = recorded.headers.into_iter().filter(|line| !line.name.starts_with(':'));
    let mut headers: Vec<_> = lines.map(|line| (line.name, line.value)).collect();
    if let Some(data) = &recorded.post_data {
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            headers.push(("Content-Type".to_owned(), data.mime_type.clone()));
        }
    }
    let (method, uri) = (recorded.method, recorded.url);
    let mut request = Example { method, uri, headers, cookies, query, body: None }.request();
    request.body = recorded.post_data.map(|data| data.body()).unwrap_or_default();
    if !recorded.http_version.is_empty() {
        request.protocol = recorded.http_version.to_ascii_uppercase().into_bytes();
    }
    request
}

/// Browsers that keep no text keep the fields of a form, decoded.
fn form(params: &[Pair]) -> String {
    let encode = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let fields =
        params.iter().map(|pair| format!("{}={}", encode(&pair.name), encode(&pair.value)));
    fields.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_requests_are_whole() {
        let har = br#"{"log": {"version": "1.2", "entries": [
            {"request": {"method": "POST", "url": "https://api.example.com/login?x=1",
              "httpVersion": "h2", "headers": [{"name": ":authority", "value": "api.example.com"},
              {"name": "x-a", "value": "1"}], "postData": {"mimeType": "application/json",
              "text": "{\"t\": 1}"}}, "response": {}},
            {"request": {"method": "POST", "url": "http://a/", "headers": [],
              "postData": {"mimeType": "application/x-www-form-urlencoded",
              "params": [{"name": "a b", "value": "c&d"}]}}}]}}"#;
        let found = requests(har).unwrap().requests;
        let [json, form] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (json.host.as_slice(), json.target.as_slice()),
            (&b"api.example.com"[..], &b"/login?x=1"[..])
        );
        assert_eq!(
            (json.protocol.as_slice(), json.body.as_slice()),
            (&b"H2"[..], &br#"{"t": 1}"#[..])
        );
        assert!(json.headers.iter().any(|(name, _)| name == b"Content-Type"));
        assert_eq!(form.body, b"a%20b=c%26d");
    }

    #[test]
    fn cookies_arguments_and_coded_bodies_are_part_of_it() {
        let har = br#"{"log": {"entries": [{"request": {"method": "POST",
            "url": "https://a.example/x?one=1", "headers": [],
            "cookies": [{"name": "sid", "value": "c1"}, {"name": "b", "value": "\ud800"}],
            "queryString": [{"name": "one", "value": "1"}, {"name": "two", "value": "a b"}],
            "postData": {"mimeType": "text/plain", "encoding": "base64", "text": "aGk="}}}]}}"#;
        let recording = requests(har).unwrap();
        let [one] = recording.requests.as_slice() else { panic!() };
        assert_eq!(one.target, b"/x?one=1&two=a%20b");
        let cookie = ("Cookie".into(), "sid=c1; b=\u{fffd}".into());
        assert!(one.headers.contains(&cookie), "{:?}", one.headers);
        assert_eq!(one.body, b"hi");
        assert!(!recording.is_sanitised);
    }

    #[test]
    fn a_sanitised_one_is_known() {
        let har = br#"{"log": {"entries": [{"request": {"method": "GET", "url": "https://a/",
            "headers": [{"name": "Accept", "value": "*/*"}], "cookies": []}}]}}"#;
        assert!(requests(har).unwrap().is_sanitised);
    }

    #[test]
    fn what_is_no_har_is_refused() {
        for text in [&b"{}"[..], b"s3cr3t-token", b"{\"log\": \"s3cr3t\"}"] {
            let message = requests(text).err().unwrap().to_string();
            assert!(message.starts_with("not a HAR: ") && !message.contains("s3cr3t"), "{message}");
        }
    }
}
