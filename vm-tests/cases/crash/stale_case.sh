#!/bin/sh -eu
# SPDX-License-Identifier: Apache-2.0
#
# What was not durable when the engine was killed is gone for who has it open, and for nobody else:
# ESTALE, never another file, and no inode number comes twice.
# shellcheck disable=SC1091,SC2119,SC2154  # it lies there in the virtual machine
. /cases/module_lib.sh
serve --commit 3600 --state-file "$PWD/state"
fs=$(module_fs)
stale() { # COMMAND...
    refused "$@"
    "$@" 2>&1 | grep -q 'Stale file handle'
}

mkdir "$mount/folder"
echo kept >"$mount/kept"
sync "$mount/kept"
exec 3<>"$mount/kept"
mkdir "$mount/lost"
echo lost >"$mount/lost/file"
mv "$mount/kept" "$mount/moved"
exec 4<>"$mount/lost/file"
numbers=$(stat -c %i "$mount/lost" "$mount/lost/file" "$mount/moved")
exec 5<"$mount/lost"

kill -9 "$engine"
engine_gone
serve --commit 3600 --state-file "$PWD/state" --recover "$fs" 3>&- 4>&- 5>&-

stale cat <&4
stale sh -c 'echo more >&4'
stale ls /proc/self/fd/5/
stale touch /proc/self/fd/5/here
cd "$mount"
[ "$(ls)" = "folder
kept" ]
refused [ -e lost ]
refused [ -e moved ]
[ "$(cat <&3)" = kept ] # it is the same file under its former name
[ "$(stat -c %i kept)" = "$(echo "$numbers" | sed -n 3p)" ]
refused sync kept # which tells that something is lost
for made in 1 2 3 4 5; do
    mkdir "folder/$made"
    echo "$made" >"folder/$made/file"
done
for number in $(echo "$numbers" | head -n 2); do
    refused sh -c "stat -c %i folder/* folder/*/file | grep -qx $number"
done
exec 3>&- 4>&- 5>&-
cd /
finish
