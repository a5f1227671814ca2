//! What GitHub's credential revocation API takes: `POST /credentials/revoke` with
//! `{"credentials": […]}`, the tokens in clear, at most a thousand of them a request (REST API
//! reference, «Revoke a list of credentials», as extended in March 2026).

use std::io::{self, Write};

/// The kinds that the API revokes: classic and fine-grained personal access tokens, those of OAuth
/// apps, and user and refresh tokens of GitHub Apps. Installation tokens (`ghs_`) live an hour and
/// are not taken.
const PREFIXES: [&str; 5] = ["ghp_", "github_pat_", "gho_", "ghu_", "ghr_"];

/// The most credentials of one request.
const MOST: usize = 1000;

/// Writes the bodies of requests, one a line.
pub(crate) struct Requests<'a> {
    out: &'a mut dyn Write,
    held: Vec<String>,
    /// Credentials written so far.
    pub(crate) credentials: usize,
    /// Requests written so far.
    pub(crate) requests: usize,
}

impl<'a> Requests<'a> {
    /// Writes to `out`.
    pub(crate) fn new(out: &'a mut dyn Write) -> Requests<'a> {
        Requests { out, held: Vec::new(), credentials: 0, requests: 0 }
    }

    /// Adds a token; whether the API takes its kind.
    pub(crate) fn add(&mut self, token: &[u8]) -> io::Result<bool> {
        let Some(token) = credential(token) else { return Ok(false) };
        self.held.push(token.to_owned());
        if self.held.len() == MOST {
            self.flush()?;
        }
        Ok(true)
    }

    /// Writes what is left.
    pub(crate) fn finish(mut self) -> io::Result<(usize, usize)> {
        self.flush()?;
        Ok((self.credentials, self.requests))
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let body = serde_json::json!({ "credentials": self.held });
        writeln!(self.out, "{body}")?;
        self.credentials += self.held.len();
        self.requests += 1;
        self.held.clear();
        Ok(())
    }
}

/// The token, if it is of a kind that the API takes.
fn credential(token: &[u8]) -> Option<&str> {
    let token = std::str::from_utf8(token).ok()?;
    let rest = PREFIXES.iter().find_map(|prefix| token.strip_prefix(prefix))?;
    rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_a_request() {
        let mut out = Vec::new();
        let mut requests = Requests::new(&mut out);
        for number in 0..1001 {
            assert!(requests.add(format!("{}_fake{number}", "ghp").as_bytes()).unwrap());
        }
        assert!(!requests.add(b"ghs_fake").unwrap());
        assert!(!requests.add(b"ghp_fake.token").unwrap());
        assert_eq!(requests.finish().unwrap(), (1001, 2));
        let bodies: Vec<serde_json::Value> = String::from_utf8(out)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(bodies[0]["credentials"].as_array().unwrap().len(), 1000);
        assert_eq!(bodies[1]["credentials"], serde_json::json!(["ghp_fake1000"]));
    }
}
