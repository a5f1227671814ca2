//! Which rules ask a denylist, and where: a ban on a list that no rule asks denies nothing.

use std::{error::Error, path::Path};

use clap::Args;
use serde_json::{json, Value};
use tokenban_engine::{decision::Action, limits::Limits, load, rule::Rule};

use crate::{output, rule_files, time};

/// The rules that NGINX uses.
#[derive(Args)]
pub(crate) struct RulesAt {
    /// The rule files that NGINX uses, to say which of them ask the list; without any, those in
    /// /etc/tokenban/rules and /etc/tokenban
    #[arg(
        long,
        value_name = "FILE|GLOB",
        env = "TOKENBAN_RULES",
        hide_env_values = true,
        value_delimiter = ':'
    )]
    rules: Vec<String>,
}

/// Where rules are looked for when none are named.
const USUAL: [&str; 2] = ["/etc/tokenban/rules", "/etc/tokenban"];

/// A rule that asks a list.
pub(crate) struct Asking {
    pub(crate) rule: String,
    pub(crate) points: Vec<String>,
    pub(crate) action: &'static str,
    /// Unix second from which it is silent.
    pub(crate) expires: Option<u64>,
}

impl RulesAt {
    /// The rules that ask a list; nothing where it is not known which rules there are.
    pub(crate) fn asked(&self, list: &str) -> Asked {
        self.asking(list).map_err(|error| error.to_string())
    }

    fn asking(&self, list: &str) -> Result<Option<Vec<Asking>>, Box<dyn Error>> {
        let named: Vec<String> =
            self.rules.iter().filter(|name| !name.is_empty()).cloned().collect();
        let names = if named.is_empty() { usual() } else { named };
        if names.is_empty() {
            return Ok(None);
        }
        let loaded = load::load(&rule_files::expand(&names)?, &Limits::default())?;
        let asks = |rule: &&Rule| rule.denylists().iter().any(|asked| asked == list);
        Ok(Some(loaded.rules.iter().filter(asks).map(Asking::of).collect()))
    }
}

/// The rules that ask a list; nothing where it is not known, or why that cannot be told.
pub(crate) type Asked = Result<Option<Vec<Asking>>, String>;

/// Whether some rule that denies asks a list, as far as that is known. Where none does, or it is not
/// known, says so on standard error.
pub(crate) fn warn(list: &str, asked: &Asked) -> bool {
    match asked {
        Ok(None) => {
            output::note(&format!(
                "which rules ask the list \"{list}\" is not known; name the rule files with --rules \
                 or TOKENBAN_RULES"
            ));
            return true;
        }
        Ok(Some(rules)) if rules.is_empty() => output::warning(&format!(
            "no rule asks the list \"{list}\": it denies nothing until one does"
        )),
        Ok(Some(rules)) if !rules.iter().any(Asking::denies) => output::warning(&format!(
            "no rule that asks the list \"{list}\" denies: they only report, or have expired"
        )),
        Ok(Some(_)) => return true,
        Err(error) => {
            output::warning(&format!("which rules ask the list \"{list}\" cannot be told: {error}"))
        }
    }
    false
}

fn usual() -> Vec<String> {
    let has_rules = |folder: &&&str| {
        let files = std::fs::read_dir(Path::new(folder)).into_iter().flatten().flatten();
        { files }.any(|file| file.path().extension().is_some_and(|end| end == "yaml"))
    };
    USUAL.iter().filter(has_rules).map(|folder| format!("{folder}/*.yaml")).collect()
}

impl Asking {
    fn of(rule: &Rule) -> Asking {
        let action = match rule.action {
            Action::Deny => "deny",
            Action::Enforce => "enforce",
            Action::Monitor => "monitor",
        };
        let points = rule.points.iter().map(ToString::to_string).collect();
        Asking { rule: rule.id.clone(), points, action, expires: rule.expires }
    }

    /// Whether it may deny a request now.
    pub(crate) fn denies(&self) -> bool {
        self.action != "monitor" && self.expires.is_none_or(|expires| time::now() < expires)
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let points = self.points.join(", ");
        let points = if points.is_empty() { String::new() } else { format!(" at {points}") };
        let more = match (self.action, self.expires) {
            ("monitor", _) => " and only reports",
            (_, Some(_)) if !self.denies() => " and has expired",
            _ => "",
        };
        format!("rule \"{}\" asks it{points}{more}", self.rule)
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        json!({
            "rule": self.rule,
            "points": self.points,
            "action": self.action,
            "denies": self.denies(),
        })
    }
}
