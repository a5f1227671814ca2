#!/usr/bin/env bash
# As NGINX: runs VALGRIND_NGINX under Valgrind, which writes a file into VALGRIND_LOGS for each process.
# `valgrind.sh report DIR` prints what these files have and fails where that is anything.
set -eu

report() {
    local processes
    processes=$(find "$1" -name '*.log' | wc -l)
    [ "$processes" -gt 0 ] || { echo "no process ran under Valgrind" >&2; exit 1; }
    if find "$1" -name '*.log' -size +0 | grep -q .; then
        find "$1" -name '*.log' -size +0 -exec head -n 60 {} +
        exit 1
    fi
    echo "Valgrind: no error and no leak in $processes processes"
}

if [ "${1-}" = report ]; then
    report "$2"
    exit
fi

# Quiet: a file has errors only. A block that nothing points to any more is one of them.
exec valgrind --quiet --log-file="$VALGRIND_LOGS/%p.log" --child-silent-after-fork=no \
    --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
    --num-callers=30 --suppressions="$(dirname "$0")/valgrind.supp" "$VALGRIND_NGINX" "$@"
