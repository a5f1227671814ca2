//! Requests that a browser recorded: HTTP Archive 1.2.

use std::error::Error;

use serde::Deserialize;
use tokenban_engine::{example::Example, request::OwnedRequest};

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
    #[serde(default)]
    params: Vec<Pair>,
}

/// The requests of a HAR, in order. HTTP/2's `:authority` and the like are what the URL says.
pub(crate) fn requests(bytes: &[u8]) -> Result<Vec<OwnedRequest>, Box<dyn Error>> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let har: Har = serde_json::from_slice(text).map_err(|error| format!("not a HAR: {error}"))?;
    Ok(har.log.entries.into_iter().map(|entry| request(entry.request)).collect())
}

fn request(recorded: Recorded) -> OwnedRequest {
    let lines = recorded.headers.into_iter().filter(|line| !line.name.starts_with(':'));
    let mut headers: Vec<_> = lines.map(|line| (line.name, line.value)).collect();
    let body = recorded.post_data.map(|data| {
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            headers.push(("Content-Type".to_owned(), data.mime_type.clone()));
        }
        data.text.unwrap_or_else(|| form(&data.params))
    });
    let (cookies, query) = (Vec::new(), Vec::new());
    let (method, uri) = (recorded.method, recorded.url);
    let mut request = Example { method, uri, headers, cookies, query, body }.request();
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
        let found = requests(har).unwrap();
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
    fn what_is_no_har_is_refused() {
        assert!(requests(b"{}").unwrap_err().to_string().starts_with("not a HAR: "));
    }
}
