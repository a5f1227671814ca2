//! The claims and header parameters of a JWT that entries name, and its `iss` and `iat` (RFC 7519,
//! section 4.1).
//!
//! Of a claim that is there twice, readers take the first or the last: every one counts here. Of one
//! that is an array, such as roles, each element counts.

use tokenban_parse::{
    json::{self, Json, Kind},
    shrink,
};

use crate::bounds::CLAIM_VALUES;

use super::{
    claim::issuer,
    profile::{Sort, Wanted},
    thumbprint, Register,
};

/// The values of one JWT, in memory that is used again for the next.
#[derive(Debug, Default)]
pub(super) struct Claims {
    bytes: Vec<u8>,
    found: Vec<(usize, usize, usize)>,
    text: Vec<u8>,
    value: Vec<u8>,
    names: Vec<Vec<u8>>,
    /// Whether there were more values than are kept.
    pub(super) is_cut: bool,
}

/// What is kept beside the claims of a [`Register`], by numbers that it does not use.
pub(super) const ISSUED_AT: usize = usize::MAX;
pub(super) const ISSUER: usize = usize::MAX - 1;

impl Claims {
    /// Reads what a register names of a decoded JWT.
    pub(super) fn read(&mut self, header: &[u8], payload: &[u8], register: &Register) {
        self.bytes.clear();
        self.found.clear();
        self.is_cut = false;
        self.part(payload, register.payload());
        if !register.header().is_empty() {
            self.part(header, register.header());
        }
    }

    /// Gives back what only a large payload needed.
    pub(super) fn shrink(&mut self) {
        shrink(&mut self.found);
        let Claims { bytes, text, value, names, .. } = self;
        [bytes, text, value].into_iter().chain(names).for_each(shrink);
    }

    /// Every issuer, as they are compared.
    pub(super) fn issuers(&self) -> impl Iterator<Item = &[u8]> + Clone {
        self.all(ISSUER).map(issuer)
    }

    /// Every value of the claim with this number in the register.
    pub(super) fn values(&self, number: usize) -> impl Iterator<Item = &[u8]> + Clone {
        self.all(number).filter(|value| !value.is_empty())
    }

    /// Whether the token may have been issued before a Unix second: when it does not say, or says
    /// what is no number, it counts as issued before.
    pub(super) fn may_be_issued_before(&self, second: u64) -> bool {
        let mut times = self.all(ISSUED_AT).map(number).peekable();
        times.peek().is_none() || times.any(|time| time.is_none_or(|time| time < second as f64))
    }

    fn all(&self, number: usize) -> impl Iterator<Item = &[u8]> + Clone {
        let found = self.found.iter().filter(move |(other, ..)| *other == number);
        found.filter_map(|(_, start, end)| self.bytes.get(*start..*end))
    }

    /// Reads an object: header or payload.
    fn part(&mut self, object: &[u8], wanted: &[Wanted]) {
        let mut text = std::mem::take(&mut self.text);
        let mut name = self.names.pop().unwrap_or_default();
        json::object(json::transcode(object, &mut text), &mut name, &mut |name, member| {
            for Wanted { number, sort, path } in wanted {
                self.member(name, &member, path.as_bytes(), (*number, *sort));
            }
        });
        self.names.push(name);
        self.text = text;
    }

    /// A member that a path may lead to, or through.
    fn member(&mut self, name: &[u8], member: &Json<'_>, path: &[u8], what: (usize, Sort)) {
        if name == path {
            return self.take(member, what);
        }
        let rest = path.strip_prefix(name).and_then(|rest| rest.strip_prefix(b"."));
        let Some(rest) = rest.filter(|_| member.kind == Kind::Object) else { return };
        let mut inner = self.names.pop().unwrap_or_default();
        json::object(member.raw, &mut inner, &mut |name, member| {
            self.member(name, &member, rest, what);
        });
        self.names.push(inner);
    }

    fn take(&mut self, member: &Json<'_>, (number, sort): (usize, Sort)) {
        match (sort, member.kind) {
            (Sort::Key, Kind::Object) => thumbprint::each(member.raw, &mut |thumbprint| {
                self.keep(number, thumbprint);
            }),
            (Sort::Key, _) => {}
            (Sort::Value, Kind::Array) => {
                json::array(member.raw, &mut |_, element| self.value(number, &element));
            }
            (Sort::Value, _) => self.value(number, member),
        }
    }

