//! In which reading a value was found, in words: «percent-decoded twice», «second cookie of that
//! name».
//!
//! The parsers say nothing of what they did, as that would cost every request. So the words are
//! found afterwards: what a reading may be is done again, and is named when it gives the very value.

mod arguments;
mod body;
mod documents;
mod head;
mod multipart;
mod values;

use crate::{point::Kind, request::Request, ruleset::Hop, tree::Step};

/// What is said where none of the readings that have a name gives the value.
const OTHER: &str = "in another of the readings that docs/points.md lists";

/// The readings that lead to a value, from the request inwards; «as sent» where there is none.
pub(crate) fn describe<R: Request + ?Sized>(request: &R, hops: &[Hop<'_>]) -> String {
    let mut said: Vec<String> = Vec::new();
    let is_graphql = |hop: &Hop<'_>| hop.steps.iter().any(|it| it.kind() == Some(Kind::Gql));
    // What GraphQL has below its document goes by the names of JSON and is none.
    let end = hops.iter().position(is_graphql).map_or(hops.len(), |at| at + 1);
    for hop in hops.iter().take(end) {
        for text in one(request, hop) {
            if said.last() != Some(&text) {
                said.push(text);
            }
        }
    }
    if said.is_empty() {
        return "as sent".to_owned();
    }
    said.join("; ")
}

fn one<R: Request + ?Sized>(request: &R, hop: &Hop<'_>) -> Vec<String> {
    let steps: Vec<&Step> = hop.steps.iter().copied().filter(|step| **step != Step::Any).collect();
    let Some(last) = steps.last() else { return vec!["a value at some depth".to_owned()] };
    let kind = steps.first().and_then(|step| step.kind());
    let Some(from) = hop.from else { return outermost(request, &steps, hop.to) };
    match kind {
        Some(Kind::FormUrlencoded | Kind::FormUrlencodedAll) => {
            arguments::describe(request, from, last, hop.to)
        }
        Some(Kind::Cookie | Kind::CookieAll) => head::cookie(from, last, hop.to),
        Some(Kind::Multipart | Kind::MultipartAll) => {
            multipart::describe(request, from, last, hop.to)
        }
        Some(Kind::JsonDoc | Kind::Hash | Kind::HashAll | Kind::Array | Kind::ArrayAll) => {
            documents::json(from, last, hop.to)
        }
        _ if last.kind() == Some(Kind::XmlAttr) => Vec::new(),
        Some(Kind::Xml | Kind::XmlTag) => documents::xml(from, hop.to),
        Some(Kind::Gql) => vec!["in the GraphQL document or its variables".to_owned()],
        _ => values::describe(&steps, from, hop.to),
    }
}

/// What begins at the request.
fn outermost<R: Request + ?Sized>(request: &R, steps: &[&Step], to: &[u8]) -> Vec<String> {
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else { return Vec::new() };
    match first.kind() {
        Some(Kind::Header | Kind::HeaderAll) => head::header(request, first, to),
        Some(Kind::Query | Kind::QueryAll) => arguments::of_query(request, last, to),
        Some(Kind::Path | Kind::PathAll | Kind::ActionName | Kind::ActionExt | Kind::Uri) => {
            head::path(request, first, to)
        }
        Some(Kind::Post) => body::describe(request, to),
        _ => Vec::new(),
    }
}

/// `second`, `third` …, for what is there more than once; nothing for the first.
fn ordinal(index: usize) -> Option<String> {
    const WORDS: [&str; 9] =
        ["second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    let number = index.checked_sub(1)?;
    Some(WORDS.get(number).map_or_else(|| format!("{}th", index + 1), |&word| word.to_owned()))
}

/// A name that the client chose, as far as it may be shown: it may be the token itself.
fn shown(what: &str, name: &[u8], value: &[u8]) -> Option<String> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.[]".contains(byte);
    let is_plain = !name.is_empty() && name.len() <= 40 && name.iter().all(plain);
    let tells = !value.is_empty() && memchr::memmem::find(name, value).is_some();
    let name = std::str::from_utf8(name).ok().filter(|_| is_plain && !tells)?;
    Some(format!("{what} {name}"))
}
