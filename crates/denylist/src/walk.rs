//! Walks the tables of a file page by page, and believes nothing.

use std::{fs::File, os::unix::fs::FileExt};

use crate::pages::{number, Meta, Tree, NO_PAGE};

/// What is wrong with a file, in words that follow «page N: ».
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) page: u64,
    pub(crate) what: &'static str,
}

/// What a table has at a key.
pub(crate) enum Value<'a> {
    Bytes(&'a [u8]),
    /// A table of its own.
    Tree(Tree),
}

/// Sees every entry of a table, in order.
pub(crate) type Visit<'v> = dyn FnMut(&[u8], Value<'_>) -> Result<(), Fault> + 'v;

/// How two keys of a table compare.
#[derive(Clone, Copy)]
enum Order {
    /// Byte by byte.
    Bytes,
    /// Numbers of the machine: the table of free pages.
    Numbers,
}

/// A walk through a file: no page is met twice, none lies outside.
pub(crate) struct Walk<'f> {
    file: &'f File,
    length: u64,
    meta: Meta,
    met: Vec<u64>,
}

const HEADER: usize = 16;
const NODE: usize = 8;
const BRANCH: u64 = 0x01;
const LEAF: u64 = 0x02;
const OVERFLOW: u64 = 0x04;
const BIG: u64 = 0x01;
const SUBTREE: u64 = 0x02;
/// Deeper trees do not fit any file.
const DEEPEST: u64 = 32;

impl<'f> Walk<'f> {
    pub(crate) fn new(file: &'f File, meta: Meta) -> Walk<'f> {
        let length = file.metadata().map_or(0, |file| file.len());
        // No more pages than the file has room for, whatever it says.
        let pages = meta.last_page.min(length / meta.page_size) + 1;
        let words = usize::try_from(pages.div_ceil(64)).unwrap_or(0);
        let mut walk = Walk { file, length, meta, met: vec![0; words] };
        let _ = (walk.meet(0), walk.meet(1));
        walk
    }

    /// Every entry of a table.
    pub(crate) fn tree(&mut self, tree: Tree, visit: &mut Visit<'_>) -> Result<(), Fault> {
        self.ordered(tree, Order::Bytes, visit)
    }

    /// The pages to be used again, none of which may be in use.
    pub(crate) fn free_pages(&mut self) -> Result<(), Fault> {
        let mut free = Vec::new();
        self.ordered(self.meta.free, Order::Numbers, &mut |_, value| {
            if let Value::Bytes(bytes) = value {
                let count = number(bytes, 0, 8);
                let pages = bytes.chunks_exact(8).skip(1).map(|page| number(page, 0, 8));
                free.extend(pages.take(usize::try_from(count).unwrap_or(usize::MAX)));
            }
            Ok(())
        })?;
        free.into_iter().try_for_each(|page| self.meet_free(page))
    }

    /// All tables, for their pages only.
    pub(crate) fn everything(&mut self) -> Result<(), Fault> {
        self.ordered(self.meta.free, Order::Numbers, &mut |_, _| Ok(()))?;
        let mut trees = Vec::new();
        self.tree(self.meta.main, &mut |_, value| {
            if let Value::Tree(tree) = value {
                trees.push(tree);
            }
            Ok(())
        })?;
        trees.into_iter().try_for_each(|tree| self.tree(tree, &mut |_, _| Ok(())))
    }

    fn ordered(&mut self, tree: Tree, order: Order, visit: &mut Visit<'_>) -> Result<(), Fault> {
        if tree.root == NO_PAGE {
            return Ok(());
        }
        let fault = |what| Fault { page: tree.root, what };
        if tree.depth > DEEPEST {
            return Err(fault("the table is too deep"));
        }
        let mut entries = 0;
        let mut last: Option<Vec<u8>> = None;
        let mut visit = |key: &[u8], value: Value<'_>| {
            entries += 1;
            if last.as_deref().is_some_and(|last| !order.is_before(last, key)) {
                return Err(fault("keys are not in order"));
            }
            let last = last.get_or_insert_with(Vec::new);
            last.clear();
            last.extend_from_slice(key);
            visit(key, value)
        };
        self.page(tree.root, tree.depth, Bounds { order, from: None, to: None }, &mut visit)?;
        match entries == tree.entries {
            true => Ok(()),
            false => Err(fault("the table has not as many entries as it says")),
        }
    }

    /// A page and what is below it.
    fn page(
        &mut self,
        at: u64,
        depth: u64,
        bounds: Bounds<'_>,
        visit: &mut Visit<'_>,
    ) -> Result<(), Fault> {
        let fault = |what| Fault { page: at, what };
        self.meet(at)?;
        let bytes = self.read(at, self.meta.page_size)?;
        let kind = if depth > 1 { BRANCH } else { LEAF };
        if number(&bytes, 0, 8) != at || number(&bytes, 10, 2) & 0x2f != kind || depth == 0 {
            return Err(fault("another page is in its place"));
        }
        let nodes = nodes(&bytes).ok_or_else(|| fault("its entries are out of bounds"))?;
        for (index, node) in nodes.iter().enumerate() {
            if kind == LEAF {
                bounds.hold(node.key).then_some(()).ok_or_else(|| fault("a key is misplaced"))?;
                self.value(at, node, visit)?;
                continue;
            }
            let from = if index == 0 { bounds.from } else { Some(node.key) };
            let to = nodes.get(index + 1).map(|next| next.key).or(bounds.to);
            self.page(node.child(), depth - 1, Bounds { from, to, ..bounds }, visit)?;
        }
        Ok(())
    }

