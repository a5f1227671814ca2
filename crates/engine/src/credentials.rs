//! The credentials that a request carries, denied or not: what a log of today needs to answer a
//! question of next month. No rule and no store is asked.

use std::fmt;

use tokenban_parse::{jwt::jwt, protobuf::descriptor::Schema, Buffers};

use crate::{
    denylist::Key,
    point::{Kind, Point},
    request::Request,
    ruleset::{cut, Stage},
    tree::{paths, Tree},
    walk::{Pool, Walk},
};

/// The most credentials that are told of one request. Clients send one or two; a longer list is of
/// somebody who wants to fill a log.
pub const MOST: usize = 8;

/// A shorter value is no token that can be banned, see [`TokenEntry`](crate::token::TokenEntry).
const SHORTEST: usize = 8;

/// Where credentials are looked for where nobody says where. No cookies, which every page sets by the
/// dozen, and no passwords.
const USUAL: [&[&str]; 8] = [
    &["header", "AUTHORIZATION", "credentials"],
    &["header", "PROXY-AUTHORIZATION", "credentials"],
    &["header", "X-API-KEY"],
    &["header", "X-AUTH-TOKEN"],
    &["header", "PRIVATE-TOKEN"],
    &["query", "access_token"],
    &["query", "api_key"],
    &["query", "token"],
];

/// Points of the head of a request, compiled.
pub struct Credentials {
    tree: Tree,
    schema: Schema,
}

/// Working memory, used for one request after another.
#[derive(Debug, Default)]
pub struct Memory {
    pool: Pool,
    buffers: Buffers,
    keys: Vec<Key>,
}

/// Why points are not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialsError {
    /// The point looks into the body, which a log comes too late for.
    Body(String),
    /// It is no point.
    Point(String),
    /// It reads a variable, which only rules may.
    Variable(String),
}

impl Credentials {
    /// The usual points of APIs: the credentials of `Authorization` and `Proxy-Authorization`, a few
    /// headers for keys, and the arguments `access_token`, `api_key` and `token`.
    pub fn usual() -> Credentials {
        Credentials::of(USUAL.iter().filter_map(|words| Point::parse(words).ok()))
    }

    /// The points of some texts, each as rule files have it: `[header, X-API-KEY]`.
    pub fn parse<'t>(
        texts: impl IntoIterator<Item = &'t str>,
    ) -> Result<Credentials, CredentialsError> {
        let points = texts.into_iter().map(point).collect::<Result<Vec<_>, _>>()?;
        Ok(Credentials::of(points.into_iter()))
    }

    fn of(points: impl Iterator<Item = Point>) -> Credentials {
        let mut tree = Tree::new();
        points.flat_map(|point| paths(&point)).for_each(|path| {
            tree.add(&path);
        });
        Credentials { tree, schema: Schema::default() }
    }

    /// What the credentials of a request are found by in a store, in the order in which they are met,
    /// none twice and at most [`MOST`].
    pub fn keys<'m, R: Request + ?Sized>(&self, request: &R, memory: &'m mut Memory) -> &'m [Key] {
        let Memory { pool, buffers, keys } = memory;
        keys.clear();
        let mut visit = |_, value: &[&[u8]]| {
            let value = cut(value, 0..usize::MAX);
            if value.len() < SHORTEST || keys.len() >= MOST {
                return;
            }
            let key = key(&value, buffers);
            if !keys.contains(&key) {
                keys.push(key);
            }
        };
        Walk::new(&self.tree, &self.schema, request, pool, &mut visit).stage(Stage::Head);
        buffers.shrink();
        keys
    }
}

/// As [`Key::credential`], with memory that is kept.
fn key(value: &[u8], buffers: &mut Buffers) -> Key {
    let mut found = None;
    if memchr::memchr(b'.', value).is_some() {
        // One in compact serialisation comes first.
        let _ = jwt(value, buffers, &mut |jwt| {
            if found.is_none() && jwt.is_whole(value) {
                found = Some(Key::jwt(jwt.header(), jwt.payload()));
            }
        });
    }
    found.unwrap_or_else(|| Key::token(value))
}

fn point(text: &str) -> Result<Point, CredentialsError> {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let inner = inner.ok_or_else(|| {
        CredentialsError::Point(format!(
            "\"{text}\" is no point; write it in brackets, as in \"[header, X-API-KEY]\""
        ))
    })?;
    let words: Vec<&str> = inner.split(',').map(str::trim).collect();
    let point = Point::parse(&words)
        .map_err(|error| CredentialsError::Point(format!("\"{text}\": {error}")))?;
    if point.needs_body() || point.elements().iter().any(|it| it.kind == Kind::Anywhere) {
        return Err(CredentialsError::Body(text.to_owned()));
    }
    match point.elements().iter().any(|element| element.kind == Kind::Var) {
        true => Err(CredentialsError::Variable(text.to_owned())),
        false => Ok(point),
    }
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CredentialsError::Body(point) => write!(
                f,
                "\"{point}\" looks into the body; name points of the head, as in \
                 \"[header, AUTHORIZATION, credentials]\""
            ),
            CredentialsError::Point(what) => f.write_str(what),
            CredentialsError::Variable(point) => {
                write!(f, "\"{point}\" reads a variable; name where it takes its value from")
            }
        }
    }
}

impl std::error::Error for CredentialsError {}
