#!/usr/bin/env bash
# Demonstrations: NGINX with a configuration of nginx-conf/, in the foreground, on a port and the two next.
#   demo.sh free PORT           fails where something listens on one of them
#   demo.sh minimal|denylist PORT
set -euo pipefail

name=$1 port=$2 application=$(($2 + 1)) status=$(($2 + 2))
url=http://127.0.0.1:$port/
token=leaked-demo-token-0123456789

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free() {
    for number in $port $application $status; do
        if listens "$number"; then
            echo "Something listens on port $number. Other ports: make run PORT=9080" >&2
            exit 1
        fi
    done
}

# Paths in nginx-conf/ are relative to it: a copy with other ports stands in a tree of links.
configure() {
    mkdir -p build/demo
    rm -rf build/demo/nginx-conf && cp -r nginx-conf build/demo/
    ln -sfn .. build/demo/build
    ln -sfn ../../rules build/demo/rules
    sed -i "s/127\.0\.0\.1:8081/127.0.0.1:$port/; s/127\.0\.0\.1:8082/127.0.0.1:$application/; s/127\.0\.0\.1:8083/127.0.0.1:$status/" build/demo/nginx-conf/*.conf
}

store() {
    test -e build/store || build/tokenban init --store build/store --group "$(id -gn)" >/dev/null
}

explain_minimal() {
    echo "denied:  curl -i -H 'Authorization: Bearer $token' $url"
    echo "clean:   curl -i -H 'Authorization: Bearer another-demo-token-987654321' $url"
}

explain_denylist() {
    echo "Passes, until the token is banned; denied then, at once and in every spelling:"
    echo "  curl -i -H 'Authorization: Bearer $token' $url"
    echo "  curl -i -b 'session=\"%6c${token#l}\"' $url"
    echo "Ban it, and let it pass again:"
    echo "  printf %s $token | build/tokenban ban --store build/store --list leaked --reason INC-42"
    echo "  printf %s $token | build/tokenban unban --store build/store --list leaked"
}

await() {
    until listens "$port"; do
        kill -0 "$1" 2>/dev/null || exit 1
        sleep 0.05
    done
}

free
[ "$name" = free ] && exit
configure
options=()
if [ "$name" = denylist ]; then
    store
    # The demonstration's store belongs to who runs it; so do its workers, then.
    [ "$(id -u)" != 0 ] || options=(-g 'user root;')
fi
build/nginx -e stderr -p build/demo/nginx-conf/ -c "$name.conf" "${options[@]}" &
nginx=$!
# Ctrl-C reaches NGINX, too; this waits for its end.
trap 'kill $nginx 2>/dev/null || true' TERM
trap : INT
await $nginx
"explain_$name"
echo "what is counted: http://127.0.0.1:$status/tokenban/ and http://127.0.0.1:$status/metrics"
echo "ready, Ctrl-C ends it"
while kill -0 $nginx 2>/dev/null; do wait $nginx || true; done
