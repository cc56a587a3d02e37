#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the scripts share that run cases on a mounted volume: through FUSE, or through the module if
# VEXFS_MODULE names a vexfs.ko to load. `. mount_lib.sh` and then `begin NAME BIN [TOOL...]` first:
# it ends the script with 2 if BIN is no folder of the programs, and with 77 if this machine mounts
# no FUSE for us or lacks a tool.
#
# $top is where the volume is mounted, $scratch a folder that goes when the script ends, $failed
# what it exits with.
# shellcheck disable=SC2034,SC2154,SC2317 # used by the scripts; the trap calls finish()

begin() { # NAME BIN [TOOL...]
    local name=$1 tool
    if [ ! -x "${2-}/vexfsd" ]; then
        echo "usage: run.sh BIN" >&2
        exit 2
    fi
    bin=$(cd "$2" && pwd)
    shift 2
    front_end=--fuse
    if [ -n "${VEXFS_MODULE-}" ]; then
        front_end=--module
        insmod "$VEXFS_MODULE"
    elif [ "$(id -u)" != 0 ] || [ ! -c /dev/fuse ]; then
        echo "skipped: not root, or no /dev/fuse"
        exit 77
    fi
    for tool; do
        command -v "$tool" >/dev/null || {
            echo "skipped: $tool is missing"
            exit 77
        }
    done
    scratch=$(mktemp -d "${TMPDIR:-/tmp}/vexfs-$name-XXXXXX")
    chmod 755 "$scratch" # users of the cases pass through it
    top=$scratch/mount failed=0
    trap finish EXIT
    mkdir "$top"
}

finish() {
    ! mountpoint -q "$top" || umount -l "$top"
    rm -rf --one-file-system "$scratch"
}

make_volume() { # SIZE
    "$bin/mkfs.vexfs" -q --size "$1" "$scratch/volume.img"
}

serve() { # OPTION...: mounts the volume
    "$bin/vexfsd" "$@" "$front_end" "$top" --pid-file "$scratch/pid" "$scratch/volume.img"
    daemon=$(cat "$scratch/pid")
}

end() { # unmounts it, and waits for its engine
    umount "$top"
    tail --pid="$daemon" -s 0.02 -f /dev/null
}

check() { # SENTENCE COMMAND...
    local sentence=$1
    shift
    if "$@" >"$scratch/output" 2>&1; then
        echo "ok    $sentence"
    else
        echo "FAIL  $sentence"
        sed 's/^/      /' "$scratch/output"
        failed=1
    fi
}

refused() { ! "$@"; }
