//! Postman's exports: environments, globals, collections (schema v2.0 and v2.1) and the dump of all
//! data.

use serde_json::Value;

use super::{
    super::{finding::Finding, names},
    http::Recorded,
    json_shape::{each, text},
    Findings, Format, Knows, Reads, Sink,
};

pub(super) static POSTMAN: Format = Format {
    word: "postman",
    name: "Postman export",
    help: "Postman environments and collections",
    knows: Knows::Json(&[
        &["_postman_variable_scope", "values"],
        &["values.key", "values.value", "values.enabled"],
        &["info.schema", "item"],
        &["info._postman_id", "item"],
        &["collection.info.schema", "collection.item"],
        &["collections", "environments", "version"],
    ]),
    reads: Reads::Json { path: &[], keep: &[], findings: Findings::With(postman) },
    way_out: "export it with its secret values",
    nothing:
        "no credential in it: Postman leaves current values out of an export; share or export the \
              initial ones",
};

fn postman(object: &Value, blank: Finding<'_>, sink: Sink<'_>) {
    let mut recorded = Recorded { blank, sink };
    walk(object, "", &mut recorded);
}

/// What stands at any depth: variables, authorisations, headers, addresses, bodies.
fn walk(value: &Value, name: &str, recorded: &mut Recorded<'_, '_>) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| walk(one, name, recorded)),
        Value::Object(_) if name == "auth" => auth(value, recorded),
        Value::Object(members) => {
            pair(value, name, recorded);
            for (name, value) in members {
                walk(value, name, recorded);
            }
        }
        Value::String(text) if matches!(name, "raw" | "url") => match text.contains("://") {
            true => recorded.address(text),
            false => recorded.body(text, false),
        },
        _ => {}
    }
}

/// `{key, value}`: a variable, a header, an argument, a field.
fn pair(value: &Value, list: &str, recorded: &mut Recorded<'_, '_>) {
    let (key, found) = (text(value, "key"), text(value, "value"));
    if key.is_empty() || is_variable(found) {
        return;
    }
    match (text(value, "type"), list) {
        ("secret", _) => recorded.secret(found, key),
        (_, "header") => recorded.header(key, found),
        _ => recorded.field(key, found),
    }
}

/// `{type: bearer, bearer: [{key: token, value}]}`; version 2.0 has an object instead of the list.
fn auth(auth: &Value, recorded: &mut Recorded<'_, '_>) {
    let kind = text(auth, "type");
    let mut one = |key: &str, found: &str| {
        let is_key = kind == "apikey" && key == "value";
        if (is_key || names::is_credential(key.as_bytes())) && !is_variable(found) && key != "key" {
            recorded.secret(found, kind);
        }
    };
    each(auth, kind).for_each(|pair| one(text(pair, "key"), text(pair, "value")));
    let members = auth.get(kind).and_then(Value::as_object).into_iter().flatten();
    members.for_each(|(key, value)| one(key, value.as_str().unwrap_or("")));
}

/// `{{token}}` stands for a value that is elsewhere.
fn is_variable(text: &str) -> bool {
    text.contains("{{") && text.contains("}}")
}
