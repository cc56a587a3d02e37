#!/bin/sh -eu
# SPDX-License-Identifier: Apache-2.0
#
# The engine is killed, stopped and aborted under a mount that is in use.
# shellcheck disable=SC1091,SC2119,SC2154  # it lies there in the virtual machine
. /cases/module_lib.sh
serve

recover() { # a new engine takes the mount over
    fs=$(module_fs)
    serve --state-file "$PWD/state" --recover "$fs"
}
umount "$mount"
engine_gone
serve --state-file "$PWD/state"

# What was synced is there after each kill. A writer in flight goes on; only a file that was not
# synced when the engine died is gone for it.
echo kept >"$mount/kept"
sync "$mount/kept"
for round in 1 2 3 4 5; do
    i=0
    while [ $i -lt 40 ]; do
        echo "$round $i" >"$mount/file$i" || true
        i=$((i + 1))
    done 2>>errors &
    writer=$!
    until grep -qx "$round 3" "$mount/file3" 2>/dev/null; do :; done
    kill -9 "$engine"
    engine_gone
    recover
    wait "$writer"
    [ "$(cat "$mount/kept")" = kept ]
    echo "round $round: $(find "$mount" -name 'file*' | wc -l) files"
    [ "$(cat "$mount/file39")" = "$round 39" ]
done
refused grep -v 'Stale file handle' errors

# Who syncs is told once that an engine died with what may not have been durable.
refused sync "$mount/kept"
sync "$mount/kept"

# A client that waits for a stopped engine can be killed, and umount -f lets all others go.
kill -STOP "$engine"
stat "$mount/file1" >/dev/null 2>&1 &
client=$!
cat "$mount/file2" 2>error >/dev/null &
other=$!
usleep 200000
kill -9 "$client"
wait "$client" || true
umount -f "$mount" || aborted=busy # the mount is not free until the clients have gone
wait "$other" || true
grep -i 'not connected' error
[ -z "${aborted-}" ] || umount "$mount"
kill -CONT "$engine"
engine_gone
fsck.vexfs "$volume"
rmmod vexfs
