//! The points of all rules of a ruleset, merged into one tree.
//!
//! Points that begin alike share their first nodes, so each parser runs at most once for each value
//! however many rules look below it, and each node is matched once however many rules end there.

use crate::point::{Element, Kind, Point};

/// A node of the tree; 0 is the root, the request itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(u32);

impl NodeId {
    pub(crate) const ROOT: NodeId = NodeId(0);

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// What leads from one node to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// An element of the notation.
    Element(Element),
    /// For `anywhere`: every value in a document at any depth; below the body, whatever parsers may
    /// fit it. No element that rules can name.
    Any,
    /// User and password of Basic, `user:password`, and the one way to encode them that clients
    /// have: only a reading, not an element that rules can name.
    Pair,
    /// The value without its quotes: only a reading, too.
    Unquote,
}

impl Step {
    pub(crate) fn kind(&self) -> Option<Kind> {
        match self {
            Step::Element(element) => Some(element.kind),
            Step::Any | Step::Pair | Step::Unquote => None,
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Step::Element(element) => element.name.as_deref().unwrap_or_default(),
            Step::Any | Step::Pair | Step::Unquote => "",
        }
    }

    /// Whether the step takes what has this name: it asks for it, or for all.
    pub(crate) fn is(&self, name: &[u8]) -> bool {
        self.takes(|wanted| wanted == name)
    }

    /// The same where names are compared in another way.
    pub(crate) fn takes(&self, is_named: impl Fn(&[u8]) -> bool) -> bool {
        match self {
            Step::Element(Element { name: Some(name), .. }) => is_named(name.as_bytes()),
            _ => true,
        }
    }

    /// Whether the step takes what has this number.
    pub(crate) fn is_number(&self, number: usize) -> bool {
        matches!(self, Step::Element(Element { name: None, .. })) || self.number() == number
    }

    /// Whether a token that it yields of a value stands in the value in one piece, perhaps escaped: see
    /// [`Gate`](crate::walk::gate::Gate), which knows the exceptions.
    fn shortens(&self) -> bool {
        const SHORTEN: [Kind; 15] = [
            Kind::Array,
            Kind::ArrayAll,
            Kind::Basic,
            Kind::Cookie,
            Kind::CookieAll,
            Kind::CookieName,
            Kind::Credentials,
            Kind::Gql,
            Kind::Hash,
            Kind::HashAll,
            Kind::HashName,
            Kind::JsonDoc,
            Kind::Password,
            Kind::Percent,
            Kind::User,
        ];
        self.kind().is_none_or(|kind| SHORTEN.contains(&kind))
    }

    /// Whether it takes a value apart that is a credential as a whole: not a document or a list.
    fn takes_apart(&self) -> bool {
        match self.kind() {
            Some(kind) => matches!(kind, Kind::Basic | Kind::Credentials | Kind::Percent),
            None => *self != Step::Any,
        }
    }

    /// As a rule file would write it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Step::Any => "anywhere",
            Step::Element(element) => element.word(),
            Step::Pair => "pair",
            Step::Unquote => "unquoted",
        }
    }

    /// The number of `array N` and `path N`; the grammar has made sure that it is one.
    pub(crate) fn number(&self) -> usize {
        self.name().parse().unwrap_or(usize::MAX)
    }
}

/// The steps below a node, and whether a rule ends here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    pub(crate) edges: Vec<(Step, NodeId)>,
    /// A bit for each kind of element among the edges.
    kinds: u128,
    /// A bit for each length of a header's name among the edges; all of them where names do not count.
    header_lengths: u64,
    pub(crate) is_leaf: bool,
    /// Nothing here or below is asked for but denylists, by what yields no more than stands in a value.
    pub(crate) is_gated: bool,
    /// The same holds of the node before: what comes here is a part of what was held against the gate.
    pub(crate) is_below_gate: bool,
    /// The scheme is already taken off the values here, so Basic is bare base64.
    pub(crate) is_below_scheme: bool,
}

impl Node {
    /// The nodes that one element leads to.
    pub(crate) fn children(&self, kind: Kind) -> impl Iterator<Item = (&Step, NodeId)> {
        self.edges
            .iter()
            .filter(move |(step, _)| step.kind() == Some(kind))
            .map(|(step, child)| (step, *child))
    }

    /// The node for every value at any depth.
    pub(crate) fn any(&self) -> Option<NodeId> {
        self.edges.iter().find(|(step, _)| *step == Step::Any).map(|(_, child)| *child)
    }

    /// Whether some edge may take a header whose name has this length.
    #[inline]
    pub(crate) fn may_take_header(&self, length: usize) -> bool {
        self.header_lengths & header_length(length) != 0
    }

