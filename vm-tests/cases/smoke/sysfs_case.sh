#!/bin/sh -eu
# SPDX-License-Identifier: Apache-2.0
#
# What /sys/fs/vexfs tells of a mount, over the death of its engine, and its end by `abort`.
# shellcheck disable=SC1091,SC2119,SC2154  # it lies there in the virtual machine
. /cases/module_lib.sh
serve --state-file "$PWD/state"
fs=$(module_fs)
told=/sys/fs/vexfs/$fs
shows() { # STATE EPOCH RECOVERIES
    [ "$(cd "$told" && cat state epoch recoveries policy | tr '\n' ' ')" = "$* wait " ]
}
shows live 1 0
echo content >"$mount/file"

kill -STOP "$engine"
stat -f "$mount" >/dev/null &
until [ "$(cat "$told/in_flight")" -gt 0 ]; do usleep 1000; done
kill -CONT "$engine"
wait $!

kill -9 "$engine"
engine_gone
shows orphaned 1 0
serve --state-file "$PWD/state" --recover "$fs"
shows live 2 1

refused sh -c "echo 1 >$told/state"
echo 1 >"$told/abort"
shows dead 2 1
cat "$mount/file" 2>error || true
grep -i 'not connected' error
umount "$mount"
refused [ -e "$told" ]
engine_gone
fsck.vexfs "$volume"
rmmod vexfs
refused [ -e /sys/fs/vexfs ]
