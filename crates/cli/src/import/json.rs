//! JSON of any size, an element at a time.
//!
//! The document is walked along a path to the findings; only one finding is in memory at a time.
//! Several documents may follow each other: JSON Lines, or the pages of an API one after another.

use std::{
    cell::Cell,
    fmt,
    io::{self, BufRead, Read},
};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{json_kept::Kept, mend::Mended};

/// One step from the root to the findings.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// Into the member of this name, at any depth below here.
    Below(&'static str),
    /// Into every element, or the value of every member.
    Each,
    /// Into the elements of the member of this name; without one the object itself is meant.
    Inside(&'static str),
    /// Into the member of this name.
    Key(&'static str),
}

/// Where JSON stopped making sense. Holds nothing of the text around it.
#[derive(Debug)]
pub(crate) enum JsonError {
    /// The text could not be read.
    Io(io::Error),
    /// It is no JSON.
    Syntax { line: u64, column: usize },
}

/// Hands over every object and every string at the end of `path` with the line on which it begins;
/// another value there as null, and a line that is no JSON at all, too. Arrays at the end are opened. Of the members below the end of
/// the path only those in `keep` are kept, unless it is empty.
pub(crate) fn each(
    input: &mut dyn BufRead,
    path: &[Step],
    keep: &[&str],
    sink: &mut dyn FnMut(u64, Value),
) -> Result<(), JsonError> {
    let line = Cell::new(1);
    let mut input = Counted { input, line: &line };
    while let Some(first) = input.next_document().map_err(JsonError::Io)? {
        if first != b'{' && first != b'[' {
            sink(line.get(), Value::Null);
            input.skip_line().map_err(JsonError::Io)?;
            continue;
        }
        let mut document = serde_json::Deserializer::from_reader(Mended::new(&mut input));
        Walk { path, keep, is_root: true, line: &line, sink }.deserialize(&mut document).map_err(
            |error| match error.is_io() {
                true => JsonError::Io(error.into()),
                false => JsonError::Syntax { line: line.get(), column: error.column() },
            },
        )?;
    }
    Ok(())
}

/// Counts the lines that were read. The deserialiser takes a byte at a time, so that the count is
/// that of the value at hand.
struct Counted<'a> {
    input: &'a mut dyn BufRead,
    line: &'a Cell<u64>,
}

impl Counted<'_> {
    /// Skips white space; the first byte after it.
    fn next_document(&mut self) -> io::Result<Option<u8>> {
        loop {
            let Some(&byte) = self.input.fill_buf()?.first() else { return Ok(None) };
            if !byte.is_ascii_whitespace() {
                return Ok(Some(byte));
            }
            self.consume_one(byte);
        }
    }

    fn skip_line(&mut self) -> io::Result<()> {
        while let Some(&byte) = self.input.fill_buf()?.first() {
            self.consume_one(byte);
            if byte == b'\n' {
                break;
            }
        }
        Ok(())
    }

    fn consume_one(&mut self, byte: u8) {
        self.line.set(self.line.get() + u64::from(byte == b'\n'));
        self.input.consume(1);
    }
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        let lines = buffer.iter().take(count).filter(|&&byte| byte == b'\n').count();
        self.line.set(self.line.get() + lines as u64);
        Ok(count)
    }
}

struct Walk<'a, 'b> {
    path: &'a [Step],
    keep: &'a [&'a str],
    /// Whether no step was taken yet: there an array holds documents.
    is_root: bool,
    line: &'a Cell<u64>,
    sink: &'b mut dyn FnMut(u64, Value),
}

impl Walk<'_, '_> {
    fn along<'c>(&'c mut self, path: &'c [Step]) -> Walk<'c, 'c> {
        Walk { path, keep: self.keep, is_root: false, line: self.line, sink: self.sink }
    }
}

impl Walk<'_, '_> {
    /// Something that is no object, where one is expected.
    fn found(self, value: Value) {
        if self.path.is_empty() {
            (self.sink)(self.line.get(), value);
        }
    }

