//! Reading a JSON value of which nothing is sure: a member that is missing or of another type reads
//! as absent.

use serde_json::Value;

/// The string member of this name; empty without one.
pub(super) fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or("")
}

/// The first of these paths, `a.b`, that leads to a string with something in it.
pub(super) fn first_text<'a>(object: &'a Value, paths: &[&str]) -> &'a str {
    let found = |path: &&str| at(object, path).and_then(Value::as_str);
    paths.iter().filter_map(found).find(|found| !found.is_empty()).unwrap_or("")
}

/// The value at the end of a path, `a.b`.
pub(super) fn at<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(object, |value, name| value.get(name))
}

/// The elements of the array at the end of a path; none without one.
pub(super) fn each<'a>(object: &'a Value, path: &str) -> impl Iterator<Item = &'a Value> {
    at(object, path).and_then(Value::as_array).into_iter().flatten()
}
