//! GraphQL documents (GraphQL specification, October 2021, section 2): operations, fragments,
//! selections, arguments, values, as spans of the text.
//!
//! Points name the parts as Wallarm does: [`definitions`] for `gql_query`, `gql_mutation`,
//! `gql_subscription` and `gql_fragment`; [`selections`] for `hash`, `gql_alias`, `gql_spread` and
//! `gql_inline` (with `gql_type`); [`directives`] for `gql_dir`; [`arguments`] for `gql_arg`;
//! [`variables`] for `gql_var`. The JSON envelope around a document is `json_doc`'s business.
//!
//! Lenient: what does not fit the grammar is stepped over, what closes nowhere reaches to the end.

mod lexeme;

use super::Buffers;
use lexeme::{Cursor, Lexeme};

/// What a definition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `fragment Name on Type { … }`
    Fragment,
    /// `mutation { … }`
    Mutation,
    /// `query { … }`, or a selection set alone.
    Query,
    /// `subscription { … }`
    Subscription,
}

/// An operation or a fragment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Definition<'a> {
    /// Which of the four it is.
    pub kind: Kind,
    /// Empty for an anonymous operation.
    pub name: &'a [u8],
    /// The type that a fragment is on; else empty.
    pub on: &'a [u8],
    /// Inside of the parentheses: see [`variables`].
    pub variables: &'a [u8],
    /// `@name(…)` and further ones, as they stand.
    pub directives: &'a [u8],
    /// Inside of the braces: see [`selections`].
    pub selections: &'a [u8],
}

/// A member of a selection set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Selection<'a> {
    /// `alias: name(arguments) @directive { … }`
    Field {
        /// The name under which its answer is asked for.
        alias: Option<&'a [u8]>,
        /// The field's own name.
        name: &'a [u8],
        /// Inside of the parentheses; else empty.
        arguments: &'a [u8],
        /// `@name(…)` and further ones, as they stand.
        directives: &'a [u8],
        /// Inside of the braces; else empty.
        selections: &'a [u8],
    },
    /// `... on Type { }`
    Inline {
        /// The type; it may be missing.
        on: &'a [u8],
        /// `@name(…)` and further ones, as they stand.
        directives: &'a [u8],
        /// Inside of the braces.
        selections: &'a [u8],
    },
    /// `...Name`
    Spread {
        /// The fragment's name.
        name: &'a [u8],
        /// `@name(…)` and further ones, as they stand.
        directives: &'a [u8],
    },
}

/// A variable's declaration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variable<'a> {
    /// Its name, without the dollar.
    pub name: &'a [u8],
    /// Its default value, or empty.
    pub default: &'a [u8],
    /// `@name(…)` and further ones, as they stand.
    pub directives: &'a [u8],
}

/// What a value's span holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Inside of the brackets: see [`items`].
    List(&'a [u8]),
    /// Inside of the braces, which reads as [`arguments`] do.
    Object(&'a [u8]),
    /// See [`scalar`].
    Scalar,
    /// A variable's name; its value is in the envelope, its default in the definition.
    Variable(&'a [u8]),
}

/// Whether a text begins as a document does: with the name of a definition, after its description
/// if it has one, or with a brace and a name.
pub fn is_document(text: &[u8]) -> bool {
    let mut cursor = Cursor::of(text);
    let first = match cursor.next() {
        Some(Lexeme::Block(_) | Lexeme::Text(_)) => cursor.next(),
        first => first,
    };
    match first {
        Some(Lexeme::Mark(b'{')) => {
            matches!(cursor.next(), Some(Lexeme::Name(_) | Lexeme::Spread))
        }
        Some(Lexeme::Name(name)) => DEFINITIONS.contains(&name),
        _ => false,
    }
}

const DEFINITIONS: [&[u8]; 4] = [b"fragment", b"mutation", b"query", b"subscription"];

/// Emits the definitions of a document in order.
pub fn definitions<'a>(document: &'a [u8], emit: &mut dyn FnMut(Definition<'a>)) {
    let mut cursor = Cursor::of(document);
    while let Some(lexeme) = cursor.next() {
        let kind = match lexeme {
            Lexeme::Mark(b'{') => {
                let selections = cursor.inside(b'{', b'}');
                emit(Definition { selections, ..Definition::anonymous() });
                continue;
            }
            Lexeme::Name(b"query") => Kind::Query,
            Lexeme::Name(b"mutation") => Kind::Mutation,
            Lexeme::Name(b"subscription") => Kind::Subscription,
            Lexeme::Name(b"fragment") => Kind::Fragment,
            _ => continue,
        };
        emit(definition(kind, &mut cursor));
    }
}

impl Definition<'_> {
    fn anonymous() -> Definition<'static> {
        Definition {
            kind: Kind::Query,
            name: b"",
            on: b"",
            variables: b"",
            directives: b"",
            selections: b"",
        }
    }
}

fn definition<'a>(kind: Kind, cursor: &mut Cursor<'a>) -> Definition<'a> {
    let name = cursor.name().unwrap_or_default();
    let mut on: &[u8] = b"";
    if kind == Kind::Fragment && cursor.takes(Lexeme::Name(b"on")) {
        on = cursor.name().unwrap_or_default();
    }
    let variables = cursor.group(b'(', b')');
    let directives = cursor.directives();
    let selections = cursor.group(b'{', b'}');
    Definition { kind, name, on, variables, directives, selections }
}

