//! Made-up tokens, and the disguises in which applications still take a token for what it is.

use std::fmt::Write;

use base64::{
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
    Engine,
};

/// A token and a JWT that nobody has.
pub(crate) struct Decoy {
    pub(crate) token: String,
    pub(crate) jwt: String,
}

/// One request that carries one of them.
pub(crate) struct Disguise {
    /// What it is called.
    pub(crate) name: &'static str,
    /// Header lines.
    pub(crate) headers: Vec<String>,
    /// Behind the path.
    pub(crate) query: String,
    /// The body, if there is one.
    pub(crate) body: Option<String>,
}

impl Disguise {
    pub(crate) fn has_body(&self) -> bool {
        self.body.is_some()
    }
}

/// A decoy made of random bytes.
pub(crate) fn pair(random: &[u8; 16]) -> Decoy {
    let id: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let header = part(r#"{"alg":"HS256","typ":"JWT"}"#);
    let payload = part(&format!(r#"{{"iss":"tokenban test","jti":"{id}"}}"#));
    Decoy {
        token: format!("tokenban-decoy-{id}"),
        jwt: format!("{header}.{payload}.{}", part(&id)),
    }
}

/// The plainest way to send both.
pub(crate) fn plain(decoy: &Decoy) -> Disguise {
    let headers =
        vec![format!("Authorization: Bearer {}", decoy.jwt), format!("X-Api-Key: {}", decoy.token)];
    Disguise { name: "plain", headers, query: String::new(), body: None }
}

/// Every disguise of a decoy.
pub(crate) fn disguises(decoy: &Decoy) -> Vec<Disguise> {
    let Decoy { token, jwt } = decoy;
    let percent = |text: &str| text.replacen("-", "%2D", 1).replacen('t', "%74", 1);
    let basic = |pair: String| format!("Authorization: Basic {}", STANDARD.encode(pair));
    let mut all = Vec::new();
    let mut header = |name, line: String| {
        all.push(Disguise { name, headers: vec![line], query: String::new(), body: None });
    };
    header("Authorization, Bearer", format!("Authorization: Bearer {token}"));
    header("Authorization, other case and spaces", format!("authorization: bEARER   {token}"));
    header("Authorization, scheme token", format!("Authorization: token {token}"));
    header("Authorization, without a scheme", format!("Authorization: {token}"));
    header("Basic, as the user", basic(format!("{token}:")));
    header("Basic, as the password", basic(format!("x:{token}")));
    header("header X-Api-Key", format!("X-Api-Key: {token}"));
    header("header PRIVATE-TOKEN", format!("private-token: {token}"));
    header("cookie", format!("Cookie: theme=dark; session={token}"));
    header("cookie, quoted", format!("Cookie: session=\"{token}\""));
    header("cookie, percent-encoded", format!("Cookie: session={}", percent(token)));
    header("JWT", format!("Authorization: Bearer {jwt}"));
    header("JWT, other signature", format!("Authorization: Bearer {}", resigned(jwt)));
    header("JWT, as a cookie", format!("Cookie: session={jwt}"));
    for (name, query) in [
        ("argument", format!("access_token={token}")),
        ("argument, percent-encoded", format!("access_token={}", percent(token))),
        ("argument, repeated", format!("access_token=x&access_token={token}")),
        ("JWT, as an argument", format!("id_token={jwt}")),
    ] {
        all.push(Disguise { name, headers: Vec::new(), query, body: None });
    }
    let mut body = |name, kind: &str, body: String| {
        let headers = vec![format!("Content-Type: {kind}")];
        all.push(Disguise { name, headers, query: String::new(), body: Some(body) });
    };
    let form = "application/x-www-form-urlencoded";
    body("form", form, format!("token={token}"));
    body("form, percent-encoded", form, format!("token={}", percent(token)));
    body("JSON", "application/json", format!(r#"{{"token":"{token}"}}"#));
    body("JSON, escaped", "application/json", format!(r#"{{"a":[{{"b":"{}"}}]}}"#, escaped(token)));
    body("JWT, in JSON", "application/json", format!(r#"{{"id_token":"{jwt}"}}"#));
    let part = "--part\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n";
    body(
        "multipart",
        "multipart/form-data; boundary=part",
        format!("{part}{token}\r\n--part--\r\n"),
    );
    all
}

/// With a signature that is none: the token is known by what it says.
fn resigned(jwt: &str) -> String {
    let end = jwt.rfind('.').map_or(jwt.len(), |dot| dot + 1);
    format!("{}c2lnbmVk", jwt.get(..end).unwrap_or(jwt))
}

/// Every character as JSON can write it.
fn escaped(text: &str) -> String {
    text.encode_utf16().fold(String::new(), |mut all, unit| {
        let _ = write!(all, "\\u{unit:04x}");
        all
    })
}
