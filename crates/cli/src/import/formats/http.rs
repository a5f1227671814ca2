//! What of recorded requests and answers is a credential: headers, cookies, arguments, bodies.

use base64::{engine::general_purpose::STANDARD, Engine};
use serde_json::Value;

use super::{
    super::{
        finding::{Finding, Secret},
        names,
    },
    json_shape::{each, text},
    Sink,
};

/// Hands over the credentials of what was recorded, named by where they stood.
pub(super) struct Recorded<'a, 'b> {
    pub(super) blank: Finding<'a>,
    pub(super) sink: Sink<'b>,
}

impl Recorded<'_, '_> {
    /// A header line. `Cookie` and `Set-Cookie` are lists of their own.
    pub(super) fn header(&mut self, name: &str, value: &str) {
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            "cookie" => value.split(';').for_each(|pair| self.pair(pair)),
            "set-cookie" => {
                let cookie = value.split(';').next().unwrap_or("");
                match value.to_ascii_lowercase().contains("httponly") {
                    true => {
                        self.secret(cookie.split_once('=').map_or("", |(_, value)| value), name)
                    }
                    false => self.pair(cookie),
                }
            }
            _ if names::is_credential(name.as_bytes()) => self.secret(value, name),
            _ if names::is_credential_value(value.as_bytes()) => self.secret(value, name),
            _ => {}
        }
    }

    fn pair(&mut self, pair: &str) {
        if let Some((name, value)) = pair.trim().split_once('=') {
            self.cookie(name, value, false);
        }
    }

    /// A cookie. Scripts may not read what is `HttpOnly`: hardly anything but a session is.
    pub(super) fn cookie(&mut self, name: &str, value: &str, http_only: bool) {
        match http_only || is_credential(name, value) {
            true => self.secret(value, "cookie"),
            false => (self.sink)(Finding { secret: Secret::Unnamed, ..self.blank }),
        }
    }

    /// An argument, a field of a form, a variable.
    pub(super) fn field(&mut self, name: &str, value: &str) {
        if is_credential(name, value) {
            self.secret(value, name);
        }
    }

    /// An address with its arguments.
    pub(super) fn address(&mut self, address: &str) {
        use super::super::unwrap::{unwrap, Inside};
        if address.contains("://") && unwrap(address.as_bytes()) != Inside::Address {
            self.secret(address, "url");
        }
    }

    /// A body: JSON or a form.
    pub(super) fn body(&mut self, text: &str, is_base64: bool) {
        let decoded;
        let text = match is_base64.then(|| STANDARD.decode(text)) {
            Some(Ok(bytes)) => {
                decoded = String::from_utf8_lossy(&bytes).into_owned();
                &decoded
            }
            _ => text,
        };
        match text.trim_start().as_bytes().first() {
            Some(b'{' | b'[') => {
                if let Ok(value) = serde_json::from_str(text) {
                    self.json(&value);
                }
            }
            _ => form(text).for_each(|(name, value)| self.field(&name, &value)),
        }
    }

    /// Every member, at any depth, that is named like a credential.
    pub(super) fn json(&mut self, value: &Value) {
        match value {
            Value::Array(all) => all.iter().for_each(|one| self.json(one)),
            Value::Object(all) => all.iter().for_each(|(name, value)| match value.as_str() {
                Some(text) => self.field(name, text),
                None => self.json(value),
            }),
            _ => {}
        }
    }

    /// A credential, whatever else says so.
    pub(super) fn secret(&mut self, value: &str, rule: &str) {
        let rule = if names::is_name(rule.as_bytes()) { rule } else { "" };
        if !value.is_empty() {
            (self.sink)(Finding { secret: Secret::Text(value.as_bytes()), rule, ..self.blank });
        }
    }

    /// `[{name, value}]`, as HAR and Postman write lists.
    pub(super) fn named<'v>(list: &'v Value, path: &str, name: &str) -> Vec<(&'v str, &'v str)> {
        each(list, path).map(|one| (text(one, name), text(one, "value"))).collect()
    }
}

fn is_credential(name: &str, value: &str) -> bool {
    names::is_credential(name.as_bytes()) || names::is_credential_value(value.as_bytes())
}

/// Names and values of an urlencoded form.
fn form(text: &str) -> impl Iterator<Item = (String, String)> + '_ {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(move |(name, value)| (decode(name), decode(value)))
}