/// Emits the members of a selection set.
pub fn selections<'a>(span: &'a [u8], emit: &mut dyn FnMut(Selection<'a>)) {
    let mut cursor = Cursor::of(span);
    while let Some(lexeme) = cursor.next() {
        match lexeme {
            Lexeme::Name(name) => emit(field(name, &mut cursor)),
            Lexeme::Spread => emit(spread(&mut cursor)),
            Lexeme::Mark(b'{') => {
                cursor.inside(b'{', b'}');
            }
            _ => {}
        }
    }
}

fn field<'a>(first: &'a [u8], cursor: &mut Cursor<'a>) -> Selection<'a> {
    let (alias, name) = match cursor.takes(Lexeme::Mark(b':')) {
        true => (Some(first), cursor.name().unwrap_or_default()),
        false => (None, first),
    };
    let arguments = cursor.group(b'(', b')');
    let directives = cursor.directives();
    let selections = cursor.group(b'{', b'}');
    Selection::Field { alias, name, arguments, directives, selections }
}

fn spread<'a>(cursor: &mut Cursor<'a>) -> Selection<'a> {
    let mut on: &[u8] = b"";
    match cursor.name() {
        Some(b"on") => on = cursor.name().unwrap_or_default(),
        Some(name) => return Selection::Spread { name, directives: cursor.directives() },
        None => {}
    }
    let directives = cursor.directives();
    Selection::Inline { on, directives, selections: cursor.group(b'{', b'}') }
}

/// Emits name and argument span of each directive.
pub fn directives<'a>(span: &'a [u8], emit: &mut dyn FnMut(&'a [u8], &'a [u8])) {
    let mut cursor = Cursor::of(span);
    while let Some(lexeme) = cursor.next() {
        if lexeme == Lexeme::Mark(b'@') {
            let name = cursor.name().unwrap_or_default();
            emit(name, cursor.group(b'(', b')'));
        }
    }
}

/// Emits name and value span of each argument, or of each field of an object.
pub fn arguments<'a>(span: &'a [u8], emit: &mut dyn FnMut(&'a [u8], &'a [u8])) {
    let mut cursor = Cursor::of(span);
    while let Some(lexeme) = cursor.next() {
        if let Lexeme::Name(name) = lexeme {
            if cursor.takes(Lexeme::Mark(b':')) {
                emit(name, cursor.value());
            }
        }
    }
}

/// Emits the value spans of a list.
pub fn items<'a>(span: &'a [u8], emit: &mut dyn FnMut(&'a [u8])) {
    let mut cursor = Cursor::of(span);
    while cursor.peek().is_some() {
        emit(cursor.value());
    }
}

/// Emits the variables that an operation declares.
pub fn variables<'a>(span: &'a [u8], emit: &mut dyn FnMut(Variable<'a>)) {
    let mut cursor = Cursor::of(span);
    while let Some(lexeme) = cursor.next() {
        if lexeme != Lexeme::Mark(b'$') {
            continue;
        }
        let name = cursor.name().unwrap_or_default();
        let mut default: &[u8] = b"";
        // `: Type`, whose brackets and marks say nothing of a value.
        while let Some(next) = cursor.peek() {
            match next {
                Lexeme::Mark(b'$' | b'@') => break,
                Lexeme::Mark(b'=') => {
                    cursor.next();
                    default = cursor.value();
                    break;
                }
                _ => cursor.next(),
            };
        }
        emit(Variable { name, default, directives: cursor.directives() });
    }
}

/// Tells what a value is.
pub fn value(span: &[u8]) -> Value<'_> {
    let mut cursor = Cursor::of(span);
    match cursor.next() {
        Some(Lexeme::Mark(b'[')) => Value::List(cursor.inside(b'[', b']')),
        Some(Lexeme::Mark(b'{')) => Value::Object(cursor.inside(b'{', b'}')),
        Some(Lexeme::Mark(b'$')) => Value::Variable(cursor.name().unwrap_or_default()),
        _ => Value::Scalar,
    }
}

/// Emits the readings of a scalar: a string's content, anything else as written.
pub fn scalar(span: &[u8], buffers: &mut Buffers, emit: &mut dyn FnMut(&[u8])) {
    if let Some(lexeme) = Cursor::of(span).next() {
        lexeme.readings(&mut buffers.value, emit);
    }
}

/// Emits every literal of a document.
pub fn leaves(document: &[u8], buffer: &mut Vec<u8>, emit: &mut dyn FnMut(&[u8])) {
    let mut cursor = Cursor::of(document);
    while let Some(lexeme) = cursor.next() {
        match lexeme {
            Lexeme::Name(_) if cursor.takes(Lexeme::Mark(b':')) => {
                if let Some(Lexeme::Name(literal)) = cursor.peek() {
                    emit(literal);
                }
            }
            Lexeme::Block(_) | Lexeme::Number(_) | Lexeme::Text(_) => {
                lexeme.readings(buffer, emit);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
