//! GraphQL documents, by themselves or in the JSON envelope of GraphQL over HTTP.
//!
//! A field is found where it is written, and through the fragments that stand for it. A variable
//! stands for what the envelope supplies, and for its default.

mod context;
mod variables;

use self::{
    context::{Context, Site},
    variables::members,
};
use super::{budget::Work, Walk};
use tokenban_parse::{
    graphql::{self, Kind as Operation, Selection, Value},
    json, Coverage,
};

use crate::{bounds::GQL_LEVELS, point::Kind, request::Request, tree::NodeId};

impl<R: Request + ?Sized> Walk<'_, R> {
    /// A value as a document, or else as an envelope or a list of envelopes.
    pub(super) fn gql(&mut self, id: NodeId, value: &[u8]) {
        // Its variables may stand elsewhere.
        let is_alone = self.variables.is_empty();
        if !(if is_alone {
            self.reads(id, Work::Gql, value)
        } else {
            self.spend(Work::Gql, value.len())
        }) {
            return;
        }
        let mut buffers = self.take();
        let text = json::transcode(value, &mut buffers.value);
        if graphql::is_document(text) {
            self.gql_document(id, text);
        } else {
            match json::container(text) {
                Some(json::Kind::Array) => json::array(text, &mut |_, envelope| {
                    if envelope.kind == json::Kind::Object {
                        self.gql_envelope(id, envelope.raw);
                    }
                }),
                Some(json::Kind::Object) => self.gql_envelope(id, text),
                _ => {}
            }
        }
        self.give(buffers);
    }

    fn gql_envelope(&mut self, id: NodeId, text: &[u8]) {
        let [document, variables] = members(text, ["query", "variables"]);
        if !document.is_empty() {
            let outer = std::mem::replace(&mut self.variables, variables);
            self.gql_document(id, &document);
            self.variables = outer;
        }
    }

    fn gql_document(&mut self, id: NodeId, document: &[u8]) {
        let node = self.tree.node(id);
        if let Some(any) = node.any() {
            let mut buffers = self.take();
            let buffer = &mut buffers.value;
            graphql::leaves(document, buffer, &mut |value| self.value(any, value));
            self.give(buffers);
        }
        let variables = std::mem::take(&mut self.variables);
        let mut definitions = Vec::new();
        graphql::definitions(document, &mut |definition| definitions.push(definition));
        let mut context = Context::of(&definitions, &variables);
        for definition in &definitions {
            for (_, child) in node
                .children(element_of(definition.kind))
                .filter(|(step, _)| step.is(definition.name))
            {
                self.gql_site(child, &Site::of_definition(definition), &mut context);
            }
        }
        self.variables = variables;
    }

    fn gql_site<'d>(&mut self, id: NodeId, site: &Site<'d>, context: &mut Context<'d>) {
        self.value(id, site.name);
        let node = self.tree.node(id);
        for (step, child) in &node.edges {
            match step.kind() {
                Some(Kind::GqlAlias) => {
                    site.alias.into_iter().for_each(|alias| self.value(*child, alias));
                }
                Some(Kind::GqlArg) => self.gql_arguments(*child, site.arguments, context),
                Some(Kind::GqlType) if step.is(site.on) => {
                    let site = Site { name: site.on, ..*site };
                    self.gql_site(*child, &site, context);
                }
                _ => {}
            }
        }
        self.gql_directives(id, site.directives, context);
        self.gql_variables(id, site.variables, context);
        if node.has(&[Kind::Hash, Kind::HashAll, Kind::HashName, Kind::GqlSpread, Kind::GqlInline])
        {
            self.gql_selections(id, site.selections, GQL_LEVELS, context);
        }
    }

    fn gql_directives<'d>(&mut self, id: NodeId, span: &'d [u8], context: &mut Context<'d>) {
        let node = self.tree.node(id);
        if !node.has(&[Kind::GqlDir]) {
            return;
        }
        graphql::directives(span, &mut |name, arguments| {
            for (_, child) in node.children(Kind::GqlDir).filter(|(step, _)| step.is(name)) {
                self.gql_site(child, &Site { name, arguments, ..Site::default() }, context);
            }
        });
    }

    fn gql_variables<'d>(&mut self, id: NodeId, span: &'d [u8], context: &mut Context<'d>) {
        let node = self.tree.node(id);
        if !node.has(&[Kind::GqlVar]) {
            return;
        }
        graphql::variables(span, &mut |variable| {
            let wanted = node.children(Kind::GqlVar).filter(|(step, _)| step.is(variable.name));
            for (_, child) in wanted {
                self.gql_variable(child, variable.name, context);
                self.gql_directives(child, variable.directives, context);
            }
        });
    }

    /// The members of a selection set, and of those that its fragments stand for.
    fn gql_selections<'d>(
        &mut self,
        id: NodeId,
        span: &'d [u8],
        depth: usize,
        context: &mut Context<'d>,
    ) {
        let node = self.tree.node(id);
        if !self.spend(Work::Gql, span.len()) {
            return;
        }
        graphql::selections(span, &mut |selection| {
            let site = Site::of_selection(&selection);
            for (step, child) in &node.edges {
                let goes = match (step.kind(), &selection) {
                    (Some(Kind::HashName), Selection::Field { name, .. }) => {
                        self.value(*child, name);
                        false
                    }
                    (Some(Kind::Hash), Selection::Field { .. })
                    | (Some(Kind::GqlSpread), Selection::Spread { .. }) => step.is(site.name),
                    (Some(Kind::HashAll), Selection::Field { .. })
                    | (Some(Kind::GqlInline), Selection::Inline { .. }) => true,
                    _ => false,
                };
                if goes {
                    self.gql_site(*child, &site, context);
                }
            }
            self.gql_through(id, &selection, depth, context);
        });
    }

    /// Looks through a fragment at the fields that it stands for.
    fn gql_through<'d>(
        &mut self,
        id: NodeId,
        selection: &Selection<'d>,
        depth: usize,
        context: &mut Context<'d>,
    ) {
        let spans = match selection {
            Selection::Field { .. } => return,
            Selection::Inline { selections, .. } => vec![*selections],
            Selection::Spread { name, .. } if context.seen.insert((id, *name)) => {
                context.fragments.get(name).cloned().unwrap_or_default()
            }
            Selection::Spread { .. } => return,
        };
        let Some(depth) = depth.checked_sub(1) else {
            if spans.iter().any(|span| !span.is_empty()) {
                self.note(Coverage::Cut);
            }
            return;
        };
        spans.into_iter().for_each(|span| self.gql_selections(id, span, depth, context));
    }

    fn gql_arguments<'d>(&mut self, id: NodeId, span: &'d [u8], context: &mut Context<'d>) {
        graphql::arguments(span, &mut |name, value| {
            for (step, child) in &self.tree.node(id).edges {
                match step.kind() {
                    Some(Kind::Hash) if step.is(name) => self.gql_value(*child, value, context),
                    Some(Kind::HashAll) => self.gql_value(*child, value, context),
                    Some(Kind::HashName) => self.value(*child, name),
                    _ => {}
                }
            }
        });
    }

    fn gql_value<'d>(&mut self, id: NodeId, span: &'d [u8], context: &mut Context<'d>) {
        let node = self.tree.node(id);
        let mut items = Vec::new();
        match graphql::value(span) {
            Value::List(inner) => {
                self.value(id, span.trim_ascii());
                graphql::items(inner, &mut |item| items.push(item));
            }
            Value::Object(inner) => {
                self.value(id, span.trim_ascii());
                self.gql_arguments(id, inner, context);
                items.push(span);
            }
            Value::Scalar => {
                let mut buffers = self.take();
                graphql::scalar(span, &mut buffers, &mut |value| self.value(id, value));
                self.give(buffers);
                items.push(span);
            }
            Value::Variable(name) => self.gql_variable(id, name, context),
        }
        // What is no list is coerced to one of one item where a list is expected.
        if node.has(&[Kind::Array, Kind::ArrayAll]) {
            for (index, item) in items.into_iter().enumerate() {
                self.items(node, index, &mut |walk, child| walk.gql_value(child, item, context));
            }
        }
    }

    /// What is supplied for a variable, and its default.
    fn gql_variable<'d>(&mut self, id: NodeId, name: &'d [u8], context: &mut Context<'d>) {
        if !context.seen.insert((id, name)) {
            return;
        }
        for supplied in context.supplied.get(name).cloned().unwrap_or_default() {
            self.json_value(id, supplied);
            if supplied.kind != json::Kind::Array {
                let node = self.tree.node(id);
                self.items(node, 0, &mut |walk, child| walk.json_value(child, supplied));
            }
        }
        for default in context.defaults.get(name).cloned().unwrap_or_default() {
            self.gql_value(id, default, context);
        }
    }
}

fn element_of(operation: Operation) -> Kind {
    match operation {
        Operation::Fragment => Kind::GqlFragment,
        Operation::Mutation => Kind::GqlMutation,
        Operation::Query => Kind::GqlQuery,
        Operation::Subscription => Kind::GqlSubscription,
    }
}
