#!/bin/bash
# What packaging/test.sh runs in a clean suite: inside.sh STEP VERSION SUITE.
set -eu
export DEBIAN_FRONTEND=noninteractive
step=$1 version=$2 suite=$3
architecture=$(dpkg --print-architecture)
token=fake-leaked-token-0123456789

fail() { echo "FAILED: $*" >&2; exit 1; }
deb() { echo "/packages/$1_$version-$2~${3:-$suite}_$architecture.deb"; }
status() { curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $1" http://127.0.0.1/; }

# A worker of the old configuration may answer for a moment after a reload.
expect() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        [ "$(status "$2")" = "$1" ] && return
        sleep 0.2
    done
    fail "$3: $(status "$2") and not $1"
}

# Everything that the packages could leave; what NGINX itself makes when it runs is not theirs.
files() { find / -xdev \( -path /proc -o -path /packages -o -path /tmp -o -path '/var/log' -o -path '/var/cache' \
    -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/lib/nginx -o -path /run -o -path /sys -o -path /dev \) -prune -o -print | sort; }

prepare() {
    apt-get -qq update
    apt-get -qq install nginx adduser curl iproute2 >/dev/null 2>&1
    files > /packages/before
    cp /etc/passwd /etc/group /packages/
}

# A package for another NGINX.
refuse() {
    if apt-get -qq -s install "$(deb libnginx-mod-http-tokenban 1)" > /tmp/refused 2>&1; then
        fail "the package for $suite can be installed"
    fi
    grep -q 'nginx-abi-' /tmp/refused || fail "refused, but not for the ABI: $(cat /tmp/refused)"
}

install() {
    apt-get -qq -o Dpkg::Use-Pty=0 --allow-downgrades install "$(deb libnginx-mod-http-tokenban "$1")" "$(deb tokenban "$1")" >/dev/null
    [ "$(dpkg-query -W -f '${Version}' libnginx-mod-http-tokenban)" = "$version-$1~$suite" ] || fail "version $1 is not installed"
}

owners() { stat -c '%U:%G %a' "$1"; }

is_installed() {
    [ -L /etc/nginx/modules-enabled/50-mod-http-tokenban.conf ] || fail 'the module is not switched on'
    [ "$(owners /var/lib/tokenban)" = 'tokenban:www-data 750' ] || fail "$(owners /var/lib/tokenban)"
    [ "$(owners /var/lib/tokenban/store/data.mdb)" = 'tokenban:www-data 640' ] || fail 'data.mdb'
    [ "$(owners /var/lib/tokenban/store/lock.mdb)" = 'tokenban:www-data 660' ] || fail 'lock.mdb'
    for file in bash-completion/completions/tokenban zsh/vendor-completions/_tokenban \
        fish/vendor_completions.d/tokenban.fish tokenban/rules/denylist.yaml; do
        [ -s "/usr/share/$file" ] || fail "no /usr/share/$file"
    done
    tokenban check /usr/share/tokenban/rules/*.yaml >/dev/null || fail 'the rules'
}

denies() {
    nginx -t -q
    nginx
    expect 200 "$token" 'before the ban'
    printf %s "$token" | runuser -u tokenban -- tokenban ban --store /var/lib/tokenban/store --list leaked >/dev/null || true
    expect 403 "$token" 'after the ban'
    expect 200 fake-clean-token-0123456789 'a clean token'
    runuser -u tokenban -- tokenban compact --store /var/lib/tokenban/store >/dev/null
    expect 403 "$token" 'after compact'
}

# The new module is loaded by the reload; what the operator switched off stays off.
upgrade() {
    install 2
    nginx -t -q && nginx -s reload
    expect 403 "$token" 'after the upgrade'
    nginx -s quit
    rm /etc/nginx/conf.d/tokenban.conf /etc/nginx/modules-enabled/50-mod-http-tokenban.conf
    install 1
    [ ! -e /etc/nginx/modules-enabled/50-mod-http-tokenban.conf ] || fail 'switched on again'
    nginx -t -q
}

purge() {
    apt-get -qq -o Dpkg::Use-Pty=0 purge libnginx-mod-http-tokenban tokenban >/dev/null
    rm -f /etc/passwd- /etc/group- /etc/shadow- /etc/gshadow-
    files | diff <(grep -v '^/etc/[a-z]*-$' /packages/before) - || fail 'purge leaves something'
    nginx -t -q
}

case $step in
    live)
        ip link set lo up
        install 1
        is_installed
        printf 'include /usr/share/tokenban/nginx/denylist.conf;\ninclude /usr/share/tokenban/nginx/log.conf;\n' > /etc/nginx/conf.d/tokenban.conf
        echo 'tokenban on; access_log /var/log/nginx/tokenban.json tokenban;' >> /etc/nginx/conf.d/tokenban.conf
        denies
        upgrade
        purge
        ;;
    *) "$step" ;;
esac
