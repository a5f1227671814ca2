//! YAML text to a tree of numbered nodes, and the number of a node back to its line and column.
//!
//! The only file that names `serde_yaml` (the maintained `yaml_serde`). It gives positions in errors
//! only, so a position is found by reading the text again up to the node and failing there: the same
//! parser that read a value says where the value is, which a second parser could get wrong, and a
//! file without mistakes pays nothing. Validation works on the tree rather than inside
//! `Deserialize`, because there the first mistake ends everything and here all are found.

use std::{cell::Cell, fmt};

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde_yaml::{Deserializer as Documents, Error};

/// One value of a file.
#[derive(Debug)]
pub(super) struct Node {
    /// Its number in the order of the text, aliases expanded.
    pub(super) number: u32,
    pub(super) yaml: Yaml,
}

/// YAML's kinds of values.
#[derive(Debug)]
pub(super) enum Yaml {
    Bool(bool),
    Float,
    Integer(i64),
    Mapping(Vec<(Node, Node)>),
    Null,
    Sequence(Vec<Node>),
    Text(String),
}

/// What is wrong with a text that is not YAML, and where.
#[derive(Debug)]
pub(super) struct Malformed {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) what: String,
}

/// Reads the only document of a text.
pub(super) fn parse(text: &str, most_nodes: usize) -> Result<Node, Malformed> {
    let reader = Reader { next: Cell::new(0), most: most_nodes, stop: None };
    let mut documents = Documents::from_str(text);
    let Some(first) = documents.next() else {
        return Ok(Node { number: 0, yaml: Yaml::Null });
    };
    let node = Seed(&reader).deserialize(first).map_err(|error| malformed(text, &error))?;
    match documents.next() {
        None => Ok(node),
        Some(second) => Err(second_document(text, second)),
    }
}

/// The line and column of a node, counted from 1.
pub(super) fn locate(text: &str, number: u32) -> (usize, usize) {
    let reader = Reader { next: Cell::new(0), most: usize::MAX, stop: Some(number) };
    let Some(document) = Documents::from_str(text).next() else { return (1, 1) };
    match Seed(&reader).deserialize(document) {
        Err(error) => place(&error),
        Ok(_) => (1, 1),
    }
}

struct Reader {
    next: Cell<u32>,
    most: usize,
    stop: Option<u32>,
}

struct Seed<'a>(&'a Reader);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        let number = self.0.next.get();
        self.0.next.set(number.saturating_add(1));
        if self.0.stop == Some(number) {
            return deserializer.deserialize_any(Stop);
        }
        if usize::try_from(number).map_or(true, |number| number >= self.0.most) {
            return Err(D::Error::custom(TOO_MANY));
        }
        let yaml = deserializer.deserialize_any(self)?;
        Ok(Node { number, yaml })
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Yaml;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value without a tag")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Yaml, E> {
        Ok(Yaml::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Yaml, E> {
        Ok(Yaml::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Yaml, E> {
        Ok(i64::try_from(value).map_or(Yaml::Float, Yaml::Integer))
    }

    fn visit_i128<E>(self, _: i128) -> Result<Yaml, E> {
        Ok(Yaml::Float)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Yaml, E> {
        Ok(Yaml::Float)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Yaml, E> {
        Ok(Yaml::Float)
    }

    fn visit_str<E>(self, value: &str) -> Result<Yaml, E> {
        Ok(Yaml::Text(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Null)
    }

    fn visit_none<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Yaml, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = sequence.next_element_seed(Seed(self.0))? {
            nodes.push(node);
        }
        Ok(Yaml::Sequence(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut mapping: A) -> Result<Yaml, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = mapping.next_key_seed(Seed(self.0))? {
            entries.push((key, mapping.next_value_seed(Seed(self.0))?));
        }
        Ok(Yaml::Mapping(entries))
    }
}

/// Takes no value, so that every value is an error, and the error says where it is.
struct Stop;

impl<'de> Visitor<'de> for Stop {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, _: D) -> Result<Node, D::Error> {
        Err(D::Error::invalid_type(Unexpected::NewtypeStruct, &self))
    }
}

/// The parser gives no position for these.
const CONTROL: &str = "control characters are not allowed";

fn first_control(text: &str) -> (usize, usize) {
    let control = |char: char| char.is_control() && !matches!(char, '\t' | '\n' | '\r' | '\u{85}');
    let lines = text.split('\n').enumerate();
    let found = lines.map(|(line, text)| (line + 1, text.chars().position(control)));
    found.filter_map(|(line, column)| Some((line, column? + 1))).next().unwrap_or((1, 1))
}

const TOO_MANY: &str = "too many values";

fn place(error: &Error) -> (usize, usize) {
    error.location().map_or((1, 1), |location| (location.line(), location.column()))
}

fn malformed(text: &str, error: &Error) -> Malformed {
    let message = error.to_string();
    let (line, column) = match message.contains(CONTROL) {
        true => first_control(text),
        false => place(error),
    };
    let at = text
        .lines()
        .nth(line.saturating_sub(1))
        .and_then(|line| line.chars().nth(column.saturating_sub(1)));
    Malformed { line, column, what: explain(&message, at) }
}

/// What the parser's message means to the person who wrote the file. `at` is the character there.
fn explain(message: &str, at: Option<char>) -> String {
    let known = [
        (TOO_MANY, "the file holds too many values with its aliases expanded; write them out"),
        ("repetition limit", "the aliases of the file expand without end; write the values out"),
        ("recursion limit", "nested too deep; a rule file needs no more than ten levels"),
        ("value without a tag", "tags (`!name`) are not used in rule files; quote the value"),
        ("unknown anchor", "an alias (`*name`) without its anchor; write `&name` before it, or quote the value"),
        ("mapping values are not allowed", "a `:` that YAML does not expect; quote a value that holds `: `, and check the indentation"),
        ("did not find expected key", "the mapping does not go on here; check the indentation, and the quotes before it"),
        ("did not find expected '-' indicator", "the list does not go on here; begin each item with `- ` at the same indentation"),
        ("could not find expected ':'", "a field without `:`; write `name: value`"),
        ("unexpected end of stream", "a quote is not closed; close it where the text ends"),
        ("did not find expected ',' or ']'", "a list in brackets does not end here; write `,` or `]`"),
        ("did not find expected ',' or '}'", "a mapping in braces does not end here; write `,` or `}`"),
        ("unknown escape character", "an escape that YAML does not know; write patterns in single quotes, where a backslash is itself"),
        (CONTROL, "a control character; remove it"),
    ];
    if message.contains("cannot start any token") {
        return match at {
            Some('\t') => "a tab cannot indent; use spaces".to_owned(),
            Some(at) => {
                format!("a plain value cannot begin with `{}`; quote it", at.escape_debug())
            }
            None => "a value that YAML does not expect; quote it".to_owned(),
        };
    }
    for (part, meaning) in known {
        if message.contains(part) {
            return meaning.to_owned();
        }
    }
    let what = message.split(" at line ").next().unwrap_or(message);
    format!("not valid YAML: {what}; check the indentation and the quotes")
}

fn second_document(text: &str, second: Documents<'_>) -> Malformed {
    let reader = Reader { next: Cell::new(0), most: usize::MAX, stop: Some(0) };
    let (line, column) = match Seed(&reader).deserialize(second) {
        Err(error) => place(&error),
        Ok(_) => (text.lines().count().max(1), 1),
    };
    let what = "a second document; a rule file is one document, put its rules under the one \
                `rules:` and remove `---`";
    Malformed { line, column, what: what.to_owned() }
}
