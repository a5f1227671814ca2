//! Names of variables, arguments, cookies, headers and columns: which of them hold a credential.

/// Words that name a credential.
const CREDENTIALS: [&str; 34] = [
    "accesskey",
    "accesstoken",
    "apikey",
    "apitoken",
    "auth",
    "authentication",
    "authorization",
    "authtoken",
    "bearer",
    "clientsecret",
    "cookie",
    "credential",
    "credentials",
    "jwt",
    "key",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "pat",
    "privatetoken",
    "pwd",
    "refreshtoken",
    "secret",
    "secretkey",
    "secrets",
    "session",
    "sessionid",
    "sessiontoken",
    "sid",
    "sig",
    "signature",
    "token",
    "tokens",
];

/// Last words that say something *about* a credential.
const ABOUT: [&str; 46] = [
    "algorithm",
    "alg",
    "audience",
    "count",
    "date",
    "dir",
    "directory",
    "domain",
    "enabled",
    "endpoint",
    "expires",
    "expiration",
    "expiry",
    "file",
    "filename",
    "header",
    "host",
    "id",
    "issuer",
    "length",
    "lifetime",
    "limit",
    "method",
    "mode",
    "name",
    "path",
    "policy",
    "port",
    "prefix",
    "provider",
    "realm",
    "region",
    "scheme",
    "scope",
    "scopes",
    "size",
    "strategy",
    "time",
    "timeout",
    "ttl",
    "type",
    "uri",
    "url",
    "user",
    "username",
    "version",
];

/// Words beside which a key is no secret.
const PUBLIC: [&str; 4] = ["foreign", "primary", "public", "site"];

/// Beginnings of tokens that tell themselves (field notes of their vendors; `rules/` has the shapes).
const PREFIXES: [&str; 34] = [
    "AIza",
    "AKIA",
    "ASIA",
    "AQ.",
    "SG.",
    "dapi",
    "dop_v1_",
    "eyJ",
    "gh",
    "github_pat_",
    "gl",
    "glsa_",
    "hf_",
    "hvb.",
    "hvs.",
    "npm_",
    "pypi-",
    "rk_live_",
    "rk_test_",
    "shpat_",
    "shpca_",
    "shppa_",
    "shpss_",
    "sk-",
    "sk_live_",
    "sk_org_",
    "sk_test_",
    "sntryu_",
    "xapp-",
    "xox",
    "ya29.",
    "PMAK-",
    "ATATT3",
    "cfut_",
];

/// Whether a value of this name is a credential: `API_TOKEN`, `accessToken`, `x-api-key`, `PHPSESSID`.
pub(crate) fn is_credential(name: &[u8]) -> bool {
    let words = words(name);
    let Some(last) = words.last().map(String::as_str) else { return false };
    let is = |word: &str, list: &[&str]| list.contains(&word);
    if words.iter().any(|word| is(word, &PUBLIC) || word.contains("csrf") || word.contains("xsrf"))
    {
        return false;
    }
    let before = words.len().checked_sub(2).map(|at| words[at].as_str());
    if last == "id" {
        return matches!(before, Some("session" | "sess" | "key"))
            && !is(words[0].as_str(), &["kms"]);
    }
    if is(last, &ABOUT) {
        return false;
    }
    words.iter().any(|word| is(word, &CREDENTIALS) || is_session(word))
}

/// `PHPSESSID`, `JSESSIONID`, `connect.sid`, `authtoken2`.
fn is_session(word: &str) -> bool {
    const ENDS: [&str; 8] =
        ["sessid", "sessionid", "token", "secret", "password", "apikey", "authkey", "sessionkey"];
    let word = word.trim_end_matches(|char: char| char.is_ascii_digit());
    ENDS.iter().any(|end| word.ends_with(end))
}

/// Whether a value says itself that it is one.
pub(crate) fn is_credential_value(value: &[u8]) -> bool {
    value.len() >= 20
        && PREFIXES.iter().any(|prefix| value.starts_with(prefix.as_bytes()))
        && value.iter().any(u8::is_ascii_digit)
        && value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-/+=~:%".contains(byte))
}

/// Whether it is written as programs name things.
pub(crate) fn is_name(text: &[u8]) -> bool {
    let begins = matches!(text.first(), Some(b'A'..=b'Z' | b'a'..=b'z' | b'_'));
    let goes_on = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.[]".contains(byte);
    begins && text.len() <= 64 && text.iter().all(goes_on)
}

/// The words of a name in lower case: `accessToken`, `ACCESS_TOKEN` and `access-token` are the same.
fn words(name: &[u8]) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for &byte in name {
        let starts = byte.is_ascii_uppercase() && was_lower;
        if starts || !byte.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (byte.is_ascii_alphanumeric(), words.last_mut()) {
            word.push(char::from(byte.to_ascii_lowercase()));
        }
        was_lower = byte.is_ascii_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_credentials() {
        for name in [
            "API_TOKEN",
            "accessToken",
            "x-api-key",
            "PHPSESSID",
            "JSESSIONID",
            "connect.sid",
            "DB_PASSWORD",
            "password",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "X-Amz-Security-Token",
            "sig",
            "client_secret",
            "session",
            "session_id",
            "remember_token",
            "Authorization",
            "GITHUB_PAT",
        ] {
            assert!(is_credential(name.as_bytes()), "{name}");
        }
        for name in [
            "PORT",
            "NODE_ENV",
            "APP_NAME",
            "token_type",
            "TOKEN_URL",
            "SSH_PUBLIC_KEY",
            "csrftoken",
            "user_id",
            "client_id",
            "AUTH_MODE",
            "KMS_KEY_ID",
            "password_file",
            "",
            "X-Amz-Date",
            "theme",
            "monkey",
        ] {
            assert!(!is_credential(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn values_that_tell_themselves() {
        assert!(is_credential_value(concat!("gh", "p_fakefakefakefakefake0000").as_bytes()));
        for value in
            ["ghost-writer-of-the-opera", "production", "glpat-short1", "gl-two words 000000000"]
        {
            assert!(!is_credential_value(value.as_bytes()), "{value}");
        }
    }
}
