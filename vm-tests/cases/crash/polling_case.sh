#!/bin/sh -eu
# SPDX-License-Identifier: Apache-2.0
#
# An engine that polls is killed under a mixed load, and stopped: clients that spun for it recover
# its requests from the next one, or sleep.
# shellcheck disable=SC1091,SC2119,SC2154  # it lies there in the virtual machine
. /cases/module_lib.sh
[ "$(nproc)" -gt 1 ] || { echo "skipped: one processor"; exit 77; }
poll() { serve --poll 10000 --state-file "$PWD/state" "$@"; }
poll
fs=$(module_fs)

load() { # NUMBER ROUNDS
    i=0
    while [ $i -lt "$2" ]; do
        i=$((i + 1))
        echo "$i" >"$mount/file$1" || true
        cat "$mount/file$1" >/dev/null || true
        stat -f "$mount" >/dev/null
        [ ! -e "$mount/absent$1.$i" ]
    done 2>>"errors$1"
}
for round in 1 2 3 4 5; do
    echo "round $round"
    load a 60 &
    first=$!
    load b 60 &
    second=$!
    until [ "$(cat "$mount/filea" 2>/dev/null)" -ge 5 ] 2>/dev/null; do :; done
    kill -9 "$engine"
    engine_gone
    poll --recover "$fs"
    wait $first
    wait $second
    [ "$(cat "$mount/filea")" = 60 ]
    rm "$mount/filea" "$mount/fileb"
done
# What was not synced may be gone.
refused grep -hv 'Stale file handle\|No such file' errorsa errorsb

# Stopped, it still says that it polls: nobody spins for it for ever, and all goes on later.
asleep() { [ "$(awk '/^State/ { print $2 }' "/proc/$1/status")" = D ]; }
ticks() { cut -d ' ' -f 14,15 "/proc/$1/stat" | tr ' ' '+'; } # of CPU time, 10 ms each
for round in 1 2 3 4 5 6 7 8 9 10; do
    i=0
    while [ $i -lt 30 ]; do
        i=$((i + 1))
        stat -f "$mount" >/dev/null # so that it polls
    done
    kill -STOP "$engine"
    while grep -h '^State' "/proc/$engine/task"/*/status | grep -qv 'T (stopped)'; do :; done
    stat -f "$mount" >/dev/null &
    client=$!
    until asleep $client; do :; done
    before=$(($(ticks $client)))
    usleep 200000 # so long it may not run
    asleep $client
    [ $(($(ticks $client) - before)) -le 1 ]
    kill -CONT "$engine"
    wait $client
done
finish
