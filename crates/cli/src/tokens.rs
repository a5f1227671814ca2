//! What a person hands over to be banned, unbanned or shown: tokens, a line each, from standard
//! input or files and never as arguments; or the claims of JWTs, which are no secrets.

use std::{error::Error, path::PathBuf};

use clap::Args;
use tokenban_denylist::Target;

use crate::{
    import::{self, Admitted, Finding, Refusal, Secret},
    input::Input,
};

/// JWTs by their claims.
#[derive(Args)]
pub(crate) struct Claims {
    /// The JWT with this claim jti
    #[arg(long, value_name = "ID", conflicts_with_all = ["sub", "files"])]
    jti: Option<String>,
    /// All JWTs with this claim sub
    #[arg(long, value_name = "SUBJECT", conflicts_with = "files")]
    sub: Option<String>,
    /// Their claim iss; they have none if it is not given
    #[arg(long, value_name = "ISSUER")]
    iss: Option<String>,
}

impl Claims {
    /// What they stand for; none when no claim was given.
    pub(crate) fn target(&self) -> Result<Option<Target<'_>>, Box<dyn Error>> {
        let issuer = self.iss.as_deref().unwrap_or("").as_bytes();
        Ok(match (&self.jti, &self.sub) {
            (Some(id), _) => Some(Target::Jti { issuer, id: id.as_bytes() }),
            (None, Some(subject)) => Some(Target::Sub { issuer, subject: subject.as_bytes() }),
            (None, None) if self.iss.is_some() => {
                return Err("--iss alone names no JWT; write --jti or --sub beside it".into())
            }
            (None, None) => None,
        })
    }
}

/// A line that is not taken.
pub(crate) struct Refused {
    /// Its number.
    pub(crate) line: u64,
    /// Why.
    pub(crate) refusal: Refusal,
}

/// Decides about the token of a line.
pub(crate) type Admit = for<'a> fn(Secret<'a>) -> Result<Admitted<'a>, Refusal>;

/// Hands over the token of every line, with its number; those that are none come back.
pub(crate) fn each(
    files: &[PathBuf],
    admit: Admit,
    take: &mut dyn FnMut(u64, &Admitted<'_>),
) -> Result<Vec<Refused>, Box<dyn Error>> {
    let mut refused = Vec::new();
    for input in Input::open_all(files)? {
        let mut sink = |finding: Finding<'_>| match admit(finding.secret) {
            Err(refusal) => refused.push(Refused { line: finding.line, refusal }),
            Ok(admitted) => take(finding.line, &admitted),
        };
        import::lines::each(&mut input.watched(), &mut sink)?;
    }
    Ok(refused)
}

/// Says on standard error which lines were not taken.
pub(crate) fn print_refused(refused: &[Refused]) {
    for Refused { line, refusal } in refused {
        crate::output::warning(&format!("line {line}: {}", refusal.with_way_out()));
    }
}

/// The same for programs.
pub(crate) fn refused_json(refused: &[Refused]) -> Vec<serde_json::Value> {
    let one = |refused: &Refused| {
        serde_json::json!({
            "line": refused.line,
            "reason": refused.refusal.word(),
            "message": refused.refusal.with_way_out(),
        })
    };
    refused.iter().map(one).collect()
}
