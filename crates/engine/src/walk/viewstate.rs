//! ASP.NET's view state.

use super::{budget::Work, Walk};
use tokenban_parse::viewstate::{viewstate, Id, Kind as Part, ViewState};

use crate::{point::Kind, request::Request, tree::NodeId};

impl<R: Request + ?Sized> Walk<'_, R> {
    /// A value as a view state.
    pub(super) fn viewstate(&mut self, id: NodeId, value: &[u8]) {
        if !self.spend(Work::Messages, value.len()) {
            return;
        }
        let Some(state) = viewstate(value) else { return };
        self.note(state.coverage());
        self.viewstate_members(id, &state, state.root());
    }

    fn viewstate_members(&mut self, id: NodeId, state: &ViewState<'_>, part: Id) {
        match state.kind(part) {
            Part::Array => self.viewstate_list(id, Kind::ViewstateArray, state, part),
            Part::Dict => self.viewstate_dict(id, state, part),
            Part::Pair => self.viewstate_list(id, Kind::ViewstatePair, state, part),
            Part::Scalar => {}
            Part::SparseArray => self.viewstate_sparse_array(id, state, part),
            Part::Triplet => self.viewstate_list(id, Kind::ViewstateTriplet, state, part),
        }
    }

    fn viewstate_list(&mut self, id: NodeId, kind: Kind, state: &ViewState<'_>, part: Id) {
        let node = self.tree.node(id);
        if !node.has(&[kind]) {
            return;
        }
        for (index, member) in state.children(part).enumerate() {
            for (_, child) in node.children(kind).filter(|(step, _)| step.is_number(index)) {
                self.viewstate_part(child, state, member);
            }
        }
    }

    fn viewstate_dict(&mut self, id: NodeId, state: &ViewState<'_>, part: Id) {
        let mut buffers = self.take();
        for (key, value) in state.entries(part) {
            buffers.name.clear();
            let name = &mut buffers.name;
            state.text(key, &mut buffers.value, &mut |text| name.extend_from_slice(text));
            for (step, child) in &self.tree.node(id).edges {
                match step.kind() {
                    Some(Kind::ViewstateDict) if step.is(&buffers.name) => {
                        self.viewstate_part(*child, state, value);
                    }
                    Some(Kind::ViewstateDictKey) => self.viewstate_part(*child, state, key),
                    Some(Kind::ViewstateDictValue) => self.viewstate_part(*child, state, value),
                    _ => {}
                }
            }
        }
        self.give(buffers);
    }

    fn viewstate_sparse_array(&mut self, id: NodeId, state: &ViewState<'_>, part: Id) {
        let mut buffers = self.take();
        for (key, value) in state.entries(part) {
            buffers.name.clear();
            let name = &mut buffers.name;
            state.text(key, &mut buffers.value, &mut |text| name.extend_from_slice(text));
            let node = self.tree.node(id);
            for (_, child) in
                node.children(Kind::ViewstateSparseArray).filter(|(step, _)| step.is(&buffers.name))
            {
                self.viewstate_part(child, state, value);
            }
        }
        self.give(buffers);
    }

    fn viewstate_part(&mut self, id: NodeId, state: &ViewState<'_>, part: Id) {
        let mut buffers = self.take();
        state.text(part, &mut buffers.value, &mut |text| self.value(id, text));
        self.give(buffers);
        self.viewstate_members(id, state, part);
    }
}
