//! Names of fields and methods, from a FileDescriptorSet (`protoc --descriptor_set_out`).
//!
//! google/protobuf/descriptor.proto gives the field numbers used here; the reader of the wire
//! format next door reads it, so no other library is needed. It is a file of the operator.

use std::collections::HashMap;

use super::{fields, Field, Value};

/// A field of a message type.
#[derive(Clone, Debug, PartialEq)]
struct Named {
    name: Vec<u8>,
    number: u32,
    /// The type of its messages, fully qualified, with a leading dot, as in descriptors.
    message: Option<Vec<u8>>,
}

/// The messages and methods of descriptor sets.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    messages: HashMap<Vec<u8>, Vec<Named>>,
    methods: HashMap<Vec<u8>, Vec<u8>>,
}

impl Schema {
    /// Adds a descriptor set; false when the bytes are none.
    pub fn add(&mut self, set: &[u8]) -> bool {
        let mut messages = false;
        let well_formed = fields(set, &mut |field| {
            if let (1, Value::Bytes(file)) = (field.number, field.value) {
                self.file(file);
                messages = true;
            }
        });
        well_formed && messages
    }

    /// The type of what is sent to a method, by the request's path: `/package.Service/Method`.
    pub fn input(&self, path: &[u8]) -> Option<&[u8]> {
        self.methods.get(path).map(Vec::as_slice)
    }

    /// Whether a rule's name, or name in JSON, is that of the field with a number. Where the type of
    /// the message is not known, of a field of any type.
    pub fn is(&self, message: Option<&[u8]>, name: &[u8], number: u32) -> bool {
        let is = |field: &Named| field.number == number && field.name == name;
        match message.and_then(|message| self.messages.get(message)) {
            Some(known) => known.iter().any(is),
            None => self.messages.values().flatten().any(is),
        }
    }

    /// Whether some message has a field of this name.
    pub fn has(&self, name: &[u8]) -> bool {
        self.messages.values().flatten().any(|field| field.name == name)
    }

    /// The type of the messages in a field.
    pub fn inner(&self, message: &[u8], number: u32) -> Option<&[u8]> {
        let field = self.messages.get(message)?.iter().find(|field| field.number == number)?;
        field.message.as_deref()
    }

    fn file(&mut self, file: &[u8]) {
        let mut scope = Vec::new();
        if let Some(package) = strings(file, 2).next().filter(|package| !package.is_empty()) {
            scope = [b".", package].concat();
        }
        for message in strings(file, 4) {
            self.message(message, &scope, 64);
        }
        for service in strings(file, 6) {
            self.service(service, &scope);
        }
    }

    fn message(&mut self, message: &[u8], scope: &[u8], depth: usize) {
        let name = [scope, b".", strings(message, 1).next().unwrap_or_default()].concat();
        let mut known = Vec::new();
        for field in strings(message, 2) {
            let kind = strings(field, 6).next().map(<[u8]>::to_vec);
            let Some(number) = number(field, 3) else { continue };
            for name in strings(field, 1).chain(strings(field, 10)) {
                known.push(Named { name: name.to_vec(), number, message: kind.clone() });
            }
        }
        if depth > 0 {
            for nested in strings(message, 3) {
                self.message(nested, &name, depth - 1);
            }
        }
        self.messages.insert(name, known);
    }

    fn service(&mut self, service: &[u8], scope: &[u8]) {
        let name = strings(service, 1).next().unwrap_or_default();
        let prefix = [scope.strip_prefix(b".").unwrap_or(scope), b"."].concat();
        let prefix = if scope.is_empty() { b"" } else { prefix.as_slice() };
        for method in strings(service, 2) {
            let (Some(method_name), Some(input)) =
                (strings(method, 1).next(), strings(method, 2).next())
            else {
                continue;
            };
            let path = [b"/", prefix, name, b"/", method_name].concat();
            self.methods.insert(path, input.to_vec());
        }
    }
}

/// Every length-delimited value of a field.
fn strings(message: &[u8], wanted: u32) -> impl Iterator<Item = &[u8]> {
    let mut found = Vec::new();
    fields(message, &mut |field| match field {
        Field { number, value: Value::Bytes(bytes) } if number == wanted => found.push(bytes),
        _ => {}
    });
    found.into_iter()
}

fn number(message: &[u8], wanted: u32) -> Option<u32> {
    let mut found = None;
    fields(message, &mut |field| match field {
        Field { number, value: Value::Varint(varint) } if number == wanted => found = Some(varint),
        _ => {}
    });
    u32::try_from(found?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protobuf::tests::bytes;

    /// `package p; message Login { string access_token = 3; message Inner { } Inner in = 4; }
    /// service S { rpc Do(Login) … }`
    fn set() -> Vec<u8> {
        let token =
            [bytes(1, b"access_token"), vec![3 << 3, 3], bytes(10, b"accessToken")].concat();
        let inner = [bytes(1, b"in"), vec![3 << 3, 4], bytes(6, b".p.Login.Inner")].concat();
        let nested = bytes(1, b"Inner");
        let login =
            [bytes(1, b"Login"), bytes(2, &token), bytes(2, &inner), bytes(3, &nested)].concat();
        let method = [bytes(1, b"Do"), bytes(2, b".p.Login")].concat();
        let service = [bytes(1, b"S"), bytes(2, &method)].concat();
        let file = [bytes(2, b"p"), bytes(4, &login), bytes(6, &service)].concat();
        assert!(file.len() < 256);
        [&[1 << 3 | 2, 0x80 | (file.len() & 0x7f) as u8, (file.len() >> 7) as u8], &file[..]]
            .concat()
    }

    #[test]
    fn names_lead_to_numbers() {
        let mut schema = Schema::default();
        assert!(schema.add(&set()));
        let login = schema.input(b"/p.S/Do").unwrap();
        assert_eq!(login, b".p.Login");
        assert!(schema.is(Some(login), b"access_token", 3));
        assert!(schema.is(Some(login), b"accessToken", 3));
        assert!(!schema.is(Some(login), b"access_token", 4));
        let inner = schema.inner(login, 4).unwrap();
        assert_eq!(inner, b".p.Login.Inner");
        assert!(!schema.is(Some(inner), b"access_token", 3));
        assert!(schema.is(None, b"access_token", 3), "of a message of no known type");
        assert!(schema.has(b"access_token") && !schema.has(b"other"));
        assert!(schema.input(b"/p.S/Other").is_none());
    }

    #[test]
    fn what_is_no_descriptor_set_is_refused() {
        for none in [&b""[..], b"syntax = \"proto3\";"] {
            assert!(!Schema::default().add(none));
        }
    }
}
