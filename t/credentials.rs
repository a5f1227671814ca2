//! `$tokenban_credentials`: what an access log tells of every request, denied or not.

mod support;

use support::Nginx;
use tokenban_engine::{denylist::Key, fingerprint::Fingerprints};

const TOKEN: &str = "fake-leaked-token-0123456789";
const JWT: &str = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJmYWtlLXVzZXIifQ.c2lnbmF0dXJl";

const HTTP: &str = "log_format c escape=json '{\"uri\":\"$uri\",\"credentials\":\"$tokenban_credentials\"}';
access_log {dir}/access.log c;
server {
    listen 127.0.0.1:{port};
    location / { try_files /none =204; }
    location /denied { tokenban on; tokenban_rules rules.yaml; }
    location /own { tokenban_log_credentials '[header, X-TENANT-KEY]' '[path, 1]'; try_files /none =204; }
    location /off { tokenban_log_credentials off; try_files /none =204; }
    location /moved { rewrite ^ /landed last; }
}";

fn shown(text: &str) -> String {
    let key = Key::credential(text.as_bytes());
    Fingerprints::unkeyed().of(key.as_bytes()).to_string()
}

#[test]
fn of_every_request_and_nothing_in_clear() {
    let nginx = Nginx::start(HTTP);
    let bearer = format!("Authorization: Bearer {TOKEN}");
    let jwt = format!("X-Api-Key: {JWT}");
    let both = format!("{},{}", shown(TOKEN), shown(JWT));
    let mut expected = Vec::new();
    let requests: [(&str, Vec<&str>, String); 7] = [
        ("/", vec![], String::new()),
        ("/", vec![&bearer], shown(TOKEN)),
        ("/", vec![&bearer, &jwt], both),
        (
            "/denied",
            vec!["Authorization: Bearer fake-other-token-01"],
            shown("fake-other-token-01"),
        ),
        ("/own/tenant-in-the-path/x", vec![&bearer, "X-Tenant-Key: fake-tenant-key"], {
            format!("{},{}", shown("fake-tenant-key"), shown("tenant-in-the-path"))
        }),
        ("/off", vec![&bearer], String::new()),
        ("/moved", vec![&bearer], shown(TOKEN)),
    ];
    for (target, headers, found) in requests {
        nginx.get(target, &headers);
        let uri = if target == "/moved" { "/landed" } else { target };
        expected.push((uri.to_owned(), found));
    }
    let target = format!("/?access_token={TOKEN}&token={TOKEN}");
    nginx.get(&target, &[&bearer]);
    expected.push(("/".to_owned(), shown(TOKEN)));
    // Beside the log that every test has.
    let access = nginx.access_log(2 * expected.len());
    let lines: Vec<String> = expected
        .iter()
        .map(|(uri, found)| format!("{{\"uri\":\"{uri}\",\"credentials\":\"{found}\"}}"))
        .collect();
    let of_ours = access.lines().filter(|line| line.starts_with('{'));
    assert_eq!(of_ours.collect::<Vec<_>>(), lines);
    assert!(!access.contains("fake-"), "{access}");
}
