"""The contenders: how each of them is told to deny the same tokens, in its own best way.

A contender is the arguments of `Server`; `{dir}` is a directory of its own. Its regexes and tokens
are those of `tokens.py`.
"""

import pathlib

from tokens import pattern, token

MODULES = "/usr/lib/nginx/modules"
IF_LEAKED = "if ($leaked) { return 403; }"


def bare(directory, **_):
    return {}


def tokenban_rules(directory, count, module, **_):
    """`count` rules, a regex each, on Authorization."""
    rules = "".join(
        f"- {{id: r{i}, points: [[header, AUTHORIZATION]], regex: '{pattern(i)}'}}\n"
        for i in range(count))
    (directory / "rules.yaml").write_text("rules:\n" + rules)
    return tokenban(module, f"tokenban_rules {directory}/rules.yaml;")


def mixed_rules(count):
    """A rule file: patterns, literals, whole values and tokens, at several points."""
    points = ["header, AUTHORIZATION, credentials", "query, token", "header, COOKIE, cookie, s"]
    matchers = [lambda i: f"regex: '{pattern(i)}'", lambda i: f"regex: 'literal-{i:032}'",
                lambda i: f"regex: '^exact-{i:032}$'", lambda i: f"tokens: ['{token(i)}']"]
    return "rules:\n" + "".join(
        f"- {{id: r{i}, points: [[{points[i % 3]}]], {matchers[i % 4](i)}}}\n"
        for i in range(count))


def tokenban_shipped(directory, module, root, **_):
    """The rule files that come with tokenban; the denylist, which needs a store, apart."""
    files = sorted(file for file in (root / "rules").glob("*.yaml") if file.name != "denylist.yaml")
    return tokenban(module, f"tokenban_rules {' '.join(map(str, files))};")


def tokenban_store(directory, module, store, point="header, AUTHORIZATION", **_):
    """A store of any size."""
    (directory / "rules.yaml").write_text(
        f"rules: [{{id: leaked, points: [[{point}]], denylist: [leaked]}}]\n")
    http = f"tokenban_store {store}; tokenban_rules {directory}/rules.yaml;"
    return tokenban(module, http)


def tokenban(module, http):
    return {"modules": f"load_module {module};", "http": f"tokenban on; {http}"}


def map_sizes(count):
    """NGINX tries every size of a hash from a small one on, unless the most is less than a hundred
    times the entries: then it begins there."""
    return f"map_hash_max_size {max(4 * count, 2048)}; map_hash_bucket_size 1024;"


def map_regex(directory, count, **_):
    lines = "".join(f'"~{pattern(i)}" 1;\n' for i in range(count))
    http = f"{map_sizes(count)} map $http_authorization $leaked {{ default 0;\n{lines}}}"
    return {"http": http, "server": IF_LEAKED}


def map_exact(directory, count, **_):
    lines = "".join(f'"Bearer {token(i)}" 1;\n' for i in range(count))
    (directory / "map.conf").write_text(lines)
    http = f"{map_sizes(count)} map $http_authorization $leaked {{ default 0; include {directory}/map.conf; }}"
    return {"http": http, "server": IF_LEAKED}


LUA = f"load_module {MODULES}/ndk_http_module.so; load_module {MODULES}/ngx_http_lua_module.so;"
LUA_DENIES = """access_by_lua_block {
    local token = (ngx.var.http_authorization or ""):match("^Bearer (.*)")
    if token and %s then return ngx.exit(403) end
} empty_gif;"""


def lua_table(directory, tokens, **_):
    http = f"""init_by_lua_block {{
        banned = {{}}
        for line in io.lines("{tokens}") do banned[line] = true end
    }}"""
    return {"modules": LUA, "http": http, "location": LUA_DENIES % "banned[token]"}


def lua_dictionary(directory, tokens, count, **_):
    http = f"""lua_shared_dict banned {16 + count // 4000}m; init_by_lua_block {{
        local banned = ngx.shared.banned
        for line in io.lines("{tokens}") do
            local done, message = banned:safe_set(line, true)
            if not done then error(message) end
        end
    }}"""
    return {"modules": LUA, "http": http, "location": LUA_DENIES % "ngx.shared.banned:get(token)"}


def modsecurity(directory, rules):
    (directory / "modsecurity.conf").write_text(
        "SecRuleEngine On\nSecAuditEngine Off\n" + "".join(rules))
    return {
        "modules": f"load_module {MODULES}/ngx_http_modsecurity_module.so;",
        "http": f"modsecurity on; modsecurity_rules_file {directory}/modsecurity.conf;",
    }


def modsecurity_regex(directory, count, **_):
    return modsecurity(directory, [
        f'SecRule REQUEST_HEADERS:Authorization "@rx {pattern(i)}" "id:{i + 1},phase:1,deny"\n'
        for i in range(count)])


def modsecurity_tokens(directory, tokens, **_):
    return modsecurity(directory, [
        f'SecRule REQUEST_HEADERS:Authorization "@pmFromFile {tokens}" "id:1,phase:1,deny"\n'])


def modsecurity_body(directory, tokens, **_):
    """Its nearest to `post` and `anywhere`: arguments, files and the raw body."""
    targets = "ARGS|REQUEST_BODY|FILES"
    return modsecurity(directory, [
        "SecRequestBodyAccess On\nSecRequestBodyLimit 67108864\n"
        "SecRequestBodyNoFilesLimit 67108864\n",
        'SecRule REQUEST_HEADERS:Content-Type "json" "id:2,phase:1,pass,nolog,'
        'ctl:requestBodyProcessor=JSON"\n',
        f'SecRule {targets} "@pmFromFile {tokens}" "id:1,phase:2,deny"\n'])


def tokenban_body(directory, module, points, tokens, **_):
    """Rules over bodies; `points` are lists of elements."""
    matcher = f"token_file: {tokens}"
    if points == "post":
        matcher = f"regex: ['{pattern(1)}', '{pattern(2)}']"
    (directory / "rules.yaml").write_text(
        f"rules: [{{id: leaked, points: [[{points}]], {matcher}}}]\n")
    return tokenban(module, f"tokenban_rules {directory}/rules.yaml;")
