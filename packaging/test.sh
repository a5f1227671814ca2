#!/usr/bin/env bash
# Tests the packages of suites, each in a clean copy of it: what inside.sh does, and that apt refuses
# the package for another NGINX.
#   packaging/test.sh DIR VERSION SUITE…
set -euo pipefail
here=$(dirname "$0")
packages=$1 version=$2
shift 2
suites=("$@")

inside() { unshare --mount --pid --fork --kill-child --mount-proc --root="$root" "$@"; }

clean() {
    rm -rf "$root" && mkdir -p "$root"
    tar -xf "$packages/$1.tar" -C "$root"
    mkdir "$root/packages"
    cp "$packages"/*/*"_${version}-"*.deb "$root/packages/"
    cp "$here/inside.sh" "$root/packages/"
    # No service manager runs in there.
    printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d" && chmod +x "$root/usr/sbin/policy-rc.d"
}

for suite in "${suites[@]}"; do
    start=$SECONDS
    root=$packages/$suite/test
    clean "$suite"
    inside bash /packages/inside.sh prepare "$version" "$suite"
    for other in "${suites[@]}"; do
        [ "$other" = "$suite" ] || inside bash /packages/inside.sh refuse "$version" "$other"
    done
    # Without the machine's network, so that NGINX has port 80 to itself.
    unshare --net --mount --pid --fork --kill-child --mount-proc --root="$root" \
        bash /packages/inside.sh live "$version" "$suite"
    rm -rf "$root"
    echo "$suite: passed, $((SECONDS - start)) s"
done
