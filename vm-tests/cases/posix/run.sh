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
# shellcheck disable=SC2154,SC2119 # of mount_lib.sh
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
[ $# = 1 ] || usage
# shellcheck source=vm-tests/cases/mount_lib.sh
. "$(dirname "$0")/../mount_lib.sh"
begin posix "$1"

suite() { # a case may be skipped only for what libfuse 3.14 does not hand to a filesystem
    "$bin/vexfs-posix" "$top" | tee "$scratch/suite" | grep -v '^ok' || true
    tail -n 1 "$scratch/suite" | grep -q ' 0 failed, ' || return 1
    ! grep '^skip' "$scratch/suite" | grep -v 'no O_TMPFILE$\|no time of birth$'
}

make_volume 1G
serve
suite || failed=1
"$bin/vexfs-fsx" --operations "$operations" --seed "$seed" "$top" || failed=1
end
"$bin/fsck.vexfs" "$scratch/volume.img" || failed=1
exit "$failed"
