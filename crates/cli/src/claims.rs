//! JWTs by their claims, which are no secrets: named on the command line, or a file of subjects.

use std::{error::Error, io::Read, path::PathBuf};

use clap::Args;
use tokenban_denylist::Target;
use tokenban_engine::denylist::{check_claim, claim_words};

use crate::input::Input;

/// Which claims.
#[derive(Args)]
#[group(id = "by_claim", multiple = true)]
pub(crate) struct Claims {
    /// The JWT with this claim jti; may be repeated, as all that follow
    #[arg(long, value_name = "ID")]
    jti: Vec<String>,
    /// All JWTs of this subject: claim sub
    #[arg(long, value_name = "SUBJECT")]
    sub: Vec<String>,
    /// All JWTs of the subjects in this file: one a line, or CSV with subject and issuer
    #[arg(long, value_name = "FILE")]
    sub_file: Vec<PathBuf>,
    /// All JWTs of this session: claim sid
    #[arg(long, value_name = "ID")]
    sid: Vec<String>,
    /// All JWTs signed with this key: header parameter kid
    #[arg(long, value_name = "KEY")]
    kid: Vec<String>,
    /// All JWTs made for this client: claim azp, client_id, cid or appid
    #[arg(long, visible_alias = "client-id", value_name = "CLIENT")]
    azp: Vec<String>,
    /// All JWTs of this tenant: claim tid, org_id, tenant, tenant_id or tenantId
    #[arg(long, value_name = "TENANT")]
    tenant: Vec<String>,
    /// All JWTs bound to this DPoP key, and its proofs: the thumbprint of RFC 7638
    #[arg(long, value_name = "THUMBPRINT", value_parser = thumbprint)]
    jkt: Vec<String>,
    /// All JWTs bound to this certificate: SHA-256 in base64url, or hex as openssl prints it
    #[arg(long = "x5t-s256", value_name = "THUMBPRINT", value_parser = thumbprint)]
    x5t_s256: Vec<String>,
    /// All JWTs with this claim: a path in the payload (realm_access.roles) or, after header:, in the
    /// header
    #[arg(long = "claim", value_name = "PATH=VALUE", value_parser = path_and_value)]
    others: Vec<(String, String)>,
    /// Only those of this issuer: claim iss, with or without a slash at its end; any if it is not given
    #[arg(long, value_name = "ISSUER", requires = "by_claim")]
    iss: Option<String>,
}

/// A claim that JWTs have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) issuer: Option<String>,
    pub(crate) value: String,
}

impl Named {
    /// What it bans.
    pub(crate) fn target(&self) -> Target<'_> {
        let Named { name, issuer, value } = self;
        Target::Claim { name, issuer: issuer.as_deref(), value: value.as_bytes() }
    }
}

impl Claims {
    /// All that were named; none when tokens are meant.
    pub(crate) fn named(&self, files: &[PathBuf]) -> Result<Vec<Named>, Box<dyn Error>> {
        let words = [
            ("jti", &self.jti),
            ("sub", &self.sub),
            ("sid", &self.sid),
            ("kid", &self.kid),
            ("azp", &self.azp),
            ("tenant", &self.tenant),
            ("jkt", &self.jkt),
            ("x5t#S256", &self.x5t_s256),
        ];
        let words =
            words.into_iter().flat_map(|(name, all)| all.iter().map(move |one| (name, one)));
        let others = self.others.iter().map(|(name, value)| (name.as_str(), value));
        let mut named = Vec::new();
        for (name, value) in words.chain(others) {
            named.push(self.one(name, value, None)?);
        }
        for path in &self.sub_file {
            self.subjects(path, &mut named)?;
        }
        let is_asked = !named.is_empty() || !self.sub_file.is_empty();
        match is_asked && !files.is_empty() {
            true => {
                Err("claims and files of tokens are two commands; run one after the other".into())
            }
            false => Ok(named),
        }
    }

