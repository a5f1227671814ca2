//! The rules of a case file with each list of tokens in a store instead: what `tokens` finds, `denylist`
//! finds.

use std::path::Path;

use tokenban_engine::{
    decision::{Decision, Mode},
    denylist::{Ban, MemoryDenylists},
    limits::Limits,
    request::OwnedRequest,
    Inspection, Ruleset,
};

/// Rules that ask denylists, and the denylists.
pub(crate) struct Listed {
    rules: Ruleset,
    denylists: MemoryDenylists,
}

impl Listed {
    /// `None` where the rules have no list of tokens in one line. Patterns of other rules are left out.
    pub(crate) fn of(text: &str) -> Option<Listed> {
        let mut denylists = MemoryDenylists::default();
        let mut lists = 0;
        let lines = text.lines().map(|line| {
            let Some((before, tokens)) = line.split_once("tokens: [") else {
                return line.to_owned();
            };
            let (tokens, after) = tokens.split_once(']').expect("a list in one line");
            let list = format!("list{lists}");
            for token in tokens.split(',').map(|token| token.trim().trim_matches(['"', '\''])) {
                denylists.ban(token.as_bytes(), &Ban { list: &list, ..Ban::default() });
            }
            lists += 1;
            format!("{before}denylist: [{list}]{after}")
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        if lists == 0 {
            return None;
        }
        let rules = Ruleset::load_text(Path::new("listed.yaml"), &text, &Limits::default());
        match rules {
            // Those files are beside the rules of NGINX.
            Err(_) if text.contains("token_file") || text.contains("descriptors") => None,
            rules => Some(Listed { rules: rules.expect("rules"), denylists }),
        }
    }

    /// Whether the request passes.
    pub(crate) fn passes(&self, request: &OwnedRequest) -> bool {
        let inspection = Inspection { request, denylists: &self.denylists, mode: Mode::On };
        let outcome = self.rules.evaluate_whole(&inspection, &mut self.rules.scratch());
        outcome.decision == Decision::Passed
    }
}
