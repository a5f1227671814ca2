//! Where in NGINX's phases a denial happens, and that nothing after it undoes it.

mod support;

use support::{Nginx, ENFORCED, LEAKED};

/// The application: says which request reached it.
const APP: &str = r#"
    server {
        listen unix:{dir}/app.sock;
        tokenban off;
        access_log off;
        location /accel { add_header X-Accel-Redirect /accelerated; return 200; }
        location /auth { return 200; }
        location / { return 200 "app $request_method $request_uri\n"; }
    }
"#;

fn start(locations: &str) -> Nginx {
    Nginx::start(&format!(
        "tokenban on; tokenban_rules rules.yaml;\n{APP}\n\
         server {{ listen 127.0.0.1:{{port}};\n{locations}\n}}"
    ))
}

#[test]
fn a_leaked_token_is_denied_and_others_pass() {
    let nginx = start("location / { proxy_pass http://unix:{dir}/app.sock; }");
    assert_eq!(nginx.bearer("/", LEAKED), 403);
    assert_eq!(nginx.bearer("/", "other"), 200);
    assert_eq!(nginx.get(&format!("/?token={LEAKED}"), &[]).status, 403);
    let head = nginx.request("HEAD", "/", &[&format!("X-Api-Key: {LEAKED}")]);
    assert_eq!((head.status, head.body.as_str()), (403, ""));
    let log = nginx.access_log(4);
    assert!(log.contains("GET / 403 DENIED rule=leaked point="), "{log}");
    assert!(log.contains("GET / 200 PASSED rule=- point=- fingerprint=-"), "{log}");
}

#[test]
fn no_log_line_of_ours_holds_the_token() {
    let nginx = start("location / { proxy_pass http://unix:{dir}/app.sock; }");
    let target = format!("/?token={LEAKED}");
    assert_eq!(nginx.get(&target, &[&format!("Referer: http://x/?{LEAKED}")]).status, 403);
    let log = nginx.log();
    assert!(log.contains("denied by rule \"leaked\", point [query, token], fingerprint"), "{log}");
    assert!(log.contains(", client: 127.0.0.1, server: "), "{log}");
    assert!(!log.contains(LEAKED), "{log}");
}

