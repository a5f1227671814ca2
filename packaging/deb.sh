#!/usr/bin/env bash
# Makes packages of what is in DIR/SUITE/source/tree, in a copy of DIR/SUITE.tar:
#   packaging/deb.sh DIR SUITE VERSION
# debhelper is the suite's own, so that names, ABI and scripts are those of its modules.
set -euo pipefail
here=$(dirname "$0")
packages=$1 suite=$2 version=$3~$2
source=$packages/$suite/source
root=$packages/$suite/build

inside() { unshare --mount --pid --fork --kill-child --mount-proc --root="$root" "$@"; }

# nginx-dev is unpacked and not installed: of all that it depends on, nothing is needed.
prepare() {
    rm -rf "$root" && mkdir -p "$root"
    tar -xf "$packages/$suite.tar" -C "$root"
    inside sh -ec 'export DEBIAN_FRONTEND=noninteractive; cd /tmp
        apt-get -qq update
        apt-get -qq install --no-install-recommends debhelper >/dev/null
        apt-get -qq -o APT::Sandbox::User=root download nginx-dev
        dpkg-deb -x nginx-dev_*.deb /' 2>"$packages/$suite/prepare.log" || { cat "$packages/$suite/prepare.log"; exit 1; }
    touch "$root/prepared"
}

[ -e "$root/prepared" ] || prepare
cp -a "$here/debian" "$source/"
date=$(git -C "$here" log -1 --format=%cD 2>/dev/null || date -R)
cat > "$source/debian/changelog" <<END
tokenban ($version) $suite; urgency=medium

  * Changes are told in CHANGELOG.md.

 -- $(sed -n 's/^Maintainer: //p' "$here/debian/control")  $date
END
cp "$here/../CHANGELOG.md" "$source/CHANGELOG.md"
rm -rf "$root/work" && mkdir "$root/work" && cp -a "$source" "$root/work/source"
inside sh -ec 'cd /work/source && dpkg-buildpackage -b -us -uc -d' > "$packages/$suite/build.log" 2>&1 ||
    { tail -n 40 "$packages/$suite/build.log"; exit 1; }
mv "$root"/work/*.deb "$packages/$suite/"
rm -rf "$root/work" "$source"
ls -l "$packages/$suite/"*"_${version}_"*.deb | awk '{ print $5, $9 }'
