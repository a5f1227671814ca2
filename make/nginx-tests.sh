#!/usr/bin/env bash
# nginx-tests.sh SUITE NGINX MODULE TOKENBAN JOBS [FILE ...]
#
# Runs NGINX's own tests bare, and again with rules/denylist.yaml in every configuration, and prints
# the files that end differently. A file that does is run twice more, alone: only what differs again
# counts, since some tests depend on time.
set -euo pipefail

suite=$1 nginx=$2 module=$3 tokenban=$4 jobs=$5
shift 5
rules=$PWD/rules/denylist.yaml
cd "$suite" 2>/dev/null && [ -d lib/Test/Nginx ] ||
    { echo "\"$suite\" is not NGINX's test suite: NGINX_TESTS=DIR names a copy of nginx/nginx-tests"; exit 2; }
[ $# -gt 0 ] || set -- *.t

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
store=$work/store
"$tokenban" init --store "$store" 2>/dev/null >/dev/null
head -c 32 /dev/urandom | base64 | "$tokenban" ban --store "$store" --list leaked >/dev/null

export TEST_NGINX_BINARY=$nginx
# Tests read files that workers write, and the other way round.
user=
[ "$(id -u)" != 0 ] || user='user root;'

# run NAME JOBS FILE ...: which tests of each file pass, and how it ends, in $work/NAME/FILE. The names
# of some tests hold what came out by chance.
run() {
    local name=$1 jobs=$2
    shift 2
    mkdir -p "$work/$name"
    export TEST_NGINX_GLOBALS=$user TEST_NGINX_GLOBALS_HTTP=
    if [ "${name#module}" != "$name" ]; then
        TEST_NGINX_GLOBALS="load_module $module; $user"
        TEST_NGINX_GLOBALS_HTTP="tokenban on; tokenban_rules $rules; tokenban_store $store;"
    fi
    printf '%s\0' "$@" | xargs -0 -P "$jobs" -I{} sh -c '
        { timeout 300 perl "$1" 2>/dev/null; echo "exit $?"; } |
            grep -E "^(ok|not ok|1\.\.|exit)" | sed "s/ - [^#]*/ /" > "$2/$1"' sh {} "$work/$name"
}

# differing NAME FILE ...: the files that end differently.
differing() {
    local name=$1
    shift
    for file; do
        cmp -s "$work/bare$name/$file" "$work/module$name/$file" || echo "$file"
    done
}

run bare "$jobs" "$@"
run module "$jobs" "$@"
mapfile -t suspects < <(differing '' "$@")
for again in 2 3; do
    [ ${#suspects[@]} -eq 0 ] && break
    run bare$again 1 "${suspects[@]}"
    run module$again 1 "${suspects[@]}"
    mapfile -t suspects < <(differing $again "${suspects[@]}")
done

skipped=$({ grep -lE '^1\.\.0 ' "$work"/bare/* || true; } | wc -l)
for file in "${suspects[@]}"; do
    echo "$file"
    { diff "$work/bare$again/$file" "$work/module$again/$file" || true; } |
        sed -n 's/^</  bare:  /p; s/^>/  module:/p'
done
echo "$("$nginx" -v 2>&1 | sed 's/.*: //'): $# files, $skipped of them skipped, ${#suspects[@]} differ"
[ ${#suspects[@]} -eq 0 ]