    /// Whether some edge has one of these kinds. Asked of every value, several times.
    #[inline]
    pub(crate) fn has(&self, kinds: &[Kind]) -> bool {
        kinds.iter().fold(0, |bits, kind| bits | bit(*kind)) & self.kinds != 0
    }
}

/// A kind without a bit would never be found.
const _: () = assert!((Kind::XmlTagArray as u32) < u128::BITS);

#[inline]
fn bit(kind: Kind) -> u128 {
    1 << kind as u32
}

#[inline]
fn header_length(length: usize) -> u64 {
    1 << (length % 64)
}

/// All nodes.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    pub(crate) fn new() -> Tree {
        Tree { nodes: vec![Node::default()] }
    }

    /// Adds a path from the root; gives the node at its end.
    pub(crate) fn add(&mut self, path: &[Step]) -> NodeId {
        let mut node = NodeId::ROOT;
        for step in path {
            node = self.child(node, step);
        }
        self.nodes[node.index()].is_leaf = true;
        node
    }

    pub(crate) fn node(&self, node: NodeId) -> &Node {
        &self.nodes[node.index()]
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Finds out which nodes are gated, once it is known which ask denylists and nothing else.
    pub(crate) fn gate(&mut self, asks_only_denylists: impl Fn(NodeId) -> bool) {
        // A child has a higher number than its parent.
        for number in (0..self.nodes.len()).rev() {
            let is_gated = |child: &NodeId| self.node(*child).is_gated;
            let node = &self.nodes[number];
            let asks = !node.is_leaf
                || u32::try_from(number).is_ok_and(|it| asks_only_denylists(NodeId(it)));
            let gated =
                asks && node.edges.iter().all(|(step, child)| step.shortens() && is_gated(child));
            self.nodes[number].is_gated = gated;
            let parts = self.nodes[number].edges.iter().filter(|(step, _)| step.takes_apart());
            let parts: Vec<_> = parts.map(|(_, child)| *child).collect();
            parts.iter().for_each(|child| self.nodes[child.index()].is_below_gate = gated);
        }
    }

    /// The same tree with every node a leaf: a walk visits the values on the way, too.
    pub(crate) fn opened(&self) -> Tree {
        let mut opened = self.clone();
        opened.nodes.iter_mut().for_each(|node| (node.is_leaf, node.is_gated) = (true, false));
        opened
    }

    /// Of every node what leads to it; `None` for the root.
    pub(crate) fn parents(&self) -> Vec<Option<(NodeId, &Step)>> {
        let mut parents = vec![None; self.nodes.len()];
        for (node, number) in self.nodes.iter().zip(0..) {
            for (step, child) in &node.edges {
                parents[child.index()] = Some((NodeId(number), step));
            }
        }
        parents
    }

    fn child(&mut self, node: NodeId, step: &Step) -> NodeId {
        let edges = &self.nodes[node.index()].edges;
        if let Some((_, child)) = edges.iter().find(|(other, _)| other == step) {
            return *child;
        }
        let child = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let is_below_scheme = step.kind() == Some(Kind::Credentials);
        self.nodes.push(Node { is_below_scheme, ..Node::default() });
        let parent = &mut self.nodes[node.index()];
        parent.edges.push((step.clone(), child));
        parent.kinds |= step.kind().map_or(0, bit);
        parent.header_lengths |= match step.kind() {
            Some(Kind::Header) => header_length(step.name().len()),
            Some(Kind::HeaderAll | Kind::HeaderName) => u64::MAX,
            _ => 0,
        };
        child
    }
}

/// The paths that a point stands for: itself, or all that `anywhere` covers.
pub(crate) fn paths(point: &Point) -> Vec<Vec<Step>> {
    if point.elements().iter().any(|element| element.kind == Kind::Anywhere) {
        return anywhere();
    }
    vec![path(point)]
}

/// The path of a point that is not `anywhere`.
pub(crate) fn path(point: &Point) -> Vec<Step> {
    point.elements().iter().cloned().map(Step::Element).collect()
}

/// A path and the readings of its values that a token may hide in: after a scheme, on either side
/// of a Basic pair or as the whole of one, percent-encoded, quoted.
fn with_credentials(path: &[Step]) -> Vec<Vec<Step>> {
    let below = |steps: &[Step]| [path, steps].concat();
    let credentials = element(Kind::Credentials);
    let basic = |part| [element(Kind::Basic), element(part)];
    vec![
        path.to_vec(),
        below(std::slice::from_ref(&credentials)),
        below(&[credentials, element(Kind::Percent)]),
        below(&basic(Kind::User)),
        below(&basic(Kind::Password)),
        below(&[element(Kind::Basic), Step::Pair]),
        below(&[element(Kind::Percent)]),
        below(&[element(Kind::Percent), Step::Unquote]),
        below(&[Step::Unquote]),
        below(&[Step::Unquote, element(Kind::Percent)]),
    ]
}

