//! How a value was come by: every value between the request and it.

use crate::tree::{NodeId, Step, Tree};

/// The values that lead to the one that is looked at, from the request inwards.
///
/// It is told of every value of a walk over [`Tree::opened`], which visits a value before what is
/// nested in it. So explaining needs nothing of the walk that a decision would pay for.
pub(super) struct Trail<'a> {
    parents: Vec<Option<(NodeId, &'a Step)>>,
    frames: Vec<(NodeId, Vec<u8>)>,
}

/// From one value to the next.
pub(crate) struct Hop<'a> {
    /// What leads there; several steps where there is no value between them.
    pub(crate) steps: Vec<&'a Step>,
    /// The value that it began at; `None` is the request.
    pub(crate) from: Option<&'a [u8]>,
    /// What was found.
    pub(crate) to: &'a [u8],
}

impl<'a> Trail<'a> {
    pub(super) fn new(tree: &'a Tree) -> Trail<'a> {
        Trail { parents: tree.parents(), frames: Vec::new() }
    }

    /// Takes note of a value that is visited.
    pub(super) fn enter(&mut self, node: NodeId, value: Vec<u8>) {
        while self.frames.last().is_some_and(|(above, _)| self.steps(*above, node).is_none()) {
            self.frames.pop();
        }
        self.frames.push((node, value));
    }

    /// The value that was visited last.
    pub(super) fn value(&self) -> &[u8] {
        self.frames.last().map_or(&[], |(_, value)| value)
    }

    /// All hops to it.
    pub(super) fn hops(&self) -> Vec<Hop<'_>> {
        let mut above = (NodeId::ROOT, None);
        let mut hops = Vec::new();
        for (node, value) in &self.frames {
            let steps = self.steps(above.0, *node).unwrap_or_default();
            hops.push(Hop { steps, from: above.1, to: value });
            above = (*node, Some(value.as_slice()));
        }
        hops
    }

    /// The steps from a node down to another; `None` where that is not below it.
    fn steps(&self, above: NodeId, node: NodeId) -> Option<Vec<&'a Step>> {
        let mut steps = Vec::new();
        let mut at = node;
        while at != above || steps.is_empty() {
            let (parent, step) = (*self.parents.get(at.index())?)?;
            steps.push(step);
            at = parent;
        }
        steps.reverse();
        Some(steps)
    }
}
