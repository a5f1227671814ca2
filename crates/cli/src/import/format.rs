//! The formats that are read.

use std::fmt;

use clap::ValueEnum;

/// The format of a report or list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// betterleaks, an array or JSON Lines
    Betterleaks,
    /// CSV with a header row and a column of tokens (--column)
    Csv,
    /// A detect-secrets baseline (SHA-1 of each secret)
    DetectSecrets,
    /// ggshield --json --show-secrets
    Ggshield,
    /// Alerts of GitHub's secret scanning API
    Github,
    /// GitLab's gl-secret-detection-report.json
    Gitlab,
    /// gitleaks JSON
    Gitleaks,
    /// gitleaks CSV
    GitleaksCsv,
    /// gitleaks SARIF
    Sarif,
    /// A token a line; # begins a comment; sha256: and sha1: digests (Wallarm API Firewall,
    /// ModSecurity @pmFromFile)
    Text,
    /// What tokenban export writes, JSON Lines
    Tokenban,
    /// trufflehog --json
    Trufflehog,
}

impl Format {
    /// What to do when a report of this format came without its secrets.
    pub(crate) fn way_out(self) -> &'static str {
        match self {
            Format::Betterleaks | Format::Gitleaks | Format::GitleaksCsv | Format::Sarif => {
                "make the report again without --redact"
            }
            Format::Ggshield => "make the report again with --show-secrets",
            Format::Github => "ask the API again without hide_secret=true; webhooks never hold it",
            _ => "make the report again with its secrets in clear",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Betterleaks => "betterleaks JSON",
            Format::Csv => "CSV",
            Format::DetectSecrets => "detect-secrets baseline",
            Format::Ggshield => "ggshield JSON",
            Format::Github => "GitHub secret scanning alerts",
            Format::Gitlab => "GitLab secret detection report",
            Format::Gitleaks => "gitleaks JSON",
            Format::GitleaksCsv => "gitleaks CSV",
            Format::Sarif => "gitleaks SARIF",
            Format::Text => "text",
            Format::Tokenban => "tokenban export",
            Format::Trufflehog => "trufflehog JSON Lines",
        })
    }
}
