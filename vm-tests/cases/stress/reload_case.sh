#!/bin/sh -eu
# SPDX-License-Identifier: Apache-2.0
#
# Thirty times the module is loaded, a volume mounted and used, and all of it taken down again;
# every third time the engine is killed first.
# shellcheck disable=SC1091,SC2119,SC2154  # it lies there in the virtual machine
. /cases/module_lib.sh
for round in $(seq 30); do
    serve
    mkdir "$mount/$round"
    echo "$round" >"$mount/$round/file"
    ln "$mount/$round/file" "$mount/$round/link"
    sync "$mount/$round/file"
    [ "$(cat "$mount/$round/link")" = "$round" ]
    mv "$mount/$round" "$mount/folder$round"
    [ "$(find "$mount" -name 'folder*' | wc -l)" = "$round" ]
    if [ $((round % 3)) = 0 ]; then
        sync "$mount/folder$round"
        kill -9 "$engine"
        engine_gone
        umount -f "$mount"
    else
        umount "$mount"
        engine_gone
    fi
    rmmod vexfs
done
fsck.vexfs "$volume"
