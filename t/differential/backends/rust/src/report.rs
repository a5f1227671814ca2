//! The same list of [place, name, value] as in report.py.

use serde_json::Value;

#[derive(Default)]
pub struct Report(Vec<[String; 3]>);

impl Report {
    pub fn add(&mut self, place: &str, name: &str, value: &str) {
        self.0.push([place.into(), name.into(), value.into()]);
        if ["query", "header", "cookie", "form", "multipart"].contains(&place) {
            self.wrapped(place, value);
        }
    }

    /// A value that is a JSON object, as applications open it.
    fn wrapped(&mut self, place: &str, value: &str) {
        if let Ok(Value::Object(object)) = serde_json::from_str(value) {
            for (name, member) in object {
                let text = member.as_str().map_or_else(|| member.to_string(), str::to_owned);
                self.add(&format!("{place}-json"), &name, &text);
            }
        }
    }

    pub fn pairs(&mut self, place: &str, pairs: &[(String, String)]) {
        pairs.iter().for_each(|(name, value)| self.add(place, name, value));
    }

    pub fn header(&mut self, name: &str, value: &[u8]) {
        let (name, value) = (name.to_lowercase().replace('_', "-"), latin1(value));
        self.add("header", &name, &value);
        value.split(',').for_each(|element| self.add("header", &name, element.trim()));
        if name == "authorization" {
            self.authorization(&value);
        }
    }

    /// What lax applications take for the credentials.
    fn authorization(&mut self, value: &str) {
        for prefix in ["Bearer ", "bearer ", "Bearer"] {
            value.strip_prefix(prefix).into_iter().for_each(|rest| self.add("credentials", "", rest));
        }
        if let Some((_, rest)) = value.trim().split_once(char::is_whitespace) {
            self.add("credentials", "", rest.trim());
            self.add("credentials", "", rest.split_whitespace().next().unwrap_or_default());
        }
    }

    pub fn path(&mut self, path: &str) {
        for segment in path.split('/') {
            self.add("path", "", segment);
            self.add("path", "", segment.split(';').next().unwrap_or_default());
        }
    }

    pub fn body(&mut self, body: &[u8]) {
        self.add("raw", "", &latin1(&body[..body.len().min(2000)]));
        if let Ok(value) = serde_json::from_slice(body) {
            self.document("", &value);
        }
    }

    /// JSON has types: a list is something else than its elements.
    pub fn document(&mut self, name: &str, value: &Value) {
        let member = |key: &str| format!("{name}.{key}").trim_start_matches('.').to_owned();
        match value {
            Value::Object(object) => object.iter().for_each(|(k, v)| self.document(&member(k), v)),
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(i, v)| self.document(&member(&i.to_string()), v))
            }
            Value::String(text) => self.add("json", name, text),
            Value::Null => {}
            other => self.add("json", name, &other.to_string()),
        }
    }

    pub fn text(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }
}

/// Text where it is UTF-8, else its bytes as Latin-1.
pub fn latin1(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec())
        .unwrap_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect())
}