/// The paths of a point, and where tokens are looked for the readings of each. A path that is such a
/// reading of another one needs none of its own.
pub(crate) fn paths_of(point: &Point, tokens: bool) -> Vec<Vec<Step>> {
    let paths = paths(point);
    if !tokens {
        return paths;
    }
    let readings: Vec<_> = paths.iter().map(|path| with_credentials(path)).collect();
    let is_reading =
        |path: &Vec<Step>| readings.iter().any(|all| all.iter().skip(1).any(|other| other == path));
    let alone = paths.iter().zip(&readings).filter(|(path, _)| !is_reading(path));
    alone.flat_map(|(_, readings)| readings).cloned().collect()
}

/// Every place where a credential usually travels.
fn anywhere() -> Vec<Vec<Step>> {
    let header_all = element(Kind::HeaderAll);
    let cookie = Step::Element(Element { kind: Kind::Header, name: Some("COOKIE".to_owned()) });
    let head = vec![
        vec![header_all.clone()],
        vec![header_all.clone(), element(Kind::Credentials)],
        vec![header_all.clone(), element(Kind::Basic), element(Kind::User)],
        vec![header_all, element(Kind::Basic), element(Kind::Password)],
        vec![cookie, element(Kind::CookieAll)],
        vec![element(Kind::QueryAll)],
        vec![element(Kind::PathAll)],
    ];
    [head, anywhere_in_body()].concat()
}

/// Fields of forms, names of files, and every value of documents, which may stand in a field.
fn anywhere_in_body() -> Vec<Vec<Step>> {
    let (form, multipart) = (element(Kind::FormUrlencodedAll), element(Kind::MultipartAll));
    let (json, gql) = (element(Kind::JsonDoc), element(Kind::Gql));
    let paths = [
        vec![form.clone()],
        vec![form.clone(), json.clone(), Step::Any],
        vec![form, gql.clone(), Step::Any],
        vec![multipart.clone()],
        vec![multipart.clone(), element(Kind::FileName)],
        vec![multipart.clone(), json.clone(), Step::Any],
        vec![multipart, gql.clone(), Step::Any],
        vec![json, Step::Any],
        vec![gql, Step::Any],
        vec![element(Kind::Xml), Step::Any],
    ];
    let below_post = |path: Vec<Step>| [vec![element(Kind::Post), Step::Any], path].concat();
    paths.into_iter().map(below_post).collect()
}

fn element(kind: Kind) -> Step {
    Step::Element(Element { kind, name: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_that_begin_alike_share_nodes() {
        let mut tree = Tree::new();
        let mut add = |words: &[&str]| {
            let point = Point::parse(words).unwrap();
            tree.add(&paths(&point)[0])
        };
        let header = add(&["header", "AUTHORIZATION"]);
        let credentials = add(&["header", "authorization", "credentials"]);
        assert_eq!(header, add(&["header", "AUTHORIZATION"]));
        assert_ne!(header, credentials);
        assert_eq!(tree.len(), 3);
    }

    #[test]
    fn a_node_knows_the_kinds_below_it() {
        let mut tree = Tree::new();
        let mut add = |words: &[&str]| tree.add(&paths(&Point::parse(words).unwrap())[0]);
        let header = add(&["header", "A"]);
        add(&["header", "A", "jwt", "claims", "sub"]);
        assert!(tree.node(NodeId::ROOT).has(&[Kind::Cookie, Kind::Header]));
        assert!(!tree.node(NodeId::ROOT).has(&[Kind::Cookie, Kind::Jwt]));
        assert!(tree.node(header).has(&[Kind::Jwt]) && !tree.node(header).has(&[]));
    }

    #[test]
    fn readings_of_a_point_are_not_read_again() {
        let point = Point::parse(&["anywhere"]).unwrap();
        let words = |path: &Vec<Step>| path.iter().map(Step::word).collect::<Vec<_>>();
        let all: Vec<_> = paths_of(&point, true).iter().map(words).collect();
        assert!(all.contains(&vec!["header_all", "credentials", "percent"]));
        assert!(all.contains(&vec!["header_all", "basic", "password"]));
        assert!(!all.contains(&vec!["header_all", "credentials", "basic", "password"]));
        assert!(paths(&point).iter().all(|path| all.contains(&words(path))));
    }
}
