//! Reading a JSON value of which nothing is sure: a member that is missing or of another type reads
//! as absent.

use serde_json::Value;

/// The string member of this name; empty without one.
pub(crate) fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or("")
}

/// The first of these members that is a string with something in it.
pub(crate) fn first_text<'a>(object: &'a Value, names: &[&str]) -> &'a str {
    names.iter().map(|name| text(object, name)).find(|found| !found.is_empty()).unwrap_or("")
}

/// The value at the end of these names.
pub(crate) fn at<'a>(object: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, name| value.get(name))
}
