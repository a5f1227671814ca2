//! Decoys to plant: tokens that look like those of a service and open nothing.

use std::{
    fs::File,
    io::{self, BufReader, Read},
};

use base64::{engine::general_purpose::URL_SAFE_NO_PAD, Engine};
use clap::ValueEnum;

use crate::{import::checksum, time};

/// What a decoy looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Like {
    /// An AWS access key: its id is what requests carry
    Aws,
    /// A classic personal access token of GitHub, with its checksum
    Github,
    /// A personal access token of GitLab
    Gitlab,
    /// A JWT of an identity provider that does not exist
    Jwt,
    /// 40 letters and digits
    Key,
    /// An access token of npm, with its checksum
    Npm,
    /// A bot token of Slack
    Slack,
    /// A live secret key of Stripe
    Stripe,
    /// A UUID
    Uuid,
}

/// A decoy.
pub(crate) struct Canary {
    /// What a request would carry.
    pub(crate) token: String,
    /// What to plant: the token, or the lines of a file that hold it.
    pub(crate) text: String,
}

/// Makes up a decoy that nobody has.
pub(crate) fn new(like: Like) -> io::Result<Canary> {
    let mut random = Random::new()?;
    let token = match like {
        Like::Aws => return aws(&mut random),
        Like::Github => with_checksum("ghp_", &mut random)?,
        Like::Gitlab => format!("glpat-{}", random.text(20, WORD)?),
        Like::Jwt => jwt(&mut random)?,
        Like::Key => random.text(40, ALPHANUMERIC)?,
        Like::Npm => with_checksum("npm_", &mut random)?,
        Like::Slack => format!(
            "xoxb-{}-{}-{}",
            random.text(12, DIGITS)?,
            random.text(13, DIGITS)?,
            random.text(24, ALPHANUMERIC)?
        ),
        Like::Stripe => format!("sk_live_{}", random.text(99, ALPHANUMERIC)?),
        Like::Uuid => uuid(&random.text(30, HEX)?, &random.text(1, "89ab")?),
    };
    Ok(Canary { text: token.clone(), token })
}

const DIGITS: &str = "0123456789";
const HEX: &str = "0123456789abcdef";
const ALPHANUMERIC: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const WORD: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/";

/// The two lines of `~/.aws/credentials`; the secret never travels.
fn aws(random: &mut Random) -> io::Result<Canary> {
    let token = format!("AKIA{}", random.text(16, BASE32)?);
    let secret = random.text(40, BASE64)?;
    let text = format!("aws_access_key_id = {token}\naws_secret_access_key = {secret}");
    Ok(Canary { token, text })
}

fn with_checksum(prefix: &str, random: &mut Random) -> io::Result<String> {
    let text = random.text(30, ALPHANUMERIC)?;
    Ok(format!("{prefix}{text}{}", checksum::base62(text.as_bytes())))
}

/// Issued now and good for ten years, as tokens of machines are.
fn jwt(random: &mut Random) -> io::Result<String> {
    const TEN_YEARS: u64 = 315_360_000;
    let (kid, jti) = (random.text(16, HEX)?, random.text(32, HEX)?);
    let (from, part) = (time::now(), |text: &str| URL_SAFE_NO_PAD.encode(text));
    let header = part(&format!(r#"{{"alg":"RS256","typ":"JWT","kid":"{kid}"}}"#));
    let payload = part(&format!(
        r#"{{"iss":"https://id.internal","sub":"svc-backup","jti":"{jti}","iat":{from},"exp":{}}}"#,
        from + TEN_YEARS
    ));
    // 2048 bits of a signature, of which the last character has four spare ones.
    Ok(format!("{header}.{payload}.{}A", random.text(341, WORD)?))
}

/// Version 4 of RFC 9562, from 30 digits and the one that tells the variant.
fn uuid(digits: &str, variant: &str) -> String {
    let (a, rest) = digits.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(3);
    let (d, e) = rest.split_at(3);
    format!("{a}-{b}-4{c}-{variant}{d}-{e}")
}

/// What nobody can guess.
struct Random(io::Bytes<BufReader<File>>);

impl Random {
    fn new() -> io::Result<Random> {
        Ok(Random(BufReader::with_capacity(1024, File::open("/dev/urandom")?).bytes()))
    }

    /// So many characters of an alphabet, each as likely as the others.
    fn text(&mut self, length: usize, alphabet: &str) -> io::Result<String> {
        let alphabet = alphabet.as_bytes();
        let fair = 256 - 256 % alphabet.len();
        let mut text = String::new();
        for byte in &mut self.0 {
            if text.len() == length {
                break;
            }
            let byte = usize::from(byte?);
            if byte < fair {
                text.push(char::from(alphabet[byte % alphabet.len()]));
            }
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokenban_engine::Jwt;

    fn parts(text: &str) -> Vec<usize> {
        text.split(['-', '_', '.']).map(str::len).collect()
    }

    #[test]
    fn each_looks_like_its_kind() {
        for like in Like::value_variants() {
            let Canary { token, text } = new(*like).unwrap();
            assert_ne!(token, new(*like).unwrap().token, "{like:?}");
            assert!(text.contains(&token) && !checksum::is_damaged(token.as_bytes()), "{like:?}");
            match like {
                Like::Aws => assert_eq!((token.len(), text.lines().count()), (20, 2)),
                Like::Github | Like::Npm => assert_eq!(parts(&token), [3, 36]),
                Like::Gitlab => assert_eq!(token.len(), 26),
                Like::Jwt => {
                    let mut found = 0;
                    Jwt::each(token.as_bytes(), &mut |jwt| {
                        found += usize::from(jwt.is_whole(token.as_bytes()));
                    });
                    assert_eq!(found, 1);
                }
                Like::Key => assert_eq!(token.len(), 40),
                Like::Slack => assert_eq!(parts(&token), [4, 12, 13, 24]),
                Like::Stripe => assert_eq!(parts(&token), [2, 4, 99]),
                Like::Uuid => assert_eq!(parts(&token), [8, 4, 4, 4, 12]),
            }
        }
    }
}
