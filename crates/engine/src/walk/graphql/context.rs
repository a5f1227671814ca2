//! The parts of a document, and what they refer to.

use std::collections::{HashMap, HashSet};

use tokenban_parse::{
    graphql::{self, Definition, Kind, Selection},
    json::{self, Json},
};

use crate::tree::NodeId;

/// What a document says elsewhere, for those who refer to it.
pub(super) struct Context<'d> {
    pub(super) fragments: HashMap<&'d [u8], Vec<&'d [u8]>>,
    pub(super) supplied: HashMap<Vec<u8>, Vec<Json<'d>>>,
    pub(super) defaults: HashMap<&'d [u8], Vec<&'d [u8]>>,
    /// Where a fragment or a variable was already read: once is enough, and many times might be
    /// without end.
    pub(super) seen: HashSet<(NodeId, &'d [u8])>,
}

/// A place in a document: an operation, a field, a fragment.
#[derive(Clone, Copy, Default)]
pub(super) struct Site<'d> {
    pub(super) name: &'d [u8],
    pub(super) alias: Option<&'d [u8]>,
    pub(super) on: &'d [u8],
    pub(super) variables: &'d [u8],
    pub(super) arguments: &'d [u8],
    pub(super) directives: &'d [u8],
    pub(super) selections: &'d [u8],
}

impl<'d> Context<'d> {
    pub(super) fn of(definitions: &[Definition<'d>], variables: &'d [u8]) -> Context<'d> {
        let mut context = Context {
            fragments: HashMap::new(),
            supplied: HashMap::new(),
            defaults: HashMap::new(),
            seen: HashSet::new(),
        };
        for definition in definitions {
            if definition.kind == Kind::Fragment {
                let fragments = context.fragments.entry(definition.name).or_default();
                fragments.push(definition.selections);
            }
            graphql::variables(definition.variables, &mut |variable| {
                context.defaults.entry(variable.name).or_default().push(variable.default);
            });
        }
        json::object(variables, &mut Vec::new(), &mut |name, value| {
            context.supplied.entry(name.to_vec()).or_default().push(value);
        });
        context
    }
}

impl<'d> Site<'d> {
    pub(super) fn of_definition(definition: &Definition<'d>) -> Site<'d> {
        let Definition { name, on, variables, directives, selections, .. } = *definition;
        Site { name, on, variables, directives, selections, ..Site::default() }
    }

    pub(super) fn of_selection(selection: &Selection<'d>) -> Site<'d> {
        match *selection {
            Selection::Field { alias, name, arguments, directives, selections } => {
                Site { name, alias, arguments, directives, selections, ..Site::default() }
            }
            Selection::Inline { on, directives, selections } => {
                Site { on, directives, selections, ..Site::default() }
            }
            Selection::Spread { name, directives } => Site { name, directives, ..Site::default() },
        }
    }
}
