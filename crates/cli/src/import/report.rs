//! What an import did: counts, and the lines of what was not taken. Never a token.

use std::collections::BTreeMap;

use serde_json::{json, Value};

use super::{
    admit::{Admitted, Refusal},
    formats::Format,
    notes::{Note, Notes},
};

/// How many line numbers are kept for each reason.
const LINES_MAX: usize = 10;

/// Why a finding was left out although it is a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Skip {
    /// A person said that it is no secret.
    Dismissed,
    /// It works no more.
    Inactive,
    /// A finding of another kind of tool.
    OtherTool,
    /// Its name says that it is no credential.
    Unnamed,
    /// Nobody verified it, and only verified ones were asked for.
    Unverified,
}

impl Skip {
    fn word(self) -> &'static str {
        match self {
            Skip::Dismissed => "dismissed",
            Skip::Inactive => "inactive",
            Skip::OtherTool => "other-tool",
            Skip::Unnamed => "unnamed",
            Skip::Unverified => "unverified",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Skip::Dismissed => "dismissed in the report as no secret",
            Skip::Inactive => "no longer valid, says the report (--include-inactive takes them)",
            Skip::OtherTool => "of a tool or rule that does not look for secrets",
            Skip::Unnamed => "no credential, says the name or the rule",
            Skip::Unverified => "not verified",
        }
    }
}

/// The count of one import.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// The format that was read.
    pub(crate) format: Option<&'static Format>,
    /// Tokens and digests to ban, repeated ones counted again.
    pub(crate) admitted: u64,
    /// Of them, how many are JWTs.
    pub(crate) jwts: u64,
    damaged: Lines,
    notes: BTreeMap<Note, Lines>,
    refused: BTreeMap<Refusal, Lines>,
    skipped: BTreeMap<Skip, Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    count: u64,
    first: Vec<u64>,
    /// Whether there are lines beside the first ones.
    more: bool,
}

impl Lines {
    fn add(&mut self, line: u64) {
        self.count += 1;
        match self.first.last() {
            Some(last) if *last == line => {}
            _ if self.first.len() < LINES_MAX => self.first.push(line),
            _ => self.more = true,
        }
    }

    /// `line 3`, `lines 3, 4, 9 …`.
    fn text(&self) -> String {
        let numbers: Vec<String> = self.first.iter().map(u64::to_string).collect();
        let noun = if numbers.len() == 1 { "line" } else { "lines" };
        let more = if self.more { " …" } else { "" };
        format!("{noun} {}{more}", numbers.join(", "))
    }
}

impl Report {
    /// The tokens of a finding are taken.
    pub(crate) fn admit(&mut self, tokens: &[Admitted<'_>], line: u64) {
        self.admitted += 1;
        self.jwts += u64::from(tokens.iter().any(|token| token.secret.is_jwt()));
        if tokens.iter().any(|token| token.damaged) {
            self.damaged.add(line);
        }
        for note in tokens.iter().fold(Notes::NONE, |notes, token| notes.and(token.notes)).each() {
            self.notes.entry(note).or_default().add(line);
        }
    }

    /// A finding is not taken.
    pub(crate) fn refuse(&mut self, refusal: Refusal, line: u64) {
        self.refused.entry(refusal).or_default().add(line);
    }

    /// A token is left out.
    pub(crate) fn skip(&mut self, skip: Skip, line: u64) {
        self.skipped.entry(skip).or_default().add(line);
    }

    /// How many findings were refused.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.values().map(|lines| lines.count).sum()
    }

    /// How many findings may be tokens and were not taken: those refused, and those of other tools.
    pub(crate) fn not_understood(&self) -> u64 {
        let of_others = self.skipped.get(&Skip::OtherTool).map_or(0, |lines| lines.count);
        self.refused() + of_others
    }

    /// How many were left out.
    pub(crate) fn skipped(&self) -> u64 {
        self.skipped.values().map(|lines| lines.count).sum()
    }

    /// Every refusal with its line, as far as lines are kept, in their order; and how many more there
    /// are.
    pub(crate) fn refusals(&self) -> (Vec<(u64, Refusal)>, u64) {
        let each = |(refusal, lines): (&Refusal, &Lines)| {
            lines.first.iter().map(|line| (*line, *refusal)).collect::<Vec<_>>()
        };
        let mut all: Vec<(u64, Refusal)> = self.refused.iter().flat_map(each).collect();
        all.sort_unstable();
        let more = self.refused().saturating_sub(all.len() as u64);
        (all, more)
    }

