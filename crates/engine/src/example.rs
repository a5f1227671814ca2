//! Examples: the requests that a rule ships as its evidence.

use crate::{request::OwnedRequest, token::TokenEntry};

/// The examples of a rule.
#[derive(Clone, Debug, Default)]
pub struct Examples {
    /// Requests that the rule must deny.
    pub deny: Vec<Example>,
    /// Requests that the rule must let pass.
    pub pass: Vec<Example>,
    /// Tokens that are on all denylists of the rule while its examples are run.
    pub banned: Vec<TokenEntry>,
}

/// One request, described by what matters of it.
#[derive(Clone, Debug)]
pub struct Example {
    /// The method; `GET` unless written, `POST` with a body.
    pub method: String,
    /// Path and query, with scheme and host where they matter; `/` unless written.
    pub uri: String,
    /// Header lines.
    pub headers: Vec<(String, String)>,
    /// Cookies, sent as one `Cookie` line.
    pub cookies: Vec<(String, String)>,
    /// Arguments, percent-encoded and added to those of the URI.
    pub query: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
}

impl Example {
    /// The request that is described. Cookies are sent as written, arguments percent-encoded.
    pub fn request(&self) -> OwnedRequest {
        let (scheme, host, target) = split(&self.uri);
        let mut target = target.to_owned();
        for (name, value) in &self.query {
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(&format!("{}={}", encode(name), encode(value)));
        }
        let mut request = OwnedRequest::new(&self.method, target.as_bytes());
        request.scheme = scheme.into();
        let mut add = |name: &str, value: &str| request.headers.push((name.into(), value.into()));
        if let Some(host) = host.filter(|_| !self.has_header("host")) {
            add("Host", host);
        }
        self.headers.iter().for_each(|(name, value)| add(name, value));
        if !self.cookies.is_empty() {
            let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
            add("Cookie", &cookies.collect::<Vec<_>>().join("; "));
        }
        let sent = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
        request.host = bare_host(sent.map_or(host.unwrap_or("localhost"), |(_, value)| value));
        request.body = self.body.clone().unwrap_or_default().into_bytes();
        request
    }

    fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name))
    }
}

/// Scheme, host and target of a URI that may begin with its path.
fn split(uri: &str) -> (&str, Option<&str>, &str) {
    let Some((scheme, rest)) = uri.split_once("://").filter(|_| !uri.starts_with('/')) else {
        return ("http", None, if uri.is_empty() { "/" } else { uri });
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, target) = rest.split_at(end);
    (scheme, Some(host), if target.is_empty() { "/" } else { target })
}

/// Lower case, without port, as NGINX routes on it.
fn bare_host(host: &str) -> Vec<u8> {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name.trim_end_matches('.').to_ascii_lowercase().into_bytes()
}

fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_is_a_whole_request() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let example = Example {
            method: "POST".to_owned(),
            uri: "https://API.example.com.:8443/v1/../v2?x=1".to_owned(),
            headers: vec![pair("Authorization", "Bearer fake"), pair("X-A", "1")],
            cookies: vec![pair("a", "1"), pair("b", "\"2\"")],
            query: vec![pair("q", "a b&c")],
            body: Some("{}".to_owned()),
        };
        let request = example.request();
        assert_eq!(request.host, b"api.example.com");
        assert_eq!(request.path, b"/v2");
        assert_eq!(request.args, b"x=1&q=a%20b%26c");
        assert_eq!(request.scheme, b"https");
        let headers: Vec<_> = request.headers.iter().map(|(name, _)| name.as_slice()).collect();
        assert_eq!(headers, [&b"Host"[..], b"Authorization", b"X-A", b"Cookie"]);
        assert_eq!(request.headers[3].1, b"a=1; b=\"2\"");
        assert_eq!(request.body, b"{}");
    }

    #[test]
    fn the_host_header_decides() {
        let example = Example {
            method: "GET".to_owned(),
            uri: "/".to_owned(),
            headers: vec![("host".to_owned(), "Example.com:80".to_owned())],
            cookies: Vec::new(),
            query: Vec::new(),
            body: None,
        };
        assert_eq!(example.request().host, b"example.com");
    }
}
