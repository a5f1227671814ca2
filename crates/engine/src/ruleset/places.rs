//! Where in a request a token stands: every point that might look at it is tried, from short ones to
//! long ones.

use std::collections::HashSet;

use tokenban_parse::protobuf::descriptor::Schema;

use super::{compile::text as path_text, Look, Ruleset};
use crate::{
    condition::Conditions,
    decision::Action,
    denylist::{Ban, MemoryDenylists},
    example::Examples,
    limits::Limits,
    load::Loaded,
    point::{Kind, Point},
    request::Request,
    rule::{MatcherSource, Origin, Rule},
    tree::{self, Step},
};

/// So many points are tried at once: each try has the budget of a request.
const AT_ONCE: usize = 32;
/// So many points of one length are tried.
const MOST: usize = 800;
/// So many times a value is opened once more.
const DEPTH: usize = 5;
/// The longest name that is tried.
const NAME: usize = 100;

/// Where points begin.
const BEGINNINGS: [&[&str]; 5] =
    [&["header_name"], &["header", "COOKIE", "cookie_name"], &["query_name"], &["uri"], &["post"]];

/// What may follow a point, where it may; of a word that ends in `_name` the element with each name.
const GOES_ON: [&[&str]; 24] = [
    &["hash_name"],
    &["array_all"],
    &["json_doc", "hash_name"],
    &["json_doc", "array_all"],
    &["form_urlencoded_name"],
    &["multipart_name"],
    &["xml", "hash_name"],
    &["xml_attr_all"],
    &["xml", "xml_comment_all"],
    &["xml", "xml_pi_all"],
    &["xml", "xml_dtd_entity_all"],
    &["file"],
    &["file_name"],
    &["header_all"],
    &["jwt", "jwt_payload"],
    &["jwt", "jwt_header"],
    &["gql", "gql_mutation_all", "hash_all", "gql_arg", "hash_all"],
    &["gql", "gql_query_all", "hash_all", "gql_arg", "hash_all"],
    &["gql", "gql_query_all", "gql_var_all"],
    &["base64"],
    &["gzip"],
    &["htmljs"],
    &["grpc_all", "protobuf_all"],
    &["protobuf_all"],
];

/// A place where the token stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// A point that finds it there, if the rule asks for tokens or denylists.
    pub point: Point,
    /// A point whose very value it is, as rules with patterns need it.
    pub exact: Point,
    /// In which reading.
    pub reading: String,
    /// Whether the value is the token, not only a text that holds it.
    pub is_whole: bool,
}

/// All places of the first length of point at which there are some; where there is none, `anywhere` if
/// that finds it; those where the token is but a part of the value, only if there is no better one.
pub(super) fn places<R: Request + ?Sized>(
    request: &R,
    schema: &Schema,
    token: &[u8],
) -> Vec<Place> {
    let search = Search { request, schema, token };
    let (mut tried, mut parts) = (HashSet::new(), Vec::new());
    let mut points = search.first();
    for _ in 0..DEPTH {
        points.retain(|words| tried.insert(words.clone()));
        points.truncate(MOST);
        let Tried { whole, part, alive } = search.all(&points);
        if !whole.is_empty() {
            return nearest(whole);
        }
        if parts.is_empty() {
            parts = nearest(part);
        }
        points = search.longer(&alive);
    }
    // Deeper than what was tried by name.
    let anywhere = search.all(&[words(&["anywhere"])]).whole;
    if anywhere.is_empty() {
        parts
    } else {
        anywhere
    }
}

/// Of the points that find the same thing the shortest; and none for the whole target or path, or for
/// names of things, where there is a better one.
fn nearest(mut places: Vec<Place>) -> Vec<Place> {
    let coarse = |place: &Place| {
        let names = |kind| matches!(kind, Kind::FormUrlencodedName | Kind::MultipartName);
        let whole = |kind| matches!(kind, Kind::Uri | Kind::PathAll);
        place.point.elements().iter().any(|it| whole(it.kind) || names(it.kind))
    };
    if !places.iter().all(coarse) {
        places.retain(|place| !coarse(place));
    }
    let source = |place: &Place| {
        let elements = place.point.elements();
        let cookie = elements.get(1).filter(|second| second.kind == Kind::Cookie);
        (elements.first().cloned(), cookie.cloned())
    };
    let length = |place: &Place| place.point.elements().len();
    let shortest: Vec<(_, usize)> =
        places.iter().map(|place| (source(place), length(place))).collect();
    places.retain(|place| {
        let same = shortest.iter().filter(|(other, _)| *other == source(place));
        same.map(|(_, length)| *length).min() == Some(length(place))
    });
    places
}

/// Whether `anywhere` finds the token.
pub(super) fn is_found_anywhere<R: Request + ?Sized>(
    request: &R,
    schema: &Schema,
    token: &[u8],
) -> bool {
    let mut found = false;
    let search = Search { request, schema, token };
    search.walk(&[words(&["anywhere"])], &mut |_, look| found |= !look.matching.is_empty());
    found
}

/// A point as a rule file writes it.
type Words = Vec<String>;

struct Search<'a, R: ?Sized> {
    request: &'a R,
    schema: &'a Schema,
    token: &'a [u8],
}

/// What came of some points.
#[derive(Default)]
struct Tried {
    whole: Vec<Place>,
    part: Vec<Place>,
    /// Those that have a value.
    alive: Vec<Words>,
}

