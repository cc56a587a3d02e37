#!/bin/sh -eu
# SPDX-License-Identifier: Apache-2.0
#
# The tracepoints of the module tell the way of a request, and of its engine.
# shellcheck disable=SC1091,SC2119,SC2154  # it lies there in the virtual machine
. /cases/module_lib.sh
trace
serve --state-file "$PWD/state"
fs=$(module_fs)

tells() { # EVENT TEXT: it was there since the last clearing
    grep -q "$1: fs=$fs $2" /mnt/trace || {
        echo "no $1 of $2:"
        cat /mnt/trace
        exit 1
    }
}
statfs=30 eintr=-4
tells vexfs_attached "epoch=1 state=0" # before it is mounted
refused stat "$mount/absent"
tells vexfs_queued "unique=[0-9]* op=5 ino=[0-9]* result=0"
stat -f "$mount" >/dev/null
unique=$(sed -n "s/.*vexfs_queued: .* unique=\([0-9]*\) op=$statfs .*/\1/p" /mnt/trace | tail -n 1)
tells vexfs_replied "unique=$unique op=$statfs ino=[0-9]* result=0"

# A client is killed while the engine has its request.
kill -STOP "$engine"
echo >/mnt/trace
stat -f "$mount" >/dev/null &
client=$!
until grep -q vexfs_queued /mnt/trace; do usleep 1000; done
kill -9 $client
wait $client || true
tells vexfs_abandoned "unique=[0-9]* op=$statfs ino=[0-9]* result=$eintr"

# The engine dies, and another one takes the mount over.
kill -9 "$engine"
engine_gone
tells vexfs_ended "epoch=1 state=3"
serve --state-file "$PWD/state" --recover "$fs"
tells vexfs_attached "epoch=2 state=2"
echo 0 >/mnt/events/enable
finish
