//! ASP.NET's view state: what `ObjectStateFormatter` and `LosFormatter` of ASP.NET 2 and later
//! write (token values from Microsoft's reference source, ObjectStateFormatter.cs).
//!
//! Give it the bytes under the base64. The authentication code after the state is left alone; an
//! encrypted state cannot be read. Elements have no length of their own, so the state is read once
//! into a flat tree; its depth and number of nodes are bounded.

use std::io::Write;

use super::{
    bounds::{VIEWSTATE_LEVELS, VIEWSTATE_NODES},
    Coverage,
};

/// What a node is, by the filter that goes down into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `viewstate_array`
    Array,
    /// `viewstate_dict`: see [`ViewState::entries`].
    Dict,
    /// `viewstate_pair`
    Pair,
    /// A value: see [`ViewState::text`].
    Scalar,
    /// `viewstate_sparse_array`: see [`ViewState::entries`]; keys are indexes.
    SparseArray,
    /// `viewstate_triplet`
    Triplet,
}

/// A node of a [`ViewState`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id(u32);

#[derive(Clone, Copy, Debug)]
enum Content<'a> {
    Flag(bool),
    Float(f64),
    None,
    Number(i64),
    Text(&'a [u8]),
}

#[derive(Debug)]
struct Node<'a> {
    kind: Kind,
    content: Content<'a>,
    child: Option<Id>,
    next: Option<Id>,
}

/// A state that was read.
#[derive(Debug)]
pub struct ViewState<'a> {
    nodes: Vec<Node<'a>>,
    coverage: Coverage,
}

/// Reads a state; `None` when the bytes are none (or encrypted).
pub fn viewstate(bytes: &[u8]) -> Option<ViewState<'_>> {
    let rest = bytes.strip_prefix(&[0xff, 0x01])?;
    let mut reader =
        Reader { rest, nodes: Vec::new(), strings: Vec::new(), coverage: Coverage::Whole };
    // What came before an error is kept.
    let _ = reader.value(VIEWSTATE_LEVELS, None);
    let Reader { nodes, coverage, .. } = reader;
    (!nodes.is_empty()).then_some(ViewState { nodes, coverage })
}

impl ViewState<'_> {
    /// Whether all of the state was read, as far as it is well formed.
    pub fn coverage(&self) -> Coverage {
        self.coverage
    }

    /// The outermost value.
    pub fn root(&self) -> Id {
        Id(0)
    }

    /// What a node of the state is.
    pub fn kind(&self, id: Id) -> Kind {
        self.node(id).map_or(Kind::Scalar, |node| node.kind)
    }

    /// The members of an array, pair or triplet; keys and values in turn of the other two.
    pub fn children(&self, id: Id) -> impl Iterator<Item = Id> + '_ {
        let first = self.node(id).and_then(|node| node.child);
        std::iter::successors(first, |id| self.node(*id).and_then(|node| node.next))
    }

    /// Key and value of each entry of a dictionary or a sparse array.
    pub fn entries(&self, id: Id) -> impl Iterator<Item = (Id, Id)> + '_ {
        let mut children = self.children(id);
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    /// Emits a scalar as text.
    pub fn text(&self, id: Id, buffer: &mut Vec<u8>, emit: &mut dyn FnMut(&[u8])) {
        buffer.clear();
        let written = match self.node(id).map_or(Content::None, |node| node.content) {
            Content::Text(text) => return emit(text),
            Content::Flag(flag) => write!(buffer, "{flag}"),
            Content::Float(number) => write!(buffer, "{number}"),
            Content::Number(number) => write!(buffer, "{number}"),
            Content::None => return,
        };
        if written.is_ok() {
            emit(buffer);
        }
    }

    fn node(&self, id: Id) -> Option<&Node<'_>> {
        self.nodes.get(id.0 as usize)
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    nodes: Vec<Node<'a>>,
    /// Strings that later ones refer to by number.
    strings: Vec<&'a [u8]>,
    coverage: Coverage,
}

