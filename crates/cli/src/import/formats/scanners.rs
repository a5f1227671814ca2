//! Reports where the names of members are all that there is to know.
//!
//! Sources: gitleaks `report/finding.go` and `report/csv.go`; betterleaks `report/finding.go` (v1
//! keeps gitleaks' names, v2 has lower camel case); kingfisher `src/reporter/json_format.rs`;
//! GitGuardian «Export data» and its API's secret incidents; Vault Radar's CLI.

use super::{super::csv::Columns, Fields, Findings, Format, Knows, Reads};

const UNREDACTED: &str = "make the report again without --redact";

/// gitleaks and both spellings of betterleaks. The components of a betterleaks finding are not taken:
/// of a pair the finding itself is the half that travels (`aws-access-token` is the key id).
const GITLEAKS: Findings = Findings::Fields(Fields {
    secret: &["Secret", "secret"],
    rule: &["RuleID", "ruleID"],
    link: &["Link", "link", "Fingerprint", "fingerprint"],
    validity: &["validation.status", "ValidationStatus"],
});

pub(super) static ROWS: [Format; 6] = [
    Format {
        word: "betterleaks",
        name: "betterleaks JSON",
        help: "betterleaks, an array or JSON Lines",
        knows: Knows::Json(&[
            &["ruleID", "secret"],
            &["RuleID", "Secret", "ValidationStatus"],
            &["RuleID", "Secret", "RequiredSets"],
            &["RuleID", "Secret", "Attributes"],
        ]),
        reads: Reads::Json { path: &[], keep: &[], findings: GITLEAKS },
        way_out: UNREDACTED,
        nothing: "",
    },
    Format {
        word: "gitleaks",
        name: "gitleaks JSON",
        help: "gitleaks JSON",
        knows: Knows::Json(&[&["RuleID", "Secret"]]),
        reads: Reads::Json { path: &[], keep: &[], findings: GITLEAKS },
        way_out: UNREDACTED,
        nothing: "",
    },
    Format {
        word: "gitleaks-csv",
        name: "gitleaks CSV",
        help: "gitleaks CSV",
        knows: Knows::Table(&["ruleid", "secret", "fingerprint"]),
        reads: Reads::Csv(Some(Columns {
            secret: &["Secret"],
            rule: "RuleID",
            links: ["Link", "Fingerprint"],
        })),
        way_out: UNREDACTED,
        nothing: "",
    },
    Format {
        word: "gitguardian",
        name: "GitGuardian CSV export",
        help: "GitGuardian's CSV report of incidents or occurrences, with secrets shown",
        knows: Knows::Table(&["incident_id"]),
        reads: Reads::Csv(Some(Columns {
            secret: &["secret", "secret_value", "secrets", "match", "matches", "value"],
            rule: "detector",
            links: ["incident_url", "incident_id"],
        })),
        way_out: "export again with the option Show secrets",
        nothing: "",
    },
    Format {
        word: "kingfisher",
        name: "kingfisher JSON",
        help: "kingfisher JSON and JSON Lines",
        knows: Knows::Json(&[
            &["findings.rule", "findings.finding.snippet"],
            &["rule", "finding.snippet"],
            &["findings", "metadata"],
        ]),
        reads: Reads::Json {
            path: &[super::Step::Inside("findings")],
            keep: &[],
            findings: Findings::Fields(Fields {
                secret: &["finding.snippet"],
                rule: &["rule.description", "rule.name", "rule.id"],
                link: &["finding.git_metadata.file.url", "finding.path", "finding.fingerprint"],
                validity: &["finding.validation.outcome", "finding.validation.status"],
            }),
        },
        way_out: UNREDACTED,
        nothing: "",
    },
    Format {
        word: "vault-radar",
        name: "Vault Radar report",
        help: "Vault Radar: recognised, but it holds salted hashes only",
        knows: Knows::Json(&[&["value_hash", "severity"], &["value_hash", "fingerprint"]]),
        reads: Reads::Json {
            path: &[],
            keep: &[],
            findings: Findings::Fields(Fields {
                secret: &[],
                rule: &["description"],
                link: &["deep_link"],
                validity: &[],
            }),
        },
        way_out: "Vault Radar keeps salted hashes only; scan the same place with another scanner",
        nothing: "",
    },
];
