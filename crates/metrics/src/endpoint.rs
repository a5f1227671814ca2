//! Endpoints as people name them: a path whose numbers and ids are folded.

/// Longer parts of a path are ids, or secrets.
const WORD_MAX: usize = 24;
/// A longer template is cut off.
const TEMPLATE_MAX: usize = 64;

/// The template of a path: each part that has a digit, is long or is no plain word becomes `*`, so that
/// `/v1/users/42/orders` is `/v1/users/*/orders`. A version, `v` and a digit or two, stays. No token
/// that looks like one is in it.
pub fn template(path: &[u8]) -> String {
    let mut template = String::new();
    for part in path.split(|byte| *byte == b'/').skip(1) {
        let shown = if is_word(part) { String::from_utf8_lossy(part) } else { "*".into() };
        if template.len() + 1 + shown.len() > TEMPLATE_MAX - "/…".len() {
            return template + "/…";
        }
        template.push('/');
        template.push_str(&shown);
    }
    match template.is_empty() {
        true => "/".to_owned(),
        false => template,
    }
}

fn is_word(part: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_' | b'.');
    let is_version = matches!(part, [b'v', digits @ ..] if (1..=2).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit));
    is_version || part.len() <= WORD_MAX && part.iter().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_folded() {
        for (path, expected) in [
            ("/", "/"),
            ("", "/"),
            ("/v1/users/42/orders", "/v1/users/*/orders"),
            ("/v10/a_b/c-d/index.html", "/v10/a_b/c-d/index.html"),
            ("/users/8d7c1c1e-7a58-4f51-9d4e-0f6b2c3d4e5f", "/users/*"),
            ("/reset/abcdefghijklmnopqrstuvwxyz", "/reset/*"),
            ("/a//b/", "/a//b/"),
            ("/caf\u{e9}/x y/<script>", "/*/*/*"),
        ] {
            assert_eq!(template(path.as_bytes()), expected, "{path}");
        }
        let long = template("/word".repeat(40).as_bytes());
        assert!(long.len() <= TEMPLATE_MAX && long.ends_with("/…"), "{long}");
    }
}
