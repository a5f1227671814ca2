//! The claims of a JWT that entries name: `iss`, `jti`, `sub` and `iat` (RFC 7519, section 4.1).
//!
//! Of a claim that is there twice, readers take the first or the last: every one counts here.

use tokenban_parse::{
    json::{self, Kind},
    shrink,
};

/// The values of one payload, in memory that is used again for the next.
#[derive(Debug, Default)]
pub(super) struct Claims {
    bytes: Vec<u8>,
    found: Vec<(Claim, usize, usize)>,
    text: Vec<u8>,
    name: Vec<u8>,
    value: Vec<u8>,
}

/// Which claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// `jti`
    Id,
    /// `iat`
    IssuedAt,
    /// `iss`
    Issuer,
    /// `sub`
    Subject,
}

impl Claims {
    /// Reads the decoded payload.
    pub(super) fn read(&mut self, payload: &[u8]) {
        let Claims { bytes, found, text, name, value } = self;
        bytes.clear();
        found.clear();
        json::object(json::transcode(payload, text), name, &mut |name, member| {
            let Some(claim) = Claim::named(name) else { return };
            let is_null = member.kind == Kind::Scalar && member.raw == b"null";
            let value = if is_null { b"" } else { member.value(value) };
            let start = bytes.len();
            bytes.extend_from_slice(value);
            found.push((claim, start, bytes.len()));
        });
    }

    /// Gives back what only a large payload needed.
    pub(super) fn shrink(&mut self) {
        shrink(&mut self.found);
        let Claims { bytes, text, name, value, .. } = self;
        [bytes, text, name, value].into_iter().for_each(shrink);
    }

    /// Every issuer; the empty one where there is none.
    pub(super) fn issuers(&self) -> impl Iterator<Item = &[u8]> + Clone {
        let none = !self.found.iter().any(|(claim, ..)| *claim == Claim::Issuer);
        self.all(Claim::Issuer).chain(none.then_some(&[][..]))
    }

    /// Every value of a claim that is not empty or `null`.
    pub(super) fn named(&self, claim: Claim) -> impl Iterator<Item = &[u8]> + Clone {
        self.all(claim).filter(|value| !value.is_empty())
    }

    /// Whether the token may have been issued before a Unix second: when it does not say, or says
    /// what is no number, it counts as issued before.
    pub(super) fn may_be_issued_before(&self, second: u64) -> bool {
        let mut times = self.all(Claim::IssuedAt).map(number).peekable();
        times.peek().is_none() || times.any(|time| time.is_none_or(|time| time < second as f64))
    }

    fn all(&self, claim: Claim) -> impl Iterator<Item = &[u8]> + Clone {
        let found = self.found.iter().filter(move |(other, ..)| *other == claim);
        found.filter_map(|(_, start, end)| self.bytes.get(*start..*end))
    }
}

impl Claim {
    fn named(name: &[u8]) -> Option<Claim> {
        match name {
            b"iat" => Some(Claim::IssuedAt),
            b"iss" => Some(Claim::Issuer),
            b"jti" => Some(Claim::Id),
            b"sub" => Some(Claim::Subject),
            _ => None,
        }
    }
}

/// A NumericDate, which may have a fraction (RFC 7519, section 2).
fn number(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(payload: &str) -> Claims {
        let mut claims = Claims::default();
        claims.read(b"{\"iss\":\"of the one before\",\"sub\":\"x\",\"iat\":1}");
        claims.read(payload.as_bytes());
        claims
    }

    #[test]
    fn every_value_counts() {
        let claims =
            claims(r#"{"iss":"a","jti":"\u0031","iss":null,"jti":2,"sub":null,"x":{"jti":3}}"#);
        assert_eq!(claims.issuers().collect::<Vec<_>>(), [&b"a"[..], b""]);
        assert_eq!(claims.named(Claim::Id).collect::<Vec<_>>(), [b"1", b"2"]);
        assert_eq!(claims.named(Claim::Subject).count(), 0);
    }

    #[test]
    fn a_missing_issuer_is_the_empty_one() {
        assert_eq!(claims("{}").issuers().collect::<Vec<_>>(), [b""]);
    }

    #[test]
    fn the_time_of_issue() {
        for (payload, before) in [
            (r#"{"iat":99}"#, true),
            (r#"{"iat":99.5}"#, true),
            (r#"{"iat":100}"#, false),
            (r#"{"iat":1e2}"#, false),
            (r#"{"iat":"101"}"#, false),
            (r#"{"iat":101,"iat":99}"#, true),
            (r#"{"iat":-1}"#, true),
            (r#"{"iat":1e999}"#, true),
            (r#"{"iat":null}"#, true),
            (r#"{"iat":"yesterday"}"#, true),
            (r#"{"iat":[101]}"#, true),
            ("{}", true),
        ] {
            assert_eq!(claims(payload).may_be_issued_before(100), before, "{payload}");
        }
    }
}
