#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the cases that mount through the module share. `. /cases/module_lib.sh` first.
volume=$PWD/volume.img
mount=$PWD/mount

refused() { # COMMAND...: it must fail
    if "$@" 2>/dev/null; then
        echo "not refused: $*"
        exit 1
    fi
}

serve() { # [OPTION...]: loads the module and mounts a volume, made if there is none, at $mount
    [ -e /dev/vexfs ] || insmod /lib/vexfs/vexfs.ko
    [ -e "$volume" ] || {
        mkdir "$mount"
        mkfs.vexfs -q --size 256M "$volume"
    }
    vexfsd --module "$mount" --pid-file "$PWD/pid" "$@" "$volume"
    engine=$(cat "$PWD/pid")
}

module_fs() { # the module's number of what an engine with --state-file "$PWD/state" serves
    sed -n 's/.*"module_fs": *\([0-9]*\).*/\1/p' "$PWD/state"
}

trace() { # loads the module, which tells the way of each request in /mnt/trace from here on
    grep -qw tracefs /proc/filesystems || exit 77
    mount -t tracefs tracefs /mnt
    trap 'echo 0 >/mnt/events/enable; umount /mnt' EXIT
    insmod /lib/vexfs/vexfs.ko
    echo 1 >/mnt/events/vexfs/enable
}

engine_gone() { # waits for the engine to end
    while kill -0 "$engine" 2>/dev/null; do usleep 20000; done
}

finish() { # unmounts, checks the volume and unloads the module
    umount "$mount"
    if dmesg | grep 'broke the protocol'; then exit 1; fi
    engine_gone
    fsck.vexfs "$volume"
    rmmod vexfs
}