    /// The object at the end of the path, or the elements of one of its members instead.
    fn object<'de, A>(mut self, mut members: A, inside: Option<&str>) -> Result<(), A::Error>
    where
        A: MapAccess<'de>,
    {
        let line = self.line.get();
        let mut object = serde_json::Map::new();
        let mut went_inside = false;
        while let Some(name) = members.next_key::<String>()? {
            if inside == Some(&name) {
                went_inside = true;
                members.next_value_seed(self.along(&[]))?;
            } else if self.keep.is_empty() || self.keep.contains(&name.as_str()) {
                let value = members.next_value_seed(Kept(self.keep))?;
                object.insert(name, value);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        if !went_inside {
            (self.sink)(line, Value::Object(object));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a report")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        let path = match self.path {
            [Step::Each, rest @ ..] => rest,
            [Step::Key(_), ..] if !self.is_root => return elements_ignored(elements),
            same => same,
        };
        let is_root = self.is_root;
        while elements.next_element_seed(Walk { is_root, ..self.along(path) })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        let (step, rest) = match self.path.split_first() {
            Some((Step::Inside(key), _)) => return self.object(members, Some(key)),
            Some(found) => found,
            None => return self.object(members, None),
        };
        while let Some(name) = members.next_key::<String>()? {
            match step {
                Step::Each => members.next_value_seed(self.along(rest))?,
                Step::Below(key) | Step::Key(key) if *key == name => {
                    members.next_value_seed(self.along(rest))?;
                }
                Step::Below(_) => members.next_value_seed(self.along(self.path))?,
                Step::Inside(_) | Step::Key(_) => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.found(Value::Null);
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.found(Value::Null);
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.found(Value::Null);
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.found(Value::String(text.to_owned()));
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.found(Value::Null);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.found(Value::Null);
        Ok(())
    }
}

fn elements_ignored<'de, A: SeqAccess<'de>>(mut elements: A) -> Result<(), A::Error> {
    while elements.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, path: &[Step]) -> Vec<(u64, String)> {
        let mut found = Vec::new();
        each(&mut text.as_bytes(), path, &[], &mut |line, value| {
            found.push((line, value.to_string()))
        })
        .unwrap();
        found
    }

    fn numbered(lines: &[(u64, &str)]) -> Vec<(u64, String)> {
        lines.iter().map(|(line, text)| (*line, (*text).to_owned())).collect()
    }

    #[test]
    fn arrays_pages_and_lines_are_the_same() {
        let expected = numbered(&[(1, r#"{"a":1}"#), (2, r#"{"a":2}"#)]);
        for text in [
            "[{\"a\":1},\n{\"a\":2}]",
            "{\"a\":1}\n{\"a\":2}\n",
            "[{\"a\":1}]\n[{\"a\":2}]",
            "[[{\"a\":1}],\n[{\"a\":2}]]",
        ] {
            assert_eq!(found(text, &[]), expected, "{text}");
        }
        assert_eq!(found("", &[]), []);
        assert_eq!(found("[]", &[]), []);
    }

    #[test]
    fn paths_lead_to_findings() {
        let text = r#"{"x":[{"no":1}],"s":[{"r":{"f1":[{"a":1}],"f2":[{"a":2}]}}],"r":null}"#;
        let expected = numbered(&[(1, r#"{"a":1}"#), (1, r#"{"a":2}"#)]);
        let direct = [Step::Key("s"), Step::Each, Step::Key("r"), Step::Each, Step::Each];
        assert_eq!(found(text, &direct), expected);
        assert_eq!(found(text, &[Step::Below("r"), Step::Each, Step::Each]), expected);
    }

    #[test]
    fn inside_a_member_or_the_object_itself() {
        let inside = [Step::Inside("f")];
        let text = "{\"m\":1,\"f\":[{\"a\":1},{\"a\":2}]}\n{\"a\":3}\n{\"f\":[]}";
        let expected = numbered(&[(1, r#"{"a":1}"#), (1, r#"{"a":2}"#), (2, r#"{"a":3}"#)]);
        assert_eq!(found(text, &inside), expected);
    }

    #[test]
    fn only_what_is_kept_is_kept() {
        let text = r#"[{"a":{"b":[{"c":1,"x":2}],"x":{"a":1}},"x":[1]}]"#;
        let mut found = Vec::new();
        let keep = ["a", "b", "c"];
        each(&mut text.as_bytes(), &[], &keep, &mut |_, value| found.push(value.to_string()))
            .unwrap();
        assert_eq!(found, [r#"{"a":{"b":[{"c":1}]}}"#]);
    }

    #[test]
    fn lines_that_are_no_json_are_null() {
        let text = "scanning…\n{\"a\":1}\n\ndone\n";
        let expected = numbered(&[(1, "null"), (2, r#"{"a":1}"#), (4, "null")]);
        assert_eq!(found(text, &[]), expected);
    }

    #[test]
    fn an_error_is_a_position() {
        let error =
            each(&mut &b"[\n{\"secret\": oops}]"[..], &[], &[], &mut |_, _| ()).unwrap_err();
        assert!(matches!(error, JsonError::Syntax { line: 2, .. }), "{error:?}");
    }
}