/// Where the next child of a node is linked.
struct Parent {
    id: Id,
    last: Option<Id>,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize, parent: Option<&mut Parent>) -> Option<()> {
        let token = self.byte()?;
        let (kind, members) = match token {
            15 => (Kind::Pair, 2),
            16 => (Kind::Triplet, 3),
            20 => {
                self.type_name()?;
                (Kind::Array, self.count()?)
            }
            21 | 22 => (Kind::Array, self.count()?),
            23 | 24 => (Kind::Dict, self.count()?.saturating_mul(2)),
            60 => {
                self.type_name()?;
                self.count()?;
                (Kind::SparseArray, self.count()?)
            }
            _ => {
                let content = self.scalar(token)?;
                self.add(Kind::Scalar, content, parent)?;
                return Some(());
            }
        };
        let id = self.add(kind, Content::None, parent)?;
        let Some(depth) = depth.checked_sub(1) else {
            self.coverage = Coverage::Cut;
            return None;
        };
        let mut own = Parent { id, last: None };
        for _ in 0..members {
            if token == 21 {
                let content = Content::Text(self.string()?);
                self.add(Kind::Scalar, content, Some(&mut own))?;
                continue;
            }
            if token == 60 {
                let content = Content::Number(self.count()? as i64);
                self.add(Kind::Scalar, content, Some(&mut own))?;
            }
            self.value(depth, Some(&mut own))?;
        }
        Some(())
    }

    fn add(&mut self, kind: Kind, content: Content<'a>, parent: Option<&mut Parent>) -> Option<Id> {
        if self.nodes.len() == VIEWSTATE_NODES {
            self.coverage = Coverage::Cut;
            return None;
        }
        let id = Id(self.nodes.len() as u32);
        self.nodes.push(Node { kind, content, child: None, next: None });
        if let Some(parent) = parent {
            match parent.last.replace(id) {
                Some(last) => self.nodes[last.0 as usize].next = Some(id),
                None => self.nodes[parent.id.0 as usize].child = Some(id),
            }
        }
        Some(id)
    }

    fn scalar(&mut self, token: u8) -> Option<Content<'a>> {
        Some(match token {
            1 => Content::Number(i64::from(i16::from_le_bytes(self.array()?))),
            2 | 10 => Content::Number(i64::from(self.number()?)),
            3 => Content::Number(i64::from(self.byte()?)),
            4 => Content::Text(self.character()?),
            5 => Content::Text(self.string()?),
            6 => Content::Number(i64::from_le_bytes(self.array()?)),
            7 => Content::Float(f64::from_le_bytes(self.array()?)),
            8 => Content::Float(f64::from(f32::from_le_bytes(self.array()?))),
            9 => Content::Number(i64::from(i32::from_le_bytes(self.array()?))),
            11 => {
                self.type_name()?;
                Content::Number(i64::from(self.number()?))
            }
            25 => Content::Text(self.type_name()?),
            27 => {
                let number = f64::from_le_bytes(self.array()?);
                self.take(4)?;
                Content::Float(number)
            }
            29 => {
                self.byte()?;
                let hashes = self.count()?.checked_mul(16)?;
                Content::Text(self.take(hashes)?)
            }
            30 => {
                let text = self.string()?;
                if self.strings.len() < 255 {
                    self.strings.push(text);
                }
                Content::Text(text)
            }
            31 => {
                let index = self.byte()?;
                Content::Text(self.strings.get(usize::from(index)).copied()?)
            }
            40 => {
                self.type_name()?;
                Content::Text(self.string()?)
            }
            50 => Content::Text(self.string()?),
            102 => Content::Number(0),
            103 => Content::Flag(true),
            104 => Content::Flag(false),
            12 | 28 | 100 => Content::None,
            101 => Content::Text(b""),
            _ => return None,
        })
    }

    /// A type's name; one seen before is only a number, which nobody looks for.
    fn type_name(&mut self) -> Option<&'a [u8]> {
        match self.byte()? {
            41 | 42 => self.string(),
            43 => self.number().map(|_| &b""[..]),
            _ => None,
        }
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.count()?;
        self.take(length)
    }

    /// One character in UTF-8.
    fn character(&mut self) -> Option<&'a [u8]> {
        let length = match self.rest.first()? {
            0x00..=0x7f => 1,
            0x80..=0xdf => 2,
            0xe0..=0xef => 3,
            _ => 4,
        };
        self.take(length)
    }

    fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    /// `Write7BitEncodedInt`: the lowest seven bits first, in at most five bytes.
    fn number(&mut self) -> Option<i32> {
        let mut number = 0u32;
        for index in 0..5 {
            let byte = self.byte()?;
            number |= u32::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                return Some(number as i32);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn state(body: &[u8]) -> Vec<u8> {
        [b"\xff\x01", body].concat()
    }

    /// The tree in brackets: `pair(a b)`, `dict(k v)`.
    fn shown(bytes: &[u8]) -> String {
        fn show(state: &ViewState<'_>, id: Id) -> String {
            let inner: Vec<_> = state.children(id).map(|child| show(state, child)).collect();
            let name = match state.kind(id) {
                Kind::Array => "array",
                Kind::Dict => "dict",
                Kind::Pair => "pair",
                Kind::Scalar => {
                    let mut text = String::from("-");
                    state.text(id, &mut Vec::new(), &mut |it| {
                        text = String::from_utf8_lossy(it).into_owned();
                    });
                    return text;
                }
                Kind::SparseArray => "sparse",
                Kind::Triplet => "triplet",
            };
            format!("{name}({})", inner.join(" "))
        }
        viewstate(bytes).map_or(String::new(), |state| show(&state, state.root()))
    }

    #[test]
    fn every_filter_has_its_kind() {
        for (body, wanted) in [
            (&b"\x05\x01T"[..], "T"),
            (b"\x0f\x05\x01T\x64", "pair(T -)"),
            (b"\x10\x64\x05\x01T\x66", "triplet(- T 0)"),
            (b"\x14\x29\x01S\x02\x05\x01T\x67", "array(T true)"),
            (b"\x15\x02\x01T\x01U", "array(T U)"),
            (b"\x16\x02\x05\x01T\x68", "array(T false)"),
            (b"\x17\x01\x05\x01k\x05\x01T", "dict(k T)"),
            (b"\x18\x01\x1e\x01k\x1f\x00", "dict(k k)"),
            (b"\x3c\x29\x01S\x0a\x01\x07\x05\x01T", "sparse(7 T)"),
            (b"\x02\xac\x02", "300"),
            (b"\x01\xff\xff", "-1"),
            (b"\x08\0\0\x80\x3f", "1"),
            (b"\x28\x2b\x00\x01T", "T"),
            (b"\x32\x03abc", "abc"),
            (b"\x0b\x2a\x01E\x02", "2"),
            (b"\x65", ""),
        ] {
            assert_eq!(shown(&state(body)), wanted, "{body:?}");
        }
    }

    #[test]
    fn entries_are_keys_and_values() {
        let bytes = state(b"\x17\x02\x05\x01k\x05\x01T\x05\x01l\x05\x01U");
        let state = viewstate(&bytes).unwrap();
        let mut values = Vec::new();
        for (key, value) in state.entries(state.root()) {
            for id in [key, value] {
                state.text(id, &mut Vec::new(), &mut |text| values.push(text.to_vec()));
            }
        }
        assert_eq!(values.concat(), b"kTlU");
    }

    #[test]
    fn what_follows_the_state_is_left_alone() {
        let signed = [state(b"\x05\x01T"), vec![7; 20]].concat();
        assert_eq!(shown(&signed), "T");
    }

    #[test]
    fn what_came_before_an_error_is_read() {
        assert_eq!(shown(&state(b"\x0f\x05\x01T\x05\x09")), "pair(T)");
        assert_eq!(shown(&state(b"\x16\xff\xff\xff\xff\x07\x05\x01T")), "array(T)");
        for none in [&b""[..], b"\xff\x01", b"\xff\x01\xee", b"token", b"\xff\x02\x05\x01T"] {
            assert!(viewstate(none).is_none());
        }
    }

    #[test]
    fn bombs_are_cut() {
        let deep = state(&[0x0f; 100_000]);
        assert_eq!(viewstate(&deep).unwrap().coverage(), Coverage::Cut);
        let wide = state(&[b"\x16\xff\xff\xff\x07".as_slice(), &[0x64; 100_000]].concat());
        let read = viewstate(&wide).unwrap();
        assert_eq!((read.coverage(), read.nodes.len()), (Coverage::Cut, VIEWSTATE_NODES));
    }

    proptest! {
        #[test]
        fn never_panics(body in prop::collection::vec(prop_oneof![0u8..62, any::<u8>()], 0..80)) {
            shown(&state(&body));
        }
    }
}
