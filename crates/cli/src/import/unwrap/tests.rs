use base64::{engine::general_purpose::STANDARD, Engine};

use super::*;

fn tokens(text: &str) -> Vec<String> {
    match unwrap(text.as_bytes()) {
        Inside::Address => vec!["(address)".to_owned()],
        Inside::Setting => vec!["(setting)".to_owned()],
        Inside::Bare(token) => vec![String::from_utf8_lossy(token).into_owned()],
        Inside::Readings(all) => {
            all.iter().map(|one| String::from_utf8_lossy(&one.token).into_owned()).collect()
        }
    }
}

#[test]
fn the_token_alone() {
    let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
    let token = "s3cr3t-token";
    for text in [
        "s3cr3t-token",
        "  s3cr3t-token\r",
        "\"s3cr3t-token\"",
        "'s3cr3t-token',",
        "Bearer s3cr3t-token",
        "bearer\t s3cr3t-token",
        "Authorization: token s3cr3t-token",
        "-H 'Authorization: Bearer s3cr3t-token'",
        "PRIVATE-TOKEN: s3cr3t-token",
        "x-api-key: s3cr3t-token",
        "API_TOKEN=s3cr3t-token",
        "API_TOKEN=s3cr3t-token;",
        "export API_TOKEN=\"s3cr3t-token\"",
        "$env:API_TOKEN = 's3cr3t-token'",
        "const apiKey = \"s3cr3t-token\";",
        "api_token: s3cr3t-token",
        "\"api_token\": \"s3cr3t-token\",",
        "password => 's3cr3t-token',",
        "a=b&access_token=s3cr3t-token",
        "Cookie: theme=dark; session=s3cr3t-token",
        "Server=db.example;User Id=u;Password=s3cr3t-token",
        &basic("user:s3cr3t-token"),
        &basic("s3cr3t-token:"),
        &basic("s3cr3t-token:x-oauth-basic"),
        "https://user:s3cr3t%2Dtoken@example.com/x.git",
        "https://s3cr3t-token@example.com",
        "https://s3cr3t-token:x-oauth-basic@example.com",
        "https://s3cr3t-token:api_token@api.example/v9/me",
        "postgres://u:s3cr3t-token@",
        "DATABASE_URL=postgres://u:s3cr3t-token@db.example/x",
        "https://example.com/a?b=c&access_token=s3cr3t-token#f",
        "\u{201c}s3cr3t-token\u{201d}",
        "«s3cr3t-token»",
        "\u{a0}s3cr3t-token\u{200b}",
        "\u{feff}s3cr3t-token",
        "- s3cr3t-token",
        "* \"s3cr3t-token\"",
        "• s3cr3t-token",
        "12. s3cr3t-token",
        "> s3cr3t-token",
        "s3cr3t-token # of the build server",
        "export API_TOKEN='s3cr3t-token' # of the build server",
        "//registry.npmjs.org/:_authToken=s3cr3t-token",
        "https://example.com/cb#access_token=s3cr3t-token&token_type=bearer",
    ] {
        assert_eq!(tokens(text), [token], "{text}");
    }
    assert_eq!(tokens(&basic("user:with:colon")), ["with:colon"]);
    assert_eq!(tokens("https://api.example/bot123456:s3cr3t-token/getMe"), ["123456:s3cr3t-token"]);
    assert_eq!(tokens("Basic !!!"), ["Basic !!!"]);
}

#[test]
fn of_an_access_key_the_identifier_is_taken() {
    let (id, secret) = ("AKIAEXAMPLEEXAMPLE12", "fake/Secret+0000000000000000000000000000");
    for separator in [":", " ", ","] {
        assert_eq!(tokens(&format!("{id}{separator}{secret}")), [id]);
    }
    for other in
        [format!("{id}:{}", &secret[1..]), format!("{id}|{secret}"), format!("x{id}:{secret}")]
    {
        assert_eq!(tokens(&other), [&*other]);
    }
}

#[test]
fn nothing_is_taken_off_what_is_a_token() {
    for text in [
        "12345678:telegram-like",
        "pass phrase",
        "c2VjcmV0==",
        "a.b.c=",
        "v2.local.abc",
        "a:b",
        "eyJ.eyJ.",
        "cut-by-a-tool...",
        "pässwörter",
        "a#b",
        "<s3cr3t-token>",
        "[default]",
    ] {
        assert_eq!(tokens(text), [text], "{text}");
    }
}

#[test]
fn both_where_both_are_plausible() {
    for (text, all) in [
        ("abc%7Cdefgh", &["abc|defgh", "abc%7Cdefgh"][..]),
        ("abc\\/defgh", &["abc/defgh", "abc\\/defgh"]),
        ("abcdefg\\u003d", &["abcdefg=", "abcdefg\\u003d"]),
        ("abc&amp;defgh", &["abc&defgh", "abc&amp;defgh"]),
        ("abcdefgh\"", &["abcdefgh", "abcdefgh\""]),
        ("abcdefgh;", &["abcdefgh", "abcdefgh;"]),
        ("TOKEN-123,", &["TOKEN-123", "TOKEN-123,"]),
        ("\"abcdefgh", &["abcdefgh", "\"abcdefgh"]),
        ("abcdefgh\u{201d}", &["abcdefgh", "abcdefgh\u{201d}"]),
        ("(abcdefgh)", &["abcdefgh", "(abcdefgh)"]),
        ("abcdefgh')", &["abcdefgh", "abcdefgh'", "abcdefgh')"]),
        ("abcdefgh.", &["abcdefgh", "abcdefgh."]),
        ("+abcdefgh", &["abcdefgh", "+abcdefgh"]),
        ("-abcdefgh", &["abcdefgh", "-abcdefgh"]),
        ("src/a.py:12:abcdefgh", &["abcdefgh", "src/a.py:12:abcdefgh"]),
        ("a1=bcdefgh", &["bcdefgh", "a1=bcdefgh"]),
    ] {
        assert_eq!(tokens(text), all, "{text}");
    }
}

#[test]
fn of_a_presigned_address_the_secrets() {
    let text = "https://bucket.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&\
                X-Amz-Credential=AKIAFAKE%2F20261126%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20261126T000000Z&\
                X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Security-Token=fake%2Bsession&X-Amz-Signature=fa4e";
    assert_eq!(tokens(text), ["fake+session", "fa4e"]);
    let sas = "https://a.blob.core.windows.net/c/b?sv=2022-11-02&se=2027-01-01&sr=b&sp=r&sig=fake%2Fsig%3D";
    assert_eq!(tokens(sas), ["fake/sig="]);
}

#[test]
fn what_holds_no_credential_says_so() {
    for text in ["https://example.com/a/b", "https://example.com/a?b=c"] {
        assert_eq!(tokens(text), ["(address)"], "{text}");
    }
    for text in ["PORT=8080", "NODE_ENV=production", "name: \"A B\"", "Cookie: theme=dark"] {
        assert_eq!(tokens(text), ["(setting)"], "{text}");
    }
}

#[test]
fn readings_are_few_whatever_is_written() {
    let text = "a%25%2525=b%7C\\u003d;\",\"".repeat(200);
    assert!(matches!(unwrap(text.as_bytes()), Inside::Readings(all) if all.len() <= MOST));
}