    /// The lines where something was taken off, or a part was taken, as far as lines are kept.
    pub(crate) fn notes(&self) -> impl Iterator<Item = (Note, String)> + '_ {
        self.notes.iter().map(|(note, lines)| (*note, lines.text()))
    }

    /// For people: a line for each count that is not zero.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{:<11}{}\n", "admitted", self.admitted);
        let mut line = |name: &str, count: u64| {
            if count > 0 {
                text.push_str(&format!("{name:<11}{count}\n"));
            }
        };
        line("  JWTs", self.jwts);
        for (note, lines) in &self.notes {
            text.push_str(&row(lines, note.text()));
        }
        if self.refused() > 0 {
            text.push_str(&format!("{:<11}{}\n", "refused", self.refused()));
        }
        let way_out = self.format.map_or("", |format| format.way_out);
        for (refusal, lines) in &self.refused {
            let hint = match refusal.is_of_the_report() && !way_out.is_empty() {
                true => format!("; {way_out}"),
                false => String::new(),
            };
            text.push_str(&row(lines, &format!("{refusal}{hint}")));
        }
        if self.skipped() > 0 {
            text.push_str(&format!("{:<11}{}\n", "skipped", self.skipped()));
        }
        for (skip, lines) in &self.skipped {
            text.push_str(&row(lines, skip.text()));
        }
        if self.damaged.count > 0 {
            text.push_str(&format!("{:<11}{}\n", "warnings", self.damaged.count));
            let what = "taken, but the token's own checksum is wrong: mistyped or cut?";
            text.push_str(&row(&self.damaged, what));
        }
        if let Some(nothing) = self.nothing() {
            text.push_str(&format!("{nothing}\n"));
        }
        text
    }

    /// What to say of a report of some formats that had nothing in it.
    fn nothing(&self) -> Option<&'static str> {
        let nothing = self.format.map_or("", |format| format.nothing);
        (self.admitted + self.refused() == 0 && !nothing.is_empty()).then_some(nothing)
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let lines = |lines: &Lines| json!({ "count": lines.count, "lines": lines.first });
        let refused: serde_json::Map<String, Value> =
            self.refused.iter().map(|(key, found)| (key.word().into(), lines(found))).collect();
        let taken_off: serde_json::Map<String, Value> =
            self.notes.iter().map(|(key, found)| (key.word().into(), lines(found))).collect();
        let skipped: serde_json::Map<String, Value> =
            self.skipped.iter().map(|(key, found)| (key.word().into(), lines(found))).collect();
        json!({
            "format": self.format.map(|format| format.to_string()),
            "admitted": self.admitted,
            "jwts": self.jwts,
            "taken_off": taken_off,
            "refused": refused,
            "skipped": skipped,
            "damaged": lines(&self.damaged),
        })
    }
}

fn row(lines: &Lines, what: &str) -> String {
    format!("  {:<9}{what} ({})\n", lines.count, lines.text())
}

#[cfg(test)]
mod tests {
    use tokenban_engine::token::TokenError;

    use super::*;

    #[test]
    fn counts_and_lines() {
        let paths = ["RuleID", "Secret"].map(str::to_owned).into();
        let gitleaks = crate::import::formats::of_json(&paths).unwrap();
        let mut report = Report { format: Some(gitleaks), ..Report::default() };
        report.admitted = 12;
        report.refuse(Refusal::Token(TokenError::Masked), 3);
        (10..30).for_each(|line| report.refuse(Refusal::Token(TokenError::Short), line));
        report.skip(Skip::Inactive, 7);
        report.damaged.add(9);
        assert_eq!(
            report.text(),
            "admitted   12\n\
             refused    21\n  \
               1        the token is masked; make the report again without --redact (line 3)\n  \
               20       the token is shorter than 8 bytes and would deny clean requests (lines 10, 11, 12, 13, 14, 15, 16, 17, 18, 19 …)\n\
             skipped    1\n  \
               1        no longer valid, says the report (--include-inactive takes them) (line 7)\n\
             warnings   1\n  \
               1        taken, but the token's own checksum is wrong: mistyped or cut? (line 9)\n"
        );
        assert_eq!(report.json()["refused"]["short"]["count"], 20);
    }
}
