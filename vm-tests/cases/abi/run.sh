#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Holds a mounted VexFS volume against the application ABI: makes one in an image file, mounts it
# through FUSE, runs vexfs-abi there, mounts it read-only, runs the cases of that, and checks it.
#
#     run.sh BIN
#
# BIN is the folder of the programs. Exit: 0 all passed, 1 not, 2 usage, 77 if this machine mounts
# no FUSE for us.
set -eu

if [ $# != 1 ] || [ ! -x "$1/vexfsd" ]; then
    echo "usage: run.sh BIN" >&2
    exit 2
fi
bin=$(cd "$1" && pwd)
if [ "$(id -u)" != 0 ] || [ ! -c /dev/fuse ]; then
    echo "skipped: not root, or no /dev/fuse"
    exit 77
fi
scratch=$(mktemp -d "${TMPDIR:-/tmp}/vexfs-abi-XXXXXX")
# Invoked by the trap.
# shellcheck disable=SC2317
finish() {
    ! mountpoint -q "$scratch/mount" || umount -l "$scratch/mount"
    rm -rf --one-file-system "$scratch"
}
trap finish EXIT
chmod 755 "$scratch" # users of the cases pass through it
mkdir "$scratch/mount"

# serve OPTION...: mounts the volume; when the suite has run there it is unmounted.
serve() {
    "$bin/vexfsd" "$@" --fuse "$scratch/mount" --pid-file "$scratch/pid" "$scratch/volume.img"
}
end() {
    local daemon
    daemon=$(cat "$scratch/pid")
    umount "$scratch/mount"
    tail --pid="$daemon" -f /dev/null
}

failed=0
"$bin/mkfs.vexfs" -q --size 512M "$scratch/volume.img"
serve
"$bin/vexfs-abi" "$scratch/mount" || failed=1
end
serve --read-only
"$bin/vexfs-abi" --read-only "$scratch/mount" || failed=1
end
"$bin/fsck.vexfs" "$scratch/volume.img" || failed=1
exit "$failed"
