//! Values that clean requests carry, or that people write where a token should be.
//!
//! Tokens are mostly looked for everywhere in a request. One bad line of a list, `no-cache` or
//! `password`, would deny much of the traffic.

/// In lower case, sorted. Shorter ones are refused for their length already.
pub(super) const WORDS: [&str; 88] = [
    "00000000",
    "11111111",
    "12341234",
    "12344321",
    "12345678",
    "123456789",
    "1234567890",
    "1q2w3e4r",
    "1qaz2wsx",
    "87654321",
    "abcd1234",
    "abcdefgh",
    "access_token",
    "access-token",
    "admin123",
    "administrator",
    "anonymous",
    "application/json",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "application/xml",
    "asdfghjk",
    "authorization",
    "baseball",
    "bearer-token",
    "change-me",
    "change_me",
    "changeit",
    "changeme",
    "changethis",
    "client_secret",
    "close, te",
    "credentials",
    "deadbeef",
    "default1",
    "development",
    "document",
    "dummy-token",
    "example1",
    "example-token",
    "football",
    "get-token",
    "group_id",
    "identity",
    "iloveyou",
    "insert-token-here",
    "keep-alive",
    "letmein1",
    "localhost",
    "max-age=0",
    "my-token",
    "my_token",
    "mypassword",
    "navigate",
    "no-cache",
    "no-store",
    "none-none",
    "p@ssw0rd",
    "p@ssword",
    "passw0rd",
    "password",
    "password!",
    "password1",
    "password12",
    "password123",
    "placeholder",
    "postgres",
    "production",
    "qwertyui",
    "qwertyuiop",
    "replaceme",
    "root1234",
    "same-origin",
    "same-site",
    "secret123",
    "secretkey",
    "some-token",
    "sunshine",
    "superman",
    "test1234",
    "testtest",
    "text/html",
    "text/plain",
    "trustno1",
    "undefined",
    "websocket",
    "welcome1",
    "xmlhttprequest",
];

/// Placeholders that people write around or instead of a value.
const PLACEHOLDERS: [&str; 12] = [
    "api_key_here",
    "example_token",
    "insert_",
    "key_here",
    "placeholder",
    "replace_me",
    "replace_with",
    "secret_here",
    "sample_token",
    "token_here",
    "your_",
    "yourtoken",
];

/// Whether it stands for a token that is elsewhere: `${TOKEN}`, `<token>`, `your-api-key`.
pub(super) fn is_placeholder(text: &[u8]) -> bool {
    const AROUND: [(&[u8], &[u8]); 6] =
        [(b"${", b"}"), (b"{{", b"}}"), (b"<", b">"), (b"%", b"%"), (b"$(", b")"), (b"[", b"]")];
    if AROUND.iter().any(|(open, close)| text.starts_with(open) && text.ends_with(close)) {
        return true;
    }
    if text.len() > 40 {
        return false;
    }
    let folded: Vec<u8> = text
        .iter()
        .map(|byte| if *byte == b'-' { b'_' } else { byte.to_ascii_lowercase() })
        .collect();
    PLACEHOLDERS.iter().any(|word| folded.starts_with(word.as_bytes()))
}

/// Up to 15 digits: dates, ids, telephone numbers.
pub(super) fn is_number(text: &[u8]) -> bool {
    text.len() < 16 && text.iter().all(u8::is_ascii_digit)
}

/// An address of a host or a person.
pub(super) fn is_address(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    if text.parse::<std::net::IpAddr>().is_ok() || text.parse::<std::net::SocketAddr>().is_ok() {
        return true;
    }
    let Some((person, host)) = text.split_once('@') else { return false };
    !person.is_empty()
        && host.contains('.')
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        && host.rsplit('.').next().is_some_and(|end| end.bytes().all(|b| b.is_ascii_lowercase()))
}

/// A word of headers, of code, or of lists of passwords.
pub(super) fn is_word(text: &[u8]) -> bool {
    text.len() <= 40 && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common(text: &str) -> bool {
        let text = text.as_bytes();
        is_number(text) || is_address(text) || is_word(text)
    }

    #[test]
    fn common_values() {
        for text in
            ["Password", "NO-CACHE", "2026112403", "192.168.10.20", "[::1]:8080", "a.b@example.com"]
        {
            assert!(common(text), "{text}");
        }
        for text in ["1234567890123456", "p4ssw0rd-of-mine", "user@tok3n", "abc@Def.Xyz9"] {
            assert!(!common(text), "{text}");
        }
    }

    #[test]
    fn placeholders() {
        for text in ["${TOKEN}", "{{ secret }}", "<your token>", "YOUR-API-KEY", "replace_me_now"] {
            assert!(is_placeholder(text.as_bytes()), "{text}");
        }
        for text in ["ghp_notaplaceholder", "$2y$10$abcdef", "%41bcdefgh"] {
            assert!(!is_placeholder(text.as_bytes()), "{text}");
        }
    }
}