    fn one(&self, name: &str, value: &str, of: Option<&str>) -> Result<Named, Box<dyn Error>> {
        let issuer = of.filter(|of| !of.is_empty()).or(self.iss.as_deref());
        if value.is_empty() || issuer.is_some_and(str::is_empty) {
            return Err(format!(
                "the claim {name} or its issuer is empty, and no JWT would have it"
            )
            .into());
        }
        let (name, value) = (name.to_owned(), value.to_owned());
        Ok(Named { name, issuer: issuer.map(str::to_owned), value })
    }

    /// Subjects of a file: the first column, or that with the name sub or subject; and their issuer from
    /// a second one, or that with the name iss or issuer.
    fn subjects(&self, path: &PathBuf, named: &mut Vec<Named>) -> Result<(), Box<dyn Error>> {
        let before = named.len();
        for input in Input::open_all(std::slice::from_ref(path))? {
            let name = input.name.clone();
            let mut text = Vec::new();
            input.watched().read_to_end(&mut text)?;
            let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
            let mut rows = csv::ReaderBuilder::new();
            rows.has_headers(false).flexible(true).trim(csv::Trim::All).comment(Some(b'#'));
            let mut columns = None;
            for row in rows.from_reader(text).records() {
                let row = row.map_err(|error| format!("{name}: {error}"))?;
                let at = |at: usize| row.get(at).unwrap_or_default();
                let Some((subject, issuer)) = columns else {
                    let (found, is_header) = header(&row);
                    columns = Some(found);
                    if !is_header {
                        named.push(self.one("sub", at(found.0), Some(at(found.1)))?);
                    }
                    continue;
                };
                named.push(self.one("sub", at(subject), Some(at(issuer)))?);
            }
            if named.len() == before {
                return Err(format!("{name}: no subject; write one a line").into());
            }
        }
        Ok(())
    }
}

/// The columns of subject and issuer, and whether this row names them.
fn header(row: &csv::StringRecord) -> ((usize, usize), bool) {
    let find = |names: [&str; 2]| {
        row.iter().position(|cell| names.iter().any(|name| cell.eq_ignore_ascii_case(name)))
    };
    match find(["sub", "subject"]) {
        Some(subject) => ((subject, find(["iss", "issuer"]).unwrap_or(usize::MAX)), true),
        None => ((0, 1), false),
    }
}

/// 32 bytes in base64url; written in hex as well, perhaps with colons.
fn thumbprint(text: &str) -> Result<String, String> {
    let is_url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let unpadded = text.trim_end_matches('=');
    if unpadded.len() == 43 && unpadded.bytes().all(is_url) {
        return Ok(unpadded.to_owned());
    }
    use base64::{engine::general_purpose::URL_SAFE_NO_PAD, Engine};
    let digits: String = text.chars().filter(|char| *char != ':').collect();
    let bytes = tokenban_engine::token::hex::<32>(digits.as_bytes());
    let bytes =
        bytes.ok_or("a thumbprint is a SHA-256: 43 characters of base64url, or 64 hex digits")?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn path_and_value(text: &str) -> Result<(String, String), String> {
    let (path, value) = text.split_once('=').ok_or("a claim is PATH=VALUE, as in tid=1234")?;
    check_claim(path)?;
    match path {
        "jkt" | "x5t#S256" => Ok((path.to_owned(), thumbprint(value)?)),
        _ => Ok((path.to_owned(), value.to_owned())),
    }
}

/// Whether a word names a claim that entries may be listed by.
pub(crate) fn is_word(word: &str) -> bool {
    claim_words().any(|known| known == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprints_in_both_spellings() {
        let url = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";
        let hex = "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:96:17:7A:9C:B4:10:\
                   FF:61:F2:00:15:AD";
        assert_eq!(thumbprint(url).as_deref(), Ok(url));
        assert_eq!(thumbprint(hex).as_deref(), Ok(url));
        assert!(thumbprint("ba78").is_err() && thumbprint("").is_err());
    }

    #[test]
    fn paths_and_values() {
        assert_eq!(path_and_value("a.b=c=d"), Ok(("a.b".into(), "c=d".into())));
        for text in ["a", "=b", "a..b=c", "jkt=x"] {
            assert!(path_and_value(text).is_err(), "{text}");
        }
    }
}