    fn value(&mut self, number: usize, value: &Json<'_>) {
        // A time of issue that is `null` cannot be read; a claim that is, is not there.
        let is_null = value.kind == Kind::Scalar && value.raw == b"null";
        if !is_null || number == ISSUED_AT {
            let mut buffer = std::mem::take(&mut self.value);
            self.keep(number, value.value(&mut buffer));
            self.value = buffer;
        }
    }

    fn keep(&mut self, number: usize, value: &[u8]) {
        if self.found.len() == CLAIM_VALUES {
            self.is_cut = true;
            return;
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.found.push((number, start, self.bytes.len()));
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

    fn register(names: &[&str]) -> Register {
        let mut register = Register::default();
        names.iter().for_each(|name| assert!(register.add(name, false)));
        register
    }

    fn claims(payload: &str) -> Claims {
        let mut claims = Claims::default();
        let register = register(&["jti", "sub", "a.b", "roles", "azp"]);
        claims.read(b"", b"{\"iss\":\"of the one before\",\"sub\":\"x\",\"iat\":1}", &register);
        claims.read(b"{}", payload.as_bytes(), &register);
        claims
    }

    fn values(claims: &Claims, number: usize) -> Vec<&str> {
        claims.values(number).map(|value| std::str::from_utf8(value).unwrap()).collect()
    }

    #[test]
    fn every_value_counts() {
        let claims =
            claims(r#"{"iss":"a/","jti":"\u0031","iss":null,"jti":2,"sub":null,"x":{"jti":3}}"#);
        assert_eq!(claims.issuers().collect::<Vec<_>>(), [b"a"]);
        assert_eq!(values(&claims, 0), ["1", "2"]);
        assert_eq!(values(&claims, 1), [""; 0]);
    }

    #[test]
    fn paths_lead_into_objects_and_through_names_with_dots() {
        let claims = claims(
            r#"{"a":{"b":"1","c":{"b":"no"}},"a.b":"2","a":{"b":["3",4]},"a":"no",
                "roles":["x","y"],"client_id":"c"}"#,
        );
        assert_eq!(values(&claims, 2), ["1", "2", "3", "4"]);
        assert_eq!(values(&claims, 3), ["x", "y"]);
        assert_eq!(values(&claims, 4), ["c"]);
    }

    #[test]
    fn header_parameters_and_keys() {
        let mut claims = Claims::default();
        let jwk =
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let header = format!(r#"{{"kid":"k1","x5t":"t","jwk":{jwk}}}"#);
        let payload = format!(r#"{{"kid":"no","cnf":{{"jkt":"j","jwk":{jwk}}}}}"#);
        let register = register(&["kid", "header:x5t", "jkt"]);
        claims.read(header.as_bytes(), payload.as_bytes(), &register);
        let thumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
        assert_eq!(values(&claims, 0), ["k1"]);
        assert_eq!(values(&claims, 1), ["t"]);
        assert_eq!(values(&claims, 2), ["j", thumbprint, thumbprint]);
    }

    #[test]
    fn more_values_than_are_kept_are_told() {
        let roles = "\"x\",".repeat(CLAIM_VALUES);
        assert!(claims(&format!(r#"{{"roles":[{roles}"last"]}}"#)).is_cut);
        assert!(!claims(r#"{"roles":["x"]}"#).is_cut);
    }

    /// Objects that nest, repeat and end too early: no panic, and no more than is kept.
    #[test]
    fn hostile_texts_are_read_within_bounds() {
        let names = ["jkt", "azp", "tenant", "a.b.c.d", "header:a.b", "x5t#S256"];
        let register = register(&names);
        let mut claims = Claims::default();
        let parts = [
            "{",
            "}",
            "[",
            "]",
            "\"",
            "\"a\":",
            "\"cnf\":{",
            "\"jwk\":{",
            "\"kty\":\"EC\",",
            "\"a.b\":",
            "\"b\":",
            ",",
            "1",
            "null",
            "\u{0}",
            "\\u00",
            "\"azp\":[[",
            "\"x\":\"",
            "é",
        ];
        let mut seed = 7_u64;
        for _ in 0..5_000 {
            let mut text = String::new();
            for _ in 0..24 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                text.push_str(parts[(seed >> 33) as usize % parts.len()]);
            }
            claims.read(text.as_bytes(), text.as_bytes(), &register);
            assert!(claims.found.len() <= CLAIM_VALUES);
            assert!((0..names.len()).all(|number| claims.values(number).count() <= CLAIM_VALUES));
        }
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
            (r#"{"iat":[]}"#, true),
            ("{}", true),
        ] {
            assert_eq!(claims(payload).may_be_issued_before(100), before, "{payload}");
        }
    }
}