    fn value(&mut self, at: u64, node: &Node<'_>, visit: &mut Visit<'_>) -> Result<(), Fault> {
        let fault = |what| Fault { page: at, what };
        let out = || fault("its entries are out of bounds");
        if node.flags & BIG != 0 {
            let page = number(node.rest.get(..8).ok_or_else(out)?, 0, 8);
            let bytes = self.overflow(page, node.size)?;
            return visit(node.key, Value::Bytes(&bytes));
        }
        let bytes = usize::try_from(node.size).ok().and_then(|size| node.rest.get(..size));
        let bytes = bytes.ok_or_else(out)?;
        match node.flags & SUBTREE {
            0 => visit(node.key, Value::Bytes(bytes)),
            _ => visit(node.key, Value::Tree(Tree::read(bytes).ok_or_else(out)?)),
        }
    }

    /// A value with pages of its own.
    fn overflow(&mut self, at: u64, size: u64) -> Result<Vec<u8>, Fault> {
        let count = (size + HEADER as u64).div_ceil(self.meta.page_size);
        for page in at..at.saturating_add(count) {
            self.meet(page)?;
        }
        let mut bytes = self.read(at, size + HEADER as u64)?;
        let sound = number(&bytes, 0, 8) == at
            && number(&bytes, 10, 2) & 0x2f == OVERFLOW
            && number(&bytes, 12, 4) == count;
        match sound {
            true => Ok(bytes.split_off(HEADER)),
            false => Err(Fault { page: at, what: "another page is in its place" }),
        }
    }

    fn read(&self, at: u64, size: u64) -> Result<Vec<u8>, Fault> {
        let fault = |what| Fault { page: at, what };
        let offset = at.checked_mul(self.meta.page_size);
        let offset = offset.filter(|offset| offset.saturating_add(size) <= self.length);
        let offset = offset.ok_or_else(|| fault("it lies behind the end of the file"))?;
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
        let read = self.file.read_exact_at(&mut bytes, offset);
        read.map_err(|_| fault("it cannot be read"))?;
        Ok(bytes)
    }

    /// Notes a page in use, which must lie in the file.
    fn meet(&mut self, at: u64) -> Result<(), Fault> {
        if at.saturating_add(1).saturating_mul(self.meta.page_size) > self.length {
            return Err(Fault { page: at, what: "it lies behind the end of the file" });
        }
        self.meet_free(at)
    }

    /// Notes a page, which may never have been written.
    fn meet_free(&mut self, at: u64) -> Result<(), Fault> {
        let fault = |what| Fault { page: at, what };
        if at > self.meta.last_page {
            return Err(fault("it lies behind the last page"));
        }
        let Some(word) = usize::try_from(at / 64).ok().and_then(|word| self.met.get_mut(word))
        else {
            return Ok(()); // behind the end of the file, and free
        };
        let bit = 1 << (at % 64);
        match *word & bit {
            0 => *word |= bit,
            _ => return Err(fault("it is used twice")),
        }
        Ok(())
    }
}

/// The keys that may be below a page.
#[derive(Clone, Copy)]
struct Bounds<'k> {
    order: Order,
    from: Option<&'k [u8]>,
    to: Option<&'k [u8]>,
}

impl Bounds<'_> {
    fn hold(&self, key: &[u8]) -> bool {
        self.from.is_none_or(|from| !self.order.is_before(key, from))
            && self.to.is_none_or(|to| self.order.is_before(key, to))
    }
}

impl Order {
    fn is_before(self, one: &[u8], other: &[u8]) -> bool {
        match self {
            Order::Bytes => one < other,
            Order::Numbers => number(one, 0, 8) < number(other, 0, 8),
        }
    }
}

/// An entry of a page.
struct Node<'p> {
    flags: u64,
    /// Bytes of the value; of a branch, the lower half of the page below.
    size: u64,
    key: &'p [u8],
    /// All that follows the key in the page.
    rest: &'p [u8],
}

impl Node<'_> {
    fn child(&self) -> u64 {
        self.size | self.flags << 32
    }
}

/// The entries of a page; `None` where one is out of bounds.
fn nodes(page: &[u8]) -> Option<Vec<Node<'_>>> {
    let lower = usize::try_from(number(page, 12, 2)).ok()?;
    let upper = usize::try_from(number(page, 14, 2)).ok()?;
    if lower < HEADER || lower > upper || upper > page.len() {
        return None;
    }
    let places = page.get(HEADER..lower)?.chunks_exact(2);
    places.map(|place| node(page, usize::try_from(number(place, 0, 2)).ok()?, upper)).collect()
}

fn node(page: &[u8], at: usize, upper: usize) -> Option<Node<'_>> {
    let node = page.get(at..).filter(|node| at >= upper && node.len() >= NODE)?;
    let key = usize::try_from(number(node, 6, 2)).ok()?;
    let (key, rest) = node.get(NODE..)?.split_at_checked(key)?;
    let size = number(node, 0, 2) | number(node, 2, 2) << 16;
    Some(Node { flags: number(node, 4, 2), size, key, rest })
}