impl<R: Request + ?Sized> Search<'_, R> {
    fn first(&self) -> Vec<Words> {
        let mut points: Vec<Words> = (0..16).map(|n| words(&["path", &n.to_string()])).collect();
        points.push(words(&["path_all"]));
        points.extend(BEGINNINGS.iter().map(|suffix| words(suffix)));
        self.with_names(points)
    }

    /// Every point one parser longer.
    fn longer(&self, points: &[Words]) -> Vec<Words> {
        let longer = |point: &Words| GOES_ON.map(|suffix| [&point[..], &words(suffix)].concat());
        let longer = points.iter().flat_map(longer).filter(|words| parse(words).is_some());
        self.with_names(longer.take(MOST).collect())
    }

    /// The points, and before them those with each of the names that one of them gives.
    fn with_names(&self, points: Vec<Words>) -> Vec<Words> {
        let naming: Vec<Words> = points.iter().filter(|words| names(words)).cloned().collect();
        let mut named: Vec<Words> = Vec::new();
        for some in naming.chunks(AT_ONCE) {
            self.walk(some, &mut |index, look| {
                let Some(words) = some.get(index).filter(|words| text(words) == look.point) else {
                    return;
                };
                // A name that might tell the token is not used: it would be shown.
                let name = std::str::from_utf8(look.value).ok();
                let name = name.filter(|name| !name.is_empty() && name.len() <= NAME);
                // Nor is a piece of a document, which is no name.
                let is_odd = |it: char| it.is_control() || matches!(it, '<' | '{');
                let name = name.filter(|name| !name.contains(is_odd));
                if let Some(name) = name.filter(|_| !self.is_in(look.value)) {
                    let words = with_name(words, name);
                    if named.len() < MOST && !named.contains(&words) {
                        named.push(words);
                    }
                }
            });
        }
        named.extend(points);
        named
    }

    fn all(&self, points: &[Words]) -> Tried {
        let mut tried = Tried::default();
        for some in points.chunks(AT_ONCE) {
            self.walk(some, &mut |index, look| {
                let Some(words) = some.get(index) else { return };
                if !tried.alive.contains(words) && look.point == text(words) {
                    tried.alive.push(words.clone());
                }
                let is_whole = !look.matching.is_empty() && !is_chance(words, look.point);
                let places = if is_whole { &mut tried.whole } else { &mut tried.part };
                let point = parse(words).filter(|_| is_whole || self.is_in(look.value));
                let Some(point) = point else { return };
                if places.iter().all(|place| place.point != point) {
                    let exact = reading_of(&point, look.point).unwrap_or_else(|| point.clone());
                    places.push(Place { point, exact, reading: (look.reading)(), is_whole });
                }
            });
        }
        tried
    }

    fn is_in(&self, value: &[u8]) -> bool {
        memchr::memmem::find(value, self.token).is_some()
    }

    /// Looks at points, each as a rule of its own that asks for the token.
    fn walk(&self, points: &[Words], look: &mut dyn FnMut(usize, &Look<'_>)) {
        let rules = points.iter().filter_map(parse).enumerate();
        let rules = rules.map(|(index, point)| asking(index, point)).collect();
        let loaded = Loaded::of(rules, self.schema.clone());
        let Ok(ruleset) = Ruleset::compile(&loaded, &Limits::default()) else { return };
        let mut denylists = MemoryDenylists::default();
        denylists.ban(self.token, &Ban { list: LIST, ..Ban::default() });
        ruleset.explain(self.request, &denylists, &mut |seen| {
            for rule in seen.rules {
                if let Ok(index) = rule.parse() {
                    look(index, seen);
                }
            }
        });
    }
}

/// Whether a token is found in all cookies or in the whole body as a credential of a header would be:
/// there is a point that says where it stands.
fn is_chance(words: &Words, looked_at: &str) -> bool {
    let is_cookies = |name: &String| name.eq_ignore_ascii_case("cookie");
    let is_all = *words == ["post"] || (words.len() == 2 && words.last().is_some_and(is_cookies));
    is_all && looked_at.contains("credentials")
}

/// The denylist that has the token and nothing else.
const LIST: &str = "sought";

fn asking(index: usize, point: Point) -> Rule {
    Rule {
        id: index.to_string(),
        title: None,
        conditions: Conditions::default(),
        except: Vec::new(),
        points: vec![point],
        matcher: MatcherSource::Denylist(vec![LIST.to_owned()]),
        action: Action::Deny,
        expires: None,
        examples: Examples::default(),
        origin: Origin::default(),
    }
}

fn words(words: &[&str]) -> Words {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn parse(words: &Words) -> Option<Point> {
    Point::parse(&words.iter().map(String::as_str).collect::<Vec<_>>()).ok()
}

/// The point as [`super::Look`] has it.
fn text(words: &Words) -> String {
    parse(words).map(|point| path_text(&tree::path(&point))).unwrap_or_default()
}

/// Whether the values of a point are names that a longer one may have.
fn names(words: &Words) -> bool {
    words.last().is_some_and(|word| word.ends_with("_name") && word != "file_name")
}

/// `[…, hash_name]` and a name to `[…, hash, NAME]`.
fn with_name(words: &Words, name: &str) -> Words {
    let (names, before) = words.split_last().map_or(("", &[][..]), |(last, rest)| (last, rest));
    let is_xml = before.last().is_some_and(|word| word == "xml")
        || before.iter().any(|word| word == "xml_tag");
    let element = names.strip_suffix("_name").unwrap_or(names);
    let element = if is_xml && element == "hash" { "xml_tag" } else { element };
    [before, &[element.to_owned(), name.to_owned()]].concat()
}

/// The point of a reading that rules with tokens look at below their own, where it is one that can
/// be written.
fn reading_of(point: &Point, text: &str) -> Option<Point> {
    let path = tree::paths_of(point, true).into_iter().find(|path| path_text(path) == text)?;
    let element = |step| match step {
        Step::Element(element) => Some(element),
        _ => None,
    };
    path.into_iter().map(element).collect::<Option<Vec<_>>>().map(Point::of)
}
