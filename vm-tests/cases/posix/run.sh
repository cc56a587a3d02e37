#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Holds a mounted VexFS volume against POSIX: makes one in an image file, mounts it through FUSE,
# runs vexfs-posix and vexfs-fsx there, and checks the volume.
#
#     run.sh [--operations N] [--seed S] BIN
#
# BIN is the folder of the programs. Exit: 0 all passed, 1 not, 2 usage, 77 if this machine mounts
# no FUSE for us.
set -eu

operations=20000 seed=$(date +%s)
usage() {
    echo "usage: run.sh [--operations N] [--seed S] BIN" >&2
    exit 2
}
while [ $# -gt 1 ]; do
    case $1 in
    --operations) operations=$2 ;;
    --seed) seed=$2 ;;
    *) usage ;;
    esac
    shift 2
done
if [ $# != 1 ] || [ ! -x "$1/vexfsd" ]; then usage; fi
bin=$(cd "$1" && pwd)
if [ "$(id -u)" != 0 ] || [ ! -c /dev/fuse ]; then
    echo "skipped: not root, or no /dev/fuse"
    exit 77
fi
scratch=$(mktemp -d "${TMPDIR:-/tmp}/vexfs-posix-XXXXXX")
# Invoked by the trap.
# shellcheck disable=SC2317
finish() {
    ! mountpoint -q "$scratch/mount" || umount -l "$scratch/mount"
    rm -rf --one-file-system "$scratch"
}
trap finish EXIT
mkdir "$scratch/mount"

suite() { # a case may be skipped only for what libfuse 3.14 does not hand to a filesystem
    "$bin/vexfs-posix" "$scratch/mount" | tee "$scratch/suite" | grep -v '^ok' || true
    tail -n 1 "$scratch/suite" | grep -q ' 0 failed, ' || return 1
    ! grep '^skip' "$scratch/suite" | grep -v 'no O_TMPFILE$\|no time of birth$'
}

"$bin/mkfs.vexfs" -q --size 1G "$scratch/volume.img"
"$bin/vexfsd" --fuse "$scratch/mount" --pid-file "$scratch/pid" "$scratch/volume.img"
daemon=$(cat "$scratch/pid")
failed=0
suite || failed=1
"$bin/vexfs-fsx" --operations "$operations" --seed "$seed" "$scratch/mount" || failed=1
umount "$scratch/mount"
tail --pid="$daemon" -f /dev/null
"$bin/fsck.vexfs" "$scratch/volume.img" || failed=1
exit "$failed"