#[test]
fn satisfy_any_does_not_overrule_a_denial() {
    let nginx = start(
        "satisfy any;
         location /allow { allow all; proxy_pass http://unix:{dir}/app.sock; }
         location /deny { deny all; proxy_pass http://unix:{dir}/app.sock; }
         location /request { auth_request /auth; deny all; proxy_pass http://unix:{dir}/app.sock; }
         location /basic {
             auth_basic closed; auth_basic_user_file {dir}/users; deny all;
             proxy_pass http://unix:{dir}/app.sock;
         }
         location = /auth { internal; tokenban off; proxy_pass http://unix:{dir}/app.sock; }",
    );
    std::fs::write(nginx.directory().join("users"), "user:{PLAIN}secret\n").unwrap();
    for (path, clean) in [("/allow", 200), ("/deny", 403), ("/request", 200), ("/basic", 401)] {
        assert_eq!(nginx.bearer(path, LEAKED), 403, "{path}");
        assert_eq!(nginx.bearer(path, "other"), clean, "{path}");
    }
    let basic = "Authorization: Basic dXNlcjpzZWNyZXQ=";
    assert_eq!(nginx.get("/basic", &[basic]).status, 200);
    assert_eq!(nginx.get("/basic", &[basic, &format!("X-Api-Key: {LEAKED}")]).status, 403);
    assert_eq!(nginx.get("/deny", &[basic, &format!("X-Api-Key: {LEAKED}")]).status, 403);
}

#[test]
fn an_error_page_is_shown() {
    let nginx = start(
        "root {dir}/html;
         location /page { error_page 403 /403.html; proxy_pass http://unix:{dir}/app.sock; }
         location /teapot { error_page 403 =418 /403.html; proxy_pass http://unix:{dir}/app.sock; }
         location = /403.html { internal; }",
    );
    std::fs::write(nginx.directory().join("html/403.html"), "our page").unwrap();
    for (path, status) in [("/page", 403), ("/teapot", 418)] {
        let response = nginx.get(path, &[&format!("X-Api-Key: {LEAKED}")]);
        assert_eq!((response.status, response.body.as_str()), (status, "our page"), "{path}");
    }
    let log = nginx.access_log(2);
    assert!(log.contains("GET /403.html 403 DENIED rule=leaked"), "{log}");
}

#[test]
fn an_error_page_hands_no_denied_request_to_the_application() {
    let app = "proxy_pass http://unix:{dir}/app.sock;";
    let nginx = start(&format!(
        "location /named {{ error_page 403 = @app; {app} }}
         location /recursive {{ recursive_error_pages on; error_page 403 = @app; {app} }}
         location /same {{ error_page 403 = $uri; {app} }}
         location /fallback {{ error_page 403 /missing/; {app} }}
         location /missing/ {{ root {{dir}}/html; try_files $uri @app; }}
         location /off {{ error_page 403 = @off; {app} }}
         location @app {{ recursive_error_pages on; error_page 403 = @app; {app} }}
         location @off {{ tokenban off; {app} }}"
    ));
    for path in ["/named", "/recursive", "/same", "/fallback"] {
        let response = nginx.request("POST", path, &[&format!("X-Api-Key: {LEAKED}")]);
        assert_eq!(response.status, 403, "{path}");
        assert!(response.body.contains("<center>nginx"), "{path}: {}", response.body);
    }
    assert_eq!(nginx.bearer("/off", LEAKED), 200, "`tokenban off` is the operator's word");
}

#[test]
fn the_rules_of_the_new_location_run_after_a_redirect() {
    let app = "proxy_pass http://unix:{dir}/app.sock;";
    let nginx = start(&format!(
        "tokenban off; root {{dir}}/html; index start.html;
         location /try {{ try_files /none @guarded; }}
         location /lost {{ error_page 404 = @guarded; }}
         location /rewritten {{ rewrite ^ /guarded last; }}
         location /accel {{ {app} }}
         location /accelerated {{ internal; tokenban on; return 204; }}
         location /indexed/ {{ }}
         location = /indexed/start.html {{ tokenban on; }}
         location /guarded {{ tokenban on; {app} }}
         location @guarded {{ tokenban on; {app} }}"
    ));
    std::fs::create_dir(nginx.directory().join("html/indexed")).unwrap();
    std::fs::write(nginx.directory().join("html/indexed/start.html"), "start").unwrap();
    for path in ["/try", "/lost", "/rewritten", "/indexed/", "/guarded"] {
        assert_eq!(nginx.bearer(path, LEAKED), 403, "{path}");
        assert_eq!(nginx.bearer(path, "other"), 200, "{path}");
    }
}

#[test]
fn locations_inherit_and_override() {
    let app = "proxy_pass http://unix:{dir}/app.sock;";
    let nginx = start(&format!(
        "location /a {{ {app}
             location /a/off {{ tokenban off; {app}
                 location /a/off/on {{ tokenban on; {app} }}
             }}
             location /a/monitor {{ tokenban monitor; {app} }}
         }}
         location /if {{ if ($request_method = GET) {{ {app} }} {app} }}
         location /status {{ tokenban_status 429; {app} }}
         location /401 {{ tokenban_status 401; {app} }}"
    ));
    let cases = [
        ("/a", 403),
        ("/a/off", 200),
        ("/a/off/on", 403),
        ("/a/monitor", 200),
        ("/if", 403),
        ("/status", 429),
        ("/401", 401),
    ];
    for (path, status) in cases {
        assert_eq!(nginx.bearer(path, LEAKED), status, "{path}");
    }
    assert_eq!(nginx.bearer("/a/monitor", ENFORCED), 403);
    let response = nginx.get("/401", &[&format!("X-Api-Key: {LEAKED}")]);
    let challenge = "WWW-Authenticate: Bearer error=\"invalid_token\"";
    assert!(response.head.contains(challenge), "{}", response.head);
    let log = nginx.access_log(9);
    assert!(log.contains("GET /a/monitor 200 MONITORED rule=leaked"), "{log}");
    assert!(log.contains("GET /a/off 200 - rule=-"), "{log}");
}

#[test]
fn a_variable_gives_the_mode() {
    let nginx = Nginx::start(&format!(
        "map $arg_mode $mode {{ default $arg_mode; }}
         tokenban_rules rules.yaml;\n{APP}
         server {{ listen 127.0.0.1:{{port}}; tokenban $mode;
             location / {{ proxy_pass http://unix:{{dir}}/app.sock; }} }}"
    ));
    let cases = [("on", 403), ("off", 200), ("monitor", 200), ("", 403), ("onn", 403)];
    for (mode, status) in cases {
        assert_eq!(nginx.bearer(&format!("/?mode={mode}"), LEAKED), status, "{mode}");
    }
    let log = nginx.log();
    assert!(log.contains("the value of \"$mode\" is not \"on\", \"monitor\" or \"off\""), "{log}");
}
