//! Examples: the requests that a rule ships as its evidence.

/// The examples of a rule.
#[derive(Clone, Debug, Default)]
pub struct Examples {
    /// Requests that the rule must deny.
    pub deny: Vec<Example>,
    /// Requests that the rule must let pass.
    pub pass: Vec<Example>,
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
